//! The form of the files in `data`: `service.yaml` of a service, and one file a resource type.
//!
//! The crate, its build script and `xtask` read the files through these types. Every fact that
//! another person must be able to verify stands in an entry with its `source`. Sources are for
//! readers of the files and not part of the program.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

// The build script reads this file from another place.
#[path = "format/calls.rs"]
mod calls;
#[path = "format/object.rs"]
mod object;

pub(crate) use calls::*;
pub(crate) use object::*;

/// A service: `data/SERVICE/service.yaml`. The folder has the prefix of the service's IAM actions
/// as its name.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ServiceFile {
    /// The service's full name, a heading of the pages that list types.
    pub(crate) title: String,
    /// The protocol that requests and answers are written in, one of those that the service speaks.
    pub(crate) protocol: WireProtocol,
    /// The origin of the model and the endpoint rules.
    pub(crate) model: ModelSource,
    /// The rate at which calls begin, where the service needs one.
    pub(crate) rate: Option<Rate>,
    /// Resource types that have a driver in Rust.
    #[serde(default)]
    pub(crate) drivers: Vec<String>,
    /// Operations that Rust code calls. Those that the files of types name need not be repeated.
    #[serde(default)]
    pub(crate) operations: Vec<String>,
    /// Shapes whose mark as sensitive is changed.
    #[serde(default)]
    pub(crate) sensitivity: Vec<Sensitivity>,
    /// Shapes whose bytes are no text.
    #[serde(default)]
    pub(crate) binary: Vec<Binary>,
    /// The meaning of error codes that is the service's own.
    #[serde(default)]
    pub(crate) errors: Vec<ErrorCodes>,
    /// Operations with longer answers than others, or shorter ones.
    #[serde(default)]
    pub(crate) answers: Vec<AnswerSize>,
    /// Operations that read several objects in one call.
    #[serde(default)]
    pub(crate) batches: Vec<BatchRead>,
    /// The operations that change tags, where all types of the service share them.
    pub(crate) tags: Option<TagOperations>,
    /// Lines for the page on permissions, below the table of the service's types.
    pub(crate) permissions_note: Option<String>,
}

/// The wire form of requests and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WireProtocol {
    /// JSON bodies, resources as paths.
    RestJson,
    /// XML bodies, resources as paths.
    RestXml,
    /// Form bodies, XML answers.
    Query,
    /// Form bodies and XML answers in EC2's own way: lists without an element around them in
    /// requests, no element around the output in answers.
    Ec2,
    /// JSON bodies, the operation in a header; version 1.0 or 1.1, as the model says.
    Json,
}

/// A place in the package botocore.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ModelSource {
    /// The folder below `botocore/data`.
    pub(crate) botocore: String,
    /// The version of the API, such as `2017-10-12`.
    pub(crate) version: String,
}

/// The rate at which calls of a service begin. It is halved while the service throttles.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Rate {
    /// The calls in a second, at first and at most.
    pub(crate) per_second: u32,
    /// The origin of the number.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
}

/// An operation that reads the objects whose IDs its input lists.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BatchRead {
    /// The operation.
    pub(crate) operation: String,
    /// The member of the input that takes the IDs.
    pub(crate) ids: String,
    /// The member of the answer that lists the objects.
    pub(crate) items: String,
    /// The member of an object that holds its ID.
    pub(crate) id: String,
    /// The most IDs in one call.
    pub(crate) most: usize,
    /// The origin of the number.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
}

/// Shapes whose text is handled in another way than the model asks for.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Sensitivity {
    /// The shapes.
    pub(crate) shapes: Vec<String>,
    /// True if their text is a secret.
    pub(crate) sensitive: bool,
    /// The reason.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
}

/// Shapes of bytes that are no text, such as archives: their value is the base64 of the bytes.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Binary {
    /// The shapes.
    pub(crate) shapes: Vec<String>,
    /// The reason.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
}

/// Error codes of one meaning.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ErrorCodes {
    /// The codes, without a namespace.
    pub(crate) codes: Vec<String>,
    /// Their meaning.
    pub(crate) meaning: ErrorMeaning,
    /// The page that says so.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
}

/// The meaning of an error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ErrorMeaning {
    /// An object with this identity exists.
    AlreadyExists,
    /// The object is in a state that forbids the call.
    Conflict,
    /// Something that was made a moment ago is not known everywhere yet.
    NotReady,
    /// The object does not exist.
    NotFound,
    /// The service, or what it calls, failed for a reason of its own. A change may have been made.
    Transient,
    /// The call asks for something that the service does not do.
    Invalid,
    /// The one code for everything that the service refuses: an identifier that is taken, a role
    /// that cannot be assumed yet, an object in use, a wrong value.
    Refused,
}

/// The longest answers of operations. Of every other operation it is [`DEFAULT_ANSWER_MEBIBYTES`].
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AnswerSize {
    /// The operations.
    pub(crate) operations: Vec<String>,
    /// The most that is read of an answer's body, in MiB: 1 to [`MOST_ANSWER_MEBIBYTES`].
    pub(crate) max_mebibytes: u8,
    /// The page that says how long an answer may be.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
}

/// The most that is read of an answer's body where no file says otherwise, in MiB: more than any
/// operation in use answers with.
pub(crate) const DEFAULT_ANSWER_MEBIBYTES: u8 = 8;

/// The most that a file may say, in MiB: the tree of an answer takes several times as much memory.
pub(crate) const MOST_ANSWER_MEBIBYTES: u8 = 32;

/// A resource type that one API object stands for: `data/SERVICE/TYPE.yaml`, the name of the type
/// with `-` for `::`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TypeFile {
    /// The type's name, such as `AWS::MediaPackage::Channel`.
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    /// The object's name in a sentence: `origin endpoint`.
    pub(crate) noun: String,
    /// The operations of its life.
    pub(crate) operations: Operations,
    /// The name of an object, and of the ways to say it.
    pub(crate) identifier: IdentifierProperty,
    /// The states of an object, where one is not stable as soon as a call is answered.
    pub(crate) states: Option<States>,
    /// Properties that have an operation of their own.
    #[serde(default)]
    pub(crate) settings: Vec<Settings>,
    /// The rules of the mapping, by shape.
    #[serde(default)]
    pub(crate) mapping: Vec<ShapeMapping>,
    /// The attributes that `Fn::GetAtt` returns.
    #[serde(default)]
    pub(crate) attributes: Vec<Attribute>,
    /// The values that an update must give for properties that are declared no longer.
    #[serde(default)]
    pub(crate) resets: Vec<Reset>,
    /// Properties that an update leaves as they are, while the template declares them neither now
    /// nor before.
    #[serde(default)]
    pub(crate) kept: Vec<Properties>,
    /// Properties that the service shows with values of its own when none are given.
    #[serde(default)]
    pub(crate) defaulted: Vec<Properties>,
    /// Properties that name another object by its ID or its ARN: the service shows one form,
    /// whichever it was given.
    #[serde(default)]
    pub(crate) references: Vec<Properties>,
    /// Properties whose member the model calls sensitive, and that hold no secret in this type.
    #[serde(default)]
    pub(crate) plain: Vec<Properties>,
    /// Properties that no operation of the file carries out: a template that declares one is refused
    /// before anything is planned.
    #[serde(default)]
    pub(crate) unsupported: Vec<Unsupported>,
    /// Members of answers that are dropped at decoding, at every depth.
    #[serde(default)]
    pub(crate) withheld: Vec<Members>,
    /// Tag operations that are not those of the service.
    pub(crate) tags: Option<TagOperations>,
    /// Says that objects have no tags, although others of the service do.
    pub(crate) untagged: Option<Untagged>,
    /// Actions that the caller must be allowed beside the operations.
    #[serde(default)]
    pub(crate) permissions: Vec<Permission>,
}

/// The rules of the mapping between the property tree and one shape of the model. Equal names need
/// no rule.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ShapeMapping {
    /// The shape.
    pub(crate) shape: String,
    /// Properties whose member has another name.
    #[serde(default)]
    pub(crate) renames: BTreeMap<String, String>,
    /// Properties that are never sent.
    #[serde(default)]
    pub(crate) omitted: Vec<String>,
    /// Properties that belong into another member.
    #[serde(default)]
    pub(crate) nested: Vec<Nested>,
    /// Properties that are a list of one element, where the member is the element.
    #[serde(default)]
    pub(crate) singles: Vec<String>,
    /// Members that a request must hold when nothing is declared.
    #[serde(default)]
    pub(crate) fills: Vec<Filled>,
    /// The page that says so.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
}

/// A property that stands deeper in the shape than in the property tree.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Nested {
    /// The property.
    pub(crate) property: String,
    /// The member that it goes into.
    pub(crate) outer: String,
    /// Its name there.
    pub(crate) inner: String,
}

/// A member that is given a value when none is declared.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Filled {
    /// The member.
    pub(crate) member: String,
    /// The value: a text, a whole number, true or false, a list of texts; an empty list or map
    /// stands for the empty value of the member's shape.
    pub(crate) value: Value,
    /// Members beside which it is not filled in.
    #[serde(default)]
    pub(crate) without: Vec<String>,
}

/// An attribute.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Attribute {
    /// Its name.
    pub(crate) name: String,
    /// Its places in the property tree: the first that holds something counts. Steps are apart by
    /// `/`, elements of lists are numbers. Without it, the place has the attribute's name.
    #[serde(default)]
    pub(crate) from: Vec<String>,
    /// Its place in the description, for what no property shows. The step `*` stands for every
    /// element of a list; the attribute is the list of the values there.
    pub(crate) member: Option<String>,
    /// The page that says so.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
}

/// Properties that an update must give when they are declared no longer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Reset {
    /// The values that take them back, by property.
    pub(crate) values: BTreeMap<String, Value>,
    /// Properties beside which they are not given: these decide.
    #[serde(default)]
    pub(crate) without: Vec<String>,
    /// The page that says so.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
}

/// Properties of one kind.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Properties {
    /// The properties.
    pub(crate) properties: Vec<String>,
    /// The page that says so.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
}

/// A property that cannot be carried out.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Unsupported {
    /// The property.
    pub(crate) property: String,
    /// The help that says what to declare instead.
    pub(crate) instead: String,
    /// The page that says so.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
}

/// Members of one kind.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Members {
    /// The members.
    pub(crate) members: Vec<String>,
    /// The page that says so.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
}

/// Actions that the service checks in the caller's name when an object is created or changed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Permission {
    /// The actions, such as `iam:PassRole`.
    pub(crate) actions: Vec<String>,
    /// The case in which they are needed, as the page on permissions says it.
    pub(crate) when: String,
    /// The page that says so.
    #[serde(default, skip_serializing)]
    pub(crate) source: String,
}

impl Attribute {
    /// True if the property of this name is the attribute, and no setting. What is shown at another
    /// place leaves the property of its name what it is.
    pub(crate) fn hides(&self, property: &str) -> bool {
        self.name == property && self.member.is_none()
    }
}

impl ServiceFile {
    /// The first entry that another person cannot verify, or that says what cannot be.
    pub(crate) fn problem(&self) -> Option<String> {
        let wrong = |entry: &&AnswerSize| {
            entry.max_mebibytes == 0 || entry.max_mebibytes > MOST_ANSWER_MEBIBYTES
        };
        if let Some(entry) = self.answers.iter().find(wrong) {
            let (found, most) = (entry.max_mebibytes, MOST_ANSWER_MEBIBYTES);
            return Some(format!("`maxMebibytes` is {found}, not 1 to {most}"));
        }
        let sources = self
            .sensitivity
            .iter()
            .map(|entry| ("sensitivity", &entry.source))
            .chain(self.binary.iter().map(|entry| ("binary", &entry.source)))
            .chain(self.rate.iter().map(|entry| ("rate", &entry.source)))
            .chain(self.answers.iter().map(|entry| ("answers", &entry.source)))
            .chain(self.errors.iter().map(|entry| ("errors", &entry.source)))
            .chain(self.batches.iter().map(|entry| ("batches", &entry.source)))
            .chain(self.tags.iter().map(|entry| ("tags", &entry.source)));
        without_source(sources)
    }

    /// The most that is read of the body of an operation's answer, in MiB.
    pub(crate) fn answer_mebibytes(&self, operation: &str) -> u8 {
        let named = |entry: &&AnswerSize| entry.operations.iter().any(|name| name == operation);
        let entry = self.answers.iter().find(named);
        entry.map_or(DEFAULT_ANSWER_MEBIBYTES, |entry| entry.max_mebibytes)
    }

    /// The one code for everything that the service refuses.
    pub(crate) fn refused_code(&self) -> Option<&str> {
        let entry = self.errors.iter().find(|entry| entry.meaning == ErrorMeaning::Refused)?;
        entry.codes.first().map(String::as_str)
    }
}

impl TypeFile {
    /// The name of the file.
    pub(crate) fn file_name(&self) -> String {
        format!("{}.yaml", self.type_name.replace("::", "-"))
    }

    /// The operations that change the tags of an object; `None` if objects have none.
    pub(crate) fn tags<'a>(&'a self, service: &'a ServiceFile) -> Option<&'a TagOperations> {
        if self.untagged.is_some() {
            return None;
        }
        self.tags.as_ref().or(service.tags.as_ref())
    }

    /// Every operation that the driver of the type calls.
    pub(crate) fn calls(&self, service: &ServiceFile) -> BTreeSet<String> {
        let Operations { create, read, update, delete, .. } = &self.operations;
        let tags = self.tags(service).into_iter().flat_map(TagOperations::operations);
        let settings = self.settings.iter().flat_map(Settings::operations);
        let listing = self.identifier.listing.iter().map(|listing| &listing.operation);
        let lookup = self.identifier.lookup.iter().map(|lookup| &lookup.operation);
        let all = [create, read, delete].into_iter().chain(update).chain(settings).chain(tags);
        all.chain(listing).chain(lookup).cloned().collect()
    }

    /// The first reason not to use the file: a fact without a source, or no way to know an object
    /// again.
    pub(crate) fn problem(&self, service: &ServiceFile) -> Option<String> {
        if let Some(problem) = self.identifier.problem() {
            return Some(problem.to_owned());
        }
        let tagged = self.tags(service).is_some();
        if !tagged && (self.untagged.is_none() || self.identifier.listing.is_some()) {
            let text = "neither it nor the service has `tags`: an interrupted create could not be \
                        found again";
            return Some(text.to_owned());
        }
        let lists = [
            ("kept", &self.kept),
            ("defaulted", &self.defaulted),
            ("references", &self.references),
            ("plain", &self.plain),
        ];
        let sources = [("operations", &self.operations.source)]
            .into_iter()
            .chain([("identifier", &self.identifier.source)])
            .chain(self.states.iter().map(|entry| ("states", &entry.source)))
            .chain(self.untagged.iter().map(|entry| ("untagged", &entry.source)))
            .chain(self.settings.iter().map(|entry| ("settings", &entry.source)))
            .chain(self.mapping.iter().map(|entry| ("mapping", &entry.source)))
            .chain(self.attributes.iter().map(|entry| ("attributes", &entry.source)))
            .chain(self.resets.iter().map(|entry| ("resets", &entry.source)))
            .chain(
                lists
                    .into_iter()
                    .flat_map(|(name, list)| list.iter().map(move |entry| (name, &entry.source))),
            )
            .chain(self.unsupported.iter().map(|entry| ("unsupported", &entry.source)))
            .chain(self.withheld.iter().map(|entry| ("withheld", &entry.source)))
            .chain(self.tags.iter().map(|entry| ("tags", &entry.source)))
            .chain(self.permissions.iter().map(|entry| ("permissions", &entry.source)));
        without_source(sources)
    }
}

fn without_source<'a>(
    mut sources: impl Iterator<Item = (&'static str, &'a String)>,
) -> Option<String> {
    let (entry, _) = sources.find(|(_, source)| source.trim().is_empty())?;
    Some(format!("an entry of `{entry}` has no `source`"))
}
