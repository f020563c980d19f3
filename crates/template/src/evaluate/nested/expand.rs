//! Putting the resources of nested stacks among those of their parent, in the order of CloudFormation.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rstack_model::Address;
use rstack_model::desired::DesiredResource;

use super::NestedStack;

/// The resources of a template and of its nested stacks. A dependency on a nested stack becomes one on
/// those of its resources that no other of them needs; those that need no other of them wait for what the
/// nested stack needs. There is no circle among `resources` and `nested`.
pub(in super::super) fn expand(
    mut resources: BTreeMap<Address, DesiredResource>,
    nested: &BTreeMap<Address, Rc<NestedStack>>,
) -> BTreeMap<Address, DesiredResource> {
    if nested.is_empty() {
        return resources;
    }
    let ends: BTreeMap<&Address, BTreeSet<Address>> =
        nested.iter().map(|(address, stack)| (address, ends(stack))).collect();
    let met = |needs: &BTreeSet<Address>| -> BTreeSet<Address> {
        let mut out = BTreeSet::new();
        let mut seen: BTreeSet<&Address> = BTreeSet::new();
        let mut open: Vec<&Address> = needs.iter().collect();
        while let Some(next) = open.pop() {
            match (nested.get(next), ends.get(next)) {
                _ if !seen.insert(next) => {}
                // A stack without resources is there when what it needs is there.
                (Some(stack), Some(ends)) if ends.is_empty() => open.extend(&stack.needs),
                (Some(_), Some(ends)) => out.extend(ends.iter().cloned()),
                _ => {
                    out.insert(next.clone());
                }
            }
        }
        out
    };
    let inside = nested.values().flat_map(|stack| stack.resources.keys());
    let known: BTreeSet<Address> = resources.keys().chain(inside).cloned().collect();
    for resource in resources.values_mut() {
        resource.dependencies = met(&resource.dependencies);
        name_directly(resource, &known);
    }
    for stack in nested.values() {
        let needs = met(&stack.needs);
        for (address, resource) in &stack.resources {
            let mut resource = resource.clone();
            if !resource.dependencies.iter().any(|other| stack.resources.contains_key(other)) {
                resource.dependencies.extend(needs.iter().cloned());
            }
            name_directly(&mut resource, &known);
            resources.insert(address.clone(), resource);
        }
    }
    resources
}

/// The resources of a nested stack that no other of them needs.
fn ends(stack: &NestedStack) -> BTreeSet<Address> {
    let needed: BTreeSet<&Address> =
        stack.resources.values().flat_map(|resource| &resource.dependencies).collect();
    stack.resources.keys().filter(|address| !needed.contains(address)).cloned().collect()
}

/// Adds the resources that a resource names in its properties, through parameters and outputs too. Values
/// may also name what is in no template: the outputs of another stack, a resource further out.
fn name_directly(resource: &mut DesiredResource, known: &BTreeSet<Address>) {
    let mut named = BTreeSet::new();
    for value in resource.properties.values() {
        value.visit_attributes(&mut |reference| {
            if known.contains(&reference.address) {
                named.insert(reference.address.clone());
            }
        });
    }
    resource.dependencies.extend(named);
}
