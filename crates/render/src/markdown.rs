//! Markdown as terminal text: pages and descriptions, wrapped and indented.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::line::{Line, join};
use crate::style::{Role, View};

/// The most columns that prose takes: longer lines are hard to read.
pub(crate) const READABLE: usize = 96;

/// Spaces before the lines of code.
const CODE: &str = "    ";

/// Markdown laid out for people.
pub fn markdown(text: &str, view: &View) -> String {
    join(&lines(text, view.columns().min(READABLE)), view.palette)
}

/// Markdown as lines of at most `width` columns. Code is not wrapped.
pub(crate) fn lines(text: &str, width: usize) -> Vec<Line> {
    let mut writer = Writer { width, ..Writer::default() };
    for event in Parser::new(text) {
        writer.event(event);
    }
    writer.block();
    writer.out
}

#[derive(Default)]
struct Writer {
    width: usize,
    out: Vec<Line>,
    /// The text of the block that is being read.
    text: Line,
    roles: Vec<Role>,
    /// The lists around it, with the number of the next element.
    lists: Vec<Option<u64>>,
    quotes: usize,
    /// The bullet that the next line begins with, if an element of a list begins.
    bullet: Option<String>,
    code: bool,
    /// True if an empty line separates the next block from the one before.
    apart: bool,
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.code => self.code(&text),
            Event::Text(text) => self.push(&text),
            Event::Code(text) => {
                let role = self.roles.last().copied().unwrap_or(Role::Unknown);
                self.text.push(role, &format!("`{text}`"));
            }
            Event::SoftBreak => self.push(" "),
            Event::HardBreak => self.flush(),
            Event::Rule => self.block(),
            // Marks of other programs; what is written between them is text.
            Event::Html(_)
            | Event::InlineHtml(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_) => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Heading { .. } => {
                self.block();
                self.roles.push(Role::Heading);
            }
            Tag::Strong => self.roles.push(Role::Name),
            Tag::CodeBlock(_) => {
                self.block();
                self.code = true;
                self.separate();
            }
            Tag::List(first) => {
                self.block();
                self.lists.push(*first);
            }
            Tag::Item => {
                self.flush();
                let bullet = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    Some(None) | None => "- ".to_owned(),
                };
                self.bullet = Some(bullet);
            }
            Tag::BlockQuote(_) => {
                self.block();
                self.quotes += 1;
            }
            Tag::Paragraph => self.block(),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                self.block();
                self.roles.pop();
            }
            TagEnd::Strong => {
                self.roles.pop();
            }
            TagEnd::CodeBlock => {
                self.code = false;
                self.apart = true;
            }
            TagEnd::List(_) => {
                self.block();
                self.lists.pop();
            }
            TagEnd::BlockQuote(_) => {
                self.block();
                self.quotes -= 1;
            }
            TagEnd::Item => self.flush(),
            TagEnd::Paragraph => self.block(),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        let role = self.roles.last().copied().unwrap_or(Role::Plain);
        self.text.push(role, text);
    }

    /// Ends the block: what comes next stands apart.
    fn block(&mut self) {
        self.flush();
        self.apart = !self.out.is_empty() && self.bullet.is_none();
    }

    fn separate(&mut self) {
        if std::mem::take(&mut self.apart) {
            self.out.push(Line::default());
        }
    }

    /// Writes the text so far.
    fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        if text.is_empty() {
            return;
        }
        self.separate();
        let bullet = self.bullet.take();
        let depth = self.lists.len() * 2;
        let quote = "│ ".repeat(self.quotes);
        let indent = depth + quote.chars().count();
        for (i, line) in text.wrap(self.width.saturating_sub(indent)).into_iter().enumerate() {
            let begin = match &bullet {
                Some(bullet) if i == 0 => {
                    format!("{}{bullet}", " ".repeat(depth.saturating_sub(bullet.len())))
                }
                Some(_) | None => " ".repeat(depth),
            };
            self.out.push(Line::of(Role::Dim, &format!("{quote}{begin}")).then(line));
        }
    }

    fn code(&mut self, text: &str) {
        for line in text.lines() {
            self.out.push(Line::plain(CODE).with(Role::Plain, line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style::{Detail, Palette};

    #[test]
    fn paragraphs_lists_quotes_and_code_keep_their_form() {
        let text = "# alias: a *YAML* alias\n\nOne `word` after another, and **more** of \
                    them.\n\n- first of all the elements\n  of it\n- second\n\n> a caution\n\n\
                    ```yaml mistake\nResources:\n  A: *x\n```\nThe [end](https://example.com).\n";
        let view = View { width: 40, palette: Palette::Plain, detail: Detail::Normal };
        let expected = "\
alias: a YAML alias

One `word` after another, and more of
them.

- first of all the elements of it
- second

│ a caution

    Resources:
      A: *x

The end.
";
        assert_eq!(markdown(text, &view), expected);
    }

    #[test]
    fn control_characters_are_written_out() {
        let text = markdown("a\u{1b}[31m `b\u{7}`\n\n    c\u{1b}\n", &View::PLAIN);
        assert!(!text.contains(['\u{1b}', '\u{7}']), "{text:?}");
    }
}
