//! The reader of a stream: a terminal, or a log that a workflow runner may act upon. All that is
//! written for people passes here last.

use std::borrow::Cow;
use std::io::{self, Write};

use rstack_render::{log_text, terminal_text};

use crate::env::Env;

/// The variables by which workflow runners say that they started a program: GitHub Actions (and
/// Gitea's and Forgejo's), GitLab, Azure Pipelines, TeamCity, Buildkite, and most others.
pub(crate) const RUNNERS: [&str; 6] =
    ["GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "TEAMCITY_VERSION", "BUILDKITE", "CI"];

/// True if a workflow runner started the program.
pub(crate) fn in_workflow(env: &Env) -> bool {
    RUNNERS.iter().any(|name| env.is_set(name))
}

/// The reader of a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader {
    /// True if the text may go into a log: it does not go to a terminal, or a runner has the terminal.
    pub(crate) is_log: bool,
    /// True if colours are written.
    pub(crate) styled: bool,
}

impl Reader {
    /// The text as this reader may have it: lines and colours, no other control, and no line that is
    /// a command to a runner.
    pub(crate) fn shown(self, text: &str) -> Cow<'_, str> {
        let shown = terminal_text(text, self.styled);
        if !self.is_log {
            return shown;
        }
        match log_text(&shown) {
            Cow::Borrowed(_) => shown,
            Cow::Owned(text) => Cow::Owned(text),
        }
    }
}

/// Standard error for the program's own diagnostics, which hold texts of others, too. One call of
/// `write` is one record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogWriter(pub(crate) Reader);

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        io::stderr().write_all(self.0.shown(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_gets_no_command_and_a_terminal_no_control() {
        let text = "\u{1b}[1ma\u{1b}[0m\r::error::\u{1b}]8;;x\u{7}\n ::error::##[x]";
        let log = Reader { is_log: true, styled: false };
        let shown =
            "\\u{1b}[1ma\\u{1b}[0m\\r::error::\\u{1b}]8;;x\\u{7}\n \\u{3a}:error::\\u{23}#[x]";
        assert_eq!(log.shown(text), shown);
        let terminal = Reader { is_log: false, styled: true };
        let shown = "\u{1b}[1ma\u{1b}[0m\\r::error::\\u{1b}]8;;x\\u{7}\n ::error::##[x]";
        assert_eq!(terminal.shown(text), shown);
        assert!(matches!(log.shown("plain\ntext"), Cow::Borrowed(_)));
    }
}
