//! The two streaming templates: the one written by hand and the one that the CDK wrote.

use rstack_model::desired::Desired;
use rstack_model::{Diagnostic, Value};

use crate::support::outcome;

const STREAMING: &str = include_str!("../../../../stacks/streaming.yaml");
const CDK: &str = include_str!("../../../../tests/fixtures/cdk-streaming.template.json");

fn desired(text: &str, parameters: &[(&str, &str)]) -> Result<Desired, Vec<Diagnostic>> {
    let outcome = outcome(text, parameters);
    outcome.evaluation.and_then(|e| e.desired).ok_or(outcome.diagnostics)
}

fn at<'a>(desired: &'a Desired, id: &str, path: &[&str]) -> &'a Value {
    let mut value = &desired.resources[id].properties[path[0]];
    for step in &path[1..] {
        value = match value {
            Value::Map(map) => &map[*step],
            Value::List(list) => &list[step.parse::<usize>().unwrap()],
            other => panic!("{other} has no {step}"),
        };
    }
    value
}

#[test]
fn the_hand_written_stack_evaluates_without_a_finding() {
    let desired = desired(STREAMING, &[("SegmentSeconds", "4")]).unwrap();
    assert_eq!(desired.resources.len(), 9);
    let segment = at(&desired, "HlsEndpoint", &["HlsPackage", "SegmentDurationSeconds"]);
    assert_eq!(*segment, Value::from(4));
    let host = ["DistributionConfig", "Origins", "0", "DomainName"];
    assert_eq!(
        at(&desired, "Distribution", &host).to_string(),
        "‹select 2 of HlsEndpoint.Url split at \"/\"›"
    );
    assert_eq!(
        desired.outputs["CmafUrl"].value.to_string(),
        "\"https://‹Distribution.DomainName›/out/‹select 1 of CmafEndpoint.Url split at \"/out/\"›\""
    );
    let needs: Vec<&str> =
        desired.resources["Distribution"].dependencies.iter().map(|id| id.as_str()).collect();
    assert_eq!(needs, ["CdnSecret", "HlsEndpoint", "OriginRequestPolicy"]);
}

#[test]
fn what_the_cdk_wrote_evaluates_with_its_rules_and_its_bootstrap_parameter() {
    let desired = desired(CDK, &[]).unwrap();
    // `AWS::CDK::Metadata` is there because the condition on the Region holds.
    assert_eq!(desired.resources.len(), 10);
    assert!(!desired.parameters.contains_key("BootstrapVersion"));
    let header = at(
        &desired,
        "MyCloudFrontDistribution30467AA6",
        &["DistributionConfig", "Origins", "0", "OriginCustomHeaders", "0", "HeaderValue"],
    );
    assert_eq!(
        header.to_string(),
        "\"{{resolve:secretsmanager:‹SecretsCdnSecret0E5E36B2›:SecretString:MediaPackageCDNIdentifier::}}\""
    );
    let mut secrets = 0;
    header.visit_secrets(&mut |_| secrets += 1);
    assert_eq!(secrets, 1, "the joined text is a secret reference");
    let id = at(&desired, "MyMediaPackageChannelHlsEndpointF46D94C4", &["Id"]);
    assert_eq!(*id, Value::from("Live-hls-Live_MediaPackageChannel"));
    let export = desired.outputs["SecretscdnSecret5AD10D8D"].export.clone();
    assert_eq!(export, Some(Value::from("LivecdnSecret")));
    let role = at(
        &desired,
        "MyMediaPackageChannelMssEndpointB201A787",
        &["Authorization", "SecretsRoleArn"],
    );
    assert_eq!(role.to_string(), "‹MyMediaPackageRole2A6DBB2D.Arn›");
}

#[test]
fn parameters_are_checked_against_their_rules() {
    for (name, value, problem) in [
        ("SegmentSeconds", "0", "at least 1"),
        ("SegmentSeconds", "x", "a number"),
        ("AdMarkers", "SOME", "one of"),
        ("StreamName", "a b", "match the pattern"),
        ("StreamNam", "x", "no parameter `StreamNam`"),
    ] {
        let diagnostics = desired(STREAMING, &[(name, value)]).unwrap_err();
        assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
        assert!(diagnostics[0].message.contains(problem), "{}", diagnostics[0].message);
    }
}
