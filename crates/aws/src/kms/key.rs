//! `AWS::KMS::Key`.
//!
//! KMS chooses the ID, and its creating call takes no token. That the call is about to be made is
//! durable before it; after an interruption the key is looked for among all keys of the account, by
//! the token in its tags. A deleted key waits for its end for some days: it counts as gone.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, Removal, UpdateRequest,
};
use rstack_model::{Cursor, Identifier, KnownMap, KnownValue};

use super::properties::{Declared, FIXED, YEAR, attributes, default_policy, shown};
use crate::api::Api;
use crate::iam::{
    Fields, arguments, as_declared, decoded, journal_failed, names_principal, part, same_document,
    tag_list, text_in, with_token,
};
use crate::ownership::needs_tag;
use crate::resource_tags::{TagCalls, made_by, visible};

const CREATE: &str = "kms:CreateKey";
const READ: &str = "kms:DescribeKey";
const UPDATE: &str = "kms:UpdateKeyDescription";

/// The operations on tags of keys.
const TAGS: TagCalls = TagCalls {
    set: "TagResource",
    remove: "UntagResource",
    list: "ListResourceTags",
    resource: "KeyId",
    keys: "TagKeys",
    tags: "Tags",
    shown: "Tags",
    pair: ["TagKey", "TagValue"],
    next: Some(["NextMarker", "Marker"]),
};

/// The most pages of keys that are read, 1000 keys a page: more than an account can have.
const MOST_PAGES: usize = 1000;

/// The shortest time in days that KMS waits before it deletes a key.
///
/// Source: KMS API reference, ScheduleKeyDeletion.
const SHORTEST: i64 = 7;

/// The driver of keys. The physical ID is the ID of the key.
pub(crate) struct Key {
    api: Arc<dyn Api>,
}

/// The outcome of looking for the key of an operation.
enum Made {
    /// It made none.
    Nothing,
    /// It made this one.
    Key(KnownMap),
    /// It may have made the one with this ID, which shows no tags.
    Unclear(String),
}

/// The beginning of the cursor of a creation; the time of the service follows, in seconds.
const BEGINS: &str = "create since ";

/// The cursor of a creation that begins at a time.
fn begins_at(now: SystemTime) -> Cursor {
    let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_secs());
    Cursor::from(format!("{BEGINS}{seconds}"))
}

/// The time in a cursor, in seconds.
fn since(cursor: &Cursor) -> Option<i64> {
    cursor.as_str().strip_prefix(BEGINS)?.parse().ok()
}

/// True if a key was made since a time, or its time is not known. AWS creates keys of its own.
fn is_made_since(key: &KnownMap, since: Option<i64>) -> bool {
    if text_in(key, "KeyManager") == Some("AWS") {
        return false;
    }
    let made = text_in(key, "CreationDate");
    let made = made.and_then(|text| DateTime::from_str(text, Format::DateTime).ok());
    match (made, since) {
        (Some(made), Some(since)) => made.secs() >= since,
        (None, _) | (_, None) => true,
    }
}

/// True for a key that waits for its deletion.
fn goes(key: &KnownMap) -> bool {
    matches!(text_in(key, "KeyState"), Some("PendingDeletion" | "PendingReplicaDeletion"))
}

impl Key {
    /// A driver that calls KMS.
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    /// The key as KMS describes it, also one that waits for its deletion; `None` if there is none.
    async fn described(&self, id: &str) -> Result<Option<KnownMap>, DriverError> {
        let input = arguments([("KeyId", id.into())]);
        let answer = self.api.call_if_exists("DescribeKey", input).await?;
        answer.map(|answer| part(&answer, "KeyMetadata", READ).cloned()).transpose()
    }

    /// The key, unless it is deleted.
    async fn look(&self, id: &str) -> Result<Option<KnownMap>, DriverError> {
        Ok(self.described(id).await?.filter(|key| !goes(key)))
    }

    async fn existing(&self, id: &str) -> Result<KnownMap, DriverError> {
        self.look(id).await?.ok_or_else(|| {
            let message = format!("the key `{id}` does not exist, or is being deleted");
            DriverError::new(ErrorKind::NotFound, READ, message)
        })
    }

    async fn policy(&self, id: &str) -> Result<Option<KnownValue>, DriverError> {
        let answer = self.api.call("GetKeyPolicy", arguments([("KeyId", id.into())])).await?;
        Ok(text_in(&answer, "Policy").map(decoded))
    }

    /// True if KMS rotates the key, and after how many days. Keys of some kinds it rotates never.
    async fn rotation(&self, id: &str) -> Result<(bool, Option<i64>), DriverError> {
        let answer = self.api.call("GetKeyRotationStatus", arguments([("KeyId", id.into())])).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error)
                if error.has_code("UnsupportedOperationException")
                    || error.has_code("KMSInvalidStateException") =>
            {
                return Ok((false, None));
            }
            Err(error) => return Err(error),
        };
        let rotates = answer.get("KeyRotationEnabled") == Some(&KnownValue::Bool(true));
        let period = Fields::new(&answer, READ).integer("RotationPeriodInDays")?;
        Ok((rotates, period))
    }

    /// The key in the vocabulary of the template.
    async fn object(&self, key: &KnownMap, declared: &KnownMap) -> Result<Object, DriverError> {
        let id = text_in(key, "KeyId").unwrap_or_default();
        let mut properties = shown(key);
        if let Some(given) = declared.get("KeyPolicy") {
            let policy = self.policy(id).await?;
            let policy = policy.map(|policy| as_declared(Some(given), policy));
            properties.extend(policy.map(|policy| ("KeyPolicy".to_owned(), policy)));
        }
        if declared.contains_key("EnableKeyRotation") {
            let (rotates, _) = self.rotation(id).await?;
            properties.insert("EnableKeyRotation".to_owned(), rotates.into());
        }
        let tags = TAGS.of(self.api.as_ref(), id).await?.unwrap_or_default();
        properties.insert("Tags".to_owned(), tag_list(&visible(&tags)));
        Ok(Object::named(id.into(), properties, attributes(key)))
    }

    /// The key of the operation with the token of the request, among all keys. One whose tags the
    /// caller may not read is none that this caller made. Tags may not be visible everywhere yet: a
    /// key without any that was made since the call was begun may be the one.
    async fn made(&self, request: &CreateRequest) -> Result<Made, DriverError> {
        let since = request.begun.as_ref().and_then(since);
        let mut unclear = None;
        let mut input = arguments([("Limit", 1000.into())]);
        for _ in 0..MOST_PAGES {
            let answer = self.api.call("ListKeys", input.clone()).await?;
            let keys = answer.get("Keys").and_then(KnownValue::as_list).unwrap_or_default();
            for id in keys.iter().filter_map(|key| key.get("KeyId")?.as_str()) {
                let tags = match TAGS.of(self.api.as_ref(), id).await {
                    Err(error) if matches!(error.kind, ErrorKind::AccessDenied { .. }) => None,
                    other => other?,
                };
                let Some(tags) = tags else { continue };
                if made_by(&tags, &request.token) {
                    return Ok(self.look(id).await?.map_or(Made::Nothing, Made::Key));
                }
                if tags.is_empty()
                    && let Some(key) = self.look(id).await?
                    && is_made_since(&key, since)
                {
                    unclear = Some(id.to_owned());
                }
            }
            let Some(next) = text_in(&answer, "NextMarker") else {
                return Ok(unclear.map_or(Made::Nothing, Made::Unclear));
            };
            input.insert("Marker".to_owned(), next.into());
        }
        let message = format!("the list of keys has more than {MOST_PAGES} pages");
        Err(DriverError::new(ErrorKind::Unsupported, "kms:ListKeys", message))
    }

    /// Makes durable that the creating call is about to be made. If it may have been made before, the
    /// key is looked for.
    async fn begin(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<(), DriverError> {
        if request.begun.is_some() && !matches!(self.made(request).await?, Made::Nothing) {
            let message = "the key was made by this operation";
            return Err(DriverError::new(ErrorKind::AlreadyExists, CREATE, message));
        }
        let begins = effects.begins(&begins_at(self.api.now())).await;
        begins.map_err(|error| DriverError::new(ErrorKind::Conflict, CREATE, error.to_string()))
    }

    async fn rotate(&self, id: &str, wanted: bool, period: Option<i64>) -> Result<(), DriverError> {
        let mut input = arguments([("KeyId", id.into())]);
        if wanted {
            input.extend(period.map(|days| ("RotationPeriodInDays".to_owned(), days.into())));
            return self.api.call("EnableKeyRotation", input).await.map(drop);
        }
        self.api.call("DisableKeyRotation", input).await.map(drop)
    }

    async fn enable(&self, id: &str, wanted: bool) -> Result<(), DriverError> {
        let operation = if wanted { "EnableKey" } else { "DisableKey" };
        self.api.call(operation, arguments([("KeyId", id.into())])).await.map(drop)
    }

    /// Gives a key the declared policy, or the default one if another one was declared before.
    async fn change_policy(
        &self,
        key: &KnownMap,
        wanted: &Declared,
        prior: &Declared,
    ) -> Result<(), DriverError> {
        let id = text_in(key, "KeyId").unwrap_or_default();
        let policy = match (&wanted.policy, &prior.policy) {
            (Some(policy), _) => policy.clone(),
            (None, Some(_)) => default_policy(key).into(),
            (None, None) => return Ok(()),
        };
        let current = self.policy(id).await?;
        if current.is_some_and(|current| same_document(&policy, &current)) {
            return Ok(());
        }
        let mut input = arguments([("KeyId", id.into()), ("Policy", policy.clone())]);
        if wanted.bypasses {
            input.insert("BypassPolicyLockoutSafetyCheck".to_owned(), true.into());
        }
        let put = self.api.call("PutKeyPolicy", input).await;
        put.map(drop).map_err(|error| not_yet_visible(error, &policy))
    }

    /// Changes the rotation of a key. KMS takes a change only of a key that is enabled.
    async fn change_rotation(
        &self,
        key: &KnownMap,
        wanted: &Declared,
        prior: &Declared,
    ) -> Result<(), DriverError> {
        let id = text_in(key, "KeyId").unwrap_or_default();
        let rotates = match (wanted.rotates, prior.rotates) {
            (Some(rotates), _) => rotates,
            (None, Some(_)) => false,
            (None, None) => return Ok(()),
        };
        let (current, period) = self.rotation(id).await?;
        let days = wanted.period.or(prior.period.map(|_| YEAR));
        let same_period = !rotates || days.is_none() || days == period;
        if rotates == current && same_period {
            return Ok(());
        }
        self.rotate(id, rotates, days).await.map_err(|error| {
            if error.has_code("DisabledException") {
                let message = format!(
                    "the rotation of the key `{id}` cannot be changed while the key is disabled; \
                     declare `Enabled: true` for this change, and disable the key afterwards"
                );
                return DriverError { message, ..error };
            }
            error
        })
    }
}

/// The error of a call with a policy: one that passes, if a principal of it may have been made a
/// moment ago.
///
/// Source: KMS API reference, CreateKey, `Policy`.
fn not_yet_visible(error: DriverError, policy: &KnownValue) -> DriverError {
    if error.has_code("MalformedPolicyDocumentException") && names_principal(policy) {
        return DriverError { kind: ErrorKind::DependencyNotReady, ..error };
    }
    error
}

/// Refuses a change that KMS makes to no key, before any call.
fn check_fixed(key: &KnownMap, fields: Fields<'_>, prior: Fields<'_>) -> Result<(), DriverError> {
    for (name, default) in FIXED {
        let wanted = match (fields.text(name)?, prior.value(name)) {
            (Some(wanted), _) => wanted,
            (None, Some(_)) => default.into(),
            (None, None) => continue,
        };
        let current = Fields::new(key, READ).text(name)?;
        let current = current.unwrap_or_else(|| default.into());
        if !same_text(&current, &wanted) {
            let problem = "is not changed on a key that exists: replace the key with --replace, \
                           after its data are encrypted with another one";
            return Err(fields.invalid(name, problem));
        }
    }
    Ok(())
}

fn same_text(one: &KnownValue, other: &KnownValue) -> bool {
    match (one.expose_str(), other.expose_str()) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        (None, _) | (_, None) => false,
    }
}

#[async_trait]
impl DirectDriver for Key {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        Ok(match self.look(identifier.only()).await? {
            Some(key) => Observed::Present(self.object(&key, declared).await?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, CREATE);
        let declared = Declared::parse(fields)?;
        let mut input = declared.input(fields)?;
        let tags = with_token(fields, &declared.tags, &request.token)?;
        input.insert("Tags".to_owned(), TAGS.on_wire(&tags));
        self.begin(request, effects).await?;
        let answer = self.api.call("CreateKey", input).await.map_err(|error| {
            let error = needs_tag(error, "key", "kms:TagResource");
            match &declared.document {
                Some(document) => not_yet_visible(error, document),
                None => error,
            }
        })?;
        let key = part(&answer, "KeyMetadata", CREATE)?.clone();
        let Some(id) = text_in(&key, "KeyId") else {
            let message = "the answer does not name the key";
            return Err(DriverError::new(ErrorKind::UnknownOutcome, CREATE, message));
        };
        let recorded = effects.created_as(&id.into()).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        if declared.rotates == Some(true) {
            self.rotate(id, true, declared.period).await.map_err(awaited)?;
        }
        if declared.enabled == Some(false) {
            self.enable(id, false).await.map_err(awaited)?;
        }
        Ok(Object::named(id.into(), request.properties.clone(), attributes(&key)))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let id = request.identifier.only();
        let (fields, before) =
            (Fields::new(&request.properties, UPDATE), Fields::new(&request.prior, UPDATE));
        let (wanted, prior) = (Declared::parse(fields)?, Declared::parse(before)?);
        // With nothing declared before, this completes a create: it may not be visible yet.
        let passing = |error| if request.prior.is_empty() { awaited(error) } else { error };
        let key = self.existing(id).await.map_err(passing)?;
        check_fixed(&key, fields, before)?;
        let enabled = wanted.enabled.or(prior.enabled.map(|_| true));
        let current = key.get("Enabled") == Some(&KnownValue::Bool(true));
        if enabled == Some(true) && !current {
            self.enable(id, true).await?;
        }
        let description =
            wanted.description.clone().or(prior.description.as_ref().map(|_| "".into()));
        if let Some(text) = description
            && text.expose_str() != Some(text_in(&key, "Description").unwrap_or_default())
        {
            let input = arguments([("KeyId", id.into()), ("Description", text)]);
            self.api.call("UpdateKeyDescription", input).await?;
        }
        self.change_policy(&key, &wanted, &prior).await?;
        self.change_rotation(&key, &wanted, &prior).await?;
        let held = TAGS.of(self.api.as_ref(), id).await?.unwrap_or_default();
        TAGS.change(self.api.as_ref(), id, [&prior.tags, &wanted.tags, &held]).await?;
        if enabled == Some(false) && current {
            self.enable(id, false).await?;
        }
        let key = self.existing(id).await?;
        self.object(&key, &request.properties).await
    }

    /// KMS deletes a key after a time of waiting: what a run takes back of itself waits as short as
    /// KMS allows.
    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let id = request.identifier.only();
        if self.look(id).await?.is_none() {
            return Ok(Progress::Done);
        }
        let declared = Fields::new(&request.prior, "kms:ScheduleKeyDeletion");
        let days = match request.removal {
            Removal::Recoverable => declared.integer("PendingWindowInDays")?,
            Removal::Rollback | Removal::Purge => Some(SHORTEST),
        };
        let mut input = arguments([("KeyId", id.into())]);
        input.extend(days.map(|days| ("PendingWindowInDays".to_owned(), days.into())));
        match self.api.call("ScheduleKeyDeletion", input).await {
            Ok(_) => Ok(Progress::Done),
            // An attempt whose answer was lost has scheduled it.
            Err(error) => match self.look(id).await {
                Ok(None) => Ok(Progress::Done),
                Ok(Some(_)) | Err(_) => Err(error),
            },
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        // The call that creates was never made.
        if request.begun.is_none() {
            return Ok(Found::Absent);
        }
        Ok(match self.made(request).await? {
            Made::Key(key) => {
                let object = self.object(&key, &request.properties).await?;
                Found::Ours(Box::new(object))
            }
            Made::Unclear(id) => Found::Ambiguous {
                why: format!("the key `{id}` was made at that time and has no tag yet"),
            },
            Made::Nothing => Found::Absent,
        })
    }
}

/// The error of a call about a key that was made a moment ago: one that passes, if it is not visible
/// everywhere yet.
fn awaited(error: DriverError) -> DriverError {
    if error.kind == ErrorKind::NotFound {
        return DriverError { kind: ErrorKind::DependencyNotReady, ..error };
    }
    error
}
