//! Which creations a driver has sent itself.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::Token;

use super::service::action;

/// The tokens of the creations that were sent. A name that is taken although nothing was sent is
/// somebody else's; after a creation was sent it may be ours.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<BTreeSet<Token>>);

impl Attempts {
    /// Notes that the creation of this token is about to be sent.
    pub(super) fn note(&self, token: &Token) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token.clone());
    }

    /// The error of a creation whose name is taken. Only [`ErrorKind::AlreadyExists`] is worth
    /// looking up.
    pub(super) fn taken(&self, token: &Token, operation: &str, what: &str) -> DriverError {
        let sent = self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(token);
        let (kind, who) = if sent {
            (ErrorKind::AlreadyExists, "; it may be the one this run has asked for")
        } else {
            let who = " and was not made by this run; choose another name, or import it";
            (ErrorKind::Conflict, who)
        };
        DriverError::new(kind, action(operation), format!("{what} exists already{who}"))
    }
}
