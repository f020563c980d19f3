//! A sandbox, a state store and the engine between them.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rstack_apply::{
    CancellationToken, Engine, InstantClock, Outcome, SecretParameters, SeededEntropy, Silent,
    Waiting,
};
use rstack_driver::Cloud;
use rstack_model::desired::Desired;
use rstack_model::event::RunEnd;
use rstack_model::plan::Plan;
use rstack_model::state::{ObjectStatus, State};
use rstack_model::{ObjectKey, StackName};
use rstack_ops::{Applied, Deploy, Destroy, FrontEnd, Operations, OpsError, Review, Verdict};
use rstack_plan::{CheckedPlan, DestroyOptions, PlanOptions, RegistrySchemas};
use rstack_sandbox::{SandboxCloud, SandboxOptions};
use rstack_store::{Lease, LockHolder, LockedStack, StateStore};
use rstack_template::{ExternalValues, Inputs, Reading, evaluate, parse};

pub(crate) const STREAMING: &str = include_str!("../../../../stacks/streaming.yaml");

pub(crate) fn stack() -> StackName {
    StackName::parse("Live").unwrap()
}

pub(crate) fn count(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

/// The desired state of a template in the sandbox.
pub(crate) fn desired_of(text: &str, parameters: &[(&str, &str)]) -> Desired {
    let parameters: BTreeMap<String, String> =
        parameters.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let parsed = parse(text, &Reading::with_parameters(&parameters));
    let template = parsed.template.unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
    let sandbox = SandboxCloud::open(None, "eu-west-1".into(), SandboxOptions::default()).unwrap();
    let (stack, environment) = (stack(), sandbox.environment().clone());
    let inputs = Inputs {
        stack: &stack,
        environment: &environment,
        parameters: &parameters,
        external: &ExternalValues::default(),
    };
    let evaluation = evaluate(&template, &inputs);
    evaluation.desired.unwrap_or_else(|| panic!("{:?}", evaluation.diagnostics))
}

/// The streaming stack.
pub(crate) fn streaming(parameters: &[(&str, &str)]) -> Desired {
    desired_of(STREAMING, parameters)
}

/// The streaming stack with a channel of another name: the channel is replaced, and its endpoints,
/// which keep their names, can only be replaced by deleting them first.
pub(crate) fn other_channel() -> (Desired, PlanOptions) {
    let id = "      Id: !Sub ${AWS::StackName}-${StreamName}\n";
    let text = STREAMING.replacen(id, "      Id: !Sub ${AWS::StackName}-two\n", 1);
    let endpoints = ["HlsEndpoint", "DashEndpoint", "CmafEndpoint", "MssEndpoint"];
    let delete_first = endpoints.into_iter().map(Into::into).collect();
    (desired_of(&text, &[]), PlanOptions { delete_first, ..PlanOptions::default() })
}

/// A smaller stack of the same kind, for tests that live through very many runs: a channel with
/// this name, endpoints with that one. Endpoints may be deleted first.
pub(crate) fn small(channel: &str, endpoints: &str, seconds: &str) -> Wanted {
    const TEXT: &str = r#"
Parameters:
  ChannelName: { Type: String }
  EndpointName: { Type: String }
  Seconds: { Type: Number }
Resources:
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties: { GenerateSecretString: { PasswordLength: 20 } }
  Channel:
    Type: AWS::MediaPackage::Channel
    Properties: { Id: !Ref ChannelName }
  Hls:
    Type: AWS::MediaPackage::OriginEndpoint
    Properties:
      Id: !Sub ${EndpointName}-hls
      ChannelId: !Ref Channel
      HlsPackage: { SegmentDurationSeconds: !Ref Seconds }
  Dash:
    Type: AWS::MediaPackage::OriginEndpoint
    Properties:
      Id: !Sub ${EndpointName}-dash
      ChannelId: !Ref Channel
      DashPackage: { SegmentDurationSeconds: !Ref Seconds }
  Distribution:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Comment: !Ref Hls
        Origins:
          - Id: a
            DomainName: !Select [2, !Split ["/", !GetAtt Hls.Url]]
            CustomOriginConfig: { OriginProtocolPolicy: https-only }
            OriginCustomHeaders:
              - { HeaderName: x, HeaderValue: !Sub "{{resolve:secretsmanager:${Secret}}}" }
        DefaultCacheBehavior:
          TargetOriginId: a
          ViewerProtocolPolicy: https-only
          CachePolicyId: 08627262-05a9-4f76-9ded-b50ca2e3a84f
Outputs:
  Url: { Value: !GetAtt Dash.Url }
"#;
    let parameters = [("ChannelName", channel), ("EndpointName", endpoints), ("Seconds", seconds)];
    let delete_first = ["Hls", "Dash"].into_iter().map(Into::into).collect();
    Wanted::Stack(
        Box::new(desired_of(TEXT, &parameters)),
        PlanOptions { delete_first, ..PlanOptions::default() },
    )
}

/// The goal of an operation: a template, or no stack.
#[derive(Clone)]
pub(crate) enum Wanted {
    Stack(Box<Desired>, PlanOptions),
    Nothing,
}

impl From<Desired> for Wanted {
    fn from(desired: Desired) -> Self {
        Self::Stack(Box::new(desired), PlanOptions::default())
    }
}

/// A front end that agrees to every plan.
struct Agrees {
    waiting: Waiting,
    rollback: bool,
}

impl FrontEnd for Agrees {
    type Error = OpsError;

    async fn review(&self, _: &Review<'_>) -> Result<Verdict, OpsError> {
        Ok(Verdict::Proceed { waiting: self.waiting.clone(), rollback: self.rollback })
    }
}

fn holder() -> LockHolder {
    let (host, user) = ("host".into(), "user".into());
    let (command, since) = ("test".into(), "now".into());
    LockHolder { id: "lock".into(), pid: 1, host, user, command, since }
}

/// A directory for states. On Linux it is in memory: nothing here is about the disk.
pub(crate) fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

pub(crate) struct Bench {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) store: StateStore,
    pub(crate) sandbox: Arc<SandboxCloud>,
    pub(crate) parameters: SecretParameters,
    seed: AtomicU64,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(SandboxOptions::default())
    }

    pub(crate) fn with(options: SandboxOptions) -> Self {
        let directory = directory();
        let store = StateStore::open(directory.path()).unwrap();
        let sandbox = Arc::new(SandboxCloud::open(None, "eu-west-1".into(), options).unwrap());
        let parameters = SecretParameters::default();
        Self { directory, store, sandbox, parameters, seed: AtomicU64::new(1) }
    }

    /// The states of another user, with objects in the same cloud.
    pub(crate) fn beside(&self) -> Self {
        Self { sandbox: self.sandbox.clone(), seed: AtomicU64::new(1000), ..Self::new() }
    }

    pub(crate) fn lock(&self) -> LockedStack {
        self.store.lock(&stack(), &holder()).unwrap()
    }

    /// An engine with tokens of its own, as every process has.
    pub(crate) fn engine(&self) -> Engine {
        self.engine_on(self.sandbox.clone())
    }

    pub(crate) fn engine_on(&self, cloud: Arc<dyn Cloud>) -> Engine {
        let seed = self.seed.fetch_add(1, Ordering::Relaxed);
        Engine {
            cloud,
            schemas: Arc::new(RegistrySchemas),
            clock: Arc::new(InstantClock),
            entropy: Arc::new(SeededEntropy::new(seed)),
            events: Arc::new(Silent),
            parallelism: count(4),
            slots: Default::default(),
            shown: Default::default(),
            waiting: Waiting::default(),
            cancel: CancellationToken::new(),
        }
    }

    pub(crate) async fn recovered(&self, engine: &Engine, locked: &dyn Lease) -> State {
        let state = engine.recover(locked, &self.parameters).await.unwrap();
        state.unwrap_or_else(|| {
            let environment = self.sandbox.environment().clone();
            State::empty(engine.entropy.lineage(), stack(), environment)
        })
    }

    pub(crate) async fn planned(
        &self,
        engine: &Engine,
        state: &State,
        wanted: &Wanted,
    ) -> CheckedPlan {
        let desired = match wanted {
            Wanted::Stack(desired, _) => Some(&**desired),
            Wanted::Nothing => None,
        };
        let seen = engine.observe(desired, state, &self.parameters).await.unwrap();
        match wanted {
            Wanted::Stack(desired, options) => engine.plan(desired, state, &seen, options).unwrap(),
            Wanted::Nothing => {
                engine.plan_destroy(state, &seen, &DestroyOptions::default()).unwrap()
            }
        }
    }

    /// Recovers, plans and applies, as the command line does.
    pub(crate) async fn apply(&self, engine: &Engine, wanted: &Wanted, rollback: bool) -> Outcome {
        let (engine, backend) = (engine.clone(), Arc::new(self.store.clone()));
        let environment = self.sandbox.environment().clone();
        let ops = Operations {
            engine,
            environment,
            backend,
            digests: rstack_ops::DigestSettings::least(),
        };
        let front = Agrees { waiting: ops.engine.waiting.clone(), rollback };
        let applied = match wanted {
            Wanted::Stack(desired, options) => {
                let parameters = &self.parameters;
                let deploy = Deploy {
                    desired,
                    parameters,
                    options,
                    refresh: true,
                    last_given: None,
                    imported: None,
                };
                rstack_ops::apply(&ops, &deploy, &holder(), &front).await
            }
            Wanted::Nothing => {
                let (stack, options) = (&stack(), DestroyOptions::default());
                let asked = Destroy { stack, secrets: &[], options };
                rstack_ops::destroy(&ops, &asked, &holder(), &front).await
            }
        };
        match applied.unwrap() {
            Applied::Ran(outcome) => *outcome,
            Applied::Unchanged(state) => Outcome {
                state: Some(*state),
                end: RunEnd::Succeeded,
                failures: Vec::new(),
                made: true,
                rollback: None,
                open: None,
                kept: Vec::new(),
            },
            Applied::Stopped => panic!("every plan is agreed to"),
        }
    }

    /// Applies undisturbed and checks that nothing is left to do.
    pub(crate) async fn reach(&self, wanted: &Wanted) -> Option<State> {
        let engine = self.engine();
        let outcome = self.apply(&engine, wanted, true).await;
        assert_eq!(outcome.end, RunEnd::Succeeded, "{:?}", outcome.failures);
        self.check_reached(wanted).await;
        outcome.state
    }

    /// The stack is as wanted, everything is ready, nothing is left over, nothing to be done.
    pub(crate) async fn check_reached(&self, wanted: &Wanted) {
        let stored = self.store.read(&stack()).unwrap();
        assert_eq!(stored.journal, None);
        self.check_known();
        let Wanted::Stack(desired, _) = wanted else {
            assert_eq!(stored.state, None);
            return;
        };
        let state = stored.state.unwrap();
        assert!(state.resources.keys().eq(desired.resources.keys()));
        assert!(state.outputs.keys().eq(desired.outputs.keys()));
        assert_eq!(state.deposed, []);
        assert!(state.resources.values().all(|object| object.status == ObjectStatus::Ready));
        assert_eq!(state.template_digest.as_ref(), Some(&desired.template_digest));
        let plan = self.planned(&self.engine(), &state, wanted).await;
        assert!(plan.is_noop(), "{:?}", reasons(&plan));
    }

    /// The objects of the state are those that exist: none is unknown, none is imagined.
    pub(crate) fn check_known(&self) {
        let state = self.store.read(&stack()).unwrap().state;
        assert_eq!(self.known(state.as_ref()), self.existing());
    }

    /// No object exists that the state does not know; one that it knows may be deleted already.
    pub(crate) fn check_none_unknown(&self, state: Option<&State>) {
        let (known, existing) = (self.known(state), self.existing());
        assert!(existing.is_subset(&known), "{existing:?} beside {known:?}");
    }

    /// Every object that exists is in the state, in the journal, or has an open intent there.
    pub(crate) fn check_none_lost(&self) {
        let stored = self.store.read(&stack()).unwrap();
        let entries = stored.journal.unwrap_or_default();
        let existing = self.existing();
        let Some(first) = entries.first() else {
            assert_eq!(self.known(stored.state.as_ref()), existing);
            return;
        };
        let base = rstack_journal::base_of(stored.state, Some(first)).unwrap();
        let folded = rstack_journal::fold(&base, &entries).unwrap();
        let unknown = existing.difference(&self.known(Some(&folded.state))).count();
        assert!(unknown <= folded.open.len(), "{existing:?} exists, {:?} is open", folded.open);
    }

    pub(crate) fn known(&self, state: Option<&State>) -> BTreeSet<ObjectKey> {
        let Some(state) = state else { return BTreeSet::new() };
        let deposed = state.deposed.iter().map(|deposed| &deposed.object);
        let objects = state.resources.values().chain(deposed);
        objects.map(|object| object.key()).collect()
    }

    /// The objects that exist, without the final snapshots of others.
    pub(crate) fn existing(&self) -> BTreeSet<ObjectKey> {
        let snapshots = self.sandbox.snapshots().unwrap().into_iter().map(|snapshot| snapshot.key);
        let snapshots: BTreeSet<ObjectKey> = snapshots.collect();
        let all = self.sandbox.list().unwrap().into_iter().map(|(key, _)| key);
        all.filter(|key| !snapshots.contains(key)).collect()
    }

    pub(crate) fn state(&self) -> State {
        self.store.read(&stack()).unwrap().state.unwrap()
    }
}

/// The actions of a plan and their reasons, for messages.
pub(crate) fn reasons(plan: &Plan) -> Vec<String> {
    let touched = plan.changes.values().filter(|change| !change.reasons.is_empty());
    let changes = touched
        .map(|c| format!("{} {:?} {:?} {:?}", c.address, c.action, c.reasons, c.differences));
    let outputs = plan.outputs.iter().filter(|(_, output)| output.differs());
    changes.chain(outputs.map(|(name, output)| format!("{name} {output:?}"))).collect()
}

/// Runs a test's future on a runtime of its own. When it returns, all that the future started has
/// ended, as with a process.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}
