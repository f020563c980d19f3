//! Groups of record sets go through the conformance suite; zones, forms and refusals.

use rstack_driver::conformance::{Sample, check};
use rstack_driver::{Cloud, CreateRequest, ErrorKind, NoEffects, Observed, Request};
use rstack_model::{KnownMap, Region, StackName};
use serde_json::{Value, json};

use super::record_set_group::TYPE;
use crate::AwsCloud;
use crate::test::fake::{FakeServices, REGION};
use crate::test::scripted_api::known;

fn request(properties: Value) -> Request {
    Request::Create(CreateRequest {
        stack: StackName::parse("Live").unwrap(),
        address: "It".into(),
        token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
        properties: known(properties),
        absence_proven: false,
        begun: None,
    })
}

fn account() -> (FakeServices, AwsCloud) {
    let services = FakeServices::default();
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    (services, cloud)
}

/// Every property of the schema at least once.
fn everything(round: u32) -> Value {
    let plain = |name: &str, kind: &str, values: Value| json!({"Name": name, "Type": kind, "TTL": format!("{round}00"), "ResourceRecords": values});
    let routed = |identifier: &str, more: Value| {
        let mut set = plain("api.example.com", "A", json!([format!("192.0.2.{round}")]));
        set["SetIdentifier"] = identifier.into();
        set.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        set
    };
    let weighted = |weight: u32| {
        let mut set = routed("weighted", json!({"Weight": weight, "HealthCheckId": "abc"}));
        set["Name"] = "weighted.example.com".into();
        set
    };
    let failover = |role: &str| {
        let mut set = routed(role, json!({"Failover": role}));
        set["Name"] = "failover.example.com".into();
        set
    };
    let coordinates = json!({"Latitude": "49.22", "Longitude": "-74.01"});
    json!({
        "HostedZoneName": "EXAMPLE.com.",
        "Comment": "all of them",
        "RecordSets": [
            plain("*.Example.com", "CNAME", json!(["Www.example.com"])),
            plain("mail.example.com.", "MX", json!(["10 a.example.com", "20 B.example.com."])),
            plain("six.example.com", "AAAA", json!(["2001:DB8:0:0::1"])),
            plain("text.example.com", "TXT", json!(["\"Case counts\""])),
            {
                "Name": "Cdn.example.com", "Type": "A",
                "AliasTarget": {
                    "DNSName": "D111.cloudfront.NET", "HostedZoneId": "Z2FDTNDATAQYW2",
                    "EvaluateTargetHealth": round == 2,
                },
            },
            weighted(round), failover("PRIMARY"), failover("SECONDARY"),
            routed("region", json!({"Region": "eu-west-1"})),
            routed("geo", json!({"GeoLocation": {"CountryCode": "US", "SubdivisionCode": "CA"}})),
            routed("continent", json!({"GeoLocation": {"ContinentCode": "EU"}})),
            routed("near", json!({"GeoProximityLocation": {"AWSRegion": "eu-west-1", "Bias": round}})),
            routed("zone", json!({"GeoProximityLocation": {"LocalZoneGroup": "us-west-2-lax-1"}})),
            routed("there", json!({"GeoProximityLocation": {"Coordinates": coordinates, "Bias": 0}})),
            routed("cidr", json!({"CidrRoutingConfig": {
                "CollectionId": "0d1f4f1c-6d7a-4f5b-9a0e-0d3f4f1c2b3a", "LocationName": "office",
            }})),
            routed("multi", json!({"MultiValueAnswer": "true"})),
        ],
    })
}

#[tokio::test]
async fn it_passes_the_conformance_suite() {
    let (services, cloud) = account();
    let sample = Sample {
        resource_type: TYPE.into(),
        stack: StackName::parse("Live").unwrap(),
        create: known(everything(1)),
        change: Some(known(everything(2))),
        unread: Vec::new(),
        token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3b".into(),
        missing: "Live-Nothing-ABCDEF123456".into(),
    };
    if let Err(broken) = check(&cloud, &sample).await {
        panic!("{broken:?}");
    }
    assert!(services.account().records.is_empty());
}

async fn read(cloud: &AwsCloud, declared: &KnownMap) -> Observed {
    let driver = cloud.driver(&TYPE.into()).unwrap();
    driver.read(&"Live-It-5B0EE1C46D7A".into(), declared).await.unwrap()
}

/// Only what says something else is shown as Route 53 has it.
#[tokio::test]
async fn what_others_change_is_drift_and_the_form_of_a_name_is_none() {
    let (services, cloud) = account();
    let driver = cloud.driver(&TYPE.into()).unwrap();
    let declared = json!({"HostedZoneId": "/hostedzone/Z1", "RecordSets": [
        {"Name": "*.Example.com", "Type": "A", "TTL": 60, "ResourceRecords": ["192.0.2.2", "192.0.2.1"]},
        {"Name": "b.example.com", "Type": "TXT", "TTL": "60", "ResourceRecords": ["\"x\""]},
    ]});
    driver.begin(&request(declared.clone()), &NoEffects).await.unwrap();
    let same = known(declared.clone());
    let Observed::Present(object) = read(&cloud, &same).await else { panic!("it is absent") };
    assert_eq!(object.properties, same);
    services.change_records(|records| {
        let wild = records.get_mut("Z1|com.example.\\052|A|").unwrap();
        wild["TTL"] = 61.into();
        records.remove("Z1|com.example.b|TXT|");
    });
    let Observed::Present(object) = read(&cloud, &same).await else { panic!("it is absent") };
    let shown = json!({"HostedZoneId": "/hostedzone/Z1", "RecordSets": [
        {"Name": "*.Example.com", "Type": "A", "TTL": "61", "ResourceRecords": ["192.0.2.2", "192.0.2.1"]},
    ]});
    assert_eq!(object.properties, known(shown));
    services.change_records(|records| records.clear());
    assert_eq!(read(&cloud, &same).await, Observed::Absent);
    let gone = known(json!({"HostedZoneId": "ZGONE", "RecordSets": declared["RecordSets"]}));
    assert_eq!(read(&cloud, &gone).await, Observed::Absent);
}

#[tokio::test]
async fn zones_and_record_sets_that_cannot_be_used_are_reported() {
    let set = |name: &str| json!([{"Name": name, "Type": "A", "TTL": "60", "ResourceRecords": ["192.0.2.1"]}]);
    for (properties, retryable, says) in [
        (
            json!({"HostedZoneName": "twice.example", "RecordSets": set("a.twice.example")}),
            false,
            "is the name of several hosted zones",
        ),
        (
            json!({"HostedZoneName": "none.example", "RecordSets": set("a.none.example")}),
            true,
            "no hosted zone of the name",
        ),
        (
            json!({"HostedZoneId": "ZGONE", "RecordSets": set("a.gone.example")}),
            true,
            "No hosted zone found",
        ),
        (json!({"RecordSets": set("a.example.com")}), false, "`HostedZoneName` is missing"),
        (
            json!({"HostedZoneId": "Z1", "RecordSets": [{"Name": "x.example.com", "Type": "A", "TTL": "soon"}]}),
            false,
            "`RecordSets[0].TTL`",
        ),
    ] {
        let (_, cloud) = account();
        let driver = cloud.driver(&TYPE.into()).unwrap();
        let error = driver.begin(&request(properties), &NoEffects).await.unwrap_err();
        assert!(error.message.contains(says), "{error}");
        assert_eq!(error.is_retryable(), retryable, "{error}");
    }
    let (_, cloud) = account();
    let driver = cloud.driver(&TYPE.into()).unwrap();
    let group = json!({"HostedZoneId": "Z1", "RecordSets": set("a.example.com")});
    driver.begin(&request(group.clone()), &NoEffects).await.unwrap();
    let error = driver.begin(&request(group), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    let says = "the A record set `a.example.com` of the hosted zone Z1 exists already";
    assert!(error.message.contains(says), "{error}");
}
