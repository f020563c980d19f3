//! Events as plain lines, for a pipe or a log: nothing is ever drawn over.

use std::collections::BTreeMap;
use std::time::Duration;

use rstack_model::event::{Event, StepLabel};
use rstack_model::plan::StepId;

use super::tracker::Tracker;
use super::words::{
    asking_again, asset_published, asset_sent, assets_started, doing, done, error_lines,
    interrupted, observing, output_failed, role, run_ended, run_started, secret_unchecked,
    snapshot_missing, snapshot_taken, still_settling, stopping,
};
use crate::duration::duration;
use crate::line::Line;
use crate::style::{Palette, Role};

/// A step that waits for one and the same thing is mentioned again after this time, so that a log
/// does not look dead.
const REMINDER: Duration = Duration::from_secs(60);

/// The time between two lines about what was sent of assets.
const UPLOAD_REMINDER: Duration = Duration::from_secs(10);

/// Writes events as lines: `  3/12  created    AWS::MediaPackage::Channel  Channel  …  (1.2 s)`.
#[derive(Clone, Debug)]
pub struct EventLog {
    palette: Palette,
    tracker: Tracker,
    /// The last note of each step, and its time.
    said: BTreeMap<StepId, (String, Duration)>,
    /// The time of the last line about what was sent of an asset.
    sent_at: Duration,
}

impl EventLog {
    /// A log in which nothing happened yet.
    pub fn new(palette: Palette) -> Self {
        let (tracker, said) = (Tracker::default(), BTreeMap::new());
        Self { palette, tracker, said, sent_at: Duration::ZERO }
    }

    /// The text of an event that happened at `now`, counted from the start of the program:
    /// one or more lines without a line break at the end, or nothing.
    pub fn line(&mut self, event: &Event, now: Duration) -> Option<String> {
        let ended = self.tracker.apply(event, now);
        let lines = match event {
            Event::Observing { objects } => vec![observing(*objects)?],
            Event::AssetsStarted { assets, bytes } => {
                self.sent_at = now;
                vec![assets_started(*assets, *bytes)]
            }
            Event::AssetSent { source, sent, bytes } => {
                if now.saturating_sub(self.sent_at) < UPLOAD_REMINDER {
                    return None;
                }
                self.sent_at = now;
                vec![asset_sent(source, *sent, *bytes)]
            }
            Event::AssetPublished { source, place, bytes } => {
                vec![asset_published(source, place, *bytes)]
            }
            Event::RunStarted { mode, steps } => {
                self.said.clear();
                vec![run_started(*mode, *steps)]
            }
            Event::StepStarted { label } => match label.operation {
                "create" | "update" | "delete" => {
                    vec![self.step(doing(label.operation), role(label.operation), label)]
                }
                _ => return None,
            },
            Event::StepAwaitingPropagation { label, .. } => vec![self.note("holding", label, now)?],
            Event::StepWaiting { label, .. } => vec![self.note("waiting", label, now)?],
            Event::StepRetrying { label, .. } => vec![self.note("retrying", label, now)?],
            Event::StepUnchanged { .. } => return None,
            Event::StepDone { label, physical_id } => {
                let ended = ended?;
                let word = if ended.unchanged { "unchanged" } else { done(label.operation) };
                let line = self
                    .step(word, role(label.operation), label)
                    .with(Role::Dim, &format!("  {physical_id}  ({})", duration(ended.took)));
                vec![line]
            }
            Event::StepFailed { label, code, error } => {
                let mut lines = vec![self.step("failed", Role::Warning, label).with(
                    Role::Dim,
                    &format!("  {} after {}", doing(label.operation), duration(ended?.took)),
                )];
                lines.extend(error_lines(*code, error, self.margin()));
                lines
            }
            Event::StepInterrupted { label, waits_for } => {
                let line = self.step("interrupted", Role::Warning, label);
                vec![line.then(interrupted(label, ended?.took, waits_for))]
            }
            // In a run they are listed at its end.
            Event::SnapshotTaken { .. } if self.tracker.active => return None,
            Event::SnapshotTaken { address, snapshot, .. } => {
                vec![snapshot_taken(address, snapshot)]
            }
            Event::SnapshotMissing { address, snapshot, .. } => {
                vec![snapshot_missing(address, snapshot)]
            }
            Event::Stopping { reason } => vec![stopping(reason)],
            Event::StillStabilizing { address, waits_for } => {
                vec![still_settling(address, waits_for)]
            }
            Event::AskingAgain { reason, attempt } => vec![asking_again(reason, *attempt)],
            Event::SecretUnchecked { reference, error } => {
                vec![secret_unchecked(reference, error)]
            }
            Event::OutputFailed { output, error } => vec![output_failed(output, error)],
            Event::RunEnded { mode, end } => run_ended(*mode, *end, &self.tracker, now),
        };
        let lines: Vec<String> = lines.iter().map(|line| line.paint(self.palette)).collect();
        Some(lines.join("\n"))
    }

    fn step(&self, word: &str, role: Role, label: &StepLabel) -> Line {
        let Tracker { total, done, .. } = self.tracker;
        let digits = total.to_string().len();
        Line::of(Role::Dim, &format!("{done:>width$}/{total}  ", width = digits + 2))
            .with(role, &format!("{word:<10} "))
            .with(Role::Plain, label.resource_type.as_str())
            .with(Role::Plain, "  ")
            .with(Role::Name, label.address.as_str())
    }

    /// The condition that a step waits for, unless the same was written a short time ago.
    fn note(&mut self, word: &str, label: &StepLabel, now: Duration) -> Option<Line> {
        let step = self.tracker.running.get(&label.step)?;
        if let Some((said, when)) = self.said.get(&label.step)
            && *said == step.note
            && now.saturating_sub(*when) < REMINDER
        {
            return None;
        }
        let age = duration(now.saturating_sub(step.since));
        let line = self
            .step(word, Role::Dim, label)
            .with(Role::Plain, &format!("  {}{}", step.note, step.countdown(now)))
            .with(Role::Dim, &format!("  ({age})"));
        self.said.insert(label.step, (step.note.clone(), now));
        Some(line)
    }

    /// Columns before the word of a step.
    fn margin(&self) -> usize {
        2 * self.tracker.total.to_string().len() + 5
    }
}

#[cfg(test)]
mod tests {
    use rstack_model::ErrorCode;
    use rstack_model::event::RunEnd;
    use rstack_model::plan::PlanMode;

    use super::*;

    fn label(step: u32, name: &str, operation: &'static str) -> StepLabel {
        StepLabel {
            step: StepId(step),
            address: name.into(),
            resource_type: "AWS::CloudFront::Distribution".into(),
            operation,
        }
    }

    #[test]
    fn a_run_reads_as_a_log() {
        let mut log = EventLog::new(Palette::Plain);
        let cdn = || label(0, "CDN", "create");
        let waiting = || Event::StepWaiting {
            label: cdn(),
            waits_for: "distribution E1 to be deployed".into(),
        };
        let events = [
            (0, Event::Observing { objects: 1 }),
            (1, Event::RunStarted { mode: PlanMode::Deploy, steps: 12 }),
            (1, Event::StepStarted { label: cdn() }),
            (2, waiting()),
            (5, waiting()),
            (70, waiting()),
            (71, Event::StepDone { label: cdn(), physical_id: "E1".into() }),
            (71, Event::StepStarted { label: label(1, "Old", "update") }),
            (72, Event::StepUnchanged { label: label(1, "Old", "update") }),
            (72, Event::StepDone { label: label(1, "Old", "update"), physical_id: "E2".into() }),
            (72, Event::StepStarted { label: label(2, "Bad", "delete") }),
            (
                74,
                Event::StepFailed {
                    label: label(2, "Bad", "delete"),
                    code: ErrorCode::AccessDenied,
                    error: "access denied\nallow `x:Delete`\u{1b}[2J".into(),
                },
            ),
            (74, Event::Stopping { reason: "a step failed".into() }),
            (75, Event::StepStarted { label: label(3, "Slow", "create") }),
            (
                76,
                Event::StepInterrupted {
                    label: label(3, "Slow", "create"),
                    waits_for: "distribution E3 to be deployed".into(),
                },
            ),
            (76, Event::RunEnded { mode: PlanMode::Deploy, end: RunEnd::Failed }),
        ];
        let lines: Vec<String> = events
            .iter()
            .filter_map(|(second, event)| log.line(event, Duration::from_secs(*second)))
            .collect();
        let expected = "\
Reading 1 object
Applying: 12 steps
   0/12  creating   AWS::CloudFront::Distribution  CDN
   0/12  waiting    AWS::CloudFront::Distribution  CDN  waits for distribution E1 to be deployed  (1.0 s)
   0/12  waiting    AWS::CloudFront::Distribution  CDN  waits for distribution E1 to be deployed  (1 min 09 s)
   1/12  created    AWS::CloudFront::Distribution  CDN  E1  (1 min 10 s)
   1/12  updating   AWS::CloudFront::Distribution  Old
   2/12  unchanged  AWS::CloudFront::Distribution  Old  E2  (1.0 s)
   2/12  deleting   AWS::CloudFront::Distribution  Bad
   2/12  failed     AWS::CloudFront::Distribution  Bad  deleting after 2.0 s
         | error[access-denied]: access denied
         | allow `x:Delete`\\u{1b}[2J
Stopping: a step failed
   2/12  creating   AWS::CloudFront::Distribution  Slow
   2/12  interrupted AWS::CloudFront::Distribution  Slow  creating after 1.0 s, waited for distribution E3 to be deployed
Failed: 2 of 12 steps done, 1 failed, 1 interrupted, after 1 min 15 s";
        assert_eq!(lines.join("\n"), expected);
    }

    #[test]
    fn a_step_that_no_plan_has_is_counted() {
        let mut log = EventLog::new(Palette::Plain);
        let mut lines = Vec::new();
        let mut emit = |event: Event| lines.extend(log.line(&event, Duration::ZERO));
        emit(Event::RunStarted { mode: PlanMode::Deploy, steps: 1 });
        for (step, operation) in [(0, "update"), (1, "delete")] {
            emit(Event::StepStarted { label: label(step, "It", operation) });
            emit(Event::StepDone { label: label(step, "It", operation), physical_id: "x".into() });
        }
        let counts: Vec<&str> =
            lines.iter().filter_map(|it| it.split_whitespace().next()).collect();
        assert_eq!(counts, ["Applying:", "0/1", "1/1", "1/2", "2/2"]);
    }

    #[test]
    fn final_snapshots_are_listed_at_the_end_of_their_run() {
        let mut log = EventLog::new(Palette::Plain);
        let taken = |name: &str, snapshot: &str| Event::SnapshotTaken {
            address: name.into(),
            resource_type: "AWS::RDS::DBInstance".into(),
            snapshot: snapshot.into(),
        };
        let missing = Event::SnapshotMissing {
            address: "Old".into(),
            resource_type: "AWS::RDS::DBInstance".into(),
            snapshot: "s-old-2".into(),
        };
        let events = [
            taken("Recovered", "s-recovered-0"),
            Event::RunStarted { mode: PlanMode::Destroy, steps: 2 },
            taken("Db", "s-db-1"),
            missing,
            taken("Replica", "s-replica-3"),
            Event::RunEnded { mode: PlanMode::Destroy, end: RunEnd::Succeeded },
        ];
        let lines: Vec<String> =
            events.iter().filter_map(|event| log.line(event, Duration::ZERO)).collect();
        let expected = "\
Final snapshot of Recovered: s-recovered-0
Destroying: 2 steps
warning[snapshot-missing]: Old was deleted by another caller: its final snapshot s-old-2 does not exist
Destroyed: 0 steps in 0.0 s
Final snapshots
  Db       AWS::RDS::DBInstance  s-db-1
  Replica  AWS::RDS::DBInstance  s-replica-3";
        assert_eq!(lines.join("\n"), expected);
    }
}
