//! Secrets and parameters that are put into the sandbox by hand, and what is missing there.

use std::io::Write as _;
use std::process::Stdio;

use crate::harness::{Place, Ran};

const USER: &str = "Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: '{{resolve:secretsmanager:app/db:SecretString:user}}'
  Channel:
    Type: AWS::MediaPackage::Channel
    Properties: {Id: live, Description: '{{resolve:ssm-secure:/app/text}}'}
";

/// Runs the program with a text on standard input.
fn with_input(place: &Place, line: &[&str], input: &str) -> Ran {
    let mut command = place.command(line);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_secret_that_does_not_exist_is_an_error_of_the_plan_with_the_command_that_makes_it() {
    let place = Place::empty();
    place.write("user.yaml", USER);
    let missing = place.sandbox(&["plan", "user.yaml"]).expect(1).err;
    for said in [
        "error[lookup]: `Topic` refers to `{{resolve:secretsmanager:app/db:SecretString:user}}`",
        "there is no secret `app/db`",
        "user.yaml:5:20",
        "`rstack sandbox put-secret app/db - --sandbox`",
        "there is no parameter `/app/text`",
        "`rstack sandbox put-parameter /app/text - --type SecureString --sandbox`",
    ] {
        assert!(missing.contains(said), "{said}: {missing}");
    }
    place.sandbox(&["apply", "user.yaml", "--yes"]).expect(1);
    let put = ["sandbox", "put-secret", "app/db", "-"];
    with_input(&place, &put, "{\"password\":\"KanarieOne\"}\n").expect(0);
    let key = place.sandbox(&["plan", "user.yaml"]).expect(1).err;
    assert!(key.contains("the secret `app/db` has no key `user`"), "{key}");
    with_input(&place, &put, "{\"user\":\"KanarieTwo\"}\n").expect(0);
    let put = ["sandbox", "put-parameter", "/app/text", "-", "--type", "SecureString"];
    with_input(&place, &put, "KanarieThree").expect(0);
    place.sandbox(&["apply", "user.yaml", "--yes"]).expect(0);
    let again = place.sandbox(&["plan", "user.yaml"]).expect(0).out;
    assert!(again.contains("No changes"), "{again}");
    // A new version behind the same reference is a change.
    with_input(&place, &put, "KanarieFour").expect(0);
    let rotated = place.sandbox(&["plan", "user.yaml"]).expect(0).out;
    assert!(rotated.contains("secret rotated: {{resolve:ssm-secure:/app/text}}"), "{rotated}");
    for (name, bytes) in place.files() {
        assert!(!String::from_utf8_lossy(&bytes).contains("Kanarie"), "{name}");
    }
}

#[test]
fn a_secret_that_the_stack_makes_itself_is_not_missing() {
    let place = Place::empty();
    place.write(
        "vault.yaml",
        "Resources:\n  Db: {Type: AWS::SecretsManager::Secret, Properties: {Name: app/db, \
         SecretString: x}}\n  Topic:\n    Type: AWS::SNS::Topic\n    DependsOn: Db\n    \
         Properties: {DisplayName: '{{resolve:secretsmanager:app/db}}'}\n",
    );
    place.sandbox(&["apply", "vault.yaml", "--yes"]).expect(0);
    place.edit("vault.yaml", "app/db}}", "app/d}}");
    let missing = place.sandbox(&["plan", "vault.yaml"]).expect(1).err;
    assert!(missing.contains("there is no secret `app/d`"), "{missing}");
}

#[test]
fn parameters_keep_their_versions_and_one_that_does_not_exist_is_an_error() {
    let place = Place::empty();
    let of = |reference: &str| {
        let text = format!(
            "Resources:\n  T: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: '{{{{resolve:ssm:{reference}}}}}'}}}}\n"
        );
        place.write("t.yaml", &text);
        place.sandbox(&["plan", "t.yaml"])
    };
    let missing = of("/dev/owner").expect(1).err;
    let command = "`rstack sandbox put-parameter /dev/owner VALUE --sandbox`";
    assert!(missing.contains(command), "{missing}");
    place.run(&["sandbox", "put-parameter", "/dev/owner", "alice"]).expect(0);
    let second = place.run(&["sandbox", "put-parameter", "/dev/owner", "bob"]).expect(0).out;
    assert!(second.contains("`/dev/owner` has the version 2 now"), "{second}");
    // A change by hand is a version, too; the same value again is none.
    for _ in 0..2 {
        let set = ["sandbox", "set", "AWS::SSM::Parameter", "/dev/owner", "Value", "carol"];
        place.run(&set).expect(0);
    }
    let arn = "arn:aws:ssm:eu-west-1:000000000000:parameter/dev/owner:2";
    for (reference, value) in [
        ("/dev/owner", "\"carol\""),
        ("/dev/owner:1", "\"alice\""),
        ("/dev/owner:2", "\"bob\""),
        ("/dev/owner:3", "\"carol\""),
        (arn, "\"bob\""),
        ("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64", "\"ami-0"),
        ("/cdk-bootstrap/hnb659fds/version", "\"30\""),
    ] {
        let plan = of(reference).expect(0).out;
        assert!(plan.contains(value), "{reference}: {plan}");
    }
    let gone = of("/dev/owner:7").expect(1).err;
    assert!(gone.contains("has no version 7: its newest one is 3"), "{gone}");
    assert!(!gone.contains("put-parameter"), "{gone}");
    let kind = ["sandbox", "put-parameter", "/dev/owner", "x", "--type", "SecureString"];
    let kind = place.run(&kind).expect(1).err;
    assert!(
        kind.contains("error[sandbox-put]: the parameter `/dev/owner` is a `String`"),
        "{kind}"
    );
    for wrong in ["a b", "/aws/service/x", "x:1"] {
        let refused = place.run(&["sandbox", "put-parameter", wrong, "v"]).expect(1).err;
        assert!(refused.contains("error[sandbox-put]"), "{refused}");
    }
}

#[test]
fn an_update_of_a_stack_makes_a_version_of_its_parameter_and_its_tags_make_none() {
    let place = Place::empty();
    let owner = |value: &str, tags: &str| {
        let text = format!(
            "Resources:\n  P: {{Type: AWS::SSM::Parameter, Properties: {{Type: String, Name: /o, \
             Value: {value}, Tags: {tags}}}}}\n"
        );
        place.write("owner.yaml", &text);
        place.sandbox(&["apply", "owner.yaml", "--yes"]).expect(0);
    };
    owner("alice", "{}");
    owner("alice", "{a: b}");
    owner("bob", "{a: b}");
    place.write(
        "user.yaml",
        "Resources:\n  T: {Type: AWS::SNS::Topic, Properties: {TopicName: \
         '{{resolve:ssm:/o:1}}-{{resolve:ssm:/o:2}}'}}\n",
    );
    let plan = place.sandbox(&["plan", "user.yaml"]).expect(0).out;
    assert!(plan.contains("\"alice-bob\""), "{plan}");
    place.edit("user.yaml", "/o:2", "/o:3");
    place.sandbox(&["plan", "user.yaml"]).expect(1);
}

#[test]
fn a_secret_has_its_former_version_by_stage_and_by_id() {
    let place = Place::empty();
    let put = |value| place.run(&["sandbox", "put-secret", "s", value]).expect(0);
    let first = put("one");
    assert!(first.err.contains("warning[secret-on-command-line]"), "{}", first.err);
    let id = first.out.split_whitespace().nth(4).unwrap().to_owned();
    let plan = |suffix: &str| {
        let text = format!(
            "Resources:\n  T: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: \
             '{{{{resolve:secretsmanager:s:SecretString:{suffix}}}}}'}}}}\n"
        );
        place.write("t.yaml", &text);
        place.sandbox(&["plan", "t.yaml"])
    };
    let none = plan(":AWSPREVIOUS").expect(1).err;
    assert!(none.contains("the secret `s` has no version with the stage `AWSPREVIOUS`"), "{none}");
    put("two");
    plan(":AWSPREVIOUS").expect(0);
    plan(&format!("::{id}")).expect(0);
    let none = plan("::00000000-0000-4000-8000-000000000000").expect(1).err;
    assert!(none.contains("the secret `s` has no version `00000000-"), "{none}");
}

#[test]
fn a_secret_of_another_account_is_put_by_its_arn() {
    let place = Place::empty();
    let arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:their/own-AbCdEf";
    place.run(&["sandbox", "put-secret", arn, "x"]).expect(0);
    let text = format!(
        "Resources:\n  T: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: \
         '{{{{resolve:secretsmanager:{arn}}}}}'}}}}\n"
    );
    place.write("t.yaml", &text);
    place.sandbox(&["apply", "t.yaml", "--yes"]).expect(0);
}

#[test]
fn every_account_has_a_default_network_and_managed_policies() {
    let place = Place::empty();
    assert_eq!(place.run(&["sandbox", "ls"]).expect(0).out, "");
    let list = place.run(&["sandbox", "ls", "--defaults"]).expect(0).out;
    assert_eq!(list.matches("AWS::EC2::Subnet").count(), 3, "{list}");
    let managed = "AWS::CloudFront::CachePolicy  658327ea-f89d-4fab-a63d-7e88639e58f6";
    assert!(list.contains(managed), "{list}");
    let vpc = list.lines().find_map(|line| line.strip_prefix("AWS::EC2::VPC  ")).unwrap();
    let parameter = format!("Vpc={vpc}");
    place.write(
        "rules.yaml",
        "Parameters: {Vpc: {Type: 'AWS::EC2::VPC::Id'}}\nRules:\n  Default:\n    Assertions:\n      \
         - {Assert: !Not [!Equals [!ValueOf [Vpc, DefaultSecurityGroup], '']]}\nResources:\n  G: \
         {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: g, VpcId: !Ref Vpc}}\n",
    );
    place.sandbox(&["plan", "rules.yaml", "--parameter", &parameter]).expect(0);
}
