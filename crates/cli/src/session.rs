//! The session of commands that need a cloud or a state: the engine, the user, the place of states.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use rstack_apply::{
    CancellationToken, Engine, Entropy, RandomEntropy, Slots, TokioClock, Waiting, read_once,
};
use rstack_driver::{Cloud, DriverError, ErrorKind as CloudError};
use rstack_journal::Entry;
use rstack_model::state::Environment;
use rstack_model::{AccountId, ErrorCode, Region};
use rstack_ops::{DigestSettings, Holder, Lease, Operations, States};
use rstack_plan::RegistrySchemas;
use rstack_render::escape;
use rstack_sandbox::{SandboxCloud, SandboxError};
use rstack_store::{StateStore, StoreError, Stored};
use rstack_template::StackEnvironment;

use crate::context::Context;
use crate::digest_key::{self, DigestKeyError};
use crate::env::{ConnectError, Connecting};
use crate::error::{CommandError, cloud_hint, profile_hint};
use crate::heartbeat::Heartbeat;
use crate::progress::Display;
use crate::sandbox_custom::{CustomRulesError, custom_rules};
use crate::sandbox_env::{UnknownCondition, conditions};
use crate::terminal::Terminal;

/// The Region of the sandbox where none is chosen.
const SANDBOX_REGION: &str = "eu-west-1";

/// A connected engine, the states it works on, and the display of what happens.
pub(crate) struct Session {
    pub(crate) ops: Operations,
    pub(crate) display: Arc<Display>,
    /// The Region that was chosen, if the sandbox did not just take its own.
    chosen_region: Option<Region>,
    /// True if the signals of the process are listened to, for this stack or one whose run ends with it.
    pub(crate) listens: Rc<Cell<bool>>,
    /// Names what is waited for, as long as the session is open.
    _heartbeat: Heartbeat,
}

/// Why no session can be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// The cloud refused, or cannot be asked.
    #[error("{0}")]
    Cloud(DriverError),
    /// The credentials of a profile are missing or refused.
    #[error("{error}")]
    Profile {
        /// The profile.
        profile: String,
        /// The answer of the cloud.
        error: DriverError,
    },
    /// The stack belongs to another account than the caller.
    #[error("the stack belongs to account {wanted}, and the caller is of account {found}")]
    OtherAccount {
        /// The account of the stack.
        wanted: AccountId,
        /// The account of the caller.
        found: AccountId,
        /// True if the caller is one of the sandbox, whose account was fixed.
        sandbox: bool,
    },
    /// The user's digest key cannot be used.
    #[error(transparent)]
    DigestKey(#[from] DigestKeyError),
    /// The program was built without the native drivers.
    #[error("this rstack was built without AWS")]
    NotBuilt,
    /// The sandbox's file cannot be used.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The environment asks for a sandbox that there is not.
    #[error(transparent)]
    Conditions(#[from] UnknownCondition),
    /// The rules of custom resources cannot be used.
    #[error(transparent)]
    Custom(#[from] CustomRulesError),
    /// The states cannot be used.
    #[error(transparent)]
    State(#[from] StoreError),
}

impl From<SessionError> for CommandError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Cloud(error) => {
                Self::new(error.error_code(), error.to_string()).with_hint(cloud_hint(&error))
            }
            SessionError::Profile { profile, error } => {
                let hint = profile_hint(&profile);
                Self::new(error.error_code(), error.to_string()).with_hint(Some(hint))
            }
            error @ SessionError::OtherAccount { sandbox, .. } => {
                let hint = match sandbox {
                    true => "leave `account` out of `RSTACK_SANDBOX`: then every account exists",
                    false => {
                        "choose a profile of that account with `--profile`; of an app whose stacks are of \
                         several accounts, name those of one with `--exclusively`"
                    }
                };
                Self::of(ErrorCode::EnvironmentMismatch, &error).with_hint(Some(hint))
            }
            error @ SessionError::NotBuilt => {
                let hint = "use `--sandbox`, or build with the feature `aws`";
                Self::of(ErrorCode::FeatureMissing, &error).with_hint(Some(hint))
            }
            error @ SessionError::DigestKey(_) => Self::of(ErrorCode::KeyUnusable, &error),
            SessionError::Sandbox(error) => error.into(),
            SessionError::Conditions(error) => error.into(),
            SessionError::Custom(error) => error.into(),
            SessionError::State(error) => error.into(),
        }
    }
}

/// The states, on whatever backend they are kept. Those of the sandbox are apart from those of real
/// accounts.
pub(crate) fn states(context: &Context) -> Result<States, StoreError> {
    states_of(context, context.global.sandbox)
}

/// The states of the sandbox, or those of real accounts.
pub(crate) fn states_of(context: &Context, sandbox: bool) -> Result<States, StoreError> {
    Ok(States { backend: Arc::new(files_of(context, sandbox)?), clock: Arc::new(TokioClock) })
}

/// The files that states are kept in, for what only files need: the repair of damage.
pub(crate) fn files(context: &Context) -> Result<StateStore, StoreError> {
    files_of(context, context.global.sandbox)
}

fn files_of(context: &Context, sandbox: bool) -> Result<StateStore, StoreError> {
    let directory = context.env.path(&context.global.state_dir);
    StateStore::open(if sandbox { directory.join("sandbox") } else { directory })
}

/// Opens the simulated cloud. It lives beside the states of its stacks.
pub(crate) fn sandbox(context: &Context) -> Result<SandboxCloud, SessionError> {
    sandbox_at(context, &StackEnvironment::default())
}

/// The simulated cloud, as it is seen from where a stack lives. Every account is there, unless the
/// caller's was fixed.
fn sandbox_at(context: &Context, place: &StackEnvironment) -> Result<SandboxCloud, SessionError> {
    let directory = context.env.path(&context.global.state_dir).join("sandbox");
    let path = directory.join("cloud").join("objects.json");
    let conditions = conditions(&context.env)?;
    let region = place.region.clone().unwrap_or_else(|| region(context));
    let cloud = SandboxCloud::open(Some(path), region, conditions.options)?;
    let cloud = match conditions.account.or_else(|| place.account.clone()) {
        Some(account) => cloud.in_account(account),
        None => cloud,
    };
    let rules = custom_rules(&context.env, &directory)?;
    let rules = if context.global.no_builtin_custom_resources { rules.asking_all() } else { rules };
    Ok(cloud.with_time(Arc::new(conditions.time)).with_custom_rules(rules))
}

/// The Region as far as it is known without a cloud.
pub(crate) fn region(context: &Context) -> Region {
    chosen_region(context).unwrap_or_else(|| Region::new(SANDBOX_REGION.to_owned()))
}

/// The Region that the command line or the environment names.
pub(crate) fn chosen_region(context: &Context) -> Option<Region> {
    let asked = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .iter()
        .find_map(|name| context.env.variable(name).map(str::to_owned));
    context.global.region.clone().or(asked).map(Region::new)
}

impl Session {
    /// Connects to the cloud where a stack lives, and says who we are there. What the place leaves open is
    /// chosen by the command line, the environment or the credentials.
    ///
    /// # Errors
    /// If there are no credentials or no Region, the cloud cannot be reached, or the caller is of another
    /// account.
    pub(crate) async fn open(
        context: &Context,
        place: &StackEnvironment,
        display: impl Into<Arc<Display>>,
    ) -> Result<Self, SessionError> {
        let backend = states(context)?.backend;
        let global = &context.global;
        let cloud: Arc<dyn Cloud> = if global.sandbox {
            Arc::new(sandbox_at(context, place)?)
        } else {
            let region = place.region.clone().or_else(|| global.region.clone().map(Region::new));
            let chosen = Connecting {
                region,
                profile: global.profile.clone(),
                response_bucket: global.response_bucket.clone(),
                no_built_in: global.no_builtin_custom_resources,
            };
            let connecting = context.env.clouds.connect(chosen);
            connecting.await.map_err(|error| match error {
                ConnectError::Cloud(error) => SessionError::Cloud(error),
                ConnectError::NotBuilt => SessionError::NotBuilt,
            })?
        };
        let display: Arc<Display> = display.into();
        let heartbeat = Heartbeat::start(Arc::clone(&cloud), Arc::clone(&display));
        let identity = read_once(cloud.as_ref(), &TokioClock, cloud.identity()).await;
        let identity = identity.map_err(|error| refused(context, error))?;
        check_account(place, &identity.environment)?;
        let engine = Engine {
            cloud,
            schemas: Arc::new(RegistrySchemas),
            clock: Arc::new(TokioClock),
            entropy: Arc::new(RandomEntropy),
            events: display.clone(),
            parallelism: global.parallelism,
            slots: Slots::default(),
            shown: Default::default(),
            waiting: Waiting::default(),
            cancel: CancellationToken::new(),
        };
        let chosen_region = if global.sandbox {
            place.region.clone().or_else(|| chosen_region(context))
        } else {
            Some(identity.environment.region.clone())
        };
        let digests =
            DigestSettings { key: digest_key::of_user(&context.env)?, ..DigestSettings::default() };
        let ops = Operations { engine, environment: identity.environment, backend, digests };
        let listens = Rc::default();
        Ok(Self { ops, display, chosen_region, listens, _heartbeat: heartbeat })
    }

    /// Lets an interrupt of the process end the runs of two stacks together.
    pub(crate) fn end_with(&mut self, other: &Self) {
        self.ops.engine.cancel = other.ops.engine.cancel.clone();
        self.listens = Rc::clone(&other.listens);
    }

    /// The Region that was chosen; in the sandbox there may be none.
    pub(crate) fn chosen_region(&self) -> Option<&str> {
        self.chosen_region.as_ref().map(Region::as_str)
    }
}

/// Refuses a caller of another account than that of the stack.
fn check_account(place: &StackEnvironment, caller: &Environment) -> Result<(), SessionError> {
    match &place.account {
        Some(wanted) if *wanted != caller.account => Err(SessionError::OtherAccount {
            wanted: wanted.clone(),
            found: caller.account.clone(),
            sandbox: caller.sandbox,
        }),
        Some(_) | None => Ok(()),
    }
}

/// The place of a stack that is known already, as far as neither the command line nor the environment
/// chooses one. Every account of the sandbox is the caller's: a stack is reached in its own.
pub(crate) fn place_of(context: &Context, there: &Environment) -> StackEnvironment {
    StackEnvironment {
        account: (context.global.sandbox && there.sandbox).then(|| there.account.clone()),
        region: chosen_region(context).is_none().then(|| there.region.clone()),
    }
}

/// The place of a stack of which something is stored: as its app says, or else as the state or the open
/// run does.
pub(crate) fn place_of_stored(
    context: &Context,
    app: StackEnvironment,
    stored: &Stored,
) -> StackEnvironment {
    let begun = match stored.journal.iter().flatten().next() {
        Some(Entry::Begin { environment, .. }) => Some(environment),
        Some(_) | None => None,
    };
    let there = stored.state.as_ref().map(|state| &state.environment).or(begun);
    let known = there.map(|there| place_of(context, there)).unwrap_or_default();
    StackEnvironment { account: app.account.or(known.account), region: app.region.or(known.region) }
}

/// The error of a cloud that does not say who we are, with the profile if one was chosen.
fn refused(context: &Context, error: DriverError) -> SessionError {
    let named = || context.env.variable("AWS_PROFILE").map(str::to_owned);
    let profile = context.global.profile.clone().or_else(named);
    match profile.filter(|_| error.kind == CloudError::Credentials) {
        Some(profile) => SessionError::Profile { profile, error },
        None => SessionError::Cloud(error),
    }
}

/// Reports that a process has died with the lock.
pub(crate) fn note_dead_holder(lease: &dyn Lease, terminal: &Terminal) {
    if let Some(dead) = lease.dead_holder() {
        terminal.note(&format!(
            "note: {} ended without releasing its lock; the lock is free.",
            escape(&dead.to_string())
        ));
    }
}

/// This process, for others that find the stack locked.
pub(crate) fn holder(context: &Context, command: &str) -> Holder {
    let host = rustix::system::uname();
    let now = (context.env.clock)().round(jiff::Unit::Second).unwrap_or_default();
    Holder {
        id: RandomEntropy.uuid().into(),
        pid: std::process::id(),
        host: host.nodename().to_string_lossy().into_owned(),
        user: context.env.variable("USER").unwrap_or("unknown").to_owned(),
        command: format!("rstack {command}"),
        since: now.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_says_how_to_sign_in_to_a_profile_that_was_chosen() {
        let error = DriverError::new(CloudError::Credentials, "sts:GetCallerIdentity", "expired");
        let error = CommandError::from(SessionError::Profile { profile: "live".into(), error });
        let hint = error.hints[0].show(&|words| words.join(" "));
        assert!(hint.contains("`aws sso login --profile live`"), "{hint}");
    }
}
