//! The kinds of content that rstack's files have, recognized by their bytes.

use std::collections::BTreeMap;
use std::fmt;

/// The beginning of a saved plan's JSON holds this.
const PLAN_MARK: &str = "\"rstack-plan\":";

/// The bytes of a file that a saved plan's mark stands in: a damaged plan is still no template.
pub(crate) const PLAN_BEGIN: u64 = 32;

/// The bytes that the marks of states and journals stand in.
const BEGIN: usize = 4_096;

/// The content of a file, as far as it decides whether the file may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing.
    Empty,
    /// A saved plan.
    SavedPlan,
    /// The state of a stack, or a copy of one.
    State,
    /// The journal of a run.
    Journal,
    /// The file of the sandbox.
    Sandbox,
    /// A template.
    Template,
    /// The outputs of stacks.
    Outputs,
    /// Anything else.
    Other,
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty",
            Self::SavedPlan => "a saved plan",
            Self::State => "a state",
            Self::Journal => "a journal",
            Self::Sandbox => "the file of a sandbox",
            Self::Template => "a template",
            Self::Outputs => "a file of outputs",
            Self::Other => "another file",
        })
    }
}

impl Content {
    /// The content of these bytes. Damaged files count as what they were.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let begin = text.get(..text.floor_char_boundary(BEGIN)).unwrap_or_default();
        let has = |words: &[&str]| words.iter().all(|word| begin.contains(word));
        if text.trim().is_empty() {
            Self::Empty
        } else if is_plan(bytes) {
            Self::SavedPlan
        } else if has(&["\"rstack_sandbox\":"]) {
            Self::Sandbox
        } else if has(&["\"number\":", "\"previous\":", "\"entry\":"]) {
            Self::Journal
        } else if has(&["\"lineage\":", "\"serial\":", "\"checksum\":"]) {
            Self::State
        } else if is_template(&text) {
            Self::Template
        } else if is_outputs(bytes) {
            Self::Outputs
        } else {
            Self::Other
        }
    }
}

/// True if these are the first bytes of a saved plan.
pub(crate) fn is_plan(bytes: &[u8]) -> bool {
    let end = bytes.len().min(usize::try_from(PLAN_BEGIN).unwrap_or(usize::MAX));
    let begin = bytes.get(..end).unwrap_or_default();
    begin.windows(PLAN_MARK.len()).any(|window| window == PLAN_MARK.as_bytes())
}

/// True if this is JSON that has texts by output by stack.
fn is_outputs(bytes: &[u8]) -> bool {
    type Outputs = BTreeMap<String, BTreeMap<String, String>>;
    serde_json::from_slice::<Outputs>(bytes).is_ok_and(|stacks| !stacks.is_empty())
}

/// True if a text has a section that makes it a template, in YAML or JSON, also where it is damaged.
fn is_template(text: &str) -> bool {
    let keys = ["AWSTemplateFormatVersion", "Resources", "Transform"];
    let unquoted = |line: &str| line.trim_start_matches(['"', '\'']).to_owned();
    let yaml = |line: &str| {
        let line = unquoted(line);
        keys.iter().any(|key| {
            let rest = line.strip_prefix(key).map(|rest| rest.trim_start_matches(['"', '\'']));
            rest.is_some_and(|rest| rest.trim_start().starts_with(':'))
        })
    };
    let json = text.trim_start_matches('\u{feff}').trim_start().starts_with('{');
    text.lines().any(yaml) || json && keys.iter().any(|key| text.contains(&format!("\"{key}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_recognized_by_its_beginning() {
        for (text, content) in [
            (" \n", Content::Empty),
            ("{\"rstack-plan\": 2, \"dig", Content::SavedPlan),
            ("Resources:\n  A: {}\n", Content::Template),
            ("\"Resources\" : {}\n", Content::Template),
            ("{\"Description\": \"x\", \"Resources\"", Content::Template),
            ("{Description: x}\nAWSTemplateFormatVersion: '2010-09-09'\n", Content::Template),
            ("key: a\nText: Resources: no\n", Content::Other),
            ("{\"a\": 1}", Content::Other),
            ("{}", Content::Other),
            ("{\"Net\": {\"Vpc\": \"vpc-1\"}, \"App\": {}}", Content::Outputs),
            ("{\"compilerOptions\": {\"strict\": true}}", Content::Other),
            ("{\"rstack_sandbox\":2,\"sha256\":\"\"", Content::Sandbox),
        ] {
            assert_eq!(Content::of(text.as_bytes()), content, "{text}");
        }
        assert_eq!(Content::of(b"\xff\xfe\0"), Content::Other);
    }

    #[test]
    fn states_and_journals_of_every_format_are_known() {
        let formats =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/formats");
        let content = |name: &str| Content::of(&std::fs::read(formats.join(name)).unwrap());
        assert_eq!(content("state-2.json"), Content::State);
        assert_eq!(content("journal-1"), Content::Journal);
        assert_eq!(content("sandbox-2.json"), Content::Sandbox);
        assert_eq!(content("Pools.yaml"), Content::Template);
    }
}
