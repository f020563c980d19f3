//! Files of parameter values, in the forms in which people have them: CloudFormation's list, CodePipeline's
//! template configuration, and plain maps in JSON or YAML.
//!
//! Sources: `--parameters` of `aws cloudformation create-stack` and `--parameter-overrides` of
//! `aws cloudformation deploy`, AWS CLI Command Reference; "AWS CloudFormation artifacts", AWS CodePipeline
//! User Guide. Numbers and booleans are taken as they are written. No error quotes a value: any of them may
//! be a secret.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rstack_model::{SecretString, Span};

use crate::diagnostics::Diagnostics;
use crate::syntax::{self, Entry, Node, Spanned};

/// The keys of CodePipeline's form.
const PARAMETERS: &str = "Parameters";
const TAGS: &str = "Tags";
const STACK_POLICY: &str = "StackPolicy";

/// The content of a file of parameter values.
#[derive(Clone, Debug, Default)]
pub struct ParameterFile {
    /// The values, in the order of the file.
    pub values: Vec<FileParameter>,
    /// The tags of the stack, which CodePipeline's form can have.
    pub tags: BTreeMap<String, String>,
    /// The place of a stack policy, which CodePipeline's form can have.
    pub stack_policy: Option<Place>,
}

/// A parameter in a file.
#[derive(Clone, Debug)]
pub struct FileParameter {
    /// The name, as it is written.
    pub name: String,
    /// The value.
    pub value: FileValue,
    /// The place of the name.
    pub place: Place,
}

/// The value of a parameter in a file.
#[derive(Clone, Debug)]
pub enum FileValue {
    /// A text.
    Text(SecretString),
    /// The items of a list, with commas between them.
    List(SecretString),
    /// The value of the last apply (`UsePreviousValue`).
    Previous,
}

/// A line and a column, both counted from 1; the column in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Why a file of parameter values cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterFileError {
    /// The problem.
    pub problem: ParameterFileProblem,
    /// Its place.
    pub place: Place,
}

/// A problem with a file of parameter values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterFileProblem {
    /// It can be read as neither JSON nor YAML.
    Syntax,
    /// It is no list and no map.
    Form,
    /// A map has a key twice, or a list a parameter.
    Twice(String),
    /// An entry of a list is neither a map nor `KEY=VALUE`.
    Entry,
    /// An entry of a list has another key than CloudFormation's.
    Key(String),
    /// An entry of a list has no value, or two.
    Value(String),
    /// A value is empty in YAML, or null.
    Null(String),
    /// A value is a function or a map.
    Kind(String),
    /// An item of a list has a comma, which separates items.
    Comma(String),
    /// A key beside CodePipeline's.
    Beside(String),
    /// There are more values than the stacks of an app have parameters.
    TooMany,
}

/// The number of values in a file. A template has 200 parameters at most.
const MAX_VALUES: usize = 2_000;

impl fmt::Display for ParameterFileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(f, "there are more than {MAX_VALUES} values"),
            Self::Syntax => f.write_str("it is neither JSON nor YAML"),
            Self::Form => f.write_str(
                "expected a map of values, or a list of `ParameterKey` and `ParameterValue`",
            ),
            Self::Twice(name) => write!(f, "`{name}` has two values"),
            Self::Entry => {
                f.write_str("expected `ParameterKey` and `ParameterValue`, or `KEY=VALUE`")
            }
            Self::Key(name) => write!(
                f,
                "`{name}` is not part of a parameter: it has `ParameterKey` and `ParameterValue` or `UsePreviousValue`"
            ),
            Self::Value(name) => {
                write!(f, "`{name}` needs either `ParameterValue` or `UsePreviousValue`")
            }
            Self::Null(name) => write!(f, "`{name}` has no value; an empty text is written `\"\"`"),
            Self::Kind(name) => write!(
                f,
                "the value of `{name}` is neither a text, a number, a boolean nor a list of these"
            ),
            Self::Comma(name) => write!(
                f,
                "an item of the list `{name}` has a comma, which CloudFormation takes for the end of the item"
            ),
            Self::Beside(name) => write!(
                f,
                "`{name}` stands beside `Parameters`, where only `Tags` and `StackPolicy` may be"
            ),
        }
    }
}

impl fmt::Display for ParameterFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl std::error::Error for ParameterFileError {}

/// Reads a file of parameter values.
///
/// # Errors
/// [`ParameterFileError`] with the first problem and its place.
pub fn read_parameter_file(text: &str) -> Result<ParameterFile, ParameterFileError> {
    let reader = Reader { text };
    let mut diagnostics = Diagnostics::default();
    let root = syntax::parse(text, &mut diagnostics);
    let root = root.filter(|_| !diagnostics.has_errors());
    let Some(root) = root else {
        let found = diagnostics.into_sorted();
        let error = found.iter().find(|finding| finding.is_error());
        let at = error.and_then(|error| error.labels.first()).map(|label| label.span);
        return Err(reader.error(ParameterFileProblem::Syntax, at.unwrap_or_default()));
    };
    let mut file = ParameterFile::default();
    match (root.as_map(), root.as_list()) {
        (Some(entries), _) => reader.map(entries, &mut file)?,
        (_, Some(items)) => items.iter().try_for_each(|item| reader.item(item, &mut file))?,
        (None, None) => return Err(reader.error(ParameterFileProblem::Form, root.span)),
    }
    Ok(file)
}

struct Reader<'t> {
    text: &'t str,
}

impl Reader<'_> {
    fn error(&self, problem: ParameterFileProblem, at: Span) -> ParameterFileError {
        ParameterFileError { problem, place: self.place(at) }
    }

    fn place(&self, at: Span) -> Place {
        let start = self.text.floor_char_boundary(at.start);
        let before = self.text.get(..start).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let breaks = before.bytes().filter(|byte| *byte == b'\n').count();
        Place { line: breaks + 1, column: line.trim_start_matches('\u{feff}').chars().count() + 1 }
    }

    fn add(
        &self,
        file: &mut ParameterFile,
        (name, at): (&str, Span),
        value: FileValue,
    ) -> Result<(), ParameterFileError> {
        if file.values.len() >= MAX_VALUES {
            return Err(self.error(ParameterFileProblem::TooMany, at));
        }
        if file.values.iter().any(|known| known.name == name) {
            return Err(self.error(ParameterFileProblem::Twice(name.to_owned()), at));
        }
        let (name, place) = (name.to_owned(), self.place(at));
        file.values.push(FileParameter { name, value, place });
        Ok(())
    }

    /// A plain map, or CodePipeline's.
    fn map(
        &self,
        entries: &[Entry<'_>],
        file: &mut ParameterFile,
    ) -> Result<(), ParameterFileError> {
        self.check_keys(entries)?;
        let is_own = |entry: &Entry<'_>| {
            [PARAMETERS, TAGS, STACK_POLICY].contains(&entry.key.value.as_str())
        };
        let pipeline = entries.iter().any(|entry| is_own(entry) && entry.value.as_map().is_some());
        if !pipeline {
            return self.values(entries, file);
        }
        for Entry { key, value } in entries {
            match (key.value.as_str(), value.as_map()) {
                (PARAMETERS, Some(values)) => {
                    self.check_keys(values)?;
                    self.values(values, file)?;
                }
                (TAGS, Some(tags)) => {
                    self.check_keys(tags)?;
                    for Entry { key, value } in tags {
                        let text = self.text_of(&key.value, value)?;
                        file.tags.insert(key.value.clone(), text.to_owned());
                    }
                }
                (STACK_POLICY, _) => file.stack_policy = Some(self.place(key.span)),
                (PARAMETERS | TAGS, None) => {
                    return Err(
                        self.error(ParameterFileProblem::Kind(key.value.clone()), value.span)
                    );
                }
                (other, _) => {
                    return Err(
                        self.error(ParameterFileProblem::Beside(other.to_owned()), key.span)
                    );
                }
            }
        }
        Ok(())
    }

    fn check_keys(&self, entries: &[Entry<'_>]) -> Result<(), ParameterFileError> {
        let mut seen = BTreeSet::new();
        match entries.iter().find(|entry| !seen.insert(entry.key.value.as_str())) {
            Some(Entry { key, .. }) => {
                Err(self.error(ParameterFileProblem::Twice(key.value.clone()), key.span))
            }
            None => Ok(()),
        }
    }

    fn values(
        &self,
        entries: &[Entry<'_>],
        file: &mut ParameterFile,
    ) -> Result<(), ParameterFileError> {
        for Entry { key: Spanned { value: name, span }, value } in entries {
            let value = match value.as_list() {
                Some(items) => FileValue::List(self.list(name, items)?),
                None => FileValue::Text(SecretString::new(self.text_of(name, value)?.to_owned())),
            };
            self.add(file, (name, *span), value)?;
        }
        Ok(())
    }

    fn list(&self, name: &str, items: &[Node<'_>]) -> Result<SecretString, ParameterFileError> {
        let mut texts = Vec::new();
        for item in items {
            let text = self.text_of(name, item)?;
            if text.contains(',') {
                return Err(self.error(ParameterFileProblem::Comma(name.to_owned()), item.span));
            }
            texts.push(text);
        }
        Ok(SecretString::new(texts.join(",")))
    }

    /// The text of a value, as it is written.
    fn text_of<'n>(&self, name: &str, node: &'n Node<'_>) -> Result<&'n str, ParameterFileError> {
        let name = || name.to_owned();
        if node.is_null() {
            return Err(self.error(ParameterFileProblem::Null(name()), node.span));
        }
        let kind = || self.error(ParameterFileProblem::Kind(name()), node.span);
        node.as_text().ok_or_else(kind)
    }

    /// An entry of CloudFormation's list: a map, or `KEY=VALUE`.
    fn item(&self, item: &Node<'_>, file: &mut ParameterFile) -> Result<(), ParameterFileError> {
        let entry = || self.error(ParameterFileProblem::Entry, item.span);
        if let Some(text) = item.as_text() {
            let (name, value) =
                text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(entry)?;
            let value = FileValue::Text(SecretString::new(value.to_owned()));
            return self.add(file, (name, item.span), value);
        }
        let entries = item.as_map().ok_or_else(entry)?;
        self.check_keys(entries)?;
        let find = |wanted: &str| entries.iter().find(|entry| entry.key.value == wanted);
        let name = find("ParameterKey").and_then(|entry| entry.value.as_text());
        let name = name.filter(|name| !name.is_empty()).ok_or_else(entry)?;
        let known = ["ParameterKey", "ParameterValue", "UsePreviousValue", "ResolvedValue"];
        let other = entries.iter().find(|entry| !known.contains(&entry.key.value.as_str()));
        if let Some(Entry { key, .. }) = other {
            return Err(self.error(ParameterFileProblem::Key(key.value.clone()), key.span));
        }
        let previous = match find("UsePreviousValue").map(|entry| &entry.value) {
            None => false,
            Some(flag) => match flag.as_text() {
                Some("true") => true,
                Some("false") => false,
                Some(_) | None => {
                    return Err(self.error(ParameterFileProblem::Value(name.to_owned()), flag.span));
                }
            },
        };
        let value = match (find("ParameterValue"), previous) {
            (Some(entry), false) => {
                FileValue::Text(SecretString::new(self.text_of(name, &entry.value)?.to_owned()))
            }
            (None, true) => FileValue::Previous,
            (Some(_), true) | (None, false) => {
                return Err(self.error(ParameterFileProblem::Value(name.to_owned()), item.span));
            }
        };
        self.add(file, (name, item.span), value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let file = read_parameter_file(text).unwrap();
        let shown = |it: FileParameter| match it.value {
            FileValue::Text(text) => format!("{}={}", it.name, text.expose()),
            FileValue::List(text) => format!("{}=[{}]", it.name, text.expose()),
            FileValue::Previous => format!("{} previous", it.name),
        };
        file.values.into_iter().map(shown).collect()
    }

    fn refused(text: &str) -> String {
        let error = read_parameter_file(text).unwrap_err();
        format!("{}: {error}", error.place)
    }

    #[test]
    fn every_form_gives_the_same_values() {
        let expected = ["Env=prod", "Ids=a,b"];
        for text in [
            r#"[{"ParameterKey":"Env","ParameterValue":"prod"},
                {"ParameterKey":"Ids","ParameterValue":"a,b"}]"#,
            r#"["Env=prod", "Ids=a,b"]"#,
            r#"{"Parameters":{"Env":"prod","Ids":"a,b"}, "Tags": {"Team": "live"}}"#,
            r#"{"Env":"prod","Ids":"a,b"}"#,
            "Env: prod\nIds: a,b\n",
            "\u{feff}Env: prod\r\nIds: 'a,b'\r\n",
            "- ParameterKey: Env\n  ParameterValue: prod\n- Ids=a,b\n",
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn values_are_taken_as_they_are_written() {
        let text = "Version: 1.10\nAccount: 012345678901\nOn: yes\nT: TRUE\nHex: 0x1F\nNone: \"\"\n\
                    Quoted: \"null\"\nNet:Size: 3\nZones: [a, 1.0, true]\nEmpty: []\n";
        let expected = [
            "Version=1.10",
            "Account=012345678901",
            "On=yes",
            "T=TRUE",
            "Hex=0x1F",
            "None=",
            "Quoted=null",
            "Net:Size=3",
            "Zones=[a,1.0,true]",
            "Empty=[]",
        ];
        assert_eq!(read(text), expected);
        assert_eq!(
            read(r#"{"N": 1e3, "B": true, "U": "\u00fc\ud83d\ude00"}"#),
            ["N=1e3", "B=true", "U=ü😀"]
        );
    }

    #[test]
    fn previous_values_tags_and_a_stack_policy_are_read() {
        let text = r#"[{"ParameterKey": "A", "UsePreviousValue": true},
            {"ParameterKey": "B", "UsePreviousValue": false, "ParameterValue": "b"},
            {"ParameterKey": "C", "ParameterValue": "/name", "ResolvedValue": "value"}]"#;
        assert_eq!(read(text), ["A previous", "B=b", "C=/name"]);
        let text = "Tags: {Team: live, Cost: 12}\nStackPolicy: {Statement: []}\n";
        let file = read_parameter_file(text).unwrap();
        assert_eq!(file.tags.get("Cost").map(String::as_str), Some("12"));
        assert_eq!(file.stack_policy, Some(Place { line: 2, column: 1 }));
    }

    /// With the place, and without the value.
    #[test]
    fn a_file_of_another_form_is_refused() {
        for (text, expected) in [
            ("A: s3cret\nB: [", "2:4: it is neither JSON nor YAML"),
            ("", "1:1: it is neither JSON nor YAML"),
            ("s3cret", "1:1: expected a map of values"),
            ("A: s3cret\nA: s3cret2\n", "2:1: `A` has two values"),
            ("[A=s3cret, A=s3cret]", "1:12: `A` has two values"),
            ("A: s3cret\nB:\n", "2:2: `B` has no value"),
            ("A: {B: s3cret}\n", "1:4: the value of `A` is neither"),
            ("A: !Sub s3cret\n", "1:4: the value of `A` is neither"),
            ("A: [b, 's3,cret']\n", "1:8: an item of the list `A` has a comma"),
            ("A: [[s3cret]]\n", "1:5: the value of `A` is neither"),
            ("Parameters: {A: s3cret}\nOther: 1\n", "2:1: `Other` stands beside"),
            ("Parameters: {}\nTags: s3cret\n", "2:7: the value of `Tags`"),
            ("[[s3cret]]", "1:2: expected `ParameterKey`"),
            ("[s3cret]", "1:2: expected `ParameterKey`"),
            ("[{ParameterKey: A}]", "1:2: `A` needs either"),
            (
                "[{ParameterKey: A, ParameterValue: s3cret, UsePreviousValue: true}]",
                "1:2: `A` needs either",
            ),
            ("[{ParameterKey: A, Value: s3cret}]", "1:20: `Value` is not part of a parameter"),
            ("[{ParameterValue: s3cret}]", "1:2: expected `ParameterKey`"),
        ] {
            let refused = refused(text);
            assert!(refused.starts_with(expected), "{text:?}: {refused}");
            assert!(!refused.contains("s3"), "{refused}");
        }
    }
}
