//! The documentation of resource types.

use crate::harness::{Place, snapshot};

/// A page without the line that depends on whether the program was built with AWS.
fn page(place: &Place, arguments: &[&str]) -> String {
    let arguments = [&["docs"], arguments].concat();
    let out = place.run(&arguments).expect(0).out;
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
    out.lines().filter(|line| !line.starts_with("Driver ")).map(|l| format!("{l}\n")).collect()
}

#[test]
fn a_type_a_property_an_attribute_and_a_service_have_their_pages() {
    let place = Place::empty();
    let pages = [
        &["AWS::MediaPackage::OriginEndpoint"][..],
        &["aws::mediapackage::originendpoint.hlspackage.AdMarkers"],
        &["AWS::MediaPackage::OriginEndpoint.CmafPackage", "--depth", "2"],
        &["AWS::SNS::Topic.TopicArn"],
        &["AWS::MediaPackage::"],
    ];
    let pages = pages.map(|arguments| {
        format!("$ rstack docs {}\n{}", arguments.join(" "), page(&place, arguments))
    });
    snapshot("docs", &pages.join("\n"));
    assert!(page(&place, &[]).contains("AWS::MediaPackage "));
}

#[test]
fn json_says_the_same() {
    let place = Place::empty();
    let json = |name: &str| -> serde_json::Value {
        let out = place.run(&["docs", name, "--depth", "9", "--json"]).expect(0).out;
        serde_json::from_str(&out).unwrap()
    };
    let table = json("AWS::DynamoDB::Table");
    assert_eq!((&table["stateful"], &table["ref"][0]), (&true.into(), &"TableName".into()));
    assert_eq!(table["permissions"]["create"][0], "dynamodb:AssociateTableReplica");
    let name = json("AWS::DynamoDB::Table.TableName");
    assert_eq!((&name["change"], &name["required"]), (&"replaces".into(), &false.into()));
    // A definition that holds itself ends.
    assert_eq!(json("AWS::WAFv2::WebACL")["type"], "AWS::WAFv2::WebACL");
}

#[test]
fn a_misspelt_name_is_met_with_the_right_one() {
    let place = Place::empty();
    for (name, near) in [
        ("AWS::MediaPackage::Chanel", "did you mean `AWS::MediaPackage::Channel`?"),
        ("AWS::SNS::Topic.DisplyName", "did you mean `DisplayName`?"),
        ("AWS::SNS::Topic.Tags.Kye", "did you mean `Key`?"),
        ("AWS::SNS::Topic.TopicAr", "did you mean `TopicArn`?"),
        ("Nonsense", "`rstack docs` lists the services"),
    ] {
        let error = place.run(&["docs", name]).expect(1).err;
        assert!(error.contains(near), "{name}: {error}");
    }
}
