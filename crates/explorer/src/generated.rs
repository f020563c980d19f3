//! A stack that is generated from the catalog: objects whose identifiers have several parts, which
//! move from one scope to another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use rstack_model::desired::{Desired, DesiredResource, RemovalPolicy};
use rstack_model::value::redacted_map;
use rstack_model::{Address, Digest, KnownMap};
use rstack_plan::PlanOptions;
use rstack_sandbox::{GeneratedLife, Moves, compound_types};

use crate::stack::{self, Variant, Wanted};

/// The type whose object depends on all others of the stack.
pub(crate) const LAST: &str = "AWS::SecretsManager::ResourcePolicy";

/// Types that are in the stack whatever the sample is.
const ALWAYS: [&str; 4] =
    ["AWS::ApiGateway::Stage", "AWS::Cognito::UserPoolUser", "AWS::Events::Rule", LAST];

/// Of so many types that can move one is taken.
const ONE_OF: usize = 20;

/// A type and the life of its object.
struct Generated {
    resource_type: String,
    life: GeneratedLife,
}

/// The sample, those that are always in it at its end.
fn sample() -> &'static [Generated] {
    static SAMPLE: OnceLock<Vec<Generated>> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let named = |name: &str| Some((name.to_owned(), GeneratedLife::named(name)?));
        let known = ALWAYS.into_iter().filter_map(named);
        let compound = compound_types();
        let others = compound.iter().filter(|schema| !ALWAYS.contains(&schema.name()));
        let lives = others.filter_map(|schema| {
            let life = GeneratedLife::of(schema)?;
            let moves = matches!(&life.moved, Ok(moved) if moved.of != Moves::Other);
            moves.then(|| (schema.name().to_owned(), life))
        });
        let all = lives.step_by(ONE_OF).chain(known);
        all.map(|(resource_type, life)| Generated { resource_type, life }).collect()
    })
}

/// The number of types that the stack has objects of.
pub fn generated_types() -> usize {
    sample().len()
}

fn properties(life: &GeneratedLife, variant: Variant) -> &KnownMap {
    let moved = life.moved.as_ref().map_or(&life.created, |moved| &moved.properties);
    match variant {
        Variant::First | Variant::Attached | Variant::Readdressed => &life.created,
        Variant::Renamed => moved,
        Variant::Changed => life.updated.as_ref().unwrap_or(moved),
    }
}

/// The stack in a variant. `Changed` is what becomes of `Renamed`.
///
/// # Errors
/// If it cannot be put together.
pub(crate) fn wanted(variant: Variant) -> Result<Wanted, String> {
    let mut resources: BTreeMap<Address, DesiredResource> = BTreeMap::new();
    for (number, Generated { resource_type, life }) in sample().iter().enumerate() {
        // The last one is made when all others are.
        let waits = resource_type == LAST;
        let dependencies =
            if waits { resources.keys().cloned().collect() } else { BTreeSet::new() };
        let resource = DesiredResource {
            resource_type: resource_type.as_str().into(),
            properties: redacted_map(properties(life, variant)),
            dependencies,
            deletion_policy: RemovalPolicy::Delete,
            update_replace_policy: RemovalPolicy::Delete,
            delete_first: true,
        };
        resources.insert(Address::from(format!("Object{number:03}").as_str()), resource);
    }
    let template_digest = Digest::of_json(&resources).map_err(|error| error.to_string())?;
    let desired = Desired {
        stack: stack::name()?,
        template_digest,
        parameters: BTreeMap::new(),
        given: Default::default(),
        kept: Default::default(),
        resources,
        outputs: BTreeMap::new(),
        imports: BTreeMap::new(),
        awaits: BTreeSet::new(),
        assets: Vec::new(),
        images: Vec::new(),
        templates: BTreeMap::new(),
        creation_limits: BTreeMap::new(),
    };
    Ok(Wanted::Stack(Box::new(desired), PlanOptions::default()))
}
