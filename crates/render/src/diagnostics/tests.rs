//! Reports as people see them, and reports of nonsense, which must not end the program.

use rstack_model::{Code, FindingCode, Span};

use super::*;
use crate::style::Detail;

const TEXT: &str = "Resources:\n  Channel:\n    Type: AWS::MediaPackage::Chanel\n    Properties:\n      Id: live\n";

fn source(text: &str) -> Source<'_> {
    Source { name: "stack.yaml", text, is_shown: true }
}

fn rule(id: &str) -> FindingCode {
    FindingCode::Rule(id.to_owned())
}

fn span(text: &str, part: &str) -> Span {
    let start = text.find(part).unwrap();
    Span::new(start, start + part.len())
}

fn finding() -> Diagnostic {
    Diagnostic::error(Code::UnknownType, "`AWS::MediaPackage::Chanel` is not a resource type")
        .at(span(TEXT, "AWS::MediaPackage::Chanel"), "")
        .at(span(TEXT, "Channel"), "in this resource")
        .help("did you mean `AWS::MediaPackage::Channel`?")
}

#[test]
fn a_finding_shows_its_lines_and_what_to_do() {
    let expected = "\
error[unknown-type]: `AWS::MediaPackage::Chanel` is not a resource type
 --> stack.yaml:3:11
  |
2 |   Channel:
  |   ------- in this resource
3 |     Type: AWS::MediaPackage::Chanel
  |           ^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: did you mean `AWS::MediaPackage::Channel`?
";
    assert_eq!(report(&[finding()], source(TEXT), &View::PLAIN), expected);
}

#[test]
fn a_remark_says_where_more_can_be_read() {
    let remark = Diagnostic::information(rule("I3013"), "no retention period is set")
        .at(span(TEXT, "Channel"), "")
        .help("set one")
        .docs("https://example.com/I3013");
    let expected = "\
info[I3013]: no retention period is set
 --> stack.yaml:2:3
  |
2 |   Channel:
  |   ^^^^^^^
  |
  = help: set one
  = docs: https://example.com/I3013
";
    let remarks = [remark];
    assert_eq!(report(&remarks, source(TEXT), &View::PLAIN), expected);
    let json = report_json(&remarks, source(TEXT)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["severity"], "information");
    assert_eq!(json["docs"], "https://example.com/I3013");
    assert_eq!(tally(&remarks).as_deref(), Some("1 remark"));
}

#[test]
fn one_line_and_json_say_the_same() {
    let short = report_short(&[finding(), Diagnostic::warning(rule("w"), "a\nb")], source(TEXT));
    let expected = "\
stack.yaml:3:11: error[unknown-type]: `AWS::MediaPackage::Chanel` is not a resource type
stack.yaml: warning[w]: a\\nb
";
    assert_eq!(short, expected);
    let json = report_json(&[finding()], source(TEXT)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let expected = serde_json::json!({
        "severity": "error", "code": "unknown-type",
        "message": "`AWS::MediaPackage::Chanel` is not a resource type",
        "file": "stack.yaml", "line": 3, "column": 11, "endLine": 3, "endColumn": 36, "label": "",
        "labels": [{"line": 2, "column": 3, "endLine": 2, "endColumn": 10,
            "label": "in this resource"}],
        "help": "did you mean `AWS::MediaPackage::Channel`?",
    });
    assert_eq!(json, expected);
    assert_eq!(tally(&[finding(), finding()]).as_deref(), Some("2 errors"));
    assert_eq!(tally(&[]), None);
}

#[test]
fn long_lines_are_cut_around_the_place() {
    let text = format!("a: {}HERE{}\n", "x".repeat(300), "y".repeat(300));
    let diagnostic = Diagnostic::error(rule("e"), "m").at(span(&text, "HERE"), "this");
    let view = View { width: 60, ..View::PLAIN };
    let expected = "\
error[e]: m
 --> stack.yaml:1:304
  |
1 | …xxxxxxxxxxxxxxxxHEREyyyyyyyyyyyyyyyyyyyyyyyyyyyy…
  |                  ^^^^ this
";
    assert_eq!(report(&[diagnostic], source(&text), &view), expected);
}

#[test]
fn what_could_act_on_a_terminal_is_shown() {
    let text = "a:\t\u{1b}[31m\u{202e}x\r\nb: 日本\r\n";
    let diagnostic = Diagnostic::error(rule("e\u{7}"), "m\u{9b}")
        .at(span(text, "x"), "l\u{1b}")
        .at(span(text, "本"), "wide")
        .help("h\u{1b}\nsecond line");
    let expected = "\
error[e\\u{7}]: m\\u{9b}
 --> stack.yaml:1:10
  |
1 | a:    \\u{1b}[31m\\u{202e}x
  |                         ^ l\\u{1b}
2 | b: 日本
  |      -- wide
  |
  = help: h\\u{1b}
          second line
";
    assert_eq!(report(&[diagnostic], source(text), &View::PLAIN), expected);
}

/// A small generator of numbers, so that the nonsense is the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

#[test]
fn nonsense_is_reported_without_harm() {
    let pieces = [
        "a: b",
        "\t",
        "\n",
        "\r\n",
        "\r",
        "日本",
        "\u{1b}[1m",
        "\u{202e}",
        "👩‍👩‍👧",
        "é\u{301}",
        "    ",
        "\u{0}",
        "# }",
        &"long ".repeat(60),
    ];
    let mut numbers = Numbers(7);
    for _ in 0..1_000 {
        let count = numbers.below(12);
        let text: String = (0..count).map(|_| pieces[numbers.below(pieces.len())]).collect();
        let mut diagnostic = Diagnostic::error(rule("c"), "m");
        for _ in 0..numbers.below(5) {
            let (a, b) = (numbers.below(text.len() + 9), numbers.below(text.len() + 9));
            diagnostic = diagnostic.at(Span { start: a, end: b }, pieces[numbers.below(13)]);
        }
        let width = numbers.below(200);
        for palette in [Palette::Plain, Palette::Ansi] {
            let view = View { width, palette, detail: Detail::Normal };
            let out = report(std::slice::from_ref(&diagnostic), source(&text), &view);
            if palette == Palette::Plain {
                assert!(!out.chars().any(|c| c != '\n' && c.is_control()), "{text:?}: {out:?}");
            }
        }
        report_short(std::slice::from_ref(&diagnostic), source(&text));
        report_json(std::slice::from_ref(&diagnostic), source(&text)).unwrap();
    }
    let far = Diagnostic::error(rule("c"), "m").at(Span::new(usize::MAX - 1, usize::MAX), "x");
    report(&[far], source(""), &View::PLAIN);
}

#[test]
fn of_a_text_that_is_not_shown_there_are_places_only() {
    let hidden = Source { is_shown: false, ..source(TEXT) };
    let shown = report(&[finding()], hidden, &View::PLAIN);
    assert!(shown.contains("--> stack.yaml:3:11"), "{shown}");
    assert!(!shown.contains("Type: ") && !shown.contains(" | "), "{shown}");
}

#[test]
fn a_fingerprint_depends_on_no_line_that_is_not_shown() {
    let print = |text: &str, is_shown| {
        let mut log = SarifLog::default();
        let finding = Diagnostic::error(Code::Syntax, "m").at(Span::new(0, 1), "");
        log.add(Source { is_shown, ..source(text) }, &[finding]);
        let describe =
            |_: &FindingCode| RuleText { title: String::new(), markdown: None, docs: None };
        let log = log.finish("1", describe);
        log["runs"][0]["results"][0]["partialFingerprints"].to_string()
    };
    assert_eq!(print("pin: 1234", false), print("pin: 4321", false));
    assert_ne!(print("pin: 1234", true), print("pin: 4321", true));
}

#[test]
fn an_address_that_is_signed_is_not_shown() {
    let text = "  TemplateURL: https://b.s3.amazonaws.com/k?X-Amz-Signature=abc123&x=1 # é\n";
    let at = span(text, "https://b.s3.amazonaws.com/k?X-Amz-Signature=abc123&x=1");
    let finding = Diagnostic::error(Code::NestedStack, "wrong").at(at, "");
    let shown = report(&[finding], source(text), &View::PLAIN);
    assert!(shown.contains("k?X-Amz-Signature=******&x=1 # é"), "{shown}");
    assert!(!shown.contains("abc123"), "{shown}");
}
