//! `rstack resolve`: the user says whether an interrupted create made the object, when the cloud
//! cannot tell.

use rstack_apply::Decision;
use rstack_model::{Address, PhysicalId};
use rstack_render::escape;

use super::show::name;
use crate::args::Global;
use crate::error::CliError;
use crate::exit::Exit;
use crate::progress::Display;
use crate::session::{Session, holder, store};
use crate::terminal::Terminal;

/// Records what the user says of the open creations of a resource.
pub(crate) async fn run(
    global: &Global,
    stack: &str,
    address: &str,
    ours: Option<String>,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let stack = name(global, &store(global)?, Some(stack), None)?;
    let session = Session::open(global, Display::new(*terminal)).await?;
    let decision = match ours {
        Some(id) => Decision::Ours(PhysicalId::new(id)),
        None => Decision::NotOurs,
    };
    let id = Address::new(address);
    rstack_ops::resolve(&session.ops, &stack, &id, &decision, &holder("resolve")).await?;
    let what = match decision {
        Decision::Ours(object) => format!("made `{}`", escape(object.as_str())),
        Decision::NotOurs => "made nothing".to_owned(),
    };
    terminal.note(&format!("Recorded: the creation of `{}` {what}.", escape(id.as_str())));
    terminal.note(&format!("Plan, apply or destroy `{stack}` again to go on from there."));
    Ok(Exit::Done)
}
