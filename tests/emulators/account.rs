//! An emulated account and a folder of stacks: the program runs in it, and Python looks at it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::emulators::{Emulators, environment};
use crate::place::{Place, Ran, ran, repository_file};

/// An account of one's own.
pub(crate) struct Account {
    pub(crate) place: Place,
    emulators: Emulators,
    python: RefCell<Python>,
}

/// The inventory of an account: kinds of objects and their names.
pub(crate) type Inventory = BTreeMap<String, Vec<String>>;

impl Account {
    /// An empty account and an empty folder.
    pub(crate) fn new() -> Self {
        Self::of(Emulators::start())
    }

    /// An empty account of these emulators, and an empty folder.
    pub(crate) fn of(emulators: Emulators) -> Self {
        let place = Place::empty();
        let python = RefCell::new(Python::start(&place, &emulators));
        Self { place, emulators, python }
    }

    /// The emulators, for those who stand between them and the program.
    pub(crate) fn emulators(&self) -> &Emulators {
        &self.emulators
    }

    /// The program with these arguments, ready to be run in this account.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.place.command(arguments);
        command.envs(self.emulators.variables());
        command
    }

    /// Runs the program.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments))
    }

    /// The plan as JSON.
    #[track_caller]
    pub(crate) fn plan(&self, arguments: &[&str]) -> Value {
        let arguments = [&["plan", "--json"], arguments].concat();
        let ran = self.run(&arguments).expect(0);
        serde_json::from_str(&ran.out).unwrap()
    }

    /// Nothing is to be changed.
    #[track_caller]
    pub(crate) fn expect_no_changes(&self, template: &str) {
        let ran = self.run(&["plan", template, "--detailed-exitcode"]).expect(0);
        assert!(ran.out.contains("No changes."), "{}", ran.out);
    }

    /// Looks at the account, or changes it, behind rstack's back: a call of `cloud.py`.
    #[track_caller]
    pub(crate) fn cloud(&self, call: &[&str]) -> Value {
        let said = self.python.borrow_mut().call(call);
        match said {
            Ok(answer) => answer,
            Err(failure) => panic!("cloud.py {call:?}: {failure}"),
        }
    }

    /// The objects that exist.
    #[track_caller]
    pub(crate) fn inventory(&self) -> Inventory {
        serde_json::from_value(self.cloud(&["ls"])).unwrap()
    }

    /// Nothing is there.
    #[track_caller]
    pub(crate) fn expect_empty(&self) {
        let left: Inventory =
            self.inventory().into_iter().filter(|(_, names)| !names.is_empty()).collect();
        assert!(left.is_empty(), "{left:#?}");
    }

    /// Every declared property of a stack is what boto3 reads. How many were compared. Secret
    /// parameters are given as `NAME=VALUE`.
    #[track_caller]
    pub(crate) fn read_back(&self, stack: &str, parameters: &[&str]) -> u64 {
        let state = format!("state/{stack}.json");
        let report = self.cloud(&[&["read_back", &state], parameters].concat());
        assert_eq!(report["failed"], false, "{report:#}");
        report["compared"].as_u64().unwrap()
    }

    /// The value of a secret: to look for, never to show.
    #[track_caller]
    pub(crate) fn secret(&self, id: &str) -> String {
        self.cloud(&["secret", id]).as_str().unwrap().to_owned()
    }

    /// The state of a stack.
    pub(crate) fn state(&self, stack: &str) -> Value {
        let text = self.place.read(&format!("state/{stack}.json"));
        serde_json::from_str::<Value>(&text).unwrap()["state"].take()
    }

    /// The physical ID of a resource.
    #[track_caller]
    pub(crate) fn physical_id(&self, stack: &str, resource: &str) -> String {
        let state = self.state(stack);
        state["resources"][resource]["physical_id"].as_str().unwrap().to_owned()
    }
}

/// `cloud.py`, which answers one call after another: a start of Python takes longer than a test's
/// other work.
struct Python {
    running: Child,
    answers: BufReader<ChildStdout>,
}

impl Python {
    fn start(place: &Place, emulators: &Emulators) -> Self {
        let mut command = python("cloud.py");
        command
            .current_dir(place.path("."))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(emulators.variables())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut running = command.spawn().unwrap();
        let answers = BufReader::new(running.stdout.take().unwrap());
        Self { running, answers }
    }

    fn call(&mut self, call: &[&str]) -> Result<Value, String> {
        let mut calls = self.running.stdin.as_ref().unwrap();
        let line = serde_json::to_string(call).unwrap() + "\n";
        calls.write_all(line.as_bytes()).unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let mut said: Value = serde_json::from_str(&line).unwrap();
        match &said["failure"] {
            Value::String(failure) => Err(failure.clone()),
            _ => Ok(said["answer"].take()),
        }
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // It ends by itself when there are no more calls.
        drop(self.running.stdin.take());
        let _status = self.running.wait();
    }
}

/// A script of ours, in an environment that knows nothing of the machine.
fn python(script: &str) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/emulators");
    let mut command = Command::new(environment().join("bin/python"));
    command
        .arg(folder.join(script))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Where secrets are in some folders, in whatever form.
pub(crate) fn search(folders: &[&Path], secrets: &[&str]) -> Vec<String> {
    let mut command = python("search.py");
    command.args(folders).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut searching = command.spawn().unwrap();
    let input = searching.stdin.take().unwrap();
    serde_json::to_writer(input, secrets).unwrap();
    let output = searching.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Puts a file of the repository at this place.
pub(crate) fn bring(place: &Place, from: &str, to: &str) {
    place.write(to, &repository_file(from));
}

/// The resources that a plan changes, with what happens to them.
pub(crate) fn changes(plan: &Value) -> BTreeMap<String, String> {
    let changes = plan["changes"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    changes
        .iter()
        .map(|change| (text(&change["address"]), text(&change["action"])))
        .filter(|(_, action)| action != "no-op")
        .collect()
}

/// The change of one resource.
#[track_caller]
pub(crate) fn change<'a>(plan: &'a Value, resource: &str) -> &'a Value {
    let changes = plan["changes"].as_array().unwrap();
    changes.iter().find(|change| change["address"] == resource).unwrap()
}
