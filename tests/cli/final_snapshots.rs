//! Objects that are deleted with a final snapshot: what the plan, its JSON, a saved plan, the run and the
//! sandbox show of it.

use serde_json::Value;

use crate::harness::Place;

const DATABASES: &str = "\
Resources:
  Db:
    Type: AWS::RDS::DBInstance
    Properties:
      DBInstanceIdentifier: orders
      DBInstanceClass: db.t4g.micro
      Engine: postgres
      AllocatedStorage: '20'
      MasterUsername: admin1
      ManageMasterUserPassword: true
  Volume:
    Type: AWS::EC2::Volume
    DeletionPolicy: Snapshot
    Properties: { AvailabilityZone: eu-west-1a, Size: 8 }
  Topic: { Type: AWS::SNS::Topic }
";

fn applied() -> Place {
    let place = Place::empty();
    place.write("shop.yaml", DATABASES);
    place.sandbox(&["apply", "shop.yaml", "--yes"]).expect(0);
    place
}

/// The name of the final snapshot of a resource in a text.
fn name<'a>(text: &'a str, prefix: &str) -> &'a str {
    let start = text.find(prefix).unwrap_or_else(|| panic!("no {prefix} in\n{text}"));
    let rest = &text[start..];
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(rest.len());
    &rest[..end]
}

#[test]
fn the_name_is_the_same_in_plan_json_saved_plan_run_and_sandbox() {
    let place = applied();
    place.write("shop.yaml", "Resources: { Topic: { Type: AWS::SNS::Topic } }");
    let plan = place.sandbox(&["plan", "shop.yaml"]).expect(0);
    let db = name(&plan.out, "shop-db-").to_owned();
    let volume = name(&plan.out, "shop-volume-").to_owned();
    assert!(plan.out.contains(&format!("(final snapshot {db})")), "{}", plan.out);
    assert!(!plan.out.contains("will be lost"), "{}", plan.out);

    let json = place.sandbox(&["plan", "shop.yaml", "--json"]).expect(0);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    let of = |list: &str, address: &str| -> Value {
        let list = json[list].as_array().unwrap();
        list.iter().find(|it| it["address"] == address).unwrap()["finalSnapshot"].clone()
    };
    assert_eq!((of("changes", "Db"), of("steps", "Db")), (db.as_str().into(), db.as_str().into()));
    assert_eq!(of("steps", "Volume"), volume.as_str());
    let topic = json["changes"].as_array().unwrap().iter().find(|it| it["address"] == "Topic");
    assert!(topic.unwrap().get("finalSnapshot").is_none());

    place.sandbox(&["plan", "shop.yaml", "--out", "shop.plan"]).expect(0);
    let shown = place.sandbox(&["show", "shop.plan"]).expect(0);
    assert!(shown.out.contains(&db), "{}", shown.out);
    let applied = place.sandbox(&["apply", "shop.plan", "--yes"]).expect(0);
    let summary =
        applied.err.split("Final snapshots").nth(1).unwrap_or_else(|| panic!("{}", applied.err));
    assert!(summary.contains(&db) && summary.contains(&volume), "{summary}");

    let objects = place.sandbox(&["sandbox", "ls"]).expect(0).out;
    assert!(objects.contains(&format!("AWS::RDS::DBSnapshot  {db}")), "{objects}");
    assert!(objects.contains(&format!("AWS::EC2::Snapshot  {volume}")), "{objects}");
    assert!(!objects.contains("AWS::RDS::DBInstance"), "{objects}");
    place.sandbox(&["destroy", "shop", "--yes"]).expect(0);
    let removed = place.sandbox(&["sandbox", "remove", "AWS::RDS::DBSnapshot", &db]).expect(0);
    assert!(removed.out.contains("Deleted"), "{}", removed.out);
}

#[test]
fn a_destroy_lists_the_snapshots_and_its_json_has_an_event_for_each() {
    let place = applied();
    let destroyed = place.sandbox(&["destroy", "shop", "--yes", "--json"]).expect(0);
    let events = destroyed.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let taken: Vec<Value> = events.filter(|event| event["event"] == "snapshot-taken").collect();
    let mut of: Vec<(&str, &str)> = taken
        .iter()
        .map(|event| (event["address"].as_str().unwrap(), event["type"].as_str().unwrap()))
        .collect();
    of.sort_unstable();
    assert_eq!(of, [("Db", "AWS::RDS::DBInstance"), ("Volume", "AWS::EC2::Volume")]);
    let objects = place.sandbox(&["sandbox", "ls"]).expect(0).out;
    for event in &taken {
        assert!(objects.contains(event["snapshot"].as_str().unwrap()), "{objects}");
    }
}

/// It is an error before anything is planned.
#[test]
fn a_snapshot_that_no_service_takes_is_refused_at_its_place() {
    let place = Place::empty();
    place.write(
        "t.yaml",
        "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    DeletionPolicy: Snapshot\n",
    );
    let plan = place.sandbox(&["plan", "t.yaml"]).expect(1);
    assert!(plan.err.contains("no service takes a snapshot of `AWS::SQS::Queue`"), "{}", plan.err);
    assert!(plan.err.contains("t.yaml:4:21"), "{}", plan.err);
}
