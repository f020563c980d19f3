//! The rules of deletions with a final snapshot against scripted answers.

use std::sync::Arc;

use rstack_catalog::{FinalSnapshot, Registry};
use rstack_driver::{
    DeleteRequest, ErrorKind, Finish, NoEffects, Noop, OperationKind, Poll, Removal, Request,
    ResourceDriver, Step,
};
use rstack_model::{Cursor, KnownMap, SnapshotName};

use super::{Snapshotting, names, volume};
use crate::test::journaled_api::{Answer, JournaledApi, done, failure, gone, json, tree};

const INSTANCE: &str = "AWS::RDS::DBInstance";

/// The driver of a type over a script; operations that are not about snapshots are those of no service.
fn driver(resource_type: &str, script: &Arc<JournaledApi>) -> Arc<dyn ResourceDriver> {
    let api = Arc::clone(script);
    Snapshotting::around(Arc::new(Noop), &resource_type.into(), move |_| {
        Arc::<JournaledApi>::clone(&api)
    })
}

fn name() -> SnapshotName {
    "live-db-0123456789ab".into()
}

fn deletion(id: &str) -> DeleteRequest {
    DeleteRequest {
        identifier: id.into(),
        token: "T".into(),
        prior: KnownMap::new(),
        removal: Removal::Recoverable,
    }
}

async fn begun(resource_type: &str, script: &Arc<JournaledApi>) -> Step {
    let request = Request::DeleteWithSnapshot { request: deletion("id-1"), snapshot: name() };
    driver(resource_type, script).begin(&request, &NoEffects).await.unwrap()
}

async fn polled(resource_type: &str, script: &Arc<JournaledApi>, cursor: &str) -> Step {
    let poll = Poll {
        kind: OperationKind::Delete,
        cursor: Cursor::from(cursor),
        identifier: Some("id-1".into()),
        token: "T".into(),
        declared: KnownMap::new(),
    };
    driver(resource_type, script).poll(&poll).await.unwrap()
}

/// The cursor of a pending step, and whether it may be begun again.
fn cursor(step: &Step) -> (&str, bool) {
    match step {
        Step::Pending(pending) => (pending.cursor.as_str(), pending.repeatable),
        Step::Done(finish) => panic!("{finish:?}"),
    }
}

fn snapshotted() -> Step {
    Step::Done(Finish::Snapshotted(name()))
}

fn instance(status: &str) -> Answer {
    json(&format!(
        r#"{{"DBInstances":[{{"DBInstanceIdentifier":"id-1","DBInstanceStatus":"{status}"}}]}}"#
    ))
}

fn snapshot_of(instance: &str) -> Answer {
    json(&format!(
        r#"{{"DBSnapshots":[{{"DBSnapshotIdentifier":"{}","DBInstanceIdentifier":"{instance}"}}]}}"#,
        name()
    ))
}

#[test]
fn every_type_with_final_snapshots_is_deleted_by_its_service() {
    for resource_type in FinalSnapshot::types() {
        let known = names::of(resource_type).is_some() || resource_type == volume::VOLUME;
        assert!(known, "{resource_type}");
        let schema = Registry::embedded().get(resource_type).unwrap().unwrap();
        let [identifier] = schema.primary_identifier() else {
            panic!("{resource_type} has an identifier of several parts")
        };
        assert_eq!(identifier.segments().len(), 1, "{resource_type}");
    }
    let other = driver("AWS::SQS::Queue", &JournaledApi::new([]));
    assert_eq!(other.name(), "none", "a type without has the driver that it had");
}

#[tokio::test]
async fn a_deletion_names_the_snapshot_and_ends_when_the_object_is_gone() {
    let script = JournaledApi::new([
        ("DescribeDBInstances", instance("available")),
        ("DeleteDBInstance", done()),
        ("DescribeDBInstances", instance("deleting")),
        ("DescribeDBInstances", gone()),
        ("DescribeDBSnapshots", snapshot_of("ID-1")),
    ]);
    let step = begun(INSTANCE, &script).await;
    assert_eq!(cursor(&step), ("snapshot live-db-0123456789ab ", false));
    let step = polled(INSTANCE, &script, cursor(&step).0).await;
    assert_eq!(polled(INSTANCE, &script, cursor(&step).0).await, snapshotted());
    script.assert_calls(&[
        r#"DescribeDBInstances {"DBInstanceIdentifier":"id-1"}"#,
        concat!(
            r#"DeleteDBInstance {"DBInstanceIdentifier":"id-1","#,
            r#""FinalDBSnapshotIdentifier":"live-db-0123456789ab","SkipFinalSnapshot":false}"#
        ),
        r#"DescribeDBInstances {"DBInstanceIdentifier":"id-1"}"#,
        r#"DescribeDBInstances {"DBInstanceIdentifier":"id-1"}"#,
        r#"DescribeDBSnapshots {"DBSnapshotIdentifier":"live-db-0123456789ab"}"#,
    ]);
}

/// RDS would delete them with the instance.
#[tokio::test]
async fn automated_backups_that_the_template_keeps_are_kept() {
    let script = JournaledApi::new([
        ("DescribeDBInstances", instance("available")),
        ("DeleteDBInstance", done()),
    ]);
    let prior = tree(r#"{"DeleteAutomatedBackups":"false","Engine":"postgres"}"#);
    let request = DeleteRequest { prior, ..deletion("id-1") };
    let request = Request::DeleteWithSnapshot { request, snapshot: name() };
    driver(INSTANCE, &script).begin(&request, &NoEffects).await.unwrap();
    let sent = script.input(1);
    assert_eq!(sent["DeleteAutomatedBackups"], false.into());
    assert_eq!(sent.len(), 4, "{sent:?}");
}

/// The calls of the other services, each with the name where it takes it.
#[tokio::test]
async fn every_service_is_sent_the_name() {
    for (resource_type, describe, shown, delete) in [
        (
            "AWS::RDS::DBCluster",
            "DescribeDBClusters",
            r#"{"DBClusters":[{"Status":"available"}]}"#,
            concat!(
                r#"DeleteDBCluster {"DBClusterIdentifier":"id-1","FinalDBSnapshotIdentifier":"#,
                r#""live-db-0123456789ab","SkipFinalSnapshot":false}"#
            ),
        ),
        (
            "AWS::ElastiCache::CacheCluster",
            "DescribeCacheClusters",
            r#"{"CacheClusters":[{"CacheClusterStatus":"available"}]}"#,
            r#"DeleteCacheCluster {"CacheClusterId":"id-1","FinalSnapshotIdentifier":"live-db-0123456789ab"}"#,
        ),
        (
            "AWS::ElastiCache::ReplicationGroup",
            "DescribeReplicationGroups",
            r#"{"ReplicationGroups":[{"Status":"available"}]}"#,
            concat!(
                r#"DeleteReplicationGroup {"FinalSnapshotIdentifier":"live-db-0123456789ab","#,
                r#""ReplicationGroupId":"id-1"}"#
            ),
        ),
        (
            "AWS::Redshift::Cluster",
            "DescribeClusters",
            r#"{"Clusters":[{"ClusterStatus":"available"}]}"#,
            concat!(
                r#"DeleteCluster {"ClusterIdentifier":"id-1","FinalClusterSnapshotIdentifier":"#,
                r#""live-db-0123456789ab","SkipFinalClusterSnapshot":false}"#
            ),
        ),
    ] {
        let operation = delete.split(' ').next().unwrap();
        let operation =
            names::of(resource_type).map(|names| names.delete).filter(|it| *it == operation);
        let script = JournaledApi::new([(describe, json(shown)), (operation.unwrap(), done())]);
        assert!(!cursor(&begun(resource_type, &script).await).1, "{resource_type}");
        script.assert_calls_start(&[describe, delete]);
    }
    let rds = names::of("AWS::RDS::DBCluster").unwrap();
    for same in ["AWS::Neptune::DBCluster", "AWS::DocDB::DBCluster"] {
        assert_eq!(names::of(same).unwrap().delete, rds.delete);
    }
}

/// The answer to an accepted deletion was lost, or the process died before it was journaled.
#[tokio::test]
async fn a_deletion_that_was_accepted_before_is_followed_and_not_sent_again() {
    let deleting = JournaledApi::new([("DescribeDBInstances", instance("deleting"))]);
    assert!(!cursor(&begun(INSTANCE, &deleting).await).1);
    let refused = JournaledApi::new([
        ("DescribeDBInstances", instance("available")),
        ("DeleteDBInstance", failure(ErrorKind::Conflict, "InvalidDBInstanceState")),
        ("DescribeDBInstances", instance("deleting")),
    ]);
    assert!(!cursor(&begun(INSTANCE, &refused).await).1);
    refused.assert_finished();
    let gone_since = JournaledApi::new([
        ("DescribeDBInstances", gone()),
        ("DescribeDBSnapshots", snapshot_of("id-1")),
    ]);
    assert_eq!(begun(INSTANCE, &gone_since).await, snapshotted());
    for (shown, snapshot, expected) in [
        (gone(), Some(snapshot_of("id-1")), Some(true)),
        (gone(), Some(gone()), None),
        (gone(), Some(snapshot_of("other")), None),
        (instance("deleting"), None, Some(false)),
        (instance("available"), None, None),
        (instance("backing-up"), Some(gone()), None),
        (instance("backing-up"), Some(snapshot_of("id-1")), Some(false)),
    ] {
        let asked = snapshot.map(|answer| ("DescribeDBSnapshots", answer));
        let script = JournaledApi::of([("DescribeDBInstances", shown)].into_iter().chain(asked));
        let found = driver(INSTANCE, &script).find_deletion(&deletion("id-1"), &name()).await;
        let found = found.unwrap();
        assert_eq!(found.as_ref().map(|step| *step == snapshotted()), expected, "{found:?}");
        script.assert_finished();
    }
}

#[tokio::test]
async fn an_object_that_is_gone_without_the_snapshot_is_reported_as_that() {
    let script =
        JournaledApi::new([("DescribeDBInstances", gone()), ("DescribeDBSnapshots", gone())]);
    assert_eq!(begun(INSTANCE, &script).await, Step::Done(Finish::Gone));
    let foreign = JournaledApi::new([
        ("DescribeDBInstances", gone()),
        ("DescribeDBSnapshots", snapshot_of("another")),
    ]);
    assert_eq!(begun(INSTANCE, &foreign).await, Step::Done(Finish::Gone));
}

/// An instance that is being backed up is waited for: nothing was accepted, and the deletion may be begun
/// again.
#[tokio::test]
async fn a_busy_object_is_waited_for_and_one_without_a_snapshot_refused() {
    let refused = || failure(ErrorKind::Conflict, "InvalidDBInstanceState");
    let script = JournaledApi::new([
        ("DescribeDBInstances", instance("backing-up")),
        ("DeleteDBInstance", refused()),
        ("DescribeDBInstances", instance("backing-up")),
        ("DescribeDBSnapshots", gone()),
        ("DescribeDBInstances", instance("available")),
        ("DeleteDBInstance", done()),
    ]);
    let step = begun(INSTANCE, &script).await;
    assert_eq!(cursor(&step), ("await live-db-0123456789ab", true));
    let step = polled(INSTANCE, &script, cursor(&step).0).await;
    assert!(!cursor(&step).1);
    script.assert_finished();
    for status in ["incompatible-network", "storage-full", "stopped", "failed"] {
        let script = JournaledApi::new([
            ("DescribeDBInstances", instance(status)),
            ("DeleteDBInstance", refused()),
            ("DescribeDBInstances", instance(status)),
            ("DescribeDBSnapshots", gone()),
        ]);
        let request = Request::DeleteWithSnapshot { request: deletion("id-1"), snapshot: name() };
        let error = driver(INSTANCE, &script).begin(&request, &NoEffects).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Conflict);
        assert!(error.message.contains(status), "{error}");
    }
}

#[tokio::test]
async fn a_foreign_snapshot_of_the_name_is_refused_with_its_source() {
    let script = JournaledApi::new([
        ("DescribeDBInstances", instance("available")),
        ("DeleteDBInstance", failure(ErrorKind::AlreadyExists, "DBSnapshotAlreadyExists")),
        ("DescribeDBInstances", instance("available")),
        ("DescribeDBSnapshots", snapshot_of("another")),
    ]);
    let request = Request::DeleteWithSnapshot { request: deletion("id-1"), snapshot: name() };
    let error = driver(INSTANCE, &script).begin(&request, &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert!(error.message.contains("of `another`"), "{error}");
    script.assert_finished();
}

/// Where a replication group is not in cluster mode, its snapshot may name the node alone.
#[tokio::test]
async fn the_snapshot_of_a_replication_group_may_name_its_node() {
    for (node, own) in [("id-1-001", true), ("id-10-001", false), ("id", false)] {
        let snapshot = format!(r#"{{"Snapshots":[{{"CacheClusterId":"{node}"}}]}}"#);
        let script = JournaledApi::new([
            ("DescribeReplicationGroups", gone()),
            ("DescribeSnapshots", json(&snapshot)),
        ]);
        let step = begun("AWS::ElastiCache::ReplicationGroup", &script).await;
        assert_eq!(step == snapshotted(), own, "{node}");
    }
}

fn volumes(attachments: &str) -> Answer {
    json(&format!(
        r#"{{"Volumes":[{{"VolumeId":"id-1","State":"available","Attachments":[{attachments}]}}]}}"#
    ))
}

fn snapshots(state: &str) -> Answer {
    json(&format!(
        r#"{{"Snapshots":[{{"SnapshotId":"snap-1","State":"{state}","StateMessage":"why"}}]}}"#
    ))
}

fn none() -> Answer {
    json(r#"{"Snapshots":[]}"#)
}

#[tokio::test]
async fn a_volume_is_deleted_when_its_snapshot_is_complete() {
    let script = JournaledApi::new([
        ("DescribeSnapshots", none()),
        ("DescribeVolumes", volumes("")),
        ("CreateSnapshot", json(r#"{"SnapshotId":"snap-1","State":"pending"}"#)),
        ("DescribeSnapshots", failure(ErrorKind::NotFound, "InvalidSnapshot.NotFound")),
        ("DescribeSnapshots", snapshots("pending")),
        ("DescribeSnapshots", snapshots("completed")),
        ("DescribeVolumes", volumes("")),
        ("DeleteVolume", done()),
        ("DescribeSnapshots", snapshots("completed")),
        ("DescribeVolumes", failure(ErrorKind::NotFound, "InvalidVolume.NotFound")),
    ]);
    let mut step = begun(volume::VOLUME, &script).await;
    while let Step::Pending(pending) = &step {
        assert_eq!(pending.cursor.as_str(), "snapshot live-db-0123456789ab snap-1");
        assert!(!pending.repeatable);
        step = polled(volume::VOLUME, &script, pending.cursor.as_str()).await;
    }
    assert_eq!(step, snapshotted());
    script.assert_calls_start(&[
        concat!(
            r#"DescribeSnapshots {"Filters":[{"Name":"volume-id","Values":["id-1"]},"#,
            r#"{"Name":"tag:rstack:operation","Values":["T"]}],"OwnerIds":["self"]}"#
        ),
        r#"DescribeVolumes {"VolumeIds":["id-1"]}"#,
        concat!(
            r#"CreateSnapshot {"Description":"Final snapshot live-db-0123456789ab","#,
            r#""TagSpecifications":[{"ResourceType":"snapshot","Tags":["#,
            r#"{"Key":"Name","Value":"live-db-0123456789ab"},"#,
            r#"{"Key":"rstack:operation","Value":"T"}]}],"VolumeId":"id-1"}"#
        ),
        r#"DescribeSnapshots {"SnapshotIds":["snap-1"]}"#,
        "DescribeSnapshots",
        "DescribeSnapshots",
        "DescribeVolumes",
        r#"DeleteVolume {"VolumeId":"id-1"}"#,
        "DescribeSnapshots",
        "DescribeVolumes",
    ]);
}

/// The process died between the snapshot and the record of it: no second one is taken.
#[tokio::test]
async fn the_snapshot_of_an_interrupted_operation_is_found_by_its_token() {
    let script = JournaledApi::new([
        ("DescribeSnapshots", snapshots("pending")),
        ("DescribeVolumes", volumes("")),
    ]);
    let found = driver(volume::VOLUME, &script).find_deletion(&deletion("id-1"), &name()).await;
    assert_eq!(cursor(&found.unwrap().unwrap()).0, "snapshot live-db-0123456789ab snap-1");
    let nothing = JournaledApi::new([("DescribeSnapshots", none())]);
    let found = driver(volume::VOLUME, &nothing).find_deletion(&deletion("id-1"), &name()).await;
    assert_eq!(found.unwrap(), None);
    let script = JournaledApi::new([
        ("DescribeSnapshots", snapshots("pending")),
        ("DescribeVolumes", volumes("")),
    ]);
    assert_eq!(
        cursor(&begun(volume::VOLUME, &script).await).0,
        "snapshot live-db-0123456789ab snap-1"
    );
    script.assert_finished();
}

#[tokio::test]
async fn an_attached_volume_is_neither_copied_nor_deleted() {
    let attached = r#"{"InstanceId":"i-1","State":"attached"}"#;
    let script =
        JournaledApi::new([("DescribeSnapshots", none()), ("DescribeVolumes", volumes(attached))]);
    let request = Request::DeleteWithSnapshot { request: deletion("id-1"), snapshot: name() };
    let error = driver(volume::VOLUME, &script).begin(&request, &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
    assert!(error.message.contains("i-1"), "{error}");
    script.assert_finished();
    // It was attached while the snapshot was taken.
    let script = JournaledApi::new([
        ("DescribeSnapshots", snapshots("completed")),
        ("DescribeVolumes", volumes(attached)),
        ("DeleteVolume", failure(ErrorKind::Conflict, "VolumeInUse")),
    ]);
    let step = polled(volume::VOLUME, &script, "snapshot live-db-0123456789ab snap-1").await;
    assert!(matches!(step, Step::Done(Finish::Failed(error)) if error.has_code("VolumeInUse")));
    let script = JournaledApi::new([("DescribeSnapshots", snapshots("error"))]);
    let step = polled(volume::VOLUME, &script, "snapshot live-db-0123456789ab snap-1").await;
    assert!(matches!(step, Step::Done(Finish::Failed(error)) if error.message.contains("why")));
}
