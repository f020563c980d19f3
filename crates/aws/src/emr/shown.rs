//! A cluster as it is shown, in the vocabulary of templates.

use rstack_catalog::{Registry, TypeSchema};
use rstack_driver::{DriverError, ErrorKind, Object};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId, PropertyPath, UpdateKind};

use super::contents::{RULES, model};
use crate::iam::{arguments, tag_list, text_in, visible_tags};
use crate::mapping::{Mapper, holds, in_declared_order};

/// The passwords of Kerberos, which are never read.
const PASSWORDS: [&str; 3] =
    ["ADDomainJoinPassword", "CrossRealmTrustPrincipalPassword", "KdcAdminPassword"];

/// A cluster with what operations of their own show.
pub(super) struct Seen {
    /// The description.
    pub(super) members: KnownMap,
    /// `Instances` with the sizes that the cluster has.
    pub(super) instances: Option<KnownMap>,
    /// The policies that are declared.
    pub(super) policies: KnownMap,
}

fn schema() -> Result<std::sync::Arc<TypeSchema>, DriverError> {
    let problem = |problem: String| DriverError::new(ErrorKind::Unsupported, super::TYPE, problem);
    let found =
        Registry::embedded().get(super::TYPE).map_err(|error| problem(error.to_string()))?;
    found.ok_or_else(|| problem("the registry does not have the type".to_owned()))
}

/// The properties of a part of an answer that has a shape, within a property of the type.
///
/// # Errors
/// If the program's data are damaged.
pub(super) fn within(
    shape: &str,
    members: &KnownMap,
    property: Option<&str>,
) -> Result<KnownMap, DriverError> {
    let schema = schema()?;
    let node = match property {
        Some(property) => schema.property(schema.root(), property),
        None => Some(schema.root()),
    };
    let mapper = Mapper::new(model()?, shape, &RULES);
    Ok(node.map(|node| mapper.from_members(members, &schema, node)).unwrap_or_default())
}

/// The object of a cluster, of which these properties are declared.
///
/// # Errors
/// If the program's data are damaged, or the answer does not name the cluster.
pub(super) fn object(seen: &Seen, declared: &KnownMap) -> Result<Object, DriverError> {
    let schema = schema()?;
    let id = text_in(&seen.members, "Id").ok_or_else(|| {
        let message = "the answer does not hold `Id`";
        DriverError::new(ErrorKind::UnknownOutcome, "elasticmapreduce:DescribeCluster", message)
    })?;
    let mut shown = within("Cluster", &seen.members, None)?;
    let profile =
        seen.members.get("Ec2InstanceAttributes").and_then(|it| it.get("IamInstanceProfile"));
    shown.extend(profile.cloned().map(|profile| ("JobFlowRole".to_owned(), profile)));
    shown.extend(seen.policies.clone());
    // What no call can change on this cluster is as it was declared; the service writes some of it in
    // another form, or adds to it.
    for (name, given) in declared {
        let fixed = schema.update_kind(&PropertyPath::root().name(name)) == UpdateKind::Replaces;
        let shows = shown.get(name);
        let same = shows.is_some() && holds(given, shows, &[]);
        if fixed || same {
            shown.insert(name.clone(), given.clone());
        }
    }
    match &seen.instances {
        Some(instances) => shown.insert("Instances".to_owned(), instances.clone().into()),
        None => shown.remove("Instances"),
    };
    if let Some(KnownValue::Map(kerberos)) = shown.get_mut("KerberosAttributes") {
        kerberos.retain(|name, _| !PASSWORDS.contains(&name.as_str()));
    }
    shown.remove("AdditionalInfo");
    let tags = visible_tags(seen.members.get("Tags"));
    shown.remove("Tags");
    if !tags.is_empty() || declared.contains_key("Tags") {
        shown.insert("Tags".to_owned(), tag_list(&tags));
    }
    shown.retain(|name, _| schema.takes(&PropertyPath::root().name(name)));
    let properties = in_declared_order(shown, declared, &["Key"]);
    let mut attributes = arguments([("Id", id.into())]);
    let address = seen.members.get("MasterPublicDnsName").filter(|it| **it != KnownValue::Null);
    attributes.extend(address.cloned().map(|it| ("MasterPublicDNS".to_owned(), it)));
    let physical_id = PhysicalId::from(id);
    Ok(Object { identifier: Identifier::from(id), physical_id, properties, attributes })
}
