//! Wrong arguments, wrong files and wrong states: one clear error with a hint, exit code 1, and
//! nothing is changed.

use std::os::unix::fs::PermissionsExt;

use crate::harness::{Place, snapshot};

/// Runs each command line, demands that it fails, and returns all errors as text.
fn errors_of(place: &Place, lines: &[&[&str]]) -> String {
    let mut said = String::new();
    for line in lines {
        let ran = place.run(line).expect(1);
        let errors = ran.err.lines().filter(|line| line.starts_with("error")).count();
        assert_eq!(errors, 1, "{line:?}:\n{}", ran.err);
        said.push_str(&format!("$ rstack {}\n{}\n", line.join(" "), ran.err));
    }
    said
}

#[test]
fn what_is_not_there_or_no_template_is_said() {
    let place = Place::streaming();
    place.write_bytes("binary.yaml", &[0, 159, 146, 150, 255]);
    place.write("___.yaml", "Resources:\n  A: {Type: AWS::S3::Bucket}\n");
    place.write("docs/README.md", "");
    place.sandbox(&["sandbox", "ls"]).expect(0);
    let before = place.content();
    let errors = errors_of(
        &place,
        &[
            &["plan", "nope.yaml", "--sandbox"],
            &["plan", "nope", "--sandbox"],
            &["plan", "docs", "--sandbox"],
            &["plan", "stacks", "--sandbox"],
            &["plan", "binary.yaml", "--sandbox"],
            &["plan", "___.yaml", "--sandbox"],
            &["plan", "--stack-name", "../escape", "--sandbox"],
            &["plan", "--delete-first", "Nope", "--sandbox"],
            &["plan", "--out", "no/such/folder/x.plan", "--sandbox"],
            &["validate", "nope.yaml"],
            &["validate", "docs"],
            &["show", "streaming", "--sandbox"],
            &["output", "nope", "--sandbox"],
            &["destroy", "nope", "--yes", "--sandbox"],
            &["sandbox", "remove", "AWS::S3::Bucket", "nope"],
            &["sandbox", "rotate-secret", "nope"],
        ],
    );
    assert_eq!(place.content(), before);
    snapshot("bad_argument", &without_temporary_name(&errors));
}

/// The temporary file that a failed save names has a random name.
fn without_temporary_name(text: &str) -> String {
    let lines = text.lines().map(|line| match line.find(" at path ") {
        Some(at) => &line[..at],
        None => line,
    });
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_wrong_command_line_does_not_look_like_changes() {
    let place = Place::streaming();
    for line in [
        &["nonsense"][..],
        &["plan", "--nonsense"],
        &["plan", "--detailed-exitcode", "--parameter", "x"],
        &["plan", "--parallelism", "0"],
        &["plan", "--region", "eu west"],
        &["plan", "--region", "nowhere"],
        &["plan", "--full", "--compact"],
        &[],
    ] {
        let ran = place.sandbox(line).expect(1);
        assert!(ran.err.contains("Usage: ") || ran.err.contains("try '--help'"), "{}", ran.err);
    }
    assert!(!place.path("state").exists());
}

#[test]
fn an_environment_that_means_nothing_is_said() {
    let place = Place::streaming();
    let mut command = place.command(&["plan", "--sandbox"]);
    command.env("RSTACK_SANDBOX", "haste=9");
    let ran = crate::harness::ran(command).expect(1);
    ran.reports("sandbox-setting", &["`haste=9`"]);
}

#[test]
fn without_a_stack_the_choice_is_shown() {
    let place = Place::empty();
    let none = errors_of(&place, &[&["plan", "--sandbox"], &["show", "--sandbox"], &["validate"]]);
    place.write("stacks/a.yaml", "Resources:\n  A: {Type: AWS::SNS::Topic}\n");
    place.write("stacks/b.yaml", "Resources:\n  A: {Type: AWS::SNS::Topic}\n");
    place.sandbox(&["apply", "a", "--yes"]).expect(0);
    place.sandbox(&["apply", "b", "--yes"]).expect(0);
    let before = place.content();
    let several = errors_of(
        &place,
        &[
            &["plan", "--sandbox"],
            &["show", "--sandbox"],
            &["destroy", "--yes", "--sandbox"],
            &["show", "a"],
        ],
    );
    assert_eq!(place.content(), before);
    snapshot("no_stack", &(none + &several));
}

#[test]
fn there_is_no_question_without_a_terminal() {
    let place = Place::streaming();
    place.sandbox(&["sandbox", "ls"]).expect(0);
    let before = place.content();
    let ran = place.sandbox(&["apply"]).expect(1);
    assert!(ran.out.contains("Plan: 9 to create"), "{}", ran.out);
    ran.reports("confirmation-needed", &["hint: "]);
    assert_eq!(place.content(), before);
}

#[test]
fn a_state_directory_that_cannot_be_used_is_named() {
    let place = Place::streaming();
    place.write("file", "");
    let before = place.files();
    let line = ["apply", "--yes", "--sandbox", "--state-dir", "file"];
    let errors = errors_of(&place, &[&line, &["ls", "--state-dir", "file"]]);
    assert_eq!(place.files(), before);
    snapshot("bad_state_directory", &errors);
}

#[test]
fn a_damaged_state_is_refused_and_left_alone() {
    let place = Place::empty();
    place.write("topic.yaml", "Resources:\n  A: {Type: AWS::SNS::Topic}\n");
    place.sandbox(&["apply", "topic.yaml", "--yes"]).expect(0);
    let name = "state/sandbox/topic.json";
    let whole = place.read(name);
    let mut all = String::new();
    let half = &whole[..whole.find("\"lineage\"").unwrap()];
    let edited = whole.replace("\"serial\": 1", "\"serial\": 2");
    assert_ne!(edited, whole);
    for damaged in ["", "not json", half, &edited] {
        place.write(name, damaged);
        let before = place.content();
        for line in [
            &["plan", "topic.yaml", "--sandbox"][..],
            &["apply", "topic.yaml", "--yes", "--sandbox"],
            &["destroy", "topic", "--yes", "--sandbox"],
            &["show", "topic", "--sandbox"],
        ] {
            let ran = place.run(line).expect(1);
            assert!(
                ran.err.starts_with("error[state-") && ran.err.contains(name),
                "{line:?}: {}",
                ran.err
            );
            assert!(
                ran.err
                    .contains("hint: nothing was changed; `rstack state repair topic --sandbox`"),
                "{}",
                ran.err
            );
            if line[0] == "plan" {
                all.push_str(&ran.err);
            }
        }
        assert_eq!(place.content(), before);
        place.sandbox(&["ls"]).expect(0);
    }
    snapshot("damaged_state", &all);

    place.write(name, &whole);
    std::fs::set_permissions(place.path(name), PermissionsExt::from_mode(0o644)).unwrap();
    let ran = place.sandbox(&["plan", "topic.yaml"]).expect(1);
    assert!(ran.err.contains(&format!("hint: run `chmod 600 {name}`")), "{}", ran.err);

    std::fs::set_permissions(place.path(name), PermissionsExt::from_mode(0o600)).unwrap();
    place.sandbox(&["plan", "topic.yaml", "--detailed-exitcode"]).expect(0);
}

#[test]
fn objects_of_one_region_are_warned_of_in_another() {
    let place = Place::empty();
    let template = "\
Resources:
  Firewall:
    Type: AWS::WAFv2::IPSet
    Properties: { Scope: CLOUDFRONT, IPAddressVersion: IPV4, Addresses: [] }
  Certificate:
    Type: AWS::CertificateManager::Certificate
    Properties: { DomainName: example.com }
  Site:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        DefaultCacheBehavior:
          TargetOriginId: o
          ViewerProtocolPolicy: redirect-to-https
          CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
        Origins:
          - { Id: o, DomainName: example.org, CustomOriginConfig: { OriginProtocolPolicy: https-only } }
        ViewerCertificate: { AcmCertificateArn: !Ref Certificate, SslSupportMethod: sni-only }
";
    place.write("edge.yaml", template);
    let in_region = |region: &str| {
        place.sandbox(&["plan", "edge.yaml", "--no-lint", "--region", region]).expect(0).err
    };
    let warned = in_region("eu-west-1");
    assert!(
        warned.contains("AWS makes `Firewall` in us-east-1 only, and the stack is in eu-west-1"),
        "{warned}"
    );
    let takes = "of `Site` takes an object of us-east-1 only, and gets one of eu-west-1";
    assert!(warned.contains(takes), "{warned}");
    assert!(warned.contains("edge.yaml:4:"), "{warned}");
    assert!(!in_region("us-east-1").contains("only"));
}

#[test]
fn a_stack_stays_in_its_region() {
    let place = Place::empty();
    place.write("topic.yaml", "Resources:\n  A: {Type: AWS::SNS::Topic}\n");
    place.sandbox(&["apply", "topic.yaml", "--yes"]).expect(0);
    let before = place.content();
    for line in
        [&["plan", "topic.yaml"][..], &["apply", "topic.yaml", "--yes"], &["destroy", "topic"]]
    {
        let ran = place.sandbox(&[line, &["--region", "us-east-1"]].concat()).expect(1);
        let facts = ["`topic`", "(eu-west-1)", "(us-east-1)", "hint: ", "`--region`"];
        ran.reports("environment-mismatch", &facts);
    }
    assert_eq!(place.content(), before);
}
