//! The display of a run: live on a terminal, plain lines or JSON elsewhere.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::Instant as Moment;

use rstack_apply::Events;
use rstack_model::event::Event;
use rstack_render::{EventLog, Progress, event_json};

use crate::terminal::Terminal;

/// The time after which the live display is drawn anew.
const TICK: Duration = Duration::from_millis(100);

/// Shows events as they come. What is shown goes to standard error; with `--json` the events go to
/// standard output, one object a line.
pub(crate) struct Display {
    terminal: Terminal,
    start: Instant,
    state: Mutex<Mode>,
    /// The moment of the last event or note.
    heard: Mutex<Moment>,
}

enum Mode {
    Silent,
    Json,
    Plain(EventLog),
    Live {
        progress: Progress,
        /// The number of lines of the block that are on the screen.
        drawn: usize,
    },
}

impl Display {
    /// A display of nothing yet.
    pub(crate) fn new(terminal: Terminal) -> Self {
        let mode = if terminal.json {
            Mode::Json
        } else if terminal.live {
            Mode::Live { progress: Progress::new(terminal.error_view().palette), drawn: 0 }
        } else {
            Mode::Plain(EventLog::new(terminal.error_view().palette))
        };
        Self::with(terminal, mode)
    }

    /// A display that shows nothing, where standard output is one JSON document.
    pub(crate) fn silent(terminal: Terminal) -> Self {
        Self::with(terminal, Mode::Silent)
    }

    fn with(terminal: Terminal, mode: Mode) -> Self {
        let (state, heard) = (Mutex::new(mode), Mutex::new(Moment::now()));
        Self { terminal, start: Instant::now(), state, heard }
    }

    /// The time since the last event or note.
    pub(crate) fn silence(&self) -> Duration {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    fn hear(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Moment::now();
    }

    fn mode(&self) -> MutexGuard<'_, Mode> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Draws the block anew until the future is done, then takes it away.
    pub(crate) async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                result = &mut work => {
                    self.redraw(&[], false);
                    return result;
                }
                () = tokio::time::sleep(TICK) => self.redraw(&[], true),
            }
        }
    }

    /// Takes the block away, until something is drawn again: a message or a question is shown.
    pub(crate) fn pause(&self) {
        self.redraw(&[], false);
    }

    /// Says something while a run is shown.
    pub(crate) fn note(&self, text: &str) {
        self.hear();
        if self.terminal.live {
            self.redraw(&[text.to_owned()], true);
        } else {
            self.terminal.note(text);
        }
    }

    /// Writes lines that stay above the block.
    fn redraw(&self, lines: &[String], block: bool) {
        let now = self.start.elapsed();
        let Mode::Live { progress, drawn } = &mut *self.mode() else { return };
        let (width, height) = self.terminal.size();
        let frame = if block {
            progress.frame(now, width.saturating_sub(1), height.saturating_sub(2).min(16))
        } else {
            Vec::new()
        };
        if lines.is_empty() && frame.is_empty() && *drawn == 0 {
            return;
        }
        let mut text = String::new();
        if *drawn > 0 {
            text.push_str(&format!("\u{1b}[{drawn}A\r\u{1b}[J"));
        }
        for line in lines.iter().chain(&frame) {
            text.push_str(line);
            text.push('\n');
        }
        *drawn = frame.len();
        self.terminal.draw(&text);
    }
}

impl Events for Display {
    fn emit(&self, event: Event) {
        self.hear();
        let now = self.start.elapsed();
        let lines = match &mut *self.mode() {
            Mode::Silent => return,
            Mode::Json => {
                if let Ok(line) = event_json(&event, now) {
                    // The result that follows reports a reader that went away.
                    let _gone = self.terminal.line(&line);
                }
                return;
            }
            Mode::Plain(log) => {
                if let Some(line) = log.line(&event, now) {
                    self.terminal.error_text(&format!("{line}\n"));
                }
                return;
            }
            Mode::Live { progress, .. } => progress.apply(&event, now),
        };
        self.redraw(&lines, true);
    }
}
