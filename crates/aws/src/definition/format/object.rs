//! The entries of a type's file about the object itself: its name, and the states it goes through.

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
    /// The listing in which an object is looked for, where the service chooses its name.
    pub(crate) listing: Option<Listing>,
    /// The page that says so.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
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
        if self.listing.is_some() { Vec::new() } else { self.members() }
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
        (self.arn.is_some() && self.listing.is_some())
            .then_some("an `arn` has names that the template chooses, and needs no `listing`")
    }
}

/// The name in braces.
pub(crate) fn braced(step: &str) -> Option<&str> {
    step.strip_prefix('{')?.strip_suffix('}')
}
