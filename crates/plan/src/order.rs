//! Orders over dependency graphs.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::{kosaraju_scc, toposort};
use petgraph::graphmap::DiGraphMap;
use rstack_model::Address;

use crate::PlanError;

/// The resources, dependencies first; equal ones by name, so that equal inputs give equal plans.
///
/// # Errors
/// [`PlanError::Cycle`] with the members of a circle, or [`PlanError::UnknownDependency`].
pub(crate) fn dependencies_first<'a>(
    graph: &BTreeMap<&'a Address, &'a BTreeSet<Address>>,
) -> Result<Vec<&'a Address>, PlanError> {
    let mut edges: DiGraphMap<&Address, ()> = DiGraphMap::new();
    for (&id, &dependencies) in graph {
        edges.add_node(id);
        for dependency in dependencies {
            let Some((&known, _)) = graph.get_key_value(dependency) else {
                return Err(PlanError::UnknownDependency {
                    address: id.clone(),
                    dependency: dependency.clone(),
                });
            };
            edges.add_edge(known, id, ());
        }
    }
    toposort(&edges, None).map_err(|_| cycle(&edges, graph))
}

fn cycle(
    edges: &DiGraphMap<&Address, ()>,
    graph: &BTreeMap<&Address, &BTreeSet<Address>>,
) -> PlanError {
    let component = kosaraju_scc(edges)
        .into_iter()
        .find(|nodes| nodes.len() > 1 || nodes.iter().any(|n| edges.contains_edge(n, n)))
        .unwrap_or_default();
    let inside: BTreeSet<&Address> = component.into_iter().collect();
    // Inside a strongly connected component, following any edge that stays inside comes round.
    let mut walk: Vec<Address> = Vec::new();
    let mut at = inside.first().copied();
    while let Some(id) = at {
        if let Some(start) = walk.iter().position(|seen| seen == id) {
            walk.drain(..start);
            break;
        }
        walk.push(id.clone());
        at = graph.get(id).and_then(|deps| deps.iter().find(|d| inside.contains(d)));
    }
    PlanError::Cycle { members: walk }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(edges: &[(&str, &[&str])]) -> BTreeMap<Address, BTreeSet<Address>> {
        edges
            .iter()
            .map(|(id, deps)| ((*id).into(), deps.iter().map(|d| (*d).into()).collect()))
            .collect()
    }

    #[test]
    fn dependencies_come_first() {
        let sets = sets(&[("A", &["C"]), ("B", &["A"]), ("C", &[])]);
        let order = dependencies_first(&sets.iter().collect()).unwrap();
        let names: Vec<_> = order.iter().map(|id| id.as_str()).collect();
        assert_eq!(names, ["C", "A", "B"]);
    }

    #[test]
    fn a_circle_is_named_without_what_leads_to_it() {
        let sets = sets(&[("A", &["B"]), ("B", &["C"]), ("C", &["B"]), ("D", &[])]);
        let PlanError::Cycle { members } = dependencies_first(&sets.iter().collect()).unwrap_err()
        else {
            panic!("not a cycle");
        };
        let names: Vec<_> = members.iter().map(Address::as_str).collect();
        assert_eq!(names, ["B", "C"]);
    }
}
