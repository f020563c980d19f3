//! Objects that are deleted with a final snapshot.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rstack_apply::{Engine, Events, StepError};
use rstack_driver::{Cloud, CreateRequest, DriverError, ErrorKind, NoEffects, Request};
use rstack_journal::{Entry, IntentAction};
use rstack_model::event::{Event, RunEnd};
use rstack_model::{KnownValue, SnapshotName};
use rstack_plan::CheckedPlan;
use rstack_sandbox::SandboxOptions;

use crate::bench::{Bench, Wanted, desired_of, run, stack};
use crate::probe::{Call, Crash, Probe, Probed, Side, error};

/// A database with the default policy and a volume; the database has this name and master user.
fn databases(name: &str, user: &str) -> Wanted {
    let text = format!(
        "Resources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    UpdateReplacePolicy: Snapshot\n    \
         Properties: {{DBInstanceIdentifier: {name}, Engine: postgres, DBInstanceClass: c, \
         AllocatedStorage: '5', MasterUsername: {user}, ManageMasterUserPassword: true}}\n  Volume:\n    \
         Type: AWS::EC2::Volume\n    DeletionPolicy: Snapshot\n    Properties: {{AvailabilityZone: \
         eu-west-1a, Size: 1}}\n"
    );
    let Wanted::Stack(desired, mut options) = Wanted::from(desired_of(&text, &[])) else {
        unreachable!("a stack")
    };
    options.delete_first.insert("Db".into());
    Wanted::Stack(desired, options)
}

/// The names of the snapshots of a plan, in the order of its steps.
fn names(plan: &CheckedPlan) -> Vec<String> {
    let names = plan.steps.iter().filter_map(|step| step.operation.final_snapshot());
    names.map(ToString::to_string).collect()
}

fn taken(bench: &Bench) -> Vec<String> {
    let all = bench.sandbox.snapshots().unwrap().into_iter();
    let mut names: Vec<String> = all.map(|it| it.key.identifier.to_string()).collect();
    names.sort();
    names
}

/// Keeps what is reported of snapshots.
#[derive(Default)]
struct Reported(Mutex<Vec<String>>);

impl Events for Reported {
    fn emit(&self, event: Event) {
        let text = match event {
            Event::SnapshotTaken { address, snapshot, .. } => format!("{address} {snapshot}"),
            Event::SnapshotMissing { address, snapshot, .. } => format!("{address} no {snapshot}"),
            _ => return,
        };
        self.0.lock().unwrap().push(text);
    }
}

/// An API that answers at once, and one that is polled and whose requests may not be sent twice.
fn benches() -> [Bench; 2] {
    [0, 2].map(|api_polls| Bench::with(SandboxOptions { api_polls, ..SandboxOptions::default() }))
}

#[test]
fn a_destroyed_database_leaves_the_snapshot_of_the_plan() {
    for bench in benches() {
        run(async {
            let state = bench.reach(&databases("one", "a")).await.unwrap();
            assert!(state.resources.values().all(|object| object.token.is_some()));
            let reported = Arc::new(Reported::default());
            let engine = Engine { events: reported.clone(), ..bench.engine() };
            let mut planned = names(&bench.planned(&engine, &state, &Wanted::Nothing).await);
            let outcome = bench.apply(&engine, &Wanted::Nothing, false).await;
            assert_eq!(outcome.end, RunEnd::Succeeded, "{:?}", outcome.failures);
            planned.sort();
            assert_eq!(taken(&bench), planned);
            assert_eq!(planned.len(), 2);
            let reported = reported.0.lock().unwrap();
            assert_eq!(reported.len(), 2);
            assert!(planned.iter().all(|it| reported.iter().any(|line| line.ends_with(it))));
        });
    }
}

/// An object that is made again under the same name is not taken for the one before it.
#[test]
fn every_object_of_a_name_has_a_snapshot_of_its_own() {
    run(async {
        let bench = Bench::new();
        for life in 1..=3 {
            bench.reach(&databases("one", "a")).await;
            bench.apply(&bench.engine(), &Wanted::Nothing, false).await;
            assert_eq!(taken(&bench).len(), 2 * life);
        }
        bench.reach(&databases("one", "a")).await;
        let updated = bench.apply(&bench.engine(), &databases("one", "b"), false).await;
        assert_eq!(updated.end, RunEnd::Succeeded, "{:?}", updated.failures);
        let again = bench.apply(&bench.engine(), &databases("one", "c"), false).await;
        assert_eq!(again.end, RunEnd::Succeeded, "{:?}", again.failures);
        assert_eq!(taken(&bench).len(), 8, "both replacements have one");
    });
}

/// The token of an object stays the one with which it was made, and with it the snapshot's name.
#[test]
fn the_name_stays_when_the_object_is_changed() {
    run(async {
        let bench = Bench::new();
        let state = bench.reach(&databases("one", "a")).await.unwrap();
        let before = names(&bench.planned(&bench.engine(), &state, &Wanted::Nothing).await);
        let Wanted::Stack(mut desired, options) = databases("one", "a") else { unreachable!() };
        let volume = desired.resources.get_mut("Volume").unwrap();
        volume.properties.insert("Size".to_owned(), 2.into());
        let state = bench.reach(&Wanted::Stack(desired, options)).await.unwrap();
        let after = names(&bench.planned(&bench.engine(), &state, &Wanted::Nothing).await);
        assert_eq!(before, after);
    });
}

/// The process dies at each call of a deletion, before and after its effect.
#[test]
fn an_interrupted_deletion_is_resumed_with_the_same_snapshot() {
    for side in [Side::Before, Side::After] {
        for at in 1..=8 {
            for bench in benches() {
                let died = run(async {
                    let state = bench.reach(&databases("one", "a")).await.unwrap();
                    let planned = bench.planned(&bench.engine(), &state, &Wanted::Nothing).await;
                    let crash = Crash::new(at, side, true);
                    let engine = bench.engine_on(Probed::new(bench.sandbox.clone(), crash.clone()));
                    let applying = bench.apply(&engine, &Wanted::Nothing, false);
                    let died = crash.during(applying).await.is_none();
                    let mut planned = names(&planned);
                    planned.sort();
                    (died, planned)
                });
                run(async {
                    let (died, planned) = died;
                    assert!(died || at > 4, "at call {at} {side:?}");
                    let journal = bench.store.read(&stack()).unwrap().journal.unwrap_or_default();
                    let intended = journal.iter().filter_map(|entry| match entry {
                        Entry::Intent(intent) => match &intent.action {
                            IntentAction::Delete { snapshot, .. } => Some(snapshot.clone()),
                            _ => None,
                        },
                        _ => None,
                    });
                    for snapshot in intended {
                        assert!(planned.contains(&snapshot.expect("a name").to_string()));
                    }
                    bench.apply(&bench.engine(), &Wanted::Nothing, false).await;
                    assert_eq!(bench.store.read(&stack()).unwrap().state, None);
                    assert_eq!(taken(&bench), planned, "at call {at} {side:?}");
                });
            }
        }
    }
}

/// Another user takes a snapshot of this name, of another database.
async fn take_by_hand(bench: &Bench, name: &SnapshotName) {
    let driver = bench.sandbox.driver(&"AWS::RDS::DBSnapshot".into()).unwrap();
    let property = |(name, text): (&str, &str)| (name.to_owned(), KnownValue::from(text));
    let properties = [("DBSnapshotIdentifier", name.as_str()), ("DBInstanceIdentifier", "another")];
    let request = CreateRequest {
        stack: stack(),
        address: "ByHand".into(),
        token: "by-hand".into(),
        properties: properties.into_iter().map(property).collect(),
        absence_proven: true,
        begun: None,
    };
    driver.begin(&Request::Create(request), &NoEffects).await.unwrap();
}

#[test]
fn a_foreign_snapshot_of_the_name_keeps_the_object() {
    run(async {
        let bench = Bench::new();
        let state = bench.reach(&databases("one", "a")).await.unwrap();
        let plan = bench.planned(&bench.engine(), &state, &Wanted::Nothing).await;
        let step = plan.steps.iter().find(|step| step.address.as_str() == "Db").unwrap();
        take_by_hand(&bench, step.operation.final_snapshot().unwrap()).await;
        let outcome = bench.apply(&bench.engine(), &Wanted::Nothing, false).await;
        assert_eq!(outcome.end, RunEnd::Failed);
        let [(address, StepError::Driver(error))] = outcome.failures.as_slice() else {
            panic!("{:?}", outcome.failures)
        };
        assert_eq!((address.as_str(), &error.kind), ("Db", &ErrorKind::AlreadyExists));
        assert!(error.message.contains("snapshot"), "{error}");
        assert!(bench.existing().iter().any(|key| key.identifier.is("one")));
    });
}

/// Deletes the database by hand when it is first asked for.
struct DeletedElsewhere(Arc<rstack_sandbox::SandboxCloud>);

#[async_trait]
impl Probe for DeletedElsewhere {
    async fn before(&self, call: &Call) -> Result<(), DriverError> {
        if call.verb == "delete" && call.of == "one" {
            let removed = self.0.remove(&"AWS::RDS::DBInstance".into(), &"one".into());
            removed.map_err(|_| error(ErrorKind::Unsupported))?;
        }
        Ok(())
    }
}

#[test]
fn an_object_that_is_gone_without_its_snapshot_is_reported() {
    run(async {
        let bench = Bench::new();
        bench.reach(&databases("one", "a")).await;
        let reported = Arc::new(Reported::default());
        let probe = Arc::new(DeletedElsewhere(bench.sandbox.clone()));
        let cloud = Probed::new(bench.sandbox.clone(), probe);
        let engine = Engine { events: reported.clone(), ..bench.engine_on(cloud) };
        let outcome = bench.apply(&engine, &Wanted::Nothing, false).await;
        assert_eq!(outcome.end, RunEnd::Succeeded, "{:?}", outcome.failures);
        let reported = reported.0.lock().unwrap();
        assert!(reported.iter().any(|line| line.starts_with("Db no live-db-")), "{reported:?}");
        assert_eq!(taken(&bench).len(), 1, "that of the volume");
    });
}
