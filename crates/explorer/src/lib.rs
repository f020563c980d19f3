//! Explores every moment at which a run can die, and what comes after.
//!
//! The real engine runs against the sandbox, which does not die, on a simulated disk that loses what
//! was not made durable, or with an object store whose lease expires, in virtual time. A run is struck at a point: the process dies before or
//! after a call to the cloud, an append, a sync, a rename, or the disk fails. Then the next command
//! runs, and this must be true, whatever the point:
//!
//! * I1: every object that was made is in the state or in the journal;
//! * I2: running again reaches the end that an undisturbed run reaches;
//! * I3: no resource has a second object;
//! * I4: no secret was ever written;
//! * I5: every object that asked for a final snapshot and is gone has one, and one only;
//! * I6: an asset in a bucket is whole, and a stack that needs it has no object before it is there.

mod app;
mod assets;
mod bucket;
mod clock;
mod cloud;
mod crash_injector;
mod crash_point;
mod disk;
mod disk_image;
mod edit;
mod edits;
mod explore;
mod fault_injection;
mod generated;
mod handlers;
mod invariant;
mod normalize;
mod rng;
mod scenario;
mod schedule;
mod secret;
mod signals;
mod simulation;
mod stack;
mod transport;
mod user;

pub use app::{AppRun, app_runs, one_app_run};
pub use crash_point::{
    Act, CrashPoint, Data, Fault, Names, Pending, RunStep, Strike, Survival, points,
};
pub use disk_image::DiskImage;
pub use edit::{Edit, Journal};
pub use edits::{edits, one_edit};
pub use explore::{Findings, one, pairs, singles};
pub use generated::generated_types;
pub use scenario::{
    CUSTOM, GENERATED, KEYS, NESTED, POLLED, PUBLISHED, SCENARIOS, SIGNALS, SNAPSHOTS, Scenario,
};
pub use schedule::{Mix, schedule, schedules};
pub use simulation::Store;
pub use stack::Size;
