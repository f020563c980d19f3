//! Rules about parameters.

use crate::support::outcome;

fn told(rule: &str, parameters: &[(&str, &str)]) -> Vec<String> {
    let text = format!(
        "Parameters:\n  Env: {{Type: String, Default: test}}\n  Size: {{Type: String, Default: \
         small}}\n  Nets: {{Type: CommaDelimitedList, Default: 'a,b'}}\n  Key: {{Type: String, \
         NoEcho: true, Default: k}}\n  V1: {{Type: 'AWS::EC2::VPC::Id', Default: vpc-1}}\n  V2: \
         {{Type: 'List<AWS::EC2::VPC::Id>', Default: 'vpc-2,vpc-3'}}\nRules:\n  R:\n{rule}Resources: \
         {{}}\n"
    );
    let outcome = outcome(&text, parameters);
    outcome.diagnostics.iter().map(|d| format!("{}: {}", d.code, d.message)).collect()
}

#[test]
fn assertions_hold_where_their_condition_does() {
    let rule = "    RuleCondition: !Equals [!Ref Env, prod]\n    Assertions:\n      - Assert: \
                {'Fn::Contains': [[large, huge], !Ref Size]}\n        AssertDescription: production \
                is large\n";
    assert_eq!(told(rule, &[]), [""; 0]);
    assert_eq!(told(rule, &[("Env", "prod"), ("Size", "large")]), [""; 0]);
    assert_eq!(
        told(rule, &[("Env", "prod")]),
        ["rule: the rule `R` does not hold: production is large"]
    );
}

#[test]
fn the_functions_of_rules() {
    for (assert, holds) in [
        ("'Fn::EachMemberIn': [!Ref Nets, [a, b, c]]", true),
        ("'Fn::EachMemberIn': [!Ref Nets, [a]]", false),
        ("'Fn::EachMemberEquals': [[test, test], !Ref Env]", true),
        ("'Fn::EachMemberEquals': [!Ref Nets, a]", false),
        ("'Fn::Contains': [{'Fn::RefAll': 'AWS::EC2::VPC::Id'}, vpc-3]", true),
        ("'Fn::Contains': [{'Fn::RefAll': 'AWS::EC2::VPC::Id'}, vpc-4]", false),
        ("'Fn::EachMemberEquals': [{'Fn::RefAll': 'AWS::EC2::Image::Id'}, x]", true),
        ("'Fn::Implies': [!Equals [!Ref Env, prod], !Equals [!Ref Size, large]]", true),
        ("'Fn::Implies': [!Equals [!Ref Env, test], !Equals [!Ref Size, large]]", false),
        ("'Fn::Not': [!Equals [!Ref Key, '']]", true),
        (
            "'Fn::And': [{'Fn::Contains': [[5], '5']}, {'Fn::Or': [!Equals [a, b], !Equals [a, a]]}]",
            true,
        ),
    ] {
        let told = told(&format!("    Assertions:\n      - Assert: {{{assert}}}\n"), &[]);
        let expected: &[&str] =
            if holds { &[] } else { &["rule: an assertion of the rule `R` does not hold"] };
        assert_eq!(told, expected, "{assert}");
    }
}

#[test]
fn what_rules_cannot_say_is_reported() {
    for (rule, code) in [
        ("    Assertions: [{Assert: {'Fn::Contains': [!Ref Env, a]}}]\n", "function-value"),
        ("    Assertions: [{Assert: {'Fn::Contains': [[!Ref Key], a]}}]\n", "secret-in-condition"),
        ("    Assertions: [{Assert: {'Fn::ValueOf': [V1, Tags.x]}}]\n", "condition-kind"),
        ("    Assertions: [{Assert: true}]\n", "condition-kind"),
        ("    Assertions: [{AssertDescription: x}]\n", "missing-key"),
        ("    Assertions: {}\n", "shape"),
        ("    RuleCondition: !Equals [a, a]\n", "missing-key"),
        ("    Assertions: [{Assert: !Equals [!Ref Nope, a]}]\n", "unresolved-reference"),
    ] {
        let told = told(rule, &[]);
        assert_eq!(told.len(), 1, "{rule}{told:?}");
        assert!(told[0].starts_with(code), "{rule}{told:?}");
    }
    let outside = "Resources: {}\nConditions: {C: {'Fn::Contains': [[a], a]}}";
    assert_eq!(outcome(outside, &[]).told(), ["rule-function@'Fn::Contains'"]);
}
