//! Words of a command line, quoted for a shell.

use std::borrow::Cow;

/// The word as a shell takes it. What no shell can be given is no word of a command line either.
pub(crate) fn quoted(word: &str) -> Cow<'_, str> {
    shlex::try_quote(word).unwrap_or(Cow::Borrowed(word))
}
