//! `AWS::SecretsManager::RotationSchedule`: the rotation of a secret.
//!
//! The physical ID is the ARN of the secret. A secret has one rotation, and the call that sets it changes
//! one that is there, so it is set only after the proof that the secret is not rotated. The token of the
//! operation is the ID of the version that the first rotation makes: the same call makes no second one.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UnsupportedProperty, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, Token};

use super::description::{Description, describe};
use super::secret_name::{is_going, secret_as_declared};
use crate::api::Api;
use crate::iam::{Fields, arguments, is_partly_unknown, journal_failed, text_in};
use crate::mapping::{Mapper, Rules, equivalent};
use crate::model::{Service, ServiceModel};

const SET: &str = "secretsmanager:RotateSecret";
const READ: &str = "secretsmanager:DescribeSecret";

/// The properties that a secret shows, with equal names in the API.
const SETTINGS: [&str; 4] = [
    "ExternalSecretRotationMetadata",
    "ExternalSecretRotationRoleArn",
    "RotationLambdaARN",
    "RotationRules",
];

/// The property with the time of rotations.
const RULES: &str = "RotationRules";

/// The property that says whether the secret is rotated at once.
const AT_ONCE: &str = "RotateImmediatelyOnUpdate";

/// A property that CloudFormation itself carries out.
const UNSUPPORTED: [UnsupportedProperty; 1] = [UnsupportedProperty {
    property: "HostedRotationLambda",
    instead: "CloudFormation makes this function by a transform; declare a function, and name it in \
              `RotationLambdaARN`",
}];

/// Messages about a rotation that goes on, and about a function that may not be called yet.
///
/// Source: Secrets Manager user guide, Troubleshoot AWS Secrets Manager rotation.
const NOT_YET: [&str; 2] =
    ["previous rotation isn't complete", "cannot invoke the specified lambda function"];

/// The driver of rotations of secrets.
pub(crate) struct RotationSchedule {
    api: Arc<dyn Api>,
}

fn object(arn: &str, properties: KnownMap) -> Object {
    Object::named(arn.into(), properties, arguments([("Id", arn.into())]))
}

/// The settings as the call takes them.
///
/// # Errors
/// If a property has a value that its member cannot take.
fn settings(properties: &KnownMap) -> Result<KnownMap, DriverError> {
    let damaged = |error: String| DriverError::new(ErrorKind::Unsupported, SET, error);
    let model =
        ServiceModel::of(Service::SECRETSMANAGER).map_err(|error| damaged(error.to_string()))?;
    let mut own = properties.clone();
    own.retain(|name, value| SETTINGS.contains(&name.as_str()) && *value != KnownValue::Null);
    let made = Mapper::new(model, "RotateSecretRequest", &Rules::NONE).to_members(&own);
    made.map_err(|error| error.for_operation(SET.to_owned()))
}

/// True if a secret has these settings. Of rules it may show more than is declared, but not what was
/// declared before.
fn has(found: &Description, wanted: &KnownMap, before: &KnownMap) -> bool {
    let declared = |member: &str| {
        [wanted, before].iter().any(|it| it.get(RULES).and_then(|it| it.get(member)).is_some())
    };
    wanted.iter().all(|(name, value)| {
        let mut there = found.setting(name).cloned();
        if let (RULES, Some(KnownValue::Map(rules))) = (name.as_str(), &mut there) {
            rules.retain(|member, _| declared(member));
        }
        there.is_some_and(|there| equivalent(value, &there, &["Key"]))
    })
}

/// The error of a call that passes: a rotation goes on, or the secret or the permission of the function
/// was made a moment ago.
fn refused(error: DriverError) -> DriverError {
    let message = error.message.to_ascii_lowercase();
    if error.kind == ErrorKind::NotFound || NOT_YET.iter().any(|part| message.contains(part)) {
        return DriverError { kind: ErrorKind::DependencyNotReady, ..error };
    }
    error
}

/// A setting that is declared no longer, which the service takes back by no call.
///
/// Source: Secrets Manager API reference, RotateSecret: what is not given stays.
fn check_kept(fields: Fields<'_>, before: Fields<'_>) -> Result<(), DriverError> {
    for name in SETTINGS {
        if fields.value(name).is_none() && before.value(name).is_some() {
            let problem = "is declared no longer, but Secrets Manager takes it back by no call; \
                           declare it again, or replace the schedule";
            return Err(fields.invalid(name, problem));
        }
    }
    Ok(())
}

impl RotationSchedule {
    /// A driver that calls Secrets Manager.
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    /// The description of a secret that is rotated; `None` if it is not, or there is none.
    async fn rotated(&self, secret: &str) -> Result<Option<Description>, DriverError> {
        let found = describe(self.api.as_ref(), secret).await?;
        Ok(found.filter(|found| found.deletion().is_none() && found.is_rotated()))
    }

    /// Sets the rotation of a secret.
    async fn set(
        &self,
        secret: &str,
        token: &Token,
        fields: Fields<'_>,
    ) -> Result<KnownMap, DriverError> {
        let mut input = settings(fields.all())?;
        input.insert("SecretId".to_owned(), secret.into());
        input.insert("ClientRequestToken".to_owned(), token.as_str().into());
        let at_once = fields.boolean(AT_ONCE)?;
        input.extend(at_once.map(|at_once| ("RotateImmediately".to_owned(), at_once.into())));
        self.api.call("RotateSecret", input).await.map_err(refused)
    }
}

/// The rotation in the vocabulary of the template.
fn shown(found: &Description, declared: &KnownMap) -> Result<Object, DriverError> {
    let arn = found.arn()?;
    let mut properties = arguments([("SecretId", secret_as_declared(arn, declared))]);
    for name in SETTINGS {
        properties.extend(found.setting(name).map(|value| (name.to_owned(), value.clone())));
    }
    Ok(object(arn, properties))
}

#[async_trait]
impl DirectDriver for RotationSchedule {
    fn name(&self) -> &'static str {
        "native"
    }

    fn unsupported(&self) -> &'static [UnsupportedProperty] {
        &UNSUPPORTED
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        Ok(match self.rotated(identifier.only()).await? {
            Some(found) => Observed::Present(shown(&found, declared)?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, SET);
        let secret = fields.required_name("SecretId")?;
        settings(&request.properties)?;
        if !request.absence_proven {
            if self.rotated(&secret).await?.is_some() {
                let message = format!(
                    "the secret `{secret}` is rotated already, which was not set by this run; \
                     cancel its rotation if it is not needed, or leave this one out of the template"
                );
                return Err(DriverError::new(ErrorKind::Conflict, SET, message));
            }
            let proven = effects.absent().await;
            proven
                .map_err(|error| DriverError::new(ErrorKind::Conflict, SET, error.to_string()))?;
        }
        let answer = self.set(&secret, &request.token, fields).await?;
        let arn = text_in(&answer, "ARN").ok_or_else(|| {
            let message = "the answer does not name the secret";
            DriverError::new(ErrorKind::UnknownOutcome, SET, message)
        })?;
        let recorded = effects.created_as(&arn.into()).await;
        recorded.map_err(|error| journal_failed(SET, &error))?;
        Ok(object(arn, request.properties.clone()))
    }

    /// A secret whose rotation is as declared is not rotated again.
    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let arn = request.identifier.only();
        let (fields, before) =
            (Fields::new(&request.properties, SET), Fields::new(&request.prior, SET));
        check_kept(fields, before)?;
        let (wanted, prior) = (settings(&request.properties)?, settings(&request.prior)?);
        let found = self.rotated(arn).await?;
        if !found.is_some_and(|found| has(&found, &wanted, &prior)) {
            self.set(arn, &request.token, fields).await?;
        }
        Ok(object(arn, request.properties.clone()))
    }

    /// A secret that is going to be deleted is not rotated any more.
    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let arn = request.identifier.only();
        if self.rotated(arn).await?.is_none() {
            return Ok(Progress::Done);
        }
        match self.api.call("CancelRotateSecret", arguments([("SecretId", arn.into())])).await {
            Err(error) if error.kind == ErrorKind::NotFound || is_going(&error) => {
                Ok(Progress::Done)
            }
            // What is not rotated is refused, also when a request that arrived twice ended it.
            Err(error) => match self.rotated(arn).await? {
                Some(_) => Err(error),
                None => Ok(Progress::Done),
            },
            Ok(_) => Ok(Progress::Done),
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let secret = Fields::new(&request.properties, READ).required_name("SecretId")?;
        let Some(found) = self.rotated(&secret).await? else { return Ok(Found::Absent) };
        let declared = settings(&request.properties)?;
        // A setting with a secret that is not known cannot be compared: the proof has to do.
        let unknown = declared.values().any(is_partly_unknown);
        let same = unknown || has(&found, &declared, &KnownMap::new());
        if same || found.bears(request.token.as_str()) {
            return Ok(Found::Ours(Box::new(shown(&found, &request.properties)?)));
        }
        let why = format!("the secret `{secret}` is rotated, but not as declared");
        Ok(Found::Ambiguous { why })
    }
}

#[cfg(test)]
mod tests;
