//! The file of the outputs of applied stacks, as `cdk deploy --outputs-file` writes it:
//! `{"Stack": {"Output": "value"}}`. Secret outputs are left out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rstack_model::state::State;
use rstack_render::{escape, output_value};

use crate::context::Context;
use crate::error::CommandError;
use crate::files::{NewFile, Purpose};

/// The outputs of the stacks of a command, on their way into a file.
#[derive(Debug)]
pub(crate) struct OutputsFile {
    path: PathBuf,
    stacks: Mutex<BTreeMap<String, BTreeMap<String, String>>>,
}

impl OutputsFile {
    /// A file that can be written.
    ///
    /// # Errors
    /// If it cannot, so that the refusal comes before the work.
    pub(crate) fn new(context: &Context, path: &Path) -> Result<Self, CommandError> {
        let out = Self { path: path.to_owned(), stacks: Mutex::default() };
        let states = context.env.path(&context.global.state_dir);
        out.file(&states).check(&context.env)?;
        Ok(out)
    }

    fn file<'a>(&'a self, states: &'a Path) -> NewFile<'a> {
        NewFile { path: &self.path, states, purpose: Purpose::Outputs, force: false }
    }

    /// Adds the outputs of a stack that is as declared. Says which of them are secret.
    pub(crate) fn add(&self, context: &Context, state: &State) {
        let mut values = BTreeMap::new();
        for (name, output) in &state.outputs {
            let mut is_secret = false;
            output.value.visit_secrets(&mut |_| is_secret = true);
            if is_secret {
                context.terminal.note(&format!(
                    "note: the output `{}` of `{}` is secret and not written to `{}`.",
                    escape(name),
                    state.stack,
                    escape(&self.path.to_string_lossy())
                ));
            } else {
                values.insert(name.clone(), output_value(output));
            }
        }
        let mut stacks = self.stacks.lock().unwrap_or_else(PoisonError::into_inner);
        stacks.insert(state.stack.to_string(), values);
    }

    /// Writes the file, if a stack is as declared.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write(&self, context: &Context) -> Result<(), CommandError> {
        let stacks = self.stacks.lock().unwrap_or_else(PoisonError::into_inner);
        if stacks.is_empty() {
            return Ok(());
        }
        let text = serde_json::to_string_pretty(&*stacks)? + "\n";
        let states = context.env.path(&context.global.state_dir);
        Ok(self.file(&states).write(&context.env, text.as_bytes())?)
    }
}
