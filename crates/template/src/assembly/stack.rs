//! A stack of a cloud assembly: its template, and what the app says of it beside that.

use std::collections::BTreeMap;

use rstack_model::{AccountId, Region};
use serde_json::{Map, Value};

use super::annotations::{self, Annotation};
use super::{ManifestError, list_of, map, text, texts};

/// A stack of a cloud assembly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssemblyStack {
    /// The name of its artifact in the manifest.
    pub id: String,
    /// The name that it is deployed under.
    pub name: String,
    /// Its path in the app, such as `Prod/Network`.
    pub path: Option<String>,
    /// The path of its template, relative to the assembly's folder.
    pub template: String,
    /// The place that it is going to live in, as far as the app decides it.
    pub environment: StackEnvironment,
    /// The tags of the stack.
    pub tags: BTreeMap<String, String>,
    /// True if it must not be destroyed; `None` if the app does not say it.
    pub termination_protection: Option<bool>,
    /// The topics that CloudFormation would notify.
    pub notification_arns: Vec<String>,
    /// The artifacts that come before it.
    pub dependencies: Vec<String>,
    /// The values that the app gives its parameters.
    pub parameters: BTreeMap<String, String>,
    /// The findings of the app about it.
    pub annotations: Vec<Annotation>,
    /// The path of a file with more of its metadata, relative to the assembly's folder.
    pub more_metadata: Option<String>,
    /// The parameters by which its template would get assets: as version 1 of the CDK hands them on.
    pub asset_parameters: Vec<String>,
}

/// The account and Region of a stack, as far as its app decides them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackEnvironment {
    /// The account; `None` is that of the caller.
    pub account: Option<AccountId>,
    /// The Region; `None` is that of the caller.
    pub region: Option<Region>,
}

impl StackEnvironment {
    /// The environment in a text such as `aws://123456789012/eu-west-1`, in which `unknown-account` and
    /// `unknown-region` stand for those of the caller; `None` if it is none.
    fn parse(text: &str) -> Option<Self> {
        let (account, region) = text.strip_prefix("aws://")?.split_once('/')?;
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if !is_word(account) || !is_word(region) {
            return None;
        }
        let known = |word: &str, unknown| (word != unknown).then(|| word.to_owned());
        let account = known(account, "unknown-account");
        if account
            .as_ref()
            .is_some_and(|it| it.len() != 12 || !it.bytes().all(|b| b.is_ascii_digit()))
        {
            return None;
        }
        let region = known(region, "unknown-region").map(Region::new);
        Some(Self { account: account.map(AccountId::new), region })
    }
}

/// The mistake in an environment: a placeholder where an account belongs, if that is all.
fn wrong_environment(id: &str, text: &str) -> ManifestError {
    let is_name = |text: &&str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !text.is_empty() && text.len() <= 64 && text.bytes().all(plain)
    };
    let parts = text.strip_prefix("aws://").and_then(|rest| rest.split_once('/'));
    match parts.filter(|(account, region)| is_name(account) && is_name(region)) {
        Some((account, _)) => {
            ManifestError::Account { stack: id.to_owned(), found: account.to_owned() }
        }
        None => ManifestError::Form {
            part: "an artifact's `environment`",
            wanted: "`aws://ACCOUNT/REGION`",
        },
    }
}

/// The stack of an artifact, if it has a template.
pub(super) fn read(
    id: &str,
    artifact: &Map<String, Value>,
) -> Result<Option<AssemblyStack>, ManifestError> {
    let Some(properties) = artifact.get("properties") else { return Ok(None) };
    let properties = map(properties, "an artifact's `properties`")?;
    let Some(template) = text(properties, "templateFile", "a `templateFile`")? else {
        return Ok(None);
    };
    let name = text(properties, "stackName", "a `stackName`")?.unwrap_or_else(|| id.to_owned());
    let environment = match text(artifact, "environment", "an artifact's `environment`")? {
        Some(text) => StackEnvironment::parse(&text).ok_or_else(|| wrong_environment(id, &text))?,
        None => StackEnvironment::default(),
    };
    let protection = match properties.get("terminationProtection") {
        None | Some(Value::Null) => None,
        Some(Value::Bool(on)) => Some(*on),
        Some(_) => {
            let part = "a `terminationProtection`";
            return Err(ManifestError::Form { part, wanted: "true or false" });
        }
    };
    let notified = texts(properties, "notificationArns", "`notificationArns`")?;
    let metadata = artifact.get("metadata").filter(|it| !it.is_null());
    let metadata = metadata.map(|it| map(it, "the `metadata` of a stack")).transpose()?;
    Ok(Some(AssemblyStack {
        id: id.to_owned(),
        name,
        path: text(artifact, "displayName", "a `displayName`")?,
        template,
        environment,
        tags: tags(artifact, properties)?,
        parameters: parameters(properties)?,
        annotations: metadata.map(annotations::of_metadata).transpose()?.unwrap_or_default(),
        asset_parameters: metadata.map(asset_parameters).transpose()?.unwrap_or_default(),
        more_metadata: match artifact.get("additionalMetadataFile") {
            None => text(properties, "additionalMetadataFile", "an `additionalMetadataFile`")?,
            Some(_) => text(artifact, "additionalMetadataFile", "an `additionalMetadataFile`")?,
        },
        termination_protection: protection,
        notification_arns: notified,
        dependencies: texts(artifact, "dependencies", "an artifact's `dependencies`")?,
    }))
}

/// The parameters for the buckets of assets in the metadata of a stack.
///
/// Source: "Cloud assembly schema", `FileAssetMetadataEntry`, `s3BucketParameter`.
fn asset_parameters(metadata: &Map<String, Value>) -> Result<Vec<String>, ManifestError> {
    let mut out = Vec::new();
    for entries in metadata.values() {
        for entry in list_of(entries, "an entry of `metadata`")? {
            let is_asset = entry.get("type").and_then(Value::as_str) == Some("aws:cdk:asset");
            let parameter = entry.get("data").and_then(|data| data.get("s3BucketParameter"));
            out.extend(parameter.filter(|_| is_asset).and_then(Value::as_str).map(str::to_owned));
        }
    }
    Ok(out)
}

/// The values that the app gives the parameters of the stack.
///
/// Source: "Cloud assembly schema", `AwsCloudFormationStackProperties`, `parameters`.
fn parameters(properties: &Map<String, Value>) -> Result<BTreeMap<String, String>, ManifestError> {
    let given = match properties.get("parameters") {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(given) => map(given, "the `parameters` of a stack")?,
    };
    let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    let wrong = ManifestError::Form { part: "the `parameters` of a stack", wanted: "texts" };
    given.iter().map(text).collect::<Option<_>>().ok_or(wrong)
}

/// The tags of the stack: those of its properties, which older versions of the CDK wrote as metadata.
fn tags(
    artifact: &Map<String, Value>,
    properties: &Map<String, Value>,
) -> Result<BTreeMap<String, String>, ManifestError> {
    let value = |value: &Value| value.as_str().map(str::to_owned);
    let wrong = ManifestError::Form { part: "the `tags` of a stack", wanted: "texts" };
    match properties.get("tags") {
        None | Some(Value::Null) => {}
        Some(tags) => {
            let tags = map(tags, "the `tags` of a stack")?.iter();
            let tags: Option<_> = tags.map(|(key, tag)| Some((key.clone(), value(tag)?))).collect();
            return tags.ok_or(wrong);
        }
    }
    let mut out = BTreeMap::new();
    let metadata = artifact.get("metadata").and_then(Value::as_object).into_iter().flatten();
    for (_, entries) in metadata {
        for entry in list_of(entries, "an entry of `metadata`")? {
            if entry.get("type").and_then(Value::as_str) != Some("aws:cdk:stack-tags") {
                continue;
            }
            let tags = entry.get("data").unwrap_or(&Value::Null);
            for tag in list_of(tags, "the `tags` of a stack")? {
                let of =
                    |upper: &str, lower: &str| tag.get(lower).or(tag.get(upper)).and_then(value);
                let (key, value) = (of("Key", "key"), of("Value", "value"));
                let (Some(key), Some(value)) = (key, value) else { return Err(wrong) };
                out.insert(key, value);
            }
        }
    }
    Ok(out)
}
