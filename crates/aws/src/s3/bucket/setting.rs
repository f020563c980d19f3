//! The settings of a bucket that S3 keeps one of: read, set, and taken back.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use super::calls::passing;
use super::form::{Row, members, properties};
use super::same::same;
use super::wire::{self, Wire};
use super::{PUBLIC_ACCESS_SWITCHES, tables};
use crate::api::Api;
use crate::iam::{Fields, arguments};
use crate::mapping::in_declared_order;

/// Keys that tell the elements of a list apart.
pub(super) const KEYS: [&str; 3] = ["Id", "Key", "Name"];

/// A setting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    /// The property.
    pub(super) property: &'static str,
    rows: &'static [Row],
    wire: Wire,
    /// The operation that shows it.
    get: &'static str,
    /// True if the answer has it in the member of the same name as requests.
    is_within: bool,
    /// The operation that sets it, as errors name it.
    put: &'static str,
    /// The member of that operation's input.
    member: &'static str,
    /// A part of it that stands beside that member.
    beside: Option<&'static str>,
    reset: Reset,
}

/// The way to a service's default.
#[derive(Clone, Copy, Debug)]
enum Reset {
    /// An operation that removes the setting.
    Remove(&'static str),
    /// The setting of a new bucket.
    Value(fn() -> KnownMap),
    /// The value that is set where S3 does not go back: it is off from here on.
    Off(fn() -> KnownMap),
}

/// The settings, in the order in which they are set: those that others depend on come first. They are
/// taken back in the reverse order.
///
/// Source: S3 API reference, the operations that are named; the values of a new bucket: S3 User Guide,
/// "Blocking public access to your Amazon S3 storage" (all four switches are on), "Controlling ownership
/// of objects" (bucket owner enforced), "Using versioning in S3 buckets" and "Configuring fast, secure
/// file transfers using Amazon S3 Transfer Acceleration" (they can be suspended, and not removed).
pub(super) const SETTINGS: [Setting; 12] = [
    Setting {
        property: "OwnershipControls",
        rows: tables::OWNERSHIP,
        wire: wire::PLAIN,
        get: "GetBucketOwnershipControls",
        is_within: true,
        put: "PutBucketOwnershipControls",
        member: "OwnershipControls",
        beside: None,
        reset: Reset::Value(owner_enforced),
    },
    Setting {
        property: "PublicAccessBlockConfiguration",
        rows: tables::PUBLIC_ACCESS,
        wire: wire::PUBLIC_ACCESS,
        get: "GetPublicAccessBlock",
        is_within: true,
        put: "PutPublicAccessBlock",
        member: "PublicAccessBlockConfiguration",
        beside: None,
        reset: Reset::Value(all_blocked),
    },
    Setting {
        property: "BucketEncryption",
        rows: tables::ENCRYPTION,
        wire: wire::PLAIN,
        get: "GetBucketEncryption",
        is_within: true,
        put: "PutBucketEncryption",
        member: "ServerSideEncryptionConfiguration",
        beside: None,
        reset: Reset::Remove("DeleteBucketEncryption"),
    },
    Setting {
        property: "VersioningConfiguration",
        rows: tables::VERSIONING,
        wire: wire::PLAIN,
        get: "GetBucketVersioning",
        is_within: false,
        put: "PutBucketVersioning",
        member: "VersioningConfiguration",
        beside: None,
        reset: Reset::Off(suspended),
    },
    Setting {
        property: "ObjectLockConfiguration",
        rows: tables::OBJECT_LOCK,
        wire: wire::OBJECT_LOCK,
        get: "GetObjectLockConfiguration",
        is_within: true,
        put: "PutObjectLockConfiguration",
        member: "ObjectLockConfiguration",
        beside: None,
        reset: Reset::Off(lock_without_rule),
    },
    Setting {
        property: "LifecycleConfiguration",
        rows: tables::LIFECYCLE,
        wire: wire::LIFECYCLE,
        get: "GetBucketLifecycleConfiguration",
        is_within: false,
        put: "PutBucketLifecycleConfiguration",
        member: "LifecycleConfiguration",
        beside: Some("TransitionDefaultMinimumObjectSize"),
        reset: Reset::Remove("DeleteBucketLifecycle"),
    },
    Setting {
        property: "CorsConfiguration",
        rows: tables::CORS,
        wire: wire::PLAIN,
        get: "GetBucketCors",
        is_within: false,
        put: "PutBucketCors",
        member: "CORSConfiguration",
        beside: None,
        reset: Reset::Remove("DeleteBucketCors"),
    },
    Setting {
        property: "LoggingConfiguration",
        rows: tables::LOGGING,
        wire: wire::LOGGING,
        get: "GetBucketLogging",
        is_within: false,
        put: "PutBucketLogging",
        member: "BucketLoggingStatus",
        beside: None,
        reset: Reset::Value(KnownMap::new),
    },
    Setting {
        property: "WebsiteConfiguration",
        rows: tables::WEBSITE,
        wire: wire::PLAIN,
        get: "GetBucketWebsite",
        is_within: false,
        put: "PutBucketWebsite",
        member: "WebsiteConfiguration",
        beside: None,
        reset: Reset::Remove("DeleteBucketWebsite"),
    },
    Setting {
        property: "AccelerateConfiguration",
        rows: tables::ACCELERATE,
        wire: wire::PLAIN,
        get: "GetBucketAccelerateConfiguration",
        is_within: false,
        put: "PutBucketAccelerateConfiguration",
        member: "AccelerateConfiguration",
        beside: None,
        reset: Reset::Off(suspended),
    },
    Setting {
        property: "NotificationConfiguration",
        rows: tables::NOTIFICATION,
        wire: wire::NOTIFICATION,
        get: "GetBucketNotificationConfiguration",
        is_within: false,
        put: "PutBucketNotificationConfiguration",
        member: "NotificationConfiguration",
        beside: None,
        reset: Reset::Value(KnownMap::new),
    },
    Setting {
        property: "ReplicationConfiguration",
        rows: tables::REPLICATION,
        wire: wire::PLAIN,
        get: "GetBucketReplication",
        is_within: true,
        put: "PutBucketReplication",
        member: "ReplicationConfiguration",
        beside: None,
        reset: Reset::Remove("DeleteBucketReplication"),
    },
];

fn owner_enforced() -> KnownMap {
    let rule = arguments([("ObjectOwnership", "BucketOwnerEnforced".into())]);
    arguments([("Rules", KnownValue::List(vec![rule.into()]))])
}

fn all_blocked() -> KnownMap {
    PUBLIC_ACCESS_SWITCHES.into_iter().map(|name| (name.to_owned(), true.into())).collect()
}

fn suspended() -> KnownMap {
    arguments([("Status", "Suspended".into())])
}

fn lock_without_rule() -> KnownMap {
    arguments([("ObjectLockEnabled", "Enabled".into())])
}

/// A bucket, and the service that keeps it.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) api: &'a dyn Api,
    pub(super) bucket: &'a str,
}

impl Place<'_> {
    /// The input of a call that names the bucket alone.
    pub(super) fn named(&self) -> KnownMap {
        arguments([("Bucket", self.bucket.into())])
    }

    /// The answer of a call that shows a part of the bucket; `None` if the bucket has no such part.
    ///
    /// # Errors
    /// If it cannot be read, or there is no bucket.
    pub(super) async fn part(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<Option<KnownMap>, DriverError> {
        match self.api.call(operation, input).await {
            Err(error) if error.kind == ErrorKind::NotFound && !error.has_code("NoSuchBucket") => {
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    /// Makes a change.
    ///
    /// # Errors
    /// As of the call; one that passes where what the setting names may not be visible yet.
    pub(super) async fn change(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<(), DriverError> {
        self.api.call(operation, input).await.map(drop).map_err(passing)
    }
}

impl Setting {
    /// The declared setting as a request takes it; `None` if none is declared.
    ///
    /// # Errors
    /// If a property has another form.
    pub(super) fn declared(
        &self,
        fields: Fields<'_>,
        bucket: &str,
    ) -> Result<Option<KnownMap>, DriverError> {
        let Some(tree) = fields.tree(self.property)? else { return Ok(None) };
        let path = PropertyPath::root().name(self.property);
        let operation = format!("s3:{}", self.put);
        let flat = members(self.rows, tree.all(), (&operation, &path))?;
        Ok(Some((self.wire.to)(flat, bucket)))
    }

    /// The setting as a request takes it, as the bucket has it; empty if it has none.
    async fn current(&self, place: Place<'_>) -> Result<KnownMap, DriverError> {
        let answer = place.part(self.get, place.named()).await?.unwrap_or_default();
        Ok(if self.is_within { wire::inner(&answer, self.member) } else { answer })
    }

    fn is(&self, wanted: &KnownMap, current: &KnownMap, bucket: &str) -> bool {
        let flat = |members: &KnownMap| (self.wire.from)(members.clone(), bucket);
        same(&flat(wanted), &flat(current))
    }

    /// The setting in the vocabulary of the template, as it was declared if it is the same; `None` if the
    /// bucket has none.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) async fn shown(
        &self,
        place: Place<'_>,
        fields: Fields<'_>,
    ) -> Result<Option<KnownValue>, DriverError> {
        let Some(wanted) = self.declared(fields, place.bucket)? else { return Ok(None) };
        let current = self.current(place).await?;
        let given = fields.value(self.property);
        if self.is(&wanted, &current, place.bucket) {
            return Ok(given.cloned());
        }
        let found = properties(self.rows, &(self.wire.from)(current, place.bucket));
        let found = match given.and_then(KnownValue::as_map) {
            Some(given) => in_declared_order(found, given, &KEYS),
            None => found,
        };
        Ok((!found.is_empty()).then(|| found.into()))
    }

    async fn set(&self, place: Place<'_>, mut value: KnownMap) -> Result<(), DriverError> {
        let mut input = place.named();
        if let Some((name, beside)) = self.beside.and_then(|name| value.remove_entry(name)) {
            input.insert(name, beside);
        }
        input.insert(self.member.to_owned(), value.into());
        place.change(self.put, input).await
    }

    /// Gives the bucket the setting, unless it has it.
    ///
    /// # Errors
    /// If a call fails.
    pub(super) async fn apply(
        &self,
        place: Place<'_>,
        wanted: KnownMap,
    ) -> Result<(), DriverError> {
        let current = self.current(place).await?;
        if self.is(&wanted, &current, place.bucket) {
            return Ok(());
        }
        self.set(place, wanted).await
    }

    /// Takes the setting back: the bucket has S3's default.
    ///
    /// # Errors
    /// If a call fails.
    pub(super) async fn take_back(&self, place: Place<'_>) -> Result<(), DriverError> {
        match self.reset {
            Reset::Remove(operation) => place.change(operation, place.named()).await,
            Reset::Value(value) => self.apply(place, value()).await,
            Reset::Off(value) => {
                let current = self.current(place).await?;
                let (is_off, wanted) = (current.is_empty(), value());
                if is_off || self.is(&wanted, &current, place.bucket) {
                    return Ok(());
                }
                self.set(place, wanted).await
            }
        }
    }
}
