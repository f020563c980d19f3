//! The types that AWS Cloud Control can serve, by their provider's handlers.

use crate::type_schema::{Handler, TypeSchema};

/// The reason for which Cloud Control cannot serve a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unserved {
    /// The registry has no provider: CloudFormation itself makes the objects.
    NoHandlers,
    /// It stands for another template, whose resources belong into the graph of the stack.
    Template,
    /// The provider lacks a handler without which no object of the type can be managed.
    Lacks(Handler),
}

/// The handlers without which an object cannot be managed, in the order in which a missing one is
/// named.
const NEEDED: [Handler; 3] = [Handler::Create, Handler::Read, Handler::Delete];

impl TypeSchema {
    /// The reason for which Cloud Control cannot serve the type; `None` if it can: its provider
    /// creates, reads and deletes.
    ///
    /// Source: "Resource types that support Cloud Control API", AWS Cloud Control API User Guide.
    pub fn unserved_by_cloud_control(&self) -> Option<Unserved> {
        if self.name() == "AWS::CloudFormation::Stack" {
            return Some(Unserved::Template);
        }
        let lacks = |handler: &Handler| !self.has_handler(*handler);
        if NEEDED.iter().all(lacks) {
            return Some(Unserved::NoHandlers);
        }
        NEEDED.into_iter().find(lacks).map(Unserved::Lacks)
    }
}
