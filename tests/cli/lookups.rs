//! Lookups of a template in the cloud and in other stacks.

use crate::harness::Place;

const NETWORK: &str = "Parameters:
  Image: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: /images/ami}
Resources:
  Subnet:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: vpc-0123456789abcdef0
      CidrBlock: 10.0.0.0/24
      AvailabilityZone: !Select [1, !GetAZs '']
      Tags:
        - {Key: Image, Value: !Ref Image}
        - {Key: Plain, Value: '{{resolve:ssm:/names/plain:3}}'}
  Channel:
    Type: AWS::MediaPackage::Channel
    Properties: {Id: live, Description: '{{resolve:ssm-secure:/secret/description}}'}
Outputs:
  Zones: {Value: !Join [' ', !GetAZs us-east-1]}
";

const USER: &str = "Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName:
        Fn::GetStackOutput: {StackName: network, OutputName: Zones}
";

#[test]
fn the_cloud_is_asked_before_anything_is_planned() {
    let place = Place::empty();
    place.write("network.yaml", NETWORK);
    place.write("user.yaml", USER);
    // Without a cloud nothing of it is known, and nothing is wrong.
    assert!(place.sandbox(&["validate", "network.yaml"]).expect(0).err.is_empty());
    place.sandbox(&["graph", "network.yaml"]).expect(0);
    let warned = place.sandbox(&["validate", "user.yaml"]).expect(0).err;
    assert!(warned.contains("warning[unknown-stack-output]"), "{warned}");

    for (name, value, kind) in [
        ("/images/ami", "ami-0123456789abcdef0", "String"),
        ("/names/plain", "one", "String"),
        ("/names/plain", "two", "String"),
        ("/names/plain", "three", "String"),
        ("/secret/description", "quiet", "SecureString"),
    ] {
        let put = ["sandbox", "put-parameter", name, value, "--type", kind];
        place.run(&put).expect(0);
    }
    let plan = place.sandbox(&["plan", "network.yaml"]).expect(0).out;
    for known in [
        "\"eu-west-1b\"",
        "\"us-east-1a us-east-1b us-east-1c us-east-1d us-east-1e us-east-1f\"",
        "\"ami-0123456789abcdef0\"",
        "\"three\"",
        "\"{{resolve:ssm-secure:",
    ] {
        assert!(plan.contains(known), "{plan}");
    }
    place.sandbox(&["apply", "network.yaml", "--yes"]).expect(0);
    let again = place.sandbox(&["plan", "network.yaml"]).expect(0).out;
    assert!(again.contains("No changes"), "{again}");
    let plan = place.sandbox(&["plan", "user.yaml"]).expect(0).out;
    assert!(
        plan.contains("\"us-east-1a us-east-1b us-east-1c us-east-1d us-east-1e us-east-1f\""),
        "{plan}"
    );
}

#[test]
fn a_file_that_is_included_is_part_of_the_template() {
    let place = Place::empty();
    let including = |location: &str| {
        format!(
            "Resources:\n  Fn::Transform: {{Name: AWS::Include, Parameters: {{Location: \
             {location}}}}}\n"
        )
    };
    place.write("topics.yaml", &including("parts/topic.yaml"));
    let missing = place.sandbox(&["plan", "topics.yaml"]).expect(1).err;
    assert!(missing.contains("error[include]: cannot read `parts/topic.yaml`"), "{missing}");
    std::fs::create_dir(place.path("parts")).unwrap();
    place.write("parts/topic.yaml", "Topic:\n  Type: AWS::SNS::Topic\n  Properties: {Nam: x}\n");
    let wrong = place.sandbox(&["plan", "topics.yaml"]).expect(1).err;
    assert!(wrong.contains("--> parts/topic.yaml:3:16"), "{wrong}");
    place.write("parts/topic.yaml", "Topic:\n  Type: AWS::SNS::Topic\n");
    let plan = place.sandbox(&["plan", "topics.yaml"]).expect(0).out;
    assert!(plan.contains("[+] AWS::SNS::Topic Topic"), "{plan}");
    place.write("far.yaml", &including("s3://bucket/topic.yaml"));
    let far = place.sandbox(&["plan", "far.yaml"]).expect(1).err;
    assert!(far.contains("copy the file beside the template"), "{far}");
}

#[test]
fn a_missing_region_is_no_mistake_of_the_template() {
    let place = Place::empty();
    let text = "Mappings: {Images: {us-east-1: {Id: ami-0123456789abcdef0}}}\nResources:\n  Machine:\n    \
                Type: AWS::EC2::Instance\n    Properties:\n      \
                ImageId: !FindInMap [Images, !Ref AWS::Region, Id]\n";
    place.write("stack.yaml", text);
    let validate = |region: &[&str], code| {
        place.run(&[&["validate", "stack.yaml", "--no-lint"], region].concat()).expect(code).err
    };
    let open = validate(&[], 0);
    assert!(open.contains("warning[mapping-region]") && open.contains("`--region` says another"));
    assert_eq!(validate(&["--region", "us-east-1"], 0), "");
    assert!(validate(&["--region", "eu-west-1"], 1).contains("error[mapping-region]"));
}
