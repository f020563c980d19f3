//! Samples of everything that the program writes, by the schema that each must fit.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{runs, variants};

/// Samples by the name of their schema.
#[derive(Default)]
pub(super) struct Samples(BTreeMap<&'static str, Vec<Value>>);

impl Samples {
    /// The files and output of several runs, and the rarer variants of the types.
    pub(super) fn collect() -> Self {
        let mut samples = Self::default();
        runs::add(&mut samples);
        variants::add(&mut samples);
        samples
    }

    pub(super) fn of(&self, name: &str) -> &[Value] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn value(&mut self, name: &'static str, value: Value) {
        self.0.entry(name).or_default().push(value);
    }

    /// Adds a document.
    pub(super) fn text(&mut self, name: &'static str, text: &str) {
        let value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        self.value(name, value);
    }

    /// Adds a document for each line.
    pub(super) fn lines(&mut self, name: &'static str, text: &str) {
        text.lines().for_each(|line| self.text(name, line));
    }
}
