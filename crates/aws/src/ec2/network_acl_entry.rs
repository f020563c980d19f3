//! `AWS::EC2::NetworkAclEntry`: one rule of a network ACL.
//!
//! EC2 has no ID for it: a rule is known by its ACL, its direction and its number, which are declared.
//! The physical ID is made up when it is created, as CloudFormation does. EC2 refuses a number that is
//! taken.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue};

use super::acl_rule::{RuleKey, input, shown};
use crate::api::Api;
use crate::iam::arguments;
use crate::ownership::{made_up_id, made_up_object};

const CREATE: &str = "ec2:CreateNetworkAclEntry";
const READ: &str = "ec2:DescribeNetworkAcls";

/// The driver of rules of network ACLs.
pub(crate) struct NetworkAclEntry {
    api: Arc<dyn Api>,
}

impl NetworkAclEntry {
    /// A driver that calls EC2.
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    /// The rule as EC2 describes it; `None` if it, or its ACL, does not exist.
    async fn look(&self, key: &RuleKey) -> Result<Option<KnownMap>, DriverError> {
        let ids = KnownValue::List(vec![key.acl.as_str().into()]);
        let input = arguments([("NetworkAclIds", ids)]);
        let answer = match self.api.call("DescribeNetworkAcls", input).await {
            Ok(answer) => answer,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let list = |map: &KnownMap, name: &str| -> Vec<KnownMap> {
            let items = map.get(name).and_then(KnownValue::as_list).unwrap_or_default();
            items.iter().filter_map(KnownValue::as_map).cloned().collect()
        };
        let acls = list(&answer, "NetworkAcls");
        Ok(acls.iter().flat_map(|acl| list(acl, "Entries")).find(|entry| key.is(entry)))
    }

    /// True if a rule is the declared one.
    fn is_declared(
        key: &RuleKey,
        entry: &KnownMap,
        declared: &KnownMap,
    ) -> Result<bool, DriverError> {
        Ok(input(&shown(key, entry, declared), READ)? == input(declared, READ)?)
    }

    /// A rule of that number is there already, although it was not before the call: the answer of an
    /// attempt that made it may have been lost.
    async fn made_by_an_attempt(
        &self,
        key: &RuleKey,
        declared: &KnownMap,
    ) -> Result<bool, DriverError> {
        match self.look(key).await? {
            Some(entry) => Self::is_declared(key, &entry, declared),
            None => Ok(false),
        }
    }
}

/// The number is taken by a foreign rule.
fn taken(key: &RuleKey) -> DriverError {
    let message = format!("the {key} exists already; remove it or choose another number");
    DriverError::new(ErrorKind::AlreadyExists, CREATE, message)
}

#[async_trait]
impl DirectDriver for NetworkAclEntry {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let key = RuleKey::parse(declared, READ)?;
        Ok(match self.look(&key).await? {
            Some(entry) => {
                let properties = shown(&key, &entry, declared);
                Observed::Present(made_up_object(identifier.only().into(), properties))
            }
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let properties = &request.properties;
        let key = RuleKey::parse(properties, CREATE)?;
        let input = input(properties, CREATE)?;
        if !request.absence_proven {
            if self.look(&key).await?.is_some() {
                return Err(taken(&key));
            }
            let recorded = effects.absent().await;
            recorded.map_err(|error| {
                DriverError::new(ErrorKind::Conflict, CREATE, error.to_string())
            })?;
        }
        match self.api.call("CreateNetworkAclEntry", input).await {
            Ok(_) => {}
            Err(error) if error.kind == ErrorKind::AlreadyExists => {
                if !self.made_by_an_attempt(&key, properties).await? {
                    return Err(taken(&key));
                }
            }
            // The ACL was made a moment ago.
            Err(error) if error.kind == ErrorKind::NotFound => {
                return Err(DriverError { kind: ErrorKind::DependencyNotReady, ..error });
            }
            Err(error) => return Err(error),
        }
        Ok(made_up_object(made_up_id(request), properties.clone()))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let input = input(&request.properties, "ec2:ReplaceNetworkAclEntry")?;
        self.api.call("ReplaceNetworkAclEntry", input).await?;
        Ok(made_up_object(request.identifier.only().into(), request.properties.clone()))
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let key = RuleKey::parse(&request.prior, "ec2:DeleteNetworkAclEntry")?;
        match self.api.call("DeleteNetworkAclEntry", key.members()).await {
            Err(error) if error.kind != ErrorKind::NotFound => Err(error),
            Ok(_) | Err(_) => Ok(Progress::Done),
        }
    }

    /// Before it was proven that the number is free nothing was created.
    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let key = RuleKey::parse(&request.properties, READ)?;
        let Some(entry) = self.look(&key).await? else { return Ok(Found::Absent) };
        if Self::is_declared(&key, &entry, &request.properties)? {
            let object = made_up_object(made_up_id(request), request.properties.clone());
            return Ok(Found::Ours(Box::new(object)));
        }
        let why = format!("the {key} exists, and is not the one that was to be created");
        Ok(Found::Ambiguous { why })
    }
}
