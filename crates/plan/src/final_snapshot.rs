//! The names of final snapshots.

use rstack_model::plan::Operation;
use rstack_model::state::ResourceState;
use rstack_model::{Address, Digest, SnapshotName, StackName};

/// The longest part of a name that the stack or the resource has.
const PART: usize = 24;
/// The number of digits of the digest at the end of a name.
const DIGITS: usize = 12;

/// The name of the final snapshot of an object: `stack-logicalid-0123456789ab`.
///
/// It follows from the stack, the resource and the token with which the object was made, so that every
/// plan for the object has the same one, and an object that is made later under the same identifier
/// has another. It is legal for every service: lower case letters, digits and single hyphens, a letter
/// first, no hyphen last, at most 63 characters.
///
/// Sources: `FinalDBSnapshotIdentifier` of `DeleteDBInstance`, Amazon RDS API Reference (255
/// characters); `CreateDBClusterSnapshot`, Amazon RDS and DocumentDB API References (63);
/// `FinalClusterSnapshotIdentifier` of `DeleteCluster`, Amazon Redshift API Reference (255, lower case).
fn name(stack: &StackName, address: &Address, object: &ResourceState) -> SnapshotName {
    let token = object.token.as_ref().map_or("", |token| token.as_str());
    let of = format!("{stack}\n{address}\n{}\n{token}", object.key());
    let digest = Digest::of(of.as_bytes());
    let digits: String = digest.as_str().chars().take(DIGITS).collect();
    let parts = [part(stack.as_str()), part(address.as_str()), digits];
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    SnapshotName::new(parts.collect::<Vec<_>>().join("-"))
}

/// The letters and digits of a text in lower case, with single hyphens in place of all others between.
fn part(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if character.is_ascii_alphanumeric() {
            out.push(character.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        if out.len() == PART {
            break;
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// The operation that deletes an object, with a final snapshot or without.
pub(crate) fn deletion(
    stack: &StackName,
    address: &Address,
    object: &ResourceState,
    with_snapshot: bool,
) -> Operation {
    let snapshot = with_snapshot.then(|| name(stack, address, object));
    let object = Box::new(object.clone());
    match snapshot {
        Some(snapshot) => Operation::DeleteWithSnapshot { object, snapshot },
        None => Operation::Delete(object),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_made_legal_and_short() {
        assert_eq!(part("Live-Db"), "live-db");
        assert_eq!(part("Site/Database"), "site-database");
        assert_eq!(part("a--b__c-"), "a-b-c");
        assert_eq!(part(&"Long".repeat(20)).len(), PART);
        assert_eq!(part("--"), "");
        // Cut behind a hyphen, it does not end in one.
        assert_eq!(part(&format!("{}-b", "a".repeat(PART - 1))), "a".repeat(PART - 1));
    }
}
