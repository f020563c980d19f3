//! Links of the pages: each leads to a file of the repository, and to a heading of it.

use std::path::Path;

use super::commands::pages;

/// The targets of Markdown links in a text, outside of code.
fn targets(text: &str) -> Vec<String> {
    let (mut targets, mut in_fence) = (Vec::new(), false);
    for line in text.lines() {
        in_fence ^= line.trim_start().starts_with("```");
        if !in_fence {
            let ends = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
            targets.extend(ends.map(|(target, _)| target.to_owned()));
        }
    }
    targets
}

/// The anchors of a page's headings, as GitHub forms them.
fn anchors(text: &str) -> Vec<String> {
    let (mut anchors, mut in_fence) = (Vec::new(), false);
    for line in text.lines() {
        in_fence ^= line.starts_with("```");
        if let Some(heading) = line.strip_prefix('#').filter(|_| !in_fence) {
            let heading = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
            anchors.push(heading.chars().filter(kept).collect::<String>().replace(' ', "-"));
        }
    }
    anchors
}

fn problem(page: &Path, target: &str) -> Option<String> {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() { page.to_owned() } else { page.parent().unwrap().join(file) };
    if !path.exists() {
        return Some("no such file".to_owned());
    }
    if anchor.is_empty() {
        return None;
    }
    let text = std::fs::read_to_string(path).unwrap();
    let found = anchors(&text).iter().any(|found| found == anchor);
    (!found).then(|| "no such heading".to_owned())
}

#[test]
fn every_link_leads_somewhere() {
    let (mut seen, mut wrong) = (0, Vec::new());
    for page in pages(true) {
        for target in targets(&std::fs::read_to_string(&page).unwrap()) {
            if target.contains("://") {
                continue;
            }
            seen += 1;
            let found = problem(&page, &target);
            wrong.extend(found.map(|text| format!("{}: {target}: {text}", page.display())));
        }
    }
    assert!(seen > 80, "{seen} links were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_link_to_nothing_is_found() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    assert_eq!(problem(&page, "CHANGELOG.md#unreleased"), None);
    assert!(problem(&page, "NO.md").is_some() && problem(&page, "#no-such").is_some());
    assert_eq!(targets("a [b](c.md) `d`\n```\n[e](f)\n```\n"), ["c.md"]);
    assert_eq!(anchors("# What works, and `what` does not\n"), ["what-works-and-what-does-not"]);
}

/// The source files that a page names, such as `plan/src/check.rs`, and the folders of tests.
fn source_paths(text: &str) -> Vec<String> {
    let spans = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let is_path = |span: &&str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '.');
        span.chars().all(plain) && (span.contains("/src/") || span.contains("tests/"))
    };
    spans.filter(is_path).map(|span| span.trim_end_matches('/').to_owned()).collect()
}

#[test]
fn every_source_file_that_a_page_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (mut seen, mut wrong) = (0, Vec::new());
    for page in pages(false) {
        for path in source_paths(&std::fs::read_to_string(&page).unwrap()) {
            seen += 1;
            let places = [root.join(&path), root.join("crates").join(&path)];
            let rust = |place: &Path| place.with_extension("rs").is_file();
            if !places.iter().any(|place| place.exists() || rust(place)) {
                wrong.push(format!("{}: {path}", page.display()));
            }
        }
    }
    assert!(seen > 30, "{seen} paths were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
