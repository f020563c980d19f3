//! Commands without a process: streams, variables, clock and cloud are those of the test.
#![cfg(test)]

#[path = "library/images.rs"]
mod images;
#[path = "library/known_handlers.rs"]
mod known_handlers;
#[path = "library/managed_stacks.rs"]
mod managed_stacks;
#[path = "library/remote_templates.rs"]
mod remote_templates;
#[path = "library/shown_run.rs"]
mod shown_run;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rstack_cli::{Clouds, ConnectError, Connecting, Env, Exit, Output, ReadStreams, Streams, run};
use rstack_driver::{
    CallInFlight, Cloud, DriverError, ErrorKind, Identity, ResourceDriver, SecretStore,
};
use rstack_model::value::Lookup;
use rstack_model::{Region, ResourceType, SecretString, Value};
use rstack_sandbox::{SandboxCloud, SandboxOptions};

const TOPIC: &str = "Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties: {TopicName: a}\n";

/// The bytes that were written to a stream.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn stream(&self, is_terminal: bool) -> Output {
        Output { writer: Arc::new(Mutex::new(self.clone())), is_terminal }
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A reader that is gone.
struct Gone;

impl Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The cloud beside the sandbox: one account, or none.
struct Account(Option<Arc<dyn Cloud>>);

#[async_trait]
impl Clouds for Account {
    async fn connect(&self, _: Connecting) -> Result<Arc<dyn Cloud>, ConnectError> {
        match &self.0 {
            Some(cloud) => Ok(cloud.clone()),
            None => Err(ConnectError::Cloud(DriverError::new(
                ErrorKind::Credentials,
                "sts:GetCallerIdentity",
                "expired",
            ))),
        }
    }
}

struct Ran {
    exit: Exit,
    out: String,
    err: String,
}

/// Runs a command in a directory; on a terminal if answers are given.
fn ran(directory: &Path, line: &[&str], answers: Option<&str>, account: Account) -> Ran {
    ran_with(&PLAIN, directory, line, answers, account)
}

/// A terminal without colours.
const PLAIN: [(&str, &str); 2] = [("NO_COLOR", "1"), ("TERM", "dumb")];

/// As [`ran`], with these environment variables.
fn ran_with(
    variables: &[(&str, &str)],
    directory: &Path,
    line: &[&str],
    answers: Option<&str>,
    account: Account,
) -> Ran {
    let (env, out, err) = env(variables, directory, answers, account);
    let exit = block_on(run(arguments(line), env));
    Ran { exit, out: out.text(), err: err.text() }
}

/// The surroundings of a command, and the streams it writes to.
fn env(
    variables: &[(&str, &str)],
    directory: &Path,
    answers: Option<&str>,
    account: Account,
) -> (Env, Written, Written) {
    let (out, err) = (Written::default(), Written::default());
    let terminal = answers.is_some();
    let env = Env {
        variables: variables.iter().map(|(name, value)| (name.into(), value.into())).collect(),
        directory: Some(directory.to_owned()),
        states: None,
        streams: Streams {
            out: out.stream(terminal),
            err: err.stream(terminal),
            input: Arc::new(Mutex::new(Cursor::new(answers.unwrap_or_default().to_owned()))),
            read: ReadStreams::default(),
            input_is_terminal: terminal,
            hidden_line: Arc::new(|| Ok(rstack_model::SecretString::new("typed".to_owned()))),
            size: Arc::new(|| None),
        },
        clock: Arc::new(|| jiff::Timestamp::UNIX_EPOCH),
        clouds: Arc::new(account),
        validator: None,
        signals: false,
        known_handlers: rstack_cli::KNOWN_HANDLERS,
    };
    (env, out, err)
}

fn arguments(line: &[&str]) -> Vec<OsString> {
    std::iter::once("rstack").chain(line.iter().copied()).map(OsString::from).collect()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    std::fs::create_dir(place.path().join("stacks")).unwrap();
    std::fs::write(place.path().join("stacks/topic.yaml"), TOPIC).unwrap();
    place
}

#[test]
fn a_question_is_answered_on_the_streams() {
    let place = place();
    let apply = |answer| ran(place.path(), &["apply", "--sandbox"], Some(answer), Account(None));
    let refused = apply("no\n");
    assert_eq!(refused.exit, Exit::Error);
    assert!(refused.err.contains("Nothing was changed."), "{}", refused.err);
    let applied = apply("yes\n");
    assert_eq!(applied.exit, Exit::Done, "{}", applied.err);
    assert!(applied.out.contains("Apply these changes to `topic`?"), "{}", applied.out);
    let plan = ["plan", "topic", "--sandbox", "--detailed-exitcode"];
    assert_eq!(ran(place.path(), &plan, None, Account(None)).exit, Exit::Done);
    // Paths begin at the directory of the test, and nowhere else.
    assert!(place.path().join("state/sandbox/topic.json").is_file());
}

#[test]
fn a_saved_plan_goes_from_one_command_to_the_next() {
    let place = place();
    let run = |line: &[&str]| ran(place.path(), line, None, Account(None));
    let plan = run(&["plan", "--sandbox", "--out", "x.plan", "--detailed-exitcode"]);
    assert_eq!(plan.exit, Exit::Changes, "{}", plan.err);
    assert_eq!(run(&["apply", "x.plan", "--sandbox", "--yes"]).exit, Exit::Done);
    let output = run(&["state", "list", "topic", "--sandbox", "--json"]);
    assert_eq!(output.exit, Exit::Done, "{}", output.err);
    assert!(output.out.contains("AWS::SNS::Topic"), "{}", output.out);
}

#[test]
fn the_cloud_is_the_one_of_the_factory() {
    let place = place();
    let account = SandboxCloud::open(None, "eu-west-1".into(), SandboxOptions::default()).unwrap();
    let account = Arc::new(account);
    let line = ["apply", "--yes"];
    let applied = ran(place.path(), &line, None, Account(Some(account.clone())));
    assert_eq!(applied.exit, Exit::Done, "{}", applied.err);
    assert_eq!(account.list().unwrap().len(), 1);
    assert!(place.path().join("state/topic.json").is_file());
    let refused = ran(place.path(), &line, None, Account(None));
    assert_eq!(refused.exit, Exit::Error);
    assert!(refused.err.contains("hint: sign in"), "{}", refused.err);
}

#[test]
fn the_kind_of_an_error_decides_the_exit_code() {
    let place = place();
    let run = |line: &[&str]| ran(place.path(), line, None, Account(None));
    let unknown = run(&["docs", "AWS::SNS::Topik"]);
    assert_eq!(unknown.exit, Exit::Error);
    assert!(unknown.err.contains("hint: did you mean `AWS::SNS::Topic`?"), "{}", unknown.err);
    let wrong = run(&["plan", "--nonsense"]);
    assert_eq!(wrong.exit, Exit::Error, "2 says that there are changes");
    assert_eq!(run(&["--help"]).exit, Exit::Done);
    let unasked = run(&["apply", "--sandbox"]);
    assert!(unasked.err.contains("error[confirmation-needed]"), "{}", unasked.err);

    let (err, line) = (Written::default(), ["explain"]);
    let env = Env {
        variables: BTreeMap::new(),
        directory: Some(place.path().to_owned()),
        states: None,
        streams: Streams {
            out: Output { writer: Arc::new(Mutex::new(Gone)), is_terminal: false },
            err: err.stream(false),
            input: Arc::new(Mutex::new(io::empty())),
            read: ReadStreams::default(),
            input_is_terminal: false,
            hidden_line: Arc::new(|| Ok(rstack_model::SecretString::new("typed".to_owned()))),
            size: Arc::new(|| None),
        },
        clock: Arc::new(|| jiff::Timestamp::UNIX_EPOCH),
        clouds: Arc::new(Account(None)),
        validator: None,
        signals: false,
        known_handlers: rstack_cli::KNOWN_HANDLERS,
    };
    assert_eq!(block_on(run_gone(&line, env)), Exit::Done);
    assert_eq!(err.text(), "", "nothing is written to a reader that is gone");
}

async fn run_gone(line: &[&str], env: Env) -> Exit {
    run(arguments(line), env).await
}

/// A cloud that says after some time who the caller is.
struct Slow {
    inner: SandboxCloud,
    time: Duration,
    called: Mutex<Option<tokio::time::Instant>>,
}

/// Ends the call when it is answered or given up.
struct Answered<'a>(&'a Mutex<Option<tokio::time::Instant>>);

impl Drop for Answered<'_> {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = None;
    }
}

#[async_trait]
impl Cloud for Slow {
    async fn identity(&self) -> Result<Identity, DriverError> {
        *self.called.lock().unwrap() = Some(tokio::time::Instant::now());
        let answered = Answered(&self.called);
        tokio::time::sleep(self.time).await;
        drop(answered);
        self.inner.identity().await
    }

    fn driver(&self, resource_type: &ResourceType) -> Option<Arc<dyn ResourceDriver>> {
        self.inner.driver(resource_type)
    }

    async fn lookup(&self, lookup: &Lookup) -> Result<Value, DriverError> {
        self.inner.lookup(lookup).await
    }

    fn secrets(&self) -> &dyn SecretStore {
        self.inner.secrets()
    }

    fn in_flight(&self) -> Vec<CallInFlight> {
        let call = |called: tokio::time::Instant| CallInFlight {
            operation: "sts:GetCallerIdentity".into(),
            host: "sts.example".into(),
            elapsed: called.elapsed(),
        };
        self.called.lock().unwrap().map(call).into_iter().collect()
    }
}

/// Plans on a cloud that says after so many seconds who the caller is; how long that took.
fn plan_on_slow(seconds: u64) -> (Ran, Duration) {
    let place = place();
    let sandbox = SandboxCloud::open(None, Region::new("eu-west-1"), SandboxOptions::default());
    let time = Duration::from_secs(seconds);
    let cloud = Slow { inner: sandbox.unwrap(), time, called: Mutex::default() };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let (env, out, err) = env(&PLAIN, place.path(), None, Account(Some(Arc::new(cloud))));
        let begun = tokio::time::Instant::now();
        let exit = run(arguments(&["plan"]), env).await;
        (Ran { exit, out: out.text(), err: err.text() }, begun.elapsed())
    })
}

#[test]
fn a_silent_cloud_is_named_after_five_seconds() {
    let (plan, _) = plan_on_slow(12);
    assert_eq!(plan.exit, Exit::Done, "{}", plan.err);
    let waits = "Waiting for sts:GetCallerIdentity: no answer from sts.example for 5 s";
    assert!(plan.err.starts_with(waits), "{}", plan.err);
    assert_eq!(plan.err.matches("Waiting for").count(), 1, "{}", plan.err);
    assert!(!plan.out.contains("Waiting"), "{}", plan.out);
}

#[test]
fn a_cloud_that_does_not_say_who_the_caller_is_ends_the_command_after_a_minute() {
    let (plan, took) = plan_on_slow(100_000);
    assert_eq!(took, Duration::from_secs(60));
    let late = "error[transient]: sts:GetCallerIdentity: no complete answer of sts.example came within 60 s";
    assert!(plan.err.contains(late), "{}", plan.err);
    assert_ne!(plan.exit, Exit::Done);
}

/// Text that moves a cursor, links, colours, hides, reorders and is not seen.
const CONTROLS: [&str; 6] = [
    "\u{1b}]8;;http://evil\u{1b}\\INJ\u{1b}]8;;\u{1b}\\",
    "\u{1b}[2J\u{1b}[8mINJ\u{7}\u{8}\rx",
    "\u{9b}31mINJ\u{9d}0;x\u{9c}",
    "\u{202e}INJ\u{2066}",
    "\u{200b}INJ\u{ad}\u{e0041}",
    "x\n  ::error::INJ",
];

/// A stack whose texts are all of [`CONTROLS`].
fn hostile() -> String {
    let mut template = serde_json::json!({"Resources": {}, "Outputs": {}});
    for (i, text) in CONTROLS.iter().enumerate() {
        template["Resources"][format!("P{i}")] = serde_json::json!({
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": format!("p{i}"), "Type": "String", "Value": text,
                           "Description": format!("{text}\n{text}")},
        });
        template["Outputs"][format!("O{i}")] = serde_json::json!({"Value": text});
    }
    ascii(&template)
}

/// JSON in which every character that YAML does not allow is an escape.
fn ascii(value: &serde_json::Value) -> String {
    let json = value.to_string();
    let escaped = json.chars().map(|c| match c {
        ' '..='~' => c.to_string(),
        c => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    });
    escaped.collect()
}

#[test]
fn the_live_display_shows_names_and_sends_none() {
    let place = place();
    let mut template = serde_json::json!({"Resources": {}});
    for (i, text) in CONTROLS.iter().enumerate() {
        template["Resources"][format!("T{i}")] = serde_json::json!({
            "Type": "AWS::SNS::Topic", "Properties": {"TopicName": text},
        });
    }
    for name in ["a", "b"] {
        let path = place.path().join(format!("stacks/{name}.json"));
        std::fs::write(path, ascii(&template)).unwrap();
        let line = ["apply", name, "--sandbox", "--yes"];
        let ran = ran_with(&[("TERM", "xterm")], place.path(), &line, Some(""), Account(None));
        // The cursor goes up, and to the beginning of the line, and the screen is cleared below.
        let own = ran.err.split("A\r\u{1b}[J").map(|piece| match piece.rsplit_once("\u{1b}[") {
            Some((before, lines)) if lines.parse::<usize>().is_ok() => before,
            Some(_) | None => piece,
        });
        let text: String = own.collect();
        assert_eq!(controls(&text), Vec::<char>::new(), "{:?}", ran.err);
        assert!(text.contains("INJ"), "{text}");
        let moves = ran.err.contains("\u{1b}[J");
        assert!(moves, "the display is live: {:?}", ran.err);
    }
}

/// The controls in a text that are no line breaks, and select no colour: `ESC [ 8 m` hides.
fn controls(text: &str) -> Vec<char> {
    let mut pieces = text.split("\u{1b}[");
    let mut rest = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once('m') {
            Some((codes, after))
                if codes != "8" && codes.chars().all(|c| c.is_ascii_digit() || c == ';') =>
            {
                rest.push_str(after);
            }
            Some(_) | None => rest.push_str(&format!("\u{1b}[{piece}")),
        }
    }
    let hidden = |c: char| {
        matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e007f}')
    };
    rest.chars().filter(|c| (c.is_control() && *c != '\n') || hidden(*c)).collect()
}

#[test]
fn a_terminal_is_sent_no_control_of_others() {
    let place = place();
    std::fs::remove_file(place.path().join("stacks/topic.yaml")).unwrap();
    std::fs::write(place.path().join("stacks/hostile.json"), hostile()).unwrap();
    let plain: &[(&str, &str)] = &[("NO_COLOR", "1"), ("TERM", "dumb")];
    let coloured: &[(&str, &str)] = &[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")];
    let run = |variables, line: &[&str]| {
        let line = [line, &["--sandbox"]].concat();
        let ran = ran_with(variables, place.path(), &line, Some("yes\n"), Account(None));
        for text in [&ran.out, &ran.err] {
            assert_eq!(controls(text), Vec::<char>::new(), "{line:?}: {text:?}");
        }
        ran
    };
    let applied = run(plain, &["apply"]);
    assert_eq!(applied.exit, Exit::Done, "{}", applied.err);
    for variables in [plain, coloured] {
        for line in [
            &["show", "--full"][..],
            &["output"],
            &["state", "pull", "hostile"],
            &["state", "show", "hostile", "P1"],
            &["plan", "--full", "--parameter", CONTROLS[1]],
            &["sandbox", "remove", CONTROLS[0], CONTROLS[3]],
            &["docs", CONTROLS[2]],
            &["apply", CONTROLS[4]],
            &["validate", CONTROLS[0]],
            &["output", "hostile", CONTROLS[0]],
        ] {
            let ran = run(variables, line);
            let shown = ran.out + &ran.err;
            assert!(shown.contains("INJ") || line[0] == "apply", "{line:?}: {shown}");
        }
        for (i, text) in CONTROLS.iter().enumerate() {
            let shown = run(variables, &["output", "hostile", &format!("O{i}")]).out;
            let lines: Vec<_> = text.split('\n').map(rstack_render::escape).collect();
            assert_eq!(shown, format!("{}\n", lines.join("\n")));
        }
    }
    // A runner that gives its commands a terminal reads what they write there.
    let in_workflow: &[(&str, &str)] = &[("GITLAB_CI", "true"), ("NO_COLOR", "1")];
    let shown = run(in_workflow, &["output", "hostile", "O5"]).out;
    assert_eq!(shown, "x\n  \\u{3a}:error::INJ\n");
}
