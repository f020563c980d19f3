//! Update kinds in plans: what may be replaced, what the service's rule decides, what the user asks for.

use rstack_catalog::{Documentation, Property, Registry};
use rstack_model::plan::{Action, Certainty, Plan, Reason, ReplaceOrder};
use rstack_model::state::State;
use rstack_model::{Address, PropertyPath, UpdateKind};
use rstack_plan::compare::differences;
use rstack_plan::{CheckedPlan, PlanError, PlanInput, PlanOptions, RegistrySchemas, Schemas, plan};
use serde_json::{Value, json as j};

use crate::cases::{action, made, reasons, steps};
use crate::support::{TestSchemas, applied, attribute, empty_state, faithful, json, stack, thing};

fn replacing(properties: Value, state: &State) -> Result<Plan, PlanError> {
    let options = PlanOptions { replace: ["A".into()].into(), ..PlanOptions::default() };
    planned(properties, state, &options)
}

fn planned(properties: Value, state: &State, options: &PlanOptions) -> Result<Plan, PlanError> {
    let desired = stack([("A", thing(json(properties)))]);
    plan(&PlanInput {
        desired: &desired,
        state,
        observations: &faithful(state),
        schemas: &TestSchemas,
        options,
    })
    .map(CheckedPlan::into_plan)
}

fn plain(properties: Value, state: &State) -> Plan {
    planned(properties, state, &PlanOptions::default()).unwrap()
}

fn state_of(properties: Value) -> State {
    made(&stack([("A", thing(json(properties)))]))
}

#[test]
fn what_may_be_replaced_is_changed_in_place_and_named() {
    let state = state_of(j!({"Mode": "a", "Size": 1}));
    let plan = plain(j!({"Mode": "b", "Size": 2}), &state);
    assert_eq!(action(&plan, "A"), Action::Update);
    let open = Reason::MayReplace(PropertyPath::root().name("Mode"));
    assert!(reasons(&plan, "A").contains(&open), "{:?}", reasons(&plan, "A"));
    let plan = plain(j!({"Mode": "a", "Size": 2}), &state);
    assert!(!reasons(&plan, "A").contains(&open));
}

#[test]
fn a_known_rule_of_the_service_decides_at_once() {
    let state = state_of(j!({"Engine": "a1"}));
    let plan = plain(j!({"Engine": "a2"}), &state);
    assert_eq!(action(&plan, "A"), Action::Update);
    assert_eq!(reasons(&plan, "A"), [Reason::PropertiesChanged]);
    let plan = plain(j!({"Engine": "b"}), &state);
    assert_eq!(action(&plan, "A"), Action::Replace(ReplaceOrder::CreateFirst));
    assert_eq!(steps(&plan), ["create A", "delete A"]);
}

#[test]
fn a_requested_replacement_is_one_whatever_differs() {
    let state = state_of(j!({"Mode": "a"}));
    for properties in [j!({"Mode": "a"}), j!({"Mode": "b"}), j!({"Mode": "a", "Size": 1})] {
        let plan = replacing(properties, &state).unwrap();
        assert_eq!(action(&plan, "A"), Action::Replace(ReplaceOrder::CreateFirst));
        assert!(reasons(&plan, "A").contains(&Reason::Requested));
        assert_eq!(plan.changes[&Address::from("A")].certainty, Certainty::Certain);
        assert_eq!(steps(&plan), ["create A", "delete A"]);
    }
    let named = state_of(j!({"Name": "n"}));
    let error = replacing(j!({"Name": "n"}), &named).unwrap_err();
    assert!(matches!(error, PlanError::NameTaken { .. }), "{error}");
    assert!(error.to_string().contains("its replacement is requested"), "{error}");
}

/// The kinds of the differences between two declarations of a type of the registry.
fn kinds(type_name: &str, before: Value, after: Value) -> Vec<UpdateKind> {
    let definition = RegistrySchemas.definition(&type_name.into()).unwrap();
    let found = differences(definition.as_ref(), &json(before), &json(after));
    found.iter().map(|difference| difference.update_kind).collect()
}

#[test]
fn the_rules_of_services_decide_real_types() {
    use UpdateKind::{InPlace, MayReplace, Replaces};
    let attributes = |kind: &str, more: &[&str]| {
        let names = std::iter::once(("pk", kind)).chain(more.iter().map(|name| (*name, "S")));
        let list: Vec<Value> =
            names.map(|(name, kind)| j!({"AttributeName": name, "AttributeType": kind})).collect();
        j!({"AttributeDefinitions": list})
    };
    let table = "AWS::DynamoDB::Table";
    assert_eq!(kinds(table, attributes("S", &[]), attributes("N", &[])), [Replaces]);
    assert_eq!(kinds(table, attributes("S", &[]), attributes("S", &["sk"])), [InPlace]);
    assert_eq!(kinds(table, attributes("S", &["sk"]), attributes("S", &[])), [InPlace]);
    let key = |name: &str| j!({"KeySchema": [{"AttributeName": name, "KeyType": "HASH"}]});
    assert_eq!(kinds(table, key("pk"), key("id")), [Replaces]);
    let engine = |name: &str| j!({"Engine": name});
    let instance = "AWS::RDS::DBInstance";
    assert_eq!(kinds(instance, engine("mysql"), engine("postgres")), [Replaces]);
    assert_eq!(kinds(instance, engine("oracle-ee"), engine("oracle-ee-cdb")), [MayReplace]);
    let cluster = "AWS::RDS::DBCluster";
    assert_eq!(kinds(cluster, engine("aurora-mysql"), engine("aurora-postgresql")), [Replaces]);
    let tenancy = |name: &str| j!({"InstanceTenancy": name});
    assert_eq!(kinds("AWS::EC2::VPC", tenancy("dedicated"), tenancy("default")), [InPlace]);
    assert_eq!(kinds("AWS::EC2::VPC", tenancy("default"), tenancy("dedicated")), [Replaces]);
    let check = j!({"HealthCheck": {"Target": "HTTP:80/", "Timeout": "5"}});
    let other = j!({"HealthCheck": {"Target": "HTTP:80/", "Timeout": "6"}});
    let balancer = "AWS::ElasticLoadBalancing::LoadBalancer";
    assert_eq!(kinds(balancer, j!({}), check.clone()), [Replaces]);
    assert_eq!(kinds(balancer, check, other), [InPlace]);
}

#[test]
fn the_planner_and_the_documentation_agree_on_every_property_of_every_type() {
    fn walk(
        definition: &dyn rstack_plan::TypeDefinition,
        properties: &[Property<'_>],
        depth: usize,
    ) -> usize {
        let mut seen = 0;
        for property in properties {
            let Some(kind) = property.update_kind() else { continue };
            assert_eq!(definition.update_kind(property.path()), kind, "{}", property.dotted());
            seen += 1;
            if depth > 0 && !property.repeats() {
                seen += walk(definition, &property.properties(), depth - 1);
            }
        }
        seen
    }
    let documentation = Documentation::default();
    let mut seen = 0;
    // Of a custom resource the planner refuses the change that the registry calls a replacement.
    let is_custom = |name: &&str| rstack_model::ResourceType::from(*name).is_custom();
    for name in Registry::embedded().names().filter(|name| !is_custom(name)) {
        let schema = Registry::embedded().get(name).unwrap().unwrap();
        let definition = RegistrySchemas.definition(&name.into()).unwrap();
        seen += walk(definition.as_ref(), &Property::all(&schema, &documentation), 3);
    }
    assert!(seen > 38_000, "{seen}");
}

#[test]
fn a_scalar_where_text_is_taken_too_is_the_same_as_its_text() {
    let variable = |value: Value| j!({"Environment": {"Variables": {"A": value}}});
    let function = "AWS::Lambda::Function";
    assert_eq!(kinds(function, variable(j!(true)), variable(j!("true"))), []);
    assert_eq!(kinds(function, variable(j!(8080)), variable(j!("8080"))), []);
    assert_eq!(kinds(function, variable(j!(8080)), variable(j!(8081))), [UpdateKind::InPlace]);
}

#[test]
fn another_order_of_what_a_service_keeps_as_a_set_is_no_change() {
    let zones = |zones: [&str; 2]| j!({"AvailabilityZones": zones});
    assert_eq!(kinds("AWS::RDS::DBCluster", zones(["a", "b"]), zones(["b", "a"])), []);
    assert_eq!(
        kinds("AWS::RDS::DBCluster", zones(["a", "b"]), zones(["a", "c"])),
        [UpdateKind::Replaces]
    );
    let index = |attributes: [&str; 2]| {
        let projection = j!({"NonKeyAttributes": attributes, "ProjectionType": "INCLUDE"});
        j!({"LocalSecondaryIndexes": [{"IndexName": "i", "Projection": projection}]})
    };
    assert_eq!(kinds("AWS::DynamoDB::Table", index(["x", "y"]), index(["y", "x"])), []);
}

#[test]
fn a_domain_name_that_route_53_takes_for_the_same_is_no_change() {
    let named = |name: &str| j!({"Name": name});
    for resource_type in ["AWS::Route53::HostedZone", "AWS::Route53::RecordSet"] {
        assert_eq!(kinds(resource_type, named("a.example.com."), named("A.example.com")), []);
        let other = kinds(resource_type, named("a.example.com."), named("b.example.com"));
        assert_eq!(other, [UpdateKind::Replaces], "{resource_type}");
    }
    let record = |name: &str| j!({"Name": name, "Type": "A", "HostedZoneId": "Z1"});
    let set = "AWS::Route53::RecordSet";
    let twice = [("A", set, record("a.example.com")), ("B", set, record("A.example.com."))];
    let error = registry(&twice, &empty_state()).unwrap_err();
    assert!(matches!(error, PlanError::NameOfOther { .. }), "{error}");
    let group = |name: &str| j!({"RecordSets": [{"Name": name, "Type": "A"}]});
    assert_eq!(kinds("AWS::Route53::RecordSetGroup", group("*.a."), group("\\052.A")), []);
}

#[test]
fn a_rule_that_ec2_takes_for_the_same_is_no_change() {
    let rule = |protocol: Value, block: &str| {
        let mut rule = j!({"GroupId": "sg-1", "FromPort": 80, "ToPort": 80, "CidrIp": block});
        rule["IpProtocol"] = protocol;
        rule
    };
    let single = "AWS::EC2::SecurityGroupIngress";
    let tcp = rule("tcp".into(), "10.1.0.0/16");
    assert_eq!(kinds(single, rule("6".into(), "10.1.2.3/16"), tcp.clone()), []);
    assert_eq!(kinds(single, rule(j!(6), "10.1.0.0/16"), tcp.clone()), []);
    assert_eq!(kinds(single, rule("TCP".into(), "10.1.0.0/16"), tcp.clone()), []);
    let other = kinds(single, rule("udp".into(), "10.1.0.0/16"), tcp);
    assert_eq!(other, [UpdateKind::Replaces]);
    let all = |mut ports: Value| {
        ports["IpProtocol"] = "-1".into();
        ports["CidrIpv6"] = "2001:DB8::/32".into();
        ports
    };
    assert_eq!(kinds(single, all(j!({})), all(j!({"FromPort": -1, "ToPort": -1}))), []);
    let group = |rule: Value| j!({"GroupDescription": "d", "SecurityGroupIngress": [rule]});
    let normal = j!({"IpProtocol": "-1", "CidrIpv6": "2001:db8::/32"});
    let declared = group(all(j!({"FromPort": 0, "ToPort": 65535})));
    assert_eq!(kinds("AWS::EC2::SecurityGroup", declared, group(normal)), []);
}

/// A plan of a custom resource `A` with these properties, and of `B`, which uses it.
fn custom(properties: Value, state: &State) -> Result<Plan, PlanError> {
    let of_type = |name: &str, properties| {
        let resource_type = name.into();
        rstack_model::desired::DesiredResource { resource_type, ..thing(properties) }
    };
    let users = ["Ref", "Url"].map(|name| {
        let reference = match name {
            "Ref" => rstack_model::value::AttributeRef::reference("A".into()),
            name => rstack_model::value::AttributeRef::named("A".into(), name),
        };
        (name.to_owned(), rstack_model::Value::attribute(reference))
    });
    let desired = stack([
        ("A", of_type("Custom::Thing", json(properties))),
        ("B", of_type("AWS::CloudFormation::CustomResource", users.into_iter().collect())),
    ]);
    let (observations, options) = (faithful(state), PlanOptions::default());
    let schemas = &RegistrySchemas;
    let input = PlanInput {
        desired: &desired,
        state,
        observations: &observations,
        schemas,
        options: &options,
    };
    let plan = plan(&input)?;
    assert_eq!(rstack_plan::check(&plan, schemas), []);
    Ok(plan.into_plan())
}

#[test]
fn what_a_handler_returns_is_known_only_after_it_was_asked_and_it_stays_the_same_handler() {
    let first = custom(j!({"ServiceToken": "f", "Size": 1}), &empty_state()).unwrap();
    let mut state = applied(&first, &empty_state());
    let same = custom(j!({"ServiceToken": "f", "Size": "1"}), &state).unwrap();
    assert_eq!([action(&same, "A"), action(&same, "B")], [Action::NoOp, Action::NoOp]);
    let changed = custom(j!({"ServiceToken": "f", "Size": 2}), &state).unwrap();
    assert_eq!([action(&changed, "A"), action(&changed, "B")], [Action::Update, Action::Update]);
    let user = &changed.changes[&Address::from("B")];
    assert_eq!(user.certainty, Certainty::Possible);
    let properties = &user.desired.as_ref().unwrap().properties;
    assert!(properties["Ref"].has_unknown() && properties["Url"].has_unknown());
    let refused = custom(j!({"ServiceToken": "g", "Size": 2}), &state).unwrap_err();
    let path = PropertyPath::root().name("ServiceToken");
    assert_eq!(refused, PlanError::Fixed { address: "A".into(), path });
    // What was never made whole is made anew, by whatever handler.
    state.resources.get_mut(&Address::from("A")).unwrap().status =
        rstack_model::state::ObjectStatus::Incomplete;
    let anew = custom(j!({"ServiceToken": "g", "Size": 2}), &state).unwrap();
    assert_eq!(action(&anew, "A"), Action::Replace(ReplaceOrder::CreateFirst));
}

/// A plan of resources of the registry's types.
fn registry(resources: &[(&'static str, &str, Value)], state: &State) -> Result<Plan, PlanError> {
    let desired = stack(resources.iter().map(|(id, resource_type, properties)| {
        let resource_type = (*resource_type).into();
        let own = thing(json(properties.clone()));
        (*id, rstack_model::desired::DesiredResource { resource_type, ..own })
    }));
    let (observations, options) = (faithful(state), PlanOptions::default());
    let schemas = &RegistrySchemas;
    let input = PlanInput {
        desired: &desired,
        state,
        observations: &observations,
        schemas,
        options: &options,
    };
    let plan = plan(&input)?;
    assert_eq!(rstack_plan::check(&plan, schemas), []);
    Ok(plan.into_plan())
}

fn registry_state(resource_type: &str, properties: Value) -> State {
    let plan = registry(&[("A", resource_type, properties)], &empty_state()).unwrap();
    applied(&plan, &empty_state())
}

#[test]
fn a_change_that_the_service_refuses_is_refused_by_the_plan() {
    for (resource_type, before, after, path) in [
        (
            "AWS::KMS::Key",
            j!({"KeySpec": "SYMMETRIC_DEFAULT"}),
            j!({"KeySpec": "RSA_2048"}),
            "KeySpec",
        ),
        ("AWS::KMS::Key", j!({}), j!({"MultiRegion": true}), "MultiRegion"),
        ("AWS::KMS::Key", j!({"KeyUsage": "SIGN_VERIFY"}), j!({}), "KeyUsage"),
        (
            "AWS::EC2::Volume",
            j!({"AvailabilityZone": "eu-west-1a", "Size": 1}),
            j!({"AvailabilityZone": "eu-west-1b", "Size": 1}),
            "AvailabilityZone",
        ),
    ] {
        let state = registry_state(resource_type, before);
        let refused = registry(&[("A", resource_type, after)], &state).unwrap_err();
        let path = PropertyPath::root().name(path);
        assert_eq!(refused, PlanError::Fixed { address: "A".into(), path });
        assert!(refused.hint().unwrap().contains("--replace A"));
    }
}

#[test]
fn a_change_that_the_service_refuses_by_its_values_is_refused_by_the_plan() {
    let volume = |size: u32| j!({"AvailabilityZone": "eu-west-1a", "Size": size});
    let state = registry_state("AWS::EC2::Volume", volume(100));
    let refused = registry(&[("A", "AWS::EC2::Volume", volume(50))], &state).unwrap_err();
    assert!(matches!(&refused, PlanError::Refused { .. }), "{refused}");
    assert!(refused.to_string().contains("`Size` of `A`"), "{refused}");
    let grown = registry(&[("A", "AWS::EC2::Volume", volume(200))], &state).unwrap();
    assert_eq!(action(&grown, "A"), Action::Update);
}

#[test]
fn a_property_that_comes_or_goes_with_its_default_replaces_nothing() {
    for (resource_type, required, default) in [
        ("AWS::SQS::Queue", j!({}), j!({"FifoQueue": false})),
        ("AWS::SQS::Queue", j!({}), j!({"FifoQueue": "false"})),
        ("AWS::IAM::Role", j!({"AssumeRolePolicyDocument": {}}), j!({"Path": "/"})),
        ("AWS::Lambda::Function", j!({}), j!({"PackageType": "Zip"})),
        ("AWS::StepFunctions::StateMachine", j!({}), j!({"StateMachineType": "STANDARD"})),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", j!({}), j!({"Type": "application"})),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", j!({}), j!({"TargetType": "instance"})),
        ("AWS::RDS::DBInstance", j!({}), j!({"StorageEncrypted": false})),
        ("AWS::EFS::FileSystem", j!({}), j!({"Encrypted": false})),
        ("AWS::KMS::Key", j!({}), j!({"KeySpec": "SYMMETRIC_DEFAULT", "MultiRegion": false})),
    ] {
        let mut with = required.clone();
        for (name, value) in default.as_object().unwrap() {
            with[name] = value.clone();
        }
        for (before, after) in [(&required, &with), (&with, &required)] {
            let state = registry_state(resource_type, before.clone());
            let plan = registry(&[("A", resource_type, after.clone())], &state).unwrap();
            assert_eq!(action(&plan, "A"), Action::NoOp, "{resource_type} {before} {after}");
        }
    }
    let state = registry_state("AWS::SQS::Queue", j!({}));
    let plan = registry(&[("A", "AWS::SQS::Queue", j!({"FifoQueue": true}))], &state).unwrap();
    assert_eq!(action(&plan, "A"), Action::Replace(ReplaceOrder::CreateFirst));
    let state = registry_state("AWS::RDS::DBInstance", j!({"StorageEncrypted": true}));
    let plan = registry(&[("A", "AWS::RDS::DBInstance", j!({}))], &state).unwrap();
    assert_eq!(action(&plan, "A"), Action::Replace(ReplaceOrder::CreateFirst));
}

#[test]
fn a_name_is_taken_whatever_its_case_where_the_service_takes_both_for_one() {
    let role = |name: &str| j!({"AssumeRolePolicyDocument": {}, "RoleName": name});
    let kind = "AWS::IAM::Role";
    let state = registry_state(kind, role("MyRole"));
    let refused = registry(&[("A", kind, role("myrole"))], &state).unwrap_err();
    assert!(matches!(refused, PlanError::NameTaken { .. }), "{refused}");
    let both = [("A", kind, role("Same")), ("B", kind, role("same"))];
    let refused = registry(&both, &empty_state()).unwrap_err();
    assert!(matches!(refused, PlanError::NameOfOther { .. }), "{refused}");
    let queue = |name: &str| j!({"QueueName": name});
    let kind = "AWS::SQS::Queue";
    registry(&[("A", kind, queue("Same")), ("B", kind, queue("same"))], &empty_state()).unwrap();
}

#[test]
fn the_name_of_a_security_group_is_unique_within_its_vpc() {
    let kind = "AWS::EC2::SecurityGroup";
    let group =
        |about: &str, vpc: &str| j!({"GroupName": "web", "GroupDescription": about, "VpcId": vpc});
    let state = registry_state(kind, group("one", "vpc-1"));
    let refused = registry(&[("A", kind, group("two", "vpc-1"))], &state).unwrap_err();
    assert!(matches!(refused, PlanError::NameTaken { kept: false, .. }), "{refused}");
    let two = |vpc| [("A", kind, group("one", "vpc-1")), ("B", kind, group("one", vpc))];
    let refused = registry(&two("vpc-1"), &empty_state()).unwrap_err();
    assert!(matches!(refused, PlanError::NameOfOther { .. }), "{refused}");
    registry(&two("vpc-2"), &empty_state()).unwrap();
    // A VPC that is yet to be made is one VPC, too.
    let mut desired = stack([("Vpc", thing(json(j!({}))))]);
    for id in ["A", "B"] {
        let mut properties = json(j!({"GroupName": "web", "GroupDescription": "one"}));
        properties.insert("VpcId".to_owned(), attribute("Vpc", "VpcId"));
        let own = rstack_model::desired::DesiredResource {
            resource_type: kind.into(),
            ..thing(properties)
        };
        desired.resources.insert(id.into(), own);
    }
    desired.resources.get_mut(&Address::from("Vpc")).unwrap().resource_type =
        "AWS::EC2::VPC".into();
    let input = PlanInput {
        desired: &desired,
        state: &empty_state(),
        observations: &Default::default(),
        schemas: &RegistrySchemas,
        options: &PlanOptions::default(),
    };
    let refused = plan(&input).unwrap_err();
    assert!(matches!(refused, PlanError::NameOfOther { .. }), "{refused}");
}

#[test]
fn a_table_of_another_type_cannot_have_the_name_of_the_old_one() {
    let table = j!({"TableName": "t", "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
                    "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}]});
    let state = registry_state("AWS::DynamoDB::Table", table.clone());
    let mut global = table.clone();
    global["Replicas"] = j!([{"Region": "eu-west-1"}]);
    let refused = registry(&[("A", "AWS::DynamoDB::GlobalTable", global.clone())], &state);
    let refused = refused.unwrap_err();
    assert!(matches!(&refused, PlanError::NameTaken { cause, .. } if cause == "its type changes"));
    let refused = registry(&[("B", "AWS::DynamoDB::GlobalTable", global)], &state).unwrap_err();
    assert!(matches!(refused, PlanError::NameOfOther { .. }), "{refused}");
    // A role may have the name of a table.
    registry(&[("A", "AWS::SQS::Queue", j!({"QueueName": "t"}))], &state).unwrap();
}
