//! The permissions that a resource's properties give: its policy statements and managed policies.

use std::collections::BTreeSet;

use rstack_model::{Address, ResourceType, Value, ValueMap};

use crate::value::{as_document, raw_text};

/// One statement of a policy, as the cells of a table row; a cell has one entry a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Statement {
    pub(super) resource: Vec<String>,
    pub(super) effect: Vec<String>,
    pub(super) action: Vec<String>,
    pub(super) principal: Vec<String>,
    pub(super) condition: Vec<String>,
}

/// Whose properties are looked at.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    pub(super) address: &'a Address,
    pub(super) resource_type: &'a ResourceType,
}

/// The statements of every policy document among the properties, and of inline policies.
pub(super) fn statements(owner: Owner<'_>, properties: &ValueMap) -> BTreeSet<Statement> {
    let mut found = BTreeSet::new();
    let mut add = |document: &Value, holder: &[String]| {
        let tree = as_document(document);
        let statement = tree.as_ref().and_then(Value::as_map).and_then(|map| map.get("Statement"));
        let each = statement.map_or(&[][..], |value| {
            value.as_list().unwrap_or_else(|| std::slice::from_ref(value))
        });
        found.extend(each.iter().filter_map(|value| one(owner, value.as_map()?, holder)));
    };
    let holder = holder(owner, properties);
    for (name, value) in properties {
        let trust = name == "AssumeRolePolicyDocument";
        add(value, if trust { &[] } else { &holder });
        if name == "Policies" {
            let policies = value.as_list().unwrap_or_default().iter().filter_map(Value::as_map);
            policies
                .filter_map(|policy| policy.get("PolicyDocument"))
                .for_each(|document| add(document, &holder));
        }
    }
    found
}

/// The managed policies that the resource is given.
pub(super) fn managed_policies(properties: &ValueMap) -> BTreeSet<String> {
    let list = properties.get("ManagedPolicyArns").and_then(Value::as_list);
    list.unwrap_or_default().iter().map(bare_text).collect()
}

/// The principals of an identity policy of this resource; empty for resource policies,
/// whose statements name their principals.
fn holder(owner: Owner<'_>, properties: &ValueMap) -> Vec<String> {
    let id = owner.address;
    match owner.resource_type.as_str() {
        "AWS::IAM::Role" | "AWS::IAM::User" | "AWS::IAM::Group" => vec![format!("AWS:‹{id}›")],
        "AWS::IAM::Policy"
        | "AWS::IAM::ManagedPolicy"
        | "AWS::IAM::RolePolicy"
        | "AWS::IAM::UserPolicy"
        | "AWS::IAM::GroupPolicy" => {
            let names = ["Roles", "Users", "Groups", "RoleName", "UserName", "GroupName"];
            let values = names.iter().filter_map(|name| properties.get(*name));
            let holders: Vec<String> = values
                .flat_map(|value| texts(Some(value)))
                .map(|name| format!("AWS:{name}"))
                .collect();
            if holders.is_empty() { vec![format!("the holder of ‹{id}›")] } else { holders }
        }
        _ => Vec::new(),
    }
}

fn one(owner: Owner<'_>, statement: &ValueMap, holder: &[String]) -> Option<Statement> {
    let either = |name: &str, opposite: &str| {
        let mut entries = texts(statement.get(name));
        let not = texts(statement.get(opposite));
        entries.extend(not.into_iter().map(|entry| format!("all but {entry}")));
        entries
    };
    let mut resource = either("Resource", "NotResource");
    if resource.is_empty() {
        resource.push(match owner.resource_type.as_str() {
            "AWS::IAM::Role" => format!("‹{}.Arn›", owner.address),
            _ => format!("‹{}›", owner.address),
        });
    }
    let mut principal = principals(statement.get("Principal"), "");
    principal.extend(principals(statement.get("NotPrincipal"), "all but "));
    if principal.is_empty() {
        principal.extend(holder.iter().cloned());
    }
    Some(Statement {
        resource,
        effect: texts(Some(statement.get("Effect")?)),
        action: either("Action", "NotAction"),
        principal,
        condition: conditions(statement.get("Condition")),
    })
}

/// `Service:mediapackage.amazonaws.com`, one entry for each principal.
fn principals(value: Option<&Value>, prefix: &str) -> Vec<String> {
    match value {
        Some(Value::Map(map)) => map
            .iter()
            .flat_map(|(kind, value)| {
                let each = texts(Some(value)).into_iter();
                each.map(move |name| format!("{prefix}{kind}:{name}"))
            })
            .collect(),
        other => texts(other).into_iter().map(|name| format!("{prefix}{name}")).collect(),
    }
}

/// `StringEquals aws:SourceAccount 111122223333`, one entry for each test.
fn conditions(value: Option<&Value>) -> Vec<String> {
    let Some(Value::Map(operators)) = value else { return texts(value) };
    let mut out = Vec::new();
    for (operator, tests) in operators {
        let Value::Map(tests) = tests else {
            out.push(format!("{operator} {}", bare_text(tests)));
            continue;
        };
        for (key, wanted) in tests {
            out.push(format!("{operator} {key} {}", texts(Some(wanted)).join(" or ")));
        }
    }
    out
}

/// A value that is text or a list of texts, as a list.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        None => Vec::new(),
        Some(Value::List(list)) => list.iter().map(bare_text).collect(),
        Some(other) => vec![bare_text(other)],
    }
}

fn bare_text(value: &Value) -> String {
    raw_text(value).unwrap_or_else(|| value.to_string())
}
