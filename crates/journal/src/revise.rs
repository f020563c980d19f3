//! Changes of a state that no run makes: renaming, forgetting, moving. Pure.
//!
//! Where a rollback leads is changed with it: what was moved in is not made by a run, and is not
//! undone by one.

use std::collections::BTreeSet;

use rstack_model::state::{DeposedObject, ResourceState, State};
use rstack_model::{Address, Importer, Imports};

/// Why a state cannot be changed like this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReviseError {
    /// There is no such resource.
    #[error("the state of `{stack}` has no resource `{address}`")]
    NoResource {
        /// The stack.
        stack: String,
        /// The resource.
        address: Address,
    },
    /// There is a resource of this name already.
    #[error("the state of `{stack}` already has a resource `{address}`")]
    Exists {
        /// The stack.
        stack: String,
        /// The resource.
        address: Address,
    },
}

/// The objects of one resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    /// Its object.
    pub current: Option<ResourceState>,
    /// Its former objects, which wait to be deleted.
    pub deposed: Vec<DeposedObject>,
    /// The exports of other stacks that it uses.
    pub imports: BTreeSet<String>,
}

impl Taken {
    /// All of them.
    pub fn objects(&self) -> impl Iterator<Item = &ResourceState> {
        self.current.iter().chain(self.deposed.iter().map(|deposed| &deposed.object))
    }
}

fn knows(state: &State, id: &Address) -> bool {
    state.resources.contains_key(id) || state.deposed.iter().any(|d| d.address == *id)
}

fn check(state: &State, id: &Address) -> Result<(), ReviseError> {
    if knows(state, id) {
        return Ok(());
    }
    let (stack, address) = (state.stack.to_string(), id.clone());
    Err(ReviseError::NoResource { stack, address })
}

fn check_free(state: &State, id: &Address) -> Result<(), ReviseError> {
    if !knows(state, id) {
        return Ok(());
    }
    let (stack, address) = (state.stack.to_string(), id.clone());
    Err(ReviseError::Exists { stack, address })
}

/// The resources that depend on one.
pub fn dependants<'a>(state: &'a State, id: &'a Address) -> impl Iterator<Item = &'a Address> + 'a {
    let depends = move |(_, object): &(&Address, &ResourceState)| object.dependencies.contains(id);
    state.resources.iter().filter(depends).map(|(other, _)| other)
}

/// Takes the objects of a resource out of a state. Nothing depends on it any more.
///
/// # Errors
/// [`ReviseError::NoResource`].
pub fn take_out(state: &mut State, id: &Address) -> Result<Taken, ReviseError> {
    check(state, id)?;
    if let Some(former) = state.former.as_deref_mut().filter(|former| knows(former, id)) {
        take_out(former, id)?;
    }
    let current = state.resources.remove(id);
    let (deposed, left) =
        std::mem::take(&mut state.deposed).into_iter().partition(|d| d.address == *id);
    state.deposed = left;
    for object in objects_mut(state) {
        object.dependencies.remove(id);
    }
    let imports = take_imports(&mut state.imports, id);
    Ok(Taken { current, deposed, imports })
}

/// Puts the objects of a resource into a state under a name. What they depend on elsewhere is not
/// there.
///
/// # Errors
/// [`ReviseError::Exists`].
pub fn put_in(state: &mut State, id: &Address, taken: Taken) -> Result<(), ReviseError> {
    check_free(state, id)?;
    if let Some(former) = state.former.as_deref_mut() {
        put_in(former, id, taken.clone())?;
    }
    let known: BTreeSet<Address> = state.resources.keys().cloned().collect();
    let local = |mut object: ResourceState| {
        object.dependencies.retain(|dependency| known.contains(dependency));
        object
    };
    if let Some(current) = taken.current {
        state.resources.insert(id.clone(), local(current));
    }
    state.deposed.extend(
        taken
            .deposed
            .into_iter()
            .map(|d| DeposedObject { address: id.clone(), object: local(d.object) }),
    );
    put_imports(&mut state.imports, id, taken.imports);
    Ok(())
}

/// Takes the imports of a resource out of those of its stack.
fn take_imports(imports: &mut Imports, id: &Address) -> BTreeSet<String> {
    let place = Importer::Resource(id.clone());
    let of =
        imports.iter_mut().filter_map(|(export, places)| places.remove(&place).then_some(export));
    let taken = of.cloned().collect();
    imports.retain(|_, places| !places.is_empty());
    taken
}

fn put_imports(imports: &mut Imports, id: &Address, exports: BTreeSet<String>) {
    for export in exports {
        imports.entry(export).or_default().insert(Importer::Resource(id.clone()));
    }
}

/// True if a resource of a state has all of these objects already: a move into it was interrupted.
pub fn holds(state: &State, id: &Address, taken: &Taken) -> bool {
    let deposed = state.deposed.iter().filter(|d| d.address == *id).map(|d| &d.object);
    let own: Vec<&ResourceState> = state.resources.get(id).into_iter().chain(deposed).collect();
    taken.objects().all(|object| own.iter().any(|own| is_same(own, object)))
}

/// Gives a resource another name. Its dependants depend on the new one.
///
/// # Errors
/// [`ReviseError`] if it is not there, or the name is taken.
pub fn rename(state: &mut State, from: &Address, to: &Address) -> Result<(), ReviseError> {
    check(state, from)?;
    check_free(state, to)?;
    if let Some(former) = state.former.as_deref_mut().filter(|former| knows(former, from)) {
        rename(former, from, to)?;
    }
    if let Some(object) = state.resources.remove(from) {
        state.resources.insert(to.clone(), object);
    }
    for deposed in state.deposed.iter_mut().filter(|deposed| deposed.address == *from) {
        deposed.address = to.clone();
    }
    for object in objects_mut(state) {
        if object.dependencies.remove(from) {
            object.dependencies.insert(to.clone());
        }
    }
    let exports = take_imports(&mut state.imports, from);
    put_imports(&mut state.imports, to, exports);
    Ok(())
}

fn objects_mut(state: &mut State) -> impl Iterator<Item = &mut ResourceState> {
    state.resources.values_mut().chain(state.deposed.iter_mut().map(|d| &mut d.object))
}

/// The objects that one state knows and another does not: what would be forgotten if the other took
/// its place.
pub fn forgotten<'a>(
    known: &'a State,
    then: &'a State,
) -> impl Iterator<Item = (&'a Address, &'a ResourceState)> {
    let all = |state: &'a State| {
        let deposed = state.deposed.iter().map(|d| (&d.address, &d.object));
        state.resources.iter().chain(deposed)
    };
    all(known).filter(move |(_, object)| !all(then).any(|(_, other)| is_same(object, other)))
}

/// True if two records are of one object.
fn is_same(a: &ResourceState, b: &ResourceState) -> bool {
    a.is_same_object(b)
}

#[cfg(test)]
mod tests {
    use rstack_model::desired::RemovalPolicy;
    use rstack_model::state::{Environment, ObjectStatus};
    use rstack_model::{StackName, ValueMap};

    use super::*;

    fn object(physical_id: &str, dependencies: &[&str]) -> ResourceState {
        ResourceState {
            resource_type: "Test::Thing".into(),
            identifier: physical_id.into(),
            physical_id: physical_id.into(),
            status: ObjectStatus::Ready,
            properties: ValueMap::new(),
            in_doubt: Vec::new(),
            attributes: ValueMap::new(),
            dependencies: dependencies.iter().map(|id| Address::from(*id)).collect(),
            deletion_policy: RemovalPolicy::Delete,
            update_replace_policy: RemovalPolicy::Delete,
            secret_versions: Default::default(),
            driver: "test".into(),
            cursor: None,
            token: None,
        }
    }

    fn state() -> State {
        let environment = Environment {
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            partition: "aws".into(),
            sandbox: false,
        };
        let mut state =
            State::empty("lineage".into(), StackName::parse("Live").unwrap(), environment);
        state.resources.insert("A".into(), object("a", &[]));
        state.resources.insert("B".into(), object("b", &["A"]));
        state.deposed.push(DeposedObject { address: "A".into(), object: object("a0", &[]) });
        state.deposed.push(DeposedObject { address: "B".into(), object: object("b0", &["A"]) });
        let places = [Importer::Resource("A".into()), Importer::Output("O".to_owned())];
        state.imports.insert("both".to_owned(), places.into());
        let place = Importer::Resource("B".into());
        state.imports.insert("one".to_owned(), [place].into());
        state
    }

    fn depends(state: &State) -> Vec<&str> {
        objects(state).flat_map(|o| o.dependencies.iter().map(Address::as_str)).collect()
    }

    fn objects(state: &State) -> impl Iterator<Item = &ResourceState> {
        state.resources.values().chain(state.deposed.iter().map(|d| &d.object))
    }

    fn imports(state: &State) -> Vec<String> {
        let places = |(export, places): (&String, &BTreeSet<Importer>)| {
            let places: Vec<String> = places.iter().map(ToString::to_string).collect();
            format!("{export}: {}", places.join(", "))
        };
        state.imports.iter().map(places).collect()
    }

    #[test]
    fn imports_go_where_their_resource_goes() {
        let mut renamed = state();
        rename(&mut renamed, &"A".into(), &"C".into()).unwrap();
        assert_eq!(imports(&renamed), ["both: resource `C`, output `O`", "one: resource `B`"]);
        let mut other = State { imports: Imports::new(), ..state() };
        let taken = take_out(&mut renamed, &"B".into()).unwrap();
        put_in(&mut other, &"X".into(), taken).unwrap();
        assert_eq!(imports(&renamed), ["both: resource `C`, output `O`"]);
        assert_eq!(imports(&other), ["one: resource `X`"]);
    }

    #[test]
    fn a_new_name_is_followed_by_all_that_has_the_old_one() {
        let (mut renamed, before) = (state(), state());
        rename(&mut renamed, &"A".into(), &"C".into()).unwrap();
        assert_eq!(renamed.resources["C"], before.resources["A"]);
        assert_eq!(depends(&renamed), ["C", "C"]);
        assert_eq!(renamed.deposed[0].address.as_str(), "C");
        assert_eq!(forgotten(&before, &renamed).count(), 0);
        let taken = rename(&mut renamed, &"C".into(), &"B".into()).unwrap_err();
        assert!(matches!(taken, ReviseError::Exists { .. }));
        let gone = rename(&mut renamed, &"A".into(), &"D".into()).unwrap_err();
        assert!(matches!(gone, ReviseError::NoResource { .. }));
    }

    /// By its present object alone, and by a former one alone, too.
    #[test]
    fn a_name_is_taken_by_whatever_has_it() {
        let present = State { deposed: Vec::new(), ..state() };
        let former = State { resources: Default::default(), ..state() };
        for mut state in [present, former] {
            let taken = rename(&mut state, &"A".into(), &"B".into()).unwrap_err();
            assert!(matches!(taken, ReviseError::Exists { .. }));
            rename(&mut state, &"A".into(), &"C".into()).unwrap();
        }
    }

    #[test]
    fn where_a_rollback_leads_is_changed_with_it() {
        let mut now = State { former: Some(Box::new(state())), ..state() };
        rename(&mut now, &"A".into(), &"C".into()).unwrap();
        let taken = take_out(&mut now, &"C".into()).unwrap();
        assert!(!knows(now.former.as_deref().unwrap(), &"C".into()));
        put_in(&mut now, &"D".into(), taken).unwrap();
        let former = now.former.unwrap();
        assert_eq!((&former.resources, &former.deposed), (&now.resources, &now.deposed));
    }

    #[test]
    fn what_is_taken_out_leaves_nothing_behind_and_comes_in_whole() {
        let (mut left, before) = (state(), state());
        assert_eq!(dependants(&left, &"A".into()).count(), 1);
        let taken = take_out(&mut left, &"B".into()).unwrap();
        let ids: Vec<&str> = taken.objects().map(|object| object.physical_id.as_str()).collect();
        assert_eq!(ids, ["b", "b0"]);
        let lost: Vec<&str> = forgotten(&before, &left).map(|(id, _)| id.as_str()).collect();
        assert_eq!(lost, ["B", "B"]);
        let mut other = State { resources: Default::default(), deposed: Vec::new(), ..state() };
        put_in(&mut other, &"X".into(), taken.clone()).unwrap();
        assert!(depends(&other).is_empty());
        assert_eq!(other.deposed[0].address.as_str(), "X");
        assert!(put_in(&mut other, &"X".into(), taken.clone()).is_err());
        assert!(holds(&other, &"X".into(), &taken));
        other.deposed.clear();
        assert!(!holds(&other, &"X".into(), &taken), "one of them would be forgotten");
        let old = Taken { current: None, ..taken };
        let mut third = State { resources: Default::default(), deposed: Vec::new(), ..state() };
        put_in(&mut third, &"X".into(), old.clone()).unwrap();
        assert!(holds(&third, &"X".into(), &old), "an old object alone was moved");
        take_out(&mut left, &"A".into()).unwrap();
        assert!(left.resources.is_empty() && left.deposed.is_empty());
    }
}
