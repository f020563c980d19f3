//! `AWS::Elasticsearch::Domain`.
//!
//! A domain takes one change at a time: its configuration first, then another version of Elasticsearch, by an
//! operation of its own. What a change of the configuration does not say stays as it is, so that what is
//! declared no longer is said with its default.
//!
//! The service may answer a creation with the domain that has the name already: a domain is created after it is
//! durable that there was none.

use async_trait::async_trait;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use super::compare::{Form, same};
use super::kind::{Asked, Change, Facts, Kind, Stage, Statuses, at, from_description};
use crate::api::Api;
use crate::definition::Service;
use crate::iam::arguments;
use crate::mapping::{Rules, json_tree};
use crate::resource_tags::TagCalls;

const CREATE: &str = "CreateElasticsearchDomain";
const UPDATE: &str = "UpdateElasticsearchDomainConfig";
const UPDATE_ACTION: &str = "es:UpdateElasticsearchDomainConfig";
const UPGRADE: &str = "UpgradeElasticsearchDomain";

const POLICIES: &str = "AccessPolicies";
const LOGS: &str = "LogPublishingOptions";
const SECURITY: &str = "AdvancedSecurityOptions";
const MASTER: &str = "MasterUserOptions";
const VERSION: &str = "ElasticsearchVersion";
const NETWORK: &str = "VPCOptions";

/// Properties that `UpdateElasticsearchDomainConfig` takes.
///
/// Source: botocore, model of `es`, UpdateElasticsearchDomainConfigRequest.
const CHANGEABLE: [&str; 12] = [
    POLICIES,
    "AdvancedOptions",
    SECURITY,
    "CognitoOptions",
    "DomainEndpointOptions",
    "EBSOptions",
    "ElasticsearchClusterConfig",
    "EncryptionAtRestOptions",
    LOGS,
    "NodeToNodeEncryptionOptions",
    "SnapshotOptions",
    NETWORK,
];

/// Domains of Elasticsearch.
pub(super) struct Domain;

/// The settings of a property that a domain has which declares none of them.
///
/// Source: botocore, model of `es`: CreateElasticsearchDomainRequest, ElasticsearchClusterConfig,
/// DomainEndpointOptions, CognitoOptions and SnapshotOptions.
fn defaults(property: &str) -> KnownMap {
    let off = || KnownValue::from(false);
    match property {
        "ElasticsearchClusterConfig" => arguments([
            ("ColdStorageOptions", arguments([("Enabled", off())]).into()),
            ("DedicatedMasterEnabled", off()),
            ("InstanceCount", 1.into()),
            ("InstanceType", "m4.large.elasticsearch".into()),
            ("WarmEnabled", off()),
            ("ZoneAwarenessEnabled", off()),
        ]),
        "CognitoOptions" => arguments([("Enabled", off())]),
        "DomainEndpointOptions" => arguments([
            ("CustomEndpointEnabled", off()),
            ("EnforceHTTPS", off()),
            ("TLSSecurityPolicy", "Policy-Min-TLS-1-0-2019-07".into()),
        ]),
        "SnapshotOptions" => arguments([("AutomatedSnapshotStartHour", 0.into())]),
        _ => KnownMap::new(),
    }
}

/// The error of a property that the service does not take back.
fn stays(property: &str) -> DriverError {
    let message = format!(
        "`{property}` cannot be taken back: a domain that was given it keeps it; declare it, or give the domain \
         another name, which replaces it"
    );
    let property = Some(PropertyPath::root().name(property));
    DriverError::new(ErrorKind::Invalid { property }, UPDATE_ACTION, message)
}

fn map_of<'a>(tree: &'a KnownMap, property: &str) -> Option<&'a KnownMap> {
    tree.get(property).and_then(KnownValue::as_map)
}

/// A map without the credentials of the master user, which no answer shows.
fn without_master(map: &KnownMap) -> KnownMap {
    let kept = map.iter().filter(|(name, _)| *name != MASTER);
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// True if the domain has a property as it is declared. `unchanged` says that it was declared so before.
fn is_so(property: &str, shown: Option<&KnownValue>, given: &KnownValue, unchanged: bool) -> bool {
    match (property, shown, given) {
        // A caller who may not describe the policy, or a service that shows none.
        (_, None, _) => unchanged,
        (POLICIES, Some(shown), given) => same(Form::Document, shown, given),
        (SECURITY, Some(KnownValue::Map(shown)), KnownValue::Map(given)) => {
            let changed = !unchanged && given.contains_key(MASTER);
            !changed && same(Form::More, &shown.clone().into(), &without_master(given).into())
        }
        (_, Some(shown), given) => same(Form::More, shown, given),
    }
}

/// The value that an update gives a property: what is declared, and the defaults of what was declared before.
fn completed(change: &Change<'_>, property: &str, given: &KnownMap) -> KnownMap {
    let mut value = given.clone();
    let before = map_of(change.prior, property);
    let gone =
        before.into_iter().flat_map(KnownMap::keys).filter(|name| !given.contains_key(*name));
    for name in gone {
        let default = match property {
            LOGS => Some(arguments([("Enabled", false.into())]).into()),
            _ => defaults(property).remove(name),
        };
        value.extend(default.map(|default| (name.clone(), default)));
    }
    value
}

/// The properties that an update of the configuration says.
///
/// # Errors
/// If one is declared no longer that the service does not take back.
fn differing(change: &Change<'_>) -> Result<KnownMap, DriverError> {
    let mut input = KnownMap::new();
    for property in CHANGEABLE {
        let (shown, before) = (change.shown.get(property), change.prior.get(property));
        let Some(given) = change.declared(property) else {
            if before.is_none_or(|before| *before == KnownValue::Null) {
                continue;
            }
            let default = match property {
                POLICIES => Some("".into()),
                LOGS => Some(completed(change, LOGS, &KnownMap::new()).into()),
                NETWORK => return Err(stays(property)),
                // What they turn on cannot be turned off, and other options have no defaults to name.
                _ => Some(defaults(property)).filter(|map| !map.is_empty()).map(KnownValue::Map),
            };
            let differs = |default: &KnownValue| match property {
                POLICIES => shown.is_some(),
                _ => !shown.is_some_and(|shown| same(Form::More, shown, default)),
            };
            input.extend(default.filter(differs).map(|it| (property.to_owned(), it)));
            continue;
        };
        let unchanged = before == Some(given);
        let value = match given.as_map().filter(|_| property != POLICIES) {
            Some(map) => completed(change, property, map).into(),
            None => given.clone(),
        };
        if !is_so(property, shown, &value, unchanged) {
            input.insert(property.to_owned(), value);
        }
    }
    Ok(input)
}

/// The version to which a domain is upgraded; `None` if it has the declared one.
fn upgrade(change: &Change<'_>) -> Option<KnownValue> {
    let wanted = change.declared(VERSION)?;
    let is = change.shown.get(VERSION).is_some_and(|shown| same(Form::Same, shown, wanted));
    (!is).then(|| wanted.clone())
}

/// The error of a call while another change is made, or while a role was made a moment ago. The code is that of
/// every wrong request.
///
/// Source: reports of the messages: terraform-provider-aws #35811, pull request #11663.
fn understood(error: DriverError) -> DriverError {
    let has = |text: &str| error.message.contains(text);
    if has("change/update is in progress") {
        return DriverError { kind: ErrorKind::Conflict, ..error };
    }
    if has("has not propagated yet") || has("enable a service-linked role") {
        return DriverError { kind: ErrorKind::DependencyNotReady, ..error };
    }
    error
}

#[async_trait]
impl Kind for Domain {
    const FACTS: Facts = Facts {
        type_name: "AWS::Elasticsearch::Domain",
        noun: "Elasticsearch domain",
        service: Service::ES,
        name: "DomainName",
        // Source: botocore, model of `es`, DomainName.
        max_length: 28,
        create: "es:CreateElasticsearchDomain",
        describe: "DescribeElasticsearchDomains",
        delete: "DeleteElasticsearchDomain",
        answer: "DomainStatus",
        items: "DomainStatusList",
        id: "DomainName",
        tagged: "ARN",
        tags: TagCalls {
            set: "AddTags",
            remove: "RemoveTags",
            list: "ListTags",
            resource: "ARN",
            keys: "TagKeys",
            tags: "TagList",
            shown: "TagList",
            pair: ["Key", "Value"],
            next: None,
        },
        tags_are_map: false,
        status: "DomainProcessingStatus",
        // Source: botocore, model of `es`, DomainProcessingStatusType.
        statuses: Statuses {
            passing: &[
                "Creating",
                "Modifying",
                "UpgradingEngineVersion",
                "UpdatingServiceSoftware",
            ],
            failed: &["Isolated"],
            deleting: "Deleting",
            gone: "Deleted",
        },
        forms: &[
            (POLICIES, Form::Document),
            ("AdvancedOptions", Form::More),
            (SECURITY, Form::More),
            ("CognitoOptions", Form::More),
            ("DomainEndpointOptions", Form::More),
            ("EBSOptions", Form::More),
            ("ElasticsearchClusterConfig", Form::More),
            ("EncryptionAtRestOptions", Form::More),
            (LOGS, Form::More),
            (NETWORK, Form::More),
        ],
    };

    const REFUSES_TAKEN: bool = false;

    /// An older endpoint says it in three members alone.
    fn stage(members: &KnownMap) -> Stage<'_> {
        let is = |name: &str, value: bool| members.get(name) == Some(&KnownValue::Bool(value));
        if is("Deleted", true) {
            return Stage::Deleting;
        }
        match Self::FACTS.stage(members) {
            Stage::Stable if is("UpgradeProcessing", true) => Stage::Passing("being upgraded"),
            Stage::Stable if is("Processing", true) || is("Created", false) => {
                Stage::Passing("being processed")
            }
            stage => stage,
        }
    }

    fn question(asked: Asked<'_>) -> KnownMap {
        let (Asked::Identifier(name) | Asked::Name(name)) = asked;
        arguments([("DomainNames", KnownValue::List(vec![name.into()]))])
    }

    fn creation(properties: &KnownMap) -> Result<(&'static str, KnownMap), DriverError> {
        Ok((CREATE, Self::FACTS.members(CREATE, properties, &Rules::NONE)?))
    }

    fn understood(error: DriverError) -> DriverError {
        understood(error)
    }

    fn shown(members: &KnownMap) -> Result<KnownMap, DriverError> {
        let mut shown = from_description(&Self::FACTS, members, &[])?;
        shown.remove("Tags");
        // A domain without a policy shows an empty one.
        let none = |value: &KnownValue| value.as_str().is_some_and(str::is_empty);
        if let Some(policy) = members.get(POLICIES).filter(|policy| !none(policy)) {
            shown.insert(POLICIES.to_owned(), json_tree(policy));
        } else {
            shown.remove(POLICIES);
        }
        Ok(shown)
    }

    fn attributes(members: &KnownMap) -> KnownMap {
        let within = || at(members, "Endpoints")?.as_map()?.values().next().cloned();
        let places = [
            ("Arn", at(members, "ARN")),
            ("DomainArn", at(members, "ARN")),
            ("DomainEndpoint", at(members, "Endpoint").or_else(within)),
            ("Id", at(members, "DomainName")),
        ];
        let there = places.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        there.collect()
    }

    async fn change(api: &dyn Api, change: &Change<'_>) -> Result<bool, DriverError> {
        let differing = differing(change)?;
        let named = |mut input: KnownMap| {
            input.insert("DomainName".to_owned(), change.identifier.into());
            input
        };
        let (operation, input) = if differing.is_empty() {
            let Some(version) = upgrade(change) else { return Ok(false) };
            (UPGRADE, arguments([("TargetVersion", version)]))
        } else {
            (UPDATE, Self::FACTS.members(UPDATE, &differing, &Rules::NONE)?)
        };
        api.call(operation, named(input)).await.map(|_| true).map_err(understood)
    }

    fn goes_on(change: &Change<'_>) -> bool {
        upgrade(change).is_some()
    }

    fn deletion(identifier: &str, _: &KnownMap) -> KnownMap {
        arguments([("DomainName", identifier.into())])
    }
}
