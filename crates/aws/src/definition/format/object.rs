//! The entries of a type's file about the object itself: its name, and the states it goes through.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The name of an object: one property, or several together. Operations take the members of the
/// same names, unless an entry says otherwise.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct IdentifierProperty {
    /// The property, which is a member of outputs, too. The template chooses its value, unless
    /// there is an `arn` or a `listing`.
    pub(crate) property: Option<String>,
    /// The properties that name an object together, in the order of the registry. The template
    /// chooses their values.
    #[serde(default)]
    pub(crate) properties: Vec<String>,
    /// The form of the resource in the ARN that `property` is, such as
    /// `channelGroup/{ChannelGroupName}`. The template chooses the properties in braces, and the
    /// operations take these.
    pub(crate) arn: Option<String>,
    /// The member of inputs that holds `property`, where it has another name.
    pub(crate) member: Option<String>,
    /// The members that hold the name in the inputs of these operations, where they have another
    /// name there. Where the member is a list, it holds the name alone.
    #[serde(default)]
    pub(crate) inputs: BTreeMap<String, String>,
    /// The listing in which an object is looked for, where the service chooses its name.
    pub(crate) listing: Option<Listing>,
    /// The operation that finds an object by a name that the template chooses, where the service
    /// makes the identifier of it: its answer holds `property`.
    pub(crate) lookup: Option<NameLookup>,
    /// The rule for the name of an object that the template does not name.
    pub(crate) naming: Option<Naming>,
    /// The page that says so.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
}

/// An operation that finds an object by its name.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NameLookup {
    /// The operation. What it does not find does not exist.
    pub(crate) operation: String,
    /// The property that is the name, and the member that takes it. It is the last part of the
    /// identifier.
    pub(crate) property: String,
}

/// A rule for names: of the stack, the resource and random characters.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Naming {
    /// The longest name that the service takes, in characters.
    pub(crate) max_length: usize,
    /// The separator between the parts.
    pub(crate) separator: NameSeparator,
    /// The end that names have to have in a case.
    pub(crate) ending: Option<Ending>,
}

/// The end of the names of objects with a property.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Ending {
    /// The property that is true for them.
    pub(crate) property: String,
    /// The end of their names.
    pub(crate) text: String,
}

/// The separator between the parts of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NameSeparator {
    /// `Stack-Address-ABCDEF123456`.
    Hyphen,
    /// `stack-address-abcdef123456`, in lower case.
    LowercaseHyphen,
}

/// An operation that lists the objects of the type with their tags, by pages.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Listing {
    /// The operation.
    pub(crate) operation: String,
    /// The member of its answer that holds the list.
    pub(crate) items: String,
    /// The member of its answer and of its input that continues the list.
    pub(crate) next: String,
}

/// The states of an object. A state that is not named here is stable.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct States {
    /// The member of descriptions that holds the state.
    pub(crate) member: String,
    /// States that another one follows without a call.
    #[serde(default)]
    pub(crate) passing: Vec<String>,
    /// States of an object that failed to become stable.
    #[serde(default)]
    pub(crate) failed: Vec<String>,
    /// States of an object that is being deleted: its deletion is not called again.
    #[serde(default)]
    pub(crate) deleting: Vec<String>,
    /// States of an object that is described although it is deleted.
    #[serde(default)]
    pub(crate) gone: Vec<String>,
    /// States in which the service neither changes nor deletes an object.
    #[serde(default)]
    pub(crate) blocked: Vec<Blocked>,
    /// The page that says so.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
}

/// A state that forbids to change and to delete an object.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Blocked {
    /// The state.
    pub(crate) state: String,
    /// The step that the user has to take, as the message of the error says it: `stop it with …`.
    pub(crate) remedy: String,
}

/// The fact that objects of a type have no tags. One of them is known again by its name and its
/// configuration, and by the proof that the name was free before.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Untagged {
    /// The page that says so.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
}

impl IdentifierProperty {
    /// The properties that name an object, in the order of the registry.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.property.iter().chain(&self.properties)
    }

    /// The members of inputs that name an object.
    pub(crate) fn members(&self) -> Vec<&str> {
        if let Some(form) = &self.arn {
            let names = form.split('/').filter_map(|step| braced(step));
            return names.collect();
        }
        if let Some(member) = &self.member {
            return vec![member];
        }
        self.names().map(String::as_str).collect()
    }

    /// The properties of the template that name an object; empty if the service chooses the name.
    pub(crate) fn declared(&self) -> Vec<&str> {
        let elsewhere = self.listing.is_some() || self.lookup.is_some();
        if elsewhere { Vec::new() } else { self.members() }
    }

    /// The property that takes a name that the template may choose.
    pub(crate) fn chosen(&self) -> Option<&str> {
        let name = self.lookup.as_ref().map(|lookup| &lookup.property);
        name.or(self.property.as_ref()).map(String::as_str)
    }

    /// The reason why the entry says no one thing.
    pub(super) fn problem(&self) -> Option<&'static str> {
        let one = self.property.is_some();
        if one != self.properties.is_empty() {
            return Some("`identifier` has either `property` or `properties`");
        }
        let of_one = [self.arn.is_some(), self.member.is_some(), self.listing.is_some()];
        if !one && of_one.contains(&true) {
            return Some("`arn`, `member` and `listing` are of the one `property`");
        }
        if self.member.is_some() && self.listing.is_none() {
            return Some("`member` is of a name that the service chooses: say the `listing`");
        }
        if self.lookup.is_some() && (!one || of_one.contains(&true)) {
            return Some("`lookup` is of the one `property`, without `arn`, `member` or `listing`");
        }
        if self.naming.is_some() && (!one || self.arn.is_some() || self.listing.is_some()) {
            return Some("`naming` is of the one `property` that the template may choose");
        }
        (self.arn.is_some() && self.listing.is_some())
            .then_some("an `arn` has names that the template chooses, and needs no `listing`")
    }
}

/// The name in braces.
pub(crate) fn braced(step: &str) -> Option<&str> {
    step.strip_prefix('{')?.strip_suffix('}')
}
