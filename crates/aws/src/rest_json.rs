//! One driver for resource types that are one API object each: their files in `data` say the rest.
//!
//! Such a type has an operation each to create, describe, update and delete it, and an object is
//! named by one property, which the template chooses. Everything else is mapping by name. Tags are a
//! map on the wire, given at creation and then changed by operations that take the object's ARN;
//! descriptions hold ARN and tags. An object is known again by the token in its tags.

mod changes;
mod driver;
mod inputs;
mod object;
mod residual;
mod roles;
mod tags;
#[cfg(test)]
mod tests;

pub(crate) use driver::RestDriver;
