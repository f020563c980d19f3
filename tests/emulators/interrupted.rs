//! Runs that end in the middle: killed, or without the answer to a call. The next run finds out
//! the outcome, goes on, and makes nothing twice.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::account::{Account, bring};
use crate::lossy::{Loss, Lossy};
use crate::place::ran;

const TEMPLATE: &str = "stacks/streaming.yaml";

/// The calls that make something, by a text of the request.
const IN_MINISTACK: [&str; 5] = [
    "secretsmanager.CreateSecret",
    "Action=CreateRole",
    "Action=PutRolePolicy",
    "POST /2020-05-31/origin-request-policy",
    "POST /2020-05-31/distribution",
];
const IN_MOTO: [&str; 3] =
    ["POST /channels", r#""id":"streaming-live-hls""#, r#""id":"streaming-live-cmaf""#];

fn account() -> Account {
    let account = Account::new();
    bring(&account.place, TEMPLATE, TEMPLATE);
    account
}

/// The stack, as one run makes it.
#[track_caller]
fn expect_one_of_each(account: &Account, what: &str) {
    let inventory = account.inventory();
    for (kind, count) in [
        ("channels", 1),
        ("endpoints", 4),
        ("distributions", 1),
        ("origin request policies", 1),
        ("roles", 1),
        ("secrets", 1),
    ] {
        assert_eq!(inventory[kind].len(), count, "{what}: {inventory:#?}");
    }
    account.expect_no_changes(TEMPLATE);
    account.read_back("streaming", &[]);
}

/// Leaves the account as it was before. The secret's name stays taken until its recovery window is
/// over, so the test makes the emulator forget it.
fn clear(account: &Account) {
    account.run(&["destroy", "streaming", "--yes"]).expect(0);
    account.expect_empty();
    account.cloud(&["forget_secret", "MediaPackage/streaming"]);
}

/// Every creating call in turn has had its effect when the program is killed before it hears of
/// it.
#[test]
fn a_run_that_is_killed_within_a_call_is_taken_up() {
    let account = account();
    for mark in IN_MINISTACK.iter().chain(&IN_MOTO) {
        let lossy = lossy(&account, mark, Loss::Silence);
        let mut running = through(&account, &lossy, mark).spawn().unwrap();
        lossy.wait();
        running.kill().unwrap();
        running.wait().unwrap();
        let again = account.run(&["apply", TEMPLATE, "--yes"]).expect(0);
        assert!(again.err.contains("was interrupted. Asking the cloud"), "{mark}: {}", again.err);
        expect_one_of_each(&account, mark);
        clear(&account);
    }
}

/// The same calls have had their effect and the connection breaks: the program itself finds out.
#[test]
fn a_lost_answer_makes_nothing_twice() {
    let account = account();
    for mark in IN_MINISTACK.iter().chain(&IN_MOTO) {
        let lossy = lossy(&account, mark, Loss::Cut);
        let applied = ran(through(&account, &lossy, mark));
        assert!(lossy.has_lost(), "{mark}: no such call");
        if applied.code != 0 {
            println!("{mark}: {}\n{}", applied.code, applied.err);
        }
        let applied = applied.expect(0);
        assert!(!applied.err.contains("rolled back"), "{mark}: {}", applied.err);
        expect_one_of_each(&account, mark);
        clear(&account);
    }
}

/// The program is killed as soon as it says that something was made.
#[test]
fn a_run_that_is_killed_between_calls_is_taken_up() {
    let account = account();
    for made in [1, 3, 5, 7, 8] {
        let mut command = account.command(&["apply", TEMPLATE, "--yes", "--parallelism", "1"]);
        let mut running = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(running.stderr.take().unwrap()).lines().map_while(Result::ok);
        let told = lines.filter(|line| line.contains(" created ")).take(made).count();
        assert_eq!(told, made);
        running.kill().unwrap();
        running.wait().unwrap();
        account.run(&["apply", TEMPLATE, "--yes"]).expect(0);
        expect_one_of_each(&account, &format!("killed after {made}"));
        clear(&account);
    }
}

fn lossy(account: &Account, mark: &'static str, loss: Loss) -> Lossy {
    let emulators = account.emulators();
    let upstream = if IN_MOTO.contains(&mark) { emulators.moto() } else { emulators.ministack() };
    Lossy::before(upstream, mark, loss)
}

/// An apply that calls one of the emulators through the lossy connection.
fn through(account: &Account, lossy: &Lossy, mark: &'static str) -> Command {
    let url = format!("http://127.0.0.1:{}", lossy.port);
    let variable =
        if IN_MOTO.contains(&mark) { "AWS_ENDPOINT_URL_MEDIAPACKAGE" } else { "AWS_ENDPOINT_URL" };
    let mut command = account.command(&["apply", TEMPLATE, "--yes"]);
    command.env(variable, url).stdout(Stdio::null()).stderr(Stdio::null());
    command
}
