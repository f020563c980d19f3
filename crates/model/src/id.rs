//! Identifiers: one newtype per namespace, so that a logical ID is never taken for a physical one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A text that is not allowed as an identifier of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid {kind}: {rule}")]
pub struct InvalidId {
    /// The kind of identifier that the text was meant to be, such as `stack name`.
    pub kind: &'static str,
    /// The refused text.
    pub text: String,
    /// The rule it breaks.
    pub rule: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text of the identifier.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

text_id! {
    /// The name of a resource in its template (a key under `Resources`).
    LogicalId
}
text_id! {
    /// The address of a resource within a stack: the logical IDs that lead to it, joined by `/`.
    /// `Bucket` is a resource of the stack's own template, `Site/Bucket` one of the nested stack
    /// `Site`.
    Address
}
text_id! {
    /// The return value of `Ref` for an object. It is shown to people and passed to templates; an
    /// [`ObjectKey`](crate::ObjectKey) is what names the object.
    PhysicalId
}
text_id! {
    /// A resource type name such as `AWS::MediaPackage::Channel`.
    ResourceType
}
text_id! {
    /// An AWS Region code such as `eu-west-1`.
    Region
}
text_id! {
    /// A twelve-digit AWS account ID.
    AccountId
}
text_id! {
    /// An AWS partition such as `aws` or `aws-cn`.
    Partition
}
text_id! {
    /// The identity of a line of states: made once, with the first state of a stack.
    Lineage
}
text_id! {
    /// The idempotency token of one operation: a UUIDv4, journaled before the call is made.
    Token
}
text_id! {
    /// Where an operation that goes on in the cloud is polled: a request token, the place of a
    /// response. Only the driver that gave it reads it; it is journaled and never holds a secret.
    Cursor
}
text_id! {
    /// The identity of one holding of a lock: a UUIDv4.
    LockId
}
text_id! {
    /// The name of the final snapshot that a service takes of an object before it deletes it.
    SnapshotName
}

impl Address {
    /// The logical IDs of the path, the outermost first.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// True if the resource lies in this nested stack, or in one that is nested in it.
    pub fn is_in(&self, stack: &Self) -> bool {
        self.0.strip_prefix(stack.as_str()).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The logical ID of the resource in its own template: the last one of the path.
    pub fn logical_id(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

impl From<&LogicalId> for Address {
    fn from(id: &LogicalId) -> Self {
        Self(id.0.clone())
    }
}

impl ResourceType {
    /// The service part: `MediaPackage` of `AWS::MediaPackage::Channel`.
    pub fn service(&self) -> Option<&str> {
        self.0.split("::").nth(1)
    }

    /// True if a handler of the template's own makes the objects of the type: their attributes are
    /// whatever it answers.
    ///
    /// Source: "AWS::CloudFormation::CustomResource", AWS CloudFormation Template Reference.
    pub fn is_custom(&self) -> bool {
        self.0.starts_with("Custom::") || self.0 == "AWS::CloudFormation::CustomResource"
    }
}

impl Partition {
    /// The DNS suffix of the partition's service endpoints (`AWS::URLSuffix`).
    pub fn url_suffix(&self) -> &'static str {
        match self.0.as_str() {
            "aws-cn" => "amazonaws.com.cn",
            "aws-iso" => "c2s.ic.gov",
            "aws-iso-b" => "sc2s.sgov.gov",
            _ => "amazonaws.com",
        }
    }

    /// The partition a Region belongs to, by the Region code's prefix.
    pub fn of_region(region: &Region) -> Self {
        let code = region.as_str();
        let name = if code.starts_with("cn-") {
            "aws-cn"
        } else if code.starts_with("us-gov-") {
            "aws-us-gov"
        } else if code.starts_with("us-isob-") {
            "aws-iso-b"
        } else if code.starts_with("us-iso-") {
            "aws-iso"
        } else {
            "aws"
        };
        Self::new(name)
    }
}

/// The serial of a state: the number of times a state of its lineage has been written.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Serial(pub u64);

impl Serial {
    /// The serial of the state written after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A stack's name, checked before it can touch a path: CloudFormation's own rule, a letter
/// followed by at most 127 letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct StackName(String);

impl StackName {
    /// Checks the text against CloudFormation's rule for stack names.
    ///
    /// # Errors
    /// [`InvalidId`] if the text breaks the rule.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
        let rest = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if first && rest && text.len() <= 128 {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidId {
            kind: "stack name",
            text: text.to_owned(),
            rule: "it must begin with a letter and hold at most 128 letters, digits and hyphens",
        })
    }

    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for StackName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stack_names_that_could_leave_the_state_directory_are_refused() {
        for bad in ["", "../x", "a/b", "1abc", "a b", "a.b", "ä", &"a".repeat(129)] {
            assert!(StackName::parse(bad).is_err(), "{bad:?} was accepted");
        }
        assert_eq!(StackName::parse("Live-1").unwrap().as_str(), "Live-1");
    }
}
