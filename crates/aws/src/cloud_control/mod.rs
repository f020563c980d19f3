//! The generic driver: AWS Cloud Control API, for every type whose provider creates, reads and
//! deletes, and that has no driver of its own.
//!
//! A request is accepted, goes on in the cloud and is polled by its request token, which is the
//! operation's journaled cursor. A creation is named by a client token that Cloud Control takes for
//! 36 hours: within them it is sent again, and answered with the request that it began; later it is
//! looked for and never sent.
//!
//! *Architecture Invariant:* the model in a progress event, which repeats the properties that were
//! sent, is never read.

mod cursor;
mod defaults;
mod desired;
mod driver;
mod event;
mod find;
mod object;
mod patch;
#[cfg(test)]
mod tests;

pub(crate) use driver::CloudControl;
