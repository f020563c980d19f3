//! What commands that need a cloud or a state share: the engine, who we are, where states are.

use std::sync::Arc;

use rstack_apply::{Engine, Entropy, RandomEntropy, SecretParameters, Stop, TokioClock, Waiting};
use rstack_driver::{Cloud, DriverError, ErrorKind, Identity};
use rstack_model::state::{Environment, State};
use rstack_model::value::SecretReference;
use rstack_model::{Region, SecretString, StackName};
use rstack_plan::RegistrySchemas;
use rstack_render::escape;
use rstack_sandbox::SandboxCloud;
use rstack_store::{LockHolder, LockedStack, StateStore, Stored, keyed_digest};
use rstack_template::Evaluation;

use crate::args::Global;
use crate::error::CliError;
use crate::progress::Display;
use crate::terminal::Terminal;
use crate::weather;

/// The Region of the sandbox where none is chosen.
const SANDBOX_REGION: &str = "eu-west-1";

/// A connected engine and the states it works on.
pub(crate) struct Session {
    pub(crate) global: Global,
    pub(crate) engine: Engine,
    pub(crate) identity: Identity,
    pub(crate) store: StateStore,
    pub(crate) display: Arc<Display>,
    /// The Region that was chosen, if the sandbox did not just take its own.
    chosen_region: Option<Region>,
}

/// The states of the sandbox are apart from those of real accounts.
pub(crate) fn store(global: &Global) -> Result<StateStore, CliError> {
    let directory =
        if global.sandbox { global.state_dir.join("sandbox") } else { global.state_dir.clone() };
    Ok(StateStore::open(directory)?)
}

/// Opens the simulated cloud. It lives beside the states of its stacks.
pub(crate) fn sandbox(global: &Global) -> Result<SandboxCloud, CliError> {
    let region = region(global);
    let directory = global.state_dir.join("sandbox");
    let path = directory.join("cloud").join("objects.json");
    let conditions = weather::from_environment()?;
    let cloud = SandboxCloud::open(Some(path), region, conditions.options)?;
    Ok(cloud.with_time(Arc::new(conditions.time)))
}

/// The Region as far as it is known without a cloud.
pub(crate) fn region(global: &Global) -> Region {
    chosen_region(global).unwrap_or_else(|| Region::new(SANDBOX_REGION.to_owned()))
}

/// The Region that the command line or the environment names.
pub(crate) fn chosen_region(global: &Global) -> Option<Region> {
    let asked = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|region| !region.is_empty()));
    global.region.clone().or(asked).map(Region::new)
}

#[cfg(feature = "aws")]
async fn aws(global: &Global) -> Result<Arc<dyn Cloud>, CliError> {
    let options = rstack_aws::ConnectOptions {
        region: global.region.clone().map(Region::new),
        profile: global.profile.clone(),
    };
    Ok(Arc::new(rstack_aws::AwsCloud::connect(options).await?))
}

#[cfg(not(feature = "aws"))]
async fn aws(_: &Global) -> Result<Arc<dyn Cloud>, CliError> {
    Err(CliError::NoAws)
}

impl Session {
    /// Connects to the cloud and says who we are there.
    ///
    /// # Errors
    /// If there are no credentials or no Region, or the cloud cannot be reached.
    pub(crate) async fn open(global: &Global, display: Display) -> Result<Self, CliError> {
        let store = store(global)?;
        let cloud: Arc<dyn Cloud> =
            if global.sandbox { Arc::new(sandbox(global)?) } else { aws(global).await? };
        let identity = cloud.identity().await.map_err(|error| refused(global, error))?;
        let display = Arc::new(display);
        let engine = Engine {
            cloud,
            schemas: Arc::new(RegistrySchemas),
            clock: Arc::new(TokioClock),
            entropy: Arc::new(RandomEntropy),
            events: display.clone(),
            parallelism: global.parallelism,
            waiting: Waiting::default(),
            stop: Stop::default(),
        };
        let chosen_region = if global.sandbox {
            chosen_region(global)
        } else {
            Some(identity.environment.region.clone())
        };
        let global = global.clone();
        Ok(Self { global, engine, identity, store, display, chosen_region })
    }

    /// The Region that was chosen; in the sandbox there may be none.
    pub(crate) fn chosen_region(&self) -> Option<&str> {
        self.chosen_region.as_ref().map(Region::as_str)
    }

    /// Takes the lock of a stack.
    ///
    /// # Errors
    /// If somebody else has it or the state directory cannot be written.
    pub(crate) fn lock(&self, stack: &StackName, command: &str) -> Result<LockedStack, CliError> {
        Ok(self.store.lock(stack, &holder(command))?)
    }

    /// The state of a stack, after what an interrupted run left open has been settled.
    ///
    /// # Errors
    /// If the files cannot be used, it cannot be told what came of an operation, or the stack
    /// lives somewhere else.
    pub(crate) async fn state(
        &self,
        locked: &LockedStack,
        stack: &StackName,
        parameters: &SecretParameters,
        terminal: &Terminal,
    ) -> Result<State, CliError> {
        let stored = locked.read()?;
        if let Some(state) = &stored.state {
            self.check_place(stack, &state.environment)?;
        }
        let state = match stored {
            Stored { journal: None, state, .. } => state,
            Stored { journal: Some(_), .. } => {
                note_dead_holder(locked, terminal);
                terminal.note(&format!(
                    "An earlier run of `{stack}` was interrupted. Asking the cloud what came of it …"
                ));
                let state = self.engine.recover(locked, parameters).await?;
                let objects = state.as_ref().map_or(0, |s| s.resources.len() + s.deposed.len());
                terminal.note(&format!("Recovered: {objects} objects are known and recorded."));
                state
            }
        };
        Ok(state.unwrap_or_else(|| self.new_state(stack)))
    }

    /// The state of a stack of which nothing exists yet.
    pub(crate) fn new_state(&self, stack: &StackName) -> State {
        let environment = self.identity.environment.clone();
        State::empty(self.engine.entropy.lineage(), stack.clone(), environment)
    }

    /// Refuses a stack that lives somewhere else.
    pub(crate) fn check_place(
        &self,
        stack: &StackName,
        environment: &Environment,
    ) -> Result<(), CliError> {
        if *environment == self.identity.environment {
            return Ok(());
        }
        Err(CliError::OtherPlace {
            stack: stack.clone(),
            state: place(environment),
            current: place(&self.identity.environment),
        })
    }

    /// The values of secret parameters, and the digests by which a change of one is noticed.
    ///
    /// # Errors
    /// If the key of the digests cannot be read or made.
    pub(crate) fn secret_parameters(
        &self,
        evaluation: &Evaluation,
    ) -> Result<SecretParameters, CliError> {
        let mut parameters = SecretParameters::default();
        for (name, secret) in &evaluation.secrets {
            self.add_secret(&mut parameters, name, secret.clone())?;
        }
        Ok(parameters)
    }

    /// Adds the value of a secret parameter.
    ///
    /// # Errors
    /// If the key of the digests cannot be read or made.
    pub(crate) fn add_secret(
        &self,
        parameters: &mut SecretParameters,
        name: &str,
        secret: SecretString,
    ) -> Result<(), CliError> {
        let reference = SecretReference::Parameter(name.to_owned());
        let version = keyed_digest(&self.store.digest_key()?, &secret);
        parameters.versions.insert(reference.to_string(), version);
        parameters.values.insert(&reference, secret);
        Ok(())
    }
}

/// The error of a cloud that does not say who we are, with the profile if one was chosen.
fn refused(global: &Global, error: DriverError) -> CliError {
    let named = || std::env::var("AWS_PROFILE").ok().filter(|name| !name.is_empty());
    let profile = global.profile.clone().or_else(named);
    match profile.filter(|_| error.kind == ErrorKind::Credentials) {
        Some(profile) => CliError::Profile { profile, error },
        None => error.into(),
    }
}

/// Says that somebody has died with the lock.
pub(crate) fn note_dead_holder(locked: &LockedStack, terminal: &Terminal) {
    if let Some(dead) = locked.dead_holder() {
        terminal.note(&format!(
            "note: {} has ended without giving back its lock, which is no obstacle.",
            escape(&dead.to_string())
        ));
    }
}

/// Who we are, for those who find the stack locked.
pub(crate) fn holder(command: &str) -> LockHolder {
    let host = rustix::system::uname();
    LockHolder {
        id: RandomEntropy.uuid().into(),
        pid: std::process::id(),
        host: host.nodename().to_string_lossy().into_owned(),
        user: std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned()),
        command: format!("rstack {command}"),
        since: jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_default().to_string(),
    }
}

/// A place in words.
pub(crate) fn place(environment: &Environment) -> String {
    if environment.sandbox {
        return format!("the sandbox ({})", environment.region);
    }
    format!("account {}, {}", environment.account, environment.region)
}
