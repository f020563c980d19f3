//! The work of two handlers of the CDK, done without them. Every step can be repeated: after an interruption the
//! operation is begun again.
//!
//! Source: aws-cdk-lib, `custom-resource-handlers/lib/aws-s3/auto-delete-objects-handler` and
//! `custom-resource-handlers/lib/aws-ec2/restrict-default-security-group-handler`.

use std::time::Duration;

use rstack_model::{BuiltIn, Cursor, KnownMap, KnownValue, PhysicalId};
use serde::{Deserialize, Serialize};

use super::driver::{Call, CustomResource, identifier};
use super::{DefaultRules, RequestType};
use crate::{DriverError, ErrorKind, Finish, Object, Pending, Poll, Step};

/// The tag of a bucket that may be emptied, and its value.
const TAG: (&str, &str) = ("aws-cdk:auto-delete-objects", "true");

/// A bucket that is being emptied, as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Emptying {
    /// The bucket.
    emptying: String,
}

impl Emptying {
    fn parse(cursor: &Cursor) -> Option<Self> {
        serde_json::from_str(cursor.as_str()).ok()
    }
}

fn text<'a>(properties: &'a KnownMap, name: &str) -> Option<&'a str> {
    properties.get(name).and_then(KnownValue::as_str).filter(|text| !text.is_empty())
}

impl CustomResource {
    /// Carries a request out, if its handler is known code.
    pub(super) async fn built_in(&self, call: &Call<'_>) -> Option<Result<Step, DriverError>> {
        let known = BuiltIn::of_known(call.properties)?;
        if !self.transport.does_built_in() {
            return None;
        }
        Some(match known {
            BuiltIn::S3AutoDeleteObjects => self.auto_delete(call).await,
            BuiltIn::VpcRestrictDefaultSg => self.restrict(call).await,
        })
    }

    fn subject_of<'a>(&self, call: &'a Call<'_>, known: BuiltIn) -> Result<&'a str, DriverError> {
        text(call.properties, known.subject()).ok_or_else(|| {
            let message = format!("`{}` is missing, or is not a text", known.subject());
            self.invalid(call.request_type, known.subject(), message)
        })
    }

    /// The object of a request, under the physical ID that it has or that the handler would give it.
    fn stands(&self, call: &Call<'_>, physical_id: &str) -> Step {
        let (stack, resource) = &call.subject;
        Step::made(Object {
            identifier: identifier(physical_id, resource, stack),
            physical_id: PhysicalId::from(physical_id),
            properties: call.properties.clone(),
            attributes: KnownMap::new(),
        })
    }

    /// The bucket of another name is another object: the old one is emptied when that is deleted. An
    /// update with the same bucket is none, so that no bucket in use is emptied.
    async fn auto_delete(&self, call: &Call<'_>) -> Result<Step, DriverError> {
        let bucket = self.subject_of(call, BuiltIn::S3AutoDeleteObjects)?;
        match (call.request_type, &call.physical_id) {
            (RequestType::Create, _) | (RequestType::Update, None) => {
                Ok(self.stands(call, call.token.as_str()))
            }
            (RequestType::Update, Some(physical_id)) => {
                let old =
                    call.old.and_then(|old| text(old, BuiltIn::S3AutoDeleteObjects.subject()));
                let same = old.is_none_or(|old| old == bucket);
                Ok(self.stands(call, if same { physical_id } else { bucket }))
            }
            (RequestType::Delete, _) => {
                let store = self.transport.open_bucket(bucket).await?;
                match store.tags().await? {
                    // There is no bucket.
                    None => Ok(Step::Done(Finish::Gone)),
                    // It keeps its objects: its service refuses to delete it with them.
                    Some(tags) if tags.get(TAG.0).map(String::as_str) != Some(TAG.1) => {
                        Ok(Step::Done(Finish::Gone))
                    }
                    Some(_) => {
                        // It only keeps a writer from filling the bucket again; the handler, too, goes on
                        // without it.
                        let _refused = store.refuse_puts().await;
                        self.empty(bucket).await
                    }
                }
            }
        }
    }

    /// Deletes some objects of a bucket.
    async fn empty(&self, bucket: &str) -> Result<Step, DriverError> {
        let more = self.transport.open_bucket(bucket).await?.empty().await?;
        if !more {
            return Ok(Step::Done(Finish::Gone));
        }
        let cursor = Emptying { emptying: bucket.to_owned() };
        Ok(Step::Pending(Pending {
            object: None,
            usable: false,
            cursor: Cursor::new(serde_json::to_string(&cursor).unwrap_or_default()),
            repeatable: true,
            waits_for: format!("all objects of the bucket `{bucket}` to be deleted"),
            ask_again_in: Duration::ZERO,
        }))
    }

    /// The next step of a bucket that is being emptied; `None` for a cursor of something else.
    pub(super) async fn poll_built_in(&self, poll: &Poll) -> Option<Result<Step, DriverError>> {
        let cursor = Emptying::parse(&poll.cursor)?;
        Some(self.empty(&cursor.emptying).await)
    }

    async fn restrict(&self, call: &Call<'_>) -> Result<Step, DriverError> {
        let known = BuiltIn::VpcRestrictDefaultSg;
        let group = self.subject_of(call, known)?;
        let account = text(call.properties, "Account").ok_or_else(|| {
            let message = "`Account` is missing, or is not a text".to_owned();
            self.invalid(call.request_type, "Account", message)
        })?;
        let rules = |group: String, rules| {
            let account = account.to_owned();
            async move { self.transport.default_rules(&group, &account, rules).await }
        };
        let physical_id = call.physical_id.as_deref().unwrap_or(call.token.as_str());
        match call.request_type {
            RequestType::Create => {
                rules(group.to_owned(), DefaultRules::Revoked).await?;
                Ok(self.stands(call, physical_id))
            }
            RequestType::Update => {
                let old = call.old.and_then(|old| text(old, known.subject()));
                if let Some(old) = old.filter(|old| *old != group) {
                    give_back(rules(old.to_owned(), DefaultRules::Authorized).await)?;
                    rules(group.to_owned(), DefaultRules::Revoked).await?;
                }
                Ok(self.stands(call, physical_id))
            }
            RequestType::Delete => {
                give_back(rules(group.to_owned(), DefaultRules::Authorized).await)?;
                Ok(Step::Done(Finish::Gone))
            }
        }
    }
}

/// A group that is gone has no rules to be given back.
fn give_back(answer: Result<(), DriverError>) -> Result<(), DriverError> {
    match answer {
        Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
