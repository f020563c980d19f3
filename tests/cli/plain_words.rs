//! The words of the program: no help text, page or document uses a phrase of the list.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::Place;

/// Phrases that the reader would have to translate.
const PHRASES: [&str; 16] = [
    "is told",
    "are told",
    "what came of",
    "nobody",
    "somebody",
    "whoever",
    "come to its end",
    "came to its end",
    "what stands there",
    "gives back",
    "cannot be told",
    "nothing is known",
    "look at what is known",
    "say more of what",
    "what a resource type takes and gives",
    "is not mended",
];

/// The phrases of the list in the text, which may break lines within them.
fn phrases_in(text: &str) -> Vec<&'static str> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ").to_lowercase();
    PHRASES.into_iter().filter(|phrase| text.contains(phrase)).collect()
}

/// The commands below these words, and the words themselves.
fn commands(place: &Place, words: &[String]) -> Vec<Vec<String>> {
    let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
    arguments.push("--help");
    let help = place.run(&arguments).expect(0).out;
    let mut all = vec![words.to_vec()];
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    for line in listed.take_while(|line| !line.is_empty()) {
        let is_name = line.starts_with("  ") && !line.starts_with("   ");
        let name = line.split_whitespace().next().unwrap();
        if is_name && name != "help" {
            all.extend(commands(place, &[words, &[name.to_owned()]].concat()));
        }
    }
    all
}

#[test]
fn the_list_is_found_across_line_breaks() {
    assert_eq!(phrases_in("Say What\n  came of it; Nobody knows"), ["what came of", "nobody"]);
    assert!(phrases_in("Roll back a failed or interrupted apply.").is_empty());
}

#[test]
fn no_help_text_uses_a_phrase_of_the_list() {
    let place = Place::empty();
    let commands = commands(&place, &[]);
    assert!(commands.len() > 25, "{commands:?}");
    for words in commands {
        let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
        for option in ["-h", "--help"] {
            arguments.push(option);
            let help = place.run(&arguments).expect(0).out;
            arguments.pop();
            assert!(phrases_in(&help).is_empty(), "{words:?}: {:?}\n{help}", phrases_in(&help));
        }
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files with one of these endings below the folder, without those that tools generate or fetch.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if !["target", ".git", ".venv", "node_modules"].contains(&name) {
                found.extend(files(&path, endings));
            }
        } else if path
            .extension()
            .and_then(|it| it.to_str())
            .is_some_and(|it| endings.contains(&it))
        {
            found.push(path);
        }
    }
    found
}

/// The phrases of the list in these files, each with its file. Marks of comments are no words.
fn found_in(files: &[PathBuf]) -> Vec<String> {
    let mut found = Vec::new();
    for path in files {
        let text = fs::read_to_string(path).unwrap();
        let words =
            text.split_whitespace().filter(|word| !["//", "///", "//!", "#"].contains(word));
        for phrase in phrases_in(&words.collect::<Vec<_>>().join(" ")) {
            found.push(format!("{}: {phrase}", path.display()));
        }
    }
    found
}

#[test]
fn no_page_or_document_uses_a_phrase_of_the_list() {
    let pages = files(&root().join("crates/explain/pages"), &["md"]);
    assert!(pages.len() > 150, "{}", pages.len());
    let all = files(&root(), &["md"]);
    for one in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/reference/codes.md"] {
        assert!(all.contains(&root().join(one)), "{one}");
    }
    assert!(all.len() > pages.len() + 30, "{}", all.len());
    assert_eq!(found_in(&all), [""; 0]);
}

#[test]
fn no_source_uses_a_phrase_of_the_list() {
    let mut sources = files(&root(), &["rs", "yml", "yaml", "toml"]);
    assert!(sources.len() > 700, "{}", sources.len());
    // The list itself, and the texts of other projects.
    let others = ["tests/cli/plain_words.rs", "crates/aws/data", "crates/catalog/data"];
    sources.retain(|path| !others.iter().any(|other| path.starts_with(root().join(other))));
    assert_eq!(found_in(&sources), [""; 0]);
}

#[test]
fn no_rustdoc_begins_with_a_question_word() {
    let begins = |line: &str| {
        let line = line.trim_start();
        let text = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))?;
        let word = text.split_whitespace().next()?.to_owned();
        ["What", "Whether", "How", "Whoever"].contains(&word.as_str()).then_some(word)
    };
    assert_eq!(begins("    /// What it is for."), Some("What".to_owned()));
    assert_eq!(begins("/// The name. What it is for."), None);
    let mut wrong = Vec::new();
    for path in files(&root(), &["rs"]) {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| begins(line).is_some()) {
            wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
        }
    }
    assert_eq!(wrong, [""; 0]);
}
