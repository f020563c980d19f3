//! Commands in messages. They work when they are copied: the stack is named, and the options that
//! lead to its states and its cloud are those of the command that speaks.

use std::borrow::Cow;
use std::path::Path;

use crate::args::{Global, STATE_DIRECTORY};
use crate::shell_word::quoted;

impl Global {
    /// A command of rstack, as a shell takes it.
    pub(crate) fn line(&self, words: &[&str]) -> String {
        let directory = self.state_dir.to_string_lossy();
        let mut line = vec!["rstack"];
        line.extend(words);
        if self.sandbox {
            line.push("--sandbox");
        }
        if self.state_dir != Path::new(STATE_DIRECTORY) {
            line.extend(["--state-dir", &directory]);
        }
        let options = [
            ("--region", &self.region),
            ("--profile", &self.profile),
            ("--response-bucket", &self.response_bucket),
        ];
        for (option, value) in options {
            line.extend(value.iter().flat_map(|value| [option, value]));
        }
        if self.no_builtin_custom_resources {
            line.push("--no-builtin-custom-resources");
        }
        let words: Vec<Cow<'_, str>> = line.into_iter().map(quoted).collect();
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::args::Global;

    #[derive(Parser)]
    struct Options {
        #[command(flatten)]
        global: Global,
    }

    #[test]
    fn a_command_leads_to_the_same_place() {
        for (given, shown) in [
            (&[][..], "rstack rollback live"),
            (&["--sandbox"], "rstack rollback live --sandbox"),
            (&["--state-dir", "state"], "rstack rollback live"),
            (
                &["--state-dir", "a b", "--profile", "it's", "--region", "eu-west-1"],
                "rstack rollback live --state-dir 'a b' --region eu-west-1 --profile \"it's\"",
            ),
        ] {
            let line = [&["rstack"], given].concat();
            let global = Options::try_parse_from(line).unwrap().global;
            assert_eq!(global.line(&["rollback", "live"]), shown);
        }
    }
}
