//! The decision about one resource: what happens to it, and why.

use std::collections::BTreeMap;
use std::sync::Arc;

use rstack_catalog::namespace;
use rstack_model::desired::{DesiredResource, RemovalPolicy};
use rstack_model::plan::{
    Action, Certainty, Change, Checked, Difference, PlannedObject, Reason, ReplaceOrder,
};
use rstack_model::state::{ObjectStatus, ResourceState};
use rstack_model::value::{SecretReference, Unresolvable, resolve_map};
use rstack_model::{Address, PropertyPath, UpdateKind, Value, ValueMap};

use crate::PlanError;
use crate::compare::{differences, drift};
use crate::input::{Observation, Observations, PlanInput};
use crate::name::{taken, value_at};
use crate::prediction::{Prediction, Predictions, Seen};
use crate::retention::keeps_replaced;
use crate::type_definition::{Schemas, TypeDefinition, UnknownType};

pub(crate) fn definition_of(
    schemas: &dyn Schemas,
    resource: &ResourceState,
) -> Arc<dyn TypeDefinition> {
    schemas.definition(&resource.resource_type).unwrap_or_else(|| Arc::new(UnknownType))
}

/// The check of an object, by its observation.
pub(crate) fn checked(observation: Option<&Observation>) -> Checked {
    match observation {
        None => Checked::Unchecked("it was not read".to_owned()),
        Some(Observation::Absent) => Checked::Absent,
        Some(Observation::Unchecked { reason }) => Checked::Unchecked(reason.clone()),
        Some(present @ Observation::Present { .. }) => present
            .fingerprint()
            .map_or_else(|| Checked::Unchecked("it cannot be digested".to_owned()), Checked::Read),
    }
}

/// The object of the state, with the attributes that were read now.
pub(crate) fn refreshed(prior: &ResourceState, observation: Option<&Observation>) -> ResourceState {
    let mut object = prior.clone();
    if let Some(Observation::Present { attributes, .. }) = observation {
        object.attributes.extend(attributes.clone());
    }
    object
}

/// The current versions of the secrets that a tree refers to, as far as they were looked up.
fn secret_versions(properties: &ValueMap, seen: &Observations) -> BTreeMap<String, String> {
    let mut versions = BTreeMap::new();
    let mut note = |reference: &SecretReference| {
        let text = reference.to_string();
        if let Some(version) = seen.secret_versions.get(&text) {
            versions.insert(text, version.clone());
        }
    };
    properties.values().for_each(|value| value.visit_secrets(&mut note));
    versions
}

/// Plans one declared resource and says what becomes of its attributes. What stands in the way of
/// its replacement goes to `blocked`.
pub(crate) fn declared<'a>(
    input: &PlanInput<'a>,
    id: &Address,
    desired: &DesiredResource,
    predictions: &mut Predictions<'a>,
    blocked: &mut Vec<PlanError>,
) -> Result<Change, PlanError> {
    let function_error = |Unresolvable { path, of, error: source }| PlanError::Function {
        address: id.to_string(),
        path: Some(path),
        of,
        source,
    };
    let definition: Arc<dyn TypeDefinition> =
        input.schemas.definition(&desired.resource_type).unwrap_or_else(|| Arc::new(UnknownType));
    let properties =
        resolve_map(&desired.properties, &predictions.sure()).map_err(function_error)?;
    let observation = input.observations.objects.get(id);
    let planned = PlannedObject {
        secret_versions: secret_versions(&properties, input.observations),
        dependencies: desired.dependencies.clone(),
        deletion_policy: desired.deletion_policy,
        update_replace_policy: desired.update_replace_policy,
        properties,
    };
    let mut change = Change {
        address: id.clone(),
        resource_type: desired.resource_type.clone(),
        action: Action::NoOp,
        reasons: Vec::new(),
        certainty: Certainty::Certain,
        differences: Vec::new(),
        drift: Vec::new(),
        checked: Checked::Nothing,
        stateful: definition.is_stateful(),
        prior: None,
        desired: Some(planned),
    };
    let Some(prior) = input.state.resources.get(id) else {
        change.action = Action::Create;
        change.reasons.push(Reason::NotInState);
        blocked.extend(lost_secrets(input, &change));
        predictions.insert(id.clone(), new_object(definition.as_ref(), &change, None));
        return Ok(change);
    };
    change.checked = checked(observation);
    change.prior = Some(refreshed(prior, observation));
    let unchanged =
        resolve_map(&desired.properties, &predictions.unchanged()).map_err(function_error)?;
    compare(&mut change, definition.as_ref(), prior, observation, &unchanged);
    if input.options.replace.contains(id) {
        request(&mut change);
    }
    if let Some(path) = changed_fixed(definition.as_ref(), &change, prior, &unchanged) {
        blocked.push(PlanError::Fixed { address: id.clone(), path });
    } else if change.action == Action::Update
        && let Some((name, rule)) = definition.refused_change(&prior.properties, &unchanged)
    {
        let path = PropertyPath::root().name(name);
        blocked.push(PlanError::Refused { address: id.clone(), path, rule });
    }
    blocked.extend(lost_secrets(input, &change));
    if prior.resource_type != change.resource_type {
        change.stateful = definition_of(input.schemas, prior).is_stateful();
    }
    if let Action::Replace(order) = &mut change.action {
        let allowed = desired.delete_first || input.options.delete_first.contains(id);
        match replace_order(
            &change.reasons,
            (change.resource_type.as_str(), definition.as_ref()),
            prior,
            &change.desired,
            allowed,
            id,
        ) {
            Ok(decided) => *order = decided,
            // The others that are in the way of the same change are reported with it.
            Err(error) => blocked.push(error),
        }
        if *order == ReplaceOrder::DeleteFirst {
            // The old object goes before it is known whether that is needed.
            change.certainty = Certainty::Certain;
        }
    }
    predictions.insert(id.clone(), prediction(definition, &change, Seen::new(prior, observation)));
    Ok(change)
}

/// Fills in differences, drift, action and reasons of a resource that has an object.
fn compare(
    change: &mut Change,
    definition: &dyn TypeDefinition,
    prior: &ResourceState,
    observation: Option<&Observation>,
    unchanged: &ValueMap,
) {
    let Some(desired) = &change.desired else { return };
    if observation == Some(&Observation::Absent) {
        change.action = Action::Create;
        change.reasons.push(Reason::Missing);
        return;
    }
    if change.resource_type != prior.resource_type {
        change.action = Action::Replace(ReplaceOrder::CreateFirst);
        change.reasons.push(Reason::TypeChanged { from: prior.resource_type.clone() });
        return;
    }
    change.differences = differences(definition, &prior.properties, &desired.properties);
    match observation {
        Some(Observation::Present { properties, .. }) => {
            change.drift = drift(definition, &prior.properties, properties);
        }
        Some(Observation::Absent | Observation::Unchecked { .. }) | None => {}
    }
    let sure_differences = differences(definition, &prior.properties, unchanged);
    let certain = !sure_differences.is_empty();
    let mut reasons = Vec::new();
    if certain {
        reasons.push(Reason::PropertiesChanged);
    } else if let Some(first) = change.differences.first() {
        reasons.push(Reason::MayChange(first.path.clone()));
    }
    // Drift that cannot be changed in place is never set back: the object would be replaced for a
    // change that was made elsewhere. The drift is shown.
    if change.drift.iter().any(|difference| !difference.forces_replacement()) {
        reasons.push(Reason::Drift);
    }
    let rotated = Rotated::of(definition, desired, prior);
    reasons.extend(rotated.in_place);
    match prior.status {
        ObjectStatus::Ready | ObjectStatus::Stabilizing => {}
        ObjectStatus::Incomplete | ObjectStatus::PartlyUpdated => reasons.push(Reason::Incomplete),
    }
    let sure = reasons.iter().any(|reason| !matches!(reason, Reason::MayChange(_)));
    change.certainty =
        if reasons.is_empty() || sure { Certainty::Certain } else { Certainty::Possible };
    let mut forced = create_only(&sure_differences);
    forced.extend(rotated.create_only);
    let perhaps_forced = create_only(&change.differences);
    change.action = if !forced.is_empty() || prior.status == ObjectStatus::Incomplete {
        change.certainty = Certainty::Certain;
        reasons.extend(forced);
        Action::Replace(ReplaceOrder::CreateFirst)
    } else if !perhaps_forced.is_empty() {
        // Whether it is replaced or changed in place is known when the attribute is.
        change.certainty = Certainty::Possible;
        reasons.extend(perhaps_forced);
        Action::Replace(ReplaceOrder::CreateFirst)
    } else if !reasons.is_empty() {
        reasons.extend(may_replace(&change.differences));
        Action::Update
    } else if records_differ(prior, desired) {
        reasons.push(Reason::PoliciesChanged);
        Action::Record
    } else {
        Action::NoOp
    };
    change.reasons = reasons;
}

/// The secret attributes that a change would have to send and cannot: they were shown once.
fn lost_secrets(input: &PlanInput<'_>, change: &Change) -> Vec<PlanError> {
    let mut out: Vec<PlanError> = Vec::new();
    let Some(desired) = change.desired.as_ref().filter(|_| change.action.sends()) else {
        return out;
    };
    let mut note = |reference: &SecretReference| {
        let SecretReference::Attribute(attribute) = reference else { return };
        let is_told = out.iter().any(
            |it| matches!(it, PlanError::SecretLost { attribute: told, .. } if told == attribute),
        );
        if is_told || !input.observations.lost_secrets.contains(attribute) {
            return;
        }
        let mut objects = input.state.resources.iter();
        let of = objects.find(|(_, object)| object.physical_id == attribute.of);
        let (address, attribute) = (change.address.clone(), attribute.clone());
        out.push(PlanError::SecretLost { address, attribute, of: of.map(|(of, _)| of.clone()) });
    };
    desired.properties.values().for_each(|value| value.visit_secrets(&mut note));
    out
}

/// The property that cannot be changed, if it surely changes and the object is changed in place.
fn changed_fixed(
    definition: &dyn TypeDefinition,
    change: &Change,
    prior: &ResourceState,
    unchanged: &ValueMap,
) -> Option<PropertyPath> {
    let fixed = definition.fixed_properties();
    let changes = change.action == Action::Update && !fixed.is_empty();
    let sure = changes.then(|| differences(definition, &prior.properties, unchanged))?;
    fixed.into_iter().find(|path| sure.iter().any(|difference| difference.path == *path))
}

/// Makes a replacement that the user asked for of what stays or is changed in place.
fn request(change: &mut Change) {
    match change.action {
        Action::NoOp | Action::Record | Action::Update | Action::Replace(_) => {
            change.reasons.retain(|reason| {
                !matches!(reason, Reason::MayReplace(_) | Reason::PoliciesChanged)
            });
            change.reasons.push(Reason::Requested);
            change.certainty = Certainty::Certain;
            change.action = Action::Replace(ReplaceOrder::CreateFirst);
        }
        // Its object is gone already.
        Action::Create | Action::Delete | Action::Retain | Action::Forget | Action::Restore => {}
    }
}

/// The differences that are changed in place, and that the service may refuse to change.
fn may_replace(differences: &[Difference]) -> impl Iterator<Item = Reason> {
    let open = differences.iter().filter(|d| d.update_kind == UpdateKind::MayReplace);
    open.map(|difference| Reason::MayReplace(difference.path.clone()))
}

/// The differences that make a new object necessary.
fn create_only(differences: &[Difference]) -> Vec<Reason> {
    let forced = differences.iter().filter(|difference| difference.forces_replacement());
    forced.map(|difference| Reason::CreateOnly(difference.path.clone())).collect()
}

/// Secrets behind unchanged references that have another value now.
#[derive(Default)]
struct Rotated {
    in_place: Vec<Reason>,
    create_only: Vec<Reason>,
}

impl Rotated {
    /// A parameter's new value is a change of every property that it stands in. A secret that was
    /// rotated elsewhere does not replace an object that was made with the value it had then.
    fn of(definition: &dyn TypeDefinition, desired: &PlannedObject, prior: &ResourceState) -> Self {
        let mut out = Self::default();
        let mut note = |path: &PropertyPath, reference: &SecretReference| {
            let text = reference.to_string();
            let (Some(now), Some(before)) =
                (desired.secret_versions.get(&text), prior.secret_versions.get(&text))
            else {
                return;
            };
            if now == before {
                return;
            }
            let fixed = definition.update_kind(path) == UpdateKind::Replaces;
            match reference {
                SecretReference::Parameter(_) if fixed => {
                    out.create_only.push(Reason::CreateOnly(path.clone()));
                }
                SecretReference::SecretsManager(_)
                | SecretReference::SecureParameter(_)
                | SecretReference::SignalUrl(_)
                | SecretReference::Attribute(_)
                    if fixed => {}
                SecretReference::Parameter(_)
                | SecretReference::SecretsManager(_)
                | SecretReference::SecureParameter(_)
                | SecretReference::SignalUrl(_)
                | SecretReference::Attribute(_)
                | SecretReference::Hidden => {
                    let reason = Reason::SecretRotated { reference: text };
                    if !out.in_place.contains(&reason) {
                        out.in_place.push(reason);
                    }
                }
            }
        };
        for (key, value) in &desired.properties {
            visit_secret_places(value, &PropertyPath::root().name(key), &mut note);
        }
        out
    }
}

fn visit_secret_places(
    value: &Value,
    path: &PropertyPath,
    found: &mut dyn FnMut(&PropertyPath, &SecretReference),
) {
    match value {
        Value::List(items) => {
            for (i, item) in items.iter().enumerate() {
                visit_secret_places(item, &path.index(i), found);
            }
        }
        Value::Map(map) => {
            for (key, item) in map {
                visit_secret_places(item, &path.name(key), found);
            }
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Text(_)
        | Value::Deferred(_) => value.visit_secrets(&mut |reference| found(path, reference)),
    }
}

fn records_differ(prior: &ResourceState, desired: &PlannedObject) -> bool {
    prior.dependencies != desired.dependencies
        || prior.deletion_policy != desired.deletion_policy
        || prior.update_replace_policy != desired.update_replace_policy
}

/// The old object goes first only where the names collide and that is allowed. An object whose
/// creation did not complete was never used: it may always go first.
fn replace_order(
    reasons: &[Reason],
    (resource_type, definition): (&str, &dyn TypeDefinition),
    prior: &ResourceState,
    desired: &Option<PlannedObject>,
    allowed: bool,
    id: &Address,
) -> Result<ReplaceOrder, PlanError> {
    let Some(desired) = desired else { return Ok(ReplaceOrder::CreateFirst) };
    // Objects of different types may have one name, unless the types share their names.
    let is_other = |reason: &Reason| match reason {
        Reason::TypeChanged { from } => namespace(from.as_str()) != namespace(resource_type),
        _ => false,
    };
    if reasons.iter().any(is_other) {
        return Ok(ReplaceOrder::CreateFirst);
    }
    let Some(name) = taken(definition, &prior.properties, &desired.properties) else {
        return Ok(ReplaceOrder::CreateFirst);
    };
    let kept = keeps_replaced(prior, Some(desired));
    if (allowed || prior.status == ObjectStatus::Incomplete) && !kept {
        return Ok(ReplaceOrder::DeleteFirst);
    }
    let property = reasons.iter().find_map(|reason| match reason {
        Reason::CreateOnly(path) => Some(format!("`{path}` changes")),
        Reason::TypeChanged { .. } => Some("its type changes".to_owned()),
        _ => None,
    });
    let cause = property.unwrap_or_else(|| "its replacement is requested".to_owned());
    Err(PlanError::NameTaken { address: id.clone(), cause, name, kept })
}

/// The prediction of a new object: `Ref` is known if it returns a declared, wholly known property.
fn new_object<'a>(
    definition: &dyn TypeDefinition,
    change: &Change,
    prior: Option<Seen<'a>>,
) -> Prediction<'a> {
    let declared = definition.ref_property().and_then(|path| {
        let properties = &change.desired.as_ref()?.properties;
        value_at(properties, &path).filter(|value| value.as_str().is_some()).cloned()
    });
    let kept = prior.filter(|_| change.certainty == Certainty::Possible);
    Prediction::New { reference: declared, kept }
}

fn prediction<'a>(
    definition: Arc<dyn TypeDefinition>,
    change: &Change,
    prior: Seen<'a>,
) -> Prediction<'a> {
    match change.action {
        Action::NoOp | Action::Record => Prediction::Same(prior),
        Action::Update => Prediction::Updated {
            prior,
            changed: change
                .differences
                .iter()
                .chain(&change.drift)
                .map(|difference| difference.path.clone())
                .collect(),
            definition,
        },
        Action::Create
        | Action::Replace(_)
        | Action::Delete
        | Action::Retain
        | Action::Forget
        | Action::Restore => new_object(definition.as_ref(), change, Some(prior)),
    }
}

/// Plans a resource that is no longer wanted.
pub(crate) fn unwanted(
    prior: &ResourceState,
    id: &Address,
    observation: Option<&Observation>,
    definition: &dyn TypeDefinition,
    reason: Reason,
) -> Change {
    let (action, reasons) = match (observation, prior.deletion_policy) {
        (Some(Observation::Absent), _) => (Action::Forget, vec![reason, Reason::Missing]),
        (_, RemovalPolicy::Retain | RemovalPolicy::RetainExceptOnCreate) => {
            (Action::Retain, vec![reason])
        }
        (_, RemovalPolicy::Delete | RemovalPolicy::Snapshot) => (Action::Delete, vec![reason]),
    };
    Change {
        address: id.clone(),
        resource_type: prior.resource_type.clone(),
        action,
        reasons,
        certainty: Certainty::Certain,
        differences: Vec::new(),
        drift: Vec::new(),
        checked: checked(observation),
        stateful: definition.is_stateful(),
        prior: Some(refreshed(prior, observation)),
        desired: None,
    }
}
