//! Clusters of EMR: each call that creates makes one. A cluster needs two questions to run, and one to be
//! terminated; a terminated one is described and no object any more. A page of a list has one cluster.

use serde_json::{Value, json};

use super::account::{Account, Reply, list, refuse, set_tags, text, unset_tags};

const TYPE: &str = "AWS::EMR::Cluster";
/// Members that operations of their own show.
const APART: [&str; 4] = ["groups", "fleets", "ManagedScalingPolicy", "AutoTerminationPolicy"];

fn invalid(message: &str) -> crate::service_error::Refusal {
    refuse(400, "InvalidRequestException", message)
}

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    match operation {
        "RunJobFlow" => return Ok(create(account, input)),
        "ListClusters" => return Ok(listed(account, input)),
        _ => {}
    }
    let ids = list(input.get("JobFlowIds"));
    let id = ids.get(0).and_then(Value::as_str).map(str::to_owned).unwrap_or_else(|| {
        ["ClusterId", "JobFlowId", "ResourceId"].map(|member| text(input, member)).concat()
    });
    if operation == "DescribeCluster" {
        return describe(account, &id);
    }
    let new = account.id("ig-");
    let clusters = account.data.entry(TYPE).or_default();
    let missing = || invalid(&format!("Cluster id '{id}' is not valid."));
    let cluster = clusters.get_mut(&id).ok_or_else(missing)?;
    match operation {
        "TerminateJobFlows" => {
            if cluster["TerminationProtected"] == true {
                return Err(refuse(400, "ValidationException", "it is protected"));
            }
            cluster["Status"]["State"] = "TERMINATING".into();
        }
        "ModifyCluster" => cluster["StepConcurrencyLevel"] = input["StepConcurrencyLevel"].clone(),
        "SetVisibleToAllUsers" | "SetTerminationProtection" | "SetUnhealthyNodeReplacement" => {
            for (name, value) in input.as_object().unwrap().iter().filter(|it| it.0 != "JobFlowIds")
            {
                cluster[name] = value.clone();
            }
        }
        "AddTags" => set_tags(&mut cluster["Tags"], &input["Tags"]),
        "RemoveTags" => unset_tags(&mut cluster["Tags"], &input["TagKeys"]),
        "ListInstanceGroups" => return Ok(json!({"InstanceGroups": cluster["groups"]})),
        "ListInstanceFleets" => return Ok(json!({"InstanceFleets": cluster["fleets"]})),
        "GetManagedScalingPolicy" | "GetAutoTerminationPolicy" => {
            let name = operation.trim_start_matches("Get");
            let policy = cluster.get(name).filter(|policy| !policy.is_null());
            return Ok(policy.map_or(json!({}), |policy| json!({name: policy})));
        }
        "PutManagedScalingPolicy" | "PutAutoTerminationPolicy" => {
            let name = operation.trim_start_matches("Put");
            cluster[name] = input[name].clone();
        }
        "RemoveManagedScalingPolicy" | "RemoveAutoTerminationPolicy" => {
            cluster[operation.trim_start_matches("Remove")] = Value::Null;
        }
        "ModifyInstanceGroups" => {
            for change in input["InstanceGroups"].as_array().unwrap() {
                let group = part(cluster, "groups", &change["InstanceGroupId"])?;
                group["RequestedInstanceCount"] = change["InstanceCount"].clone();
            }
        }
        "PutAutoScalingPolicy" => {
            let group = part(cluster, "groups", &input["InstanceGroupId"])?;
            group["AutoScalingPolicy"] = input["AutoScalingPolicy"].clone();
            group["AutoScalingPolicy"]["Status"] = json!({"State": "ATTACHED"});
        }
        "RemoveAutoScalingPolicy" => {
            let group = part(cluster, "groups", &input["InstanceGroupId"])?;
            group["AutoScalingPolicy"] = Value::Null;
        }
        "ModifyInstanceFleet" => {
            let change = input["InstanceFleet"].as_object().unwrap();
            let fleet = part(cluster, "fleets", &change["InstanceFleetId"])?;
            for (name, value) in change.iter().filter(|(name, _)| *name != "InstanceFleetId") {
                fleet[name] = value.clone();
            }
        }
        "AddInstanceGroups" => {
            let group = group(&input["InstanceGroups"][0], &new);
            cluster["groups"].as_array_mut().unwrap().push(group);
            account.note("instance groups", &new);
        }
        "AddInstanceFleet" => {
            let fleet = fleet(&input["InstanceFleet"], &new);
            cluster["fleets"].as_array_mut().unwrap().push(fleet);
            account.note("instance groups", &new);
        }
        _ => panic!("elasticmapreduce:{operation}"),
    }
    Ok(json!({}))
}

fn part<'a>(
    cluster: &'a mut Value,
    kind: &str,
    id: &Value,
) -> Result<&'a mut Value, crate::service_error::Refusal> {
    let mut all = cluster[kind].as_array_mut().unwrap().iter_mut();
    all.find(|part| part["Id"] == *id).ok_or_else(|| invalid("there is no such instance group"))
}

fn group(given: &Value, id: &str) -> Value {
    let mut group = given.clone();
    let members = group.as_object_mut().unwrap();
    let count = members.remove("InstanceCount").unwrap();
    let role = members.remove("InstanceRole").unwrap();
    group["Id"] = id.into();
    group["RequestedInstanceCount"] = count;
    group["InstanceGroupType"] = role;
    group["Status"] = json!({"State": "RUNNING"});
    if group["AutoScalingPolicy"].is_object() {
        group["AutoScalingPolicy"]["Status"] = json!({"State": "ATTACHED"});
    }
    group
}

fn fleet(given: &Value, id: &str) -> Value {
    let mut fleet = given.clone();
    fleet["Id"] = id.into();
    fleet["Status"] = json!({"State": "RUNNING"});
    fleet
}

fn create(account: &mut Account, input: &Value) -> Value {
    let id = account.id("j-");
    let mut cluster = input.clone();
    let members = cluster.as_object_mut().unwrap();
    let instances = members.remove("Instances").unwrap();
    let profile = members.remove("JobFlowRole");
    for name in ["AdditionalInfo", "BootstrapActions", "Steps"] {
        members.remove(name);
    }
    if let Some(groups) = members.remove("PlacementGroupConfigs") {
        members.insert("PlacementGroups".to_owned(), groups);
    }
    if let Some(kerberos) = members.get_mut("KerberosAttributes") {
        kerberos.as_object_mut().unwrap().retain(|name, _| !name.ends_with("Password"));
    }
    let mut made = |kind: &str, make: fn(&Value, &str) -> Value| {
        let parts = list(instances.get(kind));
        let parts = parts.as_array().unwrap().iter().map(|part| make(part, &account.id("ig-")));
        parts.collect::<Value>()
    };
    let (groups, fleets) = (made("InstanceGroups", group), made("InstanceFleets", fleet));
    for (name, value) in [
        ("Id", json!(id)),
        ("Status", json!({"State": "STARTING"})),
        ("Tags", list(input.get("Tags"))),
        ("groups", groups),
        ("fleets", fleets),
        ("Ec2InstanceAttributes", json!({"IamInstanceProfile": profile})),
        ("TerminationProtected", json!(instances["TerminationProtected"] == true)),
        ("UnhealthyNodeReplacement", json!(instances["UnhealthyNodeReplacement"] == true)),
    ] {
        cluster[name] = value;
    }
    // As the service writes it.
    if let Some(place) = cluster["LogUri"].as_str() {
        cluster["LogUri"] = format!("{}/", place.replace("s3://", "s3n://")).into();
    }
    if cluster["StepConcurrencyLevel"].is_null() {
        cluster["StepConcurrencyLevel"] = json!(1);
    }
    account.note(TYPE, &id);
    account.data.entry(TYPE).or_default().insert(id.clone(), cluster);
    json!({"JobFlowId": id})
}

fn describe(account: &mut Account, id: &str) -> Reply {
    if let Some(ended) = account.terminated.get(id) {
        return Ok(json!({"Cluster": ended}));
    }
    let clusters = account.data.entry(TYPE).or_default();
    let missing = || invalid(&format!("Cluster id '{id}' is not valid."));
    let cluster = clusters.get_mut(id).ok_or_else(missing)?;
    let mut shown = cluster.clone();
    shown
        .as_object_mut()
        .unwrap()
        .retain(|name, value| !APART.contains(&name.as_str()) && !value.is_null());
    // Time goes on with every question.
    let next = match cluster["Status"]["State"].as_str().unwrap() {
        "STARTING" => "BOOTSTRAPPING",
        "BOOTSTRAPPING" => "WAITING",
        "TERMINATING" => "TERMINATED",
        _ => "WAITING",
    };
    if next == "WAITING" {
        cluster["MasterPublicDnsName"] = "ec2-198-51-100-1.compute.amazonaws.com".into();
    }
    cluster["Status"]["State"] = next.into();
    if next == "TERMINATED" {
        let mut ended = shown.clone();
        ended["Status"]["State"] = next.into();
        clusters.remove(id);
        account.terminated.insert(id.to_owned(), ended);
    }
    Ok(json!({"Cluster": shown}))
}

fn listed(account: &Account, input: &Value) -> Value {
    let states = list(input.get("ClusterStates"));
    let clusters = account.data.get(TYPE).into_iter().flatten();
    let wanted = |cluster: &Value| states.as_array().unwrap().contains(&cluster["Status"]["State"]);
    let after = text(input, "Marker");
    let mut rest = clusters.filter(|(id, cluster)| **id > after && wanted(cluster));
    let Some((id, cluster)) = rest.next() else { return json!({"Clusters": []}) };
    let summary = json!({"Id": id, "Name": cluster["Name"], "Status": cluster["Status"]});
    let mut page = json!({"Clusters": [summary]});
    if rest.next().is_some() {
        page["Marker"] = id.as_str().into();
    }
    page
}
