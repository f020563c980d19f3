//! `kill -9` at every request of an apply, an update and a destroy, over real HTTP: the next run
//! ends with exactly the objects of a run that nothing disturbed.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use rustix::process::Pid;

use crate::account::{Account, Inventory, bring};
use crate::killer::{Killer, Moment};

const TEMPLATE: &str = "stacks/streaming.yaml";
const APPLY: [&str; 3] = ["apply", TEMPLATE, "--yes"];
const DESTROY: [&str; 3] = ["destroy", "streaming", "--yes"];
const CHANGED: [&str; 2] = ["--parameter", "SegmentSeconds=4"];

/// What the program does when it is killed.
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
    /// What there is after a run that nothing disturbed.
    undisturbed: Inventory,
    changed: bool,
}

/// What there is, without the IDs that the service chooses and the random ends of names.
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
    /// window is over, so the emulator is told to forget it.
    fn clear(&self) {
        self.account.run(&DESTROY).expect(0);
        self.account.expect_empty();
        self.account.cloud(&["forget_secret", "MediaPackage/streaming"]);
    }

    /// Kills a run at a request, and lets the next one find out. Whether the run came so far.
    fn strike(&mut self, at: usize, moment: Moment) -> bool {
        let (ready, arguments) = match self.deed {
            Deed::Create => {
                self.clear();
                (true, APPLY.to_vec())
            }
            Deed::Update => {
                self.changed = !self.changed;
                let more: &[&str] = if self.changed { &CHANGED } else { &[] };
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
        let killer = Killer::before([emulators.ministack(), emulators.moto()], at, moment);
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
        let what = format!("{:?} killed at request {at}, {moment:?}", self.deed);
        match status.code() {
            // The answer to its last request may be all that it did not hear.
            None => assert_eq!(status.signal(), Some(9), "{what}"),
            Some(code) => assert!(code == 0 && !reached, "{what}: exit code {code}"),
        }
        let again = self.account.run(&arguments);
        // A stack that is gone altogether cannot be destroyed once more.
        let gone = matches!(self.deed, Deed::Destroy)
            && again.err.contains("nothing is known of the stack");
        assert!(again.code == 0 || gone, "{what}: {}", again.err);
        match self.deed {
            Deed::Create | Deed::Update => {
                assert_eq!(comparable(self.account.inventory()), self.undisturbed, "{what}");
                let plan = ["plan", TEMPLATE, "--detailed-exitcode"];
                let more: &[&str] = if self.changed { &CHANGED } else { &[] };
                self.account.run(&[&plan[..], more].concat()).expect(0);
            }
            Deed::Destroy => self.account.expect_empty(),
        }
        reached
    }

    /// Every request from this one on, in steps of so many. How many points that were.
    fn through(mut self, first: usize, step: usize) -> usize {
        let mut points = 0;
        for at in (first..).step_by(step) {
            for moment in Moment::ALL {
                if !self.strike(at, moment) {
                    return points;
                }
                points += 1;
            }
        }
        points
    }
}

/// Some points of each deed, with every run of the tests.
#[test]
fn a_run_that_is_killed_at_a_request_is_taken_up() {
    let deeds = [
        (Deed::Create, 17, Moment::AfterRequest),
        (Deed::Update, 14, Moment::BeforeAnswer),
        (Deed::Destroy, 15, Moment::BeforeRequest),
    ];
    std::thread::scope(|scope| {
        for (deed, at, moment) in deeds {
            scope.spawn(move || {
                let reached = Killing::new(deed).strike(at, moment);
                assert!(reached, "{deed:?} has fewer than {at} requests");
            });
        }
    });
}

/// All of them: `make kill9`.
#[test]
#[ignore = "takes some twenty minutes: `make kill9`"]
fn kill9_at_every_request() {
    let deeds = [
        (Deed::Create, 0, 2),
        (Deed::Create, 1, 2),
        (Deed::Update, 0, 1),
        (Deed::Destroy, 0, 2),
        (Deed::Destroy, 1, 2),
    ];
    let points: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = deeds
            .into_iter()
            .map(|(deed, first, step)| {
                (deed, scope.spawn(move || Killing::new(deed).through(first, step)))
            })
            .collect();
        let counted = threads.into_iter().map(|(deed, thread)| {
            let points = thread.join().unwrap();
            println!("{deed:?}: {points} points");
            points
        });
        counted.sum()
    });
    println!("kill -9 at {points} points: after each the next run ended as an undisturbed one");
    assert!(points >= 100, "only {points} points");
}
