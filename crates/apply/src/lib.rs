//! Observes, executes plans, recovers and rolls back; emits events.
//!
//! The engine obeys the plan: it makes no choice that the plan does not record. Every change is
//! journaled before it is made (`step`), and an operation whose outcome is not
//! known is resolved by asking the cloud, never by guessing (`recover`).

mod assets;
mod code;
mod creation_limits;
mod digest;
mod drive;
mod engine;
mod entropy;
mod error;
mod events;
mod images;
mod ledger;
mod lookups;
mod observe;
mod reads;
mod recover;
mod resolve_ambiguous;
mod retry;
mod rollback;
mod run;
mod run_secrets;
mod schedule;
mod secrets;
mod shown_secrets;
mod slots;
mod step;
mod time;
mod verify;
mod waiting;

pub use assets::{AssetError, AssetSource, MissingAssets, SourceError};
pub use engine::Engine;
pub use entropy::{Entropy, RandomEntropy, SeededEntropy};
pub use error::{ApplyError, RecoverError, StepError};
pub use events::{Events, Silent};
pub use images::{ImageBuilder, ImageError, MissingImages};
pub use reads::read_once;
pub use resolve_ambiguous::Decision;
pub use rollback::{GivenSecret, OldSecret, old_secrets};
pub use rstack_plan::Moved;
pub use run::{ApplyOptions, Outcome};
pub use secrets::SecretParameters;
pub use shown_secrets::ShownSecrets;
pub use slots::Slots;
pub use time::{Clock, InstantClock, TokioClock};
pub use tokio_util::sync::CancellationToken;
pub use waiting::{Wait, Waiting};
