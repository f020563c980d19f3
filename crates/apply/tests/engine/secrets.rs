//! Secrets pass through memory only.

use std::fs;
use std::sync::{Arc, Mutex};

use rstack_apply::Events;
use rstack_driver::{Cloud, DriverError, ErrorKind};
use rstack_model::SecretString;
use rstack_model::event::Event;
use rstack_model::plan::{Action, Reason};
use rstack_model::value::SecretsManagerReference;

use crate::bench::{Bench, Wanted, desired_of, run, streaming};
use crate::probe::{Call, Probed, Refuse};

/// Keeps every event, as text.
#[derive(Default)]
struct AllEvents(Mutex<String>);

impl Events for AllEvents {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push_str(&format!("{event:?}\n"));
    }
}

/// Everything in the state directory, whatever its name.
fn stored(bench: &Bench) -> String {
    let mut paths = vec![bench.directory.path().to_owned()];
    let mut text = String::new();
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    text
}

const HEADER: &str = "
Parameters:
  Password: { Type: String, NoEcho: true }
Resources:
  Queue:
    Type: AWS::SSM::Parameter
    Properties: { Type: String, Value: !Ref Password, Name: given }
";

#[test]
fn state_journal_and_events_hold_references_only() {
    run(async {
        let bench = Bench::new();
        let mut engine = bench.engine();
        let events = Arc::new(AllEvents::default());
        engine.events = events.clone();
        bench.apply(&engine, &streaming(&[]).into(), true).await;
        let state = bench.state();
        let distribution = &state.resources["Distribution"];
        let [reference] = &distribution.secret_versions.keys().collect::<Vec<_>>()[..] else {
            panic!("{:?}", distribution.secret_versions)
        };
        let body = reference.strip_prefix("{{resolve:secretsmanager:").unwrap();
        let parsed = SecretsManagerReference::parse(body.strip_suffix("}}").unwrap()).unwrap();
        let (secret, version) = bench.sandbox.secrets().resolve(&parsed).await.unwrap();
        assert_eq!(distribution.secret_versions[*reference], version);
        for text in [stored(&bench), events.0.lock().unwrap().clone()] {
            assert!(!text.contains(secret.expose()));
        }
        assert!(stored(&bench).contains("MediaPackageCDNIdentifier"));
    });
}

#[test]
fn a_rotated_secret_is_a_planned_update() {
    run(async {
        let bench = Bench::new();
        let wanted: Wanted = streaming(&[]).into();
        let before = bench.reach(&wanted).await.unwrap();
        let version = bench.sandbox.rotate_secret("MediaPackage/Live").unwrap();
        let plan = bench.planned(&bench.engine(), &before, &wanted).await;
        let change = &plan.changes["Distribution"];
        assert_eq!(change.action, Action::Update);
        assert!(matches!(&change.reasons[..], [Reason::SecretRotated { .. }]));
        assert_eq!(plan.steps.len(), 1);
        let after = bench.reach(&wanted).await.unwrap();
        let versions = &after.resources["Distribution"].secret_versions;
        assert!(versions.values().eq([&version]));
    });
}

/// A service that quotes what it was sent; the journal of the run that was cut off is on the disk.
#[test]
fn an_error_that_quotes_a_secret_is_recorded_without_it() {
    run(async {
        let mut bench = Bench::new();
        let value = SecretString::new("hunter2 & more".to_owned());
        bench.parameters.insert("Password", value, "digest".to_owned());
        let quote = |call: &Call| {
            let message = "the value `hunter2 & more` is too weak";
            let kind = ErrorKind::Invalid { property: None };
            (call.verb == "create").then(|| DriverError::new(kind, "ssm:PutParameter", message))
        };
        let cloud = Probed::new(bench.sandbox.clone(), Arc::new(Refuse(quote)));
        let mut engine = bench.engine_on(cloud);
        let events = Arc::new(AllEvents::default());
        let kept = bench.directory.path().join("kept");
        engine.events =
            Arc::new(Both(events.clone(), bench.directory.path().join("Live.journal"), kept));
        let wanted = desired_of(HEADER, &[("Password", "hunter2 & more")]).into();
        let outcome = bench.apply(&engine, &wanted, false).await;
        let shown = format!("{:?}", outcome.failures);
        for text in [stored(&bench), events.0.lock().unwrap().clone(), shown] {
            assert!(text.contains("‹secret›` is too weak"), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    });
}

/// Keeps the journal under a second name, and every event.
struct Both(Arc<AllEvents>, std::path::PathBuf, std::path::PathBuf);

impl Events for Both {
    fn emit(&self, event: Event) {
        if matches!(event, Event::RunStarted { .. }) {
            fs::hard_link(&self.1, &self.2).unwrap();
        }
        self.0.emit(event);
    }
}
