//! The key of a verdict: a digest of all that it depends on.

use std::collections::BTreeMap;

use rstack_lint::{RuleFile, version};
use rstack_model::Digest;
use serde::Serialize;

use super::worker::{Asked, Setup};

/// Changes whenever what is remembered does.
const FORMAT: u32 = 4;

#[derive(Serialize)]
struct Key<'a> {
    format: u32,
    validator: &'a str,
    text: &'a Digest,
    parameters: &'a BTreeMap<String, String>,
    region: Option<&'a str>,
    built_in: bool,
    rules: &'a [RuleFile],
}

/// The key of the verdict on a template.
pub(super) fn key(asked: &Asked, setup: &Setup) -> Option<Digest> {
    let key = Key {
        format: FORMAT,
        validator: version(),
        text: &Digest::of(asked.text.as_bytes()),
        parameters: &asked.parameters,
        region: asked.region.as_deref(),
        built_in: setup.built_in,
        rules: &setup.files,
    };
    Digest::of_json(&key).ok()
}
