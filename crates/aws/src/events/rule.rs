//! `AWS::Events::Rule`.
//!
//! The template chooses the name. The call that creates a rule replaces one that exists, so it is made
//! only after the proof that none does. A rule is known again by the token in its tags. What the
//! template never declared stays as it is: others disable rules.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found,
    NameRule, Object, Observed, Progress, Separator, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue};

use super::calls::{Events, TAGS, mapper, schema};
use super::name::{RuleName, bus_in};
use super::targets::{Targets, not_yet_visible};
use crate::api::Api;
use crate::iam::{
    Fields, Tags, arguments, create_tagged, declared_tags, journal_failed, tag_list, text_in,
    with_nonce,
};
use crate::mapping::{equivalent, json_tree};
use crate::resource_tags::{made_by, visible};

const CREATE: &str = "events:PutRule";
const READ: &str = "events:DescribeRule";

/// The properties that `PutRule` sets, all at once.
const SETTINGS: [&str; 5] =
    ["Description", "EventPattern", "RoleArn", "ScheduleExpression", "State"];

/// The state of a rule that was given none.
///
/// Source: EventBridge API reference, PutRule.
const ENABLED: &str = "ENABLED";

/// The driver of rules. The identifier is the ARN.
pub(crate) struct Rule {
    events: Events,
}

/// The members of `PutRule` that the properties say.
///
/// # Errors
/// If a property has a value that its member cannot take.
fn settings(properties: &KnownMap) -> Result<KnownMap, DriverError> {
    let own = properties.iter().filter(|(name, _)| SETTINGS.contains(&name.as_str()));
    let own = own.map(|(name, value)| (name.clone(), value.clone())).collect();
    let made = mapper("PutRuleRequest")?.to_members(&own);
    made.map_err(|error| error.for_operation(CREATE.to_owned()))
}

/// The members that `PutRule` is given: those that are declared, and of a rule that exists those that
/// the template declares neither now nor before.
fn complete(wanted: &KnownMap, prior: &KnownMap, current: &KnownMap) -> KnownMap {
    let mut all = wanted.clone();
    for name in SETTINGS {
        let kept = current.get(name).filter(|_| !prior.contains_key(name));
        if let Some(kept) = kept.filter(|_| !wanted.contains_key(name)) {
            all.insert(name.to_owned(), kept.clone());
        }
    }
    all.entry("State".to_owned()).or_insert_with(|| ENABLED.into());
    all
}

/// True if a rule has exactly these settings: patterns are compared as documents.
fn has(current: &KnownMap, settings: &KnownMap) -> bool {
    let tree = |members: &KnownMap, name: &str| members.get(name).map(json_tree);
    SETTINGS.iter().all(|name| match (tree(settings, name), tree(current, name)) {
        (Some(wanted), Some(there)) => equivalent(&wanted, &there, &[]),
        (None, Some(there)) => there.as_str() == Some(""),
        (Some(wanted), None) => wanted.as_str() == Some(""),
        (None, None) => true,
    })
}

impl Rule {
    /// A driver that calls EventBridge.
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { events: Events(api) }
    }

    async fn existing(&self, name: &RuleName) -> Result<KnownMap, DriverError> {
        self.events.rule(name).await?.ok_or_else(|| {
            let message = format!("the rule `{}` does not exist", name.physical_id());
            DriverError::new(ErrorKind::NotFound, READ, message)
        })
    }

    async fn tags(&self, arn: &str) -> Result<Tags, DriverError> {
        Ok(TAGS.of(self.events.0.as_ref(), arn).await?.unwrap_or_default())
    }

    /// The rule in the vocabulary of the template.
    async fn object(
        &self,
        name: &RuleName,
        rule: &KnownMap,
        declared: &KnownMap,
    ) -> Result<Object, DriverError> {
        let schema = schema()?;
        let arn = arn_in(rule, "Arn", READ)?;
        let mapper = mapper("DescribeRuleResponse")?;
        let mut properties = mapper.from_members(rule, &schema, schema.root());
        properties.retain(|name, _| SETTINGS.contains(&name.as_str()));
        if let Some(given) = declared.get("EventPattern")
            && properties.get("EventPattern").map(json_tree) == Some(json_tree(given))
        {
            properties.insert("EventPattern".to_owned(), given.clone());
        }
        properties.insert("Name".to_owned(), name.rule.as_str().into());
        // A bus may be declared by its ARN.
        let bus = declared.get("EventBusName").and_then(KnownValue::as_str);
        let bus = bus.filter(|bus| bus_in(bus) == name.bus()).unwrap_or(name.bus());
        properties.insert("EventBusName".to_owned(), bus.into());
        let targets = Targets::of(&self.events, name).await?.shown(declared)?;
        properties.extend(targets);
        properties.insert("Tags".to_owned(), tag_list(&visible(&self.tags(arn).await?)));
        Ok(named(name, arn, properties))
    }
}

/// An object of this name and ARN.
fn named(name: &RuleName, arn: &str, properties: KnownMap) -> Object {
    let attributes = arguments([("Arn", arn.into()), ("RuleName", name.rule.as_str().into())]);
    Object {
        identifier: Identifier::from(arn),
        physical_id: name.physical_id(),
        properties,
        attributes,
    }
}

/// The ARN in an answer.
fn arn_in<'a>(answer: &'a KnownMap, member: &str, action: &str) -> Result<&'a str, DriverError> {
    text_in(answer, member).ok_or_else(|| {
        let message = "the answer does not name the rule";
        DriverError::new(ErrorKind::UnknownOutcome, action, message)
    })
}

#[async_trait]
impl DirectDriver for Rule {
    fn name(&self) -> &'static str {
        "native"
    }

    fn naming(&self) -> Option<NameRule> {
        Some(NameRule { property: "Name", max_length: 64, separator: Separator::Hyphen })
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let name = RuleName::of_arn(identifier);
        Ok(match self.events.rule(&name).await? {
            Some(rule) => Observed::Present(self.object(&name, &rule, declared).await?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, CREATE);
        let name = RuleName::declared(fields)?;
        let mut input = settings(&request.properties)?;
        input.extend(name.input("Name"));
        let targets = Targets::declared(fields, CREATE)?;
        let tags = with_nonce(declared_tags(fields)?, &request.token);
        if !request.absence_proven {
            if self.events.rule(&name).await?.is_some() {
                let message = format!(
                    "the rule `{}` exists already and was not made by this run; \
                    delete it if it is not needed, or leave this one out of the template",
                    name.physical_id()
                );
                return Err(DriverError::new(ErrorKind::Conflict, CREATE, message));
            }
            let proven = effects.absent().await;
            proven.map_err(|error| {
                DriverError::new(ErrorKind::Conflict, CREATE, error.to_string())
            })?;
        }
        let made = create_tagged(self.events.0.as_ref(), "PutRule", input, &tags).await;
        let answer = made.map_err(not_yet_visible)?;
        let object = named(&name, arn_in(&answer, "RuleArn", CREATE)?, request.properties.clone());
        let recorded = effects.created(&object.identifier, &object.physical_id).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        Targets::change(targets.as_ref(), &self.events, &name, None).await?;
        Ok(object)
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let name = RuleName::of_arn(&request.identifier);
        let (fields, before) =
            (Fields::new(&request.properties, CREATE), Fields::new(&request.prior, CREATE));
        let (wanted, prior) = (settings(&request.properties)?, settings(&request.prior)?);
        let targets = Targets::declared(fields, CREATE)?;
        let targets_before = Targets::declared(before, CREATE)?;
        let (tags, tags_before) = (declared_tags(fields)?, declared_tags(before)?);
        let current = self.existing(&name).await?;
        let wanted = complete(&wanted, &prior, &current);
        if !has(&current, &wanted) {
            let mut input = wanted;
            input.extend(name.input("Name"));
            self.events.call("PutRule", input).await?;
        }
        let before = targets_before.as_ref();
        Targets::change(targets.as_ref(), &self.events, &name, before).await?;
        let arn = arn_in(&current, "Arn", READ)?;
        let held = self.tags(arn).await?;
        TAGS.change(self.events.0.as_ref(), arn, [&tags_before, &tags, &held]).await?;
        let rule = self.existing(&name).await?;
        self.object(&name, &rule, &request.properties).await
    }

    /// EventBridge deletes no rule that has targets.
    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let name = RuleName::of_arn(&request.identifier);
        Targets::clear(&self.events, &name).await?;
        self.events.call_if_exists("DeleteRule", name.input("Name")).await?;
        Ok(Progress::Done)
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let name = RuleName::declared(Fields::new(&request.properties, READ))?;
        let Some(rule) = self.events.rule(&name).await? else { return Ok(Found::Absent) };
        let tags = self.tags(arn_in(&rule, "Arn", READ)?).await?;
        let nothing = KnownMap::new();
        let declared = complete(&settings(&request.properties)?, &nothing, &nothing);
        // A caller who may not tag has made it without tags.
        let is_untagged = tags.is_empty();
        if made_by(&tags, &request.token) || is_untagged && has(&rule, &declared) {
            let object = self.object(&name, &rule, &request.properties).await?;
            return Ok(Found::Ours(Box::new(object)));
        }
        let why = format!(
            "the rule `{}` exists, and its tags do not say that this operation made it",
            name.physical_id()
        );
        Ok(Found::Ambiguous { why })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test::scripted_api::known;

    #[test]
    fn what_was_never_declared_stays_and_what_was_declared_goes() {
        let current = known(json!({
            "Description": "d", "State": "DISABLED", "ScheduleExpression": "rate(1 hour)",
        }));
        let wanted = known(json!({"ScheduleExpression": "rate(2 hours)"}));
        let prior = known(json!({"Description": "d", "ScheduleExpression": "rate(1 hour)"}));
        let all = complete(&wanted, &prior, &current);
        let expected = json!({"ScheduleExpression": "rate(2 hours)", "State": "DISABLED"});
        assert_eq!(all, known(expected));
        let prior = known(json!({"State": "DISABLED"}));
        assert_eq!(complete(&wanted, &prior, &current)["State"], ENABLED.into());
    }

    #[test]
    fn patterns_are_compared_as_documents() {
        let current = known(json!({"EventPattern": "{ \"source\": [\"a\"] }", "Description": ""}));
        assert!(has(&current, &known(json!({"EventPattern": "{\"source\":[\"a\"]}"}))));
        assert!(!has(&current, &known(json!({"EventPattern": "{\"source\":[\"b\"]}"}))));
        assert!(!has(&current, &KnownMap::new()));
    }
}
