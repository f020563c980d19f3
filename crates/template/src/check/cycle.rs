//! Resources that depend on each other in a circle, with the place of each reference.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use petgraph::algo::kosaraju_scc;
use petgraph::graphmap::DiGraphMap;
use rstack_model::{Address, Code, Diagnostic, Span};

use crate::diagnostics::Diagnostics;
use crate::template::{Expression, ExpressionKind, SubPart, Template};

/// The number of references of a circle that are shown.
const SHOWN: usize = 10;

/// One error for each circle among these resources and their dependencies; true if there is one.
pub(crate) fn cycles(
    template: &Template,
    dependencies: &BTreeMap<Address, BTreeSet<Address>>,
    diagnostics: &mut Diagnostics,
) -> bool {
    let mut found = false;
    let mut graph: DiGraphMap<&str, ()> = DiGraphMap::new();
    for (id, targets) in dependencies {
        for target in targets {
            graph.add_edge(id.as_str(), target.as_str(), ());
        }
    }
    for component in kosaraju_scc(&graph) {
        let inside: BTreeSet<&str> = component.iter().copied().collect();
        let circular = inside.len() > 1 || inside.iter().any(|id| graph.contains_edge(id, id));
        let Some(first) = inside.first().filter(|_| circular) else { continue };
        found = true;
        let walk = circle(&graph, &inside, first);
        let mut text: Vec<String> = walk.iter().take(SHOWN).map(|id| format!("`{id}`")).collect();
        if let Some(more @ 1..) = walk.len().checked_sub(SHOWN) {
            text.push(format!("… ({more} more)"));
        }
        text.extend(text.first().cloned());
        let message = if walk.len() == 1 {
            format!("`{first}` depends on itself")
        } else {
            format!("resources depend on each other in a circle: {}", text.join(" → "))
        };
        let mut error = Diagnostic::error(Code::Cycle, message);
        for (from, to) in walk.iter().zip(walk.iter().cycle().skip(1)).take(SHOWN) {
            let message = format!("`{from}` needs `{to}`");
            error = error.at(edge_place(template, from, to), message);
        }
        let help = "take one of these references or `DependsOn` entries out of the circle";
        diagnostics.push(error.help(help));
    }
    found
}

/// A shortest-first walk from `first` back to itself inside of a strongly connected component.
fn circle<'a>(
    graph: &DiGraphMap<&'a str, ()>,
    inside: &BTreeSet<&'a str>,
    first: &'a str,
) -> Vec<&'a str> {
    let mut walk: Vec<&str> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut at = Some(first);
    while let Some(id) = at {
        if let Some(start) = places.insert(id, walk.len()) {
            walk.drain(..start);
            break;
        }
        walk.push(id);
        at = graph.neighbors(id).filter(|next| inside.contains(next)).min();
    }
    walk
}

/// Where one resource first names another.
fn edge_place(template: &Template, from: &str, to: &str) -> Span {
    let own = |address: &'_ str| address.rsplit('/').next().unwrap_or_default().to_owned();
    let (from, to) = (own(from), own(to));
    let (from, to) = (from.as_str(), to.as_str());
    let Some(resource) = template.resources.get(from) else { return Span::default() };
    let mut found = None;
    let mut look = |part: &Expression| {
        let span = match &part.kind {
            ExpressionKind::Ref(name) if name.value == to => Some(part.span),
            ExpressionKind::GetAtt { logical_id, .. } if logical_id.value == to => Some(part.span),
            ExpressionKind::Sub { parts, variables } => SubPart::names(parts, variables)
                .find(|name| name.value.split('.').next() == Some(to))
                .map(|name| name.span),
            _ => None,
        };
        found = found.or(span);
    };
    for expression in [&resource.properties, &resource.metadata].into_iter().flatten() {
        expression.visit(&mut look);
    }
    let declared = || resource.depends_on.iter().find(|d| d.value == to).map(|d| d.span);
    found.or_else(declared).unwrap_or(resource.name_span)
}
