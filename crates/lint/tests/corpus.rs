//! The verdicts over the corpus of templates: what the validator refuses is refused, and what rstack
//! alone refuses has a reason that is known. Run by `make corpus` only, and fails without the corpus.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rstack_lint::{Question, Rules, Schemas, Subject, Validator, merge};
use rstack_model::state::Environment;
use rstack_model::{Code, Diagnostic, Presence, StackName};
use rstack_template::{ExternalValues, Inputs, Reading, evaluate, parse};

/// The templates that rstack refuses and the validator does not: part of the template's name, the
/// finding, the reason.
const OWN: &[(&str, Code, &str)] = &[
    ("", Code::Unsupported, "rstack does not do it, and says so; CloudFormation would"),
    ("", Code::Serverless, "AWS's translator reads it first, which the command line runs"),
    ("", Code::MissingParameterOfLoop, "what a loop makes depends on a value that was not given"),
    ("", Code::Syntax, "of what cannot be read the validator gives a warning, as it is not asked"),
    ("functions_findinmap.yaml", Code::MappingRegion, "rstack looks the Region of the call up"),
    ("functions_findinmap.yaml", Code::FunctionValue, "a key that only an object knows"),
    (
        "functions__ref.yaml",
        Code::UnresolvedReference,
        "the resource of a module, which is unsupported",
    ),
    (
        "outputs-with-references.json",
        Code::Shape,
        "CloudFormation takes text only in `Description`",
    ),
    (
        "short-form-cidr.yaml",
        Code::PropertyKind,
        "`Fn::Cidr` gives a list, the property takes a text",
    ),
    ("primitive_types_map.yaml", Code::PropertyKind, "a list where the schema has a map"),
    ("short-form-get-att.yaml", Code::PropertyPattern, "an ARN where the name of a bucket belongs"),
    ("Snippets__template1.yaml", Code::PropertyKind, "a list where the schema has a text"),
];

/// The templates of which the validator's errors are left out, all of them: they are about branches that the
/// values of the parameters do not take. cfn-lint 1.58.0 and CloudFormation take these templates.
const NOT_TAKEN: [&str; 5] = [
    "cfn-lint__test__fixtures__templates__good__resources__iam__policy.yaml",
    "widdix__jenkins__jenkins2-ha.yaml",
    "widdix__state__rds-aurora.yaml",
    "widdix__vpc__vpc-vpn-bastion.yaml",
    "widdix__wordpress__wordpress-ha-aurora.yaml",
];

/// The templates of the corpus, in the folder that `RSTACK_CORPUS` names.
fn templates() -> Vec<PathBuf> {
    let corpus = std::env::var_os("RSTACK_CORPUS").expect("`make corpus` sets RSTACK_CORPUS");
    let folder = PathBuf::from(corpus).join("templates");
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no templates in {folder:?}");
    paths
}

/// The findings of rstack alone, as `rstack validate` has them.
fn own(text: &str) -> (Vec<Diagnostic>, Presence) {
    let none = BTreeMap::new();
    let stack = StackName::parse("stack").unwrap();
    let environment = Environment {
        account: "000000000000".into(),
        region: "eu-west-1".into(),
        partition: "aws".into(),
        sandbox: true,
    };
    let external = ExternalValues::default();
    let pseudo = Reading::place(&environment, &stack);
    let parsed = parse(text, &Reading { pseudo, ..Reading::default() });
    let inputs =
        Inputs { stack: &stack, environment: &environment, parameters: &none, external: &external };
    let evaluated = parsed.template.map(|template| evaluate(&template, &inputs));
    let mut all = parsed.diagnostics;
    let mut presence = Presence::default();
    if let Some(evaluated) = evaluated {
        all.extend(evaluated.diagnostics);
        presence = evaluated.presence;
    }
    let open = [Code::MissingParameter, Code::UnknownExport, Code::UnknownStackOutput];
    all.retain(|finding| !open.iter().any(|code| finding.code == *code));
    (all, presence)
}

#[test]
fn verdicts_over_the_corpus_are_the_validators_or_explained() {
    let paths = templates();
    let validator = Validator::new(Schemas::load(), Rules::load(&[], &mut |_| {}).unwrap());
    let parameters = BTreeMap::new();
    let mut wrong = Vec::new();
    let (mut used, mut left_out) = (BTreeSet::new(), Vec::new());
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let question =
            Question { text: &text, parameters: &parameters, region: None, built_in: true };
        let theirs = validator.check(&question, &mut |_| {}).unwrap().findings;
        // `Fn::GetAZs` within `Fn::Join`, which CloudFormation takes.
        let refuses = |it: &&Diagnostic| it.is_error() && it.code.as_str() != "E1022";
        let refused = theirs.iter().filter(refuses).count() > 0;
        let (mut all, presence) = own(&text);
        let alone: Vec<Diagnostic> = all.iter().filter(|d| d.is_error()).cloned().collect();
        let subject = Subject { text: &text, is_serverless: false, presence: &presence };
        merge(subject, &mut all, theirs);
        let name = path.file_name().unwrap().to_string_lossy();
        if refused && !all.iter().any(Diagnostic::is_error) {
            match NOT_TAKEN.iter().find(|known| **known == name) {
                Some(known) => left_out.push(*known),
                None => wrong.push(format!("{name}: the validator's errors are lost")),
            }
        }
        if refused {
            continue;
        }
        for finding in alone {
            let known = |(file, code, _): &&(&str, Code, &str)| {
                name.ends_with(file) && finding.code == *code
            };
            match OWN.iter().find(known) {
                Some(row) => drop(used.insert(row)),
                None => wrong.push(format!("{name}: {}: {}", finding.code, finding.message)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let stale: Vec<_> = OWN.iter().filter(|row| !used.contains(row)).collect();
    assert!(stale.is_empty(), "explained, and not needed any more: {stale:?}");
    assert_eq!(left_out, NOT_TAKEN);
}
