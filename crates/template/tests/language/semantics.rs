//! Semantics that are easily got wrong: policies, conditions, secrets, attributes.

use rstack_model::Value;

use crate::support::{Outcome, outcome};

fn told(text: &str) -> Vec<String> {
    outcome(text, &[]).told()
}

fn topic(name: &str) -> String {
    format!(
        "Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties:\n      TopicName: {name}\n"
    )
}

fn desired(outcome: &Outcome) -> &rstack_model::desired::Desired {
    let desired = outcome.evaluation.as_ref().and_then(|e| e.desired.as_ref());
    desired.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics))
}

#[test]
fn a_condition_that_cannot_be_decided_is_always_told() {
    let using = |condition: &str| {
        format!(
            "Parameters: {{P: {{Type: String, Default: a}}}}\nConditions:\n  C: {condition}\n\
             Resources:\n  R: {{Type: AWS::SNS::Topic, Condition: C}}\n"
        )
    };
    for (condition, expected) in [
        ("!Equals [!Ref AWS::NoValue, a]", "no-value@!Ref AWS::NoValue"),
        ("!Not [!Equals [a, !Ref AWS::NoValue]]", "no-value@!Ref AWS::NoValue"),
        ("!Equals [!If [D, a, b], !Ref AWS::NoValue]", "unresolved-reference@D"),
        ("true", "condition-kind@true"),
        ("!Ref P", "condition-kind@!Ref P"),
        ("!And [true, !Equals [a, a]]", "condition-kind@true"),
        ("!Not [!Condition C]", "cycle@!Condition C"),
    ] {
        let outcome = outcome(&using(condition), &[]);
        assert_eq!(outcome.told().first().map(String::as_str), Some(expected), "{condition}");
        assert!(outcome.evaluation.unwrap().desired.is_none(), "{condition}");
    }
    let unused = "Conditions: {C: !Equals [!Ref AWS::NoValue, a]}\nResources: {}";
    assert_eq!(told(unused), ["no-value@!Ref AWS::NoValue"]);
}

#[test]
fn a_template_that_was_read_with_errors_is_never_wanted() {
    let outcome = outcome("Resources:\n  A: {Type: AWS::SNS::Topic}\n  B: {}\n", &[]);
    assert!(outcome.evaluation.unwrap().desired.is_none());
}

#[test]
fn databases_leave_a_final_snapshot_by_default() {
    let database = |resource_type: &str, rest: &str, properties: &str| {
        format!("Resources:\n  D:\n    Type: {resource_type}\n{rest}    Properties: {properties}\n")
    };
    let policy = |resource_type: &str, rest: &str, properties: &str| {
        let outcome = outcome(&database(resource_type, rest, properties), &[]);
        assert_eq!(outcome.told(), [""; 0], "{resource_type} {rest} {properties}");
        let resource = desired(&outcome).resources["D"].clone();
        (resource.deletion_policy, resource.update_replace_policy)
    };
    use rstack_model::desired::RemovalPolicy::{Delete, Snapshot};
    let (cluster, instance) = ("AWS::RDS::DBCluster", "AWS::RDS::DBInstance");
    assert_eq!(policy(cluster, "", "{Engine: mysql}"), (Snapshot, Delete));
    assert_eq!(policy(instance, "", "{Engine: mysql}"), (Snapshot, Delete));
    let member = "{Engine: mysql, DBClusterIdentifier: c}";
    assert_eq!(policy(instance, "", member), (Delete, Delete));
    let replica = "{SourceDBInstanceIdentifier: i}";
    assert_eq!(policy(instance, "", replica), (Delete, Delete));
    let delete = "    DeletionPolicy: Delete\n";
    assert_eq!(policy(cluster, delete, "{Engine: mysql}"), (Delete, Delete));
    let replaced = "    UpdateReplacePolicy: Snapshot\n";
    assert_eq!(policy(cluster, replaced, "{Engine: mysql}"), (Snapshot, Snapshot));
    let policies = "    DeletionPolicy: RetainExceptOnCreate\n    \
                    UpdateReplacePolicy: RetainExceptOnCreate\n";
    assert_eq!(told(&database(cluster, policies, "{}")), ["policy@RetainExceptOnCreate"]);
}

#[test]
fn a_snapshot_that_the_service_refuses_is_an_error_at_its_place() {
    let template = |resource_type: &str, properties: &str| {
        format!(
            "Parameters:\n  E: {{Type: String, Default: redis}}\nResources:\n  D:\n    Type: \
             {resource_type}\n    DeletionPolicy: Snapshot\n    Properties: {properties}\n"
        )
    };
    let instance = "AWS::RDS::DBInstance";
    let member = outcome(&template(instance, "{DBClusterIdentifier: c}"), &[]);
    assert_eq!(member.told(), ["policy@Snapshot"]);
    assert!(member.diagnostics[0].message.contains("RDS takes no final snapshot of an instance"));
    assert!(member.diagnostics[0].help.as_deref().unwrap().contains("`DBClusterIdentifier`"));
    let replica = template(instance, "{SourceDBInstanceIdentifier: i}");
    assert_eq!(told(&replica), ["policy@Snapshot"]);
    let cache = |engine: &str| {
        let properties = format!("{{CacheNodeType: t, NumCacheNodes: 1, Engine: {engine}}}");
        template("AWS::ElastiCache::CacheCluster", &properties)
    };
    assert_eq!(told(&cache("memcached")), ["policy@Snapshot"]);
    assert_eq!(told(&cache("redis")), [""; 0]);
    assert_eq!(told(&cache("!Ref E")), [""; 0]);
    let given = outcome(&cache("!Ref E"), &[("E", "memcached")]);
    assert_eq!(given.told(), ["policy@Snapshot"]);
    let queue = outcome(&template("AWS::SQS::Queue", "{}"), &[]);
    assert!(queue.diagnostics[0].help.as_deref().unwrap().contains("`AWS::RDS::DBCluster`"));
}

#[test]
fn attributes_are_those_that_cloudformation_gives() {
    let output = |resource: &str, name: &str| {
        let text = format!(
            "Resources:\n  R: {{Type: {resource}}}\nOutputs:\n  O: {{Value: !GetAtt R.{name}}}\n"
        );
        let outcome = outcome(&text, &[]);
        let help = outcome.diagnostics.first().and_then(|d| d.help.clone());
        (outcome.told(), help.unwrap_or_default())
    };
    let (told, help) = output("AWS::SQS::Queue", "Colour");
    assert_eq!(told, ["unknown-attribute@!GetAtt R.Colour"]);
    assert_eq!(help, "its attributes are Arn, QueueName, QueueUrl");
    assert_eq!(output("AWS::SQS::Queue", "QueueName").0, [""; 0]);
    assert_eq!(output("AWS::SQS::Queue", "VisibilityTimeout").0, [""; 0]);
    let key = "AWS::IAM::AccessKey, Properties: {UserName: u}";
    assert_eq!(output(key, "SecretAccessKey").0, [""; 0]);
    assert_eq!(
        output("AWS::SQS::Queue, Properties: {Arn: a}", "Arn").0,
        ["read-only-property@Arn"]
    );
}

#[test]
fn keys_of_flow_logs_are_taken_in_the_case_of_the_cdk() {
    let text = "Resources:\n  L:\n    Type: AWS::EC2::FlowLog\n    Properties:\n      DestinationOptions: \
                {fileFormat: plain-text, perHourPartition: false, hiveCompatiblePartitions: true}\n      \
                LogDestination: arn:aws:s3:::some-bucket\n      LogDestinationType: s3\n      \
                ResourceId: vpc-0123456789abcdef0\n      ResourceType: VPC\n      TrafficType: ALL\n";
    let outcome = outcome(text, &[]);
    let told = outcome.told();
    let names = ["fileFormat", "perHourPartition", "hiveCompatiblePartitions"];
    assert_eq!(told, names.map(|name| format!("property-value@{name}")));
    assert!(outcome.diagnostics.iter().all(|finding| !finding.is_error()));
    let desired = outcome.evaluation.as_ref().unwrap().desired.as_ref().unwrap();
    let options = &desired.resources.values().next().unwrap().properties["DestinationOptions"];
    let Value::Map(options) = options else { panic!("{options}") };
    let keys: Vec<&str> = options.keys().map(String::as_str).collect();
    assert_eq!(keys, ["FileFormat", "HiveCompatiblePartitions", "PerHourPartition"]);
}

#[test]
fn what_only_the_service_sets_inside_of_a_property_is_not_sent() {
    let text = "Resources:\n  S:\n    Type: AWS::CE::AnomalySubscription\n    Properties:\n      \
                SubscriptionName: s\n      Frequency: DAILY\n      Threshold: 10\n      \
                MonitorArnList: ['arn:aws:ce::111122223333:anomalymonitor/12345678-1234-1234-1234-123456789012']\n      \
                Subscribers: [{Address: user@example.com, Type: EMAIL, Status: CONFIRMED}]\n";
    let outcome = outcome(text, &[]);
    assert_eq!(outcome.told(), ["read-only-property@Status"]);
    assert!(!outcome.diagnostics[0].is_error());
    let desired = outcome.evaluation.as_ref().unwrap().desired.as_ref().unwrap();
    let subscribers = &desired.resources.values().next().unwrap().properties["Subscribers"];
    assert_eq!(subscribers.to_string(), r#"[{"Address": "user@example.com", "Type": "EMAIL"}]"#);
}

#[test]
fn a_secret_parameter_is_compared_and_never_shown() {
    let using = |condition: &str| {
        format!(
            "Parameters:\n  S: {{Type: String, NoEcho: true}}\n  N: {{Type: Number, NoEcho: true, \
             Default: 5}}\nMappings: {{M: {{a: {{b: c}}}}}}\nConditions:\n  C: {condition}\n\
             Resources:\n  R: {{Type: AWS::SNS::Topic, Condition: C}}\n"
        )
    };
    for (condition, holds) in [
        ("!Equals [!Ref S, hunter2]", true),
        ("!Equals [hunter3, !Ref S]", false),
        ("!Equals [!Ref S, !Ref S]", true),
        ("!Equals [!Ref N, 5]", true),
        ("!Equals [!Ref N, !Ref S]", false),
    ] {
        let outcome = outcome(&using(condition), &[("S", "hunter2")]);
        assert_eq!(desired(&outcome).resources.contains_key("R"), holds, "{condition}");
    }
    for condition in [
        "!Equals [!FindInMap [M, !Ref S, b], c]",
        "!Equals [!Sub '${S}', c]",
        "!Equals [!Join ['', [!Ref S]], c]",
        "!Equals [[!Ref S], [c]]",
        "!Equals [!Select [!Ref S, [a]], c]",
        "!Equals [!Select [0, !Split [u, !Ref S]], c]",
        "!Equals [!Base64 {Ref: S}, c]",
        "!Ref S",
    ] {
        let outcome = outcome(&using(condition), &[("S", "hunter2")]);
        assert_eq!(outcome.diagnostics.len(), 1, "{condition}: {:?}", outcome.diagnostics);
        let all = format!("{:?}", outcome.diagnostics);
        assert!(!all.contains("hunter2"), "{all}");
    }
}

#[test]
fn a_secret_in_base64_stays_a_reference() {
    let text = "Parameters: {S: {Type: String, NoEcho: true}}\nResources:\n  R:\n    Type: \
                AWS::EC2::LaunchTemplate\n    Properties:\n      LaunchTemplateData:\n        \
                UserData:\n          Fn::Base64: !Sub 'key=${S}'\n";
    let outcome = outcome(text, &[("S", "hunter2")]);
    assert_eq!(
        outcome.properties("R"),
        "{\"LaunchTemplateData\": {\"UserData\": \"‹base64 of \"key=‹secret parameter S›\"›\"}}"
    );
}

#[test]
fn a_list_of_secrets_is_refused_at_its_type() {
    let with = |kind: &str| {
        format!("Parameters:\n  S: {{Type: {kind}, NoEcho: true, Default: '1'}}\nResources: {{}}\n")
    };
    for kind in ["CommaDelimitedList", "List<Number>", "List<AWS::EC2::Subnet::Id>"] {
        assert_eq!(told(&with(kind)), [format!("unsupported@{kind}")]);
    }
    assert_eq!(told(&with("Number")), [""; 0]);
}

#[test]
fn nesting_is_bounded_in_the_template_and_in_what_comes_of_it() {
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    // Five levels are around it: root, resources, resource, properties, and the list itself.
    let text = |levels| topic(&nested(levels));
    assert!(told(&text(61)).iter().any(|t| t.starts_with("depth@")));
    assert!(!told(&text(60)).iter().any(|t| t.starts_with("depth@")));
    let deep = (0..20).fold("!GetAtt T.TopicName".to_owned(), |inner, _| {
        format!("!Select [0, !Split [a, {inner}]]")
    });
    let outputs = format!("{}Outputs:\n  O: {{Value: {deep}}}\n", topic("t"));
    assert_eq!(told(&outputs).len(), 1);
    assert!(told(&outputs)[0].starts_with("depth@!Select"));
    // A document given as text is text, however deep it is.
    let policy = format!(
        "Resources:\n  R:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      \
         PolicyDocument: '{}'\n",
        nested(200)
    );
    assert_eq!(told(&policy), [""; 0]);
}

#[test]
fn the_rules_of_a_list_are_those_of_its_items() {
    let list = |rule: &str, value: &str| {
        let kind = "Type: CommaDelimitedList";
        let text =
            format!("Parameters:\n  P: {{{kind}, Default: '{value}', {rule}}}\nResources: {{}}");
        told(&text)
    };
    assert_eq!(list("AllowedPattern: '[a-z]+'", "ab,cd"), [""; 0]);
    assert_eq!(list("AllowedPattern: '[a-z]+'", "ab,c1"), ["parameter-value@P"]);
    assert_eq!(list("AllowedValues: [a, b]", "a, b"), [""; 0]);
    assert_eq!(list("MaxLength: 2", "abc,def"), [""; 0]);
    let looking = list("AllowedPattern: '(?!x)[a-z]+'", "ab");
    assert_eq!(looking, ["pattern-not-checked@'(?!x)[a-z]+'"]);
}

#[test]
fn unquoted_booleans_are_the_same_everywhere() {
    let text = "Parameters: {P: {Type: String, Default: yes, AllowedValues: [yes, no]}}\n\
                Conditions: {C: !Equals [!Ref P, true], D: !Equals [!Ref P, yes]}\nResources:\n  \
                A: {Type: AWS::SNS::Topic, Condition: C}\n  B: {Type: AWS::SNS::Topic, Condition: D}\n";
    assert_eq!(desired(&outcome(text, &[])).resources.len(), 2);
}

#[test]
fn what_an_output_needs_must_be_there() {
    let output = |output: &str| told(&format!("{}Outputs:\n  O: {output}\n", topic("t")));
    let no_value = ["no-value@!Ref AWS::NoValue"];
    assert_eq!(output("{Value: !Ref AWS::NoValue}"), no_value);
    assert_eq!(output("{Value: a, Export: {Name: !Ref AWS::NoValue}}"), no_value);
    assert_eq!(output("{Value: a, Export: {Name: [a]}}"), ["export-name@[a]"]);
}

#[test]
fn no_secret_is_in_an_arn_that_identifies_an_object() {
    for (kind, property, others) in [
        ("ManagedPolicy", "Path", "PolicyDocument: {Version: '2012-10-17', Statement: []}"),
        ("OIDCProvider", "Url", "ThumbprintList: []"),
        ("VirtualMFADevice", "Path", "Users: [a]"),
        ("Role", "RoleName", "AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}"),
    ] {
        let text = format!(
            "Parameters: {{S: {{Type: String, NoEcho: true, Default: x}}}}\nResources:\n  R:\n    \
             Type: AWS::IAM::{kind}\n    Properties:\n      {others}\n      {property}: !Ref S\n"
        );
        assert_eq!(told(&text), ["secret-in-name@!Ref S"], "{kind}");
    }
}

#[test]
fn no_secret_names_an_export_or_another_secret() {
    let text = |name: &str, export: &str| {
        format!(
            "Parameters: {{S: {{Type: String, NoEcho: true, Default: x}}}}\nResources:\n  Stored: \
             {{Type: AWS::SSM::Parameter, Properties: {{Type: String, Value: !Ref S}}}}\n  T:\n    \
             Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: {name}\nOutputs:\n  O: \
             {{Value: a, Export: {{Name: {export}}}}}\n"
        )
    };
    assert_eq!(told(&text("a", "!Sub 'x-${AWS::Region}'")), [""; 0]);
    for secret in ["!Ref S", "!Sub 'x-${S}'", "!GetAtt Stored.Value", "!Sub '${Stored.Value}'"] {
        assert_eq!(told(&text("a", secret)), [format!("export-name@{secret}")]);
    }
    for service in ["secretsmanager", "ssm-secure"] {
        for secret in ["S", "Stored.Value"] {
            let name = format!("!Sub 'x{{{{resolve:{service}:${{{secret}}}}}}}'");
            assert_eq!(told(&text(&name, "a")), [format!("dynamic-reference@{name}")]);
        }
    }
}

#[test]
fn what_cannot_be_evaluated_does_not_hide_the_rest() {
    let text = "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [a, a]}\nResources:\n  \
                R:\n    Type: AWS::MediaPackage::Channel\n    Properties: !If\n      - C\n      - \
                Id: !Ref P\n        Tags: [{Key: !Ref P}, {Kay: a}]\n        Descr: x\n      - {}\n";
    let mut told = told(text);
    // Of the tag itself: its key and its value.
    told.retain(|told| !told.starts_with("missing-property@"));
    assert_eq!(told, ["missing-parameter@P", "unknown-property@Kay", "unknown-property@Descr"]);
}

#[test]
fn what_cannot_be_read_does_not_hide_the_rest() {
    let text = "Resources:\n  R:\n    Type: AWS::MediaPackage::Channel\n    Properties:\n      Id: \
                !Transform a\n      Descr: x\n      Tags: [!Join [a], {Key: !Ref Nope, Value: b, Old: c}]\n";
    let expected = [
        "unsupported@!Transform",
        "function-arguments@!Join [a]",
        "unresolved-reference@!Ref Nope",
    ];
    let (read, rest): (Vec<String>, Vec<String>) =
        told(text).into_iter().partition(|told| expected.contains(&told.as_str()));
    assert_eq!(read, expected);
    assert_eq!(rest, ["unknown-property@Descr", "unknown-property@Old"]);
}

#[test]
fn one_mistake_is_reported_once() {
    // A condition that cannot be decided, and those who refer to what has it.
    let text = "Conditions: {C: !Equals [!Ref AWS::NoValue, a]}\nResources:\n  A: {Type: \
                AWS::SNS::Topic, Condition: C}\n  B: {Type: AWS::SNS::Topic, Properties: \
                {TopicName: !GetAtt A.TopicName}}\n";
    assert_eq!(told(text), ["no-value@!Ref AWS::NoValue"]);
    let text = "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, a]}\nResources:\n  \
                A: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref P}}\n  B: {Type: \
                AWS::SNS::Topic, Condition: C}\nOutputs: {O: {Value: !Sub '${P}${B}'}}\n";
    assert_eq!(told(text), ["missing-parameter@P"]);
}
