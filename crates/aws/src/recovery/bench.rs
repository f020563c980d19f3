//! An account, a state store, and the engine between them.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rstack_apply::{
    CancellationToken, Engine, Events, InstantClock, Outcome, SecretParameters, SeededEntropy,
    Waiting,
};
use rstack_model::desired::Desired;
use rstack_model::event::{Event, RunEnd};
use rstack_model::state::{Environment, ObjectStatus};

use rstack_model::{AccountId, Partition, Region, StackName};
use rstack_ops::{
    Applied, Deploy, Destroy, FrontEnd, Holder, Operations, OpsError, Review, Verdict,
};
use rstack_plan::{CheckedPlan, DestroyOptions, PlanOptions, RegistrySchemas};
use rstack_store::StateStore;
use rstack_template::{ExternalValues, Inputs, Reading, evaluate, parse};

use crate::AwsCloud;
use crate::test::fake::{Account, FakeServices, Fault, REGION};

/// The streaming stack.
pub(super) const STREAMING: &str = include_str!("../../../../stacks/streaming.yaml");
/// A stack of types without a driver of their own.
pub(super) const GENERIC: &str = include_str!("generic.yaml");
/// A stack of the types without an emulator.
pub(super) const PACKAGING: &str = include_str!("packaging.yaml");
/// A stack of types that are data and whose names have more than one part.
pub(super) const MEDIA: &str = include_str!("media.yaml");
/// A stack of types that are data and whose names the service chooses.
pub(super) const MEDIALIVE: &str = include_str!("medialive.yaml");
/// A stack of types that are data and that have names, by the template or by rstack.
pub(super) const NAMED: &str = include_str!("named.yaml");
/// A stack of every other type that has a native driver.
pub(super) const ALL_TYPES: &str = include_str!("../../../../tests/emulators/all-types.yaml");

/// Types whose objects have no identity of their own in the service, or are counted in another way.
const WITHOUT_IDENTITY: [&str; 10] = [
    "AWS::AppSync::GraphQLSchema",
    "AWS::EC2::NetworkAclEntry",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::ElasticLoadBalancingV2::ListenerCertificate",
    "AWS::IAM::Policy",
    "AWS::IAM::UserToGroupAddition",
    "AWS::Route53::RecordSetGroup",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
];

/// The goal for a stack: `None` is its end.
pub(super) type Wanted = Option<Arc<Template>>;

/// A template with its parameters.
pub(super) struct Template {
    pub(super) desired: Desired,
    pub(super) parameters: SecretParameters,
}

impl Template {
    fn deploy<'a>(&'a self, options: &'a PlanOptions) -> Deploy<'a> {
        let Self { desired, parameters } = self;
        Deploy { desired, parameters, options, refresh: true, last_given: None, imported: None }
    }
}

/// The events of all processes, as text.
#[derive(Default)]
struct Emitted(Mutex<String>);

impl Events for Emitted {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push_str(&format!("{event:?}\n"));
    }
}

/// A front end that agrees to every plan.
struct Agrees;

impl FrontEnd for Agrees {
    type Error = OpsError;

    async fn review(&self, _: &Review<'_>) -> Result<Verdict, OpsError> {
        Ok(Verdict::Proceed { waiting: Waiting::default(), rollback: true })
    }
}

fn holder() -> Holder {
    let (host, user) = ("host".into(), "user".into());
    let (command, since) = ("test".into(), "now".into());
    Holder { id: "lock".into(), pid: 1, host, user, command, since }
}

fn stack() -> StackName {
    StackName::parse("Live").unwrap()
}

fn environment() -> Environment {
    Environment {
        account: AccountId::new(crate::test::fake::ACCOUNT),
        region: Region::new(REGION),
        partition: Partition::new("aws"),
        sandbox: false,
    }
}

/// The goal that a template stands for.
pub(super) fn wanted(text: &str, parameters: &[(&str, &str)]) -> Wanted {
    let parameters: BTreeMap<String, String> =
        parameters.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let parsed = parse(text, &Reading::with_parameters(&parameters));
    let template = parsed.template.unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
    let (stack, environment, external) = (stack(), environment(), ExternalValues::default());
    let inputs = Inputs {
        stack: &stack,
        environment: &environment,
        parameters: &parameters,
        external: &external,
    };
    let evaluation = evaluate(&template, &inputs);
    let desired = evaluation.desired.unwrap_or_else(|| panic!("{:?}", evaluation.diagnostics));
    let mut parameters = SecretParameters::default();
    for (name, secret) in &evaluation.secrets {
        parameters.insert(name, secret.clone(), "digest".to_owned());
    }
    Some(Arc::new(Template { desired, parameters }))
}

/// An account and the states of its stacks.
pub(super) struct Bench {
    directory: tempfile::TempDir,
    store: StateStore,
    pub(super) services: FakeServices,
    emitted: Arc<Emitted>,
    seed: AtomicU64,
}

/// The end of a process.
pub(super) enum Ended {
    /// It died.
    Died,
    /// It could not begin.
    Refused(OpsError),
    /// It completed.
    Done(Box<Outcome>),
    /// There was nothing to do.
    Unchanged,
}

impl Bench {
    /// An account with these objects, and no states. Tokens come from this seed on.
    pub(super) fn with(account: Account, seed: u64) -> Self {
        // On Linux it is in memory: nothing here is about the disk.
        let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let store = StateStore::open(directory.path()).unwrap();
        let (services, seed) = (FakeServices::with(account), AtomicU64::new(seed));
        Self { directory, store, services, emitted: Arc::default(), seed }
    }

    /// An empty account.
    pub(super) fn new() -> Self {
        Self::with(Account::default(), 1)
    }

    /// A copy of account and states.
    pub(super) fn copy(&self) -> Self {
        self.in_account(self.services.account())
    }

    /// A copy of the states, over these objects.
    pub(super) fn in_account(&self, account: Account) -> Self {
        let copy = Self::with(account, self.seed.load(Ordering::Relaxed));
        for entry in std::fs::read_dir(self.directory.path()).unwrap() {
            let entry = entry.unwrap();
            // Former states are in a folder of their own.
            if entry.path().is_dir() {
                continue;
            }
            let to = copy.directory.path().join(entry.file_name());
            std::fs::copy(entry.path(), to).unwrap();
        }
        copy
    }

    /// A process: an engine with tokens and connections of its own.
    fn engine(&self) -> Engine {
        let cloud = AwsCloud::over(self.services.config(), Region::new(REGION));
        Engine {
            cloud: Arc::new(cloud),
            schemas: Arc::new(RegistrySchemas),
            clock: Arc::new(InstantClock),
            entropy: Arc::new(SeededEntropy::new(self.seed.fetch_add(1, Ordering::Relaxed))),
            events: self.emitted.clone(),
            parallelism: NonZeroUsize::MIN,
            slots: Default::default(),
            shown: Default::default(),
            waiting: Waiting::default(),
            cancel: CancellationToken::new(),
        }
    }

    /// A process: an engine of its own, and the records.
    fn operations(&self) -> Operations {
        let (engine, backend) = (self.engine(), Arc::new(self.store.clone()));
        Operations {
            engine,
            environment: environment(),
            backend,
            digests: rstack_ops::DigestSettings::least(),
        }
    }

    /// The work of a process: the operation that the command line would call.
    async fn process(&self, wanted: &Wanted, options: &PlanOptions) -> Result<Applied, OpsError> {
        let ops = self.operations();
        // As the command line: from here on the time is that of the services.
        let identity = ops.engine.cloud.identity().await;
        assert!(identity.is_ok(), "{identity:?}");
        let stack = &stack();
        let Some(template) = wanted.as_deref() else {
            let options = DestroyOptions::default();
            let asked = Destroy { stack, secrets: &[], options };
            return rstack_ops::destroy(&ops, &asked, &holder(), &Agrees).await;
        };
        rstack_ops::apply(&ops, &template.deploy(options), &holder(), &Agrees).await
    }

    /// Runs a process, of whose requests one may be struck.
    pub(super) fn run(&self, wanted: &Wanted, strike: Option<(usize, Fault)>) -> Ended {
        self.run_with(wanted, &PlanOptions::default(), strike)
    }

    /// As [`Self::run`], with options of the plan.
    pub(super) fn run_with(
        &self,
        wanted: &Wanted,
        options: &PlanOptions,
        strike: Option<(usize, Fault)>,
    ) -> Ended {
        self.services.begin(strike);
        // When the runtime is dropped, all that the process started has ended.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        match runtime.block_on(self.services.during(self.process(wanted, options))) {
            None => Ended::Died,
            Some(Err(error)) => Ended::Refused(error),
            Some(Ok(Applied::Ran(outcome))) => Ended::Done(outcome),
            Some(Ok(Applied::Unchanged(_))) => Ended::Unchanged,
            Some(Ok(Applied::Stopped)) => panic!("every plan is agreed to"),
        }
    }

    /// Runs a process that nothing disturbs: what is wanted is reached, and nothing is left to do.
    #[track_caller]
    pub(super) fn reach(&self, wanted: &Wanted, what: &str) {
        match self.run(wanted, None) {
            Ended::Died => panic!("{what}: it died"),
            Ended::Refused(error) => panic!("{what}: {error:?}"),
            Ended::Unchanged => {}
            Ended::Done(outcome) => {
                assert_eq!(outcome.end, RunEnd::Succeeded, "{what}: {:?}", outcome.failures);
            }
        }
        self.check_reached(wanted, what);
    }

    /// The stack is as wanted, and a plan has nothing to do.
    #[track_caller]
    pub(super) fn check_reached(&self, wanted: &Wanted, what: &str) {
        let stored = self.store.read(&stack()).unwrap();
        assert_eq!(stored.journal, None, "{what}");
        self.check_known(what);
        let Some(template) = wanted else {
            assert!(stored.state.is_none(), "{what}");
            return;
        };
        let state = stored.state.unwrap();
        assert!(state.resources.keys().eq(template.desired.resources.keys()), "{what}");
        assert!(state.deposed.is_empty(), "{what}: {:?}", state.deposed);
        for (id, object) in &state.resources {
            assert_eq!(object.status, ObjectStatus::Ready, "{what}: {id}");
        }
        let plan = self.plan(wanted).unwrap();
        let changes: Vec<_> = plan.changes.values().filter(|c| !c.reasons.is_empty()).collect();
        let outputs: Vec<_> = plan.outputs.values().filter(|output| output.differs()).collect();
        assert!(plan.is_noop(), "{what}: {changes:#?} {outputs:#?}");
    }

    /// A plan to what is wanted, which is not its end.
    pub(super) fn plan(&self, wanted: &Wanted) -> Result<CheckedPlan, OpsError> {
        let Some(template) = wanted else { panic!("a destroy is not planned here") };
        self.services.begin(None);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (ops, options) = (self.operations(), PlanOptions::default());
        let deploy = template.deploy(&options);
        runtime.block_on(rstack_ops::plan(&ops, &deploy, &holder(), &Agrees))
    }

    /// The events of its processes, as text.
    pub(super) fn emitted(&self) -> String {
        self.emitted.0.lock().unwrap().clone()
    }

    /// The objects that the state knows are those that exist.
    #[track_caller]
    pub(super) fn check_known(&self, what: &str) {
        let mut known = self.known();
        known.retain(|(resource_type, _)| !WITHOUT_IDENTITY.contains(&resource_type.as_str()));
        assert_eq!(known, self.existing(), "{what}");
    }

    /// Type and ID of every object of the state.
    pub(super) fn known(&self) -> BTreeSet<(String, String)> {
        let Some(state) = self.store.read(&stack()).unwrap().state else { return BTreeSet::new() };
        let deposed = state.deposed.iter().map(|deposed| &deposed.object);
        let objects = state.resources.values().chain(deposed);
        objects
            .map(|object| (object.resource_type.to_string(), object.physical_id.to_string()))
            .collect()
    }

    /// Type and ID of every object that exists.
    pub(super) fn existing(&self) -> BTreeSet<(String, String)> {
        let inventory = self.services.account().inventory();
        let real = inventory.into_iter().filter(|(kind, _)| kind.starts_with("AWS::"));
        real.flat_map(|(kind, ids)| ids.into_iter().map(move |id| (kind.to_owned(), id))).collect()
    }

    /// The files that hold a text: of states, journals, and former ones.
    pub(super) fn files_with(&self, text: &str) -> Vec<std::path::PathBuf> {
        let (read, found) = self.search(text);
        assert!(read > 0, "no file was read");
        found
    }

    /// The number of files, of which a process that dies early leaves none, and those that hold a text.
    pub(super) fn search(&self, text: &str) -> (usize, Vec<std::path::PathBuf>) {
        let (mut folders, mut found) = (vec![self.directory.path().to_owned()], Vec::new());
        let mut read = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                read += 1;
                let bytes = std::fs::read(&path).unwrap();
                if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                    found.push(path);
                }
            }
        }
        (read, found)
    }

    /// The number of objects of each kind.
    pub(super) fn counts(&self) -> BTreeMap<&'static str, usize> {
        let inventory = self.services.account().inventory();
        inventory.into_iter().map(|(kind, names)| (kind, names.len())).collect()
    }

    /// The number of objects of each kind that were ever made.
    pub(super) fn made(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        let account = self.services.account();
        for (kind, _) in account.made.into_iter().chain(account.cloud_control.made) {
            *counts.entry(kind).or_default() += 1;
        }
        counts
    }
}
