//! The names of objects: the one rule of uniqueness, for the planner and the sandbox.
//!
//! A name is unique within its scope, which the rest of the identifier says: a stage within its REST
//! API, a rule within its event bus. The names of each type are computed when the catalog is built
//! (`xtask/src/catalog/names.rs` says how), with the overlays' corrections.

use std::collections::BTreeSet;
use std::fmt;

use rstack_model::PropertyPath;
use serde::Deserialize;

use crate::path::SchemaPath;
use crate::type_schema::TypeSchema;

/// Properties of which no two objects of a type may have the same values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct UniqueName {
    name: Vec<SchemaPath>,
    #[serde(default)]
    scope: Vec<SchemaPath>,
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

/// The name of an object, with the scope that it is unique in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectName {
    property: PropertyPath,
    name: Vec<String>,
    scope: Vec<(PropertyPath, Option<String>)>,
}

impl UniqueName {
    /// The name that these properties make in this scope.
    pub fn new(name: Vec<SchemaPath>, scope: Vec<SchemaPath>) -> Self {
        Self { name, scope }
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
        let name = self.name.iter().map(|path| known(path)?.1).collect::<Option<Vec<_>>>()?;
        Some(ObjectName { property: self.name.first()?.concrete()?, name, scope })
    }
}

impl ObjectName {
    /// The property that names the object; the first one of several.
    pub fn property(&self) -> &PropertyPath {
        &self.property
    }

    /// The name without its scope.
    pub fn text(&self) -> String {
        self.name.join("/")
    }
}

/// `name `Prod` (`StageName`, with `RestApiId` `abc`)`, as messages about names in use write it.
impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "name `{}` (`{}`", self.text(), self.property)?;
        for (path, value) in &self.scope {
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

    /// The names that no two objects of the type are likely to share: the type has a name that is
    /// fixed at creation, and nothing says whether the service accepts it twice.
    pub fn likely_names(&self) -> &[UniqueName] {
        &self.likely_names
    }
}
