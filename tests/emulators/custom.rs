//! Custom resources whose handlers MiniStack really runs: functions, and the subscriber of a topic. What was
//! asked of a handler is read from its own notes.

use std::process::Stdio;

use rustix::process::Pid;
use serde_json::{Value, json};

use crate::account::Account;
use crate::killer::{KillPoint, Killer};
use crate::place::ran;

const BUCKET: &str = "cdk-hnb659fds-assets-000000000000-eu-west-1";
const NOTES: &str = "notes";
const TEMPLATE: &str = "things.yaml";
/// The exit code of an apply that failed and was rolled back.
const ROLLED_BACK: i32 = 4;
/// Set by `make kill9`: the program is killed at every request, and not only at some.
const EVERY_POINT: &str = "RSTACK_EVERY_POINT";

const THINGS: &str = "Parameters:
  Handler: {Type: String}
  Name: {Type: String, Default: one}
  Mode: {Type: String, Default: ''}
  Timeout: {Type: Number, Default: 60}
  Word: {Type: String, NoEcho: true, Default: ''}
Conditions:
  Secret: !Not [!Equals [!Ref Word, '']]
Resources:
  Thing:
    Type: Custom::Thing
    Properties:
      ServiceToken: !Ref Handler
      ServiceTimeout: !Ref Timeout
      Name: !Ref Name
      Mode: !Ref Mode
      Count: 3
      Flags: [true, {Deep: 1.5}]
      Word: !If [Secret, !Ref Word, !Ref AWS::NoValue]
  After:
    Type: AWS::SSM::Parameter
    Properties: {Name: /after, Type: String, Value: !GetAtt Thing.Value}
Outputs:
  Thing: {Value: !Ref Thing}
  Number: {Value: !GetAtt Thing.Number}
";

/// An account with a handler, and the option that names it.
struct Handled {
    account: Account,
    option: String,
}

impl Handled {
    fn new() -> Self {
        let account = Account::new();
        account.run(&["bootstrap", "--yes"]).expect(0);
        account.place.write(TEMPLATE, THINGS);
        account.place.write(NOTES, "");
        let arn = account.cloud(&["handler", "things", NOTES]);
        let option = format!("Handler={}", arn.as_str().unwrap());
        Self { account, option }
    }

    /// A command on the template.
    fn arguments<'a>(&'a self, command: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let own = [command, TEMPLATE, "-p", &self.option];
        let yes: &[&str] = if command == "apply" { &["--yes"] } else { &[] };
        [&own, yes, more].concat()
    }

    fn run(&self, command: &str, more: &[&str]) -> crate::place::Ran {
        self.account.run(&self.arguments(command, more))
    }

    /// The requests that the handler noted.
    fn notes(&self) -> Vec<Value> {
        let notes = self.account.place.read(NOTES);
        notes.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The kinds of these requests with the physical IDs that they name.
    fn kinds(&self) -> Vec<String> {
        let kind = |request: &Value| {
            let kind = request["RequestType"].as_str().unwrap();
            format!("{kind} {}", request["PhysicalResourceId"].as_str().unwrap_or("-"))
        };
        self.notes().iter().map(kind).collect()
    }

    /// No response is left in the bucket, in any version.
    fn expect_no_responses(&self) {
        assert_eq!(self.account.cloud(&["objects", BUCKET]), json!({}));
        assert_eq!(self.account.cloud(&["versions", BUCKET]), json!([]));
    }

    fn forget(&self) {
        self.account.place.write(NOTES, "");
    }
}

#[test]
fn a_custom_resource_is_made_changed_replaced_and_deleted_by_its_function() {
    let handled = Handled::new();
    let account = &handled.account;
    handled.run("apply", &[]).expect(0);
    let made = &handled.notes()[0];
    assert_eq!(made["ResourceProperties"]["Count"], "3");
    assert_eq!(made["ResourceProperties"]["Flags"], json!(["true", {"Deep": "1.5"}]));
    assert_eq!(made["ResourceType"], "Custom::Thing");
    assert_eq!(made["LogicalResourceId"], "Thing");
    assert_eq!(account.cloud(&["parameter_value", "/after"]), "value of one");
    let outputs = account.run(&["output", "things"]).expect(0).out;
    assert!(outputs.contains("thing-one") && outputs.contains('7'), "{outputs}");
    handled.run("plan", &["--detailed-exitcode"]).expect(0);
    // It is changed in place, and then replaced by what has another physical ID.
    handled.run("apply", &["-p", "Mode=other"]).expect(0);
    handled.run("apply", &["-p", "Name=two"]).expect(0);
    let notes = handled.notes();
    assert_eq!(notes[1]["OldResourceProperties"]["Mode"], "");
    assert_eq!(notes[2]["OldResourceProperties"]["Name"], "one");
    assert!(notes.iter().all(|note| note["StackId"] == made["StackId"]), "{notes:?}");
    assert_eq!(account.cloud(&["parameter_value", "/after"]), "value of two");
    account.run(&["destroy", "things", "--yes"]).expect(0);
    let expected = [
        "Create -",
        "Update thing-one",
        "Update thing-one",
        "Delete thing-one",
        "Delete thing-two",
    ];
    assert_eq!(handled.kinds(), expected);
    handled.expect_no_responses();
}

#[test]
fn a_handler_that_keeps_no_contract_fails_and_leaves_nothing() {
    let handled = Handled::new();
    for (mode, words) in [
        ("other-request", "another `RequestId`"),
        ("too-long", "longer than 4096 bytes"),
        ("not-json", "not a JSON object"),
        ("no-reason", "reported FAILED and gave no reason"),
        ("no-physical-id", "no `PhysicalResourceId`"),
        ("fails", "the thing is broken"),
    ] {
        handled.forget();
        let mode = format!("Mode={mode}");
        let failed = handled.run("apply", &["-p", &mode]).expect(ROLLED_BACK);
        assert!(failed.err.contains(words), "{mode}: {}", failed.err);
        assert!(failed.err.contains("handling Create of one"), "its log: {}", failed.err);
        let kinds = handled.kinds();
        assert_eq!(kinds.len(), 2, "{mode}: {kinds:?}");
        assert_eq!(kinds[0], "Create -", "{mode}");
        assert!(kinds[1].starts_with("Delete "), "{mode}: {kinds:?}");
        handled.expect_no_responses();
    }
    // With a secret among the properties the log is not shown.
    let secret = ["-p", "Mode=fails", "-p", "Word=hidden-word"];
    let failed = handled.run("apply", &secret).expect(ROLLED_BACK);
    assert!(!failed.err.contains("handling Create"), "{}", failed.err);
    for (name, bytes) in handled.account.place.files() {
        let is_noted = name == NOTES;
        assert!(is_noted || !String::from_utf8_lossy(&bytes).contains("hidden-word"), "{name}");
    }
    // The last of two responses counts, as in CloudFormation's own bucket.
    handled.forget();
    handled.run("apply", &["-p", "Mode=twice"]).expect(0);
    handled.account.run(&["destroy", "things", "--yes"]).expect(0);
    handled.expect_no_responses();
}

#[test]
fn a_create_without_a_response_in_time_is_left_to_the_user() {
    let handled = Handled::new();
    let silent = handled.run("apply", &["-p", "Mode=silent", "-p", "Timeout=1"]);
    assert_ne!(silent.code, 0);
    assert!(silent.err.contains("did not respond within 1 second;"), "{}", silent.err);
    assert_eq!(handled.kinds(), ["Create -"]);
    handled.account.run(&["resolve", "things", "Thing", "--ours", "thing-one"]).expect(0);
    handled.account.run(&["rollback", "things", "--yes"]).expect(0);
    assert_eq!(handled.kinds(), ["Create -", "Delete thing-one"]);
}

#[test]
fn without_a_bucket_for_responses_nothing_is_planned() {
    let account = Account::new();
    account.place.write(TEMPLATE, THINGS);
    let handler = "Handler=arn:aws:lambda:eu-west-1:000000000000:function:things";
    let plan = account.run(&["plan", TEMPLATE, "-p", handler]).expect(1);
    plan.reports("not-bootstrapped", &[BUCKET, "rstack bootstrap", "--response-bucket"]);
    account.cloud(&["make_bucket", "answers"]);
    let chosen = ["plan", TEMPLATE, "-p", handler, "--response-bucket", "answers"];
    account.run(&chosen).expect(0);
}

#[test]
fn the_subscriber_of_a_topic_is_asked() {
    let handled = Handled::new();
    let account = &handled.account;
    let function = handled.option.strip_prefix("Handler=").unwrap();
    let topic = account.cloud(&["handler_topic", "requests", function]);
    let option = format!("Handler={}", topic.as_str().unwrap());
    let run = |arguments: &[&str]| {
        let mut command = account.command(arguments);
        // The topic is in the emulator of the function.
        command.env_remove("AWS_ENDPOINT_URL_SNS");
        ran(command)
    };
    run(&["apply", TEMPLATE, "--yes", "-p", &option]).expect(0);
    run(&["destroy", "things", "--yes"]).expect(0);
    assert_eq!(handled.kinds(), ["Create -", "Delete thing-one"]);
}

/// Kills an apply at a request, and lets the next one find out. True if the run came so far.
fn strike(handled: &Handled, at: usize, kill_point: KillPoint) -> bool {
    handled.forget();
    let account = &handled.account;
    let emulators = account.emulators();
    let killer = Killer::before([emulators.ministack(), emulators.moto()], at, kill_point);
    let apply = handled.arguments("apply", &["-p", "Timeout=4"]);
    let mut command = account.command(&apply);
    command
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", killer.ministack))
        .env("AWS_ENDPOINT_URL_SSM", format!("http://127.0.0.1:{}", killer.moto))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut running = command.spawn().unwrap();
    killer.aim(Pid::from_child(&running));
    running.wait().unwrap();
    let reached = killer.seen() > at;
    let what = format!("killed at request {at}, {kill_point:?}");
    let mut again = account.run(&apply);
    if again.code != 0 {
        // The request may have been on its way when the program died: only its handler can know.
        again.reports("create-in-doubt", &["`Thing`", "--not-ours"]);
        assert!(handled.kinds().is_empty(), "{what}: a response was put, and was not read");
        account.run(&["resolve", "things", "Thing", "--not-ours"]).expect(0);
        again = account.run(&apply);
    }
    assert_eq!(again.code, 0, "{what}: {}", again.err);
    assert_eq!(handled.kinds(), ["Create -"], "{what}");
    assert_eq!(account.cloud(&["parameter_value", "/after"]), "value of one", "{what}");
    account.run(&["destroy", "things", "--yes"]).expect(0);
    assert_eq!(handled.kinds(), ["Create -", "Delete thing-one"], "{what}");
    handled.expect_no_responses();
    reached
}

/// Whatever a program that dies has sent: the handler gets one Create.
#[test]
fn kill9_with_a_request_in_flight_delivers_no_create_twice() {
    let handled = Handled::new();
    if std::env::var_os(EVERY_POINT).is_none() {
        for (at, kill_point) in [
            (4, KillPoint::BeforeRequest),
            (4, KillPoint::AfterRequest),
            (5, KillPoint::BeforeAnswer),
        ] {
            assert!(strike(&handled, at, kill_point), "the run has no request {at}");
        }
        return;
    }
    let points = (0..).flat_map(|at| KillPoint::ALL.map(|kill_point| (at, kill_point)));
    let struck = points.take_while(|(at, kill_point)| strike(&handled, *at, *kill_point)).count();
    println!("kill -9 with a custom resource: {struck} points, 0 violations");
    assert!(struck >= 24, "only {struck} points");
}
