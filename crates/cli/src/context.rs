//! The context that every command runs in.

use crate::args::Global;
use crate::env::Env;
use crate::remote_template::FetchedTemplates;
use crate::terminal::Terminal;

/// The options of every command, the terminal, and the surroundings.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) global: Global,
    pub(crate) terminal: Terminal,
    pub(crate) env: Env,
    /// The templates of nested stacks that were fetched so far.
    pub(crate) fetched: FetchedTemplates,
}

impl Context {
    /// The context of a command with these options.
    pub(crate) fn new(global: Global, env: Env) -> Self {
        let env = Env { states: Some(env.path(&global.state_dir)), ..env };
        let terminal = Terminal::of(&global, &env);
        Self { global, terminal, env, fetched: FetchedTemplates::default() }
    }
}
