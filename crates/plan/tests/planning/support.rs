//! A small inventory to plan in: two types, stacks written as lines, and a pretended apply.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rstack_catalog::{DeletionProtection, Handler, SchemaPath, UniqueName};
use rstack_model::desired::{Desired, DesiredResource, RemovalPolicy};
use rstack_model::plan::{Operation, Plan};
use rstack_model::state::{DeposedObject, Environment, ObjectStatus, ResourceState, State};
use rstack_model::value::redact::{KnownSecrets, Redactor};
use rstack_model::value::{AttributeRef, ResolvedSecrets, resolve_map};
use rstack_model::{
    Address, Digest, KnownMap, KnownValue, ObjectKey, PhysicalId, PropertyPath, ResourceType,
    StackName, UpdateKind, Value, ValueMap,
};
use rstack_plan::{
    Observation, Observations, PlanError, PlanInput, PlanOptions, RollbackInput, Scalar, Schemas,
    TypeDefinition, check, plan, plan_rollback,
};

/// `Test::Thing`: `Name` is its name and cannot be changed, `Tags` is a set, `Size` an integer,
/// `Doc` a document, `Password` write-only, `Kind` cannot be changed, the attribute `Url` may
/// change with `Path`. `Label` is content that there may be once. `Mode` may replace; of `Engine` the service replaces what is not `a1` to `a2`.
struct Thing {
    names: [UniqueName; 1],
    contents: [UniqueName; 1],
}

impl TypeDefinition for Thing {
    fn update_kind(&self, path: &PropertyPath) -> UpdateKind {
        match path.top() {
            Some("Name" | "Kind") => UpdateKind::Replaces,
            Some("Mode" | "Engine") => UpdateKind::MayReplace,
            _ if path.to_string() == "Network.Fixed" => UpdateKind::Replaces,
            _ => UpdateKind::InPlace,
        }
    }
    fn decided_update(
        &self,
        path: &PropertyPath,
        before: Option<&Value>,
        after: Option<&Value>,
    ) -> Option<UpdateKind> {
        let (before, after) = (before?.as_str()?, after?.as_str()?);
        match (path.top(), before, after) {
            (Some("Engine"), "a1", "a2") => Some(UpdateKind::InPlace),
            (Some("Engine"), ..) => Some(UpdateKind::Replaces),
            _ => None,
        }
    }
    fn is_read_only(&self, path: &PropertyPath) -> bool {
        path.top() == Some("Arn")
    }
    fn is_write_only(&self, path: &PropertyPath) -> bool {
        path.top() == Some("Password")
    }
    fn scalar(&self, path: &PropertyPath) -> Option<Scalar> {
        match path.top()? {
            "Size" => Some(Scalar::Integer),
            "On" => Some(Scalar::Boolean),
            "Text" => Some(Scalar::Text),
            _ => None,
        }
    }
    fn is_document(&self, path: &PropertyPath) -> bool {
        path.to_string() == "Doc"
    }
    fn is_set(&self, path: &PropertyPath) -> bool {
        path.to_string() == "Tags"
    }

    fn is_open_map(&self, path: &PropertyPath) -> bool {
        path.to_string() == "Variables"
    }
    fn ref_property(&self) -> Option<PropertyPath> {
        Some(PropertyPath::root().name("Name"))
    }
    fn unique_names(&self) -> &[UniqueName] {
        &self.names
    }
    fn unique_contents(&self) -> &[UniqueName] {
        &self.contents
    }
    fn likely_names(&self) -> &[UniqueName] {
        &[]
    }
    fn attribute_may_change(&self, attribute: &str, changed: &[&PropertyPath]) -> bool {
        attribute == "Url" && changed.iter().any(|path| path.top() == Some("Path"))
    }
    fn is_stateful(&self) -> bool {
        false
    }
    fn deletion_protection(&self, _: &ValueMap) -> Option<DeletionProtection> {
        None
    }

    fn time_limit(&self, _: Handler) -> Option<Duration> {
        None
    }
}

pub(crate) struct TestSchemas;

impl Schemas for TestSchemas {
    fn definition(&self, _: &ResourceType) -> Option<Arc<dyn TypeDefinition>> {
        let of = |pointer| UniqueName::new(vec![SchemaPath::parse(pointer)], Vec::new());
        Some(Arc::new(Thing { names: [of("/Name")], contents: [of("/Label").as_content()] }))
    }
}

pub(crate) fn environment() -> Environment {
    Environment {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        partition: "aws".into(),
        sandbox: false,
    }
}

pub(crate) fn empty_state() -> State {
    State::empty("lineage".into(), StackName::parse("Stack").unwrap(), environment())
}

pub(crate) fn json(value: serde_json::Value) -> ValueMap {
    match Value::from_json(value) {
        Value::Map(map) => map,
        other => panic!("not a map: {other}"),
    }
}

/// A resource with these properties, depending on what its properties refer to.
pub(crate) fn thing(properties: ValueMap) -> DesiredResource {
    let mut dependencies = std::collections::BTreeSet::new();
    for value in properties.values() {
        value.visit_attributes(&mut |a| {
            dependencies.insert(a.address.clone());
        });
    }
    DesiredResource {
        resource_type: "Test::Thing".into(),
        properties,
        dependencies,
        deletion_policy: RemovalPolicy::Delete,
        update_replace_policy: RemovalPolicy::Delete,
        delete_first: false,
    }
}

pub(crate) fn attribute(id: &str, name: &str) -> Value {
    Value::attribute(AttributeRef::named(id.into(), name))
}

pub(crate) fn stack(
    resources: impl IntoIterator<Item = (&'static str, DesiredResource)>,
) -> Desired {
    Desired {
        stack: StackName::parse("Stack").unwrap(),
        template_digest: Digest::of(b"template"),
        parameters: ValueMap::new(),
        given: Default::default(),
        kept: Default::default(),
        resources: resources.into_iter().map(|(id, r)| (Address::from(id), r)).collect(),
        outputs: BTreeMap::new(),
        imports: BTreeMap::new(),
        awaits: Default::default(),
        assets: Vec::new(),
        images: Vec::new(),
        templates: BTreeMap::new(),
        creation_limits: BTreeMap::new(),
    }
}

/// The observations of objects that are just as they were declared.
pub(crate) fn faithful(state: &State) -> Observations {
    let objects = state.resources.iter().map(|(id, object)| (id.clone(), present(object)));
    Observations { objects: objects.collect(), ..Observations::default() }
}

pub(crate) fn present(object: &ResourceState) -> Observation {
    let known = |map: &ValueMap| -> KnownMap {
        map.iter().map(|(k, v)| (k.clone(), v.known_without_secrets().unwrap())).collect()
    };
    let mut properties = known(&object.properties);
    properties.remove("Password");
    properties.insert("Default".into(), KnownValue::from("by the service"));
    observed(object, &properties)
}

/// The observation of an object with these properties, where no secret is known.
pub(crate) fn observed(object: &ResourceState, properties: &KnownMap) -> Observation {
    let (current, known) = (ResolvedSecrets::default(), KnownSecrets::new(&[]));
    let redactor = Redactor::new(&current, &known);
    Observation::Present {
        properties: redactor.properties(&object.properties, &[], properties),
        attributes: object.attributes.clone(),
    }
}

pub(crate) fn plan_of(
    desired: &Desired,
    state: &State,
    observations: &Observations,
) -> Result<Plan, PlanError> {
    let options = PlanOptions::default();
    let input =
        PlanInput { desired, state, observations, schemas: &TestSchemas, options: &options };
    let plan = plan(&input)?;
    assert_eq!(check(&plan, &TestSchemas), []);
    Ok(plan.into_plan())
}

/// The state that a faultless apply of a plan leads to.
pub(crate) fn applied(plan: &Plan, state: &State) -> State {
    let mut state = state.clone();
    state.serial = state.serial.next();
    for step in &plan.steps {
        let id = &step.address;
        let change = &plan.changes.get(id);
        match &step.operation {
            Operation::Create | Operation::Update | Operation::Record => {
                let change = change.expect("a change");
                let desired = change.desired.as_ref().expect("a desired object");
                let properties = resolve_map(&desired.properties, &state.resources).unwrap();
                for value in properties.values() {
                    assert!(!value.has_unknown(), "{id} is made with {value}");
                }
                let mut old = state.resources.remove(id);
                // An object that is taken back is the resource's own again.
                let prior = change.prior.as_ref().filter(|_| step.operation != Operation::Create);
                let back = prior.and_then(|prior| {
                    let same = |d: &DeposedObject| d.object.is_same_object(prior);
                    state.deposed.iter().position(same)
                });
                if let Some(index) = back {
                    let object = state.deposed.remove(index).object;
                    if let Some(object) = old.replace(object) {
                        state.deposed.push(DeposedObject { address: id.clone(), object });
                    }
                }
                let physical_id: PhysicalId = match (&step.operation, &old) {
                    (Operation::Create, _) | (_, None) => {
                        let name = properties.get("Name").and_then(Value::as_str);
                        let made = format!("{id}-{}-{}", state.serial, step.id);
                        name.map_or(made, str::to_owned).into()
                    }
                    (_, Some(old)) => old.physical_id.clone(),
                };
                if let (Operation::Create, Some(old)) = (&step.operation, old) {
                    state.deposed.push(DeposedObject { address: id.clone(), object: old });
                }
                let path = properties.get("Path").map(ToString::to_string).unwrap_or_default();
                let attributes = ValueMap::from([
                    ("Arn".to_owned(), Value::from(format!("arn:{physical_id}"))),
                    ("Url".to_owned(), Value::from(format!("https://{physical_id}/{path}"))),
                ]);
                let object = ResourceState {
                    resource_type: change.resource_type.clone(),
                    identifier: (&physical_id).into(),
                    physical_id,
                    status: ObjectStatus::Ready,
                    properties,
                    in_doubt: Vec::new(),
                    attributes,
                    dependencies: desired.dependencies.clone(),
                    deletion_policy: desired.deletion_policy,
                    update_replace_policy: desired.update_replace_policy,
                    secret_versions: desired.secret_versions.clone(),
                    driver: "test".to_owned(),
                    cursor: None,
                    token: None,
                };
                state.resources.insert(id.clone(), object);
            }
            Operation::Delete(object)
            | Operation::DeleteWithSnapshot { object, .. }
            | Operation::Forget(object) => {
                if state.resources.get(id).is_some_and(|r| r.is_same_object(object)) {
                    state.resources.remove(id);
                } else {
                    state.deposed.retain(|d| !d.object.is_same_object(object));
                }
            }
            Operation::Restore(object) => {
                state.deposed.retain(|d| !d.object.is_same_object(object));
                let now = state.resources.insert(id.clone(), (**object).clone());
                if let Some(now) = now {
                    state.deposed.push(DeposedObject { address: id.clone(), object: now });
                }
            }
        }
    }
    state
}

/// The plan from `current` back to `target`; these objects are gone.
pub(crate) fn back_without(target: &State, current: &State, missing: &[(&str, &str)]) -> Plan {
    let key = |id: &str, object: &str| {
        let of = |state: &State| Some(state.resources.get(id)?.resource_type.clone());
        let resource_type = of(current).or_else(|| of(target)).expect("a resource");
        ObjectKey::new(resource_type, object.into())
    };
    let missing = missing.iter().map(|(id, object)| ((*id).into(), key(id, object))).collect();
    let (absent, schemas) = (Default::default(), &TestSchemas);
    let (absent, missing) = (&absent, &missing);
    let input = RollbackInput { target, current, absent, missing, schemas };
    plan_rollback(input).unwrap().into_plan()
}

/// The plan from `current` back to `target`.
pub(crate) fn back_to(target: &State, current: &State) -> Plan {
    back_without(target, current, &[])
}
