//! The terminal: what is written to it, in which colours, how wide.

use std::io::{self, IsTerminal, Write};

use rstack_render::{Detail, Palette, View, escape};

use crate::args::{DetailArguments, Global};
use crate::error::CliError;

/// Columns where the terminal does not say.
const COLUMNS: usize = 100;

/// Where output goes and what it may look like.
#[derive(Clone, Copy, Debug)]
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
}

impl Terminal {
    /// Looks at the streams and the environment (`NO_COLOR`, `CLICOLOR_FORCE`, `TERM`).
    pub(crate) fn detect(global: &Global) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let forced = set("CLICOLOR_FORCE") && !global.no_color;
        let allowed = !global.no_color && !set("NO_COLOR") && !dumb;
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        Self {
            json: global.json,
            verbose: global.verbose > 0,
            interactive: io::stdin().is_terminal() && out,
            live: out && err && !dumb && !global.json,
            colors: forced || (allowed && out),
            error_colors: forced || (allowed && err),
        }
    }

    /// The palette of standard output.
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
        let asked = |name: &str| std::env::var(name).ok()?.parse::<usize>().ok();
        let measured = rustix::termios::tcgetwinsize(io::stdout()).ok();
        let columns = measured.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0);
        let lines = measured.map(|size| usize::from(size.ws_row)).filter(|lines| *lines > 0);
        (columns.or_else(|| asked("COLUMNS")).unwrap_or(COLUMNS), lines.unwrap_or(24))
    }

    /// Writes text and a line end to standard output. A reader that went away ends the program
    /// quietly, as a pipe's writer does.
    pub(crate) fn line(&self, text: &str) -> Result<(), CliError> {
        self.text(&format!("{text}\n"))
    }

    /// Writes text to standard output.
    pub(crate) fn text(&self, text: &str) -> Result<(), CliError> {
        let mut out = io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        written.map_err(CliError::Output)
    }

    /// Writes a line to standard error: what people should know beside the result.
    pub(crate) fn note(&self, text: &str) {
        let mut err = io::stderr().lock();
        // There is nowhere left to say that standard error is gone.
        let _gone = writeln!(err, "{text}");
    }

    /// Writes text to standard error.
    pub(crate) fn error_text(&self, text: &str) {
        let mut err = io::stderr().lock();
        let _gone = err.write_all(text.as_bytes());
    }

    /// Shows an error, what is behind it, and what to do.
    pub(crate) fn error(&self, error: &CliError, global: &Global) {
        if error.is_silent() {
            return;
        }
        let (red, cyan, end) = if self.error_colors {
            ("\u{1b}[1;31m", "\u{1b}[1;36m", "\u{1b}[0m")
        } else {
            ("", "", "")
        };
        let mut text = format!("{red}error{end}: {}\n", lines(&error.to_string()));
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            text.push_str(&format!("  because {}\n", lines(&cause.to_string())));
            source = cause.source();
        }
        if let Some(hint) = error.hint(global) {
            text.push_str(&format!("  {cyan}hint{end}: {}\n", escape(&hint)));
        }
        self.error_text(&text);
    }

    /// Asks; only `yes` is yes.
    pub(crate) fn confirm(&self, question: &str) -> Result<bool, CliError> {
        self.text(&format!("{question} Only `yes` is accepted: "))?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map_err(CliError::Output)?;
        Ok(answer.trim() == "yes")
    }
}

/// A text of several lines, each of them escaped.
fn lines(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(escape).collect();
    lines.join("\n")
}
