//! Custom resources that rstack carries out itself, because their handler is known code of the CDK. What does so is
//! recorded in a property of the resource, which no handler gets.

use std::fmt;

use crate::value::{KnownMap, KnownValue, Value, ValueMap};

/// Known code of a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BuiltIn {
    /// The handler of `Custom::S3AutoDeleteObjects`: it empties a bucket that it is deleted with.
    S3AutoDeleteObjects,
    /// The handler of `Custom::VpcRestrictDefaultSG`: it takes the rules of a default security group away.
    VpcRestrictDefaultSg,
}

impl BuiltIn {
    /// The property that says which code is known. No template declares it.
    pub const PROPERTY: &str = "rstack:BuiltIn";

    /// All of them.
    pub const ALL: [Self; 2] = [Self::S3AutoDeleteObjects, Self::VpcRestrictDefaultSg];

    /// The name in [`Self::PROPERTY`].
    pub fn name(self) -> &'static str {
        match self {
            Self::S3AutoDeleteObjects => "aws-cdk/s3-auto-delete-objects",
            Self::VpcRestrictDefaultSg => "aws-cdk/vpc-restrict-default-sg",
        }
    }

    /// The type of the custom resources that the code handles.
    pub fn resource_type(self) -> &'static str {
        match self {
            Self::S3AutoDeleteObjects => "Custom::S3AutoDeleteObjects",
            Self::VpcRestrictDefaultSg => "Custom::VpcRestrictDefaultSG",
        }
    }

    /// The property that names what the resource is about: the bucket, or the security group.
    pub fn subject(self) -> &'static str {
        match self {
            Self::S3AutoDeleteObjects => "BucketName",
            Self::VpcRestrictDefaultSg => "DefaultSecurityGroupId",
        }
    }

    /// The code of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// The code that properties name.
    pub fn of(properties: &ValueMap) -> Option<Self> {
        properties.get(Self::PROPERTY).and_then(Value::as_str).and_then(Self::named)
    }

    /// The code that wholly known properties name.
    pub fn of_known(properties: &KnownMap) -> Option<Self> {
        properties.get(Self::PROPERTY).and_then(KnownValue::as_str).and_then(Self::named)
    }

    /// The effect of a creation with these properties, in words; `None` if it has none.
    pub fn creates(self, properties: &ValueMap) -> Option<String> {
        match self {
            Self::S3AutoDeleteObjects => None,
            Self::VpcRestrictDefaultSg => Some(format!(
                "removes the rules of the default security group {}",
                self.named_subject(properties)
            )),
        }
    }

    /// The effect of a deletion with these properties, in words.
    pub fn deletes(self, properties: &ValueMap) -> String {
        let subject = self.named_subject(properties);
        match self {
            Self::S3AutoDeleteObjects => format!("will delete all objects of the bucket {subject}"),
            Self::VpcRestrictDefaultSg => {
                format!("restores the rules of the default security group {subject}")
            }
        }
    }

    fn named_subject(self, properties: &ValueMap) -> String {
        match properties.get(self.subject()) {
            Some(Value::String(text)) => format!("`{text}`"),
            Some(other) => format!("`{other}`"),
            None => "that it does not name".to_owned(),
        }
    }
}

impl fmt::Display for BuiltIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_recorded_by_name_and_says_what_it_does() {
        for known in BuiltIn::ALL {
            let property = (BuiltIn::PROPERTY.to_owned(), Value::from(known.name()));
            let properties = ValueMap::from([property, (known.subject().to_owned(), "x".into())]);
            assert_eq!(BuiltIn::of(&properties), Some(known));
            assert!(known.deletes(&properties).contains("`x`"), "{known}");
            assert!(known.resource_type().starts_with("Custom::"));
        }
        assert_eq!(BuiltIn::of(&ValueMap::new()), None);
        let other = (BuiltIn::PROPERTY.to_owned(), Value::from("other"));
        assert_eq!(BuiltIn::of(&ValueMap::from([other])), None);
    }
}
