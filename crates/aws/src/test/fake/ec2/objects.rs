//! Objects with an ID and tags: made, described, tagged and deleted.

use serde_json::{Value, json};

use super::kinds::Kind;
use super::{
    Account, Reply, addresses, all, dependents, endpoints, found, in_use, missing, network, refuse,
    rules, text, texts, with_ids, with_tags,
};

/// The member that holds the token of the request that made an object.
const TOKEN: &str = "request token";

/// Makes an object. It needs a question to become stable, if it has states.
pub(super) fn create(
    account: &mut Account,
    kind: &'static Kind,
    operation: &str,
    input: &Value,
) -> Reply {
    let token = input["ClientToken"].clone();
    let same = |object: &&Value| !token.is_null() && object[TOKEN] == token;
    if let Some(object) = all(account, kind.type_name).values().find(same).cloned() {
        return Ok(answer(kind, &object));
    }
    for (member, other) in kind.within {
        if let Some(id) = input[*member].as_str() {
            found(account, other, id)?;
        }
    }
    let number = account.next();
    let id = format!("{}-{number:017x}", kind.prefix);
    let mut object = with_tags(input.clone(), input);
    object["ClientToken"] = Value::Null;
    object[TOKEN] = token;
    object[kind.id] = id.as_str().into();
    if let Some(state) = kind.state {
        object["State"] = state.into();
    }
    match kind.type_name {
        "AWS::EC2::VPC" => network::new_vpc(&mut object),
        "AWS::EC2::Subnet" => network::new_subnet(&mut object),
        "AWS::EC2::RouteTable" => network::new_table(&mut object),
        "AWS::EC2::SecurityGroup" => rules::new_group(account, &mut object)?,
        "AWS::EC2::EIP" => addresses::new_address(&mut object, number),
        "AWS::EC2::NatGateway" => addresses::new_gateway(account, &mut object)?,
        "AWS::EC2::VPCEndpoint" => endpoints::new_endpoint(&mut object),
        _ => {}
    }
    account.note(kind.type_name, &id);
    all(account, kind.type_name).insert(id, object.clone());
    if operation == "AcceptAddressTransfer" {
        return Ok(json!({"AddressTransfer": object}));
    }
    Ok(answer(kind, &object))
}

fn answer(kind: &Kind, object: &Value) -> Value {
    match kind.answer {
        Some(member) => json!({member: object}),
        None => object.clone(),
    }
}

/// Describes the objects that IDs or filters select.
pub(super) fn describe(account: &mut Account, kind: &'static Kind, input: &Value) -> Reply {
    let (ids, names) = (texts(&input[kind.ids]), texts(&input["GroupNames"]));
    for id in &ids {
        found(account, kind.type_name, id)?;
    }
    let wanted = |account: &Account, object: &Value| {
        let id = text(object, kind.id);
        let by_tag = input["Filters"].as_array().or(input["Filter"].as_array());
        let tagged = by_tag.into_iter().flatten().all(|filter| {
            let Some(key) = filter["Name"].as_str().unwrap().strip_prefix("tag:") else {
                return true;
            };
            let mut tags = object["Tags"].as_array().into_iter().flatten();
            tags.any(|tag| tag["Key"] == key && tag["Value"] == filter["Values"][0])
        });
        (ids.is_empty() || ids.contains(&id))
            && (names.is_empty() || names.contains(&text(object, "GroupName")))
            && tagged
            && network::selects(account, input, object)
    };
    let chosen: Vec<String> = {
        let objects = account.ec2.get(kind.type_name).into_iter().flatten();
        objects.filter(|(_, it)| wanted(account, it)).map(|(id, _)| id.clone()).collect()
    };
    if chosen.is_empty() && !names.is_empty() {
        return Err(missing(&names[0]));
    }
    let mut shown = Vec::new();
    for id in chosen {
        let seen = seen(account, kind, &id);
        shown.push(seen);
    }
    Ok(json!({kind.items: shown}))
}

/// An object as it is shown; afterwards what was under way has happened.
fn seen(account: &mut Account, kind: &'static Kind, id: &str) -> Value {
    let mut shown = account.ec2[kind.type_name][id].clone();
    match kind.type_name {
        "AWS::EC2::SecurityGroup" => rules::show(account, &mut shown),
        "AWS::EC2::RouteTable" => network::show_table(account, &mut shown),
        "AWS::EC2::InternetGateway" => network::show_gateway(account, &mut shown),
        "AWS::EC2::EIP" => addresses::show_address(account, &mut shown),
        _ => {}
    }
    let object = all(account, kind.type_name).get_mut(id).unwrap();
    match text(object, "State").as_str() {
        "pending" => object["State"] = "available".into(),
        "deleting" => object["State"] = "deleted".into(),
        _ => {}
    }
    addresses::pass(object);
    network::pass(object);
    shown
}

/// Deletes an object, unless something needs it.
pub(super) fn delete(account: &mut Account, kind: &'static Kind, input: &Value) -> Reply {
    let id = match input["VpcEndpointIds"][0].as_str() {
        Some(id) => id.to_owned(),
        None => text(input, kind.id),
    };
    found(account, kind.type_name, &id)?;
    if dependents::of(account, kind.type_name, &id).next().is_some() {
        return Err(match kind.type_name {
            "AWS::EC2::EIP" => refuse(400, "InvalidIPAddress.InUse", "it is in use"),
            _ => in_use(&id),
        });
    }
    if ["AWS::EC2::NatGateway", "AWS::EC2::VPCEndpoint"].contains(&kind.type_name) {
        found(account, kind.type_name, &id)?["State"] = "deleting".into();
    } else {
        all(account, kind.type_name).remove(&id);
        dependents::forget(account, &id);
    }
    Ok(json!({}))
}

/// Sets and removes tags.
pub(super) fn tag(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let id = text(&json!({"id": input["Resources"][0]}), "id");
    let kind = with_ids().find(|kind| account.ec2.get(kind).is_some_and(|it| it.contains_key(&id)));
    let object = found(account, kind.ok_or_else(|| missing(&id))?, &id)?;
    if object["Tags"].is_null() {
        object["Tags"] = json!([]);
    }
    let held = object["Tags"].as_array_mut().unwrap();
    for tag in input["Tags"].as_array().unwrap() {
        held.retain(|other| other["Key"] != tag["Key"]);
        if operation == "CreateTags" {
            held.push(tag.clone());
        }
    }
    Ok(json!({}))
}
