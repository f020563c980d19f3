//! Trees of lines, drawn with branches.

use crate::line::Line;
use crate::style::Role;

/// The columns of each level of a tree.
pub(crate) const INDENT: usize = 4;

/// A line with what belongs to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    /// The line.
    pub(crate) line: Line,
    /// Text below the line that has no branches of its own.
    pub(crate) body: Vec<Line>,
    /// The nodes below it.
    pub(crate) children: Vec<Node>,
}

impl Node {
    /// A line with nothing below it.
    pub(crate) fn leaf(line: Line) -> Self {
        Self { line, ..Self::default() }
    }

    /// The root line and everything below it.
    pub(crate) fn draw(&self) -> Vec<Line> {
        let mut out = vec![self.line.clone()];
        out.extend(self.body.iter().map(|line| Line::plain("    ").then(line.clone())));
        draw(&self.children, "", &mut out);
        out
    }
}

fn draw(nodes: &[Node], prefix: &str, out: &mut Vec<Line>) {
    for (i, node) in nodes.iter().enumerate() {
        let last = i + 1 == nodes.len();
        let (branch, below) = if last { (" └─ ", "    ") } else { (" ├─ ", " │  ") };
        out.push(Line::of(Role::Dim, &format!("{prefix}{branch}")).then(node.line.clone()));
        let prefix = format!("{prefix}{below}");
        let stem = if node.children.is_empty() { " " } else { " │" };
        for line in &node.body {
            let margin = Line::of(Role::Dim, &format!("{prefix}{stem}   "));
            out.push(margin.then(line.clone()));
        }
        draw(&node.children, &prefix, out);
    }
}
