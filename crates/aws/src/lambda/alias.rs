//! `AWS::Lambda::Alias`.
//!
//! The template chooses the name. An alias has no tags: it is known again by its name, by the durable
//! proof that the name was free, and by what it points to.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue};

use super::calls::{CONCURRENCY, Lambda, Qualified, as_declared, meaning};
use crate::api::Api;
use crate::iam::{Fields, arguments, journal_failed, text_in};
use crate::mapping::equivalent;

const CREATE: &str = "lambda:CreateAlias";
const READ: &str = "lambda:GetAlias";
const UPDATE: &str = "lambda:UpdateAlias";

/// The property, and the member, with the weights of other versions.
const ROUTING: &str = "RoutingConfig";
const WEIGHTS: &str = "AdditionalVersionWeights";

/// The driver of aliases. The physical ID is the ARN.
pub(crate) struct Alias {
    lambda: Lambda,
}

/// The members of the calls that create and update: a list of versions and weights is a map there.
///
/// # Errors
/// If a property has another form.
fn settings(fields: Fields<'_>) -> Result<KnownMap, DriverError> {
    let mut input = KnownMap::new();
    for name in ["Description", "FunctionVersion"] {
        input.extend(fields.text(name)?.map(|text| (name.to_owned(), text)));
    }
    if let Some(routing) = fields.tree(ROUTING)? {
        let mut weights = KnownMap::new();
        for entry in routing.trees(WEIGHTS)? {
            let weight = entry.value("FunctionWeight").cloned();
            let weight = weight.ok_or_else(|| fields.invalid(ROUTING, "lacks a weight"))?;
            weights.insert(entry.required_name("FunctionVersion")?, weight);
        }
        let weights = arguments([(WEIGHTS, weights.into())]);
        input.insert(ROUTING.to_owned(), weights.into());
    }
    Ok(input)
}

/// The values that take back what is declared no longer.
///
/// Source: Lambda API reference, UpdateAlias: an alias has one version with all weight unless others
/// are given.
fn taken_back(name: &str) -> Option<KnownValue> {
    match name {
        "Description" => Some("".into()),
        ROUTING => Some(arguments([(WEIGHTS, KnownMap::new().into())]).into()),
        _ => None,
    }
}

/// The property of the weights that an alias has.
fn routing(alias: &KnownMap) -> Option<KnownValue> {
    let weights = alias.get(ROUTING)?.get(WEIGHTS)?.as_map()?;
    let entry = |(version, weight): (&String, &KnownValue)| {
        let entry =
            [("FunctionVersion", version.as_str().into()), ("FunctionWeight", weight.clone())];
        KnownValue::Map(arguments(entry))
    };
    let list = weights.iter().map(entry).collect();
    Some(arguments([(WEIGHTS, KnownValue::List(list))]).into())
}

impl Alias {
    /// A driver that calls Lambda.
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { lambda: Lambda(api) }
    }

    async fn look(&self, named: &Qualified) -> Result<Option<KnownMap>, DriverError> {
        self.lambda.call_if_exists("GetAlias", named.input("Name")).await
    }

    /// The alias in the vocabulary of the template.
    async fn object(&self, alias: &KnownMap, declared: &KnownMap) -> Result<Object, DriverError> {
        let arn = arn_in(alias, READ)?;
        let mut properties = KnownMap::new();
        for name in ["Description", "FunctionVersion", "Name"] {
            properties.extend(alias.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        properties.insert("FunctionName".to_owned(), as_declared(arn, declared));
        properties.extend(routing(alias).map(|routing| (ROUTING.to_owned(), routing)));
        if declared.contains_key(CONCURRENCY) {
            let shown = self.lambda.concurrency_shown(&Qualified::of_arn(arn)).await?;
            properties.extend(shown.map(|shown| (CONCURRENCY.to_owned(), shown)));
        }
        Ok(named(arn, properties))
    }

    /// The name of the alias of a request, in the function as the template names it.
    fn declared(fields: Fields<'_>) -> Result<Qualified, DriverError> {
        let function = fields.required_identifying("FunctionName")?;
        Ok(Qualified { function, qualifier: fields.required_name("Name")? })
    }
}

fn named(arn: &str, properties: KnownMap) -> Object {
    Object::named(arn.into(), properties, arguments([("AliasArn", arn.into())]))
}

fn arn_in<'a>(answer: &'a KnownMap, action: &str) -> Result<&'a str, DriverError> {
    text_in(answer, "AliasArn").ok_or_else(|| {
        let message = "the answer does not name the alias";
        DriverError::new(ErrorKind::UnknownOutcome, action, message)
    })
}

/// True if an alias has these settings, all of them.
fn has(alias: &KnownMap, settings: &KnownMap) -> bool {
    settings.iter().all(|(name, wanted)| match alias.get(name) {
        Some(there) => equivalent(wanted, there, &[]),
        None => equivalent(
            &KnownMap::from([(name.clone(), wanted.clone())]).into(),
            &KnownMap::new().into(),
            &[],
        ),
    })
}

#[async_trait]
impl DirectDriver for Alias {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        Ok(match self.look(&Qualified::of_arn(identifier.only())).await? {
            Some(alias) => Observed::Present(self.object(&alias, declared).await?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, CREATE);
        let key = Self::declared(fields)?;
        let mut input = settings(fields)?;
        input.extend(key.input("Name"));
        if !request.absence_proven {
            if self.look(&key).await?.is_some() {
                let Qualified { function, qualifier } = &key;
                let message = format!(
                    "the alias `{qualifier}` of the function `{function}` exists already and was \
                     not made by this run; \
                     delete it if it is not needed, or leave this one out of the template"
                );
                return Err(DriverError::new(ErrorKind::Conflict, CREATE, message));
            }
            let proven = effects.absent().await;
            proven.map_err(|error| {
                DriverError::new(ErrorKind::Conflict, CREATE, error.to_string())
            })?;
        }
        let answer = self.lambda.call("CreateAlias", input).await.map_err(meaning)?;
        let arn = arn_in(&answer, CREATE)?;
        let recorded = effects.created_as(&arn.into()).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        let nothing = KnownMap::new();
        let before = Fields::new(&nothing, CREATE);
        self.lambda.change_concurrency(&Qualified::of_arn(arn), fields, before).await?;
        Ok(named(arn, request.properties.clone()))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let (fields, before) =
            (Fields::new(&request.properties, UPDATE), Fields::new(&request.prior, UPDATE));
        let key = Qualified::of_arn(request.identifier.only());
        let missing = || {
            let message = format!("the alias `{}` does not exist", request.identifier);
            DriverError::new(ErrorKind::NotFound, READ, message)
        };
        let mut wanted = settings(fields)?;
        for name in settings(before)?.keys().filter(|name| !request.properties.contains_key(*name))
        {
            wanted.extend(taken_back(name).map(|value| (name.clone(), value)));
        }
        let alias = self.look(&key).await?.ok_or_else(missing)?;
        if !has(&alias, &wanted) {
            let mut input = wanted;
            input.extend(key.input("Name"));
            self.lambda.call("UpdateAlias", input).await.map_err(meaning)?;
        }
        self.lambda.change_concurrency(&key, fields, before).await?;
        let alias = self.look(&key).await?.ok_or_else(missing)?;
        self.object(&alias, &request.properties).await
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        self.lambda.is_provided(&Qualified::of_arn(identifier.only())).await
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let key = Qualified::of_arn(request.identifier.only());
        self.lambda.delete("DeleteAlias", key.input("Name")).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let fields = Fields::new(&request.properties, READ);
        let Some(alias) = self.look(&Self::declared(fields)?).await? else {
            return Ok(Found::Absent);
        };
        if has(&alias, &settings(fields)?) {
            let object = self.object(&alias, &request.properties).await?;
            return Ok(Found::Ours(Box::new(object)));
        }
        let why = "an alias of this name exists, but not as declared".to_owned();
        Ok(Found::Ambiguous { why })
    }
}
