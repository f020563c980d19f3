//! `kill -9` at every request of an apply, an update and a destroy, over real HTTP: the next run
//! ends with exactly the objects of a run that nothing disturbed.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use rustix::process::Pid;

use crate::account::{Account, Inventory, bring};
use crate::killer::{KillPoint, Killer};

const TEMPLATE: &str = "stacks/streaming.yaml";
const APPLY: [&str; 3] = ["apply", TEMPLATE, "--yes"];
const DESTROY: [&str; 3] = ["destroy", "streaming", "--yes"];
const CHANGED: [&str; 2] = ["--parameter", "SegmentSeconds=4"];
const UNCHANGED: [&str; 1] = ["--reset-parameters"];

/// The command that the program runs when it is killed.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Create,
    Update,
    Destroy,
}

/// An account in which a program is killed again and again.
struct Killing {
    account: Account,
    deed: Deed,
    /// The objects after a run that nothing disturbed.
    undisturbed: Inventory,
    changed: bool,
}

/// The inventory without the IDs that the service chooses and the random ends of names.
fn comparable(inventory: Inventory) -> Inventory {
    let name = |kind: &str, name: String| match kind {
        "distributions" => "one".to_owned(),
        "roles" => name.rsplit_once('-').map_or(name.clone(), |(stem, _)| stem.to_owned()),
        _ => name,
    };
    let names = |(kind, names): (String, Vec<String>)| {
        let mut names: Vec<String> = names.into_iter().map(|text| name(&kind, text)).collect();
        names.sort();
        (kind, names)
    };
    inventory.into_iter().map(names).collect()
}

impl Killing {
    fn new(deed: Deed) -> Self {
        let account = Account::new();
        bring(&account.place, TEMPLATE, TEMPLATE);
        account.run(&APPLY).expect(0);
        let undisturbed = comparable(account.inventory());
        Self { account, deed, undisturbed, changed: false }
    }

    /// Leaves the account as it was at first. The secret's name stays taken until its recovery
    /// window is over, so the test makes the emulator forget it.
    fn clear(&self) {
        self.account.run(&DESTROY).expect(0);
        self.account.expect_empty();
        self.account.cloud(&["forget_secret", "MediaPackage/streaming"]);
    }

    /// Kills a run at a request, and lets the next one find out. Whether the run came so far.
    fn strike(&mut self, at: usize, kill_point: KillPoint) -> bool {
        let (ready, arguments) = match self.deed {
            Deed::Create => {
                self.clear();
                (true, APPLY.to_vec())
            }
            Deed::Update => {
                self.changed = !self.changed;
                let more: &[&str] = if self.changed { &CHANGED } else { &UNCHANGED };
                (true, [&APPLY[..], more].concat())
            }
            Deed::Destroy => {
                (self.account.place.path("state/streaming.json").exists(), DESTROY.to_vec())
            }
        };
        if !ready {
            self.account.cloud(&["forget_secret", "MediaPackage/streaming"]);
            self.account.run(&APPLY).expect(0);
        }
        let emulators = self.account.emulators();
        let killer = Killer::before([emulators.ministack(), emulators.moto()], at, kill_point);
        let mut command = self.account.command(&arguments);
        let url = |port| format!("http://127.0.0.1:{port}");
        command
            .env("AWS_ENDPOINT_URL", url(killer.ministack))
            .env("AWS_ENDPOINT_URL_MEDIAPACKAGE", url(killer.moto))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut running = command.spawn().unwrap();
        killer.aim(Pid::from_child(&running));
        let status = running.wait().unwrap();
        let reached = killer.seen() > at;
        let what = format!("{:?} killed at request {at}, {kill_point:?}", self.deed);
        match status.code() {
            // The answer to its last request may be all that it did not hear.
            None => assert_eq!(status.signal(), Some(9), "{what}"),
            Some(code) => assert!(code == 0 && !reached, "{what}: exit code {code}"),
        }
        let again = self.account.run(&arguments);
        assert_eq!(again.code, 0, "{what}: {}", again.err);
        match self.deed {
            Deed::Create | Deed::Update => {
                assert_eq!(comparable(self.account.inventory()), self.undisturbed, "{what}");
                let plan = ["plan", TEMPLATE, "--detailed-exitcode"];
                let more: &[&str] = if self.changed { &CHANGED } else { &UNCHANGED };
                self.account.run(&[&plan[..], more].concat()).expect(0);
            }
            Deed::Destroy => self.account.expect_empty(),
        }
        reached
    }

    /// Kills at every such point until a run does not come so far. How many points that were.
    fn through(mut self, points: impl Iterator<Item = (usize, KillPoint)>) -> usize {
        let struck = points.take_while(|(at, kill_point)| self.strike(*at, *kill_point));
        struck.count()
    }
}

/// Set by `make kill9`: the program is killed at every request, and not only at some.
const EVERY_POINT: &str = "RSTACK_EVERY_POINT";

/// Kills runs that do this, at every request or at these. For the former, requests are shared out
/// to so many accounts, and there are at least so many points.
fn kill9(deed: Deed, some: &[(usize, KillPoint)], accounts: usize, at_least: usize) {
    if std::env::var_os(EVERY_POINT).is_none() {
        let struck = Killing::new(deed).through(some.iter().copied());
        assert_eq!(struck, some.len(), "{deed:?} has fewer requests");
        return;
    }
    let points: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..accounts)
            .map(|first| {
                let requests = (first..).step_by(accounts);
                let points =
                    requests.flat_map(|at| KillPoint::ALL.map(|kill_point| (at, kill_point)));
                scope.spawn(move || Killing::new(deed).through(points))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    println!("kill -9, {deed:?}: {points} points, 0 violations");
    assert!(points >= at_least, "{deed:?}: only {points} points");
}

#[test]
fn kill9_of_a_creation_is_taken_up() {
    let some = [(5, KillPoint::BeforeAnswer), (14, KillPoint::AfterRequest)];
    kill9(Deed::Create, &some, 2, 45);
}

#[test]
fn kill9_of_an_update_is_taken_up() {
    let some = [
        (4, KillPoint::AfterRequest),
        (14, KillPoint::BeforeAnswer),
        (18, KillPoint::BeforeRequest),
    ];
    kill9(Deed::Update, &some, 1, 60);
}

#[test]
fn kill9_of_a_deletion_is_taken_up() {
    let some = [(15, KillPoint::BeforeRequest), (28, KillPoint::AfterRequest)];
    kill9(Deed::Destroy, &some, 2, 90);
}
