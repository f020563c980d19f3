//! The names of objects: the one rule of uniqueness, for the planner and the sandbox.
//!
//! A name is unique within its scope, which the rest of the identifier says: a stage within its REST
//! API, a rule within its event bus. The names of each type are computed when the catalog is built
//! (`xtask/src/catalog/names.rs` says how), with the overlays' corrections.
//!
//! Some objects have no name, and a service takes no second one with the same content nevertheless: a
//! route with the same destination in a route table, a rule of a security group. The overlays list them.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use rstack_model::PropertyPath;
use serde::Deserialize;

use crate::path::SchemaPath;
use crate::type_schema::TypeSchema;

/// Properties of which no two objects of a type may have the same values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UniqueName {
    name: Vec<SchemaPath>,
    #[serde(default)]
    scope: Vec<SchemaPath>,
    /// True if names that differ in case alone are the same for the service.
    #[serde(default)]
    ignore_case: bool,
    /// True if it is no name, but content of which a service takes one object alone.
    #[serde(skip)]
    is_content: bool,
}

/// The value of one property of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamePart {
    /// The property is not declared.
    Absent,
    /// The value is known only after apply.
    Unknown,
    /// The value, as text.
    Known(String),
}

/// The name of an object, with the scope that it is unique in. Two are equal if the service takes them
/// for one.
#[derive(Clone, Debug)]
pub struct ObjectName {
    key: NameKey,
    /// The name as it is declared.
    declared: Vec<String>,
    is_content: bool,
}

/// The parts by which the service tells names apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct NameKey {
    properties: Vec<PropertyPath>,
    name: Vec<String>,
    scope: Vec<(PropertyPath, Option<String>)>,
}

impl UniqueName {
    /// The name that these properties make in this scope.
    pub fn new(name: Vec<SchemaPath>, scope: Vec<SchemaPath>) -> Self {
        Self { name, scope, ignore_case: false, is_content: false }
    }

    /// The same name where case does not tell names apart.
    #[must_use]
    pub fn ignoring_case(self) -> Self {
        Self { ignore_case: true, ..self }
    }

    /// The same properties as content that is no name.
    #[must_use]
    pub fn as_content(self) -> Self {
        Self { is_content: true, ..self }
    }

    /// True if names that differ in case alone are the same for the service.
    pub fn ignores_case(&self) -> bool {
        self.ignore_case
    }

    /// The properties that make the name.
    pub fn name(&self) -> &[SchemaPath] {
        &self.name
    }

    /// The properties that say what the name is unique in.
    pub fn scope(&self) -> &[SchemaPath] {
        &self.scope
    }

    /// The name that these values give; `None` if a part is unknown or no name is declared. A scope
    /// that is not declared is the service's default, which is one scope.
    pub fn of(&self, part: impl Fn(&PropertyPath) -> NamePart) -> Option<ObjectName> {
        let known = |path: &SchemaPath| {
            let path = path.concrete()?;
            match part(&path) {
                NamePart::Known(text) => Some((path, Some(text))),
                NamePart::Absent => Some((path, None)),
                NamePart::Unknown => None,
            }
        };
        let scope = self.scope.iter().map(known).collect::<Option<Vec<_>>>()?;
        let named = self.name.iter().map(known).collect::<Option<Vec<_>>>()?;
        let properties = named.iter().map(|(path, _)| path.clone()).collect();
        let declared = named.into_iter().map(|(_, text)| text).collect::<Option<Vec<_>>>()?;
        let name = match self.ignore_case {
            true => declared.iter().map(|text| text.to_lowercase()).collect(),
            false => declared.clone(),
        };
        if name.is_empty() {
            return None;
        }
        let key = NameKey { properties, name, scope };
        Some(ObjectName { key, declared, is_content: self.is_content })
    }
}

impl ObjectName {
    /// The properties that name the object, in words: `` `Name` ``.
    pub fn properties(&self) -> String {
        let texts: Vec<String> =
            self.key.properties.iter().map(|path| format!("`{path}`")).collect();
        texts.join(" and ")
    }

    /// True if it is no name, but content of which a service takes one object alone.
    pub fn is_content(&self) -> bool {
        self.is_content
    }

    /// The name without its scope.
    pub fn text(&self) -> String {
        self.declared.join("/")
    }

    /// A text that is the same for names that the service takes for one.
    pub fn identity(&self) -> String {
        let own = Self { declared: self.key.name.clone(), is_content: false, ..self.clone() };
        own.to_string()
    }
}

impl PartialEq for ObjectName {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for ObjectName {}

impl PartialOrd for ObjectName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ObjectName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

/// `name `Prod` (`StageName`, with `RestApiId` `abc`)`, as messages about names in use write it. Content is
/// shown by its properties alone, as its values may be secrets: `` `Endpoint`, with the same `TopicArn` ``.
impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_content {
            f.write_str(&self.properties())?;
            let scope = self.key.scope.iter().filter(|(_, value)| value.is_some());
            let scope: Vec<String> = scope.map(|(path, _)| format!("`{path}`")).collect();
            return match scope.as_slice() {
                [] => Ok(()),
                some => write!(f, ", with the same {}", some.join(", ")),
            };
        }
        write!(f, "name `{}` ({}", self.text(), self.properties())?;
        for (path, value) in &self.key.scope {
            match value {
                Some(value) => write!(f, ", with `{path}` `{value}`")?,
                None => write!(f, ", without `{path}`")?,
            }
        }
        f.write_str(")")
    }
}

/// Properties that IAM writes into the ARN by which it identifies the object. Source: IAM User Guide, "IAM
/// identifiers": an ARN has the path; and "Create an OpenID Connect identity provider": it has the URL.
const IN_ARN: [(&str, &str); 7] = [
    ("AWS::EC2::EIP", "Address"),
    ("AWS::EC2::EIP", "TransferAddress"),
    ("AWS::IAM::ManagedPolicy", "Path"),
    ("AWS::IAM::OIDCProvider", "Url"),
    ("AWS::IAM::VirtualMFADevice", "Path"),
    ("AWS::Lambda::Version", "FunctionName"),
    ("AWS::SNS::Subscription", "TopicArn"),
];

impl TypeSchema {
    /// The names that no two objects of the type may share: the service refuses the second one.
    pub fn unique_names(&self) -> &[UniqueName] {
        &self.names
    }

    /// The properties that templates declare and that identify an object, alone or with others: the
    /// parts of its identifiers, also of those that the service makes, of what `Ref` returns, and of
    /// its names. Whatever they hold is in plans, states and logs.
    pub fn identifying(&self) -> BTreeSet<PropertyPath> {
        let identifiers = self.additional_identifiers().iter().flatten();
        let names = self.unique_names().iter().chain(self.likely_names());
        let names = names.flat_map(|name| name.name().iter().chain(name.scope()));
        let own = self.primary_identifier().iter().chain(self.ref_identifier());
        let paths = own.chain(identifiers).chain(names).filter_map(SchemaPath::concrete);
        let in_arn = IN_ARN.iter().filter(|(name, _)| *name == self.name());
        let in_arn = in_arn.map(|(_, property)| PropertyPath::root().name(*property));
        paths.chain(in_arn).filter(|path| !self.is_read_only(path)).collect()
    }

    /// The content that no two objects of the type may share, although it is no name of them.
    pub fn unique_contents(&self) -> &[UniqueName] {
        &self.unique_contents
    }

    /// The names that no two objects of the type are likely to share: the type has a name that is
    /// fixed at creation, and nothing says whether the service accepts it twice.
    pub fn likely_names(&self) -> &[UniqueName] {
        &self.likely_names
    }
}
