//! `AWS::EC2::Route`: a route of a route table.
//!
//! A route has no ID and no tags: it is known by its table and its destination. EC2 refuses a second
//! route to a destination.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_catalog::same_range;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId};

use super::calls::{Ec2, action, identifying, invalid, list, maps, not_yet_visible};
use crate::api::Api;
use crate::iam::{Fields, arguments, journal_failed, text_in};

const CREATE: &str = "ec2:CreateRoute";

/// The properties that say where a route leads from: a route has one of them.
const DESTINATIONS: [&str; 3] =
    ["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"];

/// The properties that say where a route leads to. Of an instance EC2 shows the interface, too, and
/// an endpoint of a VPC it shows as a gateway.
const TARGETS: [&str; 12] = [
    "CarrierGatewayId",
    "CoreNetworkArn",
    "EgressOnlyInternetGatewayId",
    "GatewayId",
    "InstanceId",
    "LocalGatewayId",
    "NatGatewayId",
    "NetworkInterfaceId",
    "OdbNetworkArn",
    "TransitGatewayId",
    "VpcEndpointId",
    "VpcPeeringConnectionId",
];

/// The driver of routes.
pub(super) struct Route {
    ec2: Ec2,
}

/// The identity of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    table: String,
    destination: String,
}

/// `the route to 10.0.0.0/8 of rtb-1`.
impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the route to {} of `{}`", self.destination, self.table)
    }
}

impl Key {
    /// # Errors
    /// If the properties do not say one destination.
    fn declared(properties: &KnownMap, operation: &'static str) -> Result<Self, DriverError> {
        let fields = Fields::new(properties, operation);
        let table = identifying(properties, "RouteTableId", operation)?;
        let table = table.ok_or_else(|| fields.invalid("RouteTableId", "is missing"))?;
        let mut found = Vec::new();
        for name in DESTINATIONS {
            found.extend(identifying(properties, name, operation)?);
        }
        match <[String; 1]>::try_from(found) {
            Ok([destination]) => Ok(Self { table, destination }),
            Err(_) => {
                let names = DESTINATIONS.map(|name| format!("`{name}`")).join(", ");
                let problem = format!("has to say one destination: one of {names}");
                Err(fields.invalid("DestinationCidrBlock", problem))
            }
        }
    }

    /// # Errors
    /// If the identifier has another form.
    fn of(identifier: &Identifier) -> Result<Self, DriverError> {
        match identifier.parts() {
            [table, destination] => {
                Ok(Self { table: table.clone(), destination: destination.clone() })
            }
            _ => {
                let message = format!("`{identifier}` names no route: its form is `TABLE|RANGE`");
                let kind = ErrorKind::Invalid { property: None };
                Err(DriverError::new(kind, action("DescribeRouteTables"), message))
            }
        }
    }

    /// The members that name the route.
    fn members(&self) -> KnownMap {
        let destination = match self.destination.as_str() {
            list if list.starts_with("pl-") => "DestinationPrefixListId",
            range if range.contains(':') => "DestinationIpv6CidrBlock",
            _ => "DestinationCidrBlock",
        };
        arguments([
            ("RouteTableId", self.table.as_str().into()),
            (destination, self.destination.as_str().into()),
        ])
    }

    fn is(&self, route: &KnownMap) -> bool {
        let mut found = DESTINATIONS.iter().filter_map(|name| text_in(route, name));
        found.any(|found| same_range(found, &self.destination))
    }

    fn identifier(&self) -> Identifier {
        Identifier::new([self.table.clone(), self.destination.clone()])
    }

    fn object(&self, properties: KnownMap) -> Object {
        let identifier = self.identifier();
        let physical_id = PhysicalId::new(identifier.to_string());
        let attributes = arguments([("CidrBlock", self.destination.as_str().into())]);
        Object { identifier, physical_id, properties, attributes }
    }

    /// The input of the call that creates or replaces the route.
    fn input(
        &self,
        properties: &KnownMap,
        operation: &'static str,
    ) -> Result<KnownMap, DriverError> {
        let fields = Fields::new(properties, operation);
        let mut input = self.members();
        for name in TARGETS {
            input.extend(fields.text(name)?.map(|target| (name.to_owned(), target)));
        }
        if input.len() == 2 {
            return Err(invalid(
                "CreateRoute",
                "GatewayId",
                "or another target has to be declared",
            ));
        }
        Ok(input)
    }
}

/// The member of a route that shows a target.
fn target<'a>(route: &'a KnownMap, name: &str) -> Option<&'a KnownValue> {
    let gateway = || {
        let gateway = route.get("GatewayId")?;
        gateway.as_str()?.starts_with("vpce-").then_some(gateway)
    };
    match name {
        "VpcEndpointId" => route.get(name).or_else(gateway),
        "GatewayId" if gateway().is_some() => None,
        _ => route.get(name),
    }
}

/// The properties of a route, in the form in which they are declared where that means the same.
fn shown(key: &Key, route: &KnownMap, declared: &KnownMap) -> KnownMap {
    let mut shown = arguments([("RouteTableId", key.table.as_str().into())]);
    for name in DESTINATIONS {
        if let Some(found) = route.get(name) {
            let wanted = declared.get(name).and_then(KnownValue::as_str);
            let same =
                found.as_str().zip(wanted).filter(|(found, wanted)| same_range(found, wanted));
            let value = same.map_or_else(|| found.clone(), |(_, wanted)| wanted.into());
            shown.insert(name.to_owned(), value);
        }
    }
    let of_instance = route.contains_key("InstanceId");
    for name in TARGETS {
        let implied = match name {
            "NetworkInterfaceId" => of_instance && !declared.contains_key(name),
            "InstanceId" => declared.contains_key("NetworkInterfaceId"),
            _ => false,
        };
        if !implied && let Some(found) = target(route, name) {
            shown.insert(name.to_owned(), found.clone());
        }
    }
    shown
}

/// True if a route leads where it is declared to lead.
fn is_declared(route: &KnownMap, declared: &KnownMap) -> bool {
    TARGETS.iter().all(|name| match declared.get(*name) {
        None | Some(KnownValue::Null) => true,
        Some(wanted) => target(route, name).and_then(KnownValue::expose_str) == wanted.expose_str(),
    })
}

fn taken(key: &Key) -> DriverError {
    let message = format!("{key} exists already; remove it or choose another destination");
    DriverError::new(ErrorKind::AlreadyExists, CREATE, message)
}

impl Route {
    /// A driver that calls EC2.
    pub(super) fn new(api: Arc<dyn Api>) -> Self {
        Self { ec2: Ec2::new(api) }
    }

    /// The route as EC2 describes it; `None` if it, or its table, does not exist.
    async fn look(&self, key: &Key) -> Result<Option<KnownMap>, DriverError> {
        let input = arguments([("RouteTableIds", list([key.table.as_str()]))]);
        let tables = self.ec2.all("DescribeRouteTables", "RouteTables", input).await?;
        Ok(tables.iter().flat_map(|table| maps(table, "Routes")).find(|it| key.is(it)).cloned())
    }
}

#[async_trait]
impl DirectDriver for Route {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(&self, id: &Identifier, declared: &KnownMap) -> Result<Observed, DriverError> {
        let key = Key::of(id)?;
        Ok(match self.look(&key).await? {
            Some(route) => Observed::Present(key.object(shown(&key, &route, declared))),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let properties = &request.properties;
        let key = Key::declared(properties, CREATE)?;
        let input = key.input(properties, CREATE)?;
        if !request.absence_proven {
            if self.look(&key).await?.is_some() {
                return Err(taken(&key));
            }
            let proven = effects.absent().await;
            proven.map_err(|error| journal_failed(CREATE, &error))?;
        }
        match self.ec2.call("CreateRoute", input).await {
            Ok(_) => {}
            // It was free before the call: an attempt of it may have made the route.
            Err(error) if error.kind == ErrorKind::AlreadyExists => {
                let ours = self.look(&key).await?.is_some_and(|it| is_declared(&it, properties));
                if !ours {
                    return Err(taken(&key));
                }
            }
            Err(error) => return Err(not_yet_visible(error)),
        }
        Ok(key.object(properties.clone()))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let key = Key::of(&request.identifier)?;
        let input = key.input(&request.properties, "ec2:ReplaceRoute")?;
        let route = self.look(&key).await?;
        if !route.is_some_and(|route| is_declared(&route, &request.properties)) {
            self.ec2.call("ReplaceRoute", input).await?;
        }
        Ok(key.object(request.properties.clone()))
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let key = Key::of(&request.identifier)?;
        match self.ec2.call("DeleteRoute", key.members()).await {
            Err(error) if error.kind != ErrorKind::NotFound => Err(error),
            Ok(_) | Err(_) => Ok(Progress::Done),
        }
    }

    /// Before it was proven that the destination is free nothing was created.
    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let key = Key::declared(&request.properties, CREATE)?;
        let Some(route) = self.look(&key).await? else { return Ok(Found::Absent) };
        if is_declared(&route, &request.properties) {
            return Ok(Found::Ours(Box::new(key.object(request.properties.clone()))));
        }
        Ok(Found::Ambiguous { why: format!("{key} leads to something else than declared") })
    }
}
