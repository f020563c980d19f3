//! The parameters of the Parameter Store that a stack of a run is going to make or change: as resources, and
//! by the CDK's references across Regions. Stacks behind it read them with `{{resolve:ssm:NAME}}`, or as the
//! values of parameters, before any of it is applied.

use std::collections::BTreeMap;

use rstack_model::plan::{Action, Change, Plan, PlannedObject};
use rstack_model::value::{AttributeRef, Lookup, ParameterReference};
use rstack_model::{Address, CrossRegionExports, Region, Value};

/// The type of a parameter.
const PARAMETER: &str = "AWS::SSM::Parameter";

/// The beginning of the name by which a placeholder has a parameter. No output has a colon in its name.
const NAMED: &str = "ssm:";

/// A parameter after the stack was applied.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlannedParameter {
    /// Its text, as far as it is known.
    value: Value,
    /// True if there was none of its name that the stack made.
    is_new: bool,
}

/// The parameters that a plan makes or changes, by Region and name. `awaited` is the placeholder of the
/// stack, for those whose text is known only after apply.
pub(crate) fn parameters_of(
    plan: &Plan,
    awaited: &Address,
) -> BTreeMap<(Region, String), PlannedParameter> {
    let mut out = BTreeMap::new();
    let made = plan.changes.values().filter(|change| change.action.sends());
    for (change, object) in made.filter_map(|it| Some((it, it.desired.as_ref()?))) {
        let own = &plan.environment.region;
        let (region, texts) = match of_resource(change, object) {
            Some(parameter) => (own.clone(), vec![parameter]),
            None => {
                let writer = CrossRegionExports::of(&change.resource_type, &object.properties);
                let Some(CrossRegionExports { region, exports }) = writer else { continue };
                (region.unwrap_or_else(|| own.clone()), of_writer(change, exports))
            }
        };
        for (name, text, is_new) in texts {
            let later = || AttributeRef::named(awaited.clone(), format!("{NAMED}{name}"));
            let value = text.map_or_else(|| Value::attribute(later()), Value::from);
            out.insert((region.clone(), name), PlannedParameter { value, is_new });
        }
    }
    out
}

/// The name of a parameter, its text if that is known, and if it is new.
type Text = (String, Option<String>, bool);

fn of_resource(change: &Change, object: &PlannedObject) -> Option<Text> {
    if change.resource_type.as_str() != PARAMETER {
        return None;
    }
    let text = |name: &str| object.properties.get(name).and_then(Value::as_str);
    let is_new = match change.action {
        Action::Create | Action::Replace(_) => true,
        Action::Update
        | Action::NoOp
        | Action::Record
        | Action::Delete
        | Action::Retain
        | Action::Forget
        | Action::Restore => false,
    };
    Some((text("Name")?.to_owned(), text("Value").map(str::to_owned), is_new))
}

/// The exports of a writer that are not as they were: what its handler puts for the others is there.
fn of_writer(change: &Change, exports: &rstack_model::ValueMap) -> Vec<Text> {
    let prior = change.prior.as_ref();
    let prior = prior.and_then(|it| CrossRegionExports::of(&it.resource_type, &it.properties));
    let before = |name: &String| prior.as_ref().and_then(|prior| prior.exports.get(name));
    let changed = exports.iter().filter(|(name, value)| before(name) != Some(*value));
    changed.map(|(name, _)| (name.clone(), None, before(name).is_none())).collect()
}

impl PlannedParameter {
    /// The questions that the parameter of this name in an account and Region answers, with its value.
    pub(crate) fn answers<'a>(
        &'a self,
        name: &'a str,
        arn: &str,
    ) -> impl Iterator<Item = (Lookup, Value)> + 'a {
        let arn = format!("{arn}{}{name}", if name.starts_with('/') { "" } else { "/" });
        // Another version than the first is one that exists.
        let versions = if self.is_new { vec![None, Some(1)] } else { vec![None] };
        let names = [name.to_owned(), arn].into_iter();
        names
            .flat_map(move |name| {
                let of = |version: Option<u64>| ParameterReference { name: name.clone(), version };
                versions
                    .iter()
                    .map(|version| (of(*version), self.value.clone()))
                    .collect::<Vec<_>>()
            })
            .map(|(parameter, value)| (Lookup::Parameter(parameter), value))
    }
}

/// The parameter that the name in a placeholder stands for; `None` if it is that of an output.
pub(crate) fn parameter_of(name: &str) -> Option<ParameterReference> {
    ParameterReference::parse(name.strip_prefix(NAMED)?).ok()
}
