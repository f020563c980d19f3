//! A page for each kind of finding, with a template that shows it and one that is right.
//!
//! A page is a Markdown file in `pages/`: a heading (the code, a colon, the finding in few words),
//! text, and examples in fences. ` ```yaml mistake ` opens a template that has this finding and no
//! other, ` ```yaml fixed ` one that gives none; `Key=Value` behind either is a parameter that it is
//! applied with. The tests hold the examples to that.

mod text;

use rstack_model::Code;

/// The page about a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The code.
    pub code: Code,
    /// The finding in few words: lower case, no final stop.
    pub title: &'static str,
    /// The page in Markdown, its heading included.
    pub markdown: &'static str,
}

impl Page {
    /// The page about a code.
    pub fn of(code: Code) -> Self {
        let markdown = text::text(code);
        let heading = markdown.lines().next().unwrap_or_default();
        let title = heading.split_once(": ").map_or(heading, |(_, title)| title);
        Self { code, title, markdown }
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
