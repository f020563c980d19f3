//! The tags of rstack's own on a function: which operation made it, and which code it has.

use rstack_driver::DriverError;
use rstack_model::Token;

use crate::iam::{Fields, Tags, add_own, with_token};
use crate::ownership::CODE;

/// The most tags that a template declares beside them.
///
/// Source: Lambda developer guide, Using tags on Lambda functions: 50 tags.
const MOST: usize = 48;

/// There is room for rstack's own tags.
///
/// # Errors
/// If too many tags are declared.
pub(super) fn check_room(fields: Fields<'_>, declared: &Tags) -> Result<(), DriverError> {
    if declared.len() > MOST {
        let count = declared.len();
        let problem = format!("are {count}: rstack needs two of its own, declare {MOST}");
        return Err(fields.invalid("Tags", problem));
    }
    Ok(())
}

/// The tags of a new function: the declared ones, the token of the operation and the digest of the code.
///
/// # Errors
/// As of [`check_room`].
pub(super) fn of_new(
    fields: Fields<'_>,
    declared: &Tags,
    token: &Token,
    code: &str,
) -> Result<Tags, DriverError> {
    check_room(fields, declared)?;
    let mut tags = with_token(fields, declared, token)?;
    add_own(&mut tags, CODE, code);
    Ok(tags)
}
