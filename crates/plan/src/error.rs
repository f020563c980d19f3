//! Why no plan can be made.

use rstack_model::value::FunctionError;
use rstack_model::{LogicalId, PropertyPath};

/// Why no plan can be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// Resources depend on each other in a circle.
    #[error("resources depend on each other in a circle: {}", circle(.members))]
    Cycle {
        /// The resources, each depending on the next and the last on the first.
        members: Vec<LogicalId>,
    },
    /// A replacement whose new object would have the name of the old one.
    #[error(
        "`{logical_id}` must be replaced because `{cause}` changes, but its name `{name}` \
         (`{property}`) is taken by the old object until that is deleted"
    )]
    NameTaken {
        /// The resource.
        logical_id: LogicalId,
        /// The property that forces the replacement.
        cause: String,
        /// The property that names the object.
        property: PropertyPath,
        /// The name.
        name: String,
    },
    /// An intrinsic function cannot take what an attribute is.
    #[error("a property of `{logical_id}` cannot be evaluated")]
    Function {
        /// The resource or output.
        logical_id: String,
        /// Why not.
        source: FunctionError,
    },
    /// A dependency on a resource that is not in the template.
    #[error("`{logical_id}` depends on `{dependency}`, which is not in the stack")]
    UnknownDependency {
        /// The resource.
        logical_id: LogicalId,
        /// What it depends on.
        dependency: LogicalId,
    },
    /// The plan breaks an invariant: a defect of the planner, found before anything was done.
    #[error("the plan breaks an invariant of plans: {0}")]
    Broken(String),
}

impl PlanError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NameTaken { logical_id, property, .. } => Some(format!(
                "give `{property}` another name (or leave it out, and rstack chooses one), or \
                 allow the old object to be deleted first with `--delete-first {logical_id}` or \
                 `Metadata: {{rstack: {{Replacement: DeleteFirst}}}}`"
            )),
            Self::Cycle { .. } => Some(
                "take one of the references or `DependsOn` entries out of the circle".to_owned(),
            ),
            Self::Broken(_) => {
                Some("this is a defect of rstack; please report it with the template".to_owned())
            }
            Self::Function { .. } | Self::UnknownDependency { .. } => None,
        }
    }
}

fn circle(members: &[LogicalId]) -> String {
    let mut text: Vec<String> = members.iter().map(|id| format!("`{id}`")).collect();
    text.extend(text.first().cloned());
    text.join(" → ")
}
