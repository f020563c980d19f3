//! JSON for people and programs: values, and how a document is written.

use rstack_model::Value;
use rstack_model::value::Text;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::escape::json_text;
use crate::value::raw_text;

/// The version of every JSON document of this crate. It changes when a field is renamed, removed
/// or means something else; new fields do not change it.
pub const FORMAT: u32 = 2;

/// A value in JSON output. Known values are plain JSON; what is known only after apply is
/// `{"$unknown": "https://‹CDN.DomainName›/"}`, a secret or a text with one in it is
/// `{"$secret": "{{resolve:secretsmanager:…}}"}`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown<'a>(pub(crate) &'a Value);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(b) => serializer.serialize_bool(*b),
            Value::Number(n) => n.serialize(serializer),
            Value::String(s) => serializer.serialize_str(s),
            Value::Text(text) => {
                marked(serializer, mark(text), &raw_text(self.0).unwrap_or_default())
            }
            Value::Deferred(deferred) => marked(serializer, "$unknown", &deferred.to_string()),
            Value::List(list) => {
                let mut seq = serializer.serialize_seq(Some(list.len()))?;
                list.iter().try_for_each(|item| seq.serialize_element(&Shown(item)))?;
                seq.end()
            }
            Value::Map(map) => {
                let mut out = serializer.serialize_map(Some(map.len()))?;
                map.iter().try_for_each(|(key, item)| out.serialize_entry(key, &Shown(item)))?;
                out.end()
            }
        }
    }
}

fn mark(text: &Text) -> &'static str {
    if text.has_secret() { "$secret" } else { "$unknown" }
}

fn marked<S: Serializer>(serializer: S, mark: &str, text: &str) -> Result<S::Ok, S::Error> {
    let mut out = serializer.serialize_map(Some(1))?;
    out.serialize_entry(mark, text)?;
    out.end()
}

/// A document over several lines, with a line break at its end.
pub(crate) fn document<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let mut json = json_text(&serde_json::to_string_pretty(value)?).into_owned();
    json.push('\n');
    Ok(json)
}

/// A record on one line, without a line break.
pub(crate) fn record<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    Ok(json_text(&serde_json::to_string(value)?).into_owned())
}
