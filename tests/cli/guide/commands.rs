//! Commands and options that any page names, run or not: each is one that the program has.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::harness::Place;

/// The pages of the repository; those that follow from the program only if they are asked for.
pub(super) fn pages(generated: bool) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut pages = vec![
        root.join("README.md"),
        root.join("SECURITY.md"),
        root.join("CONTRIBUTING.md"),
        root.join("ARCHITECTURE.md"),
        root.join("CHANGELOG.md"),
    ];
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if generated || !path.ends_with("reference") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages
}

/// The command lines in a page: code spans and lines of code that begin with `rstack`, behind a
/// prompt or an item's mark, too.
fn lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut in_fence, mut joined) = (false, String::new());
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
            continue;
        }
        if in_fence {
            joined.push_str(line.trim_end_matches('\\'));
            if line.ends_with('\\') {
                continue;
            }
            let code = std::mem::take(&mut joined);
            let code = code.trim_start().trim_start_matches("$ ").trim_start_matches("- run: ");
            lines.extend(code.starts_with("rstack ").then(|| code.to_owned()));
        } else {
            let spans = line.split('`').skip(1).step_by(2);
            lines.extend(spans.filter(|span| span.starts_with("rstack ")).map(str::to_owned));
        }
    }
    lines
}

/// The help of each command that there is, by its words.
struct Helps<'a> {
    place: &'a Place,
    known: BTreeMap<String, Option<String>>,
}

impl Helps<'_> {
    fn of(&mut self, words: &[&str]) -> Option<String> {
        let place = self.place;
        let help = || {
            let ran = place.run(&[words, &["--help"]].concat());
            (ran.code == 0).then_some(ran.out)
        };
        self.known.entry(words.join(" ")).or_insert_with(help).clone()
    }

    /// The first thing in a command line that the program does not have.
    fn problem(&mut self, line: &str) -> Option<String> {
        let line = line.split([';', '|', '>', '<', '#', '&']).next().unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        let command: Vec<&str> = words.iter().copied().filter(|w| !w.starts_with('-')).collect();
        let first = command.first()?;
        if first.bytes().any(|byte| byte.is_ascii_uppercase() || byte == b'[') {
            return None; // a word that stands for any command
        }
        let Some(mut help) = self.of(&[first]) else {
            return Some(format!("no command `{first}`"));
        };
        if help.contains("<COMMAND>")
            && let Some(second) = command.get(1)
        {
            help = match self.of(&[first, second]) {
                Some(help) => help,
                None => return Some(format!("no command `{first} {second}`")),
            };
        }
        let flags = words.iter().filter(|word| word.starts_with('-') && word.len() > 1);
        let mut flags = flags.map(|word| word.split('=').next().unwrap_or(word));
        let has = |flag: &str| {
            let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
            help.match_indices(flag).any(|(at, _)| {
                let before = help[..at].chars().next_back().is_none_or(ends);
                before && help[at + flag.len()..].chars().next().is_none_or(|c| ends(c) || c == '.')
            })
        };
        let unknown = flags.find(|flag| !has(flag) && !["-vv", "-vvv"].contains(flag))?;
        Some(format!("`rstack {}` has no `{unknown}`", command[0]))
    }
}

#[test]
fn every_command_that_a_page_names_exists() {
    let place = Place::empty();
    let mut helps = Helps { place: &place, known: BTreeMap::new() };
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for page in pages(false) {
        for line in lines(&std::fs::read_to_string(&page).unwrap()) {
            seen += 1;
            let problem = helps.problem(&line);
            wrong.extend(problem.map(|text| format!("{}: `{line}`: {text}", page.display())));
        }
    }
    assert!(seen > 60, "{seen} commands were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn commands_and_options_that_there_are_not_are_found() {
    let place = Place::empty();
    let mut helps = Helps { place: &place, known: BTreeMap::new() };
    assert_eq!(helps.problem("rstack plan app --out plan.json --json | jq ."), None);
    assert_eq!(helps.problem("rstack state mv app A B --yes"), None);
    assert_eq!(helps.problem("rstack COMMAND --help"), None);
    for wrong in ["rstack plam", "rstack plan --no-such", "rstack state mw a", "rstack apply --ye"]
    {
        assert!(helps.problem(wrong).is_some(), "{wrong}");
    }
    let text = "Use `rstack ls`:\n```sh\n$ rstack a \\\n  --b\nrest\n```\n";
    assert_eq!(lines(text), ["rstack ls", "rstack a   --b"]);
}
