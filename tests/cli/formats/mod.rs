//! The JSON Schemas in docs/reference/schemas hold for what the program writes, and say no more than
//! it writes: a schema without one of its properties or values fails for a sample.

mod runs;
mod samples;
mod schema;
mod variants;

use std::collections::BTreeSet;

use samples::Samples;
use schema::Schema;

/// The schemas of documents. `stored.schema.json` has definitions for them.
const SCHEMAS: [&str; 8] =
    ["plan", "state", "saved-plan", "journal", "stack", "event", "finding", "resource-list"];

#[test]
fn every_schema_holds_for_every_sample_and_has_nothing_that_no_sample_has() {
    let samples = Samples::collect();
    let (mut wrong, mut unused, mut shared) = (Vec::new(), Vec::new(), BTreeSet::new());
    for name in SCHEMAS {
        let schema = Schema::read(name);
        let of_name = samples.of(name);
        assert!(!of_name.is_empty(), "no sample of {name}");
        let validator = schema.validator();
        for sample in of_name {
            wrong.extend(validator.problem(sample).map(|problem| format!("{name}: {problem}")));
        }
        for (part, smaller) in schema.without_each_part() {
            // A definition that several schemas share has to be used by one of them.
            let is_shared = part.starts_with("/$defs/stored.");
            if is_shared && shared.contains(&part) {
                continue;
            }
            let validator = smaller.validator();
            if of_name.iter().any(|sample| !validator.is_valid(sample)) {
                shared.insert(part);
            } else if !is_shared || name == "journal" {
                unused.push(format!("{name}: {part}"));
            }
        }
    }
    wrong.truncate(20);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(unused.is_empty(), "no sample has\n{}", unused.join("\n"));
}

#[test]
fn every_schema_is_listed() {
    let folder = schema::folder();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        names.push(name.strip_suffix(".schema.json").unwrap().to_owned());
    }
    names.sort();
    let mut listed = SCHEMAS.to_vec();
    listed.push("stored");
    listed.sort_unstable();
    assert_eq!(names, listed);
    let page = crate::harness::repository_file("docs/reference/formats.md");
    for name in listed {
        assert!(page.contains(&format!("(schemas/{name}.schema.json)")), "{name}");
    }
}

#[test]
fn the_page_names_the_formats_that_are_written() {
    let page = crate::harness::repository_file("docs/reference/formats.md");
    let formats = [
        ("State file", rstack_journal::STATE_FORMAT),
        ("Journal", rstack_journal::RECORD_FORMAT),
        ("Saved plan", 2),
        ("Output of `--json`", 2),
    ];
    for (name, format) in formats {
        assert!(page.contains(&format!("| {name} | {format} |")), "{name}: {format}");
    }
}
