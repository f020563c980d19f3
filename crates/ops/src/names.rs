//! Names that objects of several stacks of one run would have.

use rstack_model::StackName;
use rstack_model::plan::Plan;
use rstack_plan::{NameOfStack, RegistrySchemas, names_of_other_stack};

use crate::OpsError;

/// A name that two stacks of one run give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameOfRun {
    /// The resource that gives it, its name, and the resource of the other stack.
    pub of: NameOfStack,
    /// The other stack.
    pub stack: StackName,
}

/// Checks that no new object of a plan has the name of an object of another stack of the same run. The states
/// and the services do not have those yet.
///
/// # Errors
/// [`OpsError::NamesOfRun`] with all of them.
pub fn check_names_of_run<'a>(
    before: impl IntoIterator<Item = &'a Plan>,
    plan: &Plan,
) -> Result<(), OpsError> {
    let mut out = Vec::new();
    for other in before {
        let names = names_of_other_stack(plan, other, &RegistrySchemas);
        out.extend(names.into_iter().map(|of| NameOfRun { of, stack: other.stack.clone() }));
    }
    if out.is_empty() { Ok(()) } else { Err(OpsError::NamesOfRun(out)) }
}

/// The message of [`OpsError::NamesOfRun`].
pub(crate) fn names_text(names: &[NameOfRun]) -> String {
    let texts: Vec<String> = names
        .iter()
        .map(|NameOfRun { of: NameOfStack { address, name, other }, stack }| {
            match name.is_content() {
                true => format!(
                    "`{address}` cannot be created: `{other}` of the stack `{stack}` has the same {name}, \
                     and the service takes that once"
                ),
                false => format!(
                    "`{address}` cannot be created: its {name} is that of `{other}` of the stack `{stack}`"
                ),
            }
        })
        .collect();
    texts.join("; ")
}
