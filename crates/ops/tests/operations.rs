//! The operations over the sandbox and a store on disk: what is carried out, what is refused, and
//! what the front end is told.
#![cfg(test)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use object_store::memory::InMemory;
use rstack_apply::{
    ApplyError, Decision, Engine, InstantClock, SecretParameters, SeededEntropy, Silent, Stop,
    Waiting,
};
use rstack_model::desired::Desired;
use rstack_model::event::RunEnd;
use rstack_model::plan::Reason;
use rstack_model::state::{DeposedObject, State};
use rstack_model::{SecretString, StackName};
use rstack_ops::{
    Applied, Backend, Deploy, Destroy, FrontEnd, Holder, Lease, Operations, OpsError, Record,
    Review, Rollback, RolledBack, Verdict, Work,
};
use rstack_plan::{CheckedPlan, DestroyOptions, PlanOptions, RegistrySchemas};
use rstack_sandbox::{SandboxCloud, SandboxOptions};
use rstack_store::object::{Clock, Timestamp};
use rstack_store::{ObjectStateStore, StateStore};
use rstack_template::{Inputs, Outside, Reading, evaluate, parse};

/// A front end that says what it was told.
struct Notes {
    told: RefCell<Vec<String>>,
    agrees: bool,
}

impl Notes {
    fn new(agrees: bool) -> Self {
        Self { told: RefCell::default(), agrees }
    }

    fn note(&self, text: impl Into<String>) {
        self.told.borrow_mut().push(text.into());
    }

    fn told(&self) -> Vec<String> {
        self.told.take()
    }
}

impl FrontEnd for Notes {
    type Error = OpsError;

    fn recovering(&self, lease: &dyn Lease) {
        self.note(format!("recovering {}", lease.stack()));
    }

    fn opened(&self, state: Option<&State>, recovered: bool) -> Result<(), OpsError> {
        let objects = state.map(|state| state.resources.len());
        self.note(format!("opened {objects:?} {recovered}"));
        Ok(())
    }

    fn planned(&self, _plan: Option<&rstack_model::plan::Plan>) -> Result<(), OpsError> {
        self.note("planned");
        Ok(())
    }

    fn review(&self, review: &Review<'_>) -> Result<Verdict, OpsError> {
        self.note(format!("review {:?}", review.work));
        Ok(match self.agrees {
            true => Verdict::Proceed { waiting: Waiting::default(), rollback: true },
            false => Verdict::Stop,
        })
    }
}

struct Bench {
    backend: Arc<dyn Backend>,
    sandbox: Arc<SandboxCloud>,
    seed: AtomicU64,
    _directory: tempfile::TempDir,
}

/// The time that the leases of an object store expire by: it stands still.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }
}

impl Bench {
    /// With its states in files.
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let backend = StateStore::open(directory.path()).unwrap();
        Self::over(Arc::new(backend), directory)
    }

    /// With its states in an object store.
    fn remote() -> Self {
        let store = Arc::new(InMemory::new());
        let backend = ObjectStateStore::new(store, "memory:", "stacks", Arc::new(Still));
        Self::over(Arc::new(backend), tempfile::tempdir().unwrap())
    }

    fn over(backend: Arc<dyn Backend>, directory: tempfile::TempDir) -> Self {
        let options = SandboxOptions::default();
        let sandbox = SandboxCloud::open(None, "eu-west-1".into(), options).unwrap();
        let (sandbox, seed) = (Arc::new(sandbox), AtomicU64::new(1));
        Self { backend, sandbox, seed, _directory: directory }
    }

    async fn record(&self) -> Record {
        self.backend.read(&stack()).await.unwrap()
    }

    /// A process: an engine with tokens of its own.
    fn ops(&self) -> Operations {
        let engine = Engine {
            cloud: self.sandbox.clone(),
            schemas: Arc::new(RegistrySchemas),
            clock: Arc::new(InstantClock),
            entropy: Arc::new(SeededEntropy::new(self.seed.fetch_add(1, Ordering::Relaxed))),
            events: Arc::new(Silent),
            parallelism: NonZeroUsize::MIN,
            waiting: Waiting::default(),
            stop: Stop::default(),
        };
        let environment = self.sandbox.environment().clone();
        Operations { engine, environment, backend: Arc::clone(&self.backend) }
    }

    fn desired(&self, text: &str) -> Desired {
        let parsed = parse(text, &Reading::default());
        let template = parsed.template.unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
        let inputs = Inputs {
            stack: &stack(),
            environment: self.sandbox.environment(),
            parameters: &BTreeMap::new(),
            outside: &Outside::default(),
        };
        let evaluation = evaluate(&template, &inputs);
        evaluation.desired.unwrap_or_else(|| panic!("{:?}", evaluation.diagnostics))
    }

    async fn apply(&self, text: &str, front: &Notes) -> Applied {
        let (desired, parameters) = (self.desired(text), SecretParameters::default());
        let options = PlanOptions::default();
        let deploy = deploy(&desired, &parameters, &options);
        rstack_ops::apply(&self.ops(), &deploy, &holder(), front).await.unwrap()
    }

    async fn plan(&self, text: &str) -> CheckedPlan {
        let (desired, parameters) = (self.desired(text), SecretParameters::default());
        let options = PlanOptions::default();
        let deploy = deploy(&desired, &parameters, &options);
        rstack_ops::plan(&self.ops(), &deploy, &holder(), &Notes::new(true)).await.unwrap()
    }

    async fn saved(&self, plan: &CheckedPlan, given: &[(String, SecretString)]) -> SavedResult {
        rstack_ops::apply_saved(&self.ops(), plan, given, &holder(), &Notes::new(true)).await
    }
}

type SavedResult = Result<Applied, OpsError>;

fn deploy<'a>(
    desired: &'a Desired,
    parameters: &'a SecretParameters,
    options: &'a PlanOptions,
) -> Deploy<'a> {
    Deploy { desired, parameters, options, refresh: true }
}

fn stack() -> StackName {
    StackName::parse("Live").unwrap()
}

fn holder() -> Holder {
    let (host, user) = ("host".into(), "user".into());
    let (command, since) = ("test".into(), "now".into());
    Holder { id: "lock".into(), pid: 1, host, user, command, since }
}

fn topic(name: &str, text: &str) -> String {
    format!(
        "Resources: {{A: {{Type: AWS::SNS::Topic, Properties: {{TopicName: {name}, DisplayName: \
         {text}}}}}}}"
    )
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

#[test]
fn only_what_changes_something_needs_consent() {
    run(async {
        let (bench, front) = (Bench::new(), Notes::new(false));
        let one = topic("a", "one");
        assert!(matches!(bench.apply(&one, &front).await, Applied::Stopped));
        assert_eq!(front.told(), ["opened None false", "planned", "review Changes"]);
        assert_eq!(bench.record().await.state, None);
        let front = Notes::new(true);
        let Applied::Ran(outcome) = bench.apply(&one, &front).await else {
            panic!("it did not run")
        };
        assert_eq!(outcome.end, RunEnd::Succeeded);
        front.told();
        let Applied::Unchanged(state) = bench.apply(&one, &front).await else { panic!("it ran") };
        assert_eq!(Some(*state), outcome.state);
        assert_eq!(front.told(), ["opened Some(1) false", "planned", "review Nothing"]);
    });
}

/// Each operation gives its lease back: the time by which it would expire stands still.
#[test]
fn a_stack_lives_in_an_object_store() {
    run(async {
        let (bench, front) = (Bench::remote(), Notes::new(true));
        bench.apply(&topic("a", "one"), &front).await;
        let plan = bench.plan(&topic("a", "two")).await;
        let Ok(Applied::Ran(outcome)) = bench.saved(&plan, &[]).await else {
            panic!("it did not run")
        };
        assert_eq!(outcome.end, RunEnd::Succeeded);
        assert_eq!(bench.record().await.state, outcome.state);
        let Applied::Unchanged(_) = bench.apply(&topic("a", "two"), &front).await else {
            panic!("it ran")
        };
        let (stack, options) = (&stack(), DestroyOptions::default());
        let asked = Destroy { stack, secrets: &[], options };
        let destroyed = rstack_ops::destroy(&bench.ops(), &asked, &holder(), &front).await.unwrap();
        assert!(matches!(destroyed, Applied::Ran(outcome) if outcome.end == RunEnd::Succeeded));
        assert_eq!(bench.record().await, Record::default());
        assert!(bench.sandbox.list().unwrap().is_empty());
    });
}

#[test]
fn a_saved_plan_is_the_one_that_was_shown() {
    run(async {
        let bench = Bench::new();
        bench.apply(&topic("a", "one"), &Notes::new(true)).await;
        let plan = bench.plan(&topic("a", "two")).await;
        let bytes = rstack_ops::write_plan(&plan).unwrap();
        assert_eq!(rstack_ops::read_plan(&bytes).unwrap(), plan);
        let text = String::from_utf8(bytes).unwrap();
        let refused = |from: &str, to: &str| {
            let changed = text.replace(from, to);
            assert_ne!(changed, text, "{from}");
            rstack_ops::read_plan(changed.as_bytes()).unwrap_err().to_string()
        };
        assert_eq!(refused("\"two\"", "\"six\""), "it was changed");
        assert_eq!(refused("\"purge\":false", "\"purge\":true"), "it was changed");
        assert_eq!(refused("\"rstack-plan\":2", "\"rstack-plan\":3"), "its format is 3, not 2");
        // A plan that the checker refuses is refused although its digest fits.
        let mut unsound = plan.clone().into_plan();
        unsound.changes.clear();
        let digest = rstack_model::Digest::of_json(&unsound).unwrap();
        let forged = serde_json::json!({"rstack-plan": 2, "digest": digest, "plan": unsound});
        let error = rstack_ops::read_plan(forged.to_string().as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with("the plan in it is not sound: "), "{error}");
    });
}

#[test]
fn a_plan_whose_run_was_interrupted_is_not_begun_again() {
    run(async {
        let bench = Bench::new();
        bench.apply(&topic("a", "one"), &Notes::new(true)).await;
        let (plan, other) =
            (bench.plan(&topic("a", "two")).await, bench.plan(&topic("b", "x")).await);
        // The run dies after its first record.
        let lease = bench.backend.acquire(&stack(), &holder()).await.unwrap();
        let begin = rstack_journal::Entry::Begin {
            mode: plan.mode,
            base: plan.base.clone(),
            plan_digest: plan.digest().unwrap(),
            stack: stack(),
            environment: plan.environment.clone(),
            template_digest: plan.template_digest.clone(),
            parameters: plan.parameters.clone(),
            keeps_former: false,
        };
        let journal = lease.begin(&begin).await.unwrap();
        drop((journal, lease));
        let again = bench.saved(&plan, &[]).await;
        assert!(matches!(again, Err(OpsError::AlreadyBegun)), "{again:?}");
        assert_eq!(bench.record().await.journal, None, "it is recovered");
        // Another plan is refused for what it is: made from a state that has moved.
        let moved = bench.saved(&other, &[]).await;
        let Err(OpsError::Apply(ApplyError::BaseMoved { .. })) = moved else { panic!("{moved:?}") };
    });
}

#[test]
fn a_saved_plan_takes_the_values_of_its_secret_parameters_alone() {
    run(async {
        let bench = Bench::new();
        let plan = bench.plan(&topic("a", "one")).await;
        let given = [("Other".to_owned(), SecretString::new("hunter2".to_owned()))];
        let refused = bench.saved(&plan, &given).await;
        assert!(matches!(refused, Err(OpsError::SavedPlanParameter(name)) if name == "Other"));
        assert!(bench.sandbox.list().unwrap().is_empty());
    });
}

/// An interrupted replacement leaves the old object, and the former template wants it.
#[test]
fn a_readopted_object_has_its_reason_in_the_plan() {
    run(async {
        let bench = Bench::new();
        bench.apply(&topic("a", "one"), &Notes::new(true)).await;
        let old = bench.record().await.state.unwrap().resources["A"].clone();
        let mut state = bench.record().await.state.unwrap();
        let base =
            rstack_model::plan::PlanBase { lineage: state.lineage.clone(), serial: state.serial };
        let mut new = old.clone();
        new.physical_id = "arn:aws:sns:eu-west-1:000000000000:b".into();
        new.identifier = "arn:aws:sns:eu-west-1:000000000000:b".into();
        new.properties.insert("TopicName".to_owned(), "b".into());
        state.resources.insert("A".into(), new);
        state.deposed.push(DeposedObject { address: "A".into(), object: old.clone() });
        let lease = bench.backend.acquire(&stack(), &holder()).await.unwrap();
        lease.revise(state, &base).await.unwrap();
        drop(lease);
        let plan = bench.plan(&topic("a", "one")).await;
        let change = &plan.changes["A"];
        let readopted = Reason::Readopted { physical_id: old.physical_id.clone() };
        assert_eq!(change.reasons.first(), Some(&readopted), "{:?}", change.reasons);
        assert!(!change.reasons.contains(&Reason::Incomplete), "it was whole");
        assert_eq!(change.prior.as_ref().map(|prior| &prior.physical_id), Some(&old.physical_id));
        assert!(!plan.steps.iter().any(|step| step.operation.name() == "create"), "no third one");
    });
}

#[test]
fn destroying_purges_as_the_plan_that_was_checked_says() {
    run(async {
        let bench = Bench::new();
        bench.apply(&topic("a", "one"), &Notes::new(true)).await;
        struct Purges(RefCell<Option<bool>>);
        impl FrontEnd for Purges {
            type Error = OpsError;
            fn review(&self, review: &Review<'_>) -> Result<Verdict, OpsError> {
                assert_eq!(review.work, Work::Changes);
                *self.0.borrow_mut() = Some(review.plan.purge);
                Ok(Verdict::Proceed { waiting: Waiting::default(), rollback: false })
            }
        }
        let (stack, front) = (&stack(), Purges(RefCell::default()));
        let options = DestroyOptions { purge: true };
        let asked = Destroy { stack, secrets: &[], options };
        let destroyed = rstack_ops::destroy(&bench.ops(), &asked, &holder(), &front).await.unwrap();
        assert!(matches!(destroyed, Applied::Ran(outcome) if outcome.end == RunEnd::Succeeded));
        assert_eq!(front.0.take(), Some(true));
        assert!(bench.sandbox.list().unwrap().is_empty());
    });
}

#[test]
fn there_is_nothing_to_roll_back_or_to_resolve_in_a_stack_that_is_whole() {
    run(async {
        let bench = Bench::new();
        bench.apply(&topic("a", "one"), &Notes::new(true)).await;
        let (ops, stack) = (bench.ops(), stack());
        let asked = Rollback { stack: &stack, secrets: &[] };
        let back = rstack_ops::rollback(&ops, &asked, &holder(), &Notes::new(true)).await;
        assert!(matches!(back, Err(OpsError::NothingToRollBack { deposed: 0, .. })), "{back:?}");
        let decision = Decision::NotOurs;
        let resolved = rstack_ops::resolve(&ops, &stack, &"A".into(), &decision, &holder()).await;
        assert!(matches!(resolved, Err(OpsError::NothingOpen { .. })), "{resolved:?}");
        let other = StackName::parse("Other").unwrap();
        let asked = Rollback { stack: &other, secrets: &[] };
        let back = rstack_ops::rollback(&ops, &asked, &holder(), &Notes::new(true)).await;
        assert!(matches!(back, Ok(RolledBack::NothingLeft)), "{back:?}");
    });
}

#[test]
fn a_stack_of_another_environment_is_refused() {
    run(async {
        let bench = Bench::new();
        bench.apply(&topic("a", "one"), &Notes::new(true)).await;
        let mut ops = bench.ops();
        ops.environment.account = "999999999999".into();
        let (desired, parameters) =
            (bench.desired(&topic("a", "two")), SecretParameters::default());
        let options = PlanOptions::default();
        let deploy = deploy(&desired, &parameters, &options);
        let front = Notes::new(true);
        let planned = rstack_ops::plan(&ops, &deploy, &holder(), &front).await;
        assert!(matches!(planned, Err(OpsError::OtherEnvironment { .. })), "{planned:?}");
        let applied = rstack_ops::apply(&ops, &deploy, &holder(), &front).await;
        assert!(matches!(applied, Err(OpsError::OtherEnvironment { .. })), "{applied:?}");
        assert!(front.told().is_empty(), "nothing was opened");
    });
}

#[test]
fn what_may_be_deleted_first_is_in_the_template() {
    run(async {
        let bench = Bench::new();
        let (desired, parameters) =
            (bench.desired(&topic("a", "one")), SecretParameters::default());
        let options = PlanOptions { delete_first: ["B".into()].into(), ..PlanOptions::default() };
        let deploy = deploy(&desired, &parameters, &options);
        let front = Notes::new(true);
        let planned = rstack_ops::plan(&bench.ops(), &deploy, &holder(), &front).await;
        assert!(
            matches!(planned, Err(OpsError::NoResource { address, .. }) if address.as_str() == "B")
        );
        assert_eq!(front.told(), ["planned"], "what was checked beside it is told first");
    });
}
