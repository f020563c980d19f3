//! The report: how far the templates get, and each verdict that differs from the recorded one.

use std::fmt::Write as _;

use super::compare::{Verdicts, differences};
use super::corpus::Template;
use super::verdict::{Stage, Verdict};

/// The report, and the number of regressions in it.
pub(crate) struct Report {
    pub(crate) text: String,
    pub(crate) regressions: usize,
}

pub(crate) fn report(templates: &[Template], recorded: &Verdicts, today: &Verdicts) -> Report {
    let mut text = String::new();
    let found = differences(recorded, today);
    for one in &found {
        let mark = if one.is_regression() { "REGRESSION" } else { "changed" };
        let (before, now) = (shown(one.recorded), shown(one.today));
        _ = writeln!(text, "{mark}: {}\n  - {before}\n  + {now}", one.template);
    }
    let regressions = found.iter().filter(|one| one.is_regression()).count();
    let all: Vec<Stage> = today.values().map(Verdict::stage).collect();
    let sound = templates.iter().filter(|template| template.lint_ok);
    let sound: Vec<Stage> =
        sound.filter_map(|template| today.get(&template.name)).map(Verdict::stage).collect();
    _ = writeln!(text, "all: {}", summary(&all));
    _ = writeln!(text, "accepted by cfn-lint: {}", summary(&sound));
    let changed = found.len() - regressions;
    _ = write!(text, "against the recorded verdicts: {changed} changed, {regressions} regressions");
    Report { text, regressions }
}

fn summary(stages: &[Stage]) -> String {
    let count = |stage| stages.iter().filter(|one| **one == stage).count();
    let (complete, planned) = (count(Stage::Complete), count(Stage::Planned));
    format!(
        "{} templates, {} planned ({complete} to the end, {planned} not), {} refused, {} broken",
        stages.len(),
        complete + planned,
        count(Stage::Refused),
        count(Stage::Broken),
    )
}

fn shown(verdict: Option<&Verdict>) -> String {
    let text = verdict.map(serde_json::to_string);
    text.and_then(Result::ok).unwrap_or_else(|| "none".to_owned())
}
