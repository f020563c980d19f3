//! What commands that need a cloud or a state share: the engine, who we are, where states are.

use std::sync::Arc;

use rstack_apply::{Engine, Entropy, RandomEntropy, Stop, TokioClock, Waiting};
use rstack_driver::{Cloud, DriverError, ErrorKind};
use rstack_model::Region;
use rstack_ops::Operations;
use rstack_plan::RegistrySchemas;
use rstack_render::escape;
use rstack_sandbox::SandboxCloud;
use rstack_state::{LockHolder, LockedStack, StateStore};

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
    pub(crate) ops: Operations,
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
        let backend = store(global)?;
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
        let ops = Operations { engine, environment: identity.environment, backend };
        Ok(Self { global, ops, display, chosen_region })
    }

    /// The Region that was chosen; in the sandbox there may be none.
    pub(crate) fn chosen_region(&self) -> Option<&str> {
        self.chosen_region.as_ref().map(Region::as_str)
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
