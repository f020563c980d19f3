//! The pages about all codes: each finding with a template that shows it and one that is right, each
//! error with its causes and what to do.
//!
//! A page is a Markdown file in `pages/`, or `pages/errors/` for an error that is not about a
//! template: a heading (the code, a colon, the subject in few words), text, and examples in fences.
//! ` ```yaml mistake ` opens a template that leads to this finding and no other, ` ```yaml fixed ` one
//! without findings; `Key=Value` after either is a parameter that it is applied with. The tests check
//! the examples.

mod error_text;
mod text;

use rstack_model::{Code, ErrorCode};

/// The page about a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The name of the code.
    pub name: &'static str,
    /// The finding or error in few words: lower case, no final stop.
    pub title: &'static str,
    /// The page in Markdown, its heading included.
    pub markdown: &'static str,
}

impl Page {
    /// The page about a code.
    pub fn of(code: Code) -> Self {
        Self::new(code.name(), text::text(code))
    }

    /// The page about the code of an error or warning.
    pub fn of_error(code: ErrorCode) -> Self {
        Self::new(code.name(), error_text::error_text(code))
    }

    /// All pages, in the order of their names.
    pub fn all() -> Vec<Self> {
        let findings = Code::ALL.iter().copied().map(Self::of);
        let errors = ErrorCode::ALL.iter().copied().map(Self::of_error);
        let mut pages: Vec<Self> = findings.chain(errors).collect();
        pages.sort_by_key(|page| page.name);
        pages
    }

    fn new(name: &'static str, markdown: &'static str) -> Self {
        let heading = markdown.lines().next().unwrap_or_default();
        let title = heading.split_once(": ").map_or(heading, |(_, title)| title);
        Self { name, title, markdown }
    }

    /// The templates on the page.
    pub fn examples(&self) -> Vec<Example> {
        let mut examples = Vec::new();
        let mut lines = self.markdown.lines();
        while let Some(line) = lines.next() {
            let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else {
                continue;
            };
            let template: String = lines
                .by_ref()
                .take_while(|line| !line.starts_with("```"))
                .map(|line| format!("{line}\n"))
                .collect();
            let words: Vec<&str> = info.split(' ').collect();
            let kind = match words.get(1) {
                Some(&"mistake") => ExampleKind::Mistake,
                Some(&"fixed") => ExampleKind::Fixed,
                Some(_) | None => continue,
            };
            let parameters = words.iter().filter_map(|word| word.split_once('='));
            let parameters = parameters.map(|(key, value)| (key.to_owned(), value.to_owned()));
            examples.push(Example { kind, template, parameters: parameters.collect() });
        }
        examples
    }
}

/// The purpose of an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExampleKind {
    /// The finding.
    Mistake,
    /// A template without the finding.
    Fixed,
}

/// A template on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The purpose of the example.
    pub kind: ExampleKind,
    /// The template.
    pub template: String,
    /// The parameters that it is applied with.
    pub parameters: Vec<(String, String)>,
}
