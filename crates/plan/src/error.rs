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
        /// Whether a policy keeps the old object, so that its name never becomes free.
        kept: bool,
    },
    /// A new object whose name an object of another resource has.
    #[error(
        "`{logical_id}` cannot be created: its name `{name}` (`{property}`) is that of the object \
         of `{other}`"
    )]
    NameOfOther {
        /// The resource.
        logical_id: LogicalId,
        /// The property that names the object.
        property: PropertyPath,
        /// The name.
        name: String,
        /// The resource whose object has it.
        other: LogicalId,
    },
    /// A resource whose old object goes first is used by one whose old object would go later.
    #[error(
        "the old object of `{logical_id}` cannot be deleted first: the one of `{user}`, which uses \
         it, would be deleted only after its own replacement"
    )]
    UserInTheWay {
        /// The resource whose old object goes first.
        logical_id: LogicalId,
        /// The resource that uses it.
        user: LogicalId,
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
            Self::NameTaken { property, kept: true, .. } => Some(format!(
                "its policy keeps the old object, so the new one needs another name: change \
                 `{property}`, or leave it out, and rstack chooses one"
            )),
            Self::NameOfOther { logical_id, property, other, .. } => Some(format!(
                "give `{property}` another name; if `{other}` was renamed to `{logical_id}` in the \
                 template, keep the old logical ID: the object cannot be made twice"
            )),
            Self::UserInTheWay { user, .. } => Some(format!(
                "allow that, too, with `--delete-first {user}` or \
                 `Metadata: {{rstack: {{Replacement: DeleteFirst}}}}`"
            )),
            Self::NameTaken { logical_id, property, kept: false, .. } => Some(format!(
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
