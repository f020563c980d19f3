//! More objects of a type in one template than AWS gives an account by default.

use std::collections::BTreeMap;

use rstack_catalog::{Quota, default_quota};
use rstack_model::desired::DesiredResource;
use rstack_model::{Address, Code, Diagnostic};

use super::expression::Evaluator;

/// A warning at the first object beyond a default quota.
pub(super) fn check(
    evaluator: &Evaluator<'_>,
    resources: &BTreeMap<Address, DesiredResource>,
) -> Vec<Diagnostic> {
    // What is counted, and in what: the addresses in the order of the source.
    let mut counted: BTreeMap<(&str, String), (Quota, Vec<&Address>)> = BTreeMap::new();
    let place = |address: &Address| {
        let declared = evaluator.declared(address);
        declared.map(|declared| declared.name_span)
    };
    let mut ordered: Vec<(&Address, &DesiredResource)> = resources.iter().collect();
    ordered.sort_by_key(|(address, _)| place(address));
    for (address, resource) in ordered {
        let resource_type = resource.resource_type.as_str();
        let Some(quota) = default_quota(resource_type) else { continue };
        let within = quota.within.iter().map(|name| {
            resource.properties.get(*name).map(ToString::to_string).unwrap_or_default()
        });
        let within = within.collect::<Vec<_>>().join("\u{0}");
        let entry = counted.entry((resource_type, within)).or_insert_with(|| (quota, Vec::new()));
        entry.1.push(address);
    }
    let found = counted.into_iter();
    found.filter_map(|((of, _), (quota, found))| warning(evaluator, (of, quota), &found)).collect()
}

fn warning(
    evaluator: &Evaluator<'_>,
    (resource_type, quota): (&str, Quota),
    found: &[&Address],
) -> Option<Diagnostic> {
    let (first, per, most) = (found.get(quota.most)?, quota.per, quota.most);
    let message = format!(
        "`{first}` is number {} of {} {resource_type} of one {per}: AWS gives {most} by default",
        most + 1,
        found.len()
    );
    let warning = Diagnostic::warning(Code::Quota, message);
    let warning = match evaluator.declared(first) {
        Some(declared) => warning.at(declared.name_span, ""),
        None => warning,
    };
    Some(warning.help(if quota.adjustable {
        "ask AWS for a higher quota before the apply, or make fewer"
    } else {
        "make fewer: AWS does not raise this quota"
    }))
}
