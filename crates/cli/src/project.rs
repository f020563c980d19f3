//! The project file `rstack.toml`: what holds for every template below its folder.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rstack_catalog::nearest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::env::Env;
use crate::error::CommandError;
use crate::files::{FileError, MEBIBYTE, ProjectFile};
use rstack_model::ErrorCode;

/// The largest project file, in bytes.
const MAX_FILE: u64 = MEBIBYTE;

/// The longest budget that makes sense, in seconds.
const LONGEST: i64 = 3_600;

/// A key of the file, as the reference describes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    /// The name.
    pub(crate) name: &'static str,
    /// The kind of its value.
    pub(crate) value: &'static str,
    /// The value where the key is absent.
    pub(crate) default: &'static str,
    /// Its effect, in Markdown.
    pub(crate) meaning: &'static str,
    /// A value in TOML.
    pub(crate) example: &'static str,
}

/// The keys of `[lint]`, in the order of their names.
pub(crate) const LINT_KEYS: [Key; 5] = [
    Key {
        name: "allow",
        value: "list of texts",
        default: "`[]`",
        meaning: "Warnings and rules that are not reported. An error of rstack's own cannot be \
                  allowed here.",
        example: "[\"W3697\"]",
    },
    Key {
        name: "budget",
        value: "seconds, 1 to 3600",
        default: "`10`",
        meaning: "Time limit of the validator. When it runs out, the command goes on with the warning \
                  `not-validated`, or fails if rules from files were asked for.",
        example: "20",
    },
    Key {
        name: "deny",
        value: "list of texts",
        default: "`[]`",
        meaning: "Warnings and rules that are reported as errors.",
        example: "[\"W2001\"]",
    },
    Key {
        name: "rules",
        value: "list of paths",
        default: "`[]`",
        meaning: "Files and folders of Rego (`.rego`), CEL (`.json`) or Guard (`.guard`) rules, relative \
                  to the folder of this file and below it.",
        example: "[\"rules\"]",
    },
    Key {
        name: "validator",
        value: "`true` or `false`",
        default: "`true`",
        meaning: "`false` leaves the rules of AWS's validator out. Rules from files are evaluated \
                  nevertheless.",
        example: "true",
    },
];

/// The section of the file about checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LintSection {
    /// The findings that are not reported.
    pub(crate) allow: Vec<Named>,
    /// The findings that are reported as errors.
    pub(crate) deny: Vec<Named>,
    /// Files and folders of rules.
    pub(crate) rules: Vec<PathBuf>,
    /// The first of these that is not there, which is a mistake if they are needed.
    pub(crate) missing_rules: Option<ProjectError>,
    /// The time that the validator may take.
    pub(crate) budget: Option<Duration>,
    /// True if the validator runs at all.
    pub(crate) validator: Option<bool>,
}

/// A name and where it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// The name.
    pub(crate) name: String,
    /// `rstack.toml:3:10`.
    pub(crate) place: String,
}

/// A mistake in a project file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub(crate) struct ProjectError {
    place: String,
    problem: String,
    /// The next step for the user.
    pub(crate) hint: Option<String>,
}

impl From<ProjectError> for CommandError {
    fn from(error: ProjectError) -> Self {
        let hint = error.hint.clone();
        Self::of(ErrorCode::InvalidProjectFile, &error).with_hint(hint)
    }
}

/// Reads the project file of the project that the current directory lies in.
///
/// # Errors
/// If there is one that cannot be read or understood, or that another user could have written.
pub(crate) fn find(env: &Env) -> Result<LintSection, CommandError> {
    let Some(current) = env.current_directory() else { return Ok(LintSection::default()) };
    let Some(project) = ProjectFile::find(env, &current, MAX_FILE)? else {
        return Ok(LintSection::default());
    };
    let shown = project.path().strip_prefix(&current).unwrap_or(project.path());
    let text = String::from_utf8_lossy(project.text());
    Ok(read(&text, shown, &|rules| project.check(rules))?)
}

/// Reads the text of a project file; `check` says whether a file or folder of rules is there and in
/// the project.
fn read(
    text: &str,
    file: &Path,
    check: &dyn Fn(&Path) -> Result<(), FileError>,
) -> Result<LintSection, ProjectError> {
    let reader = Reader { text, file, check };
    let root = DeTable::parse(text).map_err(|error| {
        let at = error.span().unwrap_or_default();
        reader.wrong(&at, "this is not TOML".to_owned(), None)
    })?;
    let mut section = LintSection::default();
    for (key, value) in root.get_ref() {
        match key.get_ref().as_ref() {
            "lint" => reader.lint(value, &mut section)?,
            other => return Err(reader.unknown(&key.span(), other, "the file", &["lint"])),
        }
    }
    Ok(section)
}

struct Reader<'a> {
    text: &'a str,
    file: &'a Path,
    check: &'a dyn Fn(&Path) -> Result<(), FileError>,
}

type Value<'a> = Spanned<DeValue<'a>>;

impl Reader<'_> {
    fn lint(&self, value: &Value<'_>, section: &mut LintSection) -> Result<(), ProjectError> {
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.kind(value, "lint", "a table"));
        };
        let known = LINT_KEYS.map(|key| key.name);
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "allow" => section.allow = self.names(value, "allow")?,
                "deny" => section.deny = self.names(value, "deny")?,
                "rules" => {
                    for rules in self.names(value, "rules")? {
                        self.rules(rules, section);
                    }
                }
                "budget" => section.budget = Some(self.seconds(value)?),
                "validator" => match value.get_ref() {
                    DeValue::Boolean(asked) => section.validator = Some(*asked),
                    _ => return Err(self.kind(value, "validator", "true or false")),
                },
                other => return Err(self.unknown(&key.span(), other, "`[lint]`", &known)),
            }
        }
        Ok(())
    }

    fn names(&self, value: &Value<'_>, key: &str) -> Result<Vec<Named>, ProjectError> {
        let DeValue::Array(items) = value.get_ref() else {
            return Err(self.kind(value, key, "a list of texts"));
        };
        let names = items.iter().map(|item| match item.get_ref() {
            DeValue::String(name) => {
                Ok(Named { name: name.to_string(), place: self.place(&item.span()) })
            }
            _ => Err(self.kind(item, key, "a list of texts")),
        });
        names.collect()
    }

    /// Takes rules whose path is relative to the folder of the file, and which lie in the project.
    fn rules(&self, rules: Named, section: &mut LintSection) {
        let path = self.file.with_file_name(&rules.name);
        if let Err(error) = (self.check)(Path::new(&rules.name)) {
            let reason = std::error::Error::source(&error);
            let reason = reason.map_or_else(|| error.to_string(), ToString::to_string);
            let problem = format!("the rules `{}` cannot be read: {reason}", path.display());
            let hint = "the path of a file or folder is relative to the folder of this file, and \
                        stays below it; rules elsewhere are given with `--rules`";
            let hint = Some(hint.to_owned());
            let error = ProjectError { place: rules.place, problem, hint };
            section.missing_rules.get_or_insert(error);
        }
        section.rules.push(path);
    }

    fn seconds(&self, value: &Value<'_>) -> Result<Duration, ProjectError> {
        let seconds = match value.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse::<i64>().ok(),
            _ => None,
        };
        match seconds.filter(|seconds| (1..=LONGEST).contains(seconds)) {
            Some(seconds) => Ok(Duration::from_secs(seconds.unsigned_abs())),
            None => Err(self.kind(value, "budget", "a number of seconds from 1 to 3600")),
        }
    }

    fn kind(&self, value: &Value<'_>, key: &str, wanted: &str) -> ProjectError {
        self.wrong(&value.span(), format!("`{key}` must be {wanted}"), None)
    }

    fn unknown(&self, at: &Range<usize>, key: &str, place: &str, known: &[&str]) -> ProjectError {
        let hint = match nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the keys are {}", known.join(", ")),
        };
        self.wrong(at, format!("unknown key `{key}` in {place}"), Some(hint))
    }

    fn wrong(&self, at: &Range<usize>, problem: String, hint: Option<String>) -> ProjectError {
        ProjectError { place: self.place(at), problem, hint }
    }

    fn place(&self, at: &Range<usize>) -> String {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{}:{line}:{column}", self.file.display())
    }
}

/// A place on the command line, for names that stand there.
pub(crate) fn given(option: &str, names: &[String]) -> Vec<Named> {
    let named = |name: &String| Named { name: name.clone(), place: option.to_owned() };
    names.iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(path: &Path) -> Result<(), FileError> {
        match path == Path::new("ours") {
            true => Ok(()),
            false => Err(FileError::Repository { path: path.to_owned() }),
        }
    }

    fn wrong(text: &str) -> (String, Option<String>) {
        let error = read(text, Path::new("rstack.toml"), &there).unwrap_err();
        (error.to_string(), error.hint)
    }

    #[test]
    fn the_file_says_what_is_checked() {
        let text = "[lint]\nallow = ['W3005']\ndeny = ['alias', \"W1\"]\nrules = ['ours']\nbudget = 3\n\
                    validator = true\n";
        let section = read(text, Path::new("rstack.toml"), &there).unwrap();
        assert_eq!(
            section.allow,
            [Named { name: "W3005".into(), place: "rstack.toml:2:10".into() }]
        );
        assert_eq!(section.deny[1].place, "rstack.toml:3:18");
        assert_eq!(section.rules, [Path::new("ours")]);
        assert_eq!(section.missing_rules, None);
        assert_eq!(section.budget, Some(Duration::from_secs(3)));
        assert_eq!(read("", Path::new("rstack.toml"), &there).unwrap(), LintSection::default());
    }

    #[test]
    fn every_key_of_the_reference_is_read_and_no_other() {
        for key in LINT_KEYS {
            let text = format!("[lint]\n{} = {}\n", key.name, key.example);
            let section = read(&text, Path::new("rstack.toml"), &|_| Ok(())).unwrap();
            assert_ne!(section, LintSection::default(), "{text}");
        }
        let hint = wrong("[lint]\nzzzzzz = 1\n").1.unwrap();
        let names = LINT_KEYS.map(|key| key.name);
        assert!(hint.ends_with(&names.join(", ")), "{hint}");
    }

    #[test]
    fn rules_that_are_not_in_the_project_are_named_with_their_place() {
        let text = "[lint]\nrules = ['ours', '.git/x']\n";
        let section = read(text, Path::new("rstack.toml"), &there).unwrap();
        let missing = section.missing_rules.unwrap().to_string();
        let expected = "rstack.toml:2:18: the rules `.git/x` cannot be read: `.git/x` lies in a";
        assert!(missing.starts_with(expected), "{missing}");
    }

    #[test]
    fn what_is_not_toml_is_not_quoted() {
        for text in ["aws_secret = k3y", "k3y", "[lint]\nk3y k3y\n", "[k3y"] {
            let (problem, hint) = wrong(text);
            assert!(!problem.contains("k3y") && hint.is_none(), "{problem}");
        }
    }

    #[test]
    fn mistakes_have_a_place() {
        assert_eq!(
            wrong("[lint]\nalow = []\n"),
            (
                "rstack.toml:2:1: unknown key `alow` in `[lint]`".into(),
                Some("did you mean `allow`?".into())
            )
        );
        assert_eq!(wrong("[lnt]\n").1.as_deref(), Some("did you mean `lint`?"));
        for (text, place) in [
            ("[lint]\nallow = 'W1'\n", "rstack.toml:2:9"),
            ("[lint]\nallow = [1]\n", "rstack.toml:2:10"),
            ("[lint]\nbudget = -1\n", "rstack.toml:2:10"),
            ("lint = 1\n", "rstack.toml:1:8"),
            ("[lint\n", "rstack.toml:1:"),
        ] {
            assert!(wrong(text).0.starts_with(place), "{text}: {}", wrong(text).0);
        }
    }
}
