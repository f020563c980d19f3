use std::collections::BTreeMap;

use super::*;

fn stacks(artifact: &str) -> Result<Vec<AssemblyStack>, String> {
    let text = format!("{{\"artifacts\": {{\"A\": {artifact}}}}}");
    Manifest::parse(&text).map(|it| it.stacks).map_err(|error| error.to_string())
}

fn stack(more: &str) -> Result<AssemblyStack, String> {
    let text = format!(
        "{{\"type\": \"aws:cloudformation:stack\", \"properties\": {{\"templateFile\": \"a.json\"}}{more}}}"
    );
    stacks(&text).map(|mut all| all.remove(0))
}

#[test]
fn stacks_have_the_name_that_they_are_deployed_under() {
    let text = r#"{"version": "36.0.0", "artifacts": {
        "B": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "b.json"},
              "dependencies": ["A", "B.assets"]},
        "B.assets": {"type": "cdk:asset-manifest", "properties": {"file": "B.assets.json"}},
        "T": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
        "P": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-P"},
              "dependencies": ["A"]},
        "A": {"type": "aws:cloudformation:stack", "displayName": "App/Live",
              "properties": {"templateFile": "a/a.json", "stackName": "Live"}}}}"#;
    let manifest = Manifest::parse(text).unwrap();
    let found: Vec<_> =
        manifest.stacks.iter().map(|s| [&s.id, &s.name, &s.template].map(String::as_str)).collect();
    assert_eq!(found, [["B", "B", "b.json"], ["A", "Live", "a/a.json"]]);
    assert_eq!(manifest.stacks[0].dependencies, ["A", "B.assets"]);
    assert_eq!(manifest.stacks[1].path.as_deref(), Some("App/Live"));
    let nested = NestedAssembly {
        id: "P".into(),
        folder: "assembly-P".into(),
        dependencies: vec!["A".into()],
    };
    assert_eq!(manifest.nested, [nested]);
    assert_eq!(Manifest::parse("{}").unwrap(), Manifest::default());
}

#[test]
fn the_environment_is_the_callers_where_the_app_does_not_decide_it() {
    let environment = |text: &str| {
        let environment =
            stack(&format!(", \"environment\": \"{text}\"")).map(|it| it.environment)?;
        let account = environment.account.map(|it| it.to_string());
        Ok((account, environment.region.map(|it| it.to_string())))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        environment("aws://123456789012/eu-west-1"),
        Ok((some("123456789012"), some("eu-west-1")))
    );
    assert_eq!(environment("aws://unknown-account/us-east-1"), Ok((None, some("us-east-1"))));
    assert_eq!(environment("aws://unknown-account/unknown-region"), Ok((None, None)));
    assert_eq!(stack("").unwrap().environment, StackEnvironment::default());
    for account in ["k3y", "12345678901x"] {
        let problem = format!("the account `{account}`, which is not twelve digits");
        let found: String = environment(&format!("aws://{account}/eu-west-1")).unwrap_err();
        assert!(found.starts_with("the stack `") && found.ends_with(&problem), "{found}");
    }
    for wrong in ["", "k3y", "aws://123456789012/", "aws://a b/eu-west-1", "aws://k\\u0007/a"] {
        let problem = "an artifact's `environment` must be `aws://ACCOUNT/REGION`";
        assert_eq!(environment(wrong), Err(problem.to_owned()), "{wrong}");
    }
}

#[test]
fn what_the_app_says_of_a_stack_is_read() {
    let text = r#"{"type": "aws:cloudformation:stack", "properties": {"templateFile": "a.json",
        "terminationProtection": true, "notificationArns": ["arn:t"], "tags": {"a": "b"}},
        "metadata": {"/A": [{"type": "aws:cdk:stack-tags", "data": [{"key": "old", "value": "x"}]}]}}"#;
    let mut found = stacks(text).unwrap();
    let found = found.remove(0);
    assert_eq!(found.termination_protection, Some(true));
    assert_eq!(found.notification_arns, ["arn:t"]);
    assert_eq!(found.tags, BTreeMap::from([("a".to_owned(), "b".to_owned())]));
    let old = r#", "metadata": {"/A": [{"type": "aws:cdk:path"},
        {"type": "aws:cdk:stack-tags", "data": [{"Key": "k", "Value": "v"}]}]}"#;
    let old = stack(old).unwrap();
    assert_eq!(old.tags, BTreeMap::from([("k".to_owned(), "v".to_owned())]));
    assert_eq!(old.termination_protection, None);
}

#[test]
fn look_ups_that_were_not_made_are_listed() {
    let text =
        r#"{"missing": [{"key": "vpc-provider:a", "provider": "vpc-provider", "props": {}}]}"#;
    let expected = MissingContext { key: "vpc-provider:a".into(), provider: "vpc-provider".into() };
    assert_eq!(Manifest::parse(text).unwrap().missing, [expected]);
}

#[test]
fn a_newer_version_is_refused_by_its_number() {
    assert!(Manifest::parse(r#"{"version": "55.9.1"}"#).is_ok());
    let error = Manifest::parse(r#"{"version": "56.0.0"}"#).unwrap_err();
    assert_eq!(error, ManifestError::Newer { version: 56 });
    assert!(error.to_string().contains("version 56"), "{error}");
}

#[test]
fn mistakes_quote_nothing_of_the_text() {
    for (text, problem) in [
        ("aws_secret_access_key = k3y", "it is no JSON at line 1, column 1"),
        ("[\"k3y\"]", "the manifest must be a map"),
        ("{\"version\": \"k3y\"}", "`version` must be a version"),
        ("{\"artifacts\": \"k3y\"}", "`artifacts` must be a map"),
        ("{\"missing\": \"k3y\"}", "`missing` must be a list"),
        ("{\"artifacts\": {\"A\": {\"type\": [\"k3y\"]}}}", "an artifact's `type` must be text"),
    ] {
        let error = Manifest::parse(text).unwrap_err().to_string();
        assert_eq!(error, problem);
    }
    let of_stack = [
        (", \"dependencies\": [1]", "an artifact's `dependencies` must be a list of texts"),
        (", \"displayName\": {\"k3y\": 1}", "a `displayName` must be text"),
    ];
    for (more, problem) in of_stack {
        assert_eq!(stack(more).unwrap_err(), problem);
    }
}

#[test]
fn what_comes_after_an_artifact_that_is_not_there_is_refused() {
    let refused = stack(r#", "dependencies": ["Nope"]"#).unwrap_err();
    assert_eq!(refused, "`A` depends on `Nope`, which the manifest does not have");
}
