//! The entries of a type's file about calls: the operations of an object's life, of its settings
//! and of its tags.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The operations of an object's life.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Operations {
    /// Creates an object. Where it is the updating operation, too, and takes nothing that tells the
    /// two apart, it replaces what exists: it is called only after the proof that nothing does.
    pub(crate) create: String,
    /// Describes one, by the identifier.
    pub(crate) read: String,
    /// Changes one: a property that is not given goes back to its default. A type without it is
    /// changed by its settings only.
    pub(crate) update: Option<String>,
    /// Deletes one, by the identifier.
    pub(crate) delete: String,
    /// The member of the answers of `create` and `update` that holds the description, where the
    /// answer is not the description itself.
    pub(crate) answer: Option<String>,
    /// The member of the answer of `read` that holds the description, where the answer is not the
    /// description itself. Of a list it is the element with the object's name.
    pub(crate) described: Option<String>,
    /// The members that continue such a list, where `read` answers by pages.
    pub(crate) next: Option<Next>,
    /// The members that hold properties as a map of texts.
    pub(crate) attributes: Option<TextAttributes>,
    /// Members that the reading operation takes beside the name.
    #[serde(default)]
    pub(crate) reading: BTreeMap<String, Value>,
    /// Members that the updating operation takes beside the properties. An operation that creates
    /// and updates refuses a name that is taken, unless it is given them.
    #[serde(default)]
    pub(crate) updating: BTreeMap<String, Value>,
    /// The page that says so.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
}

/// Properties that the operations `create`, `update` and `read` have as a map of texts: those without
/// a member of their own. What the updating operation is not given stays as it is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TextAttributes {
    /// The member of inputs and of the answer that holds the map.
    pub(crate) member: String,
    /// Properties whose key in the map is another one.
    #[serde(default)]
    pub(crate) renames: BTreeMap<String, String>,
    /// Properties that a new object is given only if they are true, and that are shown only then.
    #[serde(default)]
    pub(crate) only_true: Vec<String>,
}

/// The members that continue a list.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Next {
    /// The member of an answer that says where the list goes on.
    pub(crate) answer: String,
    /// The member of the input that takes it.
    pub(crate) input: String,
}

/// Properties that an operation of their own changes; it sets them at creation, too, where the
/// creating operation has no members for them. It takes the identifier, and a property that is not
/// given goes back to its default.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Settings {
    /// The operation.
    pub(crate) operation: String,
    /// The operation that takes the properties back when none of them is declared any longer. It
    /// takes the identifier alone. Without it, `operation` is called without them.
    pub(crate) remove: Option<String>,
    /// The operation that shows the properties, where the description of an object does not. It is
    /// called for an object that declares one of them.
    pub(crate) read: Option<SettingsReading>,
    /// The properties.
    pub(crate) properties: Vec<String>,
    /// Their name on the page on permissions: `access logs`.
    pub(crate) noun: String,
    /// The page that says so.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
}

/// An operation that shows settings, by the identifier. Its answer has the members of the setting
/// operation's input.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SettingsReading {
    /// The operation.
    pub(crate) operation: String,
    /// The member of its answer that holds the settings, where the answer does not hold them itself.
    /// Of a list it is the first element with the texts of `only`.
    pub(crate) described: Option<String>,
    /// The texts that an element has to have, by member.
    #[serde(default)]
    pub(crate) only: BTreeMap<String, String>,
}

/// Operations that change the tags of an object: on the wire a map of texts, or a list of pairs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TagOperations {
    /// The property, and the member of descriptions and of the input of the creating operation.
    pub(crate) property: String,
    /// The operation that sets tags, which takes the member of the same name.
    pub(crate) set: String,
    /// The operation that removes tags.
    pub(crate) remove: String,
    /// The member of both that names the object, mostly by its ARN.
    pub(crate) resource: String,
    /// The member of the removing operation that lists the keys.
    pub(crate) keys: String,
    /// The member of descriptions that holds what names the object there.
    pub(crate) arn: String,
    /// The members of a tag, where tags are a list of pairs on the wire.
    pub(crate) pairs: Option<Pairs>,
    /// The operation that shows tags, where descriptions do not. It takes the member `resource`.
    pub(crate) read: Option<TagReading>,
    /// Members that the operations take beside, the same for every object of the type.
    #[serde(default)]
    pub(crate) beside: BTreeMap<String, String>,
    /// The page that says so.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
}

/// The members of a tag.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Pairs {
    /// The member that holds the key.
    pub(crate) key: String,
    /// The member that holds the value.
    pub(crate) value: String,
}

/// An operation that shows the tags of an object.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TagReading {
    /// The operation.
    pub(crate) operation: String,
    /// The member of its answer that holds the tags.
    pub(crate) tags: String,
}

impl TextAttributes {
    /// The key of a property.
    pub(crate) fn key<'a>(&'a self, property: &'a str) -> &'a str {
        self.renames.get(property).map_or(property, String::as_str)
    }

    /// The property of a key.
    pub(crate) fn property<'a>(&'a self, key: &'a str) -> &'a str {
        self.renames.iter().find(|(_, to)| *to == key).map_or(key, |(property, _)| property)
    }
}

impl Operations {
    /// True if the creating operation replaces what exists.
    pub(crate) fn replaces(&self) -> bool {
        self.update.as_ref() == Some(&self.create) && self.updating.is_empty()
    }
}

impl Settings {
    /// The operations that are called for the settings.
    pub(crate) fn operations(&self) -> impl Iterator<Item = &String> {
        let reading = self.read.as_ref().map(|read| &read.operation);
        [&self.operation].into_iter().chain(&self.remove).chain(reading)
    }
}

impl TagOperations {
    /// The operations that are called for tags.
    pub(crate) fn operations(&self) -> impl Iterator<Item = &String> {
        let reading = self.read.as_ref().map(|read| &read.operation);
        [&self.set, &self.remove].into_iter().chain(reading)
    }
}
