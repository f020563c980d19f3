//! Policies that are larger than their service takes.

use crate::support::outcome;

/// A policy document of this size, in characters without white space.
fn document(size: usize) -> String {
    let empty = r#"{"Statement":[{"Action":""}]}"#.len();
    format!("{{Statement: [{{Action: '{}'}}]}}", "a".repeat(size - empty))
}

/// The findings about sizes.
fn told(text: &str) -> Vec<String> {
    let mut told = outcome(text, &[]).told();
    told.retain(|finding| finding.starts_with("policy-size@"));
    told
}

fn template(resources: &str) -> String {
    format!("Parameters:\n  P: {{Type: String, Default: p}}\nResources:\n{resources}")
}

fn one(resource_type: &str, rest: &str, property: &str, document: &str) -> String {
    template(&format!(
        "  R:\n    Type: {resource_type}\n    Properties:\n{rest}      {property}: {document}\n"
    ))
}

#[test]
fn the_largest_policy_fits_and_one_more_character_does_not() {
    let queues = "      Queues: [q]\n";
    let topics = "      Topics: [t]\n";
    for (resource_type, rest, limit) in [
        ("AWS::IAM::ManagedPolicy", "", 6_144),
        ("AWS::S3::BucketPolicy", "      Bucket: b\n", 20_480),
        ("AWS::SQS::QueuePolicy", queues, 8_192),
        ("AWS::SNS::TopicPolicy", topics, 30_720),
    ] {
        let of = |size| one(resource_type, rest, "PolicyDocument", &document(size));
        assert_eq!(told(&of(limit)), [""; 0], "{resource_type}");
        let found = outcome(&of(limit + 1), &[]);
        assert_eq!(found.told(), ["policy-size@PolicyDocument"], "{resource_type}");
        let message = &found.diagnostics[0].message;
        assert!(message.contains(&format!("{} ", limit + 1)), "{message}");
        assert!(found.evaluation.unwrap().desired.is_none(), "nothing is planned");
    }
}

#[test]
fn white_space_counts_for_nothing_in_iam() {
    let text = document(6_144).replace("a'", "a   \t '");
    assert_eq!(told(&one("AWS::IAM::ManagedPolicy", "", "PolicyDocument", &text)), [""; 0]);
    let text = document(8_192).replace("a'", "a '");
    let queue = one("AWS::SQS::QueuePolicy", "      Queues: [q]\n", "PolicyDocument", &text);
    assert_eq!(told(&queue), ["policy-size@PolicyDocument"]);
}

#[test]
fn a_long_trust_policy_is_a_warning() {
    let of = |size| one("AWS::IAM::Role", "", "AssumeRolePolicyDocument", &document(size));
    assert_eq!(told(&of(2_048)), [""; 0]);
    let found = outcome(&of(2_049), &[]);
    assert_eq!(found.told(), ["policy-size@AssumeRolePolicyDocument"]);
    assert!(!found.diagnostics[0].is_error());
    assert!(found.evaluation.unwrap().desired.is_some());
}

/// A role with an inline policy of one size, and a policy of another that it is attached to by this.
fn role(name: &str, own: usize, attached: usize, by: &str) -> String {
    template(&format!(
        "  R:\n    Type: AWS::IAM::Role\n    Properties:\n{name}      AssumeRolePolicyDocument: {{}}\n      \
         Policies: [{{PolicyName: a, PolicyDocument: {}}}]\n  P1:\n    Type: AWS::IAM::Policy\n    \
         Properties: {{PolicyName: b, {by}, PolicyDocument: {}}}\n",
        document(own),
        document(attached)
    ))
}

#[test]
fn inline_policies_of_one_principal_are_added_up_however_they_are_attached() {
    let named = "      RoleName: x\n";
    for (name, by) in [("", "Roles: [!Ref R]"), (named, "Roles: [!Ref R]"), (named, "Roles: [x]")] {
        assert_eq!(told(&role(name, 5_120, 5_120, by)), [""; 0], "{by}");
        let text = role(name, 5_120, 5_121, by);
        assert_eq!(told(&text), ["policy-size@PolicyDocument"], "{by}");
        let found = outcome(&text, &[]);
        let error = found.diagnostics.iter().find(|finding| finding.is_error()).unwrap();
        let expected = if name.is_empty() { "role `R`" } else { "role `x`" };
        assert!(error.message.contains(expected) && error.message.contains("10241 "), "{error:?}");
    }
    // Another role, and one that is known only after apply.
    for by in ["Roles: [y]", "Roles: [!GetAtt R.Arn]", "Users: [x]"] {
        let small = if by.starts_with("Users") { 2_000 } else { 10_000 };
        assert_eq!(told(&role(named, 10_000, small, by)), [""; 0], "{by}");
    }
    for (word, limit) in [("User", 2_048), ("Group", 5_120)] {
        let of = |size| {
            template(&format!(
                "  R: {{Type: 'AWS::IAM::{word}Policy', Properties: {{PolicyName: a, {word}Name: x, \
                 PolicyDocument: {}}}}}\n",
                document(size)
            ))
        };
        assert_eq!(told(&of(limit)), [""; 0], "{word}");
        assert_eq!(told(&of(limit + 1)), ["policy-size@PolicyDocument"], "{word}");
    }
}

/// Values that are known only after apply, and the branch that a condition leaves out, count for nothing.
#[test]
fn only_what_is_known_counts() {
    let big = "a".repeat(6_000);
    let of = |action: &str| {
        let queue = "  Q: {Type: AWS::SQS::Queue}\n";
        template(&format!(
            "{queue}  R: {{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: {{Statement: \
             [{{Action: {action}}}]}}}}}}\nConditions: {{C: !Equals [!Ref P, p]}}\n"
        ))
    };
    assert_eq!(told(&of(&format!("[!Sub '{big}${{Q.Arn}}', !GetAtt Q.Arn]"))), [""; 0]);
    let more = "a".repeat(7_000);
    assert_eq!(told(&of(&format!("!Sub '{more}${{Q.Arn}}'"))), ["policy-size@PolicyDocument"]);
    assert_eq!(told(&of(&format!("!If [C, '{big}', '{more}']"))), [""; 0]);
    assert_eq!(told(&of(&format!("!If [C, '{more}', '{big}']"))), ["policy-size@PolicyDocument"]);
}
