//! The display of a run: live on a terminal, plain lines or JSON elsewhere.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::Instant as Moment;

use rstack_apply::Events;
use rstack_model::event::Event;
use rstack_render::{EventLog, Progress, escape, stack_event_json};

use crate::terminal::{Terminal, prefixed};

/// The time after which the live display is drawn anew.
const TICK: Duration = Duration::from_millis(100);

/// Shows events as they come. What is shown goes to standard error; with `--json` the events go to
/// standard output, one object a line.
pub(crate) struct Display {
    terminal: Terminal,
    start: Instant,
    mode: Mode,
    state: Mutex<State>,
    /// The moment of the last event or note.
    heard: Mutex<Moment>,
}

#[derive(Clone, Copy)]
enum Mode {
    Silent,
    Json,
    Plain,
    Live,
}

/// The shown runs: the one of a command about one stack, or those of several stacks by name.
#[derive(Default)]
struct State {
    logs: BTreeMap<Option<String>, EventLog>,
    blocks: BTreeMap<Option<String>, Progress>,
    /// The number of lines of the block that are on the screen.
    drawn: usize,
}

/// The display of one stack among several, whose lines have its name in front.
pub(crate) struct StackDisplay {
    display: Arc<Display>,
    stack: String,
    prefix: String,
}

impl Display {
    /// A display of nothing yet.
    pub(crate) fn new(terminal: Terminal) -> Self {
        let mode = if terminal.json {
            Mode::Json
        } else if terminal.live {
            Mode::Live
        } else {
            Mode::Plain
        };
        Self::with(terminal, mode)
    }

    /// A display that shows nothing, where standard output is one JSON document.
    pub(crate) fn silent(terminal: Terminal) -> Self {
        Self::with(terminal, Mode::Silent)
    }

    fn with(terminal: Terminal, mode: Mode) -> Self {
        let (state, heard) = (Mutex::default(), Mutex::new(Moment::now()));
        Self { terminal, start: Instant::now(), mode, state, heard }
    }

    /// The display of one stack among several, whose lines begin with `prefix`.
    pub(crate) fn of_stack(self: &Arc<Self>, stack: &str, prefix: &str) -> StackDisplay {
        let (stack, prefix) = (stack.to_owned(), prefix.to_owned());
        StackDisplay { display: Arc::clone(self), stack, prefix }
    }

    /// The time since the last event or note.
    pub(crate) fn silence(&self) -> Duration {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    fn hear(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Moment::now();
    }

    fn state(&self) -> MutexGuard<'_, State> {
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
        let mut state = self.state();
        if !matches!(self.mode, Mode::Live) {
            return;
        }
        let (width, height) = self.terminal.size();
        let (width, height) = (width.saturating_sub(1), height.saturating_sub(2).min(16));
        let frame = if block { state.frame(now, width, height) } else { Vec::new() };
        if lines.is_empty() && frame.is_empty() && state.drawn == 0 {
            return;
        }
        let mut text = String::new();
        if state.drawn > 0 {
            text.push_str(&format!("\u{1b}[{}A\r\u{1b}[J", state.drawn));
        }
        for line in lines.iter().chain(&frame) {
            text.push_str(line);
            text.push('\n');
        }
        state.drawn = frame.len();
        self.terminal.draw(&text);
    }

    /// Shows an event of a stack, whose name is given if there are several.
    fn show(&self, stack: Option<(&str, &str)>, event: &Event) {
        self.hear();
        let now = self.start.elapsed();
        let (name, prefix) = stack.unzip();
        let prefix = prefix.unwrap_or_default();
        let key = name.map(str::to_owned);
        let palette = self.terminal.error_view().palette;
        let lines = match self.mode {
            Mode::Silent => return,
            Mode::Json => {
                if let Ok(line) = stack_event_json(name, event, now) {
                    // The result that follows reports a reader that went away.
                    let _gone = self.terminal.line(&line);
                }
                return;
            }
            Mode::Plain => {
                let mut state = self.state();
                let log = state.logs.entry(key).or_insert_with(|| EventLog::new(palette));
                if let Some(lines) = log.line(event, now) {
                    self.terminal.error_text(&prefixed(prefix, &lines));
                }
                return;
            }
            Mode::Live => {
                let mut state = self.state();
                let block = state.blocks.entry(key).or_insert_with(|| Progress::new(palette));
                let lines = block.apply(event, now);
                lines.into_iter().map(|line| format!("{prefix}{line}")).collect::<Vec<_>>()
            }
        };
        self.redraw(&lines, true);
    }
}

impl State {
    /// The blocks of the stacks that run, below each other, in so many lines at most.
    fn frame(&self, now: Duration, width: usize, height: usize) -> Vec<String> {
        let runs = self.blocks.values().filter(|block| block.is_active()).count();
        let each = height.checked_div(runs).unwrap_or(height).max(1);
        let mut out = Vec::new();
        for (stack, block) in &self.blocks {
            let prefix = stack.as_ref().map(|stack| format!("{} ", escape(stack)));
            let prefix = prefix.unwrap_or_default();
            let room = width.saturating_sub(prefix.chars().count());
            let lines = block.frame(now, room, each);
            out.extend(lines.into_iter().map(|line| format!("{prefix}{line}")));
        }
        out.truncate(height);
        out
    }
}

impl Events for Display {
    fn emit(&self, event: Event) {
        self.show(None, &event);
    }
}

impl Events for StackDisplay {
    fn emit(&self, event: Event) {
        self.display.show(Some((&self.stack, &self.prefix)), &event);
    }
}
