//! The settings of the methods of a stage: a list in templates, a map by path and method in API Gateway.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::form::only_declared;
use super::patch::{Patch, same};
use crate::iam::Fields;

/// The property with the settings.
pub(super) const METHOD_SETTINGS: &str = "MethodSettings";
const MEMBER: &str = "methodSettings";

/// The properties that say which methods are meant.
const NAMES: [&str; 2] = ["ResourcePath", "HttpMethod"];

/// A setting: its property, its member, the end of the path that changes it, and its default. A limit of
/// -1 is that of the account.
///
/// Source: API Gateway API reference, `MethodSetting`, and Patch Operations, `UpdateStage`;
/// terraform-provider-aws, `internal/service/apigateway/method_settings.go`, the defaults.
const SETTINGS: [[&str; 4]; 8] = [
    ["CacheDataEncrypted", "cacheDataEncrypted", "caching/dataEncrypted", "false"],
    ["CacheTtlInSeconds", "cacheTtlInSeconds", "caching/ttlInSeconds", "300"],
    ["CachingEnabled", "cachingEnabled", "caching/enabled", "false"],
    ["DataTraceEnabled", "dataTraceEnabled", "logging/dataTrace", "false"],
    ["LoggingLevel", "loggingLevel", "logging/loglevel", "OFF"],
    ["MetricsEnabled", "metricsEnabled", "metrics/enabled", "false"],
    ["ThrottlingBurstLimit", "throttlingBurstLimit", "throttling/burstLimit", "-1"],
    ["ThrottlingRateLimit", "throttlingRateLimit", "throttling/rateLimit", "-1"],
];

/// The names of the settings.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SETTINGS.into_iter().map(|[property, ..]| property)
}

/// Methods: a path without the slash at its beginning, or `*` for all, and a method.
#[derive(Debug, PartialEq, Eq)]
struct Methods {
    path: String,
    method: String,
}

impl Methods {
    fn new(path: &str, method: &str) -> Self {
        let path = path.replace("~1", "/").trim_start_matches('/').to_owned();
        Self { path, method: method.to_owned() }
    }

    /// Those that a property names.
    fn declared(fields: Fields<'_>) -> Result<Self, DriverError> {
        let [path, method] = NAMES.map(|name| fields.required_identifying(name));
        Ok(Self::new(&path?, &method?))
    }

    /// Those that a key of a description names.
    fn of_key(key: &str) -> Self {
        let (path, method) = key.rsplit_once('/').unwrap_or(("", key));
        Self::new(path, method)
    }

    /// The path in operations.
    ///
    /// Source: API Gateway API reference, `MethodSetting`, `/{method_setting_key}`; CloudFormation Template
    /// Reference, `AWS::ApiGateway::Stage MethodSetting`, `ResourcePath`: slashes are `~1`.
    fn pointer(&self) -> String {
        let Self { path, method } = self;
        if path == "*" {
            return format!("/*/{method}");
        }
        format!("/~1{}/{method}", path.replace('/', "~1"))
    }

    /// The properties that name them.
    fn properties(&self) -> [(String, KnownValue); 2] {
        let path = match self.path.as_str() {
            "*" => "/*".to_owned(),
            "" => "/".to_owned(),
            path => format!("/~1{}", path.replace('/', "~1")),
        };
        let [named, by] = NAMES.map(str::to_owned);
        [(named, path.into()), (by, self.method.as_str().into())]
    }
}

type Declared<'a> = Vec<(Methods, Fields<'a>)>;

fn declared(fields: Fields<'_>) -> Result<Option<Declared<'_>>, DriverError> {
    if fields.value(METHOD_SETTINGS).is_none() {
        return Ok(None);
    }
    let one = |setting| -> Result<_, DriverError> { Ok((Methods::declared(setting)?, setting)) };
    fields.trees(METHOD_SETTINGS)?.into_iter().map(one).collect::<Result<_, _>>().map(Some)
}

fn of<'a>(declared: &[(Methods, Fields<'a>)], methods: &Methods) -> Option<Fields<'a>> {
    declared.iter().find(|(known, _)| known == methods).map(|(_, fields)| *fields)
}

fn described(stage: &KnownMap) -> impl Iterator<Item = (Methods, &KnownMap)> {
    let all = stage.get(MEMBER).and_then(KnownValue::as_map).into_iter().flatten();
    all.filter_map(|(key, settings)| Some((Methods::of_key(key), settings.as_map()?)))
}

/// The operations that make the settings of a description the declared ones.
///
/// # Errors
/// If a property has another form.
pub(super) fn patch(
    stage: &KnownMap,
    [fields, before]: [Fields<'_>; 2],
) -> Result<Patch, DriverError> {
    let (wanted, was) = (declared(fields)?, declared(before)?.unwrap_or_default());
    let mut out = Patch::default();
    for (methods, _) in described(stage) {
        let goes = match &wanted {
            Some(wanted) => of(wanted, &methods).is_none(),
            None => of(&was, &methods).is_some(),
        };
        if goes {
            out.remove(methods.pointer());
        }
    }
    for (methods, settings) in wanted.unwrap_or_default() {
        let there = described(stage).find(|(known, _)| *known == methods);
        let there = there.map(|(_, settings)| settings);
        let was = of(&was, &methods);
        for [property, member, path, default] in SETTINGS {
            let default = KnownValue::from(default);
            let value = match (settings.text(property)?, was) {
                (Some(value), _) => value,
                (None, Some(was)) if was.value(property).is_some() && there.is_some() => default,
                (None, _) => continue,
            };
            let found = there.and_then(|there| there.get(member));
            if found.is_none_or(|found| !same(&value, found)) {
                out.replace(format!("{}/{path}", methods.pointer()), &value);
            }
        }
    }
    Ok(out)
}

/// The settings of a description as the property. Of those that are declared only what is declared is
/// shown: API Gateway fills in the rest.
pub(super) fn shown(stage: &KnownMap, properties: &KnownMap) -> KnownMap {
    let given = declared(Fields::new(properties, "apigateway:GetStage")).ok().flatten();
    let is_declared = given.is_some();
    let given = given.unwrap_or_default();
    let of_template = |found: &KnownMap| -> KnownMap {
        let member = |[property, member, ..]: [&str; 4]| {
            Some((property.to_owned(), found.get(member)?.clone()))
        };
        SETTINGS.into_iter().filter_map(member).collect()
    };
    let mut list = Vec::new();
    for (methods, settings) in &given {
        let there = described(stage).find(|(known, _)| known == methods);
        let says_nothing = names().all(|name| settings.value(name).is_none());
        if there.is_none() && !says_nothing {
            continue;
        }
        let mut tree = there.map(|(_, found)| of_template(found)).unwrap_or_default();
        for name in NAMES {
            tree.extend(settings.value(name).map(|value| (name.to_owned(), value.clone())));
        }
        only_declared(&mut tree, settings.all());
        list.push(tree.into());
    }
    for (methods, found) in described(stage) {
        if of(&given, &methods).is_none() {
            let mut tree = of_template(found);
            tree.extend(methods.properties());
            list.push(tree.into());
        }
    }
    if list.is_empty() && !is_declared {
        return KnownMap::new();
    }
    KnownMap::from([(METHOD_SETTINGS.to_owned(), KnownValue::List(list))])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test::scripted_api::known;

    #[test]
    fn all_spellings_of_a_path_name_the_same_methods() {
        let pets = Methods::new("/~1pets~1{id}", "GET");
        assert_eq!(pets, Methods::of_key("~1pets~1{id}/GET"));
        assert_eq!(pets, Methods::of_key("pets/{id}/GET"));
        assert_eq!(pets.pointer(), "/~1pets~1{id}/GET");
        assert_eq!(Methods::new("/*", "*"), Methods::of_key("*/*"));
        assert_eq!(Methods::new("/*", "*").pointer(), "/*/*");
        let root = Methods::new("/", "ANY");
        assert_eq!((&root, root.pointer().as_str()), (&Methods::of_key("~1/ANY"), "/~1/ANY"));
        assert_eq!(root.properties()[0].1, "/".into());
    }

    #[test]
    fn settings_are_set_taken_back_and_removed() {
        let list = |list: serde_json::Value| known(json!({METHOD_SETTINGS: list}));
        let all = |more: serde_json::Value| {
            let mut tree = json!({"ResourcePath": "/*", "HttpMethod": "*"});
            tree.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            tree
        };
        let wanted = list(json!([
            all(json!({"LoggingLevel": "INFO", "CachingEnabled": "true"})),
            {"ResourcePath": "/~1a", "HttpMethod": "GET", "ThrottlingRateLimit": 2.5},
        ]));
        let was = list(json!([all(json!({"LoggingLevel": "INFO", "ThrottlingBurstLimit": 5}))]));
        let stage = known(json!({"methodSettings": {
            "*/*": {"loggingLevel": "INFO", "throttlingBurstLimit": 5, "cachingEnabled": false},
            "b/GET": {"loggingLevel": "INFO"},
        }}));
        let both = [Fields::new(&wanted, ""), Fields::new(&was, "")];
        let input = patch(&stage, both).unwrap().into_input(KnownMap::new());
        let replace =
            |path: &str, value: &str| json!({"op": "replace", "path": path, "value": value});
        let expected = json!({"patchOperations": [
            {"op": "remove", "path": "/~1b/GET"},
            replace("/*/*/caching/enabled", "true"),
            replace("/*/*/throttling/burstLimit", "-1"),
            replace("/~1a/GET/throttling/rateLimit", "2.5"),
        ]});
        assert_eq!(input, known(expected));
    }
}
