//! The answer of a simulated handler, and what it leaves in the inventory.

use rstack_driver::custom::{Delivery, RequestType};
use rstack_model::state::Environment;
use rstack_model::{Identifier, KnownMap, KnownValue, ResourceType};
use serde_json::{Map, Value as Json, json};

use super::cross_region;
use super::rules::Answer;
use crate::derive::{Derivation, UPPER};
use crate::inventory::{StoredObject, View, key_of};
use crate::redaction::{JsonMap, Redactor, is_secret};

/// The type under which responses are kept, in a scope that no account sees.
const RESPONSES: &str = "rstack::custom-resource-response";
const SCOPE: &str = "custom-resource-responses";

/// Carries a request out by its rule, and keeps its response. A request that was delivered before has no
/// further effect.
pub(super) fn carry_out(
    view: &mut View<'_>,
    delivery: &Delivery,
    answer: Answer,
    (seed, environment): (u64, &Environment),
) {
    let token = delivery.token.as_str();
    if kept(view, token).is_some() || answer.no_response == Some(true) {
        return;
    }
    view.make_key(seed, token);
    let response = match &answer.fail {
        Some(reason) => failure(delivery, &answer, reason),
        None => {
            cross_region::write(view, delivery, environment);
            success(view, delivery, &answer, seed)
        }
    };
    let properties = JsonMap::from_iter([("body".to_owned(), Json::from(response.to_string()))]);
    let polls_left = answer.delay.unwrap_or_default();
    keep(view, token, StoredObject { polls_left, ..stored(delivery, token, properties) });
}

/// The response to a request, once it was asked for often enough.
pub(super) fn response(view: &mut View<'_>, token: &str) -> Option<Vec<u8>> {
    let kept = kept(view, token)?.clone();
    if let Some(polls_left) = kept.polls_left.checked_sub(1) {
        keep(view, token, StoredObject { polls_left, ..kept });
        return None;
    }
    kept.properties.get("body").and_then(Json::as_str).map(|body| body.as_bytes().to_vec())
}

/// Forgets a response.
pub(super) fn discard(view: &mut View<'_>, token: &str) {
    view.remove_at(SCOPE, &ResourceType::from(RESPONSES), token);
}

fn kept<'a>(view: &'a View<'_>, token: &str) -> Option<&'a StoredObject> {
    view.get_at(SCOPE, &ResourceType::from(RESPONSES), token)
}

fn keep(view: &mut View<'_>, token: &str, response: StoredObject) {
    view.insert_at(SCOPE, &ResourceType::from(RESPONSES), token, response);
}

fn stored(delivery: &Delivery, physical_id: &str, properties: JsonMap) -> StoredObject {
    StoredObject {
        identifier: identifier(delivery, physical_id),
        physical_id: physical_id.to_owned(),
        nonce: String::new(),
        token: delivery.token.to_string(),
        properties,
        attributes: JsonMap::new(),
        polls_left: 0,
        former: Vec::new(),
        disabled: false,
        unseen: 0,
        secret: None,
        versions: None,
    }
}

fn identifier(delivery: &Delivery, physical_id: &str) -> Identifier {
    let Delivery { logical_id, stack_id, .. } = delivery;
    Identifier::new([physical_id.to_owned(), logical_id.clone(), stack_id.clone()])
}

/// The members that every response has.
fn named(delivery: &Delivery, status: &str) -> Map<String, Json> {
    Map::from_iter([
        ("Status".to_owned(), Json::from(status)),
        ("StackId".to_owned(), Json::from(delivery.stack_id.as_str())),
        ("RequestId".to_owned(), Json::from(delivery.token.as_str())),
        ("LogicalResourceId".to_owned(), Json::from(delivery.logical_id.as_str())),
    ])
}

fn failure(delivery: &Delivery, answer: &Answer, reason: &str) -> Json {
    let mut response = named(delivery, "FAILED");
    response.insert("Reason".to_owned(), Json::from(reason));
    let own = answer.physical_id.as_ref().map(|text| filled(text, &delivery.properties));
    if let Some(physical_id) = own.or_else(|| delivery.physical_id.clone()) {
        response.insert("PhysicalResourceId".to_owned(), Json::from(physical_id));
    }
    Json::Object(response)
}

fn success(view: &mut View<'_>, delivery: &Delivery, answer: &Answer, seed: u64) -> Json {
    let resource_type = &delivery.resource_type;
    let before = delivery.physical_id.as_ref().map(|id| key_of(&identifier(delivery, id)));
    let mut response = named(delivery, "SUCCESS");
    if delivery.request_type == RequestType::Delete {
        if let Some(key) = before {
            view.remove(resource_type, &key);
        }
        response.insert("PhysicalResourceId".to_owned(), json!(delivery.physical_id));
        return Json::Object(response);
    }
    let chosen = answer.physical_id.as_ref().map(|text| filled(text, &delivery.properties));
    let physical_id = chosen.or_else(|| delivery.physical_id.clone());
    let physical_id = physical_id.unwrap_or_else(|| {
        let nonce = view.nonce(&format!("{resource_type}/{}", delivery.logical_id));
        let stack = delivery.stack_id.split('/').nth(1).unwrap_or_default();
        let mut derived =
            Derivation::new(&[&seed.to_string(), "custom", &delivery.stack_id, &nonce]);
        format!("{stack}-{}-{}", delivery.logical_id, derived.text(UPPER, RANDOM))
    });
    let key = key_of(&identifier(delivery, &physical_id));
    let earlier = view.get(resource_type, before.as_ref().unwrap_or(&key));
    let earlier = earlier.map(|object| object.attributes.clone()).unwrap_or_default();
    let no_echo = answer.no_echo == Some(true);
    let data = match &answer.data {
        Some(data) => data.iter().map(|(k, v)| (k.clone(), filled_in(v, delivery))).collect(),
        None => cross_region::read(delivery)
            .unwrap_or_else(|| invented(delivery, &physical_id, earlier)),
    };
    // The sandbox keeps no secret: others stand for them.
    let data: JsonMap = match no_echo {
        true => data.into_iter().map(|(name, _)| secret(delivery, &physical_id, name)).collect(),
        false => data,
    };
    let redactor = Redactor { key: view.key() };
    let properties = redactor.redact_map(&delivery.properties);
    let attributes = if no_echo { JsonMap::new() } else { data.clone() };
    let object = StoredObject { attributes, ..stored(delivery, &physical_id, properties) };
    view.insert(resource_type, &key, object);
    response.insert("PhysicalResourceId".to_owned(), Json::from(physical_id));
    response.insert("NoEcho".to_owned(), Json::from(no_echo));
    response.insert("Data".to_owned(), Json::Object(data));
    Json::Object(response)
}

/// True if a text is one that [`success`] has invented, or has one in it: an attribute, or the physical ID of
/// a custom resource.
pub(crate) fn is_invented(view: &View<'_>, text: &str) -> bool {
    let mut custom =
        view.everything().filter(|(name, ..)| ResourceType::from(name.as_str()).is_custom());
    text.contains(INVENTED)
        || custom.any(|(_, _, object)| {
            let random = object.physical_id.rsplit('-').next().unwrap_or_default();
            random.len() == RANDOM && text.contains(&object.physical_id)
        })
}

/// The beginning of an attribute that was invented.
const INVENTED: &str = "invented-";

/// The number of random characters at the end of a physical ID that was invented.
const RANDOM: usize = 12;

/// The text that stands for one that may not be shown.
fn secret(delivery: &Delivery, physical_id: &str, name: String) -> (String, Json) {
    let of = ["custom-secret", physical_id, &name, delivery.token.as_str()];
    let text = format!("{INVENTED}{}", Derivation::new(&of).hex(32));
    (name, Json::from(text))
}

/// Attributes that nothing stands for: the earlier ones and those that the plan refers to.
fn invented(delivery: &Delivery, physical_id: &str, earlier: JsonMap) -> JsonMap {
    let mut data = earlier;
    for name in &delivery.wanted {
        let readable: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let unique = Derivation::new(&["custom-attribute", physical_id, name]).hex(8);
        let text = format!("{INVENTED}{readable}-{unique}");
        let text = of_form(name, &text, &unique);
        data.entry(name.clone()).or_insert_with(|| Json::from(text));
    }
    data
}

/// An invented text in the form that the name of its attribute promises: templates take URLs apart, and
/// properties check identifiers.
fn of_form(name: &str, text: &str, unique: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let ends = |end: &str| lower.ends_with(end);
    let identifiers =
        [("securitygroupid", "sg"), ("subnetid", "subnet"), ("vpcid", "vpc"), ("hostedzoneid", "")];
    match identifiers.into_iter().find(|(end, _)| ends(end)) {
        Some((_, "")) => format!("Z{}", unique.to_ascii_uppercase()),
        Some((_, prefix)) => format!("{prefix}-{unique}"),
        None if ends("url") || ends("uri") || ends("endpoint") => {
            format!("https://{text}.example/{unique}")
        }
        None if ends("arn") => format!("arn:aws:invented:us-east-1:123456789012:{text}"),
        None => text.to_owned(),
    }
}

fn filled_in(value: &Json, delivery: &Delivery) -> Json {
    match value {
        Json::String(text) => Json::from(filled(text, &delivery.properties)),
        Json::Array(items) => items.iter().map(|item| filled_in(item, delivery)).collect(),
        Json::Object(_) if is_secret(value) => Json::Null,
        Json::Object(map) => {
            Json::Object(map.iter().map(|(k, v)| (k.clone(), filled_in(v, delivery))).collect())
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => value.clone(),
    }
}

/// A text with the texts of top-level properties in the place of their names in `${…}`. A secret is left
/// out.
fn filled(text: &str, properties: &KnownMap) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            out.push_str("${");
            rest = after;
            continue;
        };
        match properties.get(name) {
            Some(KnownValue::String(text)) => out.push_str(text),
            Some(KnownValue::Number(number)) => out.push_str(&number.to_string()),
            Some(KnownValue::Bool(value)) => out.push_str(&value.to_string()),
            Some(
                KnownValue::Null | KnownValue::Secret(_) | KnownValue::List(_) | KnownValue::Map(_),
            )
            | None => {}
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}
