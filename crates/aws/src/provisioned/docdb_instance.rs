//! `AWS::DocDB::DBInstance`.

use async_trait::async_trait;
use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::compare::Form;
use super::docdb::{ENGINE, TAGS};
use super::kind::{Asked, Change, Facts, Kind, Statuses, at, from_description};
use crate::api::Api;
use crate::definition::Service;
use crate::iam::arguments;
use crate::mapping::Rules;

const CREATE: &str = "CreateDBInstance";
const MODIFY: &str = "ModifyDBInstance";

/// Properties that `ModifyDBInstance` takes.
///
/// Source: DocumentDB API reference, ModifyDBInstance.
const CHANGEABLE: [&str; 5] = [
    "AutoMinorVersionUpgrade",
    "CACertificateIdentifier",
    "DBInstanceClass",
    "EnablePerformanceInsights",
    "PreferredMaintenanceWindow",
];

/// Says with a new certificate if the instance is restarted for it.
const RESTART: &str = "CertificateRotationRestart";

/// Instances of DocumentDB.
pub(super) struct DbInstance;

/// The values of properties that nothing declares.
///
/// Source: DocumentDB API reference, CreateDBInstance: `AutoMinorVersionUpgrade` does not apply to
/// DocumentDB, Performance Insights are off.
fn defaults() -> KnownMap {
    arguments([("EnablePerformanceInsights", false.into())])
}

#[async_trait]
impl Kind for DbInstance {
    const FACTS: Facts = Facts {
        type_name: "AWS::DocDB::DBInstance",
        noun: "DocumentDB instance",
        service: Service::RDS,
        name: "DBInstanceIdentifier",
        // Source: DocumentDB API reference, CreateDBInstance.
        max_length: 63,
        create: "rds:CreateDBInstance",
        describe: "DescribeDBInstances",
        delete: "DeleteDBInstance",
        answer: "DBInstance",
        items: "DBInstances",
        id: "DBInstanceIdentifier",
        tagged: "DBInstanceArn",
        tags: TAGS,
        tags_are_map: false,
        status: "DBInstanceStatus",
        // Source: Amazon DocumentDB Developer Guide, Monitoring an Amazon DocumentDB instance's status.
        statuses: Statuses {
            passing: &[
                "backing-up",
                "configuring-log-exports",
                "creating",
                "maintenance",
                "modifying",
                "rebooting",
                "renaming",
                "resetting-master-credentials",
                "starting",
                "stopping",
                "upgrading",
            ],
            failed: &[
                "failed",
                "inaccessible-encryption-credentials",
                "incompatible-network",
                "restore-error",
            ],
            deleting: "deleting",
            gone: "deleted",
        },
        // Source: DocumentDB API reference, CreateDBInstance: identifiers are stored in lower case.
        forms: &[
            ("DBClusterIdentifier", Form::AnyCase),
            ("DBInstanceIdentifier", Form::AnyCase),
            ("PreferredMaintenanceWindow", Form::AnyCase),
        ],
    };

    fn question(asked: Asked<'_>) -> KnownMap {
        let (Asked::Identifier(name) | Asked::Name(name)) = asked;
        arguments([("DBInstanceIdentifier", name.into())])
    }

    fn creation(properties: &KnownMap) -> Result<(&'static str, KnownMap), DriverError> {
        let mut input = Self::FACTS.members(CREATE, properties, &Rules::NONE)?;
        input.insert("Engine".to_owned(), ENGINE.into());
        Ok((CREATE, input))
    }

    fn shown(members: &KnownMap) -> Result<KnownMap, DriverError> {
        let places = [("EnablePerformanceInsights", "PerformanceInsightsEnabled")];
        let mut shown = from_description(&Self::FACTS, members, &places)?;
        let off = || false.into();
        shown.entry("EnablePerformanceInsights".to_owned()).or_insert_with(off);
        // What the service has accepted and not yet done.
        for name in ["CACertificateIdentifier", "DBInstanceClass"] {
            let pending = at(members, &format!("PendingModifiedValues/{name}"));
            shown.extend(pending.map(|value| (name.to_owned(), value)));
        }
        Ok(shown)
    }

    fn attributes(members: &KnownMap) -> KnownMap {
        let port = at(members, "Endpoint/Port").map(|port| match port {
            KnownValue::Number(port) => port.to_string().into(),
            other => other,
        });
        let places = [
            ("Endpoint", at(members, "Endpoint/Address")),
            ("Id", at(members, "DBInstanceIdentifier")),
            ("Port", port),
        ];
        let there = places.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        there.collect()
    }

    async fn change(api: &dyn Api, change: &Change<'_>) -> Result<bool, DriverError> {
        let mut differing = Self::FACTS.differing(change, &CHANGEABLE, &defaults());
        if differing.is_empty() {
            return Ok(false);
        }
        if differing.contains_key("CACertificateIdentifier")
            && let Some(restart) = change.declared(RESTART)
        {
            differing.insert(RESTART.to_owned(), restart.clone());
        }
        let mut input = Self::FACTS.members(MODIFY, &differing, &Rules::NONE)?;
        input.insert("DBInstanceIdentifier".to_owned(), change.identifier.into());
        input.insert("ApplyImmediately".to_owned(), true.into());
        api.call(MODIFY, input).await.map(|_| true)
    }

    fn deletion(identifier: &str, _: &KnownMap) -> KnownMap {
        arguments([("DBInstanceIdentifier", identifier.into())])
    }
}
