//! Everything that a template declares for a bucket, as requests take it.

use rstack_driver::{DriverError, UnsupportedProperty};
use rstack_model::KnownMap;

use super::calls::{PRIVATE, access_control, change_tags, control_access};
use super::listed::{ById, LISTED};
use super::setting::{Place, SETTINGS};
use crate::iam::{Fields, Tags, declared_tags};

/// The number of settings that come before the access control list: it depends on them.
const BEFORE_ACCESS_CONTROL: usize = 2;

/// The mark of an access control list that was a secret: any is another one.
const UNKNOWN: &str = "";

/// Properties that are refused when a run is planned.
pub(super) const UNSUPPORTED: [UnsupportedProperty; 5] = [
    UnsupportedProperty {
        property: "AbacStatus",
        instead: "remove it and enable attribute-based access control outside of the stack",
    },
    UnsupportedProperty {
        property: "BucketNamePrefix",
        instead: "declare `BucketName`, or neither: a name is chosen then",
    },
    UnsupportedProperty {
        property: "BucketNamespace",
        instead: "remove it: buckets are made in the global namespace",
    },
    UnsupportedProperty {
        property: "MetadataConfiguration",
        instead: "remove it and make the metadata tables outside of the stack",
    },
    UnsupportedProperty {
        property: "MetadataTableConfiguration",
        instead: "remove it and make the metadata table outside of the stack",
    },
];

/// The declared parts of a bucket.
pub(super) struct Declared {
    /// One for each of [`SETTINGS`], in their order.
    settings: Vec<Option<KnownMap>>,
    /// One for each of [`LISTED`], in their order.
    listed: Vec<Option<ById>>,
    access_control: &'static str,
    /// The tags.
    pub(super) tags: Tags,
    /// True if the bucket is made with object lock.
    pub(super) locks_objects: bool,
}

impl Declared {
    /// # Errors
    /// If a property has another form.
    pub(super) fn parse(fields: Fields<'_>, bucket: &str) -> Result<Self, DriverError> {
        for UnsupportedProperty { property, instead } in &UNSUPPORTED {
            if fields.value(property).is_some() {
                return Err(fields.invalid(property, format!("is not supported: {instead}")));
            }
        }
        let settings = SETTINGS.iter().map(|setting| setting.declared(fields, bucket));
        let listed = LISTED.iter().map(|kind| kind.declared(fields));
        Ok(Self {
            settings: settings.collect::<Result<_, _>>()?,
            listed: listed.collect::<Result<_, _>>()?,
            access_control: access_control(fields)?,
            tags: declared_tags(fields)?,
            locks_objects: fields.boolean("ObjectLockEnabled")?.unwrap_or(false),
        })
    }

    /// Makes the bucket what is declared, by what was declared before. It may be repeated.
    ///
    /// # Errors
    /// If a call fails.
    pub(super) async fn change(
        &self,
        place: Place<'_>,
        prior: &Self,
        tags: TagHandling,
    ) -> Result<(), DriverError> {
        let [before, after] = [&prior.access_control, &self.access_control];
        // What others depend on goes last and comes first.
        for (at, kind) in LISTED.iter().enumerate() {
            if part(&self.listed, at).is_none() {
                kind.change(place, [part(&prior.listed, at), None]).await?;
            }
        }
        // A list that others can read needs settings that allow it; a private one frees them.
        let is_private = *after == PRIVATE;
        for (at, setting) in SETTINGS.iter().enumerate().rev() {
            if at + 1 == BEFORE_ACCESS_CONTROL && is_private {
                control_access(place, [*before, *after]).await?;
            }
            if part(&prior.settings, at).is_some() && part(&self.settings, at).is_none() {
                setting.take_back(place).await?;
            }
        }
        for (at, setting) in SETTINGS.iter().enumerate() {
            if at == BEFORE_ACCESS_CONTROL && !is_private {
                control_access(place, [*before, *after]).await?;
            }
            if let Some(wanted) = part(&self.settings, at) {
                setting.apply(place, wanted.clone()).await?;
            }
        }
        for (at, kind) in LISTED.iter().enumerate() {
            if let Some(wanted) = part(&self.listed, at) {
                kind.change(place, [part(&prior.listed, at), Some(wanted)]).await?;
            }
        }
        match tags {
            TagHandling::Change => change_tags(place, [&prior.tags, &self.tags]).await,
            TagHandling::Leave => Ok(()),
        }
    }

    /// The settings that were declared before, as far as it decides what is taken back. Secrets are empty in it.
    ///
    /// # Errors
    /// If a property has another form.
    pub(super) fn before(fields: Fields<'_>) -> Result<Self, DriverError> {
        let settings = SETTINGS.iter().map(|setting| fields.value(setting.property));
        let listed = LISTED.iter().map(|kind| kind.before(fields));
        Ok(Self {
            settings: settings.map(|given| given.map(|_| KnownMap::new())).collect(),
            listed: listed.collect::<Result<_, _>>()?,
            access_control: access_control(fields).unwrap_or(UNKNOWN),
            tags: declared_tags(fields)?,
            locks_objects: false,
        })
    }

    /// Nothing: what a new bucket is compared with.
    pub(super) fn nothing() -> Self {
        Self {
            settings: Vec::new(),
            listed: Vec::new(),
            access_control: PRIVATE,
            tags: Tags::new(),
            locks_objects: false,
        }
    }
}

/// The treatment of the tags of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TagHandling {
    /// They become the declared ones.
    Change,
    /// They are what they are to be.
    Leave,
}

fn part<T>(parts: &[Option<T>], at: usize) -> Option<&T> {
    parts.get(at).and_then(Option::as_ref)
}
