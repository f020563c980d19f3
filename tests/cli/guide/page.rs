//! A page as text, files and commands.

/// A part of a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Block<'a> {
    /// Text, and code that is only read.
    Text(&'a str),
    /// A file that the reader writes.
    File { name: &'a str, content: &'a str, whole: &'a str },
    /// Commands that the reader runs.
    Console { runs: Vec<Run<'a>> },
}

/// A command, and its output on the page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Run<'a> {
    /// The line of the page, from 1.
    pub(super) line: usize,
    /// The command, without `$ `; it may have several lines.
    pub(super) command: &'a str,
    /// The lines below it.
    pub(super) output: String,
}

/// The parts of a page, which make the page again when they are put together.
pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let (mut plain, mut at) = (0, 0);
    while let Some(start) = text[at..].find("```").map(|found| at + found) {
        let info_end = start + text[start..].find('\n').unwrap();
        let end = info_end + text[info_end..].find("\n```\n").expect("a fence is closed");
        let (content, next) = (&text[info_end + 1..end + 1], end + "\n```\n".len());
        let info = &text[start + 3..info_end];
        let file = info.split(' ').find_map(|word| word.strip_prefix("file="));
        if file.is_some() || info == "console" {
            blocks.push(Block::Text(&text[plain..start]));
            plain = next;
        }
        if let Some(name) = file {
            blocks.push(Block::File { name, content, whole: &text[start..next] });
        } else if info == "console" {
            let line = text[..info_end].matches('\n').count() + 2;
            blocks.push(Block::Console { runs: runs(content, line) });
        }
        at = next;
    }
    blocks.push(Block::Text(&text[plain..]));
    blocks
}

fn runs(content: &str, first: usize) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    let (mut at, mut line) = (0, first);
    while at < content.len() {
        let mut end = at + content[at..].find('\n').unwrap();
        if let Some(command) = content[at..].strip_prefix("$ ") {
            // A command goes on behind a backslash.
            while content[..end].ends_with('\\') {
                end += 1 + content[end + 1..].find('\n').unwrap();
            }
            let command = &command[..end - at - 2];
            runs.push(Run { line, command, output: String::new() });
        } else {
            let run = runs.last_mut().expect("a block of the console begins with a command");
            run.output.push_str(&content[at..=end]);
        }
        line += content[at..=end].matches('\n').count();
        at = end + 1;
    }
    runs
}

#[test]
fn a_page_is_divided() {
    let text = "A\n```yaml file=a.yaml\nx: 1\n```\nB\n```sh\nno\n```\n```console\n$ a \\\n  b\nout\n\n$ c\n```\n";
    let runs = vec![
        Run { line: 10, command: "a \\\n  b", output: "out\n\n".to_owned() },
        Run { line: 14, command: "c", output: String::new() },
    ];
    assert_eq!(
        blocks(text),
        [
            Block::Text("A\n"),
            Block::File {
                name: "a.yaml",
                content: "x: 1\n",
                whole: "```yaml file=a.yaml\nx: 1\n```\n"
            },
            Block::Text("B\n```sh\nno\n```\n"),
            Block::Console { runs },
            Block::Text(""),
        ]
    );
}
