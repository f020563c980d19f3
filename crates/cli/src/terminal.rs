//! The terminal: what is written to it, in which colours, how wide.

use std::io;
use std::sync::{Arc, PoisonError};

use rstack_model::{ErrorCode, SecretString};
use rstack_render::{Detail, Foreign, Palette, View, escape, json_text, would_act};
use tokio::sync::oneshot;

use crate::args::{DetailArguments, Global};
use crate::env::{Env, Streams};
use crate::error::{CommandError, ErrorKind, Hint};
use crate::reader::{Reader, in_workflow};

/// Columns where the terminal does not say.
const COLUMNS: usize = 100;

/// Where output goes and what it may look like.
#[derive(Clone)]
pub(crate) struct Terminal {
    /// True if standard output is JSON.
    pub(crate) json: bool,
    /// True if remarks are shown, too.
    pub(crate) verbose: bool,
    /// True if the user can be asked.
    pub(crate) interactive: bool,
    /// True if the live display can be drawn.
    pub(crate) live: bool,
    colors: bool,
    error_colors: bool,
    /// True if a workflow runner started the program, which may read all that it writes.
    in_workflow: bool,
    /// The columns that the environment asks for.
    columns: Option<usize>,
    /// The beginning of each line on standard error, where several stacks run at the same time.
    prefix: Option<Arc<str>>,
    streams: Streams,
}

/// Why standard output or input cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
pub(crate) struct StreamError(#[source] io::Error);

impl StreamError {
    /// True if no process reads the output any more: the pipe is closed, or the terminal.
    pub(crate) fn is_gone(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
            || self.0.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())
    }
}

impl From<StreamError> for CommandError {
    fn from(error: StreamError) -> Self {
        let shown = Self::of(ErrorCode::OutputNotWritten, &error);
        if error.is_gone() { Self { kind: ErrorKind::Gone, ..shown } } else { shown }
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
        let in_workflow = in_workflow(env);
        Self {
            json: global.json,
            verbose: global.verbose > 0,
            interactive: streams.input_is_terminal && out,
            live: out && err && !dumb && !global.json && !in_workflow,
            colors: forced || (allowed && out),
            error_colors: forced || (allowed && err),
            in_workflow,
            columns: env.variable("COLUMNS").and_then(|columns| columns.parse().ok()),
            prefix: None,
            streams,
        }
    }

    /// The same terminal, with this text before each line on standard error. JSON has no such text.
    pub(crate) fn with_prefix(&self, prefix: &str) -> Self {
        Self { prefix: (!self.json).then(|| prefix.into()), ..self.clone() }
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

    /// The reader of standard output.
    fn reader(&self) -> Reader {
        let is_log = !self.streams.out.is_terminal || self.in_workflow;
        Reader { is_log, styled: self.colors }
    }

    /// The reader of standard error.
    pub(crate) fn error_reader(&self) -> Reader {
        let is_log = !self.streams.err.is_terminal || self.in_workflow;
        Reader { is_log, styled: self.error_colors }
    }

    /// Writes text and a line end to standard output. A reader that went away ends the program
    /// quietly, as a pipe's writer does.
    pub(crate) fn line(&self, text: &str) -> Result<(), StreamError> {
        self.text(&format!("{text}\n"))
    }

    /// Writes text to standard output, as its reader may have it. With `--json` the text is JSON.
    pub(crate) fn text(&self, text: &str) -> Result<(), StreamError> {
        if self.json {
            return self.own_text(&self.reader().shown(&json_text(text)));
        }
        self.own_text(&self.reader().shown(text))
    }

    /// Writes JSON and a line end to standard output, with `--json` or without.
    pub(crate) fn json_line(&self, json: &str) -> Result<(), StreamError> {
        self.own_text(&format!("{}\n", self.reader().shown(&json_text(json))))
    }

    /// Writes a text that scripts read: to a terminal with control characters written out,
    /// elsewhere exactly. A text of several lines keeps them.
    ///
    /// # Errors
    /// [`ErrorCode::OutputUnsafe`] if a workflow runner started the program and would act upon this very
    /// text in its log: nothing says if a script or the log reads it. `instead` says how to get it.
    pub(crate) fn exact(&self, text: &str, instead: Hint) -> Result<(), CommandError> {
        if self.json {
            return Ok(self.text(text)?);
        }
        if self.streams.out.is_terminal {
            let lines: Vec<_> = text.split('\n').map(escape).collect();
            return Ok(self.text(&lines.join("\n"))?);
        }
        if self.in_workflow && would_act(text) {
            let message = "the text contains a command that the workflow runner would carry out from its \
                           log; nothing was printed";
            let error = CommandError::new(ErrorCode::OutputUnsafe, message);
            return Err(error.with_hint(Some(instead)));
        }
        Ok(self.own_text(text)?)
    }

    /// Writes text to standard output that is all rstack's own, or has been made safe.
    pub(crate) fn own_text(&self, text: &str) -> Result<(), StreamError> {
        let mut out = self.streams.out.lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        written.map_err(StreamError)
    }

    /// Writes a line to standard error: what people should know beside the result. If a name in it
    /// breaks the line, the rest has a mark in front.
    pub(crate) fn note(&self, text: &str) {
        self.error_text(&format!("{}\n", text.replace('\n', "\n  | ")));
    }

    /// Asks for a text that is not shown while it is typed.
    pub(crate) fn hidden_answer(&self, question: &str) -> io::Result<SecretString> {
        self.error_text(question);
        (self.streams.hidden_line)()
    }

    /// Writes text to standard error, as its reader may have it.
    pub(crate) fn error_text(&self, text: &str) {
        match &self.prefix {
            Some(prefix) => self.draw(&self.error_reader().shown(&prefixed(prefix, text))),
            None => self.draw(&self.error_reader().shown(text)),
        }
    }

    /// Writes text to standard error that moves the cursor, and holds nothing else that would act.
    pub(crate) fn draw(&self, text: &str) {
        // There is nowhere left to say that standard error is gone.
        let _gone = self.streams.err.lock().write_all(text.as_bytes());
    }

    /// Shows an error with its causes and hints, and the other errors of its operation; `line` writes
    /// the commands in it.
    pub(crate) fn error(&self, error: &CommandError, line: &dyn Fn(&[&str]) -> String) {
        if error.is_silent() {
            return;
        }
        self.one_error(error, line);
        for other in &error.others {
            self.error(other, line);
        }
    }

    fn one_error(&self, error: &CommandError, line: &dyn Fn(&[&str]) -> String) {
        if self.json {
            self.error_text(&error_json(error, line));
            return;
        }
        let (red, cyan, end) = if self.error_colors {
            ("\u{1b}[1;31m", "\u{1b}[1;36m", "\u{1b}[0m")
        } else {
            ("", "", "")
        };
        let mut text = format!(
            "{red}error[{}]{end}: {}\n",
            error.code,
            Foreign(&error.message).terminal_lines()
        );
        for cause in &error.causes {
            text.push_str(&format!("  because {}\n", Foreign(cause).terminal_lines()));
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

/// Lines with a text before each, and a line end behind each.
pub(crate) fn prefixed(prefix: &str, lines: &str) -> String {
    lines.lines().map(|line| format!("{prefix}{line}\n")).collect()
}

/// The error as a line of JSON, with the fields that findings have, and `causes` and `hints`.
fn error_json(error: &CommandError, line: &dyn Fn(&[&str]) -> String) -> String {
    let hints: Vec<String> = error.hints.iter().map(|hint| hint.show(line)).collect();
    let (code, message, causes) = (error.code.name(), &error.message, &error.causes);
    let record = serde_json::json!({"severity": "error", "code": code, "message": message,
                                    "causes": causes, "hints": hints});
    format!("{}\n", json_text(&record.to_string()))
}

/// The error that there is no terminal to ask on.
pub(crate) fn no_terminal() -> CommandError {
    let message = "cannot ask for confirmation: standard input or output is not a terminal; nothing was changed";
    let hint = "check what is shown above, then run the same command with `--yes`";
    CommandError::new(ErrorCode::ConfirmationNeeded, message).with_hint(Some(hint))
}
