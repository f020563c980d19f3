//! Events as a live display: what has ended scrolls by, what runs is a block at the bottom.
//!
//! This is a pure state machine: the caller owns the cursor, the clock and the terminal's size.

use std::time::Duration;

use rstack_model::event::Event;

use super::tracker::{Running, Tracker};
use super::words::{
    asking_again, asset_published, asset_sent, assets_started, doing, done, error_lines,
    interrupted, observing, output_failed, role, run_ended, run_started, secret_unchecked,
    snapshot_missing, snapshot_taken, still_settling, stopping,
};
use crate::duration::duration;
use crate::line::Line;
use crate::style::{Palette, Role};
use crate::table::columns;

/// The pictures of a step that runs, one after the other.
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// The time that each frame stays.
const FRAME: Duration = Duration::from_millis(80);

/// The widest the bar is drawn.
const BAR: usize = 30;

/// The live display of the running steps and the progress of the run.
#[derive(Clone, Debug)]
pub struct Progress {
    palette: Palette,
    tracker: Tracker,
}

impl Progress {
    /// A display of nothing yet.
    pub fn new(palette: Palette) -> Self {
        Self { palette, tracker: Tracker::default() }
    }

    /// True if a run is under way.
    pub fn is_active(&self) -> bool {
        self.tracker.active
    }

    /// Takes an event that happened at `now`, counted from the start of the program, and gives
    /// the lines that stay: to be written above the block, where they scroll by.
    pub fn apply(&mut self, event: &Event, now: Duration) -> Vec<String> {
        let ended = self.tracker.apply(event, now);
        let took = ended.map_or(Duration::ZERO, |ended| ended.took);
        let unchanged = ended.is_some_and(|ended| ended.unchanged);
        let lines = match event {
            Event::Observing { objects } => observing(*objects).into_iter().collect(),
            Event::AssetsStarted { assets, bytes } => vec![assets_started(*assets, *bytes)],
            Event::AssetSent { .. } => Vec::new(),
            Event::AssetPublished { source, place, bytes } => {
                vec![asset_published(source, place, *bytes)]
            }
            Event::RunStarted { mode, steps } => vec![run_started(*mode, *steps)],
            Event::StepStarted { .. }
            | Event::StepAwaitingPropagation { .. }
            | Event::StepWaiting { .. }
            | Event::StepRetrying { .. }
            | Event::StepUnchanged { .. } => Vec::new(),
            Event::StepDone { label, physical_id } => {
                let word = if unchanged { "unchanged" } else { done(label.operation) };
                vec![
                    Line::of(Role::Good, "✓ ")
                        .with(role(label.operation), &format!("{word:<11}"))
                        .with(Role::Name, label.address.as_str())
                        .with(Role::Plain, &format!("  {}", label.resource_type))
                        .with(Role::Dim, &format!("  {physical_id}  {}", duration(took))),
                ]
            }
            Event::StepFailed { label, code, error } => {
                let mut lines = vec![
                    Line::of(Role::Warning, "✗ failed     ")
                        .with(Role::Name, label.address.as_str())
                        .with(Role::Plain, &format!("  {}", label.resource_type))
                        .with(
                            Role::Dim,
                            &format!("  {} after {}", doing(label.operation), duration(took)),
                        ),
                ];
                lines.extend(error_lines(*code, error, 13));
                lines
            }
            Event::StepInterrupted { label, waits_for } => {
                let line = Line::of(Role::Warning, "– interrupted ")
                    .with(Role::Name, label.address.as_str())
                    .with(Role::Plain, &format!("  {}", label.resource_type));
                vec![line.then(interrupted(label, took, waits_for))]
            }
            // In a run they are listed at its end.
            Event::SnapshotTaken { .. } if self.tracker.active => Vec::new(),
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
        lines.iter().map(|line| line.paint(self.palette)).collect()
    }

    /// The block to draw at the bottom at `now`: the steps that run, longest first, and how far
    /// the run is. At most `height` lines, none wider than `width`. Empty when nothing runs.
    pub fn frame(&self, now: Duration, width: usize, height: usize) -> Vec<String> {
        if height == 0 || width == 0 {
            return Vec::new();
        }
        if !self.tracker.active {
            let uploads = self.tracker.uploads.iter().take(height);
            let lines = uploads.map(|(source, (sent, bytes))| asset_sent(source, *sent, *bytes));
            return lines.map(|line| line.cut(width).paint(self.palette)).collect();
        }
        let mut running: Vec<&Running> = self.tracker.running.values().collect();
        running.sort_by_key(|step| step.since);
        let room = height - 1;
        let shown = if running.len() > room { room.saturating_sub(1) } else { running.len() };
        let rows: Vec<Vec<Line>> = running.iter().take(shown).map(|step| row(step, now)).collect();
        let mut lines = columns(&rows, 2);
        if shown < running.len() && room > 0 {
            let hidden = format!("  … and {} more", running.len() - shown);
            lines.push(Line::of(Role::Dim, &hidden));
        }
        lines.push(self.bar(now, width));
        lines.iter().map(|line| line.cut(width).paint(self.palette)).collect()
    }

    /// `━━━━━────  7/12  2 running  43 s`.
    fn bar(&self, now: Duration, width: usize) -> Line {
        let Tracker { total, done, failed, ref running, since, stopping, .. } = self.tracker;
        let length = BAR.min(width / 3);
        let full = (length * done).checked_div(total).unwrap_or(length).min(length);
        let role = if failed > 0 || stopping { Role::Delete } else { Role::Good };
        let mut line = Line::of(role, &"━".repeat(full))
            .with(Role::Dim, &"─".repeat(length - full))
            .with(Role::Plain, &format!("  {done}/{total}"));
        if failed > 0 {
            line.push(Role::Warning, &format!("  {failed} failed"));
        }
        if stopping {
            line.push(Role::Warning, "  stopping: finishing what runs");
        }
        let time = duration(now.saturating_sub(since));
        line.with(Role::Dim, &format!("  {} running  {time}", running.len()))
    }
}

fn row(step: &Running, now: Duration) -> Vec<Line> {
    let age = now.saturating_sub(step.since);
    let frame = age.as_millis() / FRAME.as_millis() % 10;
    let frame = usize::try_from(frame).ok().and_then(|i| SPINNER.get(i)).unwrap_or(&"·");
    let role = role(step.label.operation);
    vec![
        Line::of(role, frame),
        Line::of(role, doing(step.label.operation)),
        Line::of(Role::Name, step.label.address.as_str()),
        Line::plain(&duration(age)),
        Line::of(Role::Dim, step.note.lines().next().unwrap_or_default())
            .with(Role::Name, &step.countdown(now)),
    ]
}

#[cfg(test)]
mod tests {
    use rstack_model::event::{RunEnd, StepLabel};
    use rstack_model::plan::{PlanMode, StepId};

    use super::*;

    fn label(step: u32, operation: &'static str) -> StepLabel {
        StepLabel {
            step: StepId(step),
            address: format!("R{step}").into(),
            resource_type: "A::B::C".into(),
            operation,
        }
    }

    fn second(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn started(steps: u32) -> Progress {
        let mut progress = Progress::new(Palette::Plain);
        progress.apply(&Event::RunStarted { mode: PlanMode::Deploy, steps: 4 }, second(0));
        for step in 0..steps {
            progress.apply(&Event::StepStarted { label: label(step, "create") }, second(1));
        }
        progress
    }

    #[test]
    fn the_block_shows_what_runs_and_what_it_waits_for() {
        let mut progress = started(2);
        let waits_for = "distribution E123 to be deployed".to_owned();
        progress.apply(&Event::StepWaiting { label: label(1, "create"), waits_for }, second(2));
        let done = Event::StepDone { label: label(0, "create"), physical_id: "id\u{7}".into() };
        assert_eq!(progress.apply(&done, second(3)), ["✓ created    R0  A::B::C  id\\u{7}  2.0 s"]);
        let expected = [
            "⠧  creating  R1  43 s  waits for distribution E123 to be deployed",
            "━━━━━━━───────────────────────  1/4  1 running  44 s",
        ];
        assert_eq!(progress.frame(second(44), 100, 10), expected);
        let end = Event::RunEnded { mode: PlanMode::Deploy, end: RunEnd::Interrupted };
        progress.apply(&end, second(50));
        assert!(progress.frame(second(51), 100, 10).is_empty());
    }

    #[test]
    fn a_frame_never_leaves_its_place() {
        let mut progress = started(30);
        let waits_for = "日本".repeat(60);
        progress.apply(&Event::StepWaiting { label: label(3, "create"), waits_for }, second(2));
        for width in 0..90 {
            for height in 0..40 {
                let frame = progress.frame(second(9), width, height);
                assert!(frame.len() <= height, "{width}x{height}");
                for line in &frame {
                    assert!(Line::plain(line).width() <= width, "{width}x{height}: {line}");
                }
            }
        }
        let frame = progress.frame(second(9), 80, 4);
        assert_eq!(frame.get(2).map(String::as_str), Some("  … and 28 more"));
    }
}
