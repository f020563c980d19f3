//! Documents that a template leaves in a bucket: a driver gets the text of one in the place of its location.
//!
//! The location is what the template declares, and what an object shows: no service says where a document came
//! from, and the registry calls these properties write-only. A document that changes under the same location is
//! no change, as with CloudFormation.
//!
//! Sources: CloudFormation Template Reference, `DefinitionS3Location` of `AWS::StepFunctions::StateMachine` and of
//! `AWS::AppSync::GraphQLSchema`, `BodyS3Location` of `AWS::ApiGatewayV2::Api` and of `AWS::ApiGateway::RestApi`.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found,
    NameRule, Object, Observed, Progress, UnsupportedProperty, UpdateRequest,
};
use rstack_model::{
    Identifier, KnownMap, KnownValue, PropertyPath, Region, ResourceType, S3Address,
    TemplateAddress,
};
use yaml_serde::Value as Yaml;

use crate::client::Clients;
use crate::mapping::json_text;
use crate::s3;

/// The longest document that is read, in bytes: more than any of these services takes.
const LONGEST: u64 = 8 << 20;

/// The operation, as errors name it.
const READ: &str = "s3:GetObject";

/// The form in which a driver takes a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The text as it is.
    Text,
    /// A text in JSON, also where the document is in YAML.
    Json,
    /// A tree, of a document in JSON or YAML.
    Tree,
}

/// The properties of a type for a document in a bucket, and for its text.
#[derive(Debug)]
pub(crate) struct Rule {
    /// The property with the location.
    pub(crate) location: &'static str,
    /// The property that a driver takes the document in.
    pub(crate) document: &'static str,
    /// All properties that hold a document: beside a location there is none.
    pub(crate) others: &'static [&'static str],
    pub(crate) form: Form,
}

/// The rule of a type; `None` if its document cannot be in a bucket, or its driver reads it itself.
pub(crate) fn rule(resource_type: &ResourceType) -> Option<&'static Rule> {
    Some(match resource_type.as_str() {
        "AWS::ApiGateway::RestApi" | "AWS::ApiGatewayV2::Api" => &Rule {
            location: "BodyS3Location",
            document: "Body",
            others: &["Body"],
            form: Form::Tree,
        },
        "AWS::AppSync::GraphQLSchema" => &Rule {
            location: "DefinitionS3Location",
            document: "Definition",
            others: &["Definition"],
            form: Form::Text,
        },
        "AWS::StepFunctions::StateMachine" => &Rule {
            location: "DefinitionS3Location",
            document: "DefinitionString",
            others: &["Definition", "DefinitionString"],
            form: Form::Json,
        },
        _ => return None,
    })
}

/// Objects of buckets.
#[async_trait]
pub(crate) trait Objects: Send + Sync {
    /// The bytes of an object with this ETag, if one is asked for.
    async fn bytes(&self, at: &S3Address, etag: Option<&str>) -> Result<Vec<u8>, DriverError>;
}

/// The objects that the caller may read, in whatever Region.
pub(crate) struct CallersObjects {
    pub(crate) clients: Arc<Clients>,
    pub(crate) region: Region,
}

#[async_trait]
impl Objects for CallersObjects {
    async fn bytes(&self, at: &S3Address, etag: Option<&str>) -> Result<Vec<u8>, DriverError> {
        s3::object(&self.clients, &self.region, (at, etag), LONGEST).await
    }
}

/// A driver of a type whose document may be in a bucket.
pub(crate) struct StoredDocument {
    inner: Arc<dyn DirectDriver>,
    rule: &'static Rule,
    objects: Arc<dyn Objects>,
}

/// A location, in the parts that a template names.
struct Location {
    at: S3Address,
    etag: Option<String>,
}

impl StoredDocument {
    /// The driver around the one that takes the document itself.
    pub(crate) fn around(
        inner: Arc<dyn DirectDriver>,
        rule: &'static Rule,
        objects: Arc<dyn Objects>,
    ) -> Arc<dyn DirectDriver> {
        Arc::new(Self { inner, rule, objects })
    }

    fn invalid(&self, problem: impl std::fmt::Display) -> DriverError {
        let location = self.rule.location;
        let property = Some(PropertyPath::root().name(location));
        DriverError::new(ErrorKind::Invalid { property }, READ, format!("`{location}` {problem}"))
    }

    /// Reads where the document is.
    fn location(&self, value: &KnownValue) -> Result<Location, DriverError> {
        let map = match value {
            KnownValue::Map(map) => map,
            KnownValue::String(text) => {
                let at = address(text).ok_or_else(|| self.invalid("is no address of an object"))?;
                return Ok(Location { at, etag: None });
            }
            KnownValue::Secret(_) => return Err(self.invalid("is a secret")),
            KnownValue::Null
            | KnownValue::Bool(_)
            | KnownValue::Number(_)
            | KnownValue::List(_) => return Err(self.invalid("is not a map")),
        };
        let text = |name: &str| match map.iter().find(|(it, _)| it.eq_ignore_ascii_case(name)) {
            None | Some((_, KnownValue::Null)) => Ok(None),
            Some((_, KnownValue::String(text))) if !text.is_empty() => Ok(Some(text.clone())),
            Some(_) => Err(self.invalid(format!("has a `{name}` that is no text"))),
        };
        let needed =
            |name: &str| text(name)?.ok_or_else(|| self.invalid(format!("has no `{name}`")));
        let (bucket, key) = (needed("Bucket")?, needed("Key")?);
        let at = S3Address { bucket, key, region: None, version: text("Version")? };
        Ok(Location { at, etag: text("ETag")? })
    }

    /// The document at a location, in the form that the driver takes.
    async fn document(&self, value: &KnownValue) -> Result<KnownValue, DriverError> {
        let Location { at, etag } = self.location(value)?;
        let shown = format!("names `s3://{}/{}`", at.bucket, at.key);
        let bytes = self.objects.bytes(&at, etag.as_deref()).await.map_err(|error| {
            let message = match &error.kind {
                ErrorKind::NotFound => format!("{shown}, which does not exist"),
                _ if error.has_code("PreconditionFailed") => {
                    format!("{shown}, whose ETag is another one")
                }
                _ => format!("{shown}, which cannot be read: {}", error.message),
            };
            // What is missing here is not the object of the driver.
            match error.is_retryable() || matches!(error.kind, ErrorKind::AccessDenied { .. }) {
                true => DriverError { message, ..error },
                false => self.invalid(message),
            }
        })?;
        let text = String::from_utf8(bytes);
        let text = text.map_err(|_| self.invalid(format!("{shown}, which is not UTF-8")))?;
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        let no_document = || self.invalid(format!("{shown}, which is neither JSON nor YAML"));
        match self.rule.form {
            Form::Text => Ok(text.into()),
            // Placeholders may keep it from being JSON before they are replaced.
            Form::Json if text.trim_start().starts_with('{') => Ok(text.into()),
            Form::Json => json_text(&tree(&text).ok_or_else(no_document)?).ok_or_else(no_document),
            Form::Tree => tree(&text).ok_or_else(no_document),
        }
    }

    /// The properties without the location.
    fn without(&self, properties: &KnownMap) -> KnownMap {
        let mut rest = properties.clone();
        rest.remove(self.rule.location);
        rest
    }

    /// The properties with the document in the place of the location.
    async fn with_document(&self, properties: &KnownMap) -> Result<KnownMap, DriverError> {
        let mut rest = self.without(properties);
        let Some(location) = self.declared(properties) else { return Ok(rest) };
        if let Some(other) = self.rule.others.iter().find(|name| rest.contains_key(**name)) {
            return Err(self.invalid(format!("and `{other}` are two documents")));
        }
        rest.insert(self.rule.document.to_owned(), self.document(location).await?);
        Ok(rest)
    }

    fn declared<'a>(&self, properties: &'a KnownMap) -> Option<&'a KnownValue> {
        properties.get(self.rule.location).filter(|value| **value != KnownValue::Null)
    }

    /// The object as the template has it: with the location, and without the text.
    fn shown(&self, object: Object, properties: &KnownMap) -> Object {
        let Some(location) = self.declared(properties) else { return object };
        let mut shown = object.properties;
        for name in self.rule.others {
            shown.remove(*name);
        }
        shown.insert(self.rule.location.to_owned(), location.clone());
        Object { properties: shown, ..object }
    }
}

/// The object at `s3://BUCKET/KEY`, or at an address of S3 in the web.
fn address(text: &str) -> Option<S3Address> {
    if let Some(rest) = text.strip_prefix("s3://") {
        let (bucket, key) = rest.split_once('/')?;
        let there = !bucket.is_empty() && !key.is_empty();
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        return there.then_some(S3Address { bucket, key, region: None, version: None });
    }
    match TemplateAddress::parse(text) {
        Ok(TemplateAddress::S3(address)) => Some(address),
        Ok(TemplateAddress::Web(_)) | Err(_) => None,
    }
}

/// A document in JSON or YAML as a tree. Keys that are numbers, as those of an OpenAPI document are in YAML,
/// are texts.
fn tree(text: &str) -> Option<KnownValue> {
    if let Ok(json) = serde_json::from_str(text) {
        return Some(KnownValue::from_json(json));
    }
    let value = of_yaml(yaml_serde::from_str(text).ok()?)?;
    matches!(value, KnownValue::Map(_)).then_some(value)
}

fn of_yaml(value: Yaml) -> Option<KnownValue> {
    Some(match value {
        Yaml::Null => KnownValue::Null,
        Yaml::Bool(value) => KnownValue::Bool(value),
        Yaml::Number(number) => KnownValue::from_json(serde_json::to_value(number).ok()?),
        Yaml::String(text) => KnownValue::String(text),
        Yaml::Sequence(items) => {
            KnownValue::List(items.into_iter().map(of_yaml).collect::<Option<_>>()?)
        }
        Yaml::Mapping(map) => {
            let entry = |(key, value)| {
                let key = match key {
                    Yaml::String(text) => text,
                    Yaml::Number(number) => number.to_string(),
                    Yaml::Bool(value) => value.to_string(),
                    _ => return None,
                };
                Some((key, of_yaml(value)?))
            };
            KnownValue::Map(map.into_iter().map(entry).collect::<Option<_>>()?)
        }
        Yaml::Tagged(_) => return None,
    })
}

#[async_trait]
impl DirectDriver for StoredDocument {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn naming(&self) -> Option<NameRule> {
        self.inner.naming()
    }

    fn unsupported(&self) -> &'static [UnsupportedProperty] {
        self.inner.unsupported()
    }

    async fn hindrance(&self, identifier: &Identifier) -> Result<Option<String>, DriverError> {
        self.inner.hindrance(identifier).await
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        Ok(match self.inner.read(identifier, &self.without(declared)).await? {
            Observed::Present(object) => Observed::Present(self.shown(object, declared)),
            Observed::Absent => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let properties = self.with_document(&request.properties).await?;
        let inner = CreateRequest { properties, ..request.clone() };
        Ok(self.shown(self.inner.create(&inner, effects).await?, &request.properties))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let properties = self.with_document(&request.properties).await?;
        let mut prior = self.without(&request.prior);
        if let Some(before) = self.declared(&request.prior) {
            let same = self.declared(&request.properties) == Some(before);
            let document = properties.get(self.rule.document).filter(|_| same).cloned();
            // Of another location it is known only that there was a document.
            let document = document.unwrap_or_else(|| KnownValue::Map(KnownMap::new()));
            prior.insert(self.rule.document.to_owned(), document);
        }
        let inner = UpdateRequest { properties, prior, ..request.clone() };
        Ok(self.shown(self.inner.update(&inner).await?, &request.properties))
    }

    async fn revert_partial_update(
        &self,
        in_doubt: &KnownMap,
        prior: &KnownMap,
    ) -> Result<(), DriverError> {
        self.inner.revert_partial_update(&self.without(in_doubt), &self.without(prior)).await
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let prior = self.without(&request.prior);
        self.inner.delete(&DeleteRequest { prior, ..request.clone() }).await
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        self.inner.stabilized(identifier).await
    }

    fn is_usable_while_stabilizing(&self) -> bool {
        self.inner.is_usable_while_stabilizing()
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let properties = self.without(&request.properties);
        let inner = CreateRequest { properties, ..request.clone() };
        Ok(match self.inner.find(&inner).await? {
            Found::Ours(object) => Found::Ours(Box::new(self.shown(*object, &request.properties))),
            found => found,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use rstack_driver::{NoEffects, Removal};
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::test::scripted_api::known;

    const MACHINE: &str = "AWS::StepFunctions::StateMachine";
    const HTTP_API: &str = "AWS::ApiGatewayV2::Api";
    const SCHEMA: &str = "AWS::AppSync::GraphQLSchema";

    /// A driver that notes what it gets, and answers with it.
    #[derive(Default)]
    struct Notes(Mutex<Vec<Json>>);

    impl Notes {
        fn note(&self, of: Vec<&KnownMap>) -> Object {
            let json = |map: &&KnownMap| -> Json {
                let text = json_text(&KnownValue::Map((*map).clone())).unwrap();
                serde_json::from_str(text.as_str().unwrap()).unwrap()
            };
            self.0.lock().unwrap().push(of.iter().map(json).collect());
            Object::named("id".into(), of[0].clone(), KnownMap::new())
        }
    }

    #[async_trait]
    impl DirectDriver for Notes {
        fn name(&self) -> &'static str {
            "native"
        }

        async fn read(&self, _: &Identifier, of: &KnownMap) -> Result<Observed, DriverError> {
            let mut seen = self.note(vec![of]);
            seen.properties.insert("DefinitionString".to_owned(), "{}".into());
            Ok(Observed::Present(seen))
        }

        async fn create(
            &self,
            request: &CreateRequest,
            _: &dyn EffectSink,
        ) -> Result<Object, DriverError> {
            Ok(self.note(vec![&request.properties]))
        }

        async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
            Ok(self.note(vec![&request.properties, &request.prior]))
        }

        async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
            self.note(vec![&request.prior]);
            Ok(Progress::Done)
        }

        async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
            Ok(Found::Ours(Box::new(self.note(vec![&request.properties]))))
        }
    }

    /// One bucket with these objects.
    struct Bucket(&'static [(&'static str, &'static [u8])]);

    #[async_trait]
    impl Objects for Bucket {
        async fn bytes(&self, at: &S3Address, etag: Option<&str>) -> Result<Vec<u8>, DriverError> {
            let failed = |kind, code: &str| {
                let error = DriverError::new(kind, READ, "no");
                Err(DriverError { code: Some(code.to_owned()), ..error })
            };
            if at.bucket != "bkt" {
                let action = Some(READ.to_owned());
                return failed(ErrorKind::AccessDenied { action }, "AccessDenied");
            }
            if etag.is_some_and(|etag| etag != "e") {
                return failed(ErrorKind::Conflict, "PreconditionFailed");
            }
            match self.0.iter().find(|(key, _)| *key == at.key) {
                Some((_, bytes)) => Ok(bytes.to_vec()),
                None => failed(ErrorKind::NotFound, "NoSuchKey"),
            }
        }
    }

    const BUCKET: Bucket = Bucket(&[
        ("a.json", b"{\"StartAt\": \"${First}\", \"N\": ${Count}}"),
        ("a.yaml", b"\xef\xbb\xbfStartAt: A\nStates:\n  A: {Type: Pass, End: true}\n"),
        ("api.yaml", b"openapi: 3.0.1\npaths:\n  /a:\n    get: {responses: {200: {x: 1.5}}}\n"),
        ("schema", b"type Query { a: Int }"),
        ("words", b"no map"),
        ("bytes", b"\xff\xfe"),
    ]);

    fn driver(resource_type: &str) -> (Arc<dyn DirectDriver>, Arc<Notes>) {
        let notes = Arc::new(Notes::default());
        let rule = rule(&resource_type.into()).unwrap();
        (StoredDocument::around(notes.clone(), rule, Arc::new(BUCKET)), notes)
    }

    fn create(properties: Json) -> CreateRequest {
        CreateRequest {
            stack: rstack_model::StackName::parse("s").unwrap(),
            address: "A".into(),
            token: "t".into(),
            properties: known(properties),
            absence_proven: false,
            begun: None,
        }
    }

    /// The properties that the driver of the document gets.
    async fn given(resource_type: &str, properties: Json) -> Result<Json, DriverError> {
        let (driver, notes) = driver(resource_type);
        let request = create(properties.clone());
        let object = driver.create(&request, &NoEffects).await?;
        assert_eq!(object.properties, request.properties, "it shows what is declared");
        let mut noted = notes.0.lock().unwrap();
        Ok(noted.remove(0)[0].take())
    }

    #[tokio::test]
    async fn a_driver_gets_the_document_in_its_form() {
        let at = |key: &str| json!({"Bucket": "bkt", "Key": key});
        let given_text = given(MACHINE, json!({"DefinitionS3Location": at("a.json")})).await;
        let text = "{\"StartAt\": \"${First}\", \"N\": ${Count}}";
        assert_eq!(given_text, Ok(json!({"DefinitionString": text})));
        let given_yaml = given(MACHINE, json!({"DefinitionS3Location": at("a.yaml")})).await;
        let text = r#"{"StartAt":"A","States":{"A":{"End":true,"Type":"Pass"}}}"#;
        assert_eq!(given_yaml, Ok(json!({"DefinitionString": text})));
        let given_tree = given(HTTP_API, json!({"BodyS3Location": at("api.yaml"), "Name": "n"}));
        let paths = json!({"/a": {"get": {"responses": {"200": {"x": 1.5}}}}});
        let body = json!({"openapi": "3.0.1", "paths": paths});
        assert_eq!(given_tree.await, Ok(json!({"Body": body, "Name": "n"})));
        for address in ["s3://bkt/schema", "https://bkt.s3.amazonaws.com/schema"] {
            let given_text = given(SCHEMA, json!({"DefinitionS3Location": address})).await;
            assert_eq!(given_text, Ok(json!({"Definition": "type Query { a: Int }"})));
        }
        let inline = json!({"DefinitionString": "{}", "RoleArn": "r"});
        assert_eq!(given(MACHINE, inline.clone()).await, Ok(inline));
    }

    #[tokio::test]
    async fn a_location_without_a_document_is_refused_at_the_property() {
        let with = |location: Json| json!({"DefinitionS3Location": location});
        let object = |key: &str| with(json!({"Bucket": "bkt", "Key": key}));
        let two =
            json!({"DefinitionS3Location": {"Bucket": "bkt", "Key": "a.json"}, "Definition": {}});
        for (properties, problem) in [
            (object("none"), "names `s3://bkt/none`, which does not exist"),
            (object("words"), "which is neither JSON nor YAML"),
            (object("bytes"), "which is not UTF-8"),
            (with(json!({"Bucket": "bkt"})), "has no `Key`"),
            (with(json!({"Bucket": "", "Key": "k"})), "has a `Bucket` that is no text"),
            (
                with(json!({"Bucket": "bkt", "Key": "a.json", "ETag": "x"})),
                "whose ETag is another one",
            ),
            (with(json!("nothing")), "is no address of an object"),
            (with(json!(["b"])), "is not a map"),
            (two, "and `Definition` are two documents"),
        ] {
            let error = given(MACHINE, properties).await.unwrap_err();
            let path = PropertyPath::root().name("DefinitionS3Location");
            assert_eq!(error.kind, ErrorKind::Invalid { property: Some(path) }, "{error}");
            assert!(error.message.contains(problem), "{problem}: {error}");
        }
        let denied = given(MACHINE, with(json!({"Bucket": "c", "Key": "k"}))).await.unwrap_err();
        assert!(matches!(denied.kind, ErrorKind::AccessDenied { .. }), "{denied}");
        let etag = with(json!({"Bucket": "bkt", "Key": "a.json", "Etag": "e"}));
        assert!(given(MACHINE, etag).await.is_ok());
    }

    #[tokio::test]
    async fn a_location_is_shown_as_it_is_declared_and_asked_only_for_changes() {
        let (driver, notes) = driver(MACHINE);
        let at = |key: &str| json!({"DefinitionS3Location": {"Bucket": "bkt", "Key": key}});
        let (none, one, two) = (at("none"), known(at("a.json")), known(at("a.yaml")));
        let Observed::Present(seen) = driver.read(&"id".into(), &one).await.unwrap() else {
            panic!("it is gone")
        };
        assert_eq!(seen.properties, one);
        let Found::Ours(found) = driver.find(&create(none.clone())).await.unwrap() else {
            panic!("it is not found")
        };
        assert_eq!(found.properties, known(none.clone()));
        let delete = DeleteRequest {
            identifier: "id".into(),
            token: "t".into(),
            prior: known(none.clone()),
            removal: Removal::Recoverable,
        };
        assert_eq!(driver.delete(&delete).await, Ok(Progress::Done));
        assert_eq!(
            *notes.0.lock().unwrap(),
            vec![json!([{}]); 3],
            "nothing is read from the bucket"
        );
        notes.0.lock().unwrap().clear();
        let update = |properties: &KnownMap, prior: &KnownMap| UpdateRequest {
            identifier: "id".into(),
            token: "t".into(),
            prior: prior.clone(),
            properties: properties.clone(),
        };
        for (prior, before) in [
            (&one, json!("{\"StartAt\": \"${First}\", \"N\": ${Count}}")),
            (&two, json!({})),
            (&known(none), json!({})),
        ] {
            let object = driver.update(&update(&one, prior)).await.unwrap();
            assert_eq!(object.properties, one);
            let noted = notes.0.lock().unwrap().remove(0);
            assert_eq!(noted[1], json!({"DefinitionString": before}));
        }
        // A location that is gone: there was a document.
        driver.update(&update(&known(json!({"Name": "n"})), &one)).await.unwrap();
        let noted = notes.0.lock().unwrap().remove(0);
        assert_eq!(noted, json!([{"Name": "n"}, {"DefinitionString": {}}]));
    }
}
