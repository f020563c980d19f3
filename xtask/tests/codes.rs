//! Every code can be emitted: some source outside of the tables constructs it.
#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use rstack_model::{Code, ErrorCode};

/// The tables that list all codes.
const TABLES: [&str; 5] = [
    "model/src/code.rs",
    "model/src/error_code.rs",
    "explain/src/text.rs",
    "explain/src/error_text.rs",
    "cli/src/error/class.rs",
];

/// The sources of the crates, without tests and without the tables that list all codes.
fn sources() -> String {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut folders: Vec<PathBuf> = vec![crates];
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() && !["tests", "target"].contains(&name.as_str()) {
                folders.push(path);
            } else if name.ends_with(".rs")
                && name != "tests.rs"
                && !TABLES.iter().any(|table| path.ends_with(table))
            {
                let source = fs::read_to_string(&path).unwrap();
                let end = source.find("\n#[cfg(test)]\nmod tests").unwrap_or(source.len());
                text.push_str(&source[..end]);
            }
        }
    }
    text
}

/// True if the text has the path of the variant, and not only the beginning of a longer one.
fn mentions(text: &str, variant: &str) -> bool {
    text.match_indices(variant).any(|(at, _)| {
        let next = text[at + variant.len()..].chars().next();
        !next.is_some_and(|next| next.is_alphanumeric() || next == '_')
    })
}

#[test]
fn every_code_can_be_emitted() {
    let text = sources();
    let findings = Code::ALL.iter().map(|code| format!("Code::{code:?}"));
    let errors = ErrorCode::ALL.iter().map(|code| format!("ErrorCode::{code:?}"));
    let missing: Vec<String> =
        findings.chain(errors).filter(|variant| !mentions(&text, variant)).collect();
    assert!(missing.is_empty(), "no source constructs {}", missing.join(", "));
}
