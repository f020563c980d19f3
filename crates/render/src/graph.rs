//! Which resource depends on which, as text that other programs draw.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::desired::Desired;
use rstack_model::plan::Plan;
use rstack_model::{Address, ResourceType};

use crate::escape::Foreign;

/// The resources of a stack and what each depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    nodes: BTreeMap<Address, ResourceType>,
    edges: BTreeSet<(Address, Address)>,
}

impl Graph {
    /// The graph of these resources: name, type, and names of what it depends on. Dependencies on
    /// resources that are not among them are left out.
    pub fn new<'a>(
        resources: impl IntoIterator<Item = (&'a Address, &'a ResourceType, &'a BTreeSet<Address>)>,
    ) -> Self {
        let mut graph = Self::default();
        for (id, resource_type, dependencies) in resources {
            graph.nodes.insert(id.clone(), resource_type.clone());
            graph.edges.extend(dependencies.iter().map(|on| (id.clone(), on.clone())));
        }
        let nodes = &graph.nodes;
        graph.edges.retain(|(_, on)| nodes.contains_key(on));
        graph
    }

    /// The graph of what a template asks for.
    pub fn of_desired(desired: &Desired) -> Self {
        let resources = desired.resources.iter();
        Self::new(resources.map(|(id, r)| (id, &r.resource_type, &r.dependencies)))
    }

    /// The graph of what a plan leads to.
    pub fn of_plan(plan: &Plan) -> Self {
        Self::new(plan.changes.iter().filter_map(|(id, change)| {
            let desired = change.desired.as_ref()?;
            Some((id, &change.resource_type, &desired.dependencies))
        }))
    }

    /// For Graphviz. An arrow leads from a resource to what it depends on.
    pub fn dot(&self) -> String {
        let mut out = String::from("digraph stack {\n  rankdir = \"RL\";\n  node [shape = box];\n");
        for (id, resource_type) in &self.nodes {
            let (id, kind) = (Foreign(id.as_str()), Foreign(resource_type.as_str()));
            let (name, label, kind) = (id.dot_name(), id.dot_label(), kind.dot_label());
            out.push_str(&format!("  \"{name}\" [label = \"{label}\\n{kind}\"];\n"));
        }
        for (from, to) in &self.edges {
            let (from, to) = (Foreign(from.as_str()).dot_name(), Foreign(to.as_str()).dot_name());
            out.push_str(&format!("  \"{from}\" -> \"{to}\";\n"));
        }
        out.push_str("}\n");
        out
    }

    /// For Mermaid. An arrow leads from a resource to what it depends on.
    pub fn mermaid(&self) -> String {
        let mut out = String::from("flowchart RL\n");
        let numbers: BTreeMap<&Address, usize> = self.nodes.keys().zip(0..).collect();
        for ((id, resource_type), number) in self.nodes.iter().zip(0..) {
            let (id, kind) = (Foreign(id.as_str()), Foreign(resource_type.as_str()));
            let (id, kind) = (id.mermaid(), kind.mermaid());
            out.push_str(&format!("  n{number}[\"{id}<br/>{kind}\"]\n"));
        }
        for (from, to) in &self.edges {
            if let (Some(from), Some(to)) = (numbers.get(from), numbers.get(to)) {
                out.push_str(&format!("  n{from} --> n{to}\n"));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph() -> Graph {
        let (channel, endpoint) = (Address::from("Channel"), Address::from("End\"p<b>\n"));
        let (a, b) = (ResourceType::from("A::B::Channel"), ResourceType::from("A::B::Endpoint"));
        let none = BTreeSet::new();
        let some = BTreeSet::from([channel.clone(), Address::from("Elsewhere")]);
        Graph::new([(&endpoint, &b, &some), (&channel, &a, &none)])
    }

    #[test]
    fn dot_quotes_what_has_a_meaning_there() {
        let expected = r#"digraph stack {
  rankdir = "RL";
  node [shape = box];
  "Channel" [label = "Channel\nA::B::Channel"];
  "End\"p<b>\\n" [label = "End\"p<b>\\n\nA::B::Endpoint"];
  "End\"p<b>\\n" -> "Channel";
}
"#;
        assert_eq!(graph().dot(), expected);
    }

    #[test]
    fn mermaid_gets_numbers_for_names() {
        let expected = r#"flowchart RL
  n0["Channel<br/>A::B::Channel"]
  n1["End#34;p#60;b#62;#92;n<br/>A::B::Endpoint"]
  n1 --> n0
"#;
        assert_eq!(graph().mermaid(), expected);
    }
}
