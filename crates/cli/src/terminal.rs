//! The terminal: what is written to it, in which colours, how wide.

use std::io;
use std::sync::{Arc, PoisonError};

use rstack_model::SecretString;
use rstack_render::{Detail, Palette, View, escape};
use tokio::sync::oneshot;

use crate::args::{DetailArguments, Global};
use crate::env::{Env, Streams};
use crate::error::{CommandError, ErrorKind};

/// Columns where the terminal does not say.
const COLUMNS: usize = 100;

/// Where output goes and what it may look like.
#[derive(Clone)]
pub(crate) struct Terminal {
    /// Whether standard output is JSON.
    pub(crate) json: bool,
    /// Whether remarks are shown, too.
    pub(crate) verbose: bool,
    /// Whether somebody can be asked.
    pub(crate) interactive: bool,
    /// Whether the live display can be drawn.
    pub(crate) live: bool,
    colors: bool,
    error_colors: bool,
    /// The columns that the environment asks for.
    columns: Option<usize>,
    streams: Streams,
}

/// Why standard output or input cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
pub(crate) struct StreamError(#[source] io::Error);

impl StreamError {
    /// Whether no process reads the output any more: the pipe is closed, or the terminal.
    pub(crate) fn is_gone(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
            || self.0.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())
    }
}

impl From<StreamError> for CommandError {
    fn from(error: StreamError) -> Self {
        let kind = if error.is_gone() { ErrorKind::Gone } else { ErrorKind::Storage };
        Self::of(kind, &error)
    }
}

impl Terminal {
    /// The terminal that the streams and the environment (`NO_COLOR`, `CLICOLOR_FORCE`, `TERM`) make.
    pub(crate) fn of(global: &Global, env: &Env) -> Self {
        let dumb = env.variable("TERM") == Some("dumb");
        let forced = env.is_set("CLICOLOR_FORCE") && !global.no_color;
        let allowed = !global.no_color && !env.is_set("NO_COLOR") && !dumb;
        let streams = env.streams.clone();
        let (out, err) = (streams.out.is_terminal, streams.err.is_terminal);
        Self {
            json: global.json,
            verbose: global.verbose > 0,
            interactive: streams.input_is_terminal && out,
            live: out && err && !dumb && !global.json,
            colors: forced || (allowed && out),
            error_colors: forced || (allowed && err),
            columns: env.variable("COLUMNS").and_then(|columns| columns.parse().ok()),
            streams,
        }
    }

    /// The colours of standard output.
    pub(crate) fn palette(&self) -> Palette {
        if self.colors { Palette::Ansi } else { Palette::Plain }
    }

    /// The layout of standard output.
    pub(crate) fn view(&self, detail: DetailArguments) -> View {
        let detail = match (detail.full, detail.compact) {
            (true, _) => Detail::Full,
            (false, true) => Detail::Compact,
            (false, false) => Detail::Normal,
        };
        View { width: self.size().0, palette: self.palette(), detail }
    }

    /// The layout of standard error.
    pub(crate) fn error_view(&self) -> View {
        let palette = if self.error_colors { Palette::Ansi } else { Palette::Plain };
        View { width: self.size().0, palette, detail: Detail::Normal }
    }

    /// Columns and lines.
    pub(crate) fn size(&self) -> (usize, usize) {
        let (columns, lines) = (self.streams.size)().unwrap_or_default();
        let columns = Some(columns).filter(|columns| *columns > 0).or(self.columns);
        let lines = Some(lines).filter(|lines| *lines > 0);
        (columns.unwrap_or(COLUMNS), lines.unwrap_or(24))
    }

    /// Writes text and a line end to standard output. A reader that went away ends the program
    /// quietly, as a pipe's writer does.
    pub(crate) fn line(&self, text: &str) -> Result<(), StreamError> {
        self.text(&format!("{text}\n"))
    }

    /// Writes text to standard output.
    pub(crate) fn text(&self, text: &str) -> Result<(), StreamError> {
        let mut out = self.streams.out.lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        written.map_err(StreamError)
    }

    /// Writes a line to standard error: what people should know beside the result.
    pub(crate) fn note(&self, text: &str) {
        // There is nowhere left to say that standard error is gone.
        let _gone = writeln!(self.streams.err.lock(), "{text}");
    }

    /// Asks for a text that is not shown while it is typed.
    pub(crate) fn hidden_answer(&self, question: &str) -> io::Result<SecretString> {
        self.error_text(question);
        (self.streams.hidden_line)()
    }

    /// Writes text to standard error.
    pub(crate) fn error_text(&self, text: &str) {
        let _gone = self.streams.err.lock().write_all(text.as_bytes());
    }

    /// Shows an error, what is behind it, and what to do; `line` writes the commands in it.
    pub(crate) fn error(&self, error: &CommandError, line: &dyn Fn(&[&str]) -> String) {
        if error.is_silent() {
            return;
        }
        let (red, cyan, end) = if self.error_colors {
            ("\u{1b}[1;31m", "\u{1b}[1;36m", "\u{1b}[0m")
        } else {
            ("", "", "")
        };
        let mut text = format!("{red}error{end}: {}\n", lines(&error.message));
        for cause in &error.causes {
            text.push_str(&format!("  because {}\n", lines(cause)));
        }
        for hint in &error.hints {
            text.push_str(&format!("  {cyan}hint{end}: {}\n", escape(&hint.show(line))));
        }
        self.error_text(&text);
    }

    /// Asks; only `yes` is yes. The answer is read on a thread of its own, so that a lease is renewed
    /// while the user thinks. The process does not wait for that thread: a question that is abandoned
    /// keeps no one.
    pub(crate) async fn confirm(&self, question: &str) -> Result<bool, StreamError> {
        self.text(&format!("{question} Only `yes` is accepted: "))?;
        let (sender, receiver) = oneshot::channel();
        let input = Arc::clone(&self.streams.input);
        let read = move || {
            let mut answer = String::new();
            let mut input = input.lock().unwrap_or_else(PoisonError::into_inner);
            let read = input.read_line(&mut answer).map(|_| answer);
            // Without a receiver the question was abandoned.
            let _abandoned = sender.send(read);
        };
        std::thread::Builder::new().name("answer".to_owned()).spawn(read).map_err(StreamError)?;
        let answer = receiver.await.unwrap_or_else(|_| Err(io::ErrorKind::UnexpectedEof.into()));
        Ok(answer.map_err(StreamError)?.trim() == "yes")
    }
}

/// Nobody can be asked.
pub(crate) fn no_terminal() -> CommandError {
    let message = "there is no terminal to ask on, and `--yes` was not given; nothing was changed";
    let hint = "look at what would be done, then run the same with `--yes`";
    CommandError::new(ErrorKind::Refused, message).with_hint(Some(hint))
}

/// A text of several lines, each of them escaped.
fn lines(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(escape).collect();
    lines.join("\n")
}
