//! The parts of a template that are in a stack with the values given, and those that are not.

use std::collections::BTreeSet;

use crate::{LogicalId, Span};

/// The parts of one template, by their places in its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// The resources whose condition holds, or may hold.
    pub resources: BTreeSet<LogicalId>,
    /// The places that are not in the stack, in the order of the source: resources and outputs whose
    /// condition does not hold, and branches of `Fn::If` that are not taken.
    pub absent: Vec<Span>,
    /// The places of the properties, from the key to the end of the value, in the order of the source.
    pub properties: Vec<Span>,
}

impl Presence {
    /// The part that is not in the stack and that a place is in.
    pub fn absent_at(&self, at: usize) -> Option<Span> {
        self.absent.iter().find(|part| part.start <= at && at < part.end).copied()
    }

    /// The innermost property that a place is in.
    pub fn property_at(&self, at: usize) -> Option<Span> {
        let before = self.properties.partition_point(|property| property.start <= at);
        self.properties.iter().take(before).rev().find(|property| at < property.end).copied()
    }
}
