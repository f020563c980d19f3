//! `AWS::CloudFront::KeyValueStore`.
//!
//! A store is known again like a function: by its name, by the durable proof that the name was free,
//! and by its comment. The data that it is filled with when it is created can not be seen. It takes
//! time until a store is `READY`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId, PropertyPath};

use super::absence::{proven, taken};
use super::service::{action, declared_name, is_missing, key, map, model, text};
use super::tags;
use super::versioned::{Versioned, still_in_use};
use crate::api::Api;
use crate::mapping::{Mapper, Rules, ShapeRules};

/// The type.
pub(super) const TYPE: &str = "AWS::CloudFront::KeyValueStore";

const OBJECT: &str = "KeyValueStore";
const CREATE: &str = "CreateKeyValueStore";
const GET: &str = "DescribeKeyValueStore";
const UPDATE: &str = "UpdateKeyValueStore";
const DELETE: &str = "DeleteKeyValueStore";

/// The time between two questions about the state of a store.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// Tags have a form of their own (`tags`).
const RULES: Rules =
    Rules(&[ShapeRules { omitted: &["Tags"], ..ShapeRules::of("CreateKeyValueStoreRequest") }]);

/// The driver of key value stores. The physical ID is the name.
pub(super) struct KeyValueStore {
    api: Arc<dyn Api>,
}

impl KeyValueStore {
    pub(super) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    fn versioned<'a>(&'a self, name: &str) -> Versioned<'a> {
        Versioned {
            api: &*self.api,
            get: GET,
            get_input: key("Name", name),
            key: key("Name", name),
            content: [OBJECT, "Comment"],
        }
    }

    /// The description of a store; `None` if it is not there.
    async fn describe(&self, name: &str) -> Result<Option<KnownMap>, DriverError> {
        match self.versioned(name).read().await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The store in an answer.
    async fn object(
        &self,
        answer: &KnownMap,
        operation: &'static str,
        declared: &KnownMap,
        tags: tags::Shown,
    ) -> Result<Object, DriverError> {
        let found = map(answer, OBJECT, operation)?;
        let (name, arn) = (text(found, "Name", operation)?, text(found, "ARN", operation)?);
        let mut properties = key("Name", name);
        properties.extend(found.get("Comment").map(|text| ("Comment".to_owned(), text.clone())));
        properties.extend(tags.property(&*self.api, arn, declared).await?);
        let mut attributes = key("Arn", arn);
        for name in ["Id", "Status"] {
            attributes.extend(found.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        Ok(Object::named(PhysicalId::new(name), properties, attributes))
    }

    /// Gives the store its declared comment, or takes away the one that was declared before.
    async fn change_comment(&self, request: &UpdateRequest) -> Result<(), DriverError> {
        let comment = |properties: &KnownMap| properties.get("Comment").cloned();
        let wanted = match (comment(&request.prior), comment(&request.properties)) {
            (_, Some(wanted)) => wanted,
            (Some(_), None) => "".into(),
            (None, None) => return Ok(()),
        };
        let store = self.versioned(request.identifier.only());
        let current = store.read().await?;
        let seen = map(&current, OBJECT, GET)?.get("Comment").and_then(KnownValue::expose_str);
        if seen.unwrap_or_default() == wanted.expose_str().unwrap_or_default() {
            return Ok(());
        }
        let input = KnownMap::from([("Comment".to_owned(), wanted)]);
        store.change_from(&current, UPDATE, input).await.map(drop)
    }
}

/// The declared properties as the creating operation takes them.
fn members(properties: &KnownMap) -> Result<KnownMap, DriverError> {
    let mapper = Mapper::new(model()?, "CreateKeyValueStoreRequest", &RULES);
    let members = mapper.to_members(properties);
    members.map_err(|error| error.for_operation(action(CREATE)))
}

/// The error of an import that is declared for a store that exists: the service fills a store only
/// when it creates it.
fn cannot_import() -> DriverError {
    let property = Some(PropertyPath::root().name("ImportSource"));
    let message = "CloudFront imports data only into a new key value store; declare the former \
                   `ImportSource` again, or a new `Name`, which makes another store";
    DriverError::new(ErrorKind::Invalid { property }, action(UPDATE), message)
}

/// True if an import is declared that was not when the store was created. One that is declared no
/// longer has done its work.
fn imports_anew(request: &UpdateRequest) -> bool {
    let declared = request.properties.get("ImportSource");
    // With nothing declared before, this completes a create.
    !request.prior.is_empty()
        && declared.is_some_and(|it| request.prior.get("ImportSource") != Some(it))
}

#[async_trait]
impl DirectDriver for KeyValueStore {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let Some(answer) = self.describe(identifier.only()).await? else {
            return Ok(Observed::Absent);
        };
        let object = self.object(&answer, GET, declared, tags::Shown::AsRead).await?;
        Ok(Observed::Present(object))
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let mut input = members(&request.properties)?;
        let name = declared_name(&input, &PropertyPath::root(), CREATE)?.to_owned();
        if !request.absence_proven {
            if self.describe(&name).await?.is_some() {
                return Err(taken(CREATE, &format!("a key value store named `{name}`")));
            }
            proven(effects, CREATE).await?;
        }
        input.extend(tags::member(&request.properties).map(|tags| ("Tags".to_owned(), tags)));
        let answer = self.api.call(CREATE, input).await?;
        self.object(&answer, CREATE, &request.properties, tags::Shown::AsDeclared).await
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        if imports_anew(request) {
            return Err(cannot_import());
        }
        self.change_comment(request).await?;
        let answer = self.versioned(request.identifier.only()).read().await?;
        let arn = text(map(&answer, OBJECT, GET)?, "ARN", GET)?;
        tags::update(&*self.api, arn, &request.prior, &request.properties).await?;
        self.object(&answer, GET, &request.properties, tags::Shown::AsDeclared).await
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        match self.versioned(request.identifier.only()).change(DELETE, KnownMap::new()).await {
            Ok(_) => Ok(Progress::Done),
            Err(error) if is_missing(&error) => Ok(Progress::Done),
            Err(error) => Err(still_in_use(error)),
        }
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let name = identifier.only();
        let pending = |waits_for| Ok(Progress::Pending { waits_for, ask_again_in: ASK_AGAIN });
        let Some(answer) = self.describe(name).await? else {
            return pending(format!("key value store `{name}` to become visible"));
        };
        match map(&answer, OBJECT, GET)?.get("Status").and_then(KnownValue::as_str) {
            None | Some("READY") => Ok(Progress::Done),
            Some("PROVISIONING") => pending(format!("key value store `{name}` to be ready")),
            Some(status) => {
                let message = format!("key value store `{name}` is {status}");
                Err(DriverError::new(ErrorKind::Invalid { property: None }, action(GET), message))
            }
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let declared = members(&request.properties)?;
        let name = declared_name(&declared, &PropertyPath::root(), CREATE)?;
        let Some(answer) = self.describe(name).await? else { return Ok(Found::Absent) };
        let comment = |members: &KnownMap| {
            let text = members.get("Comment").and_then(KnownValue::expose_str);
            text.unwrap_or_default().to_owned()
        };
        if comment(&declared) != comment(map(&answer, OBJECT, GET)?) {
            let why = format!(
                "a key value store named `{name}` exists, but it does not have the declared comment"
            );
            return Ok(Found::Ambiguous { why });
        }
        let shown = tags::Shown::AsDeclared;
        let object = self.object(&answer, GET, &request.properties, shown).await?;
        Ok(Found::Ours(Box::new(object)))
    }
}
