//! Templates that are wrong: one clear error with its place, and nothing is changed.

use crate::harness::{Place, snapshot};

/// A file name, and what is wrong in it.
const TEMPLATES: &[(&str, &str)] = &[
    ("empty.yaml", ""),
    ("scalar.yaml", "hello\n"),
    ("syntax.yaml", "Resources:\n  A:\n    Type: AWS::S3::Bucket\n   Properties: {\n"),
    ("syntax.json", "{\"Resources\": "),
    ("twice.yaml", "Resources:\n  A: {Type: AWS::S3::Bucket}\n  A: {Type: AWS::S3::Bucket}\n"),
    ("no-resources.yaml", "Outputs:\n  A: {Value: 1}\n"),
    ("section.yaml", "Resorces:\n  A: {Type: AWS::S3::Bucket}\nResources: {}\n"),
    ("name.yaml", "Resources:\n  my_bucket: {Type: AWS::S3::Bucket}\n"),
    ("type.yaml", "Resources:\n  A:\n    Type: AWS::S3::Bukket\n"),
    (
        "property.yaml",
        "Resources:\n  A:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketNam: x\n",
    ),
    ("kind.yaml", "Resources:\n  A:\n    Type: AWS::S3::Bucket\n    Properties:\n      Tags: 5\n"),
    (
        "value.yaml",
        "Resources:\n  A:\n    Type: AWS::S3::Bucket\n    Properties:\n      \
         VersioningConfiguration: {Status: Maybe}\n",
    ),
    (
        "missing.yaml",
        "Resources:\n  A:\n    Type: AWS::MediaPackage::OriginEndpoint\n    Properties:\n      Id: x\n      \
         HlsPackage: {}\n",
    ),
    (
        "cycle.yaml",
        "Resources:\n  A:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: !Ref B\n  \
         B:\n    Type: AWS::S3::Bucket\n    DependsOn: A\n",
    ),
    (
        "ref.yaml",
        "Resources:\n  A:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: !Ref Nam\n",
    ),
    (
        "attribute.yaml",
        "Resources:\n  A: {Type: AWS::S3::Bucket}\nOutputs:\n  Arn: {Value: !GetAtt A.Arm}\n",
    ),
    (
        "output.yaml",
        "Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName:\n        \
         Fn::GetStackOutput: {StackName: net, OutputName: Name, RoleArn: r}\n",
    ),
    ("transform.yaml", "Transform: MyMacro\nResources:\n  A: {Type: AWS::S3::Bucket}\n"),
    ("control.yaml", "Resources:\n  A:\n    Type: \"AWS::\\e[31mS3\\a::Bucket\"\n"),
];

/// Arguments that do not fit the streaming stack's parameters.
const PARAMETERS: &[&str] = &[
    "Nope=1",
    "SegmentSecond=4",
    "SegmentSeconds=soon",
    "SegmentSeconds=99",
    "StreamName=a b",
    "AdMarkers=X",
];

#[test]
fn each_mistake_in_a_template_is_one_error_with_its_place() {
    let place = Place::empty();
    for (file, text) in TEMPLATES {
        place.write(file, text);
    }
    place.sandbox(&["sandbox", "ls"]).expect(0);
    let before = place.content();
    let mut told = String::new();
    for (file, _) in TEMPLATES {
        let plan = place.sandbox(&["plan", file]).expect(1);
        let apply = place.sandbox(&["apply", file, "--yes"]).expect(1);
        let validate = place.run(&["validate", file]).expect(1);
        assert_eq!(plan.out, "", "{file}");
        assert_eq!(apply.err, plan.err, "{file}");
        assert_eq!(first_error(&validate.err), first_error(&plan.err), "{file}");
        let errors = plan.err.lines().filter(|line| {
            line.starts_with("error[") && !line.starts_with("error[template-invalid]")
        });
        let errors = errors.count();
        assert_eq!(errors, 1, "{file}:\n{}", plan.err);
        assert!(plan.err.contains(&format!("--> {file}:")), "{file}:\n{}", plan.err);
        assert!(!plan.err.contains(['\u{1b}', '\u{7}']), "{file}: {:?}", plan.err);
        told.push_str(&format!("$ rstack plan {file}\n{}\n", plan.err));
    }
    assert_eq!(place.content(), before);
    snapshot("bad_template", &told);
}

/// JSON has no dashes, no indentation and no tags.
#[test]
fn help_for_a_template_in_json_is_written_in_json() {
    let place = Place::empty();
    for (file, text, help) in [
        (
            "kind.json",
            r#"{"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"Tags": 5}}}}"#,
            "make a number an element of a list: put brackets around it\n",
        ),
        (
            "shape.json",
            r#"{"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": [1]}}}"#,
            "a map is written `{\"Name\": value}`",
        ),
        (
            "stray.json",
            r#"{"Resources": {"A": {"Type": "AWS::S3::Bucket", "BucketName": "x"}}}"#,
            "move it into `\"Properties\": {…}`",
        ),
    ] {
        place.write(file, text);
        for command in [&["plan", file, "--sandbox"][..], &["validate", file]] {
            let refused = place.run(command).expect(1);
            assert!(refused.err.contains(help), "{file}: {}", refused.err);
        }
    }
}

fn first_error(text: &str) -> Option<&str> {
    text.lines().find(|line| line.starts_with("error["))
}

#[test]
fn each_wrong_parameter_is_named_with_what_it_may_be() {
    let place = Place::streaming();
    place.sandbox(&["sandbox", "ls"]).expect(0);
    let before = place.content();
    let mut told = String::new();
    for parameter in PARAMETERS {
        let ran = place.sandbox(&["apply", "--yes", "--parameter", parameter]).expect(1);
        assert_eq!(ran.out, "");
        told.push_str(&format!("$ rstack apply --parameter '{parameter}'\n{}\n", ran.err));
    }
    assert_eq!(place.content(), before);
    snapshot("bad_parameter", &told);
}

#[test]
fn what_is_a_secret_of_the_cloud_is_handed_on_and_not_put_out() {
    let place = Place::empty();
    let user = "Resources:\n  User: {Type: AWS::IAM::User}\n  Access:\n    Type: AWS::IAM::AccessKey\n    \
                Properties: {UserName: !Ref User}\n";
    let output =
        "Outputs:\n  Key: {Value: !GetAtt Access.SecretAccessKey}\n  Name: {Value: !Ref User}\n";
    place.write("output.yaml", &format!("{user}{output}"));
    let taken = "  Kept:\n    Type: AWS::SSM::Parameter\n    Properties:\n      Type: String\n      \
                 Value: !GetAtt Access.SecretAccessKey\n";
    place.write("taken.yaml", &format!("{user}{taken}"));
    for file in ["output.yaml", "taken.yaml"] {
        place.run(&["validate", file]).expect(0);
    }

    let applied = place.sandbox(&["apply", "output.yaml", "--yes"]).expect(0);
    let says = "warning[unsupported]: the output `Key` is left out: its value is a secret of AWS";
    assert!(applied.err.contains(says), "{}", applied.err);
    assert!(applied.err.contains("output.yaml:7:"), "{}", applied.err);
    let outputs = place.sandbox(&["output", "output", "--json"]).expect(0).out;
    assert!(outputs.contains("\"Name\"") && !outputs.contains("\"Key\""), "{outputs}");
    place.sandbox(&["apply", "taken.yaml", "--yes"]).expect(0);
    place.sandbox(&["plan", "taken.yaml", "--detailed-exitcode"]).expect(0);
    place.edit("taken.yaml", "Type: String", "Type: String\n      Description: other");
    let refused = place.sandbox(&["apply", "taken.yaml", "--yes"]).expect(1);
    refused.reports("secret-lost", &["`Kept`", "`SecretAccessKey`", "`--replace Access`"]);
    assert_eq!(refused.out, "");
    place.sandbox(&["apply", "taken.yaml", "--yes", "--replace", "Access"]).expect(0);
    // A name is shown everywhere.
    place.write(
        "named.yaml",
        &format!(
            "{user}{}",
            taken.replace(
                "Type: String",
                "Type: String\n      Name: !GetAtt Access.SecretAccessKey"
            )
        ),
    );
    let refused = place.sandbox(&["plan", "named.yaml"]).expect(1);
    refused.reports("secret-in-name", &["`Name` of `Kept`", "`Access.SecretAccessKey`"]);
}
