//! Things of a template that belong together without a reference, or are the same thing twice.

use crate::harness::Place;

/// A template with this text under `Resources`.
fn place(resources: &str) -> Place {
    let place = Place::empty();
    place.write("s.yaml", &format!("Resources:\n{resources}"));
    place
}

#[test]
fn a_rule_that_is_declared_twice_is_one_and_removing_one_of_them_is_no_change() {
    for (once, again) in [
        (
            "  Sg:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      GroupDescription: d\n      \
             SecurityGroupIngress:\n        - {IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: \
             10.0.0.0/8, Description: a}\n",
            "        - {IpProtocol: '6', FromPort: '80', ToPort: 80, CidrIp: 10.0.0.0/8, Description: b}\n",
        ),
        (
            "  Other: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: o}}\n  Sg:\n    Type: \
             AWS::EC2::SecurityGroup\n    Properties:\n      GroupDescription: d\n      \
             SecurityGroupEgress:\n        - {IpProtocol: '-1', DestinationSecurityGroupId: !Ref Other}\n",
            "        - {IpProtocol: '-1', FromPort: 0, DestinationSecurityGroupId: !GetAtt Other.GroupId}\n",
        ),
        (
            "  Sg:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      GroupDescription: d\n      \
             SecurityGroupIngress:\n        - {IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: \
             10.1.2.3/16}\n",
            "        - {IpProtocol: '6', FromPort: 80, ToPort: 80, CidrIp: 10.1.0.0/16}\n",
        ),
        (
            "  Rule:\n    Type: AWS::Events::Rule\n    Properties:\n      ScheduleExpression: rate(1 day)\n      \
             Targets:\n        - {Id: a, Arn: 'arn:aws:sqs:eu-west-1:000000000000:q'}\n",
            "        - {Id: a, Arn: 'arn:aws:sqs:eu-west-1:000000000000:q'}\n",
        ),
        (
            "  Topic:\n    Type: AWS::SNS::Topic\n    Properties:\n      Tags:\n        - {Key: a, Value: b}\n",
            "        - {Key: a, Value: b}\n",
        ),
    ] {
        let place = place(&format!("{once}{again}"));
        let warned = place.run(&["validate", "s.yaml"]).expect(0).err;
        assert!(warned.contains("warning[duplicate-entry]"), "{warned}");
        assert!(warned.contains("[1]` of `") && warned.contains("--> s.yaml:"), "{warned}");
        place.sandbox(&["apply", "s.yaml", "--yes"]).expect(0);
        place.write("s.yaml", &format!("Resources:\n{once}"));
        let plan = place.sandbox(&["plan", "s.yaml", "--detailed-exitcode"]).expect(0);
        assert!(plan.out.contains("No changes") && !plan.err.contains("duplicate"), "{}", plan.err);
    }
}

#[test]
fn entries_of_one_key_that_differ_are_kept_with_a_warning() {
    let place = place(
        "  Rule:\n    Type: AWS::Events::Rule\n    Properties:\n      ScheduleExpression: rate(1 day)\n      \
         Targets:\n        - {Id: a, Arn: 'arn:aws:sqs:eu-west-1:000000000000:q'}\n        - {Id: a, Arn: \
         'arn:aws:sqs:eu-west-1:000000000000:other'}\n",
    );
    let plan = place.sandbox(&["plan", "s.yaml"]).expect(0);
    assert!(
        plan.err.contains("`Targets[1]` of `Rule` has the key of `Targets[0]`"),
        "{}",
        plan.err
    );
    assert!(plan.out.contains(":other"), "{}", plan.out);
}

#[test]
fn two_resources_that_would_be_one_object_are_named_before_anything_is_made() {
    let group = "  Sg:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      GroupDescription: d\n      \
                 SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 10.0.0.0/8}]\n";
    let ingress = |id: &str, group: &str, port: u16| {
        format!(
            "  {id}: {{Type: AWS::EC2::SecurityGroupIngress, Properties: {{GroupId: {group}, IpProtocol: \
             tcp, FromPort: {port}, ToPort: {port}, CidrIp: 10.0.0.0/8, Description: {id}}}}}\n"
        )
    };
    let route = |id: &str, gateway: &str| {
        format!(
            "  {id}: {{Type: AWS::EC2::Route, Properties: {{RouteTableId: rtb-0123456789abcdef0, \
             DestinationCidrBlock: 0.0.0.0/0, GatewayId: {gateway}}}}}\n"
        )
    };
    let subscription = |id: &str| {
        format!(
            "  {id}: {{Type: AWS::SNS::Subscription, Properties: {{TopicArn: \
             'arn:aws:sns:eu-west-1:000000000000:t', Protocol: email, Endpoint: a@example.com}}}}\n"
        )
    };
    for (text, said) in [
        (
            format!("{group}{}", ingress("In", "!GetAtt Sg.GroupId", 80)),
            "`SecurityGroupIngress[0]` of `Sg`",
        ),
        (format!("{}{}", ingress("A", "sg-1", 81), ingress("B", "sg-1", 81)), "as `A`"),
        (format!("{}{}", route("A", "igw-1"), route("B", "igw-2")), "as `A`"),
        (format!("{}{}", subscription("A"), subscription("B")), "as `A`"),
    ] {
        let place = place(&text);
        // Between two resources the plan refuses it; a rule of the group itself is only warned of.
        let of_two = said == "as `A`";
        let warned = place.sandbox(&["plan", "s.yaml"]).expect(i32::from(of_two)).err;
        assert!(warned.contains("warning[duplicate-object]"), "{warned}");
        assert_eq!(warned.contains("error[name-conflict]"), of_two, "{warned}");
        assert!(warned.contains(said) && warned.contains("--> s.yaml:"), "{warned}");
    }
    let different =
        [group.to_owned(), ingress("In", "!Ref Sg", 81), ingress("Other", "!Ref Sg", 82)];
    let quiet = place(&different.concat()).sandbox(&["plan", "s.yaml"]).expect(0).err;
    assert!(!quiet.contains("duplicate"), "{quiet}");
}

#[test]
fn a_resource_that_names_another_one_by_text_is_made_after_it() {
    let trust = "{Version: '2012-10-17', Statement: []}";
    let role = format!(
        "  Role: {{Type: AWS::IAM::Role, Properties: {{RoleName: my-role, Path: /a/, \
         AssumeRolePolicyDocument: {trust}}}}}\n"
    );
    for (text, user, target) in [
        (
            "  Ch: {Type: AWS::MediaPackage::Channel, Properties: {Id: !Sub '${AWS::StackName}-c'}}\n  Ep: \
             {Type: AWS::MediaPackage::OriginEndpoint, Properties: {Id: e, ChannelId: !Sub \
             '${AWS::StackName}-c', HlsPackage: {}}}\n"
                .to_owned(),
            "`ChannelId` of `Ep` names `Ch`",
            "Ch",
        ),
        (
            "  Zb: {Type: AWS::S3::Bucket, Properties: {BucketName: my-bucket-of-text}}\n  Policy: {Type: \
             AWS::S3::BucketPolicy, Properties: {Bucket: my-bucket-of-text, PolicyDocument: {Version: \
             '2012-10-17', Statement: []}}}\n"
                .to_owned(),
            "`Bucket` of `Policy` names `Zb`",
            "Zb",
        ),
        (
            format!(
                "{role}  Fn: {{Type: AWS::Lambda::Function, Properties: {{Role: !Sub \
                 'arn:aws:iam::${{AWS::AccountId}}:role/a/my-role', Code: {{ZipFile: x}}, Handler: i.h, \
                 Runtime: python3.13}}}}\n"
            ),
            "`Role` of `Fn` names `Role`",
            "Role",
        ),
        (
            format!(
                "{role}  Profile: {{Type: AWS::IAM::InstanceProfile, Properties: {{Roles: [my-role]}}}}\n"
            ),
            "`Roles[0]` of `Profile` names `Role`",
            "Role",
        ),
    ] {
        let place = place(&text);
        let warned = place.sandbox(&["plan", "s.yaml"]).expect(0).err;
        assert!(warned.contains("warning[text-reference]"), "{warned}");
        assert!(warned.contains(user) && warned.contains(&format!("!Ref {target}`")), "{warned}");
        for seed in 1..4 {
            let mut apply = place.command(&["apply", "s.yaml", "--yes", "--sandbox"]);
            apply.env("RSTACK_SANDBOX", format!("latency-ms=20,seed={seed}"));
            let applied = crate::harness::ran(apply).expect(0).err;
            let made = |id: &str| applied.lines().position(|line| {
                line.contains(" created ") && line.contains(&format!("  {id}  "))
            });
            let user = user.split('`').nth(3).unwrap();
            assert!(made(target) < made(user), "{applied}");
            let destroyed = place.sandbox(&["destroy", "s", "--yes"]).expect(0).err;
            let gone = |id: &str| destroyed.lines().position(|line| {
                line.contains(" deleted ") && line.contains(&format!("  {id}  "))
            });
            assert!(gone(user) < gone(target), "{destroyed}");
        }
    }
}

#[test]
fn a_text_that_only_looks_like_a_name_is_no_reference() {
    for text in [
        // The dependency is there already, directly or through another resource.
        "  Ch: {Type: AWS::MediaPackage::Channel, Properties: {Id: c}}\n  Ep: {Type: \
         AWS::MediaPackage::OriginEndpoint, DependsOn: Ch, Properties: {Id: e, ChannelId: c, HlsPackage: {}}}\n",
        // The property takes something else.
        "  B: {Type: AWS::S3::Bucket, Properties: {BucketName: live-text}}\n  T: {Type: AWS::SNS::Topic, \
         Properties: {DisplayName: live-text}}\n",
        // The other resource needs this one: it would be a circle.
        "  Ch: {Type: AWS::MediaPackage::Channel, DependsOn: Ep, Properties: {Id: c}}\n  Ep: {Type: \
         AWS::MediaPackage::OriginEndpoint, Properties: {Id: e, ChannelId: c, HlsPackage: {}}}\n",
    ] {
        let place = place(text);
        let plan = place.sandbox(&["plan", "s.yaml"]).expect(0);
        assert!(!plan.err.contains("text-reference"), "{}", plan.err);
    }
}

#[test]
fn a_property_that_is_removed_says_what_it_goes_back_to() {
    let role = |properties: &str| {
        format!(
            "  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: \
             {{Version: '2012-10-17', Statement: []}}\n{properties}"
        )
    };
    let place = place(&role("      MaxSessionDuration: 7200\n      Description: old\n"));
    place.sandbox(&["apply", "s.yaml", "--yes"]).expect(0);
    place.write("s.yaml", &format!("Resources:\n{}", role("")));
    let plan = place.sandbox(&["plan", "s.yaml"]).expect(0).out;
    for line in ["[-] MaxSessionDuration (goes back to 3600): 7200", "[-] Description: \"old\""] {
        assert!(plan.contains(line), "{plan}");
    }
    place.sandbox(&["apply", "s.yaml", "--yes"]).expect(0);
    let again = place.sandbox(&["plan", "s.yaml"]).expect(0).out;
    assert!(again.contains("No changes"), "{again}");
}
