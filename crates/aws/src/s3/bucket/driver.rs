//! The driver of buckets.
//!
//! The name of a bucket is unique in the world, and in us-east-1 the creating call answers with success
//! for a bucket that the caller has already. A bucket is made only after the durable proof that its name
//! is free, and is known again by the token in its tags; one without tags by the proof alone.
//!
//! Source: S3 API reference, CreateBucket and ListObjectsV2.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found,
    NameRule, Object, Observed, Progress, Separator, UnsupportedProperty, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, Region};

use super::attributes::attributes;
use super::calls::{set_tags, tags};
use super::declared::{Declared, TagHandling, UNSUPPORTED};
use super::listed::LISTED;
use super::setting::{Place, SETTINGS};
use crate::api::Api;
use crate::iam::{Fields, Tags, arguments, journal_failed, tag_list, with_token};
use crate::mapping::in_declared_order;
use crate::ownership::forbids_tags;
use crate::resource_tags::{made_by, token_in, visible};

const CREATE: &str = "s3:CreateBucket";
const READ: &str = "s3:ListObjectsV2";
const UPDATE: &str = "s3:UpdateBucket";

/// The rule for names: 63 characters, in lower case.
///
/// Source: S3 User Guide, "General purpose bucket naming rules".
const NAMING: NameRule =
    NameRule { property: "BucketName", max_length: 63, separator: Separator::LowercaseHyphen };

/// The Region that has no name in the creating call.
///
/// Source: S3 API reference, CreateBucketConfiguration.
const WITHOUT_CONSTRAINT: &str = "us-east-1";

/// The driver of buckets. The physical ID is the name.
pub(crate) struct BucketDriver {
    api: Arc<dyn Api>,
    region: Region,
}

/// The outcome of asking for a bucket.
enum Looked {
    /// No bucket has the name.
    Absent,
    /// The bucket is in reach.
    There,
    /// The bucket belongs to another account or Region, or the caller may not ask.
    OutOfReach(DriverError),
}

/// The error of a name that another bucket has.
fn taken(bucket: &str) -> DriverError {
    let message = format!(
        "the bucket `{bucket}` exists already and was not made by this run; delete it, or import it \
         into the stack"
    );
    DriverError::new(ErrorKind::Conflict, CREATE, message)
}

/// The error of a name whose bucket is out of reach.
fn out_of_reach(bucket: &str, error: DriverError) -> DriverError {
    let message = format!(
        "{}; the bucket `{bucket}` belongs to another account or Region (names are unique in the \
         world), or the caller lacks `s3:ListBucket`",
        error.message
    );
    let kind = match error.kind {
        ErrorKind::AccessDenied { .. } => {
            ErrorKind::AccessDenied { action: Some("s3:ListBucket".to_owned()) }
        }
        _ => ErrorKind::Conflict,
    };
    DriverError { kind, message, ..error }
}

/// The error of a part of a new bucket that S3 does not find: it is not visible everywhere yet.
fn not_yet_visible(error: DriverError) -> DriverError {
    let kind = match error.kind {
        ErrorKind::NotFound => ErrorKind::DependencyNotReady,
        kind => kind,
    };
    DriverError { kind, ..error }
}

/// The error of a question after a call that created: its outcome is looked for.
fn unknown(error: DriverError) -> DriverError {
    DriverError { kind: ErrorKind::UnknownOutcome, ..error }
}

impl BucketDriver {
    /// A driver that calls S3 in a Region.
    pub(crate) fn new(api: Arc<dyn Api>, region: Region) -> Self {
        Self { api, region }
    }

    fn place<'a>(&'a self, bucket: &'a str) -> Place<'a> {
        Place { api: self.api.as_ref(), bucket }
    }

    /// Asks for a bucket. Its listing needs the permission of `HeadBucket`, whose answers have no body that
    /// says why a call was refused: expired credentials could not be told from a bucket of another owner.
    async fn look(&self, bucket: &str) -> Result<Looked, DriverError> {
        let mut input = self.place(bucket).named();
        input.insert("MaxKeys".to_owned(), 1.into());
        match self.api.call("ListObjectsV2", input).await {
            Ok(_) => Ok(Looked::There),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Looked::Absent),
            Err(error) if error.has_code("PermanentRedirect") => Ok(Looked::OutOfReach(error)),
            Err(error) => match error.kind {
                ErrorKind::AccessDenied { .. } => Ok(Looked::OutOfReach(error)),
                _ => Err(error),
            },
        }
    }

    /// The bucket in the vocabulary of the template: what is declared of it.
    async fn seen(&self, bucket: &str, declared: &KnownMap) -> Result<Object, DriverError> {
        let (place, fields) = (self.place(bucket), Fields::new(declared, READ));
        let mut found = arguments([("BucketName", bucket.into())]);
        for setting in &SETTINGS {
            let shown = setting.shown(place, fields).await?;
            found.extend(shown.map(|shown| (setting.property.to_owned(), shown)));
        }
        for kind in &LISTED {
            let shown = kind.shown(place, fields).await?;
            found.extend(shown.map(|shown| (kind.property.to_owned(), shown)));
        }
        if fields.value("ObjectLockEnabled").is_some() {
            let lock = place.part("GetObjectLockConfiguration", place.named()).await?;
            found.insert("ObjectLockEnabled".to_owned(), lock.is_some().into());
        }
        if fields.value("Tags").is_some() {
            let all = arguments([("Tags", tag_list(&visible(&tags(place).await?)))]);
            found.extend(in_declared_order(all, declared, &["Key"]));
        }
        Ok(Object::named(bucket.into(), found, attributes(bucket, &self.region)))
    }

    /// Proves that no bucket has the name.
    async fn prove_absence(
        &self,
        bucket: &str,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<(), DriverError> {
        if request.absence_proven {
            return Ok(());
        }
        match self.look(bucket).await? {
            Looked::Absent => {}
            Looked::There => return Err(taken(bucket)),
            Looked::OutOfReach(error) => return Err(out_of_reach(bucket, error)),
        }
        let proven = effects.absent().await;
        proven.map_err(|error| DriverError::new(ErrorKind::Conflict, CREATE, error.to_string()))
    }

    /// The input of the call that creates.
    fn input(&self, bucket: &str, declared: &Declared, tags: &Tags) -> KnownMap {
        let mut input = self.place(bucket).named();
        let mut place = KnownMap::new();
        if self.region.as_str() != WITHOUT_CONSTRAINT {
            place.insert("LocationConstraint".to_owned(), self.region.as_str().into());
        }
        if !tags.is_empty() {
            place.insert("Tags".to_owned(), tag_list(tags));
        }
        if !place.is_empty() {
            input.insert("CreateBucketConfiguration".to_owned(), place.into());
        }
        if declared.locks_objects {
            input.insert("ObjectLockEnabledForBucket".to_owned(), true.into());
        }
        input
    }

    /// Makes the bucket, with its tags. A caller who may not tag what is created may tag what exists; one
    /// who may do neither, and declares no tags, makes a bucket that is known again by the proof.
    async fn make(
        &self,
        bucket: &str,
        declared: &Declared,
        request: &CreateRequest,
    ) -> Result<(), DriverError> {
        let place = self.place(bucket);
        let fields = Fields::new(&request.properties, CREATE);
        let all = with_token(fields, &declared.tags, &request.token)?;
        let created = match self.api.call("CreateBucket", self.input(bucket, declared, &all)).await
        {
            Err(error) if forbids_tags(&error) => {
                let input = self.input(bucket, declared, &Tags::new());
                self.api.call("CreateBucket", input).await
            }
            other => other,
        };
        if let Err(error) = created {
            // The request may have arrived twice.
            let ours = error.has_code("BucketAlreadyOwnedByYou")
                && made_by(&tags(place).await.map_err(unknown)?, &request.token);
            if !ours {
                let exists = error.kind == ErrorKind::AlreadyExists;
                let DriverError { code, request_id, .. } = error.clone();
                let taken = DriverError { code, request_id, ..taken(bucket) };
                return Err(if exists { taken } else { error });
            }
        }
        let held = tags(place).await.map_err(unknown)?;
        if made_by(&held, &request.token) {
            return Ok(());
        }
        if !held.is_empty() {
            return Err(taken(bucket));
        }
        match set_tags(place, &all).await {
            Err(error) => match error.kind {
                ErrorKind::AccessDenied { .. } if declared.tags.is_empty() => Ok(()),
                _ => Err(unknown(error)),
            },
            Ok(()) => Ok(()),
        }
    }
}

#[async_trait]
impl DirectDriver for BucketDriver {
    fn name(&self) -> &'static str {
        "native"
    }

    fn naming(&self) -> Option<NameRule> {
        Some(NAMING)
    }

    fn unsupported(&self) -> &'static [UnsupportedProperty] {
        &UNSUPPORTED
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let bucket = identifier.only();
        match self.look(bucket).await? {
            Looked::Absent => Ok(Observed::Absent),
            Looked::OutOfReach(error) => Err(out_of_reach(bucket, error)),
            Looked::There => Ok(Observed::Present(self.seen(bucket, declared).await?)),
        }
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, CREATE);
        let bucket = fields.required_identifying("BucketName")?;
        let declared = Declared::parse(fields, &bucket)?;
        self.prove_absence(&bucket, request, effects).await?;
        self.make(&bucket, &declared, request).await?;
        let recorded = effects.created_as(&bucket.as_str().into()).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        let (place, nothing) = (self.place(&bucket), Declared::nothing());
        let changed = declared.change(place, &nothing, TagHandling::Leave).await;
        changed.map_err(not_yet_visible)?;
        let attributes = attributes(&bucket, &self.region);
        Ok(Object::named(bucket.as_str().into(), request.properties.clone(), attributes))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let bucket = request.identifier.only();
        let prior = Declared::before(Fields::new(&request.prior, UPDATE))?;
        let wanted = Declared::parse(Fields::new(&request.properties, UPDATE), bucket)?;
        wanted.change(self.place(bucket), &prior, TagHandling::Change).await?;
        // What was set is not visible everywhere at once.
        let attributes = attributes(bucket, &self.region);
        Ok(Object::named(bucket.into(), request.properties.clone(), attributes))
    }

    /// Versions that are no longer current are not looked for: the deletion says if they are there.
    async fn hindrance(&self, identifier: &Identifier) -> Result<Option<String>, DriverError> {
        let mut input = self.place(identifier.only()).named();
        input.insert("MaxKeys".to_owned(), 1.into());
        let listed = self.api.call_if_exists("ListObjectsV2", input).await?;
        let objects =
            listed.as_ref().and_then(|it| it.get("Contents")).and_then(KnownValue::as_list);
        let is_empty = objects.is_none_or(<[_]>::is_empty);
        Ok((!is_empty).then(|| "it holds objects, which rstack does not delete".to_owned()))
    }

    /// A bucket that holds something is never emptied.
    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let bucket = request.identifier.only();
        match self.api.call_if_exists("DeleteBucket", self.place(bucket).named()).await {
            Ok(_) => Ok(Progress::Done),
            Err(error) if error.has_code("BucketNotEmpty") => {
                let message = format!(
                    "the bucket `{bucket}` is not empty, and rstack deletes no objects: empty it with \
                     `aws s3 rm s3://{bucket} --recursive` (a bucket with versions also holds the \
                     older ones and delete markers, which `aws s3api delete-objects` or a lifecycle \
                     rule removes), or keep it with `DeletionPolicy: Retain`"
                );
                Err(DriverError { message, kind: ErrorKind::Conflict, ..error })
            }
            Err(error) => Err(error),
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        // The call that creates is made after the proof.
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let fields = Fields::new(&request.properties, READ);
        let bucket = fields.required_identifying("BucketName")?;
        match self.look(&bucket).await? {
            Looked::Absent => return Ok(Found::Absent),
            Looked::There => {}
            Looked::OutOfReach(error) => {
                let why = out_of_reach(&bucket, error).message;
                return Ok(Found::Ambiguous { why });
            }
        }
        let held = tags(self.place(&bucket)).await?;
        if token_in(&held).is_some() && !made_by(&held, &request.token) {
            let why = format!(
                "the bucket `{bucket}` exists, and its tags do not say that this operation made it"
            );
            return Ok(Found::Ambiguous { why });
        }
        let object = self.seen(&bucket, &request.properties).await?;
        Ok(Found::Ours(Box::new(object)))
    }
}
