//! Stacks of an app without resources: as `cdk deploy` does, they are left out.

use rstack_render::escape;
use rstack_template::MAX_SIZE;
use serde_json::Value;

use crate::context::Context;
use crate::error::CommandError;
use crate::files::TemplateFile;
use crate::session;
use crate::stack::StackFile;

/// The stacks of an app without those that have no resources, and had none before. A stack alone stays: its
/// template is an error.
///
/// # Errors
/// If the state of such a stack cannot be read.
pub(super) async fn leave_out(
    context: &Context,
    mut files: Vec<StackFile>,
) -> Result<Vec<StackFile>, CommandError> {
    if files.len() < 2 {
        return Ok(files);
    }
    let mut empty = Vec::new();
    for file in files.iter().filter(|file| has_no_resources(context, &file.template)) {
        let stored = session::states(context)?.backend.read(&file.name).await?;
        if stored.state.is_none() && stored.journal.is_none() {
            empty.push(file.name.clone());
        }
    }
    if empty.len() == files.len() {
        return Ok(files);
    }
    for name in &empty {
        let name = escape(name.as_str()).into_owned();
        context
            .terminal
            .note(&format!("note: the stack `{name}` has no resources and is left out"));
    }
    files.retain(|file| !empty.contains(&file.name));
    for file in &mut files {
        file.needs.retain(|needed| !empty.iter().any(|name| name.as_str() == needed));
    }
    Ok(files)
}

/// True if a template is one without resources. What cannot be read is reported where it is read as a
/// template.
fn has_no_resources(context: &Context, template: &TemplateFile) -> bool {
    let limit = u64::try_from(MAX_SIZE).unwrap_or(u64::MAX);
    let Ok(bytes) = template.read(&context.env, limit) else { return false };
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(sections)) => !sections.contains_key("Resources"),
        Ok(_) | Err(_) => false,
    }
}
