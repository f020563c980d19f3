//! `AWS::EC2::SubnetRouteTableAssociation`: the route table of a subnet.
//!
//! A subnet has at most one association of its own. A stack that gives it another route table makes
//! the new association before it deletes the old one: the new one takes the place of the old one, as in
//! CloudFormation. An association has an ID and no tags; it is known again by the proof that there was
//! none, or by the one whose place it took, which is in the journal before the call.
//!
//! When a rollback takes the new association back, the subnet gets its former route table again, and not
//! that of its VPC. Until then a tag of the subnet holds the former table. The restored association has
//! another ID than the state knows: one of the same subnet and table stands for it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, Removal, UpdateRequest,
};
use rstack_model::{Cursor, Identifier, KnownMap, KnownValue, PhysicalId};

use super::calls::{Ec2, action, filters, list, maps, not_yet_visible};
use crate::api::Api;
use crate::iam::{Fields, Tags, arguments, journal_failed, tag_list, tag_of, text_in};

const CREATE: &str = "ec2:AssociateRouteTable";
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// The tag of a subnet that holds the route table which another one has replaced in a run.
const FORMER: &str = "rstack:former-route-table";

/// The driver of associations.
pub(super) struct RouteTableAssociation {
    ec2: Ec2,
}

/// The declared association.
struct Declared {
    subnet: String,
    table: String,
}

impl Declared {
    fn of(properties: &KnownMap) -> Result<Self, DriverError> {
        let fields = Fields::new(properties, CREATE);
        let subnet = fields.required_name("SubnetId")?;
        Ok(Self { subnet, table: fields.required_name("RouteTableId")? })
    }
}

/// An association that exists.
#[derive(Debug)]
struct Association {
    id: String,
    table: String,
    subnet: String,
    state: String,
}

impl Association {
    fn of(members: &KnownMap) -> Option<Self> {
        let text = |name: &str| text_in(members, name).map(str::to_owned);
        let state = members.get("AssociationState").and_then(|state| state.get("State")?.as_str());
        let state = state.unwrap_or("associated").to_owned();
        let (id, table) = (text("RouteTableAssociationId")?, text("RouteTableId")?);
        let there = !matches!(state.as_str(), "disassociating" | "disassociated" | "failed");
        there.then_some(Self { id, table, subnet: text("SubnetId")?, state })
    }

    fn object(&self) -> Object {
        object(&self.id, &self.subnet, &self.table)
    }
}

fn object(id: &str, subnet: &str, table: &str) -> Object {
    let properties = arguments([("SubnetId", subnet.into()), ("RouteTableId", table.into())]);
    Object::named(PhysicalId::from(id), properties, arguments([("Id", id.into())]))
}

impl RouteTableAssociation {
    /// A driver that calls EC2.
    pub(super) fn new(api: Arc<dyn Api>) -> Self {
        Self { ec2: Ec2::new(api) }
    }

    /// The association with this ID or of this subnet.
    async fn look(&self, filter: &str, value: &str) -> Result<Option<Association>, DriverError> {
        let input = arguments([("Filters", filters([(filter, value)]))]);
        let tables = self.ec2.all("DescribeRouteTables", "RouteTables", input).await?;
        let mut all = tables.iter().flat_map(|table| maps(table, "Associations"));
        Ok(all.find_map(|members| {
            Association::of(members).filter(|it| it.id == value || it.subnet == value)
        }))
    }

    async fn of_subnet(&self, subnet: &str) -> Result<Option<Association>, DriverError> {
        self.look("association.subnet-id", subnet).await
    }

    async fn of_id(&self, id: &str) -> Result<Option<Association>, DriverError> {
        self.look("association.route-table-association-id", id).await
    }

    /// True if an association is what this operation has made.
    fn is_ours(request: &CreateRequest, declared: &Declared, found: &Association) -> bool {
        let replaces = request.begun.as_ref().is_some_and(|old| old.as_str() != found.id);
        found.table == declared.table && (replaces || request.absence_proven)
    }

    /// The association with another route table in the place of the one that is there.
    async fn replace(
        &self,
        declared: &Declared,
        old: &Association,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let operation = "ec2:ReplaceRouteTableAssociation";
        let begins = effects.begins(&Cursor::from(old.id.as_str())).await;
        begins.map_err(|error| journal_failed(operation, &error))?;
        self.remember(old).await?;
        let input = arguments([
            ("AssociationId", old.id.as_str().into()),
            ("RouteTableId", declared.table.as_str().into()),
        ]);
        match self.ec2.call("ReplaceRouteTableAssociation", input).await {
            Ok(answer) => match text_in(&answer, "NewAssociationId") {
                Some(id) => Ok(object(id, &declared.subnet, &declared.table)),
                None => Err(without_id(operation)),
            },
            // The old one is gone: the request may have arrived twice.
            Err(error) if error.kind == ErrorKind::NotFound => {
                let found = self.of_subnet(&declared.subnet).await?;
                let ours = found.filter(|it| it.id != old.id && it.table == declared.table);
                ours.map(|it| it.object()).ok_or_else(|| not_yet_visible(error))
            }
            Err(error) => Err(error),
        }
    }

    /// Notes the route table of a subnet for a rollback. A caller who may not tag does without.
    async fn remember(&self, old: &Association) -> Result<(), DriverError> {
        let tags = Tags::from([(FORMER.to_owned(), old.table.as_str().into())]);
        let subnet = list([old.subnet.as_str()]);
        let input = arguments([("Resources", subnet), ("Tags", tag_list(&tags))]);
        match self.ec2.call("CreateTags", input).await {
            Err(error) if !matches!(error.kind, ErrorKind::AccessDenied { .. }) => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Removes the note of [`Self::remember`].
    async fn forget(&self, subnet: &str) -> Result<(), DriverError> {
        let key = KnownValue::Map(arguments([("Key", FORMER.into())]));
        let tags = KnownValue::List(vec![key]);
        let input = arguments([("Resources", list([subnet])), ("Tags", tags)]);
        match self.ec2.call("DeleteTags", input).await {
            Err(error) if matches!(error.kind, ErrorKind::AccessDenied { .. }) => Ok(()),
            Err(error) if error.kind != ErrorKind::NotFound => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Gives the subnet of an association its former route table back. False if it had none, or the
    /// table is gone.
    async fn restore(&self, id: &str) -> Result<bool, DriverError> {
        let Some(found) = self.of_id(id).await? else { return Ok(false) };
        let input = arguments([("SubnetIds", list([found.subnet.as_str()]))]);
        let subnets = self.ec2.all("DescribeSubnets", "Subnets", input).await?;
        let tags = subnets.first().and_then(|subnet| subnet.get("Tags"));
        let Some(former) = tag_of(tags, FORMER) else { return Ok(false) };
        let input = arguments([("AssociationId", id.into()), ("RouteTableId", former.into())]);
        match self.ec2.call("ReplaceRouteTableAssociation", input).await {
            Ok(_) => {}
            // The request may have arrived twice.
            Err(error) if error.kind == ErrorKind::NotFound => {
                let now = self.of_subnet(&found.subnet).await?;
                if now.is_none_or(|now| now.table != former) {
                    return Ok(false);
                }
            }
            Err(error) => return Err(error),
        }
        self.forget(&found.subnet).await?;
        Ok(true)
    }

    async fn disassociate(&self, id: &str) -> Result<bool, DriverError> {
        let input = arguments([("AssociationId", id.into())]);
        match self.ec2.call("DisassociateRouteTable", input).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The association of a subnet with a table, whatever its ID.
    async fn of_both(&self, properties: &KnownMap) -> Result<Option<Association>, DriverError> {
        let Ok(declared) = Declared::of(properties) else { return Ok(None) };
        let found = self.of_subnet(&declared.subnet).await?;
        Ok(found.filter(|found| found.table == declared.table))
    }
}

fn without_id(operation: &str) -> DriverError {
    let message = "the answer does not hold the ID of the association";
    DriverError::new(ErrorKind::UnknownOutcome, operation, message)
}

#[async_trait]
impl DirectDriver for RouteTableAssociation {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(&self, id: &Identifier, declared: &KnownMap) -> Result<Observed, DriverError> {
        let found = match self.of_id(id.only()).await? {
            Some(found) => Some(found),
            None => self.of_both(declared).await?,
        };
        Ok(match found {
            Some(found) => Observed::Present(object(id.only(), &found.subnet, &found.table)),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let declared = Declared::of(&request.properties)?;
        let Declared { subnet, table } = &declared;
        if let Some(found) = self.of_subnet(subnet).await? {
            if Self::is_ours(request, &declared, &found) {
                return Ok(found.object());
            }
            if found.table == *table {
                let message = format!(
                    "subnet `{subnet}` is associated with `{table}` already, by `{}`; import it, or \
                     remove it",
                    found.id
                );
                return Err(DriverError::new(ErrorKind::AlreadyExists, CREATE, message));
            }
            return self.replace(&declared, &found, effects).await;
        }
        if !request.absence_proven {
            let proven = effects.absent().await;
            proven.map_err(|error| journal_failed(CREATE, &error))?;
        }
        let input = arguments([
            ("SubnetId", subnet.as_str().into()),
            ("RouteTableId", table.as_str().into()),
        ]);
        match self.ec2.call("AssociateRouteTable", input).await {
            Ok(answer) => match text_in(&answer, "AssociationId") {
                Some(id) => Ok(object(id, subnet, table)),
                None => Err(without_id(CREATE)),
            },
            // There was none before the call: an attempt of it may have been carried out.
            Err(error) if error.kind == ErrorKind::AlreadyExists => {
                let found = self.of_subnet(subnet).await?.filter(|found| found.table == *table);
                found.map(|found| found.object()).ok_or(error)
            }
            Err(error) => Err(not_yet_visible(error)),
        }
    }

    /// Nothing of an association changes in place.
    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let found = self.of_id(request.identifier.only()).await?;
        found.map(|found| found.object()).ok_or_else(|| {
            let message = format!("there is no association `{}`", request.identifier);
            let kind = match request.prior.is_empty() {
                // It was made a moment ago.
                true => ErrorKind::DependencyNotReady,
                false => ErrorKind::NotFound,
            };
            DriverError::new(kind, action("DescribeRouteTables"), message)
        })
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        Ok(match self.of_id(identifier.only()).await? {
            Some(found) if found.state != "associating" => Progress::Done,
            Some(_) | None => Progress::Pending {
                waits_for: format!("association `{identifier}`"),
                ask_again_in: ASK_AGAIN,
            },
        })
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let id = request.identifier.only();
        if request.removal == Removal::Rollback && self.restore(id).await? {
            return Ok(Progress::Done);
        }
        if self.disassociate(id).await? {
            return Ok(Progress::Done);
        }
        // Another one has taken its place, or a rollback has restored it under another ID.
        if request.removal != Removal::Rollback {
            if let Some(found) = self.of_both(&request.prior).await? {
                self.disassociate(&found.id).await?;
            }
            if let Some(subnet) = text_in(&request.prior, "SubnetId") {
                self.forget(subnet).await?;
            }
        }
        Ok(Progress::Done)
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let declared = Declared::of(&request.properties)?;
        if !request.absence_proven && request.begun.is_none() {
            return Ok(Found::Absent);
        }
        let Some(found) = self.of_subnet(&declared.subnet).await? else {
            return Ok(Found::Absent);
        };
        if Self::is_ours(request, &declared, &found) {
            return Ok(Found::Ours(Box::new(found.object())));
        }
        // The one whose place it was to take is still there.
        if request.begun.as_ref().is_some_and(|old| old.as_str() == found.id) {
            return Ok(Found::Absent);
        }
        let why = format!("subnet `{}` has another association, `{}`", declared.subnet, found.id);
        Ok(Found::Ambiguous { why })
    }
}
