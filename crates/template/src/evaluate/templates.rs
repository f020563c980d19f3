//! The templates of a stack: its own, and those of its nested stacks.

use std::collections::BTreeMap;

use rstack_model::Address;

use super::Evaluation;
use super::expression::Evaluator;
use crate::template::{Output, Resource, Template};

/// The templates of a stack, to look declarations up in by address.
#[derive(Clone, Copy, Debug)]
pub struct Templates<'a> {
    /// The stack's own.
    pub own: &'a Template,
    /// Those of its nested stacks, by the addresses of these.
    pub nested: &'a BTreeMap<Address, Template>,
}

impl<'a> Templates<'a> {
    /// The declaration of a resource.
    pub fn resource(&self, address: &Address) -> Option<&'a Resource> {
        match address.as_str().rsplit_once('/') {
            Some((stack, id)) => self.nested.get(&Address::new(stack))?.resources.get(id),
            None => self.own.resources.get(address.as_str()),
        }
    }

    /// The declaration of an output, by its name behind the address of its nested stack.
    pub fn output(&self, address: &str) -> Option<&'a Output> {
        match address.rsplit_once('/') {
            Some((stack, name)) => self.nested.get(&Address::new(stack))?.outputs.get(name),
            None => self.own.outputs.get(address),
        }
    }
}

impl Evaluator<'_> {
    /// The templates of the stack so far.
    pub(super) fn templates(&self) -> Templates<'_> {
        Templates { own: self.template, nested: &self.templates }
    }
}

impl Evaluation {
    /// The templates of the stack, whose own one is `own`.
    pub fn templates<'a>(&'a self, own: &'a Template) -> Templates<'a> {
        Templates { own, nested: &self.nested }
    }
}
