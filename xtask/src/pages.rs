//! Writes the parts of the pages that list native types, from the files in `crates/aws/data`.
//!
//! A part stands between two comments; what is around it is written by hand.

mod coverage;
mod permissions;
mod readme;

use std::error::Error;
use std::path::{Path, PathBuf};

use crate::models::files::{self, Folder};

type Written = Result<String, Box<dyn Error>>;

/// A page, the name of its part, and what writes that.
struct Page {
    path: &'static str,
    part: &'static str,
    write: fn(&[Folder]) -> Written,
}

const PAGES: [Page; 3] = [
    Page { path: "docs/coverage.md", part: "types", write: coverage::part },
    Page { path: "README.md", part: "native types", write: readme::part },
    Page { path: "docs/permissions.md", part: "types that are data", write: permissions::part },
];

/// Rewrites the pages.
///
/// # Errors
/// If a page or a file of the data cannot be read, or a page lacks the comments around its part.
pub(crate) fn run() -> Written {
    let mut report = Vec::new();
    for (path, text) in written()? {
        if std::fs::read_to_string(&path)? == text {
            continue;
        }
        std::fs::write(&path, text)?;
        report.push(format!("wrote {}", path.display()));
    }
    if report.is_empty() {
        report.push("the pages are up to date".to_owned());
    }
    Ok(report.join("\n"))
}

/// The pages as they are to be.
fn written() -> Result<Vec<(PathBuf, String)>, Box<dyn Error>> {
    let data = crate::models::data()?;
    let root = data.join("../../..");
    let folders = files::read(&data)?;
    let mut pages = Vec::new();
    for page in PAGES {
        let path = root.join(page.path);
        let text = std::fs::read_to_string(&path)?;
        let text = replaced(&text, page.part, &(page.write)(&folders)?).ok_or_else(|| {
            format!("{} has no part `{}`", Path::new(page.path).display(), page.part)
        })?;
        pages.push((path, text));
    }
    Ok(pages)
}

/// The text with another part between its comments.
fn replaced(text: &str, part: &str, new: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {part}: cargo xtask pages -->\n"), "<!-- end -->");
    let (before, rest) = text.split_once(&begin)?;
    let (_, after) = rest.split_once(end)?;
    Some(format!("{before}{begin}{new}{end}{after}"))
}

/// Text in lines of at most so many characters, each with this indent.
fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let (mut out, mut line) = (String::new(), indent.to_owned());
    for word in text.split_whitespace() {
        if line.len() + word.len() >= width && line.trim() != "" {
            out.push_str(line.trim_end());
            out.push('\n');
            indent.clone_into(&mut line);
        }
        line.push_str(word);
        line.push(' ');
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_say_what_the_data_say() {
        for (path, text) in written().unwrap() {
            let there = std::fs::read_to_string(&path).unwrap();
            assert!(there == text, "{} is stale: run `cargo xtask pages`", path.display());
        }
    }

    #[test]
    fn only_the_part_between_the_comments_is_replaced() {
        let text = "a\n<!-- p: cargo xtask pages -->\nold\n<!-- end -->\nb\n";
        let expected = "a\n<!-- p: cargo xtask pages -->\nnew\n<!-- end -->\nb\n";
        assert_eq!(replaced(text, "p", "new\n").as_deref(), Some(expected));
        assert_eq!(replaced(text, "q", "new\n"), None);
        assert_eq!(wrapped("a bc def", 6, " "), " a bc\n def\n");
    }
}
