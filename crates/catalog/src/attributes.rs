//! Attributes: the return values of `Fn::GetAtt`.
//!
//! An attribute is a property that only the service sets, or something inside of one. For some
//! types `Fn::GetAtt` also returns properties that templates declare; the registry does not say
//! which, AWS's service specification does, and cfn-lint for others.

use rstack_model::PropertyPath;

use crate::property_attributes::is_attribute;
use crate::type_schema::TypeSchema;

/// True if a dotted name is this one or lies under it.
fn lies_under(name: &str, upper: &str) -> bool {
    name.strip_prefix(upper).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl TypeSchema {
    /// True if `Fn::GetAtt` takes this dotted name. Types whose outputs depend on what they run
    /// take `Outputs.` and any name.
    pub fn has_attribute(&self, name: &str) -> bool {
        let runs_a_template = matches!(
            self.name(),
            "AWS::CloudFormation::Stack" | "AWS::ServiceCatalog::CloudFormationProvisionedProduct"
        );
        if runs_a_template && name.starts_with("Outputs.") {
            return true;
        }
        let path = name.split('.').fold(PropertyPath::root(), |path, part| path.name(part));
        let mut declared = self.declared_attributes.iter();
        let given = self.is_read_only(&path) || declared.any(|upper| lies_under(name, upper));
        (given || self.returns_property(&path)) && self.node(&path).is_some()
    }

    /// True if `Fn::GetAtt` returns what is at this path of a property, though no source of the type lists it.
    fn returns_property(&self, path: &PropertyPath) -> bool {
        path.top().is_some_and(|top| is_attribute(self.name(), top)) && !self.is_write_only(path)
    }

    /// The top-level properties that `Fn::GetAtt` returns beside [`Self::attributes`].
    pub fn property_attributes(&self) -> impl Iterator<Item = &str> {
        let names = self.root().properties().map(|(name, _)| name);
        names.filter(|name| {
            let path = PropertyPath::root().name(*name);
            !self.is_read_only(&path)
                && !self.declared_attributes.iter().any(|known| known == name)
                && self.returns_property(&path)
        })
    }

    /// The attributes that are properties which templates may declare.
    pub fn declared_attributes(&self) -> &[String] {
        &self.declared_attributes
    }

    /// The names that `Fn::GetAtt` takes, sorted.
    pub fn attributes(&self) -> Vec<String> {
        let declared = self.declared_attributes.iter().cloned();
        let named = self.read_only().iter().filter(|path| path.concrete().is_some());
        let mut names: Vec<String> = named.map(ToString::to_string).chain(declared).collect();
        names.sort();
        names.dedup();
        names
    }

    /// True if the return value of `Fn::GetAtt` for this name is a secret or holds one.
    pub fn is_secret_attribute(&self, name: &str) -> bool {
        let mut secret = self.secret_attributes.iter();
        secret.any(|secret| lies_under(name, secret) || lies_under(secret, name))
    }
}
