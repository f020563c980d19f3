//! The rules of security groups: those that a group declares within itself, and those that are
//! resources of their own.

mod direction;
mod held;
pub(super) mod inline;
mod resource;
mod rule;
#[cfg(test)]
mod tests;

pub(super) use direction::Direction;
pub(super) use resource::SecurityGroupRule;
