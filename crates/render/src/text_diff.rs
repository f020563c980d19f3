//! Changes of long texts and documents, line by line.

use rstack_model::Value;
use similar::{ChangeTag, TextDiff};

use crate::line::{Line, join};
use crate::style::{Role, View};
use crate::value::{as_document, document_lines, inline, raw_text};

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;

/// Stands in front of a line that is in both texts.
const UNCHANGED: &str = "|   ";

/// The difference of two values as changed lines with some unchanged ones around them; `None` if
/// both are short enough to be shown whole.
pub(crate) fn line_diff(before: &Value, after: &Value, room: usize) -> Option<Vec<Line>> {
    let (before, after) = lines_of(before, after, room)?;
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let after: Vec<&str> = after.iter().map(String::as_str).collect();
    Some(changed_lines(&before, &after))
}

/// The difference of two texts, line by line; empty if there is none.
pub fn text_diff(before: &str, after: &str, view: &View) -> String {
    let (before, after): (Vec<&str>, Vec<&str>) =
        (before.lines().collect(), after.lines().collect());
    if before == after {
        return String::new();
    }
    join(&changed_lines(&before, &after), view.palette)
}

fn changed_lines(before: &[&str], after: &[&str]) -> Vec<Line> {
    let diff = TextDiff::from_slices(before, after);
    let mut out = Vec::new();
    let mut reached = 0;
    for group in diff.grouped_ops(CONTEXT) {
        let start = group.first().map_or(0, |op| op.old_range().start);
        if start > reached {
            out.push(unchanged(start - reached));
        }
        reached = group.last().map_or(reached, |op| op.old_range().end);
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (role, mark) = match change.tag() {
                ChangeTag::Equal => (Role::Plain, UNCHANGED),
                ChangeTag::Delete => (Role::Delete, "[-] "),
                ChangeTag::Insert => (Role::Create, "[+] "),
            };
            let text = match change.tag() {
                ChangeTag::Equal => change.value().trim_end_matches('\r'),
                ChangeTag::Delete | ChangeTag::Insert => change.value(),
            };
            out.push(Line::of(role, mark).with(role, &text.replace('\t', "    ")));
        }
    }
    if before.len() > reached {
        out.push(unchanged(before.len() - reached));
    }
    out
}

fn unchanged(count: usize) -> Line {
    let plural = if count == 1 { "line" } else { "lines" };
    Line::of(Role::Dim, &format!("{UNCHANGED}… {count} unchanged {plural}"))
}

/// Both values as lines, if a line diff says more than the values themselves.
fn lines_of(before: &Value, after: &Value, room: usize) -> Option<(Vec<String>, Vec<String>)> {
    if let (Some(before_tree), Some(after_tree)) = (as_document(before), as_document(after)) {
        let fits = |value: &Value| inline(value).width() <= room;
        if fits(before) && fits(after) {
            return None;
        }
        let lines = (document_lines(&before_tree), document_lines(&after_tree));
        if lines.0 != lines.1 {
            return Some(lines);
        }
    }
    let (before, after) = (raw_text(before)?, raw_text(after)?);
    if !before.trim_end().contains('\n') && !after.trim_end().contains('\n') {
        return None;
    }
    let both_end = before.ends_with('\n') && after.ends_with('\n');
    let split = |text: &str| {
        let text = text.strip_suffix('\n').filter(|_| both_end).unwrap_or(text);
        text.split('\n').map(str::to_owned).collect::<Vec<_>>()
    };
    Some((split(&before), split(&after)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::join;
    use crate::style::Palette;

    fn diff(before: &Value, after: &Value) -> String {
        join(&line_diff(before, after, 40).unwrap(), Palette::Plain)
    }

    #[test]
    fn code_shows_the_changed_lines_and_their_surroundings() {
        let code = |name: &str| {
            let lines: Vec<String> = (1..=12).map(|i| format!("line {i}")).collect();
            Value::from(lines.join("\n").replace("line 6", name))
        };
        let expected = "|   … 2 unchanged lines
|   line 3
|   line 4
|   line 5
[-] before\\u{1b}
[+] after
|   line 7
|   line 8
|   line 9
|   … 3 unchanged lines
";
        assert_eq!(diff(&code("before\u{1b}"), &code("after")), expected);
    }

    #[test]
    fn a_document_is_compared_as_a_tree_whichever_way_it_is_written() {
        let before =
            Value::from(r#"{"Statement":[{"Action":"a","Effect":"Allow","Resource":"*"}]}"#);
        let after = Value::from_json(serde_json::json!({
            "Statement": [{"Action": "b", "Effect": "Allow", "Resource": "*"}]
        }));
        let expected = r#"|   {
|     "Statement": [
|       {
[-]       "Action": "a",
[+]       "Action": "b",
|         "Effect": "Allow",
|         "Resource": "*"
|       }
|   … 2 unchanged lines
"#;
        assert_eq!(diff(&before, &after), expected);
        assert!(line_diff(&5.into(), &6.into(), 40).is_none());
    }
}
