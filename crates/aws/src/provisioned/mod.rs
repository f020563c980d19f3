//! Types whose objects take their service minutes to provision and that Cloud Control does not serve: clusters
//! and instances of DocumentDB, replication instances of DMS, clusters of DAX, domains of Elasticsearch,
//! and file systems of FSx.
//!
//! Such an object has a name, by the template or by rstack, and a status. It is known again by its name and the
//! token in its tags: a service has one object of a name. An update says only what differs, at once and not in
//! the next maintenance window. Members of requests are mapped by name; descriptions name much otherwise, so
//! each type says what they show.

mod compare;
mod dax;
mod docdb;
mod docdb_instance;
mod driver;
mod elasticsearch;
mod fsx;
mod kind;
mod replication_instance;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rstack_driver::ResourceDriver;
use rstack_model::ResourceType;

use crate::api::Api;
use crate::definition::Service;
use driver::Provisioned;

/// The driver of a type; `None` if it is none of these.
pub(crate) fn driver(
    resource_type: &ResourceType,
    api: impl Fn(Service) -> Arc<dyn Api>,
) -> Option<Arc<dyn ResourceDriver>> {
    Some(match resource_type.as_str() {
        "AWS::DAX::Cluster" => Arc::new(Provisioned::<dax::Cluster>::new(api(Service::DAX))),
        "AWS::DMS::ReplicationInstance" => {
            let api = api(Service::DMS);
            Arc::new(Provisioned::<replication_instance::ReplicationInstance>::new(api))
        }
        "AWS::DocDB::DBCluster" => {
            Arc::new(Provisioned::<docdb::DbCluster>::new(api(Service::RDS)))
        }
        "AWS::DocDB::DBInstance" => {
            Arc::new(Provisioned::<docdb_instance::DbInstance>::new(api(Service::RDS)))
        }
        "AWS::FSx::FileSystem" => Arc::new(Provisioned::<fsx::FileSystem>::new(api(Service::FSX))),
        "AWS::Elasticsearch::Domain" => {
            Arc::new(Provisioned::<elasticsearch::Domain>::new(api(Service::ES)))
        }
        _ => return None,
    })
}
