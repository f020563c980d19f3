//! The corpus: templates of others, with what is known of each. It is not part of the repository.
//! Run by `make corpus` only, and fails without the corpus.
#![cfg(test)]

mod exceptions;
mod manifest;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rstack_model::desired::Desired;
use rstack_model::state::Environment;
use rstack_model::value::Lookup;
use rstack_model::{Code, Diagnostic, StackName, Value};
use rstack_template::{Evaluation, ExternalValues, Inputs, Reading, evaluate, parse};

use self::exceptions::EXCEPTIONS;
use self::manifest::{Entry, entries};

/// The number of times that answers may lead to further questions.
const ROUNDS: usize = 4;

/// The values of parameters that are needed and have no default.
fn parameters(entry: &Entry) -> BTreeMap<String, String> {
    let mut parameters = entry.stub_params.clone();
    for (name, value) in &mut parameters {
        // Texts that the template takes to pieces.
        if name.contains("S3VersionKey") || name.ends_with("VersionKey") {
            *value = "assets||key".to_owned();
        } else if entry.text.contains("\"=\"\n") && name.starts_with("OpenSearch") {
            *value = "m5.large.search=1".to_owned();
        } else if name == "PriceClass" {
            *value = "PriceClass_100".to_owned();
        }
    }
    parameters
}

/// The answer of some account.
fn answer(lookup: &Lookup, parameters: &BTreeMap<String, String>) -> Value {
    match lookup {
        Lookup::Zones(region) => {
            Value::List(["a", "b", "c"].map(|zone| format!("{region}{zone}").into()).into())
        }
        Lookup::Parameter(parameter) => Value::from(format!("value-of-{}", parameter.name)),
        Lookup::Attribute { attribute, .. } => {
            let vpc = parameters.values().find(|value| value.starts_with("vpc-"));
            let vpc = vpc.filter(|_| attribute == "VpcId").cloned();
            Value::from(vpc.unwrap_or_else(|| format!("some-{attribute}")))
        }
        // Nothing in the corpus asks CloudFormation: `asks_account` is not set.
        Lookup::Exports | Lookup::StackOutputs { .. } => Value::Null,
    }
}

/// The value that some other stack exports.
fn exported(name: &str) -> Value {
    if name.to_ascii_lowercase().contains("layer") {
        return "arn:aws:lambda:eu-west-1:111122223333:layer:some:1".into();
    }
    "subnet-0123456789abcdef0".into()
}

struct Read {
    diagnostics: Vec<Diagnostic>,
    evaluation: Option<Evaluation>,
    /// True if it includes files that are not part of the corpus.
    missing: bool,
}

/// Reads a template and evaluates it as far as that goes.
fn read(entry: &Entry) -> Read {
    let parameters = parameters(entry);
    let parsed = parse(&entry.text, &Reading::with_parameters(&parameters));
    let mut diagnostics = parsed.diagnostics;
    let missing = !parsed.missing.is_empty();
    let Some(template) = parsed.template else {
        return Read { diagnostics, evaluation: None, missing };
    };
    let environment = Environment {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        partition: "aws".into(),
        sandbox: true,
    };
    let stack = StackName::parse("corpus").unwrap();
    let mut external = ExternalValues::default();
    let mut evaluation = None;
    for _ in 0..ROUNDS {
        let inputs = Inputs {
            stack: &stack,
            environment: &environment,
            parameters: &parameters,
            external: &external,
        };
        let found = evaluate(&template, &inputs);
        let open: Vec<Lookup> = found.lookups.keys().cloned().collect();
        evaluation = Some(found);
        external
            .answers
            .extend(open.iter().map(|lookup| (lookup.clone(), answer(lookup, &parameters))));
        // What other stacks export is not at hand either.
        let missing = evaluation.iter().flat_map(|e| &e.diagnostics);
        let missing: Vec<String> = missing
            .filter(|d| d.code == Code::UnknownExport)
            .filter_map(|d| Some(d.message.split('`').nth(1)?.to_owned()))
            .collect();
        if open.is_empty() && missing.is_empty() {
            break;
        }
        external.exports.extend(missing.into_iter().map(|name| {
            let value = exported(&name);
            (name, value)
        }));
    }
    diagnostics.extend(evaluation.iter().flat_map(|e| e.diagnostics.iter().cloned()));
    Read { diagnostics, evaluation, missing }
}

/// The names in references that lead nowhere.
fn dangling(diagnostics: &[Diagnostic]) -> BTreeSet<String> {
    let unresolved = diagnostics.iter().filter(|d| d.code == Code::UnresolvedReference);
    let of_resources = unresolved
        .filter(|d| !d.message.contains("no condition") && !d.message.contains("no mapping"));
    of_resources.filter_map(|d| Some(d.message.split('`').nth(1)?.to_owned())).collect()
}

/// True if values other than attributes are still not known after the cloud was asked.
fn unanswered(desired: &Desired) -> bool {
    let mut open = false;
    let properties = desired.resources.values().flat_map(|resource| resource.properties.values());
    let outputs = desired.outputs.values().map(|output| &output.value);
    for value in properties.chain(outputs) {
        value.visit_lookups(&mut |_| open = true);
    }
    open
}

/// The disagreements of a reading with the manifest of a template.
fn disagreements(entry: &Entry, read: &Read) -> Vec<String> {
    let mut out = Vec::new();
    let errors: Vec<&Diagnostic> = read.diagnostics.iter().filter(|d| d.is_error()).collect();
    let told = |code: Code| errors.iter().any(|d| d.code == code);
    if !entry.parse_ok || !entry.is_template || entry.is_foreign() {
        if errors.is_empty() && !read.missing {
            out.push("it is no template of its own and no error is reported".to_owned());
        }
        return out;
    }
    if entry.cyclic != told(Code::Cycle) {
        out.push(format!("cyclic: {}", told(Code::Cycle)));
    }
    let found = dangling(&read.diagnostics);
    let known: BTreeSet<String> = entry.dangling.iter().cloned().collect();
    if !found.is_subset(&known) || found.is_empty() != known.is_empty() {
        out.push(format!("dangling: {found:?}, known {known:?}"));
    }
    let desired = read.evaluation.as_ref().and_then(|evaluation| evaluation.desired.as_ref());
    // The templates that a template nests are not in the corpus.
    let nests = read.evaluation.as_ref().is_some_and(|evaluation| !evaluation.wanted.is_empty());
    match desired {
        None if nests && entry.text.contains("AWS::CloudFormation::Stack") && errors.is_empty() => {
        }
        None if entry.lint_ok => {
            let first = errors.first().map(|d| format!("{}: {}", d.code, d.message));
            out.push(format!("not evaluated: {}", first.unwrap_or_default()));
        }
        None => {}
        Some(desired) if unanswered(desired) => out.push("a question is left open".to_owned()),
        Some(desired) => {
            let conditional = ["Condition", "Fn::ForEach"].iter().any(|s| entry.text.contains(s));
            if !conditional && desired.resources.len() != entry.resources {
                let count = desired.resources.len();
                out.push(format!("{count} resources, known {}", entry.resources));
            }
        }
    }
    out
}

#[test]
fn templates_of_others_mean_here_what_they_mean_there() {
    let entries = entries();
    let (mut evaluated, mut refused, mut wrong) = (0, 0, Vec::new());
    let mut table = String::new();
    let mut excused = BTreeSet::new();
    for entry in &entries {
        let read = read(entry);
        let done = read.evaluation.as_ref().is_some_and(|e| e.desired.is_some());
        if done {
            evaluated += 1;
        } else {
            refused += 1;
        }
        for problem in disagreements(entry, &read) {
            let excuse = EXCEPTIONS.iter().find(|(file, _)| *file == entry.name());
            match excuse {
                Some((file, reason)) => {
                    excused.insert(*file);
                    writeln!(table, "{}\n    {problem}\n    {reason}", entry.name()).unwrap();
                }
                None => wrong.push(format!("{}\n    {problem}", entry.name())),
            }
        }
    }
    let all = entries.len();
    println!("{all} templates: {evaluated} evaluated, {refused} refused for an error in them");
    println!("{} exceptions:\n{table}", excused.len());
    let idle: Vec<_> = EXCEPTIONS.iter().filter(|(file, _)| !excused.contains(file)).collect();
    assert!(wrong.is_empty(), "{} disagree:\n{}", wrong.len(), wrong.join("\n"));
    assert!(idle.is_empty(), "these are no exceptions: {idle:?}");
}
