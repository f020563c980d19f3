//! `rstack settle`: the user says what came of a creation when the cloud cannot tell.

use rstack_apply::Decision;
use rstack_model::{Address, Identifier};
use rstack_render::escape;

use super::show::name;
use crate::args::Global;
use crate::error::CliError;
use crate::exit::Exit;
use crate::progress::Display;
use crate::session::{Session, store};
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
    let locked = session.lock(&stack, "settle")?;
    let decision = match ours {
        Some(id) => Decision::Ours(Identifier::parse(&id)),
        None => Decision::NotOurs,
    };
    let id = Address::new(address);
    let decided = session.engine.decide(&locked, &id, &decision).await?;
    if decided == 0 {
        return Err(CliError::NothingOpen { stack, address: id });
    }
    let what = match decision {
        Decision::Ours(object) => format!("made `{}`", escape(&object.to_string())),
        Decision::NotOurs => "made nothing".to_owned(),
    };
    terminal.note(&format!("Recorded: the creation of `{}` {what}.", escape(id.as_str())));
    terminal.note(&format!("Plan, apply or destroy `{stack}` again to go on from there."));
    Ok(Exit::Done)
}
