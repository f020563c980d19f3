//! The marks by which rstack knows what it made, in one place for all drivers: tags, and the IDs of
//! what has no identity of its own.
//!
//! Tags are written at creation, never shown as properties, and a template may not declare them.

use rstack_driver::{CreateRequest, DriverError, ErrorKind, Object};
use rstack_model::{Digest, KnownMap, PhysicalId};

/// The tag that holds the journaled token of the operation that created an object.
pub(crate) const OPERATION: &str = "rstack:operation";

/// The tag that holds which resource of which stack an object was made for, where that matters
/// after its deletion.
pub(crate) const RESOURCE: &str = "rstack:resource";

/// The tag that says that an object was not made but restored: what it held before is not ours to
/// delete for good.
pub(crate) const RESTORED: &str = "rstack:restored";

/// The tag that says which code a function of Lambda has, as a digest of what was declared.
pub(crate) const CODE: &str = "rstack:code";

/// The prefix of all of them.
pub(crate) const PREFIX: &str = "rstack:";

/// The longest value of a tag, in characters.
const LONGEST: usize = 256;

/// True if a tag is rstack's own.
pub(crate) fn is_own(key: &str) -> bool {
    key.starts_with(PREFIX)
}

/// True if a tag is not the template's: AWS sets the one kind, rstack the other.
pub(crate) fn is_hidden(key: &str) -> bool {
    key.starts_with("aws:") || is_own(key)
}

/// The value of [`RESOURCE`]: `stack/LogicalId`, the latter as its digest where both together are
/// too long.
pub(crate) fn resource_of(request: &CreateRequest) -> String {
    let whole = format!("{}/{}", request.stack, request.address);
    if whole.chars().count() <= LONGEST {
        return whole;
    }
    format!("{}/{}", request.stack, Digest::of(request.address.as_str().as_bytes()))
}

/// The error of a caller who may not tag, for an object that is known again by a tag alone: it is not made
/// without. `action` is the permission.
pub(crate) fn needs_tag(error: DriverError, noun: &str, action: &str) -> DriverError {
    if !forbids_tags(&error) {
        return error;
    }
    let message =
        format!("{}; rstack knows a {noun} again by a tag: allow `{action}`", error.message);
    DriverError { message, ..error }
}

/// True if a creation was refused for its tags alone: the caller may create, and may not tag.
pub(crate) fn forbids_tags(error: &DriverError) -> bool {
    match &error.kind {
        ErrorKind::AccessDenied { action: Some(action) } => {
            // SQS writes actions in lower case.
            let action = action.to_ascii_lowercase();
            let name = action.split(':').nth(1);
            name.is_some_and(|name| {
                ["tag", "addtags", "createtags"].iter().any(|verb| name.starts_with(verb))
            })
        }
        ErrorKind::AccessDenied { action: None }
        | ErrorKind::NotFound
        | ErrorKind::AlreadyExists
        | ErrorKind::Throttled
        | ErrorKind::DependencyNotReady
        | ErrorKind::Credentials
        | ErrorKind::Invalid { .. }
        | ErrorKind::Conflict
        | ErrorKind::Transient
        | ErrorKind::Handler(_)
        | ErrorKind::Unreachable
        | ErrorKind::UnknownOutcome
        | ErrorKind::Unsupported => false,
    }
}

/// The physical ID of an object that the service has no identity for: `Stack-LogicalId-ABCDEF123456`,
/// its end taken from the journaled token. Looking for the object of an open create gives the same.
pub(crate) fn made_up_id(request: &CreateRequest) -> PhysicalId {
    let token = request.token.as_str().chars().filter(char::is_ascii_alphanumeric);
    let end: String = token.take(12).map(|c| c.to_ascii_uppercase()).collect();
    PhysicalId::new(format!("{}-{}-{end}", request.stack, request.address))
}

/// An object that the service has no identity for: `Id` is its physical ID.
pub(crate) fn made_up_object(physical_id: PhysicalId, properties: KnownMap) -> Object {
    let attributes = KnownMap::from([("Id".to_owned(), physical_id.as_str().into())]);
    Object::named(physical_id, properties, attributes)
}

#[cfg(test)]
mod tests {
    use rstack_model::{KnownMap, StackName};

    use super::*;

    #[test]
    fn only_a_refusal_that_names_the_tagging_is_about_tags() {
        let denied = |action: Option<&str>| {
            let action = action.map(str::to_owned);
            DriverError::new(ErrorKind::AccessDenied { action }, "iam:CreateRole", "no")
        };
        assert!(forbids_tags(&denied(Some("iam:TagRole"))));
        assert!(forbids_tags(&denied(Some("mediapackage:TagResource"))));
        assert!(forbids_tags(&denied(Some("ssm:AddTagsToResource"))));
        assert!(forbids_tags(&denied(Some("sqs:tagqueue"))));
        assert!(forbids_tags(&denied(Some("ec2:CreateTags"))));
        assert!(!forbids_tags(&denied(Some("iam:CreateRole"))));
        assert!(!forbids_tags(&denied(None)));
    }

    #[test]
    fn the_mark_of_a_resource_fits_into_a_tag() {
        let request = |stack: &str, address: &str| CreateRequest {
            stack: StackName::parse(stack).unwrap(),
            address: address.into(),
            token: "T".into(),
            properties: KnownMap::new(),
            absence_proven: false,
            begun: None,
        };
        assert_eq!(resource_of(&request("Live", "Secret")), "Live/Secret");
        let long = "L".repeat(255);
        let one = resource_of(&request(&"s".repeat(120), &long));
        assert!(one.len() <= LONGEST);
        assert_ne!(one, resource_of(&request(&"s".repeat(120), &long.replacen('L', "M", 1))));
    }
}
