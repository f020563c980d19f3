//! Output without what differs from run to run.

use std::path::Path;

/// The output as a page shows it: without the progress of steps and without the folder's name.
pub(super) fn shown(output: &str, folder: &Path) -> String {
    let lines = output.lines().filter(|line| !is_progress(line));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    text.replace(&format!("{}/", folder.display()).replace("//", "/"), "/home/you/project/")
}

/// True for lines such as `  2/3  created    AWS::SQS::Queue  Inbox  …`: their order is not always
/// the same. A failed step is no progress.
fn is_progress(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let count = words.next().and_then(|count| count.split_once('/'));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let counted = count.is_some_and(|(done, total)| is_number(done) && is_number(total));
    counted && line.starts_with("  ") && words.next() != Some("failed")
        || line.starts_with("Reading ") && line.contains(" object")
}

/// The output with what is drawn at random, and times, by the name of their kind.
pub(super) fn normal(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", times(&words(line)))).collect()
}

/// A line with each word that is drawn at random by its kind.
fn words(line: &str) -> String {
    let (mut out, mut rest) = (String::new(), line);
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '-';
    while let Some(start) = rest.find(inside) {
        let (before, tail) = rest.split_at(start);
        let end = tail.find(|c| !inside(c)).unwrap_or(tail.len());
        let (word, after) = tail.split_at(end);
        out.push_str(before);
        // The end of a secret's ARN: six letters and digits.
        let is_secret = out.rsplit(' ').next().is_some_and(|arn| arn.contains(":secret:"));
        match word.rsplit_once('-').filter(|(_, end)| is_secret && end.len() == 6) {
            Some((name, _)) => out.push_str(&format!("{name}-[random]")),
            None => out.push_str(&word_kind(word)),
        }
        rest = after;
    }
    out + rest
}

fn word_kind(word: &str) -> String {
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let capitals = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    let groups: Vec<&str> = word.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    if lengths == [8, 4, 4, 4, 12] && groups.iter().all(|group| hex(group)) {
        return "[uuid]".to_owned();
    }
    if (word.len() == 32 || word.len() == 64) && hex(word) {
        return "[digest]".to_owned();
    }
    match word.rsplit_once('-') {
        // The copy of a state: its serial, or another word, and a part of its digest.
        Some((name, end)) if end.len() == 8 && hex(end) => format!("{name}-[part]"),
        // A name that was chosen for an object: stack, logical ID, twelve letters and digits.
        Some((name, end)) if end.len() == 12 && capitals(end) => format!("{name}-[random]"),
        _ => word.to_owned(),
    }
}

/// A line with durations and times of day by their kind.
fn times(text: &str) -> String {
    let mut out = Vec::new();
    let mut words = text.split(' ').peekable();
    while let Some(word) = words.next() {
        let number = word.trim_start_matches('(');
        let is_number = number.parse::<f64>().is_ok();
        let unit = words.peek().map(|unit| unit.trim_end_matches([')', '.', ',']));
        if is_number && unit == Some("s") {
            out.push(word.replace(number, "[time]"));
        } else if number.len() == 20 && number.ends_with('Z') && number.contains('T') {
            out.push("[moment]".to_owned());
        } else {
            out.push(word.to_owned());
        }
    }
    out.join(" ")
}

/// True if the output is what the page expects, in which a line `…` stands for any lines.
pub(super) fn fits(expected: &str, output: &str) -> bool {
    let lines: Vec<&str> = output.lines().collect();
    let mut parts = expected.split("…\n").map(|part| part.lines().collect::<Vec<_>>());
    let first = parts.next().unwrap_or_default();
    if !lines.starts_with(&first) {
        return false;
    }
    let mut rest = &lines[first.len()..];
    let mut parts: Vec<Vec<&str>> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = (0..=rest.len()).find(|at| rest[*at..].starts_with(&part)) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(&last)
}

#[test]
fn an_ellipsis_stands_for_lines() {
    assert!(fits("a\nb\n", "a\nb\n"));
    assert!(!fits("a\n", "a\nb\n"));
    assert!(!fits("a\nb\n", "a\n"));
    assert!(fits("a\n…\nd\n", "a\nb\nc\nd\n"));
    assert!(fits("…\nc\n…\n", "a\nb\nc\nd\n"));
    assert!(!fits("a\n…\nd\n", "a\nb\n"));
    assert!(!fits("a\n…\na\n", "a\n"));
    assert!(fits("", "") && !fits("", "a\n"));
}

#[test]
fn what_is_random_has_one_form() {
    let secret = normal("arn:aws:secretsmanager:eu-west-1:0:secret:app/login-tYRjnX");
    assert_eq!(secret, "arn:aws:secretsmanager:eu-west-1:0:secret:app/login-[random]\n");
    assert_eq!(normal("in 0.1 s\n\nA\n"), "in [time] s\n\nA\n");
    let text = "x-A-9XQ0YT22I2SI and ee2dd5b0-53d2-4f85-9133-d82dc112e86a in 0.3 s (1.2 s)\n";
    assert_eq!(normal(text), "x-A-[random] and [uuid] in [time] s ([time] s)\n");
    assert_ne!(normal("[+] AWS::SQS::Queue A\n"), normal("[+] AWS::SQS::Queue B\n"));
}

#[test]
fn progress_is_left_out_and_failures_are_not() {
    let text = "Reading 3 objects\n  0/3  creating   A  B\n  1/3  failed     A  B\nin /f/state/x\n";
    let shown = shown(text, Path::new("/f/"));
    assert_eq!(shown, "  1/3  failed     A  B\nin /home/you/project/state/x\n");
}
