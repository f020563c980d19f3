//! Files that are no templates and are often given as one: a page that was saved instead of the file
//! behind it, a pointer to a file, a file with conflicts.

use rstack_model::{Code, Diagnostic, Span};

/// The bytes that are searched for a mark of HTML.
const HEAD: usize = 4_096;

/// The first line of a pointer of Git LFS. Source: the specification of Git LFS.
const POINTER: &str = "version https://git-lfs.github.com/spec/";

/// Recognizes a text that is another kind of file. The error of such a template is about the whole, and
/// quotes nothing of it.
pub fn is_other_file(text: &str) -> bool {
    other_file(text).is_some()
}

/// The error for a text that is another kind of file.
pub(super) fn other_file(text: &str) -> Option<Diagnostic> {
    let begin = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let at = text.len() - begin.len();
    let first = begin.lines().next().unwrap_or_default();
    let place = Span::new(at, at + first.trim_end().len());
    let error = |message: &str, help: &str| {
        Some(Diagnostic::error(Code::Syntax, message).at(place, "").help(help))
    };
    if begin.starts_with(POINTER) {
        let message = "the file is a pointer of Git LFS, not the template itself";
        return error(message, "fetch the file with `git lfs pull`");
    }
    // `<<` is YAML.
    let markup = begin.strip_prefix('<')?;
    if !markup.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '!' | '?')) {
        return None;
    }
    let head = begin.get(..begin.floor_char_boundary(HEAD))?.to_ascii_lowercase();
    let is_html = ["<!doctype html", "<html", "<head", "<body"].iter().any(|m| head.contains(m));
    if is_html {
        let help = "save the file itself and not the page that shows it; on GitHub, take its `Raw` \
                    link";
        return error("the file is an HTML page, not a template", help);
    }
    let help = "a download that is refused can leave such a file: look at what it says";
    error("the file is an XML document, not a template", help)
}

/// The error for a text that holds both sides of a merge.
pub(super) fn conflict(text: &str) -> Option<Diagnostic> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with("<<<<<<< ") {
            let place = Span::new(start, start + line.trim_end().len());
            let message = "the file holds a merge conflict that is not resolved";
            let error = Diagnostic::error(Code::Syntax, message).at(place, "it begins here");
            return Some(error.help("choose one of the sides, and remove the marks around them"));
        }
        start += line.len();
    }
    None
}
