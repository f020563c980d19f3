//! Objects are distinguished by their whole identifiers: what moves from one scope to another under
//! the same name is two objects, and none of them is lost.

use std::fmt::Write as _;

use crate::harness::Place;

/// A resource that is named within another one: its type, the property that takes its scope, what
/// else it declares, the type of its scope, and what the first and the second scope declare.
struct Scoped {
    child: &'static str,
    scope: &'static str,
    properties: &'static str,
    parent: &'static str,
    parents: [&'static str; 2],
}

const fn scoped(
    child: &'static str,
    scope: &'static str,
    properties: &'static str,
    parent: &'static str,
    parents: [&'static str; 2],
) -> Scoped {
    Scoped { child, scope, properties, parent, parents }
}

const PLAIN: [&str; 2] = ["", ""];
const NAMED: [&str; 2] = ["Name: one", "Name: two"];
const ROLE: &str = "AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}";

#[rustfmt::skip]
const MOVES: [Scoped; 14] = [
    scoped("Cognito::UserPoolUser", "UserPoolId", "Username: admin", "Cognito::UserPool", PLAIN),
    scoped("Cognito::UserPoolGroup", "UserPoolId", "GroupName: g", "Cognito::UserPool", PLAIN),
    scoped("Cognito::UserPoolResourceServer", "UserPoolId", "Identifier: r, Name: r",
        "Cognito::UserPool", PLAIN),
    scoped("Events::Rule", "EventBusName", "Name: r, ScheduleExpression: rate(1 day)",
        "Events::EventBus", NAMED),
    scoped("SecretsManager::ResourcePolicy", "SecretId",
        "ResourcePolicy: {Version: '2012-10-17', Statement: []}", "SecretsManager::Secret", PLAIN),
    scoped("ApiGateway::Model", "RestApiId", "Name: m, ContentType: application/json",
        "ApiGateway::RestApi", NAMED),
    scoped("ApiGatewayV2::Stage", "ApiId", "StageName: Prod", "ApiGatewayV2::Api",
        ["Name: a, ProtocolType: HTTP", "Name: b, ProtocolType: HTTP"]),
    scoped("Logs::LogStream", "LogGroupName", "LogStreamName: s", "Logs::LogGroup", PLAIN),
    scoped("Logs::MetricFilter", "LogGroupName",
        "FilterName: f, FilterPattern: '', MetricTransformations: \
         [{MetricName: m, MetricNamespace: n, MetricValue: '1'}]",
        "Logs::LogGroup", PLAIN),
    scoped("IAM::RolePolicy", "RoleName", "PolicyName: p, PolicyDocument: {Version: '2012-10-17'}",
        "IAM::Role", [ROLE, ROLE]),
    scoped("IAM::UserPolicy", "UserName", "PolicyName: p, PolicyDocument: {Version: '2012-10-17'}",
        "IAM::User", PLAIN),
    scoped("AutoScaling::LifecycleHook", "AutoScalingGroupName",
        "LifecycleHookName: h, LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING'",
        "AutoScaling::AutoScalingGroup",
        ["MinSize: '0', MaxSize: '1'", "MinSize: '0', MaxSize: '1'"]),
    scoped("Glue::Table", "DatabaseName", "CatalogId: '000000000000', TableInput: {Name: t}",
        "Glue::Database",
        ["CatalogId: '000000000000', DatabaseInput: {Name: one}",
         "CatalogId: '000000000000', DatabaseInput: {Name: two}"]),
    scoped("Cognito::UserPoolIdentityProvider", "UserPoolId",
        "ProviderName: p, ProviderType: OIDC, ProviderDetails: {client_id: a}", "Cognito::UserPool", PLAIN),
];

impl Scoped {
    fn template(&self, scope: &str) -> String {
        let Self { child, scope: property, properties, parent, parents } = self;
        let [one, two] = parents;
        let mut text = String::from("Resources:\n");
        for (id, declared) in [("One", one), ("Two", two)] {
            writeln!(text, "  {id}: {{Type: 'AWS::{parent}', Properties: {{{declared}}}}}")
                .unwrap();
        }
        writeln!(
            text,
            "  Child: {{Type: 'AWS::{child}', Properties: {{{property}: !Ref {scope}, {properties}}}}}"
        )
        .unwrap();
        text
    }
}

/// The objects in the sandbox, by the listing that knows nothing of states.
fn objects(place: &Place) -> Vec<String> {
    let listed = place.sandbox(&["sandbox", "ls"]).expect(0).out;
    listed.lines().map(str::to_owned).collect()
}

#[test]
fn a_resource_that_moves_from_one_scope_to_another_is_never_lost() {
    for moved in &MOVES {
        let place = Place::empty();
        let name = moved.child;
        place.write("stacks/moves.yaml", &moved.template("One"));
        place.sandbox(&["apply", "--yes", "--no-lint"]).expect(0);
        assert_eq!(objects(&place).len(), 3, "{name}");
        place.write("stacks/moves.yaml", &moved.template("Two"));
        place.sandbox(&["apply", "--yes", "--no-lint"]).expect(0);
        assert_eq!(objects(&place).len(), 3, "{name}: {:#?}", objects(&place));
        let plan = place.sandbox(&["plan", "--no-lint"]).expect(0);
        assert!(plan.out.contains("No changes."), "{name}: {}", plan.out);
        place.sandbox(&["destroy", "--yes"]).expect(0);
        assert_eq!(objects(&place), [""; 0], "{name}");
    }
}

/// A directory as the version before identifiers left it: killed while a user moved from one pool
/// to another, after the new one was made and before the old one was deleted.
#[test]
fn a_run_of_the_version_before_identifiers_is_recovered_and_loses_nothing() {
    let place = Place::empty();
    let fixture = |name: &str| {
        let path = format!("{}/../../tests/fixtures/formats/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    };
    place.write("stacks/Pools.yaml", &fixture("Pools.yaml"));
    for (name, path) in [
        ("state-2.json", "Pools.json"),
        ("journal-1", "Pools.journal"),
        ("sandbox-2.json", "cloud/objects.json"),
    ] {
        place.write_private(&format!("state/sandbox/{path}"), &fixture(name));
    }
    assert_eq!(objects(&place).len(), 4, "two pools, and a user in each");
    let plan = place.sandbox(&["plan", "Pools", "--no-lint"]).expect(0);
    assert!(plan.out.contains("1 to delete (deposed by earlier applies)"), "{}", plan.out);
    place.sandbox(&["apply", "Pools", "--yes", "--no-lint"]).expect(0);
    assert_eq!(objects(&place).len(), 3);
    place.sandbox(&["destroy", "Pools", "--yes"]).expect(0);
    assert_eq!(objects(&place), [""; 0]);
}
