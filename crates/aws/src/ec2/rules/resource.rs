//! `AWS::EC2::SecurityGroupIngress` and `AWS::EC2::SecurityGroupEgress`: a rule that is a resource.
//!
//! A rule has an ID and tags, by which it is known again. EC2 refuses the same rule a second time.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, PhysicalId};

use super::direction::Direction;
use super::held::{self, Held};
use super::rule::Rule;
use crate::api::Api;
use crate::ec2::calls::{Ec2, maps, not_yet_visible};
use crate::iam::{Fields, arguments, text_in};

/// The driver of the rules of a direction.
pub(in crate::ec2) struct SecurityGroupRule {
    ec2: Ec2,
    direction: Direction,
}

/// The member that names the group of a rule: the group of the default VPC may be named by its name.
fn group(properties: &KnownMap, direction: Direction) -> Result<KnownMap, DriverError> {
    let fields = Fields::new(properties, direction.action());
    match (fields.name("GroupId")?, fields.name("GroupName")?) {
        (Some(id), _) => Ok(arguments([("GroupId", id.into())])),
        (None, Some(name)) => Ok(arguments([("GroupName", name.into())])),
        (None, None) => Err(fields.invalid("GroupId", "is missing")),
    }
}

fn object(id: &str, properties: KnownMap) -> Object {
    Object::named(PhysicalId::from(id), properties, arguments([("Id", id.into())]))
}

impl SecurityGroupRule {
    /// A driver that calls EC2.
    pub(in crate::ec2) fn new(api: Arc<dyn Api>, direction: Direction) -> Self {
        Self { ec2: Ec2::new(api), direction }
    }

    async fn declared(&self, properties: &KnownMap) -> Result<Rule, DriverError> {
        let fields = Fields::new(properties, self.direction.action());
        Rule::declared(&self.ec2, self.direction, fields).await
    }

    /// The object of a rule, in the form in which it is declared where that means the same.
    async fn shown(&self, held: &Held, declared: &KnownMap) -> Object {
        let same = match self.declared(declared).await {
            Ok(wanted) => wanted.is(&held.rule),
            Err(_) => false,
        };
        let mut properties = match same {
            true => held.rule.as_declared(declared),
            false => held.rule.properties(self.direction),
        };
        if !properties.contains_key("GroupName") {
            properties.insert("GroupId".to_owned(), held.group.as_str().into());
        }
        object(&held.id, properties)
    }

    /// Removes the rule that EC2 made with the group and that allows everything out: a group with an
    /// outbound rule of its own has only these.
    ///
    /// Source: CloudFormation user guide, AWS::EC2::SecurityGroupEgress: the default rule is removed
    /// from the group.
    async fn remove_default(&self, group: &str, added: &str) -> Result<(), DriverError> {
        if self.direction == Direction::Inbound {
            return Ok(());
        }
        let there = held::of_group(&self.ec2, group).await?;
        let defaults = there.iter().filter(|it| it.is_default() && it.id != added);
        let ids: Vec<_> = defaults.map(|it| it.id.as_str()).collect();
        held::revoke(&self.ec2, self.direction, group, &ids).await
    }

    async fn look(&self, id: &Identifier) -> Result<Option<Held>, DriverError> {
        let found = held::of_id(&self.ec2, id.only()).await?;
        Ok(found.filter(|held| held.direction == self.direction))
    }
}

#[async_trait]
impl DirectDriver for SecurityGroupRule {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(&self, id: &Identifier, declared: &KnownMap) -> Result<Observed, DriverError> {
        Ok(match self.look(id).await? {
            Some(held) => Observed::Present(self.shown(&held, declared).await),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let (properties, direction) = (&request.properties, self.direction);
        let group = group(properties, direction)?;
        let rule = self.declared(properties).await?;
        let token = request.token.as_str();
        let added = held::authorize(&self.ec2, direction, group, &[&rule], token).await;
        let answer = added.map_err(not_yet_visible)?;
        let made = maps(&answer, "SecurityGroupRules").next();
        let id = made.and_then(|made| text_in(made, "SecurityGroupRuleId"));
        let (Some(id), Some(of)) = (id, made.and_then(|made| text_in(made, "GroupId"))) else {
            let message = "the answer does not hold the ID of the rule";
            let kind = ErrorKind::UnknownOutcome;
            return Err(DriverError::new(kind, direction.action(), message));
        };
        let recorded = effects.created_as(&PhysicalId::from(id)).await;
        recorded.map_err(|error| crate::iam::journal_failed(direction.action(), &error))?;
        self.remove_default(of, id).await?;
        Ok(object(id, properties.clone()))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let held = self.look(&request.identifier).await?.ok_or_else(|| {
            let message = format!("there is no rule `{}`", request.identifier);
            let kind = match request.prior.is_empty() {
                // It was made a moment ago.
                true => ErrorKind::DependencyNotReady,
                false => ErrorKind::NotFound,
            };
            DriverError::new(kind, "ec2:DescribeSecurityGroupRules", message)
        })?;
        let rule = self.declared(&request.properties).await?;
        if !held.rule.reads_as(&rule) {
            held::describe(&self.ec2, self.direction, &held.group, &[&rule]).await?;
        }
        if request.prior.is_empty() {
            self.remove_default(&held.group, &held.id).await?;
        }
        Ok(object(&held.id, request.properties.clone()))
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        if let Some(held) = self.look(&request.identifier).await? {
            held::revoke(&self.ec2, self.direction, &held.group, &[&held.id]).await?;
        }
        Ok(Progress::Done)
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let found = held::made_by(&self.ec2, request.token.as_str()).await?;
        Ok(match found {
            Some(held) => Found::Ours(Box::new(self.shown(&held, &request.properties).await)),
            None => Found::Absent,
        })
    }
}
