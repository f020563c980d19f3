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

/// The files with this ending below the folder.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|name| name == ending) {
            found.push(path);
        }
    }
    found
}

#[test]
fn no_page_or_document_uses_a_phrase_of_the_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut all = files(&root.join("crates/explain/pages"), "md");
    assert!(all.len() > 150);
    let documents = DOCUMENTS.iter().map(|name| root.join(name));
    all.extend(documents);
    let mut wrong = Vec::new();
    for path in all {
        for phrase in phrases_in(&fs::read_to_string(&path).unwrap()) {
            wrong.push(format!("{}: {phrase}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The documents that are held to the list.
const DOCUMENTS: [&str; 5] =
    ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs/permissions.md"];
