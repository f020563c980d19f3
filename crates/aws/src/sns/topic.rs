//! `AWS::SNS::Topic`.
//!
//! The template chooses the name, SNS makes the ARN of it. The call that creates makes no second
//! topic of a name: it answers with the one that exists if its tags are the same, the token of the
//! operation among them. A topic is known again by that token.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_catalog::TypeSchema;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found,
    NameRule, Object, Observed, Progress, Separator, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue};

use super::attributes::{
    Attribute, Texts, changes, declared, document, flag, properties, reset_of, shown, text,
};
use super::calls::{Sns, TAGS, exists_differently, not_yet_visible};
use super::delivery;
use super::topic_subscriptions::{self, Subscriptions};
use crate::api::Api;
use crate::iam::{
    Fields, Tags, arguments, as_declared, declared_tags, decoded, journal_failed, same_document,
    tag_list, text_in, with_token,
};
use crate::mapping::text_of;
use crate::resource_tags::{made_by, token_in, visible};

const CREATE: &str = "sns:CreateTopic";
const READ: &str = "sns:GetTopicAttributes";
const UPDATE: &str = "sns:SetTopicAttributes";

/// The end of the names of FIFO topics.
///
/// Source: SNS API reference, CreateTopic.
const FIFO: &str = ".fifo";

/// The rule for names: 256 characters, that of a FIFO topic with its end.
///
/// Source: SNS API reference, CreateTopic.
const NAMING: NameRule =
    NameRule { property: "TopicName", max_length: 251, separator: Separator::Hyphen };

/// The properties that are attributes which can be changed.
///
/// Source: SNS API reference, SetTopicAttributes: names and defaults; an empty policy ends the
/// archive, and an empty key the encryption.
const ATTRIBUTES: [Attribute; 8] = [
    document("ArchivePolicy", Some("{}")),
    flag("ContentBasedDeduplication"),
    text("DisplayName", ""),
    text("FifoThroughputScope", "Topic"),
    text("KmsMasterKeyId", ""),
    text("MaximumMessageSize", "262144"),
    text("SignatureVersion", "1"),
    text("TracingConfig", "PassThrough"),
];

/// The property with a document that operations of its own set and show.
const PROTECTION: &str = "DataProtectionPolicy";

/// The driver of topics. The physical ID is the ARN.
pub(crate) struct Topic {
    sns: Sns,
}

/// Everything that is declared for a topic.
struct Declared {
    texts: Texts,
    protection: Option<KnownValue>,
    subscriptions: Subscriptions,
    tags: Tags,
}

impl Declared {
    fn parse(fields: Fields<'_>) -> Result<Self, DriverError> {
        let mut texts = declared(&ATTRIBUTES, fields)?;
        texts.extend(delivery::declared(fields)?);
        let path = rstack_model::PropertyPath::root().name(PROTECTION);
        let protection = fields.value(PROTECTION).map(|value| text_of(value, &path)).transpose();
        let protection =
            protection.map_err(|_| fields.invalid(PROTECTION, "is not a JSON document"))?;
        let subscriptions = Subscriptions::declared(fields)?;
        Ok(Self { texts, protection, subscriptions, tags: declared_tags(fields)? })
    }
}

fn reset(name: &str) -> Option<&'static str> {
    delivery::reset_of(name).or_else(|| reset_of(&ATTRIBUTES, name))
}

fn schema() -> Result<Arc<TypeSchema>, DriverError> {
    super::schema("AWS::SNS::Topic")
}

/// The name in an ARN.
fn name_of(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

impl Topic {
    /// A driver that calls SNS.
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { sns: Sns(api) }
    }

    /// The attributes of a topic; `None` if there is none.
    async fn texts(&self, arn: &str) -> Result<Option<KnownMap>, DriverError> {
        let input = arguments([("TopicArn", arn.into())]);
        let answer = self.sns.call_if_exists("GetTopicAttributes", input).await?;
        Ok(answer.map(|answer| shown(&answer)))
    }

    /// The topic in the vocabulary of the template; `None` if there is none.
    async fn seen(&self, arn: &str, declared: &KnownMap) -> Result<Option<Object>, DriverError> {
        let Some(texts) = self.texts(arn).await? else { return Ok(None) };
        let Some(tags) = TAGS.of(self.sns.0.as_ref(), arn).await? else { return Ok(None) };
        let fields = Fields::new(declared, READ);
        let mut found = properties(&ATTRIBUTES, &texts, declared, schema()?.as_ref());
        found.insert("TopicName".to_owned(), name_of(arn).into());
        found.insert("FifoTopic".to_owned(), (text_in(&texts, "FifoTopic") == Some("true")).into());
        found.insert("Tags".to_owned(), tag_list(&visible(&tags)));
        let logging = delivery::property(&texts, fields)?;
        found.extend(logging.map(|list| (delivery::PROPERTY.to_owned(), list)));
        if let Some(given) = fields.value(PROTECTION) {
            let policy = self.protection(arn).await?;
            let policy = policy.map(|policy| as_declared(Some(given), policy));
            found.extend(policy.map(|policy| (PROTECTION.to_owned(), policy)));
        }
        let subscriptions = Subscriptions::declared(fields)?.shown(&self.sns, arn).await?;
        found.extend(subscriptions.map(|list| (topic_subscriptions::PROPERTY.to_owned(), list)));
        let attributes = arguments([("TopicArn", arn.into()), ("TopicName", name_of(arn).into())]);
        Ok(Some(Object::named(arn.into(), found, attributes)))
    }

    /// The data protection policy of a topic.
    async fn protection(&self, arn: &str) -> Result<Option<KnownValue>, DriverError> {
        let input = arguments([("ResourceArn", arn.into())]);
        let answer = self.sns.call_if_exists("GetDataProtectionPolicy", input).await?;
        let text = answer.as_ref().and_then(|answer| text_in(answer, PROTECTION));
        Ok(text.filter(|text| !text.trim().is_empty()).map(decoded))
    }

    /// Sets the data protection policy, or takes back the one that was declared before: an empty
    /// one removes it.
    ///
    /// Source: SNS developer guide, Deleting data protection policies.
    async fn protect(
        &self,
        arn: &str,
        [prior, wanted]: [Option<KnownValue>; 2],
    ) -> Result<(), DriverError> {
        if prior.is_none() && wanted.is_none() {
            return Ok(());
        }
        let current = self.protection(arn).await?;
        let same = match (&wanted, &current) {
            (Some(wanted), Some(current)) => same_document(wanted, current),
            (wanted, current) => wanted.is_none() && current.is_none(),
        };
        if same {
            return Ok(());
        }
        let policy = wanted.unwrap_or_else(|| "".into());
        let input = arguments([("ResourceArn", arn.into()), (PROTECTION, policy)]);
        self.sns.call("PutDataProtectionPolicy", input).await.map(drop)
    }

    /// Proves that no topic has the name, for a call whose tags do not say who made it.
    async fn is_free(
        &self,
        name: &str,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<(), DriverError> {
        if request.absence_proven {
            return Ok(());
        }
        if self.sns.topic(name).await?.is_some() {
            return Err(taken(name));
        }
        let proven = effects.absent().await;
        proven.map_err(|error| DriverError::new(ErrorKind::Conflict, CREATE, error.to_string()))
    }

    /// Makes the topic. A caller who may not tag makes it without the token, after the proof that
    /// nothing has its name.
    async fn make(
        &self,
        name: &str,
        declared: &Declared,
        is_fifo: bool,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<String, DriverError> {
        let mut texts: KnownMap = declared.texts.clone();
        if is_fifo {
            texts.insert("FifoTopic".to_owned(), "true".into());
        }
        let mut input = arguments([("Name", name.into())]);
        if !texts.is_empty() {
            input.insert("Attributes".to_owned(), texts.into());
        }
        let protection = declared.protection.clone();
        input.extend(protection.map(|policy| (PROTECTION.to_owned(), policy)));
        let tags =
            with_token(Fields::new(&request.properties, CREATE), &declared.tags, &request.token)?;
        input.insert("Tags".to_owned(), tag_list(&tags));
        let answer = match self.sns.call("CreateTopic", input.clone()).await {
            Err(error) if crate::ownership::forbids_tags(&error) && declared.tags.is_empty() => {
                self.is_free(name, request, effects).await?;
                input.remove("Tags");
                self.sns.call("CreateTopic", input).await?
            }
            Err(error) if exists_differently(&error) => {
                let DriverError { code, request_id, .. } = error;
                return Err(DriverError { code, request_id, ..taken(name) });
            }
            other => {
                let answer = other?;
                let arn = arn_in(&answer)?;
                self.is_made_by(&arn, request).await?;
                answer
            }
        };
        arn_in(&answer)
    }

    /// Makes sure that the topic of an answer was made by this operation: a topic that exists is
    /// answered with, too.
    async fn is_made_by(&self, arn: &str, request: &CreateRequest) -> Result<(), DriverError> {
        let tags = TAGS.of(self.sns.0.as_ref(), arn).await.map_err(unknown)?;
        match tags {
            Some(tags) if made_by(&tags, &request.token) => Ok(()),
            Some(tags) if tags.is_empty() => Err(unknown(taken(name_of(arn)))),
            Some(_) => Err(taken(name_of(arn))),
            // It is not visible everywhere yet.
            None => Err(unknown(DriverError::new(
                ErrorKind::UnknownOutcome,
                CREATE,
                format!("the topic `{arn}` was made and is not visible yet"),
            ))),
        }
    }
}

/// The ARN in an answer.
fn arn_in(answer: &KnownMap) -> Result<String, DriverError> {
    text_in(answer, "TopicArn").map(str::to_owned).ok_or_else(|| {
        let message = "the answer does not name the topic";
        DriverError::new(ErrorKind::UnknownOutcome, CREATE, message)
    })
}

/// The error of a name that another topic has.
fn taken(name: &str) -> DriverError {
    let message = format!(
        "the topic `{name}` exists already and was not made by this run; delete it, or import it \
         into the stack"
    );
    DriverError::new(ErrorKind::Conflict, CREATE, message)
}

/// The error of a question after a call that created: its outcome is looked for.
fn unknown(error: DriverError) -> DriverError {
    DriverError { kind: ErrorKind::UnknownOutcome, ..error }
}

#[async_trait]
impl DirectDriver for Topic {
    fn name(&self) -> &'static str {
        "native"
    }

    fn naming(&self) -> Option<NameRule> {
        Some(NAMING)
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let seen = self.seen(identifier.only(), declared).await?;
        Ok(seen.map_or(Observed::Absent, Observed::Present))
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let properties = NAMING.with_ending(request, ("FifoTopic", FIFO));
        let fields = Fields::new(&properties, CREATE);
        let name = fields.required_name("TopicName")?;
        let is_fifo = fields.boolean("FifoTopic")?.unwrap_or(false);
        let declared = Declared::parse(fields)?;
        let arn = self.make(&name, &declared, is_fifo, request, effects).await?;
        let recorded = effects.created_as(&arn.as_str().into()).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        let none = Subscriptions::default();
        declared.subscriptions.change(&self.sns, &arn, &none).await.map_err(not_yet_visible)?;
        let attributes = arguments([("TopicArn", arn.as_str().into()), ("TopicName", name.into())]);
        Ok(Object::named(arn.as_str().into(), properties, attributes))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let arn = request.identifier.only();
        let prior = Declared::parse(Fields::new(&request.prior, UPDATE))?;
        let wanted = Declared::parse(Fields::new(&request.properties, UPDATE))?;
        let missing = || {
            let message = format!("the topic `{arn}` does not exist");
            DriverError::new(ErrorKind::NotFound, READ, message)
        };
        let texts = self.texts(arn).await?.ok_or_else(missing)?;
        let changed = changes([&prior.texts, &wanted.texts], &texts, reset);
        self.sns.set(("SetTopicAttributes", "TopicArn", arn), changed).await?;
        self.protect(arn, [prior.protection, wanted.protection]).await?;
        wanted.subscriptions.change(&self.sns, arn, &prior.subscriptions).await?;
        let current = TAGS.of(self.sns.0.as_ref(), arn).await?.ok_or_else(missing)?;
        let tags = [&prior.tags, &wanted.tags, &current];
        TAGS.change(self.sns.0.as_ref(), arn, tags).await?;
        self.seen(arn, &request.properties).await?.ok_or_else(missing)
    }

    /// SNS deletes no topic with an archive: the one that was declared is ended first.
    ///
    /// Source: SNS developer guide, Message archiving for FIFO topic owners.
    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let arn = request.identifier.only();
        if request.prior.contains_key("ArchivePolicy")
            && let Some(texts) = self.texts(arn).await?
            && text_in(&texts, "ArchivePolicy").is_some_and(|policy| policy != "{}")
        {
            let ended = vec![("ArchivePolicy".to_owned(), Some("{}".into()))];
            self.sns.set(("SetTopicAttributes", "TopicArn", arn), ended).await?;
        }
        self.sns.call_if_exists("DeleteTopic", arguments([("TopicArn", arn.into())])).await?;
        Ok(Progress::Done)
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let properties = NAMING.with_ending(request, ("FifoTopic", FIFO));
        let name = Fields::new(&properties, READ).required_name("TopicName")?;
        let Some(arn) = self.sns.topic(&name).await? else { return Ok(Found::Absent) };
        let Some(tags) = TAGS.of(self.sns.0.as_ref(), &arn).await? else {
            return Ok(Found::Absent);
        };
        let untagged = request.absence_proven && token_in(&tags).is_none();
        if !untagged && !made_by(&tags, &request.token) {
            let why = format!(
                "the topic `{name}` exists, and its tags do not say that this operation made it"
            );
            return Ok(Found::Ambiguous { why });
        }
        let found = self.seen(&arn, &properties).await?;
        Ok(found.map_or(Found::Absent, |object| Found::Ours(Box::new(object))))
    }
}
