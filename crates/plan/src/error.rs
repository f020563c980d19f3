//! The reasons why no plan can be made.

use rstack_catalog::{DeletionProtection, ObjectName};
use rstack_model::value::{AttributeRef, FunctionError, SecretAttribute, uses};
use rstack_model::{Address, PropertyPath};

/// The reason why no plan can be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// Resources depend on each other in a circle.
    #[error("resources depend on each other in a circle: {}", circle(.members))]
    Cycle {
        /// The resources, each depending on the next and the last on the first.
        members: Vec<Address>,
    },
    /// A replacement whose new object would have the name of the old one.
    #[error(
        "`{address}` must be replaced because {cause}, but {} until it is deleted",
        kept_by_old(.name)
    )]
    NameTaken {
        /// The resource.
        address: Address,
        /// The cause of the replacement, in words.
        cause: String,
        /// The name.
        name: ObjectName,
        /// True if a policy keeps the old object, so that its name never becomes free.
        kept: bool,
    },
    /// A new object, or one that is changed, with a name that an object of another resource has.
    #[error("`{address}` cannot be {}: {}", if *.created { "created" } else { "changed" }, shared(.name, .other))]
    NameOfOther {
        /// The resource.
        address: Address,
        /// The name.
        name: ObjectName,
        /// The resource whose object has it, or is to have it.
        other: Address,
        /// True if the object is a new one.
        created: bool,
        /// The end of the other object, if it has one.
        fate: Fate,
    },
    /// A resource whose old object is deleted first is referred to by one whose old object would be
    /// deleted later.
    #[error(
        "the old object of `{address}` cannot be deleted first: the old object of `{referrer}` \
         uses it and is deleted only after its replacement exists"
    )]
    ReferrerInTheWay {
        /// The resource whose old object goes first.
        address: Address,
        /// The resource that refers to it.
        referrer: Address,
    },
    /// An object that would have to be deleted and that a property of its own protects.
    #[error(
        "`{address}` cannot be {}: `{protection}` protects its object from deletion",
        if *.replaced { "replaced" } else { "deleted" }
    )]
    Protected {
        /// The resource.
        address: Address,
        /// The property that protects the object.
        protection: DeletionProtection,
        /// True if a new object would take its place.
        replaced: bool,
    },
    /// A property that can neither be changed nor replace the object.
    #[error("`{path}` of `{address}` cannot be changed")]
    Fixed {
        /// The resource.
        address: Address,
        /// The property.
        path: PropertyPath,
    },
    /// A change in place that the service refuses.
    #[error("`{path}` of `{address}` cannot be changed in this way: {rule}")]
    Refused {
        /// The resource.
        address: Address,
        /// The property.
        path: PropertyPath,
        /// The rule of the service.
        rule: &'static str,
    },
    /// A change that would send a secret attribute which was shown once, to an earlier run.
    #[error(
        "`{address}` cannot be changed: it takes `{}` of `{}`, which was shown once and is recorded \
         nowhere",
        .attribute.name, .attribute.of
    )]
    SecretLost {
        /// The resource.
        address: Address,
        /// The attribute.
        attribute: SecretAttribute,
        /// The resource of its object.
        of: Option<Address>,
    },
    /// Several resources prevent the plan.
    #[error("{}", several(.0))]
    Several(Vec<PlanError>),
    /// An intrinsic function cannot take what an attribute is.
    #[error("{} cannot be evaluated{}", property_of(.path.as_ref(), .address), uses(.of))]
    Function {
        /// The resource, output or parameter.
        address: String,
        /// The property of the resource.
        path: Option<PropertyPath>,
        /// The attributes that it uses.
        of: Vec<AttributeRef>,
        /// Why not.
        source: FunctionError,
    },
    /// A dependency on a resource that is not in the template.
    #[error("`{address}` depends on `{dependency}`, which is not in the stack")]
    UnknownDependency {
        /// The resource.
        address: Address,
        /// The resource it depends on.
        dependency: Address,
    },
    /// The plan breaks an invariant: a defect of the planner, found before anything was done.
    #[error("the plan breaks an invariant of plans: {0}")]
    Broken(String),
}

/// The end of an object whose name another one would have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays, or is made.
    Stays,
    /// Its resource is no longer in the template, and its policy keeps it.
    Retained,
    /// Its resource is no longer in the template: it is deleted.
    Deleted,
}

impl PlanError {
    /// One error for all; `None` if there are none.
    pub(crate) fn of(mut errors: Vec<Self>) -> Option<Self> {
        errors.sort_by_cached_key(ToString::to_string);
        match (errors.pop(), errors.is_empty()) {
            (None, _) => None,
            (only, true) => only,
            (Some(last), false) => {
                errors.push(last);
                Some(Self::Several(errors))
            }
        }
    }

    /// The errors that it consists of: those of [`PlanError::Several`], or itself.
    pub fn parts(&self) -> &[Self] {
        if let Self::Several(errors) = self { errors } else { std::slice::from_ref(self) }
    }

    /// The hint that serves several errors at once, if there is one.
    pub fn shared_hint(&self) -> Option<String> {
        let Self::Several(errors) = self else { return None };
        let allowances = Self::allowances(errors)?;
        Some(format!(
            "give them other names (or none, and rstack chooses them), or allow the old objects to \
             be deleted first: `{allowances}`"
        ))
    }

    /// The options of the command line that allow the old objects to be deleted first.
    fn allowances(errors: &[Self]) -> Option<String> {
        let allowances = errors.iter().map(|error| match error {
            Self::NameTaken { address, kept: false, .. } => {
                Some(format!("--delete-first {address}"))
            }
            _ => None,
        });
        Some(allowances.collect::<Option<Vec<_>>>()?.join(" "))
    }

    /// The next step for the user, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Several(errors) => {
                self.shared_hint().or_else(|| errors.iter().find_map(Self::hint))
            }
            Self::NameTaken { name, kept: true, .. } if name.is_content() => Some(format!(
                "its policy keeps the old object, so the new one needs another {}: change that",
                name.properties()
            )),
            Self::NameTaken { name, kept: true, .. } => Some(format!(
                "its policy keeps the old object, so the new one needs another name: change \
                 {}, or leave it out, and rstack chooses one",
                name.properties()
            )),
            Self::NameOfOther { address, name, other, fate, .. } => {
                Some(of_other(address, name, other, *fate))
            }
            Self::ReferrerInTheWay { referrer, .. } => Some(format!(
                "allow that, too, with `--delete-first {referrer}` or \
                 `Metadata: {{rstack: {{Replacement: DeleteFirst}}}}`"
            )),
            Self::NameTaken { address, name, kept: false, .. } if name.is_content() => {
                Some(format!(
                    "allow the old object to be deleted first with `--delete-first {address}` or \
                 `Metadata: {{rstack: {{Replacement: DeleteFirst}}}}`, or change {}, too",
                    name.properties()
                ))
            }
            Self::NameTaken { address, name, kept: false, .. } => Some(format!(
                "give {} another name (or leave it out, and rstack chooses one), or \
                 allow the old object to be deleted first with `--delete-first {address}` or \
                 `Metadata: {{rstack: {{Replacement: DeleteFirst}}}}`",
                name.properties()
            )),
            Self::Protected { protection, .. } => Some(format!(
                "set `{protection}` to `{}`, apply that, and then plan this again; or keep the \
                 object with `DeletionPolicy: Retain` and `UpdateReplacePolicy: Retain`",
                protection.off()
            )),
            Self::Cycle { .. } => Some(
                "remove one of the references or `DependsOn` entries from the circle".to_owned(),
            ),
            Self::Broken(_) => {
                Some("this is a defect of rstack: report it with the template".to_owned())
            }
            Self::Refused { address, .. } => {
                Some(format!("or replace the object, with its data, with `--replace {address}`"))
            }
            Self::Fixed { address, path } => Some(format!(
                "keep the `{path}` that the object has, replace the object with `--replace {address}`, or \
                 declare another one under another logical ID"
            )),
            Self::SecretLost { of: Some(of), .. } => {
                Some(format!("replace the object that has it: `--replace {of}`"))
            }
            Self::SecretLost { of: None, .. }
            | Self::Function { .. }
            | Self::UnknownDependency { .. } => None,
        }
    }
}

/// The old object has the name, or the content of which there may be one alone.
fn kept_by_old(name: &ObjectName) -> String {
    match name.is_content() {
        true => format!("its service takes no second object with the same {name}"),
        false => format!("the old object keeps its {name}"),
    }
}

/// The object of another resource has the name, or the content of which there may be one alone.
fn shared(name: &ObjectName, other: &Address) -> String {
    match name.is_content() {
        true => {
            format!("the object of `{other}` has the same {name}, and the service takes that once")
        }
        false => format!("its {name} is that of the object of `{other}`"),
    }
}

/// The next step where the object of another resource has the name.
fn of_other(address: &Address, name: &ObjectName, other: &Address, fate: Fate) -> String {
    let properties = name.properties();
    let differ = match name.is_content() {
        true => format!("give {properties} another value, or declare the object once"),
        false => format!("give {properties} another name"),
    };
    let renamed = format!(
        "if `{other}` was renamed to `{address}` in the template, `rstack state mv STACK {other} \
         {address}` renames it in the state, too, and keeps its object"
    );
    match fate {
        Fate::Stays => differ,
        Fate::Retained => format!("{differ}; {renamed}; the policy of `{other}` keeps its object"),
        Fate::Deleted => format!(
            "{renamed}; or let the old object be deleted before the new one is created with \
             `--delete-first {address}`; or {differ}"
        ),
    }
}

/// `` `Tags[0].Value` of `Queue` ``, or the name of an output or a parameter.
fn property_of(path: Option<&PropertyPath>, address: &str) -> String {
    path.map_or_else(|| format!("`{address}`"), |path| format!("`{path}` of `{address}`"))
}

fn several(errors: &[PlanError]) -> String {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    format!("{} resources prevent the plan:\n  {}", texts.len(), texts.join("\n  "))
}

fn circle(members: &[Address]) -> String {
    let mut text: Vec<String> = members.iter().map(|id| format!("`{id}`")).collect();
    text.extend(text.first().cloned());
    text.join(" → ")
}
