//! Groups and fleets of instances: their sizes, which change in place, and those that come.
//!
//! A cluster has groups or fleets, never both. None of them can be taken away: those of task instances that are
//! declared no longer are left without instances. While a policy sets the size of a group, its declared size is
//! that of the beginning.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use super::contents::{PARTS, Part, members, tree};
use crate::api::Api;
use crate::iam::{arguments, text_in};

const SCALING: &str = "AutoScalingPolicy";
const RESIZING: &str = "ResizeSpecifications";
const MODIFY_FLEET: &str = "elasticmapreduce:ModifyInstanceFleet";

/// The most pages that are read of a list.
const MOST_PAGES: usize = 100;

/// The sizes that a part has: the property, and the member of a description that shows it.
const SIZES: [(&str, &str); 3] = [
    ("InstanceCount", "RequestedInstanceCount"),
    ("TargetOnDemandCapacity", "TargetOnDemandCapacity"),
    ("TargetSpotCapacity", "TargetSpotCapacity"),
];

/// The groups and fleets that a cluster has, by the member that lists them.
pub(super) async fn all(
    api: &dyn Api,
    id: &str,
    declared: &KnownMap,
) -> Result<Vec<KnownMap>, DriverError> {
    let is_declared = |fleets: bool| {
        PARTS.iter().any(|it| it.is_fleet == fleets && declared.contains_key(it.property))
    };
    let (list, items) = match (is_declared(true), is_declared(false)) {
        (true, _) => ("ListInstanceFleets", "InstanceFleets"),
        (false, true) => ("ListInstanceGroups", "InstanceGroups"),
        (false, false) => return Ok(Vec::new()),
    };
    let mut input = arguments([("ClusterId", id.into())]);
    let mut found = Vec::new();
    for _ in 0..MOST_PAGES {
        let answer = api.call(list, input.clone()).await?;
        let page = answer.get(items).and_then(KnownValue::as_list).unwrap_or_default();
        found.extend(page.iter().filter_map(KnownValue::as_map).cloned());
        match text_in(&answer, "Marker").filter(|at| !at.is_empty()) {
            Some(at) => input.insert("Marker".to_owned(), at.into()),
            None => break,
        };
    }
    Ok(found)
}

/// The described group or fleet of each declared one of a part: by name, else by the type of its instances,
/// else the next one.
fn paired<'a>(
    part: &Part,
    declared: &[(PropertyPath, &KnownMap)],
    found: &'a [KnownMap],
) -> (Vec<Option<&'a KnownMap>>, Vec<&'a KnownMap>) {
    let role = if part.is_fleet { "InstanceFleetType" } else { "InstanceGroupType" };
    let ended = |it: &KnownMap| {
        let state = it.get("Status").and_then(|status| status.get("State"));
        let state = state.and_then(KnownValue::as_str).unwrap_or_default();
        ["TERMINATED", "ENDED"].contains(&state)
    };
    let mut left: Vec<&KnownMap> =
        found.iter().filter(|it| text_in(it, role) == Some(part.role) && !ended(it)).collect();
    let mut take = |is: &dyn Fn(&KnownMap) -> bool| {
        let at = left.iter().position(|it| is(it))?;
        Some(left.remove(at))
    };
    let mut pairs: Vec<Option<&KnownMap>> = vec![None; declared.len()];
    for (pair, (_, one)) in pairs.iter_mut().zip(declared) {
        if let Some(name) = text_in(one, "Name") {
            *pair = take(&|it| text_in(it, "Name") == Some(name));
        }
    }
    for (pair, (_, one)) in pairs.iter_mut().zip(declared).filter(|(pair, _)| pair.is_none()) {
        let wanted = text_in(one, "InstanceType");
        // A name that another one has is not this one's.
        let named = text_in(one, "Name").is_some() && part.is_list;
        *pair = if named || wanted.is_none() && part.is_list && !part.is_fleet {
            None
        } else if part.is_list && !part.is_fleet {
            take(&|it| text_in(it, "InstanceType") == wanted)
        } else {
            take(&|_| true)
        };
    }
    (pairs, left)
}

/// True if a policy sets the sizes of the instances.
fn is_scaled(properties: &KnownMap, one: &KnownMap) -> bool {
    let says = |map: &KnownMap, name: &str| map.get(name).is_some_and(|it| *it != KnownValue::Null);
    says(properties, "ManagedScalingPolicy") || says(one, SCALING)
}

/// A number, which templates give also as text.
fn number(value: Option<&KnownValue>) -> Option<i64> {
    match value? {
        KnownValue::Number(number) => number.as_i64(),
        other => other.expose_str()?.trim().parse().ok(),
    }
}

/// The policy that scales a group, without what only descriptions have.
fn scaling(found: &KnownMap) -> Option<KnownMap> {
    let policy = found.get(SCALING).and_then(KnownValue::as_map)?;
    let state = policy.get("Status").and_then(|status| status.get("State"));
    let detached = ["DETACHED", "DETACHING"];
    if state.and_then(KnownValue::as_str).is_some_and(|state| detached.contains(&state)) {
        return None;
    }
    let kept = policy.iter().filter(|(name, _)| ["Constraints", "Rules"].contains(&name.as_str()));
    Some(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// True if a policy is as declared; the service fills in what rules leave out.
fn scales_so(found: Option<&KnownMap>, declared: &KnownValue) -> Result<bool, DriverError> {
    let Some(found) = found.and_then(scaling) else { return Ok(false) };
    let Some(declared) = declared.as_map() else { return Ok(false) };
    let place = PropertyPath::root().name("Instances").name(SCALING);
    let wanted = members(SCALING, declared, place, "elasticmapreduce:PutAutoScalingPolicy")?;
    Ok(crate::mapping::holds(&wanted.into(), Some(&found.into()), &[]))
}

/// `Instances` as the cluster has them: what can be changed is read, all else is as declared.
///
/// # Errors
/// If the program's data are damaged.
pub(super) fn shown(
    members: &KnownMap,
    found: &[KnownMap],
    properties: &KnownMap,
) -> Result<Option<KnownMap>, DriverError> {
    let Some(declared) = properties.get("Instances").and_then(KnownValue::as_map) else {
        return Ok(None);
    };
    let mut shown = declared.clone();
    for name in ["TerminationProtected", "UnhealthyNodeReplacement"] {
        if let (Some(given), Some(is)) = (declared.get(name), members.get(name))
            && given.expose_str().map(str::to_lowercase) != Some(boolean(is))
        {
            shown.insert(name.to_owned(), is.clone());
        }
    }
    for part in &PARTS {
        let all = part.declared(declared);
        let (pairs, _) = paired(part, &all, found);
        let mut made = Vec::new();
        for ((_, one), pair) in all.iter().zip(pairs) {
            let Some(pair) = pair else { continue };
            made.push(KnownValue::Map(sized(part, one, pair, properties)?));
        }
        match (part.is_list, declared.contains_key(part.property)) {
            (true, true) => {
                shown.insert(part.property.to_owned(), KnownValue::List(made));
            }
            (false, true) if !made.is_empty() => {
                shown.extend(made.pop().map(|one| (part.property.to_owned(), one)));
            }
            (_, _) => {}
        }
    }
    Ok(Some(shown))
}

/// A boolean as text.
fn boolean(value: &KnownValue) -> String {
    match value {
        KnownValue::Bool(value) => value.to_string(),
        other => other.expose_str().unwrap_or_default().to_lowercase(),
    }
}

/// A declared group or fleet with the sizes and the policy that it has.
fn sized(
    part: &Part,
    one: &KnownMap,
    found: &KnownMap,
    properties: &KnownMap,
) -> Result<KnownMap, DriverError> {
    let mut shown = one.clone();
    for (property, member) in SIZES {
        let (given, is) = (number(one.get(property)), number(found.get(member)));
        if given.is_some() && given != is && !is_scaled(properties, one) {
            shown.remove(property);
            shown.extend(is.map(|is| (property.to_owned(), is.into())));
        }
    }
    if let Some(declared) = one.get(SCALING)
        && !scales_so(Some(found), declared)?
    {
        shown.remove(SCALING);
        let there = scaling(found).map(|policy| (SCALING.to_owned(), policy.into()));
        shown.extend(there);
    }
    if let (true, Some(declared)) = (part.is_fleet, one.get(RESIZING).and_then(KnownValue::as_map))
    {
        let is = tree(found, RESIZING);
        let place = PropertyPath::root().name("Instances").name(RESIZING);
        let wanted = members("InstanceFleetResizingSpecifications", declared, place, MODIFY_FLEET)?;
        if !crate::mapping::holds(&wanted.into(), Some(&is.clone().into()), &[]) {
            shown.insert(RESIZING.to_owned(), is.into());
        }
    }
    Ok(shown)
}

/// Gives the groups and fleets of a cluster the declared sizes and policies, and adds those that it lacks. True
/// if there was a call.
///
/// # Errors
/// If a call fails.
pub(super) async fn change(
    api: &dyn Api,
    id: &str,
    found: &[KnownMap],
    (prior, properties): (&KnownMap, &KnownMap),
) -> Result<bool, DriverError> {
    let (declared, before) = (tree(properties, "Instances"), tree(prior, "Instances"));
    let mut changed = false;
    for part in &PARTS {
        let all = part.declared(&declared);
        let earlier = part.declared(&before);
        if all.is_empty() && earlier.is_empty() {
            continue;
        }
        let (pairs, surplus) = paired(part, &all, found);
        for ((place, one), pair) in all.iter().zip(pairs) {
            changed |= match pair {
                Some(pair) => {
                    let previous = earlier.iter().find(|(at, _)| at == place).map(|(_, it)| *it);
                    resize(api, id, part, (place, one, previous), pair, properties).await?
                }
                None if part.is_list => {
                    add(api, id, part, place, one).await?;
                    true
                }
                None => false,
            };
        }
        if part.is_list {
            for other in surplus {
                changed |= empty(api, id, part, other).await?;
            }
        }
    }
    Ok(changed)
}

/// Adds a group or a fleet.
async fn add(
    api: &dyn Api,
    id: &str,
    part: &Part,
    place: &PropertyPath,
    one: &KnownMap,
) -> Result<(), DriverError> {
    if part.is_fleet {
        let one = part.members(place.clone(), one, "elasticmapreduce:AddInstanceFleet")?;
        let input = arguments([("ClusterId", id.into()), ("InstanceFleet", one.into())]);
        return api.call("AddInstanceFleet", input).await.map(drop);
    }
    let one = part.members(place.clone(), one, "elasticmapreduce:AddInstanceGroups")?;
    let groups = KnownValue::List(vec![one.into()]);
    let input = arguments([("JobFlowId", id.into()), ("InstanceGroups", groups)]);
    api.call("AddInstanceGroups", input).await.map(drop)
}

/// Gives a group or a fleet the declared sizes and the declared policy.
async fn resize(
    api: &dyn Api,
    id: &str,
    part: &Part,
    (place, one, previous): (&PropertyPath, &KnownMap, Option<&KnownMap>),
    found: &KnownMap,
    properties: &KnownMap,
) -> Result<bool, DriverError> {
    let mut sizes = KnownMap::new();
    let mut differs = false;
    for (property, member) in SIZES {
        let Some(wanted) = number(one.get(property)) else { continue };
        let was = previous.and_then(|it| number(it.get(property)));
        // The size of the beginning is no size to go back to.
        let by_policy = is_scaled(properties, one) && was == Some(wanted);
        differs |= number(found.get(member)) != Some(wanted) && !by_policy;
        sizes.insert(property.to_owned(), wanted.into());
    }
    let mut changed = false;
    if part.is_fleet {
        let resizing = one.get(RESIZING).and_then(KnownValue::as_map);
        if let Some(declared) = resizing {
            let place = place.name(RESIZING);
            let shape = "InstanceFleetResizingSpecifications";
            let wanted = KnownValue::from(members(shape, declared, place, MODIFY_FLEET)?);
            differs |= !crate::mapping::holds(&wanted, found.get(RESIZING), &[]);
            sizes.insert(RESIZING.to_owned(), wanted);
        }
        if differs {
            sizes.extend(found.get("Id").map(|id| ("InstanceFleetId".to_owned(), id.clone())));
            let input = arguments([("ClusterId", id.into()), ("InstanceFleet", sizes.into())]);
            api.call("ModifyInstanceFleet", input).await?;
            changed = true;
        }
        return Ok(changed);
    }
    if differs {
        sizes.extend(found.get("Id").map(|id| ("InstanceGroupId".to_owned(), id.clone())));
        modify_group(api, id, sizes).await?;
        changed = true;
    }
    let group = found.get("Id").cloned().unwrap_or(KnownValue::Null);
    let named = || arguments([("ClusterId", id.into()), ("InstanceGroupId", group.clone())]);
    match one.get(SCALING).filter(|policy| **policy != KnownValue::Null) {
        Some(policy) if !scales_so(Some(found), policy)? => {
            let action = "elasticmapreduce:PutAutoScalingPolicy";
            let policy = policy.as_map().cloned().unwrap_or_default();
            let policy = members(SCALING, &policy, place.name(SCALING), action)?;
            let mut input = named();
            input.insert(SCALING.to_owned(), policy.into());
            api.call("PutAutoScalingPolicy", input).await?;
            changed = true;
        }
        None if previous.is_some_and(|it| it.contains_key(SCALING)) && scaling(found).is_some() => {
            api.call("RemoveAutoScalingPolicy", named()).await?;
            changed = true;
        }
        Some(_) | None => {}
    }
    Ok(changed)
}

async fn modify_group(api: &dyn Api, id: &str, group: KnownMap) -> Result<(), DriverError> {
    let groups = KnownValue::List(vec![group.into()]);
    let input = arguments([("ClusterId", id.into()), ("InstanceGroups", groups)]);
    api.call("ModifyInstanceGroups", input).await.map(drop)
}

/// Leaves a group or a fleet of task instances without instances: it cannot be taken away.
async fn empty(
    api: &dyn Api,
    id: &str,
    part: &Part,
    found: &KnownMap,
) -> Result<bool, DriverError> {
    let sized = SIZES.iter().filter(|(_, member)| number(found.get(*member)).unwrap_or(0) > 0);
    if sized.count() == 0 {
        return Ok(false);
    }
    let own = found.get("Id").cloned().unwrap_or(KnownValue::Null);
    if part.is_fleet {
        let none = KnownValue::from(0);
        let fleet = arguments([
            ("InstanceFleetId", own),
            ("TargetOnDemandCapacity", none.clone()),
            ("TargetSpotCapacity", none),
        ]);
        let input = arguments([("ClusterId", id.into()), ("InstanceFleet", fleet.into())]);
        api.call("ModifyInstanceFleet", input).await?;
        return Ok(true);
    }
    let group = arguments([("InstanceGroupId", own), ("InstanceCount", 0.into())]);
    modify_group(api, id, group).await?;
    Ok(true)
}
