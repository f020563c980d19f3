//! Events, plans and diagnostics as terminal text, JSON and graph formats.
//!
//! Pure functions from the model's data to text: nothing here prints, reads a clock or looks at a
//! terminal. The caller says how wide the text is and whether it is coloured ([`View`]), and how
//! much time has passed. Text that comes from a template or a cloud is never trusted: what could
//! act on a terminal or a workflow runner is shown escaped, in text and in JSON alike ([`Foreign`]).

mod built_in;
mod diagnostics;
mod digests;
mod docs;
mod duration;
mod escape;
mod events;
mod graph;
mod json;
mod line;
mod markdown;
mod object_names;
mod outputs;
mod parameters;
mod plan_json;
mod plan_text;
mod removals;
mod saved_plan_metadata;
mod show;
mod size;
mod state_json;
mod style;
mod summary;
mod table;
mod terms;
mod text_diff;
mod tree;
mod value;
mod words;

pub use diagnostics::{RuleText, SarifLog, Source, report, report_json, report_short, tally};
pub use docs::{
    Served, TypeDocs, attribute_json, attribute_text, first_sentence, property_json, property_text,
    type_json, type_text,
};
pub use duration::duration;
pub use escape::{Foreign, escape, json_text, log_text, terminal_text, would_act};
pub use events::{EventLog, Progress, event_json, stack_event_json};
pub use graph::Graph;
pub use json::FORMAT;
pub use markdown::markdown;
pub use outputs::{output_value, outputs_json, outputs_text};
pub use plan_json::plan_json;
pub use plan_text::plan_text;
pub use saved_plan_metadata::SavedPlanMetadata;
pub use show::{resource_text, resources_text, state_text};
pub use state_json::{resources_json, state_json};
pub use style::{Detail, Palette, View};
pub use summary::{Summary, summary_line, total_line};
pub use terms::terms;
pub use text_diff::text_diff;

#[cfg(test)]
mod fixtures;
