//! Route 53: record sets of zones whose IDs do not begin with `ZGONE`, and changes that take a while.

use serde_json::{Value, json};

use super::account::{Account, Reply, list, refuse, text};

/// A name as it is shown: in lower case, with escapes and a trailing dot.
fn shown(name: &str) -> String {
    let name = name.trim_end_matches('.').to_lowercase().replace('*', "\\052");
    format!("{name}.")
}

/// A record set as it is shown.
fn kept(set: &Value) -> Value {
    let mut set = set.clone();
    set["Name"] = shown(&text(&set, "Name")).into();
    if let Some(alias) = set.get_mut("AliasTarget") {
        alias["DNSName"] = shown(&text(alias, "DNSName")).into();
    }
    set
}

fn key(zone: &str, set: &Value) -> String {
    let (name, kind) = (shown(&text(set, "Name")), text(set, "Type"));
    // Names are listed from their end.
    let labels: Vec<&str> = name.trim_end_matches('.').rsplit('.').collect();
    format!("{zone}|{}|{kind}|{}", labels.join("."), text(set, "SetIdentifier"))
}

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let zone = text(input, "HostedZoneId");
    if zone.starts_with("ZGONE") {
        return Err(refuse(404, "NoSuchHostedZone", "No hosted zone found with that ID"));
    }
    match operation {
        "ListHostedZonesByName" => {
            let all = [("Z1", "example.com."), ("Z2", "twice.example."), ("Z3", "twice.example.")];
            let all = all.iter().filter(|(_, name)| *name >= text(input, "DNSName").as_str());
            let zones: Vec<Value> = all
                .take(2)
                .map(|(id, name)| {
                    json!({"Id": format!("/hostedzone/{id}"), "Name": name, "CallerReference": "c"})
                })
                .collect();
            Ok(json!({"HostedZones": zones, "IsTruncated": false, "MaxItems": "2"}))
        }
        "ListResourceRecordSets" => Ok(listed(account, &zone, input)),
        "GetChange" => {
            let id = text(input, "Id");
            let Some(asked) = account.changes.get_mut(&id) else {
                return Err(refuse(404, "NoSuchChange", "there is no such change"));
            };
            let status = if asked.is_null() { "PENDING" } else { "INSYNC" };
            *asked = 1.into();
            Ok(info(&id, status))
        }
        "ChangeResourceRecordSets" => change(account, &zone, input),
        other => panic!("route53:{other}"),
    }
}

fn info(id: &str, status: &str) -> Value {
    let at = "2026-01-02T03:04:05Z";
    json!({"ChangeInfo": {"Id": format!("/change/{id}"), "Status": status, "SubmittedAt": at}})
}

/// Two a page.
fn listed(account: &Account, zone: &str, input: &Value) -> Value {
    let start = json!({
        "Name": text(input, "StartRecordName"), "Type": text(input, "StartRecordType"),
        "SetIdentifier": text(input, "StartRecordIdentifier"),
    });
    let start =
        if text(&start, "Name").is_empty() { format!("{zone}|") } else { key(zone, &start) };
    let of_zone = |key: &&String| key.starts_with(&format!("{zone}|"));
    let mut left =
        account.records.range(start..).filter(|(key, _)| of_zone(key)).map(|(_, set)| set);
    let page: Vec<&Value> = left.by_ref().take(2).collect();
    let next = left.next();
    let mut answer =
        json!({"ResourceRecordSets": page, "IsTruncated": next.is_some(), "MaxItems": "2"});
    if let Some(next) = next {
        for (member, from) in [
            ("NextRecordName", "Name"),
            ("NextRecordType", "Type"),
            ("NextRecordIdentifier", "SetIdentifier"),
        ] {
            if let Some(value) = next.get(from) {
                answer[member] = value.clone();
            }
        }
    }
    answer
}

fn change(account: &mut Account, zone: &str, input: &Value) -> Reply {
    let invalid = |problem: &str, set: &Value| {
        let (name, kind) = (shown(&text(set, "Name")), text(set, "Type"));
        let message =
            format!("Tried to create resource record set [name='{name}', type='{kind}'] {problem}");
        Err(refuse(400, "InvalidChangeBatch", &message))
    };
    let mut records = account.records.clone();
    let mut made = Vec::new();
    for change in list(input["ChangeBatch"].get("Changes")).as_array().unwrap() {
        let set = kept(&change["ResourceRecordSet"]);
        let key = key(zone, &set);
        // A name with an alias of its own has no other type.
        let exists = records.get(&key).cloned();
        match change["Action"].as_str().unwrap() {
            "DELETE" if exists.as_ref() == Some(&set) => {
                records.remove(&key);
                continue;
            }
            "DELETE" => return invalid("but it was not found", &set),
            "CREATE" if exists.is_some() => return invalid("but it already exists", &set),
            _ => {}
        }
        if exists.is_none() {
            made.push(key.clone());
        }
        records.insert(key, set);
    }
    account.records = records;
    made.iter().for_each(|key| account.note("record", key));
    let id = account.id("C");
    account.changes.insert(id.clone(), Value::Null);
    Ok(info(&id, "PENDING"))
}
