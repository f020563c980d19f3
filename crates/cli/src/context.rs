//! The context that every command runs in.

use crate::args::Global;
use crate::env::Env;
use crate::terminal::Terminal;

/// The options of every command, the terminal, and the surroundings.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) global: Global,
    pub(crate) terminal: Terminal,
    pub(crate) env: Env,
}

impl Context {
    /// The context of a command with these options.
    pub(crate) fn new(global: Global, env: Env) -> Self {
        let terminal = Terminal::of(&global, &env);
        Self { global, terminal, env }
    }
}
