//! The description of a secret in Secrets Manager: everything but its value.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use rstack_driver::{CreateRequest, DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use super::key::same_key;
use crate::api::Api;
use crate::iam::{Tags, arguments, nonce, tag_list, tag_of, text_in, visible_tags};
use crate::ownership::{RESOURCE, RESTORED, resource_of};

/// A copy of a secret in another Region.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Replica {
    pub(super) region: String,
    pub(super) key: Option<String>,
    pub(super) status: Option<String>,
    pub(super) message: Option<String>,
}

/// The answer of `DescribeSecret`.
pub(super) struct Description {
    answer: KnownMap,
}

/// Asks for a secret by its name or ARN; `None` if there is none.
pub(super) async fn describe(
    api: &dyn Api,
    secret: &str,
) -> Result<Option<Description>, DriverError> {
    let answer =
        api.call_if_exists("DescribeSecret", arguments([("SecretId", secret.into())])).await?;
    Ok(answer.map(|answer| Description { answer }))
}

impl Description {
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        text_in(&self.answer, key)
    }

    pub(super) fn arn(&self) -> Result<&str, DriverError> {
        self.text("ARN").ok_or_else(|| {
            let message = "the answer does not hold the secret's ARN";
            DriverError::new(ErrorKind::UnknownOutcome, "secretsmanager:DescribeSecret", message)
        })
    }

    /// A setting, by its name in the answer.
    pub(super) fn setting(&self, name: &str) -> Option<&KnownValue> {
        self.answer.get(name)
    }

    /// True if it is rotated.
    pub(super) fn is_rotated(&self) -> bool {
        self.answer.get("RotationEnabled") == Some(&KnownValue::Bool(true))
    }

    /// When it is going to be deleted, if it is.
    pub(super) fn deletion(&self) -> Option<&str> {
        self.text("DeletedDate")
    }

    /// The time since its last change, at this time: zero if the answer does not say it.
    ///
    /// Source: `DescribeSecret`, AWS Secrets Manager API Reference: `LastChangedDate` is when the
    /// secret was last modified in any way. A version may be older than its label.
    pub(super) fn age(&self, now: SystemTime) -> Duration {
        let changed = self.text("LastChangedDate").or_else(|| self.text("CreatedDate"));
        let changed = changed.and_then(|text| DateTime::from_str(text, Format::DateTime).ok());
        let changed = changed.and_then(|date| SystemTime::try_from(date).ok());
        changed.and_then(|changed| now.duration_since(changed).ok()).unwrap_or_default()
    }

    /// The visible tags.
    pub(super) fn tags(&self) -> Tags {
        visible_tags(self.answer.get("Tags"))
    }

    /// The staging labels of the versions, by version ID.
    pub(super) fn versions(&self) -> BTreeMap<&str, Vec<&str>> {
        let versions = self.answer.get("VersionIdsToStages").and_then(KnownValue::as_map);
        versions
            .into_iter()
            .flatten()
            .map(|(id, stages)| {
                let stages = stages.as_list().unwrap_or_default().iter();
                (id.as_str(), stages.filter_map(KnownValue::as_str).collect())
            })
            .collect()
    }

    /// The ID of the version with this label.
    pub(super) fn labelled(&self, label: &str) -> Option<&str> {
        let versions = self.versions();
        let mut labelled = versions.iter().filter(|(_, labels)| labels.contains(&label));
        labelled.next().map(|(id, _)| *id)
    }

    /// True if the operation with this token made the secret or one of its versions.
    pub(super) fn bears(&self, token: &str) -> bool {
        self.versions().contains_key(token) || nonce(self.answer.get("Tags")) == Some(token)
    }

    /// True if its tags say that it was made for this resource of this stack.
    pub(super) fn is_of(&self, request: &CreateRequest) -> bool {
        tag_of(self.answer.get("Tags"), RESOURCE) == Some(resource_of(request).as_str())
    }

    /// True if it was not made but restored for the stack that has it.
    pub(super) fn was_restored(&self) -> bool {
        tag_of(self.answer.get("Tags"), RESTORED).is_some()
    }

    pub(super) fn replicas(&self) -> Vec<Replica> {
        let list = self.answer.get("ReplicationStatus").and_then(KnownValue::as_list);
        let replica = |entry: &KnownValue| {
            let text = |key: &str| entry.get(key).and_then(KnownValue::as_str).map(str::to_owned);
            Some(Replica {
                region: text("Region")?,
                key: text("KmsKeyId"),
                status: text("Status"),
                message: text("StatusMessage"),
            })
        };
        list.unwrap_or_default().iter().filter_map(replica).collect()
    }

    /// The properties in the vocabulary of the template. Names of keys are given as they are
    /// declared, if they name the same key.
    pub(super) fn properties(&self, declared: &KnownMap) -> KnownMap {
        let mut properties = KnownMap::new();
        for key in ["Name", "Description", "Type"] {
            if let Some(value) = self.answer.get(key) {
                properties.insert(key.to_owned(), value.clone());
            }
        }
        let declared_key = declared.get("KmsKeyId");
        if let Some(key) = key_as_declared(declared_key, self.text("KmsKeyId")) {
            properties.insert("KmsKeyId".to_owned(), key);
        }
        let tags = self.tags();
        if !tags.is_empty() {
            properties.insert("Tags".to_owned(), tag_list(&tags));
        }
        let replicas = self.replicas();
        if !replicas.is_empty() {
            let list = replicas.iter().map(|replica| replica.property(declared)).collect();
            properties.insert("ReplicaRegions".to_owned(), KnownValue::List(list));
        }
        properties
    }

    pub(super) fn attributes(&self) -> Result<KnownMap, DriverError> {
        Ok(arguments([("Id", self.arn()?.into())]))
    }
}

impl Replica {
    fn property(&self, declared: &KnownMap) -> KnownValue {
        let list = declared.get("ReplicaRegions").and_then(KnownValue::as_list);
        let same_region = |entry: &&KnownValue| {
            entry.get("Region").and_then(KnownValue::as_str) == Some(self.region.as_str())
        };
        let declared = list.unwrap_or_default().iter().find(same_region);
        let declared_key = declared.and_then(|entry| entry.get("KmsKeyId"));
        let mut map = arguments([("Region", self.region.as_str().into())]);
        if let Some(key) = key_as_declared(declared_key, self.key.as_deref()) {
            map.insert("KmsKeyId".to_owned(), key);
        }
        map.into()
    }
}

fn key_as_declared(declared: Option<&KnownValue>, observed: Option<&str>) -> Option<KnownValue> {
    match declared.and_then(KnownValue::as_str) {
        Some(name) if same_key(Some(name), observed) => declared.cloned(),
        Some(_) | None => observed.map(KnownValue::from),
    }
}
