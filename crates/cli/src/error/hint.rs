//! A hint: what to do about an error. The commands in it are written out when it is shown, with the
//! options that lead to the same states and the same cloud.

/// A next step after an error, with commands that can be copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hint(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// The words of a command of rstack, without its own name.
    Command(Vec<String>),
}

impl From<&str> for Hint {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        Self(vec![Piece::Text(text)])
    }
}

impl Hint {
    /// A hint that begins with a command.
    pub(crate) fn begin_with(words: &[&str]) -> Self {
        Self::default().command(words)
    }

    /// With more text.
    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.0.push(Piece::Text(text.into()));
        self
    }

    /// With a command of rstack.
    pub(crate) fn command(mut self, words: &[&str]) -> Self {
        self.0.push(Piece::Command(words.iter().map(|word| (*word).to_owned()).collect()));
        self
    }

    /// The text, with the commands as `line` writes them.
    pub(crate) fn show(&self, line: &dyn Fn(&[&str]) -> String) -> String {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Command(words) => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                format!("`{}`", line(&words))
            }
        });
        pieces.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_written_when_it_is_shown() {
        let hint = Hint::from("run ").command(&["destroy", "live"]).text(" next");
        let line = |words: &[&str]| format!("rstack {} --sandbox", words.join(" "));
        assert_eq!(hint.show(&line), "run `rstack destroy live --sandbox` next");
    }
}
