//! Types without a driver of their own, through MiniStack's Cloud Control, over HTTP: made, changed,
//! changed behind rstack's back and healed, destroyed; and read back with boto3 each time.
//!
//! MiniStack keeps any type and names objects by some properties or by chance; requests are complete
//! at once. What the protocol does beside that, the double in `aws` does.

use serde_json::Value;

use crate::account::{Account, bring, change, changes};

const STACK: &str = "cloud-control";
const TEMPLATE: &str = "cloud-control.yaml";
const PASSWORD: &str = "hunter2-of-the-database";

/// The types of the stack.
const TYPES: [&str; 6] = [
    "AWS::AppConfig::Application",
    "AWS::ECR::Repository",
    "AWS::Events::EventBus",
    "AWS::Kinesis::Stream",
    "AWS::NetworkManager::GlobalNetwork",
    "AWS::RDS::DBInstance",
];

fn parameters(round: &str) -> [String; 4] {
    [
        "--parameter".into(),
        format!("Password={PASSWORD}"),
        "--parameter".into(),
        format!("Round={round}"),
    ]
}

fn run(account: &Account, command: &[&str], round: &str, code: i32) -> String {
    let parameters = parameters(round);
    let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
    account.run(&[command, &parameters].concat()).expect(code).out
}

/// Every object of the state is what boto3 reads. How many properties were compared.
fn read_back(account: &Account) -> usize {
    let state = account.state(STACK);
    let mut compared = 0;
    for (address, object) in state["resources"].as_object().unwrap() {
        assert_eq!(object["driver"], "cloud-control", "{address}");
        let parts = object["identifier"].as_array().unwrap();
        let parts: Vec<&str> = parts.iter().map(|part| part.as_str().unwrap()).collect();
        let kind = object["resource_type"].as_str().unwrap();
        let seen = account.cloud(&["cloud_control", kind, &parts.join("|")]);
        for (name, declared) in object["properties"].as_object().unwrap() {
            let expected = match name.as_str() {
                // The state has a reference; the service has the value.
                "MasterUserPassword" => Value::from(PASSWORD),
                _ => declared.clone(),
            };
            let text = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
            assert_eq!(text(&seen[name]), text(&expected), "{address}.{name}");
            compared += 1;
        }
    }
    compared
}

fn planned(account: &Account, round: &str) -> Value {
    serde_json::from_str(&run(account, &["plan", "--json", TEMPLATE], round, 0)).unwrap()
}

#[test]
fn types_without_a_driver_of_their_own_are_made_changed_healed_and_destroyed() {
    let account = Account::new();
    bring(&account.place, "tests/emulators/cloud-control.yaml", TEMPLATE);
    run(&account, &["apply", TEMPLATE, "--yes"], "first", 0);
    assert!(read_back(&account) >= 13);
    run(&account, &["plan", TEMPLATE, "--detailed-exitcode"], "first", 0);

    assert_eq!(changes(&planned(&account, "second")).len(), TYPES.len());
    run(&account, &["apply", TEMPLATE, "--yes"], "second", 0);
    assert!(read_back(&account) >= 13);
    run(&account, &["plan", TEMPLATE, "--detailed-exitcode"], "second", 0);

    let network = account.physical_id(STACK, "Network");
    let patch = r#"[{"op": "replace", "path": "/Description", "value": "by hand"}]"#;
    account.cloud(&["patch", "AWS::NetworkManager::GlobalNetwork", &network, patch]);
    let plan = planned(&account, "second");
    assert_eq!(change(&plan, "Network")["action"], "update");
    run(&account, &["apply", TEMPLATE, "--yes"], "second", 0);
    assert!(read_back(&account) >= 13);

    let folder = account.place.path(".");
    let found = crate::account::search(&[folder.as_path()], &[PASSWORD]);
    assert!(found.is_empty(), "{found:?}");

    account.run(&["destroy", STACK, "--yes"]).expect(0);
    for kind in TYPES {
        assert_eq!(account.cloud(&["cloud_control_ls", kind]), serde_json::json!([]), "{kind}");
    }
}

/// A name that another owner has is reported, and its object stays as it is.
#[test]
fn a_stream_of_another_owner_is_left_alone() {
    let account = Account::new();
    let made =
        r#"{"Name": "theirs", "ShardCount": 1, "Tags": [{"Key": "owner", "Value": "them"}]}"#;
    account.cloud(&["cloud_control_make", "AWS::Kinesis::Stream", made]);
    let template = "Resources:\n  It: {Type: AWS::Kinesis::Stream, Properties: {Name: theirs, \
                    ShardCount: 1}}\n";
    account.place.write("it.yaml", template);
    let ran = account.run(&["apply", "it.yaml", "--yes"]);
    assert!(
        ran.err.contains("error[object-exists]") && ran.err.contains("`theirs`"),
        "{}",
        ran.err
    );
    let seen = account.cloud(&["cloud_control", "AWS::Kinesis::Stream", "theirs"]);
    assert_eq!(seen["Tags"][0]["Value"], "them");
}

/// Nothing is begun that could not be carried out: a type without handlers, one that cannot be
/// read, one whose secret would be lost, and one of a service that has ended.
#[test]
fn what_cloud_control_cannot_serve_is_refused_before_anything_is_planned() {
    let account = Account::new();
    for (kind, why) in [
        ("AWS::DynamoDB::Backup, Properties: {BackupName: b, TableName: t}", "no handlers"),
        (
            "AWS::QLDB::Ledger, Properties: {PermissionsMode: STANDARD}",
            "Amazon QLDB ended on July 31, 2025",
        ),
        (
            "AWS::AmazonMQ::ConfigurationAssociation, Properties: {Broker: b, Configuration: {Id: c, \
             Revision: 1}}",
            "no read handler",
        ),
    ] {
        let bus = "Bus: {Type: AWS::Events::EventBus, Properties: {Name: live-bus}}";
        let template = format!("Resources:\n  {bus}\n  It: {{Type: {kind}}}\n");
        account.place.write("it.yaml", &template);
        let ran = account.run(&["apply", "it.yaml", "--yes"]).expect(1);
        assert!(ran.err.contains("error[no-driver]") && ran.err.contains(why), "{}", ran.err);
        let made = account.cloud(&["cloud_control_ls", "AWS::Events::EventBus"]);
        assert_eq!(made, serde_json::json!([]));
    }
}
