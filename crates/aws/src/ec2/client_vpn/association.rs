//! `AWS::EC2::ClientVpnTargetNetworkAssociation`: a subnet, or a zone of a transit gateway, of an endpoint.
//!
//! An association has an ID and no tags, and an endpoint has one of each subnet: it is known again by its place
//! and by the durable proof that this was free. It is asked for by the endpoint, which its properties name.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DriverError, EffectSink, ErrorKind, Finish, Found, Object, Observed,
    OperationKind, Pending, Poll, Request, ResourceDriver, Step,
};
use rstack_model::{Cursor, Identifier, KnownMap, KnownValue, PhysicalId};

use crate::api::Api;
use crate::ec2::calls::{Ec2, action, not_yet_visible};
use crate::iam::{Fields, arguments, journal_failed, text_in};
use crate::mapping::Rules;

const CREATE: &str = "AssociateClientVpnTargetNetwork";
const CREATE_ACTION: &str = "ec2:AssociateClientVpnTargetNetwork";
const DESCRIBE: &str = "DescribeClientVpnTargetNetworks";
const DELETE: &str = "DisassociateClientVpnTargetNetwork";

const ENDPOINT: &str = "ClientVpnEndpointId";
const ID: &str = "AssociationId";
/// The properties that say which network it is, and where a description has them.
const PLACES: [(&str, &str); 3] = [
    ("SubnetId", "TargetNetworkId"),
    ("AvailabilityZone", "AvailabilityZones"),
    ("AvailabilityZoneId", "AvailabilityZoneIds"),
];

/// The cursor of an association that is made.
const SETTLES: &str = "settle";
/// The cursor of one that goes.
const DELETES: &str = "delete";
/// The time between two questions: an association takes minutes.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// The driver of associations. The physical ID is the ID of the association.
pub(in crate::ec2) struct TargetNetworkAssociation {
    ec2: Ec2,
}

/// The code of an association's status.
fn code(network: &KnownMap) -> &str {
    let code = network.get("Status").and_then(|status| status.get("Code"));
    code.and_then(KnownValue::as_str).unwrap_or_default()
}

/// True if an association is there, and is not about to go.
///
/// Source: botocore, model of `ec2`, AssociationStatusCode.
fn is_there(network: &KnownMap) -> bool {
    !["disassociating", "disassociated"].contains(&code(network))
}

/// True if a description has the text, or a list with it.
fn has(network: &KnownMap, member: &str, text: &str) -> bool {
    match network.get(member) {
        Some(KnownValue::List(items)) => items.iter().any(|item| item.expose_str() == Some(text)),
        value => value.and_then(KnownValue::expose_str) == Some(text),
    }
}

/// True if it is the association of the declared network.
fn is_of(network: &KnownMap, properties: &KnownMap) -> bool {
    let mut declared =
        PLACES.iter().filter_map(|(name, member)| Some((member, text_in(properties, name)?)));
    declared.next().is_some_and(|(member, text)| has(network, member, text))
}

/// The endpoint that properties name.
fn endpoint(properties: &KnownMap) -> Result<String, DriverError> {
    Fields::new(properties, CREATE_ACTION).required_name(ENDPOINT)
}

fn object(id: &str, network: &KnownMap, declared: &KnownMap) -> Object {
    let mut properties = arguments([]);
    let endpoint = network.get(ENDPOINT).or_else(|| declared.get(ENDPOINT));
    properties.extend(endpoint.map(|endpoint| (ENDPOINT.to_owned(), endpoint.clone())));
    for (name, member) in PLACES {
        let Some(given) = text_in(declared, name) else { continue };
        let shown = match network.get(member) {
            _ if has(network, member, given) => Some(given),
            Some(KnownValue::List(items)) => items.first().and_then(KnownValue::expose_str),
            value => value.and_then(KnownValue::expose_str),
        };
        properties.extend(shown.map(|shown| (name.to_owned(), shown.into())));
    }
    let attributes = arguments([("Id", id.into())]);
    let physical_id = PhysicalId::from(id);
    Object { identifier: Identifier::from(id), physical_id, properties, attributes }
}

fn pending(object: Option<Object>, cursor: &str, waits_for: String, soon: bool) -> Step {
    Step::Pending(Pending {
        object: object.map(Box::new),
        usable: false,
        cursor: Cursor::from(cursor),
        repeatable: true,
        waits_for,
        ask_again_in: if soon { Duration::ZERO } else { ASK_AGAIN },
    })
}

impl TargetNetworkAssociation {
    /// A driver that calls EC2.
    pub(in crate::ec2) fn new(api: Arc<dyn Api>) -> Self {
        Self { ec2: Ec2::new(api) }
    }

    /// The associations of an endpoint, gone ones among them; none if there is no such endpoint.
    async fn all(&self, endpoint: &str) -> Result<Vec<KnownMap>, DriverError> {
        let input = arguments([(ENDPOINT, endpoint.into())]);
        self.ec2.all(DESCRIBE, "ClientVpnTargetNetworks", input).await
    }

    /// The association of this ID.
    async fn look(&self, id: &str, properties: &KnownMap) -> Result<Option<KnownMap>, DriverError> {
        let all = self.all(&endpoint(properties)?).await?;
        let is_it = |it: &KnownMap| text_in(it, ID) == Some(id) && code(it) != "disassociated";
        Ok(all.into_iter().find(is_it))
    }

    /// The association that the endpoint has of the declared network.
    async fn taken(&self, properties: &KnownMap) -> Result<Option<KnownMap>, DriverError> {
        let all = self.all(&endpoint(properties)?).await?;
        Ok(all.into_iter().find(|it| is_there(it) && is_of(it, properties)))
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        let properties = &request.properties;
        let mut input = self.ec2.members(CREATE, properties, &Rules::NONE)?;
        input.insert("ClientToken".to_owned(), request.token.as_str().into());
        if !request.absence_proven {
            if let Some(found) = self.taken(properties).await? {
                let id = text_in(&found, ID).unwrap_or_default();
                let message = format!(
                    "the endpoint `{}` has the association `{id}` with this network already",
                    endpoint(properties)?
                );
                return Err(DriverError::new(ErrorKind::Conflict, CREATE_ACTION, message));
            }
            let recorded = effects.absent().await;
            recorded.map_err(|error| journal_failed(CREATE_ACTION, &error))?;
        }
        let answer = self.ec2.call(CREATE, input).await.map_err(not_yet_visible)?;
        let id = text_in(&answer, ID).ok_or_else(|| {
            let message = format!("the answer does not hold `{ID}`");
            DriverError::new(ErrorKind::UnknownOutcome, CREATE_ACTION, message)
        })?;
        let made = object(id, properties, properties);
        let made = Object { properties: properties.clone(), ..made };
        let recorded = effects.created(&made.identifier, &made.physical_id).await;
        recorded.map_err(|error| journal_failed(CREATE_ACTION, &error))?;
        Ok(pending(Some(made), SETTLES, "the network to be associated".to_owned(), true))
    }

    /// The progress of an association that was made.
    async fn settled(&self, id: &str, declared: &KnownMap) -> Result<Step, DriverError> {
        let Some(network) = self.look(id, declared).await? else {
            let message = format!("there is no association `{id}` yet");
            return Err(DriverError::new(ErrorKind::DependencyNotReady, action(DESCRIBE), message));
        };
        let reason = network.get("Status").and_then(|status| status.get("Message"));
        let reason = reason.and_then(KnownValue::as_str).filter(|text| !text.is_empty());
        let failed = |kind, state: &str| {
            let why = reason.unwrap_or("EC2 says no more");
            let message = format!("the association `{id}` {state}: {why}");
            Err(DriverError::new(kind, action(DESCRIBE), message))
        };
        match code(&network) {
            "associating" => {
                let waits_for = format!("the association `{id}`, which is associating");
                Ok(pending(None, SETTLES, waits_for, false))
            }
            "association-failed" => failed(ErrorKind::Invalid { property: None }, "failed"),
            "disassociating" => failed(ErrorKind::Conflict, "is being taken back"),
            _ => Ok(Step::made(object(id, &network, declared))),
        }
    }

    async fn delete(&self, id: &str, prior: &KnownMap) -> Result<Step, DriverError> {
        let Some(network) = self.look(id, prior).await? else {
            return Ok(Step::Done(Finish::Gone));
        };
        let waits_for = format!("the association `{id}` to be gone");
        if code(&network) == "disassociating" {
            return Ok(pending(None, DELETES, waits_for, false));
        }
        let input = arguments([(ENDPOINT, endpoint(prior)?.into()), (ID, id.into())]);
        match self.ec2.call(DELETE, input).await {
            Ok(_) => Ok(pending(None, DELETES, waits_for, true)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Step::Done(Finish::Gone)),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl ResourceDriver for TargetNetworkAssociation {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(&self, id: &Identifier, declared: &KnownMap) -> Result<Observed, DriverError> {
        let found = self.look(id.only(), declared).await?.filter(is_there);
        Ok(match found {
            Some(network) => Observed::Present(object(id.only(), &network, declared)),
            None => Observed::Absent,
        })
    }

    async fn begin(
        &self,
        request: &Request,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        match request {
            Request::Create(request) => self.create(request, effects).await,
            // Nothing of it changes in place: this completes a creation.
            Request::Update(request) => {
                self.settled(request.identifier.only(), &request.properties).await
            }
            Request::Delete(request) => {
                self.delete(request.identifier.only(), &request.prior).await
            }
            Request::DeleteWithSnapshot { .. } => Err(Request::takes_no_snapshot()),
        }
    }

    async fn poll(&self, poll: &Poll) -> Result<Step, DriverError> {
        let Some(identifier) = &poll.identifier else { return Ok(Step::Done(Finish::Gone)) };
        match poll.kind {
            OperationKind::Delete => self.delete(identifier.only(), &poll.declared).await,
            OperationKind::Create if poll.cursor.as_str() != SETTLES => {
                let message = "the creation was interrupted: its object is looked for";
                Err(DriverError::new(ErrorKind::NotFound, "create", message))
            }
            OperationKind::Create | OperationKind::Update => {
                self.settled(identifier.only(), &poll.declared).await
            }
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        Ok(match self.taken(&request.properties).await? {
            Some(network) => {
                let id = text_in(&network, ID).unwrap_or_default();
                let found = object(id, &network, &request.properties);
                Found::Ours(Box::new(found))
            }
            None => Found::Absent,
        })
    }
}
