//! One driver for resource types that are one API object each: their files in `data` say the rest.
//!
//! Such a type has an operation each to create, describe, update and delete it, and an object is
//! named by properties that the template chooses, or by one that the service chooses. Everything
//! else is mapping by name. Tags are given at creation and changed by operations of their own;
//! descriptions hold them, or another operation does. An object is known again by the token in its
//! tags; one without tags by its name, which was proven to be free before, and its configuration.

mod attributes;
mod changes;
mod creating;
mod describing;
mod driver;
mod identity;
mod inputs;
mod listing;
mod object;
mod residual;
mod roles;
mod states;
mod tags;
#[cfg(test)]
mod tests;

pub(crate) use driver::RestDriver;
