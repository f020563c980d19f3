//! Two lists of findings become one: each mistake once, in the order of the source.

use rstack_model::{Code, Diagnostic, FindingCode, Label};

use crate::place::Lines;
use crate::rule_exception::{Subject, is_left_out, judged};
use crate::rule_overlap::{OVERLAPS, Place, RuleOverlap};

/// Puts the validator's findings to rstack's own. Where both say the same about one place, rstack's
/// stays, with the validator's link to its documentation. What the validator cannot know of such a
/// template is left out.
pub fn merge(subject: Subject<'_>, own: &mut Vec<Diagnostic>, validator: Vec<Diagnostic>) {
    let lines = Lines::of(subject.text);
    let mut more = Vec::new();
    for finding in validator {
        let said = own.iter_mut().find(|own| says(own, &finding, &lines));
        match said {
            Some(said) => said.docs = said.docs.take().or(finding.docs),
            None if is_left_out(&finding, subject) => {}
            None => more.extend(judged(finding, subject)),
        }
    }
    own.append(&mut more);
    // What says that there is more comes last.
    own.sort_by_key(|d| (d.code == Code::More, d.labels.first().map(|label| label.span)));
}

/// True if rstack's finding says the same as the validator's.
fn says(own: &Diagnostic, other: &Diagnostic, lines: &Lines<'_>) -> bool {
    let (FindingCode::Own(code), FindingCode::Rule(rule)) = (&own.code, &other.code) else {
        return false;
    };
    let matches =
        |overlap: &&RuleOverlap| overlap.own == *code && overlap.rules.contains(&rule.as_str());
    let Some(overlap) = OVERLAPS.iter().find(matches) else { return false };
    one_place(&own.labels, &other.labels, overlap.place, lines)
        && (overlap.place == Place::Line || one_name(own, other))
}

/// True if one of our places is where it must be, seen from the other's main place. Findings about
/// no place are about the same.
fn one_place(own: &[Label], other: &[Label], place: Place, lines: &Lines<'_>) -> bool {
    let Some(other) = other.first() else { return own.is_empty() };
    let (start, end) = (lines.line_of(other.span.start), lines.line_of(other.span.end));
    own.is_empty()
        || own.iter().any(|label| {
            let line = lines.line_of(label.span.start);
            let near = match place {
                Place::Line => false,
                Place::Below => lines.is_below(start, line),
                Place::Around => lines.is_below(start, line) || lines.is_below(line, start),
            };
            near || (start..=end).contains(&line)
        })
}

/// True if the validator's message holds a name that rstack's has between backticks.
fn one_name(own: &Diagnostic, other: &Diagnostic) -> bool {
    let names = own.message.split('`').skip(1).step_by(2);
    // The validator shows a character that cannot be seen as it is.
    let mut names = names.map(|name| name.split("\\u{").next().unwrap_or_default());
    names.any(|name| !name.is_empty() && other.message.contains(name))
}

#[cfg(test)]
mod tests {
    use rstack_model::{Presence, Span};

    use super::*;

    const TEXT: &str = "one\ntwo\nthree\n";

    fn rule(id: &str, message: &str) -> Diagnostic {
        Diagnostic::error(FindingCode::Rule(id.to_owned()), message)
    }

    #[test]
    fn each_mistake_is_reported_once_and_in_its_place() {
        let mut all = vec![
            Diagnostic::error(Code::MissingProperty, "the required property `A` is missing")
                .at(Span::new(4, 7), ""),
        ];
        let found = vec![
            rule("F3003", "'A' is a required property").at(Span::new(4, 5), "").docs("https://a"),
            rule("F3003", "'B' is a required property").at(Span::new(4, 7), ""),
            rule("F3003", "'A' is a required property").at(Span::new(8, 13), ""),
            rule("W1", "first").at(Span::new(0, 3), ""),
            rule("F1012", "a mapping that is looked up with a default").at(Span::new(0, 3), ""),
        ];
        let presence = &Presence::default();
        merge(Subject { text: TEXT, is_serverless: false, presence }, &mut all, found);
        let told: Vec<String> =
            all.iter().map(|d| format!("{} {}", d.code, d.labels[0].span.start)).collect();
        assert_eq!(told, ["W1 0", "missing-property 4", "F3003 4", "F3003 8"]);
        assert_eq!(all[1].docs.as_deref(), Some("https://a"));
    }

    #[test]
    fn rules_of_the_table_are_rules_of_the_validator() {
        let ours = OVERLAPS.iter().map(|overlap| overlap.own).collect::<Vec<_>>();
        assert!(ours.windows(2).all(|pair| pair[0] < pair[1]), "sorted, each once");
        let unknown: Vec<_> = OVERLAPS
            .iter()
            .flat_map(|overlap| overlap.rules)
            .filter(|rule| !crate::is_rule(rule))
            .collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
