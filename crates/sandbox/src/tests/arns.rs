//! The ARNs that objects of every type are given, and the types that take them.

use std::sync::Arc;

use rstack_catalog::{Registry, TypeSchema};
use rstack_driver::Cloud as _;
use rstack_driver::calls::Calls as _;
use rstack_model::{KnownValue, ResourceType};

use super::lifecycle::{cloud, request};
use crate::{SandboxOptions, minimal, pattern, referrers};

/// The ARN that the type's own objects are given: the attribute or the physical ID, with the names
/// that properties have which take it.
fn arns(schema: &TypeSchema) -> Option<Vec<(String, String)>> {
    let properties = minimal::minimal(schema)?;
    let cloud = cloud(SandboxOptions::default());
    let mut create = request("Thing", serde_json::json!({}));
    create.properties = properties;
    if create.properties.contains_key("Version") {
        create.properties.insert("Version".to_owned(), "1.0.0".into());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let driver = cloud.driver(&ResourceType::from(schema.name()))?;
    let object = runtime.block_on(driver.create(&create)).ok()?;
    let resource = schema.name().rsplit("::").next()?;
    let text = |name: &str| object.attributes.get(name).and_then(KnownValue::expose_str);
    let mut found: Vec<(String, String)> = Vec::new();
    let own = format!("{resource}Arn");
    for name in ["Arn", own.as_str()] {
        if let Some(arn) = text(name).filter(|text| text.starts_with("arn:")) {
            found.push((own.clone(), arn.to_owned()));
        }
    }
    if object.physical_id.as_str().starts_with("arn:") {
        found.push((own.clone(), object.physical_id.to_string()));
    }
    Some(found)
}

/// Properties of these types have the name of a property of another type's ARN, and mean another one;
/// or no ARN has the form that the type itself describes.
const OTHERS: [(&str, &str); 5] = [
    ("AWS::Connect::IntegrationAssociation", "AWS::Connect::Rule"),
    ("AWS::Lambda::Function", "AWS::Lambda::WebFunction"),
    ("AWS::SecurityHub::Connector", "AWS::SecurityHub::ConnectorV2"),
    ("AWS::WellArchitected::Profile", "AWS::WellArchitected::AgentContext"),
    ("AWS::WellArchitected::Profile", "AWS::WellArchitected::AgentGoal"),
];

#[test]
fn the_types_of_a_service_take_the_arns_of_its_objects() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for name in Registry::embedded().names() {
        let Some(schema) = Registry::embedded().get(name).unwrap() else { continue };
        let schema: Arc<TypeSchema> = schema;
        for (property, arn) in arns(&schema).into_iter().flatten() {
            for (user, path) in referrers::taking(name, &property).iter() {
                let Some(node) = user.node(path) else { continue };
                let Some(form) = user.resolve(node).pattern() else { continue };
                let other = |(of, its): &(&str, &str)| *of == name && user.name().starts_with(its);
                if OTHERS.iter().any(other) {
                    continue;
                }
                checked += 1;
                if pattern::matches(form, &arn) == Some(false) {
                    wrong.push(format!("{name} {arn}: {} {path} {form}", user.name()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 300, "only {checked} places take an ARN");
}

#[test]
fn databases_and_tables_have_the_arns_and_ports_of_their_services() {
    let made = |resource_type: &str, properties: serde_json::Value| {
        let cloud = cloud(SandboxOptions::default());
        let request = request("Thing", properties);
        let driver = cloud.driver(&ResourceType::from(resource_type)).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let object = runtime.block_on(driver.create(&request)).unwrap();
        move |name: &str| {
            let (first, rest) = name.split_once('.').unwrap_or((name, ""));
            let value = object.attributes.get(first).unwrap_or_else(|| panic!("no {name}"));
            let inner = value.as_map().and_then(|map| map.get(rest));
            inner.unwrap_or(value).expose_str().unwrap().to_owned()
        }
    };
    let replicas = serde_json::json!([{"Region": "eu-west-1"}]);
    let table = made(
        "AWS::DynamoDB::GlobalTable",
        serde_json::json!({
            "TableName": "tbl",
            "Replicas": replicas,
            "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
            "StreamSpecification": {"StreamViewType": "KEYS_ONLY"}
        }),
    );
    assert!(table("Arn").ends_with(":table/tbl"), "{}", table("Arn"));
    assert!(table("StreamArn").contains(":table/tbl/stream/20"), "{}", table("StreamArn"));
    for (engine, port) in [("aurora-mysql", "3306"), ("aurora-postgresql", "5432")] {
        let properties = serde_json::json!({
            "Engine": engine,
            "MasterUsername": "root",
            "ManageMasterUserPassword": true
        });
        let cluster = made("AWS::RDS::DBCluster", properties);
        assert_eq!(cluster("Endpoint.Port"), port);
        let secret = cluster("MasterUserSecret.SecretArn");
        let form = secret.starts_with("arn:aws:secretsmanager:")
            && secret.contains(":secret:rds!cluster-");
        assert!(form, "{secret}");
    }
}
