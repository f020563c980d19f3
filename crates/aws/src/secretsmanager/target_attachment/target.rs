//! The targets of attachments: databases and clusters, and how they are connected to.

use std::sync::Arc;

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};
use serde_json::{Map, Value};

use crate::api::Api;
use crate::client::Clients;
use crate::definition::Service;
use crate::iam::{Fields, arguments, text_in};

/// The most pages of workgroups that are read: more than an account can have.
const MOST_PAGES: usize = 100;

/// The port of every elastic cluster of DocumentDB.
///
/// Source: Amazon DocumentDB developer guide, Get started with elastic clusters.
const ELASTIC_PORT: i64 = 27017;

/// The keys that an attachment may write.
///
/// Source: Secrets Manager user guide, JSON structure of Secrets Manager secrets.
pub(super) const KEYS: [&str; 7] = [
    "dbClusterIdentifier",
    "dbInstanceIdentifier",
    DATABASE,
    "engine",
    "host",
    "namespaceName",
    "port",
];

/// The key with the name of the database, which not every target has.
pub(super) const DATABASE: &str = "dbname";

/// The kind of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A DB instance of RDS or DocumentDB, which is described by the API of RDS.
    Instance,
    /// A DB cluster of RDS or DocumentDB, which is described by the API of RDS.
    Cluster,
    /// A cluster of Redshift.
    Redshift,
    /// A namespace of Redshift Serverless.
    Namespace,
    /// An elastic cluster of DocumentDB.
    Elastic,
}

/// The values of `TargetType`.
///
/// Source: CloudFormation template reference, AWS::SecretsManager::SecretTargetAttachment.
const TYPES: [(&str, Kind); 7] = [
    ("AWS::DocDB::DBCluster", Kind::Cluster),
    ("AWS::DocDB::DBInstance", Kind::Instance),
    ("AWS::DocDBElastic::Cluster", Kind::Elastic),
    ("AWS::RDS::DBCluster", Kind::Cluster),
    ("AWS::RDS::DBInstance", Kind::Instance),
    ("AWS::Redshift::Cluster", Kind::Redshift),
    ("AWS::RedshiftServerless::Namespace", Kind::Namespace),
];

/// A declared target.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    kind: Kind,
    id: String,
}

impl Target {
    /// The target that properties declare.
    ///
    /// # Errors
    /// If its ID or type is missing, or no attachment can have the type.
    pub(super) fn declared(fields: Fields<'_>) -> Result<Self, DriverError> {
        let (id, name) = (fields.required_name("TargetId")?, fields.required_name("TargetType")?);
        let found = TYPES.iter().find(|(known, _)| *known == name);
        let Some((_, kind)) = found else {
            let known = TYPES.map(|(known, _)| format!("`{known}`")).join(", ");
            return Err(fields.invalid("TargetType", format!("is `{name}`, not one of {known}")));
        };
        Ok(Self { kind: *kind, id })
    }

    /// The key under which a secret names its target; `None` if it names it by its host alone.
    pub(super) fn key(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Instance => Some("dbInstanceIdentifier"),
            Kind::Cluster | Kind::Redshift => Some("dbClusterIdentifier"),
            Kind::Namespace => Some("namespaceName"),
            Kind::Elastic => None,
        }
    }

    /// True if a name is that of the target, which may be declared by its ARN. Services write names of
    /// databases in lower case.
    pub(super) fn is_named(&self, name: &str) -> bool {
        let own = if self.id.starts_with("arn:") {
            self.id.rsplit([':', '/']).next().unwrap_or_default()
        } else {
            &self.id
        };
        own.eq_ignore_ascii_case(name)
    }
}

/// The engine of a database as functions that rotate secrets know it.
///
/// Source: Secrets Manager user guide, JSON structure of Secrets Manager secrets.
fn engine(of: &str) -> &str {
    let families = [
        ("aurora-postgresql", "postgres"),
        ("postgres", "postgres"),
        ("aurora", "mysql"),
        ("mysql", "mysql"),
        ("mariadb", "mariadb"),
        ("oracle", "oracle"),
        ("custom-oracle", "oracle"),
        ("sqlserver", "sqlserver"),
        ("custom-sqlserver", "sqlserver"),
        ("db2", "db2"),
        ("docdb", "mongo"),
    ];
    families.iter().find(|(prefix, _)| of.starts_with(prefix)).map_or(of, |(_, family)| family)
}

/// The description of a target, as far as a connection needs it.
#[derive(Debug, Default)]
struct Described<'a> {
    engine: Option<&'a str>,
    host: Option<&'a str>,
    port: Option<&'a KnownValue>,
    database: Option<&'a str>,
    name: Option<&'a str>,
}

/// The services that describe targets.
pub(super) struct Targets {
    rds: Arc<dyn Api>,
    redshift: Arc<dyn Api>,
    serverless: Arc<dyn Api>,
    elastic: Arc<dyn Api>,
}

fn first<'a>(answer: &'a KnownMap, list: &str) -> Option<&'a KnownMap> {
    answer.get(list)?.as_list()?.first()?.as_map()
}

fn inner<'a>(map: &'a KnownMap, key: &str) -> Option<&'a KnownMap> {
    map.get(key)?.as_map()
}

impl Targets {
    /// The targets of an account.
    pub(super) fn of(clients: &Clients) -> Self {
        Self {
            rds: clients.api(Service::RDS),
            redshift: clients.api(Service::REDSHIFT),
            serverless: clients.api(Service::REDSHIFT_SERVERLESS),
            elastic: clients.api(Service::DOCDB_ELASTIC),
        }
    }

    /// The entries of the secret of a target; `None` if there is no such target.
    ///
    /// # Errors
    /// If it cannot be described, or cannot be connected to yet.
    pub(super) async fn entries(
        &self,
        target: &Target,
    ) -> Result<Option<Map<String, Value>>, DriverError> {
        let id = KnownValue::from(target.id.as_str());
        match target.kind {
            Kind::Instance => {
                let input = arguments([("DBInstanceIdentifier", id)]);
                let answer = self.rds.call_if_exists("DescribeDBInstances", input).await?;
                let found = answer.as_ref().and_then(|answer| first(answer, "DBInstances"));
                let Some(found) = found else { return Ok(None) };
                let endpoint = inner(found, "Endpoint");
                let described = Described {
                    engine: text_in(found, "Engine"),
                    host: endpoint.and_then(|endpoint| text_in(endpoint, "Address")),
                    port: endpoint.and_then(|endpoint| endpoint.get("Port")),
                    database: text_in(found, "DBName"),
                    name: text_in(found, "DBInstanceIdentifier"),
                };
                written(target, described)
            }
            Kind::Cluster => {
                let input = arguments([("DBClusterIdentifier", id)]);
                let answer = self.rds.call_if_exists("DescribeDBClusters", input).await?;
                let found = answer.as_ref().and_then(|answer| first(answer, "DBClusters"));
                let Some(found) = found else { return Ok(None) };
                let described = Described {
                    engine: text_in(found, "Engine"),
                    host: text_in(found, "Endpoint"),
                    port: found.get("Port"),
                    database: text_in(found, "DatabaseName"),
                    name: text_in(found, "DBClusterIdentifier"),
                };
                written(target, described)
            }
            Kind::Redshift => {
                let input = arguments([("ClusterIdentifier", id)]);
                let answer = self.redshift.call_if_exists("DescribeClusters", input).await?;
                let found = answer.as_ref().and_then(|answer| first(answer, "Clusters"));
                let Some(found) = found else { return Ok(None) };
                let endpoint = inner(found, "Endpoint");
                let described = Described {
                    engine: Some("redshift"),
                    host: endpoint.and_then(|endpoint| text_in(endpoint, "Address")),
                    port: endpoint.and_then(|endpoint| endpoint.get("Port")),
                    database: text_in(found, "DBName"),
                    name: text_in(found, "ClusterIdentifier"),
                };
                written(target, described)
            }
            Kind::Namespace => {
                let input = arguments([("namespaceName", id)]);
                let answer = self.serverless.call_if_exists("GetNamespace", input).await?;
                let found = answer.as_ref().and_then(|answer| inner(answer, "namespace"));
                let Some(found) = found else { return Ok(None) };
                let workgroup = self.workgroup(&target.id).await?;
                let endpoint = workgroup.as_ref().and_then(|group| inner(group, "endpoint"));
                let described = Described {
                    engine: Some("redshift"),
                    host: endpoint.and_then(|endpoint| text_in(endpoint, "address")),
                    port: endpoint.and_then(|endpoint| endpoint.get("port")),
                    database: text_in(found, "dbName"),
                    name: text_in(found, "namespaceName"),
                };
                written(target, described)
            }
            Kind::Elastic => {
                let input = arguments([("clusterArn", id)]);
                let answer = self.elastic.call_if_exists("GetCluster", input).await?;
                let found = answer.as_ref().and_then(|answer| inner(answer, "cluster"));
                let Some(found) = found else { return Ok(None) };
                let port = KnownValue::from(ELASTIC_PORT);
                let described = Described {
                    engine: Some("mongo"),
                    host: text_in(found, "clusterEndpoint"),
                    port: Some(&port),
                    ..Described::default()
                };
                written(target, described)
            }
        }
    }

    /// The workgroup of a namespace, which has its address.
    async fn workgroup(&self, namespace: &str) -> Result<Option<KnownMap>, DriverError> {
        let mut input = KnownMap::new();
        for _ in 0..MOST_PAGES {
            let answer = self.serverless.call("ListWorkgroups", input.clone()).await?;
            let groups = answer.get("workgroups").and_then(KnownValue::as_list);
            let mut groups = groups.unwrap_or_default().iter().filter_map(KnownValue::as_map);
            let found = groups.find(|group| text_in(group, "namespaceName") == Some(namespace));
            if found.is_some() {
                return Ok(found.cloned());
            }
            let Some(next) = answer.get("nextToken").filter(|next| next.expose_str().is_some())
            else {
                return Ok(None);
            };
            input.insert("nextToken".to_owned(), next.clone());
        }
        let message = "the list of workgroups has no end";
        Err(DriverError::new(ErrorKind::Unsupported, "redshift-serverless:ListWorkgroups", message))
    }
}

/// The entries of a target that can be connected to.
fn written(
    target: &Target,
    described: Described<'_>,
) -> Result<Option<Map<String, Value>>, DriverError> {
    let Described { engine: Some(of), host: Some(host), port: Some(port), database, name } =
        described
    else {
        let message = format!(
            "the target `{}` has no address yet; a secret can be attached when it has one",
            target.id
        );
        return Err(DriverError::new(ErrorKind::DependencyNotReady, super::ATTACH, message));
    };
    let port = match port {
        KnownValue::Number(number) => Value::Number(number.clone()),
        other => Value::from(other.expose_str().unwrap_or_default()),
    };
    let mut entries = Map::new();
    entries.insert("engine".to_owned(), engine(of).into());
    entries.insert("host".to_owned(), host.into());
    entries.insert("port".to_owned(), port);
    if let Some(database) = database.filter(|database| !database.is_empty()) {
        entries.insert(DATABASE.to_owned(), database.into());
    }
    if let (Some(key), Some(name)) = (target.key(), name) {
        entries.insert(key.to_owned(), name.into());
    }
    Ok(Some(entries))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_has_the_name_that_rotations_know() {
        for (of, name) in [
            ("aurora-postgresql", "postgres"),
            ("aurora-mysql", "mysql"),
            ("oracle-se2-cdb", "oracle"),
            ("sqlserver-web", "sqlserver"),
            ("custom-sqlserver-ee", "sqlserver"),
            ("db2-ae", "db2"),
            ("mariadb", "mariadb"),
            ("docdb", "mongo"),
            ("neptune", "neptune"),
        ] {
            assert_eq!(engine(of), name, "{of}");
        }
    }

    #[test]
    fn a_target_is_named_in_any_case_and_by_its_arn() {
        let target = |id: &str| Target { kind: Kind::Instance, id: id.to_owned() };
        assert!(target("Shop").is_named("shop"));
        assert!(target("arn:aws:rds:eu-west-1:1:db:shop").is_named("shop"));
        assert!(!target("shop").is_named("shop-2"));
    }
}
