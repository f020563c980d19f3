//! The operations over the sandbox and a store on disk: what is carried out, what is refused, and
//! the events and reviews that the front end receives.
#![cfg(test)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use object_store::memory::InMemory;
use rstack_apply::{
    ApplyError, CancellationToken, Decision, Engine, InstantClock, SecretParameters, SeededEntropy,
    Silent, Waiting,
};
use rstack_model::desired::Desired;
use rstack_model::event::RunEnd;
use rstack_model::plan::{Checked, PlanBase, PlanMode, Reason};
use rstack_model::state::{DeposedObject, State};
use rstack_model::{GivenValue, GivenValues, SecretString, StackName};
use rstack_ops::{
    Applied, ApprovalError, Backend, Deploy, Destroy, FrontEnd, Holder, LastParameters, Lease,
    Operations, OpsError, PlanSigner, PlanVerifier, Record, Review, Rollback, RolledBack, Verdict,
    Work, parameters_of_evaluation,
};
use rstack_plan::{CheckedPlan, Contradiction, DestroyOptions, PlanOptions, RegistrySchemas};
use rstack_sandbox::{SandboxCloud, SandboxOptions};
use rstack_store::object::{Clock, Timestamp};
use rstack_store::{ObjectStateStore, StateStore, keyed_digest};
use rstack_template::{ExternalValues, Inputs, Reading, evaluate, parse};

/// A front end that records the events that it receives.
struct Notes {
    received: RefCell<Vec<String>>,
    agrees: bool,
}

impl Notes {
    fn new(agrees: bool) -> Self {
        Self { received: RefCell::default(), agrees }
    }

    fn note(&self, text: impl Into<String>) {
        self.received.borrow_mut().push(text.into());
    }

    fn received(&self) -> Vec<String> {
        self.received.take()
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

    async fn review(&self, review: &Review<'_>) -> Result<Verdict, OpsError> {
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
            slots: Default::default(),
            shown: Default::default(),
            waiting: Waiting::default(),
            cancel: CancellationToken::new(),
        };
        let environment = self.sandbox.environment().clone();
        Operations {
            engine,
            environment,
            backend: Arc::clone(&self.backend),
            digests: rstack_ops::DigestSettings::least(),
        }
    }

    fn desired(&self, text: &str) -> Desired {
        let parsed = parse(text, &Reading::default());
        let template = parsed.template.unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
        let inputs = Inputs {
            stack: &stack(),
            environment: self.sandbox.environment(),
            parameters: &BTreeMap::new(),
            external: &ExternalValues::default(),
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
    Deploy { desired, parameters, options, refresh: true, last_given: None, imported: None }
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
        assert_eq!(front.received(), ["opened None false", "planned", "review Changes"]);
        assert_eq!(bench.record().await.state, None);
        let front = Notes::new(true);
        let Applied::Ran(outcome) = bench.apply(&one, &front).await else {
            panic!("it did not run")
        };
        assert_eq!(outcome.end, RunEnd::Succeeded);
        front.received();
        let Applied::Unchanged(state) = bench.apply(&one, &front).await else { panic!("it ran") };
        assert_eq!(Some(*state), outcome.state);
        assert_eq!(front.received(), ["opened Some(1) false", "planned", "review Nothing"]);
    });
}

/// Each operation gives its lease back: the time by which it would expire stands still.
#[test]
fn a_stack_is_kept_in_an_object_store() {
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
        let bytes = rstack_ops::write_plan(&plan, None).unwrap();
        assert_eq!(rstack_ops::read_plan(&bytes, &RegistrySchemas).unwrap().plan, plan);
        let text = String::from_utf8(bytes).unwrap();
        let refused = |from: &str, to: &str| {
            let changed = text.replace(from, to);
            assert_ne!(changed, text, "{from}");
            rstack_ops::read_plan(changed.as_bytes(), &RegistrySchemas).unwrap_err().to_string()
        };
        assert_eq!(refused("\"two\"", "\"six\""), "its digest does not match its content");
        assert_eq!(
            refused("\"purge\":false", "\"purge\":true"),
            "its digest does not match its content"
        );
        assert_eq!(
            refused("\"rstack-plan\":2", "\"rstack-plan\":4"),
            "it has format 4; this rstack reads formats 2 and 3"
        );
        // A plan that the checker refuses is refused although its digest fits.
        let mut unsound = plan.clone().into_plan();
        unsound.changes.clear();
        let digest = rstack_model::Digest::of_json(&unsound).unwrap();
        let forged = serde_json::json!({"rstack-plan": 2, "digest": digest, "plan": unsound});
        let error =
            rstack_ops::read_plan(forged.to_string().as_bytes(), &RegistrySchemas).unwrap_err();
        assert!(error.to_string().starts_with("its plan is not valid: "), "{error}");
    });
}

/// A file with this plan and a digest that fits.
fn forged(plan: &rstack_model::plan::Plan) -> Vec<u8> {
    let digest = rstack_model::Digest::of_json(plan).unwrap();
    serde_json::json!({"rstack-plan": 2, "digest": digest, "plan": plan}).to_string().into_bytes()
}

#[test]
fn a_plan_that_shows_other_differences_than_it_makes_is_refused() {
    run(async {
        let bench = Bench::new();
        bench.apply(&topic("a", "good"), &Notes::new(true)).await;
        let mut plan = bench.plan(&topic("a", "good2")).await.into_plan();
        let desired = plan.changes.get_mut("A").and_then(|change| change.desired.as_mut());
        desired.unwrap().properties.insert("DisplayName".to_owned(), "evil".into());
        let refused = rstack_ops::read_plan(&forged(&plan), &RegistrySchemas).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "its plan is not valid: what is said of `A` (differences) does not follow from its \
             objects"
        );
    });
}

/// The checks are decided by apply: a file that says that nothing was looked at, or gives a
/// reason why not, switches nothing off.
#[test]
fn no_plan_switches_the_drift_check_off() {
    run(async {
        let bench = Bench::new();
        bench.apply(&topic("a", "one"), &Notes::new(true)).await;
        let plan = bench.plan(&topic("a", "two")).await.into_plan();
        let state = bench.record().await.state.unwrap();
        let object = &state.resources["A"];
        let path = rstack_model::PropertyPath::root().name("DisplayName");
        let value = rstack_model::KnownValue::from("elsewhere");
        let (kind, id) = (&object.resource_type, &object.physical_id);
        bench.sandbox.set_property(kind, id, &path, Some(&value)).unwrap();

        let mut nothing = plan.clone();
        nothing.changes.get_mut("A").unwrap().checked = Checked::Nothing;
        let refused = rstack_ops::read_plan(&forged(&nothing), &RegistrySchemas).unwrap_err();
        assert!(refused.to_string().contains("`A` (check)"), "{refused}");

        let mut unchecked = plan;
        let checked = Checked::Unchecked("not read because of `--no-refresh`".to_owned());
        unchecked.changes.get_mut("A").unwrap().checked = checked;
        let read = rstack_ops::read_plan(&forged(&unchecked), &RegistrySchemas).unwrap();
        let refused = bench.saved(&read.plan, &[]).await;
        let Err(OpsError::Apply(ApplyError::ObjectsMoved(moved))) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(
            moved[0].to_string(),
            "`A` is not as it was applied, which the plan did not look at"
        );
        // Without the drift such a plan is carried out.
        bench.sandbox.set_property(kind, id, &path, Some(&"one".into())).unwrap();
        assert!(matches!(bench.saved(&read.plan, &[]).await, Ok(Applied::Ran(_))));
    });
}

#[test]
fn a_plan_that_has_other_objects_than_the_state_is_refused() {
    run(async {
        let bench = Bench::new();
        bench.apply(&topic("a", "one"), &Notes::new(true)).await;
        let mut plan = bench.plan("Resources: {B: {Type: AWS::SNS::Topic}}").await.into_plan();
        // The object that is deleted is another one, in the change and in its step.
        let id = "arn:aws:sns:eu-west-1:000000000000:other";
        let other = |object: &mut rstack_model::state::ResourceState| {
            object.physical_id = id.into();
            object.identifier = id.into();
        };
        other(plan.changes.get_mut("A").and_then(|change| change.prior.as_mut()).unwrap());
        for step in &mut plan.steps {
            if let rstack_model::plan::Operation::Delete(object) = &mut step.operation {
                other(object);
            }
        }
        let read = rstack_ops::read_plan(&forged(&plan), &RegistrySchemas).unwrap();
        let refused = bench.saved(&read.plan, &[]).await;
        let Err(OpsError::Contradicts(parts)) = refused else { panic!("{refused:?}") };
        assert_eq!(parts, [Contradiction::Object("A".into())]);
    });
}

#[test]
fn a_plan_is_approved_by_signature_or_digest() {
    run(async {
        let bench = Bench::new();
        let plan = bench.plan(&topic("a", "one")).await;
        let signer = PlanSigner::from_pem(&SecretString::new(PRIVATE.to_owned())).unwrap();
        let keys = [PlanVerifier::from_pem(PUBLIC).unwrap()];
        let read = |bytes: &[u8]| rstack_ops::read_plan(bytes, &RegistrySchemas).unwrap();
        let unsigned = read(&rstack_ops::write_plan(&plan, None).unwrap());
        assert_eq!(unsigned.seal.verify(&keys), Err(ApprovalError::NotSigned));
        let bytes = rstack_ops::write_plan(&plan, Some(&signer)).unwrap();
        let signed = read(&bytes);
        assert_eq!(signed.seal.verify(&keys), Ok(()));
        assert_eq!(signed.seal.approve(&plan.digest().unwrap()), Ok(()));
        let signer = keys[0].id();
        assert_eq!(
            signed.seal.verify(&[]),
            Err(ApprovalError::OtherKey { signer: signer.clone() })
        );
        // Another sound plan under the signature of this one.
        let other = bench.plan(&topic("a", "two")).await;
        let mut swapped = read(&rstack_ops::write_plan(&other, None).unwrap());
        swapped.seal.signature = signed.seal.signature;
        assert_eq!(swapped.seal.verify(&keys), Err(ApprovalError::Signature { signer }));
        let approved = plan.digest().unwrap();
        let found = other.digest().unwrap();
        assert_eq!(swapped.seal.approve(&approved), Err(ApprovalError::Digest { approved, found }));
    });
}

#[test]
fn only_deploys_are_saved() {
    run(async {
        let bench = Bench::new();
        bench.apply(&topic("a", "one"), &Notes::new(true)).await;
        let mut plan = bench.plan(&topic("a", "two")).await.into_plan();
        for mode in [PlanMode::Destroy, PlanMode::Rollback] {
            plan.mode = mode;
            let refused = rstack_ops::read_plan(&forged(&plan), &RegistrySchemas).unwrap_err();
            assert_eq!(refused.to_string(), "its plan is not a plan to deploy");
        }
    });
}

/// Source: RFC 8410, sections 10.1 and 10.3: a key pair that is published.
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
    -----END PRIVATE KEY-----\n";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
    -----END PUBLIC KEY-----\n";

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
            imports: plan.imports.clone(),
            given: Default::default(),
            termination_protection: false,
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
        // A plan that names another object as the one that is taken back is refused.
        let mut other = plan.clone().into_plan();
        let change = other.changes.get_mut("A").unwrap();
        change.prior.as_mut().unwrap().driver = "other".to_owned();
        let read = rstack_ops::read_plan(&forged(&other), &RegistrySchemas).unwrap();
        let refused = bench.saved(&read.plan, &[]).await;
        let Err(OpsError::Contradicts(parts)) = refused else { panic!("{refused:?}") };
        assert!(parts.contains(&Contradiction::Object("A".into())), "{parts:?}");
        let read = rstack_ops::read_plan(&forged(&plan.into_plan()), &RegistrySchemas).unwrap();
        let saved = bench.saved(&read.plan, &[]).await;
        assert!(matches!(saved, Ok(Applied::Ran(_))), "{saved:?}");
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
            async fn review(&self, review: &Review<'_>) -> Result<Verdict, OpsError> {
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
        assert!(front.received().is_empty(), "nothing was opened");
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
        assert_eq!(front.received(), ["planned"], "what was checked beside it is reported first");
    });
}

/// A state of an older version has a fast digest of the parameter.
#[test]
fn an_old_digest_of_a_secret_parameter_is_recognized_and_replaced_by_the_next_apply() {
    const TEXT: &str = "Parameters: {Pw: {Type: String, NoEcho: true, Default: hunter2}}\n\
        Resources: {A: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Pw}}}";
    run(async {
        let bench = Bench::new();
        let (ops, desired, options) = (bench.ops(), bench.desired(TEXT), PlanOptions::default());
        let secret = SecretString::new("hunter2".to_owned());
        let old = keyed_digest(&bench.backend.digest_key().await.unwrap(), &secret);
        let mut parameters = SecretParameters::default();
        parameters.insert("Pw", secret.clone(), old.clone());
        let front = Notes::new(true);
        let deployed = deploy(&desired, &parameters, &options);
        rstack_ops::apply(&ops, &deployed, &holder(), &front).await.unwrap();
        let digest = async || {
            let state = bench.backend.read(&stack()).await.unwrap().state.unwrap();
            state.resources["A"].secret_versions.values().next().unwrap().clone()
        };
        assert_eq!(digest().await, old);
        let secrets = BTreeMap::from([("Pw".to_owned(), secret)]);
        let parameters = parameters_of_evaluation(&ops, &stack(), &secrets).await.unwrap();
        let deployed = deploy(&desired, &parameters, &options);
        let plan = rstack_ops::plan(&ops, &deployed, &holder(), &front).await.unwrap();
        assert!(plan.is_noop(), "{:?}", plan.changes);
        assert_eq!(digest().await, old, "a plan writes nothing");
        let applied = rstack_ops::apply(&ops, &deployed, &holder(), &front).await.unwrap();
        assert!(matches!(applied, Applied::Unchanged(_)), "{applied:?}");
        let new = digest().await;
        assert!(new.starts_with("argon2id$"), "{new}");
        // Another value is a change, and the record stays the one of the value that was applied.
        let secrets = BTreeMap::from([("Pw".to_owned(), SecretString::new("hunter3".to_owned()))]);
        let parameters = parameters_of_evaluation(&ops, &stack(), &secrets).await.unwrap();
        let deployed = deploy(&desired, &parameters, &options);
        let plan = rstack_ops::plan(&ops, &deployed, &holder(), &front).await.unwrap();
        assert!(!plan.is_noop());
        assert_eq!(digest().await, new);
    });
}

/// Values that were kept of a stack that has others by now are not those of its last apply.
#[test]
fn a_plan_with_values_of_an_older_apply_is_refused() {
    run(async {
        let bench = Bench::new();
        let text = "Parameters: {Size: {Type: String, Default: small}}\nResources: {A: {Type: \
                    AWS::SNS::Topic, Properties: {DisplayName: x}}}";
        let template = parse(text, &Reading::default()).template.unwrap();
        let given = |value: &str| {
            let mut desired = bench.desired(text);
            let texts = BTreeMap::from([("Size".to_owned(), value.to_owned())]);
            rstack_ops::record_given(&mut desired, &template, &texts, &GivenValues::new());
            desired
        };
        let (parameters, options) = (SecretParameters::default(), PlanOptions::default());
        let (ops, front, holder) = (&bench.ops(), &Notes::new(true), &holder());
        let last = LastParameters::of(&bench.record().await);
        assert_eq!(last, LastParameters::default());
        for value in ["large", "medium"] {
            let desired = given(value);
            let deploy = deploy(&desired, &parameters, &options);
            let applied = rstack_ops::apply(ops, &deploy, holder, front);
            assert!(matches!(applied.await.unwrap(), Applied::Ran(_)));
            let record = bench.record().await;
            let expected = GivenValue::Text(value.to_owned());
            assert_eq!(LastParameters::of(&record).given.get("Size"), Some(&expected));
            // What an interrupted run was given is the last that was given.
            let state = record.state.clone().unwrap();
            let begin = rstack_journal::Entry::Begin {
                mode: rstack_model::plan::PlanMode::Deploy,
                base: PlanBase { lineage: state.lineage.clone(), serial: state.serial },
                plan_digest: rstack_model::Digest::of(b""),
                stack: stack(),
                environment: state.environment.clone(),
                template_digest: None,
                parameters: Default::default(),
                given: [("Size".to_owned(), GivenValue::Text("huge".to_owned()))].into(),
                imports: Default::default(),
                termination_protection: false,
                keeps_former: false,
            };
            let open = Record { journal: Some(vec![begin]), ..record };
            let expected = GivenValue::Text("huge".to_owned());
            assert_eq!(LastParameters::of(&open).given.get("Size"), Some(&expected));
        }
        // The plan was prepared with the first value.
        let desired = bench.desired(text);
        let old = [("Size".to_owned(), GivenValue::Text("large".to_owned()))].into();
        let prepared = deploy(&desired, &parameters, &options);
        let prepared = Deploy { last_given: Some(&old), ..prepared };
        let refused = rstack_ops::apply(ops, &prepared, holder, front);
        assert!(matches!(refused.await, Err(OpsError::ParametersMoved { .. })));
        let refused = rstack_ops::plan(ops, &prepared, holder, front);
        assert!(matches!(refused.await, Err(OpsError::ParametersMoved { .. })));
    });
}
