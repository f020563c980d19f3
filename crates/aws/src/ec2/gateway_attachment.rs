//! `AWS::EC2::VPCGatewayAttachment`: an internet gateway or a virtual private gateway at a VPC.
//!
//! An attachment has no ID and no tags: a VPC has at most one gateway of each kind. EC2 refuses a
//! second one.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, PhysicalId};

use super::calls::{Ec2, action, filters, identifying, maps, not_yet_visible, still_used};
use crate::api::Api;
use crate::iam::{Fields, arguments, journal_failed, text_in};

const CREATE: &str = "ec2:AttachInternetGateway";
/// The time between two questions about an attachment.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// A kind of gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gateway {
    Internet,
    Vpn,
}

impl Gateway {
    /// The attribute `AttachmentType`, the first part of the identifier.
    fn label(self) -> &'static str {
        match self {
            Self::Internet => "IGW",
            Self::Vpn => "VGW",
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Internet => "an internet gateway",
            Self::Vpn => "a virtual private gateway",
        }
    }

    /// The property and the member that hold its ID.
    fn property(self) -> &'static str {
        match self {
            Self::Internet => "InternetGatewayId",
            Self::Vpn => "VpnGatewayId",
        }
    }

    fn attach(self) -> &'static str {
        match self {
            Self::Internet => "AttachInternetGateway",
            Self::Vpn => "AttachVpnGateway",
        }
    }

    fn detach(self) -> &'static str {
        match self {
            Self::Internet => "DetachInternetGateway",
            Self::Vpn => "DetachVpnGateway",
        }
    }

    /// The operation that describes gateways, the list in its answer, and the attachments of each.
    fn described(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Internet => ("DescribeInternetGateways", "InternetGateways", "Attachments"),
            Self::Vpn => ("DescribeVpnGateways", "VpnGateways", "VpcAttachments"),
        }
    }
}

/// The identity of an attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    gateway: Gateway,
    vpc: String,
}

impl Key {
    fn of(identifier: &Identifier) -> Result<Self, DriverError> {
        let known = match identifier.parts() {
            [label, vpc] => [Gateway::Internet, Gateway::Vpn]
                .into_iter()
                .find(|gateway| gateway.label() == label)
                .map(|gateway| Self { gateway, vpc: vpc.clone() }),
            _ => None,
        };
        known.ok_or_else(|| {
            let message =
                format!("`{identifier}` names no attachment: its form is `IGW|VPC` or `VGW|VPC`");
            let kind = ErrorKind::Invalid { property: None };
            DriverError::new(kind, action("DescribeInternetGateways"), message)
        })
    }

    /// The attachment that is declared, and the ID of the gateway.
    ///
    /// # Errors
    /// If not one gateway is declared.
    fn declared(
        properties: &KnownMap,
        operation: &'static str,
    ) -> Result<(Self, String), DriverError> {
        let fields = Fields::new(properties, operation);
        let vpc = identifying(properties, "VpcId", operation)?;
        let vpc = vpc.ok_or_else(|| fields.invalid("VpcId", "is missing"))?;
        let ids = (fields.name("InternetGatewayId")?, fields.name("VpnGatewayId")?);
        let (gateway, id) = match ids {
            (Some(id), None) => (Gateway::Internet, id),
            (None, Some(id)) => (Gateway::Vpn, id),
            (None, None) => {
                let problem = "is missing, and so is `VpnGatewayId`; declare one of them";
                return Err(fields.invalid("InternetGatewayId", problem));
            }
            (Some(_), Some(_)) => {
                let problem =
                    "cannot be declared beside `InternetGatewayId`; declare two attachments";
                return Err(fields.invalid("VpnGatewayId", problem));
            }
        };
        Ok((Self { gateway, vpc }, id))
    }

    fn input(&self, id: &str) -> KnownMap {
        arguments([(self.gateway.property(), id.into()), ("VpcId", self.vpc.as_str().into())])
    }

    fn object(&self, properties: KnownMap) -> Object {
        let label = self.gateway.label();
        let identifier = Identifier::new([label.to_owned(), self.vpc.clone()]);
        let physical_id = PhysicalId::new(identifier.to_string());
        let attributes = arguments([("AttachmentType", label.into())]);
        Object { identifier, physical_id, properties, attributes }
    }
}

/// An attachment that exists.
struct Attached {
    id: String,
    state: String,
}

/// The driver of attachments.
pub(super) struct GatewayAttachment {
    ec2: Ec2,
}

impl GatewayAttachment {
    /// A driver that calls EC2.
    pub(super) fn new(api: Arc<dyn Api>) -> Self {
        Self { ec2: Ec2::new(api) }
    }

    /// The gateway of the kind that is at the VPC, or is about to come or to go.
    async fn look(&self, key: &Key) -> Result<Option<Attached>, DriverError> {
        let (operation, items, attachments) = key.gateway.described();
        let of_vpc = filters([("attachment.vpc-id", key.vpc.as_str())]);
        let found = self.ec2.all(operation, items, arguments([("Filters", of_vpc)])).await?;
        for gateway in &found {
            let mut all = maps(gateway, attachments);
            let is_it = |it: &&KnownMap| {
                text_in(it, "VpcId") == Some(key.vpc.as_str())
                    && text_in(it, "State") != Some("detached")
            };
            let (Some(it), Some(id)) = (all.find(is_it), text_in(gateway, key.gateway.property()))
            else {
                continue;
            };
            let state = text_in(it, "State").unwrap_or_default().to_owned();
            return Ok(Some(Attached { id: id.to_owned(), state }));
        }
        Ok(None)
    }

    /// The error that another gateway is there.
    fn taken(key: &Key, other: &str) -> DriverError {
        let (vpc, noun) = (&key.vpc, key.gateway.noun());
        let message = format!("VPC `{vpc}` has {noun} already, `{other}`; detach it first");
        DriverError::new(ErrorKind::AlreadyExists, CREATE, message)
    }
}

#[async_trait]
impl DirectDriver for GatewayAttachment {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(&self, id: &Identifier, _: &KnownMap) -> Result<Observed, DriverError> {
        let key = Key::of(id)?;
        let found = self.look(&key).await?.filter(|found| found.state != "detaching");
        Ok(match found {
            Some(found) => Observed::Present(key.object(key.input(&found.id))),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let (key, id) = Key::declared(&request.properties, CREATE)?;
        if !request.absence_proven {
            if let Some(found) = self.look(&key).await? {
                return Err(Self::taken(&key, &found.id));
            }
            let proven = effects.absent().await;
            proven.map_err(|error| journal_failed(CREATE, &error))?;
        }
        match self.ec2.call(key.gateway.attach(), key.input(&id)).await {
            Ok(_) => {}
            // There was none before the call: an attempt of it may have been carried out.
            Err(error) if error.kind == ErrorKind::AlreadyExists => match self.look(&key).await? {
                Some(found) if found.id == id => {}
                Some(found) => return Err(Self::taken(&key, &found.id)),
                None => return Err(error),
            },
            Err(error) => return Err(not_yet_visible(error)),
        }
        Ok(key.object(request.properties.clone()))
    }

    /// Another gateway takes the place of the one that is there.
    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let key = Key::of(&request.identifier)?;
        let (declared, id) = Key::declared(&request.properties, CREATE)?;
        if declared.gateway != key.gateway {
            let message = format!(
                "the attachment of {} cannot become one of {}: declare it under another logical ID",
                key.gateway.noun(),
                declared.gateway.noun()
            );
            let kind = ErrorKind::Invalid { property: None };
            return Err(DriverError::new(kind, action(declared.gateway.attach()), message));
        }
        let found = self.look(&key).await?;
        if let Some(other) = found.as_ref().filter(|found| found.id != id) {
            let detached = self.ec2.call(key.gateway.detach(), key.input(&other.id)).await;
            match detached {
                // The request may have arrived twice.
                Err(error) if error.kind != ErrorKind::NotFound => return Err(still_used(error)),
                Ok(_) | Err(_) => {}
            }
        }
        if found.is_none_or(|found| found.id != id) {
            let attached = self.ec2.call(key.gateway.attach(), key.input(&id)).await;
            attached.map_err(|error| match error.kind {
                // The other one takes a moment to go.
                ErrorKind::AlreadyExists => {
                    DriverError { kind: ErrorKind::DependencyNotReady, ..error }
                }
                _ => error,
            })?;
        }
        Ok(key.object(request.properties.clone()))
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let key = Key::of(identifier)?;
        Ok(match self.look(&key).await? {
            Some(found) if found.state == "attaching" => Progress::Pending {
                waits_for: format!("`{}` to be attached to `{}`", found.id, key.vpc),
                ask_again_in: ASK_AGAIN,
            },
            Some(_) | None => Progress::Done,
        })
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let key = Key::of(&request.identifier)?;
        let Some(found) = self.look(&key).await? else { return Ok(Progress::Done) };
        if found.state != "detaching" {
            match self.ec2.call(key.gateway.detach(), key.input(&found.id)).await {
                Ok(_) => {}
                Err(error) if error.kind == ErrorKind::NotFound => return Ok(Progress::Done),
                // Public addresses of the VPC are still mapped.
                Err(error) => return Err(still_used(error)),
            }
        }
        Ok(match self.look(&key).await? {
            None => Progress::Done,
            Some(_) => Progress::Pending {
                waits_for: format!("`{}` to be detached from `{}`", found.id, key.vpc),
                ask_again_in: ASK_AGAIN,
            },
        })
    }

    /// Before it was proven that the VPC has no such gateway nothing was attached.
    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let (key, id) = Key::declared(&request.properties, CREATE)?;
        Ok(match self.look(&key).await? {
            None => Found::Absent,
            Some(found) if found.id == id => {
                Found::Ours(Box::new(key.object(request.properties.clone())))
            }
            Some(found) => {
                let why = format!("VPC `{}` has another gateway, `{}`", key.vpc, found.id);
                Found::Ambiguous { why }
            }
        })
    }
}
