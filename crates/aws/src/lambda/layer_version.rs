//! `AWS::Lambda::LayerVersion`: an archive that functions add to their code.
//!
//! Each call publishes another version, with a number above all before it; a number is never used
//! twice. A version has no tags, and the call takes no token. The highest number before the call is
//! durable, so that a version with a higher one that says what is declared is that of the call. The
//! service shows nothing of the archive, and changes no version.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found,
    NameRule, Object, Observed, Progress, Separator, UpdateRequest,
};
use rstack_model::{Cursor, Identifier, KnownMap, KnownValue};

use super::calls::Lambda;
use crate::api::Api;
use crate::iam::{Fields, arguments, journal_failed, text_in};
use crate::mapping::equivalent;

const CREATE: &str = "lambda:PublishLayerVersion";
const READ: &str = "lambda:GetLayerVersion";

/// The properties that a version shows, with equal names in the API.
const TEXTS: [&str; 2] = ["Description", "LicenseInfo"];
const LISTS: [&str; 2] = ["CompatibleArchitectures", "CompatibleRuntimes"];

/// The property with the place of the archive, and its members.
const CONTENT: &str = "Content";
const PLACE: [&str; 4] = ["S3Bucket", "S3Key", "S3ObjectStorageMode", "S3ObjectVersion"];

/// The beginning of the cursor of a creation; the highest number before the call follows.
const BEGINS: &str = "publish after ";

/// The most pages of versions that are read, 50 versions a page.
const MOST_PAGES: usize = 1000;

/// The driver of versions of layers. The physical ID is the ARN with the number.
pub(crate) struct LayerVersion {
    lambda: Lambda,
}

/// A version, by the name of its layer and its number.
struct Key {
    layer: String,
    number: i64,
}

impl Key {
    /// The parts of an ARN, `arn:…:layer:NAME:NUMBER`.
    ///
    /// # Errors
    /// If it names no version.
    fn of_arn(arn: &str, action: &str) -> Result<Self, DriverError> {
        let parts = arn.rsplit_once(':').and_then(|(layer, number)| {
            Some(Self { layer: layer_in(layer).to_owned(), number: number.parse().ok()? })
        });
        parts.ok_or_else(|| {
            let message = format!("`{arn}` names no version of a layer: it has no number");
            DriverError::new(ErrorKind::Invalid { property: None }, action, message)
        })
    }

    fn input(&self) -> KnownMap {
        arguments([
            ("LayerName", self.layer.as_str().into()),
            ("VersionNumber", self.number.into()),
        ])
    }
}

/// The name of a layer that is given by its name or its ARN.
fn layer_in(given: &str) -> &str {
    given.split_once(":layer:").map_or(given, |(_, name)| name)
}

fn number(version: &KnownMap) -> Option<i64> {
    Fields::new(version, READ).integer("Version").ok().flatten()
}

/// The highest number before the call, in a cursor.
fn highest_in(cursor: &Cursor) -> Option<i64> {
    cursor.as_str().strip_prefix(BEGINS)?.parse().ok()
}

fn arn_in<'a>(version: &'a KnownMap, action: &str) -> Result<&'a str, DriverError> {
    text_in(version, "LayerVersionArn").ok_or_else(|| {
        let message = "the answer does not name the version";
        DriverError::new(ErrorKind::UnknownOutcome, action, message)
    })
}

fn named(arn: &str, properties: KnownMap) -> Object {
    Object::named(arn.into(), properties, arguments([("LayerVersionArn", arn.into())]))
}

/// The members that say what the properties say, without the name and the archive.
fn description(fields: Fields<'_>) -> Result<KnownMap, DriverError> {
    let mut members = KnownMap::new();
    for name in TEXTS {
        members.extend(fields.text(name)?.map(|text| (name.to_owned(), text)));
    }
    for name in LISTS {
        let list = fields.list(name)?;
        if !list.is_empty() {
            members.insert(name.to_owned(), KnownValue::List(list.to_vec()));
        }
    }
    Ok(members)
}

/// The place of the archive.
fn content(fields: Fields<'_>) -> Result<KnownValue, DriverError> {
    let declared = fields.tree(CONTENT)?.ok_or_else(|| fields.invalid(CONTENT, "is missing"))?;
    let mut place = KnownMap::new();
    for name in PLACE {
        place.extend(declared.text(name)?.map(|text| (name.to_owned(), text)));
    }
    Ok(place.into())
}

/// A version in the vocabulary of the template.
fn object(version: &KnownMap, declared: &KnownMap) -> Result<Object, DriverError> {
    let arn = arn_in(version, READ)?;
    let mut properties = KnownMap::new();
    for name in TEXTS.into_iter().chain(LISTS) {
        properties.extend(version.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    let layer = Key::of_arn(arn, READ)?.layer;
    let given = declared.get("LayerName");
    let given = given.filter(|given| given.expose_str().map(layer_in) == Some(&layer));
    let name = given.cloned().unwrap_or_else(|| layer.as_str().into());
    properties.insert("LayerName".to_owned(), name);
    Ok(named(arn, properties))
}

impl LayerVersion {
    /// A driver that calls Lambda.
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { lambda: Lambda(api) }
    }

    async fn look(&self, key: &Key) -> Result<Option<KnownMap>, DriverError> {
        self.lambda.call_if_exists("GetLayerVersion", key.input()).await
    }

    /// The versions of a layer that are not deleted.
    async fn versions(&self, layer: &str) -> Result<Vec<KnownMap>, DriverError> {
        let mut input = arguments([("LayerName", layer.into())]);
        let mut versions = Vec::new();
        for _ in 0..MOST_PAGES {
            let answer = self.lambda.call_if_exists("ListLayerVersions", input.clone()).await?;
            let Some(answer) = answer else { return Ok(versions) };
            let page = answer.get("LayerVersions").and_then(KnownValue::as_list);
            let page = page.unwrap_or_default().iter().filter_map(KnownValue::as_map);
            versions.extend(page.cloned());
            let Some(next) = text_in(&answer, "NextMarker").filter(|next| !next.is_empty()) else {
                return Ok(versions);
            };
            input.insert("Marker".to_owned(), next.into());
        }
        let message = format!("the list of versions has more than {MOST_PAGES} pages");
        Err(DriverError::new(ErrorKind::Unsupported, "lambda:ListLayerVersions", message))
    }

    /// The versions that were published since the operation of a request began, and that say what is
    /// declared; none if its call was never made.
    async fn published(&self, request: &CreateRequest) -> Result<Vec<KnownMap>, DriverError> {
        let Some(before) = request.begun.as_ref().and_then(highest_in) else {
            return Ok(Vec::new());
        };
        let fields = Fields::new(&request.properties, READ);
        let declared = description(fields)?;
        let mut versions = self.versions(&fields.required_identifying("LayerName")?).await?;
        versions.retain(|version| {
            let mut found = version.clone();
            found
                .retain(|name, _| TEXTS.contains(&name.as_str()) || LISTS.contains(&name.as_str()));
            let same = equivalent(&declared.clone().into(), &found.into(), &[]);
            same && number(version).is_some_and(|number| number > before)
        });
        Ok(versions)
    }
}

#[async_trait]
impl DirectDriver for LayerVersion {
    fn name(&self) -> &'static str {
        "native"
    }

    /// Source: Lambda API reference, PublishLayerVersion, `LayerName`: 140 characters, which an ARN may
    /// have, too.
    fn naming(&self) -> Option<NameRule> {
        Some(NameRule { property: "LayerName", max_length: 64, separator: Separator::Hyphen })
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        Ok(match self.look(&Key::of_arn(identifier.only(), READ)?).await? {
            Some(version) => Observed::Present(object(&version, declared)?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, CREATE);
        let layer = fields.required_identifying("LayerName")?;
        let mut input = description(fields)?;
        input.insert("LayerName".to_owned(), layer.as_str().into());
        input.insert(CONTENT.to_owned(), content(fields)?);
        if !self.published(request).await?.is_empty() {
            let message = "the version was published by this operation";
            return Err(DriverError::new(ErrorKind::AlreadyExists, CREATE, message));
        }
        let highest = self.versions(&layer).await?.iter().filter_map(number).max().unwrap_or(0);
        let begins = effects.begins(&Cursor::from(format!("{BEGINS}{highest}"))).await;
        begins.map_err(|error| DriverError::new(ErrorKind::Conflict, CREATE, error.to_string()))?;
        let answer = self.lambda.call("PublishLayerVersion", input).await?;
        let arn = arn_in(&answer, CREATE)?;
        let recorded = effects.created_as(&arn.into()).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        Ok(named(arn, request.properties.clone()))
    }

    /// Every change replaces the version: an update completes a creation, which is complete.
    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        match self.look(&Key::of_arn(request.identifier.only(), READ)?).await? {
            Some(version) => object(&version, &request.properties),
            None => {
                let message = format!("the version `{}` does not exist", request.identifier);
                Err(DriverError::new(ErrorKind::NotFound, READ, message))
            }
        }
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let key = Key::of_arn(request.identifier.only(), "lambda:DeleteLayerVersion")?;
        self.lambda.delete("DeleteLayerVersion", key.input()).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        Ok(match self.published(request).await?.as_slice() {
            [] => Found::Absent,
            [version] => Found::Ours(Box::new(object(version, &request.properties)?)),
            several => {
                let count = several.len();
                let why = format!(
                    "{count} versions that say the same were published since this operation began"
                );
                Found::Ambiguous { why }
            }
        })
    }
}
