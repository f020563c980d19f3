//! An object of every type with an identifier of several parts, generated from the catalog: it is
//! made, moved to another scope, changed and removed. What exists is what the sandbox lists; it is
//! compared with state and journal before every call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rstack_driver::DriverError;
use rstack_journal::fold;
use rstack_model::desired::{Desired, DesiredResource, RemovalPolicy};
use rstack_model::plan::{Action, ReplaceOrder};
use rstack_model::state::State;
use rstack_model::value::redacted_map;
use rstack_model::{Digest, KnownMap, ObjectKey};
use rstack_sandbox::{GeneratedLife, SandboxCloud, TypeSchema, compound_types, scoped_types};
use rstack_store::StateStore;

use crate::bench::{Bench, Wanted, run, stack};
use crate::probe::{Call, Probe, Probed};

pub(crate) const OBJECT: &str = "Object";

pub(crate) fn wanted(resource_type: &str, properties: &KnownMap) -> Wanted {
    let properties = redacted_map(properties);
    let template_digest = Digest::of_json(&(resource_type, &properties)).unwrap();
    let resource = DesiredResource {
        resource_type: resource_type.into(),
        properties,
        dependencies: BTreeSet::new(),
        deletion_policy: RemovalPolicy::Delete,
        update_replace_policy: RemovalPolicy::Delete,
        delete_first: true,
    };
    let desired = Desired {
        stack: stack(),
        template_digest,
        parameters: BTreeMap::new(),
        given: Default::default(),
        kept: Default::default(),
        resources: BTreeMap::from([(OBJECT.into(), resource)]),
        outputs: BTreeMap::new(),
        imports: BTreeMap::new(),
        awaits: Default::default(),
        assets: Vec::new(),
        images: Vec::new(),
        templates: BTreeMap::new(),
        creation_limits: BTreeMap::new(),
    };
    desired.into()
}

/// Looks before every call whether all that exists is known.
struct Witness {
    sandbox: Arc<SandboxCloud>,
    store: StateStore,
    /// The largest set of objects that existed at once.
    most: Mutex<BTreeSet<ObjectKey>>,
    unknown: Mutex<Vec<String>>,
}

impl Witness {
    fn known(&self) -> BTreeSet<ObjectKey> {
        let stored = self.store.read(&stack()).unwrap();
        let entries = stored.journal.unwrap_or_default();
        let environment = self.sandbox.environment().clone();
        let lineage = entries.first().and_then(|entry| match entry {
            rstack_journal::Entry::Begin { base, .. } => Some(base.lineage.clone()),
            _ => None,
        });
        let base = stored.state.or_else(|| Some(State::empty(lineage?, stack(), environment)));
        let Some(base) = base else { return BTreeSet::new() };
        let state = if entries.is_empty() { base } else { fold(&base, &entries).unwrap().state };
        let deposed = state.deposed.iter().map(|deposed| &deposed.object);
        state.resources.values().chain(deposed).map(|object| object.key()).collect()
    }
}

#[async_trait]
impl Probe for Witness {
    async fn before(&self, call: &Call) -> Result<(), DriverError> {
        let existing: BTreeSet<ObjectKey> =
            self.sandbox.list().unwrap().into_iter().map(|(key, _)| key).collect();
        let known = self.known();
        for key in existing.difference(&known) {
            self.unknown.lock().unwrap().push(format!("before {}: `{key}`", call.verb));
        }
        let mut most = self.most.lock().unwrap();
        if existing.len() > most.len() {
            *most = existing;
        }
        Ok(())
    }
}

/// The lifecycles that were passed through, counted.
#[derive(Debug, Default)]
struct Count {
    lived: usize,
    /// The number of objects that moved, by the property that was changed.
    moved: BTreeMap<String, usize>,
    create_first: usize,
    delete_first: usize,
    /// Moved objects that `Ref` returns the same of, before and after.
    same_ref: Vec<String>,
    updated: usize,
    not_generated: Vec<String>,
    not_moved: BTreeMap<String, Vec<String>>,
    violations: Vec<String>,
}

struct Life<'a> {
    name: &'a str,
    bench: Bench,
    violations: Vec<String>,
}

impl Life<'_> {
    /// Applies, with a witness, and returns the action on the object.
    async fn goes_to(&mut self, wanted: &Wanted, objects: usize) -> Action {
        let (sandbox, store) = (Arc::clone(&self.bench.sandbox), self.bench.store.clone());
        let (most, unknown) = (Mutex::default(), Mutex::default());
        let witness = Arc::new(Witness { sandbox, store, most, unknown });
        let cloud = Probed::new(self.bench.sandbox.clone(), witness.clone());
        let engine = self.bench.engine_on(cloud);
        let state = self.bench.recovered(&engine, &self.bench.lock()).await;
        let plan = self.bench.planned(&engine, &state, wanted).await;
        let action = plan.changes[OBJECT].action;
        drop(plan);
        let outcome = self.bench.apply(&engine, wanted, true).await;
        let failures = outcome.failures.iter().map(|(id, failure)| format!("{id}: {failure}"));
        self.violations.extend(failures);
        self.violations.append(&mut witness.unknown.lock().unwrap());
        let state = self.bench.store.read(&stack()).unwrap().state;
        let (known, existing) = (self.bench.known(state.as_ref()), self.bench.existing());
        if known != existing || existing.len() != objects {
            self.violations.push(format!("{existing:?} exists, {known:?} is known"));
        }
        if action == Action::Replace(ReplaceOrder::CreateFirst)
            && witness.most.lock().unwrap().len() != 2
        {
            self.violations.push("the old object and the new one never existed at once".into());
        }
        if let Wanted::Stack(..) = wanted
            && let Some(state) = state
        {
            let again = self.bench.planned(&self.bench.engine(), &state, wanted).await;
            if !again.is_noop() {
                self.violations.push(format!("{:?}", crate::bench::reasons(&again)));
            }
        }
        action
    }

    fn expect(&mut self, what: &str, action: Action, is: bool) {
        if !is {
            self.violations.push(format!("{what} is planned as {action:?}"));
        }
    }

    async fn live(&mut self, life: &GeneratedLife, count: &mut Count) {
        let to = |properties| wanted(self.name, properties);
        let (created, moved) =
            (to(&life.created), life.moved.as_ref().map(|moved| (to(&moved.properties), moved.of)));
        let updated = life.updated.as_ref().map(to);
        let action = self.goes_to(&created, 1).await;
        self.expect("the first apply", action, action == Action::Create);
        match moved {
            Ok((moved, of)) => {
                let reference = |bench: &Bench| bench.sandbox.list().unwrap().pop();
                let before = reference(&self.bench);
                let action = self.goes_to(&moved, 1).await;
                match action {
                    Action::Replace(ReplaceOrder::CreateFirst) => count.create_first += 1,
                    Action::Replace(ReplaceOrder::DeleteFirst) => count.delete_first += 1,
                    _ => self.expect("the move", action, false),
                }
                let after = reference(&self.bench);
                if let (Some(before), Some(after)) = (before, after) {
                    if before.1 == after.1 {
                        count.same_ref.push(self.name.to_owned());
                    }
                    self.expect("the same object", action, before.0 != after.0);
                }
                *count.moved.entry(format!("{of:?}")).or_default() += 1;
            }
            Err(reason) => {
                let names = count.not_moved.entry(format!("{reason:?}")).or_default();
                names.push(self.name.to_owned());
            }
        }
        if let Some(updated) = updated {
            let before = self.bench.existing();
            let action = self.goes_to(&updated, 1).await;
            self.expect("the update", action, action == Action::Update);
            let kept = before == self.bench.existing();
            self.expect("an update to another key", action, kept);
            count.updated += 1;
        }
        self.goes_to(&Wanted::Nothing, 0).await;
        let left = self.bench.sandbox.list().unwrap();
        if !left.is_empty() {
            self.violations.push(format!("left: {left:?}"));
        }
        count.lived += 1;
    }
}

fn lifecycles(types: &[Arc<TypeSchema>]) -> Count {
    let mut count = Count::default();
    for schema in types {
        let (name, bench) = (schema.name(), Bench::new());
        let Some(life) = GeneratedLife::of(schema) else {
            count.not_generated.push(name.to_owned());
            continue;
        };
        let mut lived = Life { name, bench, violations: Vec::new() };
        run(lived.live(&life, &mut count));
        count.violations.extend(lived.violations.iter().map(|what| format!("{name}: {what}")));
    }
    println!("{} types: {count:#?}", types.len());
    assert_eq!(count.violations, [""; 0]);
    assert_eq!(count.lived + count.not_generated.len(), types.len());
    count
}

/// Types that cannot move to another scope. In the sandbox, as in its ARN, the scope of a work team's name is no
/// part of its identifier; users are taken out of one group and put into another in place.
const NOT_MOVED: [&str; 2] = ["AWS::IAM::UserToGroupAddition", "AWS::SageMaker::Workteam"];

#[test]
fn every_type_with_a_compound_identifier_lives_moves_and_is_gone() {
    let types = compound_types();
    let count = lifecycles(&types);
    assert!(types.len() >= 326, "{} types", types.len());
    assert!(count.not_generated.len() <= 4, "{:?}", count.not_generated);
    let not_moved: usize = count.not_moved.values().map(Vec::len).sum();
    assert!(not_moved <= 7, "{:?}", count.not_moved);
    // `Ref` returns the same of both: nothing but the identifier tells them apart.
    assert!(count.same_ref.len() >= 12, "{:?}", count.same_ref);
    assert!(count.updated >= 177, "{} were updated", count.updated);
}

#[test]
fn every_type_whose_name_is_unique_in_a_scope_lives_moves_and_is_gone() {
    let mut types = scoped_types();
    types.retain(|schema| !NOT_MOVED.contains(&schema.name()));
    let count = lifecycles(&types);
    assert!(types.len() >= 87, "{} types", types.len());
    assert!(count.not_generated.len() <= 1, "{:?}", count.not_generated);
    assert!(count.not_moved.is_empty(), "{:?}", count.not_moved);
    assert!(count.updated >= 44, "{} were updated", count.updated);
}
