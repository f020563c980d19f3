//! A fake of EC2: objects with IDs and tags, routes, attachments, associations and rules.
//!
//! It is deliberately strict: the objects that others stand in exist, names and places that are taken
//! are refused, and nothing is deleted that something else stands in or uses.

mod addresses;
mod dependents;
mod endpoints;
mod kinds;
mod network;
mod objects;
mod rules;
mod shape;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::kinds::{KINDS, of_create, of_delete, of_describe};
use super::account::{ACCOUNT, Account, Objects, Reply, refuse, text};
use crate::service_error::Refusal;
pub(super) use shape::{members, on_wire};

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    if let Some(kind) = of_create(operation) {
        return objects::create(account, kind, operation, input);
    }
    if let Some(answer) = network::defaults(account, operation, input) {
        return answer;
    }
    if let Some(kind) = of_describe(operation) {
        return objects::describe(account, kind, input);
    }
    if let Some(kind) = of_delete(operation) {
        return objects::delete(account, kind, input);
    }
    match operation {
        "CreateTags" | "DeleteTags" => objects::tag(account, operation, input),
        name if name.contains("SecurityGroup") => rules::carry_out(account, name, input),
        name if name.ends_with("NatGatewayAddress") || name.ends_with("Address") => {
            addresses::carry_out(account, name, input)
        }
        "ModifyVpcEndpoint" => endpoints::modify(account, input),
        name => network::carry_out(account, name, input),
    }
}

/// The IDs of all objects, by type: routes and attachments as CloudFormation refers to them.
pub(super) fn inventory(account: &Account) -> BTreeMap<&'static str, Vec<String>> {
    let mut out = BTreeMap::new();
    for (kind, objects) in &account.ec2 {
        let there = objects.iter().filter(|(_, object)| text(object, "State") != "deleted");
        let name = |(id, object): (&String, &Value)| match *kind {
            "AWS::EC2::EIP" => text(object, "PublicIp"),
            "AWS::EC2::SecurityGroup" if object["by name"] == true => text(object, "GroupName"),
            _ => id.clone(),
        };
        out.insert(*kind, there.map(name).collect());
    }
    out
}

/// The objects of a type.
fn all<'a>(account: &'a mut Account, kind: &'static str) -> &'a mut Objects {
    account.ec2.entry(kind).or_default()
}

/// An object that has to be there.
fn found<'a>(
    account: &'a mut Account,
    kind: &'static str,
    id: &str,
) -> Result<&'a mut Value, Refusal> {
    all(account, kind).get_mut(id).ok_or_else(|| missing(id))
}

fn missing(id: &str) -> Refusal {
    refuse(400, "InvalidID.NotFound", &format!("the ID '{id}' does not exist"))
}

fn in_use(id: &str) -> Refusal {
    refuse(400, "DependencyViolation", &format!("{id} has dependencies and cannot be deleted"))
}

/// The values of a filter.
fn filter<'a>(input: &'a Value, name: &str) -> Option<Vec<&'a str>> {
    let mut filters = input.get("Filters").or(input.get("Filter"))?.as_array()?.iter();
    let found = filters.find(|filter| filter["Name"] == name)?;
    found["Values"].as_array()?.iter().map(Value::as_str).collect()
}

/// Adds the tags of a specification to an object.
fn with_tags(mut object: Value, input: &Value) -> Value {
    object["Tags"] = input["TagSpecifications"][0]["Tags"].clone();
    if object["Tags"].is_null() {
        object["Tags"] = json!([]);
    }
    object
}

/// Texts of a list.
fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// The type names of objects with an ID.
fn with_ids() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.type_name)
}
