//! The pages hold what they promise: each wrong example gives the finding that it stands for and no
//! other, each right one gives none.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};

use rstack_explain::{Example, ExampleKind, Page};
use rstack_model::state::Environment;
use rstack_model::{Code, Diagnostic, ErrorCode, StackName};
use rstack_template::{ExternalValues, Inputs, Reading, evaluate, parse};

/// The findings about an example, by code: the errors, if there are any.
fn findings(example: &Example) -> BTreeSet<String> {
    let parameters: BTreeMap<String, String> = example.parameters.iter().cloned().collect();
    let parsed = parse(&example.template, &Reading::with_parameters(&parameters));
    let environment = Environment {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        partition: "aws".into(),
        sandbox: true,
    };
    let stack = StackName::parse("example").unwrap();
    let inputs = Inputs {
        stack: &stack,
        environment: &environment,
        parameters: &parameters,
        external: &ExternalValues::default(),
    };
    let evaluation = parsed.template.map(|template| evaluate(&template, &inputs));
    let evaluated = evaluation.into_iter().flat_map(|evaluation| evaluation.diagnostics);
    let told: Vec<Diagnostic> = parsed.diagnostics.into_iter().chain(evaluated).collect();
    let errors = told.iter().any(Diagnostic::is_error);
    told.iter().filter(|d| d.is_error() == errors).map(|d| d.code.to_string()).collect()
}

#[test]
fn a_page_is_headed_by_its_code_and_shows_the_mistake_and_what_is_right() {
    for code in Code::ALL {
        let page = Page::of(*code);
        let heading = format!("# {code}: {}\n", page.title);
        assert!(page.markdown.starts_with(&heading), "{code}: {}", page.markdown);
        let short = page.title.len() <= 60 && !page.title.ends_with('.');
        assert!(short && page.title.starts_with(|c: char| !c.is_uppercase()), "{code}");
        let without = [
            Code::CloudFormationLimit,
            Code::More,
            Code::NotEvaluated,
            Code::NotValidated,
            Code::PolicySize,
            Code::UpdatePolicy,
        ];
        if without.contains(code) {
            continue; // Too large, a count, a defect, a matter of time or of a plan: there is no example.
        }
        let kinds: Vec<ExampleKind> = page.examples().iter().map(|e| e.kind).collect();
        assert!(kinds.contains(&ExampleKind::Mistake), "{code}");
        assert!(kinds.contains(&ExampleKind::Fixed), "{code}");
    }
}

#[test]
fn the_examples_are_what_they_say() {
    let mut wrong = Vec::new();
    for code in Code::ALL {
        for example in Page::of(*code).examples() {
            let expected = match example.kind {
                // What the cloud has is not a matter of the template.
                ExampleKind::Mistake if [Code::NoDriver, Code::Lookup].contains(code) => {
                    BTreeSet::new()
                }
                ExampleKind::Mistake => BTreeSet::from([code.to_string()]),
                ExampleKind::Fixed => BTreeSet::new(),
            };
            let told = findings(&example);
            if told != expected {
                wrong.push(format!("{code}, {:?}: {told:?}\n{}", example.kind, example.template));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_page_of_an_error_is_headed_by_its_code_and_says_what_to_do() {
    for code in ErrorCode::ALL {
        let page = Page::of_error(*code);
        let heading = format!("# {code}: {}\n\n", page.title);
        assert!(page.markdown.starts_with(&heading), "{code}: {}", page.markdown);
        let short = page.title.len() <= 60 && !page.title.ends_with('.');
        assert!(short && page.title.starts_with(|c: char| !c.is_uppercase()), "{code}");
        let paragraphs = page.markdown.trim_end().split("\n\n").count();
        assert!(paragraphs >= 3, "{code}: a heading, the cause, and what to do");
    }
}
