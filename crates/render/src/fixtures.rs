//! Small plans and states for the tests of this crate.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::desired::{DesiredOutput, RemovalPolicy};
use rstack_model::plan::{
    Action, Certainty, Change, Checked, Difference, Operation, OutputChange, Phase, Plan, PlanBase,
    PlanMode, PlannedObject, Reason, ReplaceOrder, Step, StepId,
};
use rstack_model::state::{
    DeposedObject, Environment, ObjectStatus, OutputState, ResourceState, State,
};
use rstack_model::value::{AttributeRef, SecretReference, function};
use rstack_model::{
    Address, Digest, Lineage, PropertyPath, Serial, StackName, UpdateKind, Value, ValueMap,
};
use serde_json::json;

pub(crate) fn map(json: serde_json::Value) -> ValueMap {
    Value::from_json(json).as_map().cloned().unwrap()
}

pub(crate) fn attribute(id: &str, name: &str) -> Value {
    Value::attribute(AttributeRef::named(id.into(), name))
}

pub(crate) fn path(text: &str) -> PropertyPath {
    text.split('.').fold(PropertyPath::root(), |path, name| path.name(name))
}

pub(crate) fn environment() -> Environment {
    Environment {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        partition: "aws".into(),
        sandbox: false,
    }
}

pub(crate) fn object(
    resource_type: &str,
    physical_id: &str,
    properties: ValueMap,
) -> ResourceState {
    ResourceState {
        resource_type: resource_type.into(),
        identifier: physical_id.into(),
        physical_id: physical_id.into(),
        status: ObjectStatus::Ready,
        properties,
        in_doubt: Vec::new(),
        attributes: ValueMap::new(),
        dependencies: BTreeSet::new(),
        deletion_policy: RemovalPolicy::Delete,
        update_replace_policy: RemovalPolicy::Delete,
        secret_versions: BTreeMap::new(),
        driver: "native".into(),
        cursor: None,
        token: None,
    }
}

pub(crate) fn planned(properties: ValueMap) -> PlannedObject {
    PlannedObject {
        properties,
        dependencies: BTreeSet::new(),
        deletion_policy: RemovalPolicy::Delete,
        update_replace_policy: RemovalPolicy::Delete,
        secret_versions: BTreeMap::new(),
    }
}

pub(crate) fn change(id: &str, resource_type: &str, action: Action) -> Change {
    Change {
        address: id.into(),
        resource_type: resource_type.into(),
        action,
        reasons: Vec::new(),
        certainty: Certainty::Certain,
        differences: Vec::new(),
        drift: Vec::new(),
        checked: Checked::Nothing,
        stateful: false,
        prior: None,
        desired: None,
    }
}

pub(crate) fn difference(at: &str, before: Option<Value>, after: Option<Value>) -> Difference {
    Difference { path: path(at), before, after, update_kind: UpdateKind::InPlace }
}

/// A plan of these changes; creations, changes and deletions have their steps.
pub(crate) fn plan(changes: impl IntoIterator<Item = Change>) -> Plan {
    let mut plan = Plan {
        mode: PlanMode::Deploy,
        stack: StackName::parse("streaming").unwrap(),
        environment: environment(),
        base: PlanBase { lineage: Lineage::from("line"), serial: Serial(3) },
        template_digest: None,
        parameters: ValueMap::new(),
        given: Default::default(),
        kept: Default::default(),
        former_parameters: Default::default(),
        changes: changes.into_iter().map(|c| (c.address.clone(), c)).collect(),
        deposed: Vec::new(),
        steps: Vec::new(),
        outputs: BTreeMap::new(),
        imports: BTreeMap::new(),
        termination_protection: Default::default(),
        awaits: Default::default(),
        assets: Vec::new(),
        images: Vec::new(),
        templates: BTreeMap::new(),
        creation_limits: BTreeMap::new(),
        purge: false,
        propagation_waits: BTreeMap::new(),
    };
    let mut steps = Vec::new();
    for change in plan.changes.values() {
        let old = || Operation::Delete(Box::new(change.prior.clone().unwrap()));
        let operations = match change.action {
            Action::NoOp => Vec::new(),
            Action::Create => vec![(Operation::Create, Phase::Forward)],
            Action::Update => vec![(Operation::Update, Phase::Forward)],
            Action::Record => vec![(Operation::Record, Phase::Forward)],
            Action::Replace(_) => {
                vec![(Operation::Create, Phase::Forward), (old(), Phase::Cleanup)]
            }
            Action::Delete => vec![(old(), Phase::Cleanup)],
            Action::Restore => {
                let before =
                    Box::new(object(change.resource_type.as_str(), "before", map(json!({}))));
                vec![(Operation::Restore(before), Phase::Forward), (old(), Phase::Cleanup)]
            }
            Action::Retain | Action::Forget => {
                let object = Box::new(change.prior.clone().unwrap());
                vec![(Operation::Forget(object), Phase::Cleanup)]
            }
        };
        let id = &change.address;
        steps.extend(
            operations.into_iter().map(|(operation, phase)| (id.clone(), operation, phase)),
        );
    }
    for (address, operation, phase) in steps {
        add_step(&mut plan, address, operation, phase);
    }
    plan
}

fn add_step(plan: &mut Plan, address: Address, operation: Operation, phase: Phase) {
    let id = StepId(u32::try_from(plan.steps.len()).unwrap());
    plan.steps.push(Step { id, address, operation, phase, after: BTreeSet::new() });
}

/// A deposed object of an earlier apply, which goes or stays with this operation.
pub(crate) fn add_deposed(
    plan: &mut Plan,
    id: &str,
    object: ResourceState,
    removal: fn(Box<ResourceState>) -> Operation,
) {
    let address = Address::from(id);
    let operation = removal(Box::new(object.clone()));
    add_step(plan, address.clone(), operation, Phase::Cleanup);
    plan.deposed.push(DeposedObject { address, object });
}

pub(crate) fn output(before: Option<Value>, after: Option<Value>) -> OutputChange {
    let after = after.map(|value| DesiredOutput { value, description: None, export: None });
    OutputChange { before, exported_before: None, after, problem: None }
}

fn join(parts: Vec<Value>) -> Value {
    function::join("", Value::List(parts)).unwrap()
}

/// A first deployment: everything is new, much is known only after apply.
pub(crate) fn first_deployment() -> Plan {
    let mut channel = change("Channel", "AWS::MediaPackage::Channel", Action::Create);
    channel.desired = Some(planned(map(json!({"Id": "live", "Description": "The channel"}))));
    let mut cdn = change("CDN", "AWS::CloudFront::Distribution", Action::Create);
    let secret = SecretReference::SecretsManager(Box::new("cdn:SecretString:Key".into()));
    let origin = ValueMap::from([
        ("Id".into(), "origin".into()),
        ("DomainName".into(), attribute("HlsEndpoint", "Url")),
        ("Headers".into(), Value::List(vec![Value::secret(secret)])),
    ]);
    let config = ValueMap::from([
        ("Enabled".into(), true.into()),
        ("Origins".into(), Value::List(vec![Value::Map(origin)])),
    ]);
    cdn.desired =
        Some(planned(ValueMap::from([("DistributionConfig".into(), Value::Map(config))])));
    let mut role = change("Role", "AWS::IAM::Role", Action::Create);
    role.desired = Some(planned(map(json!({
        "AssumeRolePolicyDocument": {"Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "mediapackage.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}},
        }]},
        "Policies": [{"PolicyName": "read", "PolicyDocument": {"Statement": {
            "Effect": "Allow",
            "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
            "Resource": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:MediaPackage/*",
        }}}],
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
    }))));
    let mut plan = plan([channel, cdn, role]);
    let url = join(vec!["https://".into(), attribute("CDN", "DomainName"), "/index.m3u8".into()]);
    plan.outputs.insert("Url".into(), output(None, Some(url)));
    plan
}

/// A stack that changes in every way.
pub(crate) fn second_deployment() -> Plan {
    let kept = |change: &mut Change, physical_id: &str| {
        change.prior = Some(object(change.resource_type.as_str(), physical_id, ValueMap::new()));
        change.desired = Some(planned(ValueMap::new()));
        change.checked = Checked::Read(Digest::of(b"x"));
    };
    let mut endpoint = change("Hls", "AWS::MediaPackage::OriginEndpoint", Action::Update);
    kept(&mut endpoint, "streaming-hls");
    endpoint.reasons = vec![Reason::PropertiesChanged, Reason::Drift];
    endpoint.differences =
        vec![difference("HlsPackage.SegmentDurationSeconds", Some(5.into()), Some(6.into()))];
    endpoint.drift = vec![difference("Description", Some("live".into()), Some("by hand".into()))];

    let mut channel =
        change("Channel", "AWS::MediaPackage::Channel", Action::Replace(ReplaceOrder::CreateFirst));
    kept(&mut channel, "live");
    channel.reasons = vec![Reason::PropertiesChanged, Reason::CreateOnly(path("Id"))];
    channel.differences = vec![Difference {
        update_kind: UpdateKind::Replaces,
        ..difference("Id", Some("live".into()), Some("live-2".into()))
    }];

    let mut cdn = change("CDN", "AWS::CloudFront::Distribution", Action::Update);
    kept(&mut cdn, "E123");
    cdn.certainty = Certainty::Possible;
    cdn.reasons = vec![Reason::MayChange(path("DistributionConfig.Comment"))];
    cdn.differences = vec![difference(
        "DistributionConfig.Comment",
        Some("https://a.example".into()),
        Some(attribute("Hls", "Url")),
    )];

    let mut bucket = change("Logs", "AWS::S3::Bucket", Action::Delete);
    kept(&mut bucket, "streaming-logs");
    bucket.desired = None;
    bucket.stateful = true;
    bucket.reasons = vec![Reason::NotInTemplate];

    let mut table = change("Table", "AWS::DynamoDB::Table", Action::Retain);
    kept(&mut table, "streaming-table");
    table.reasons = vec![Reason::NotInTemplate];

    let mut code = change("Rewrite", "AWS::CloudFront::Function", Action::Update);
    kept(&mut code, "streaming-rewrite");
    code.reasons = vec![
        Reason::PropertiesChanged,
        Reason::SecretRotated { reference: "{{resolve:secretsmanager:cdn}}".into() },
    ];
    let text = |line: &str| Some(format!("function handler(event) {{\n  {line}\n}}\n").into());
    code.differences =
        vec![difference("FunctionCode", text("return event;"), text("return event.request;"))];

    let mut same = change("Key", "AWS::KMS::Key", Action::NoOp);
    kept(&mut same, "1234");
    same.checked = Checked::Unchecked("access denied (kms:DescribeKey)".into());

    let mut plan = plan([endpoint, channel, cdn, bucket, table, code, same]);
    plan.outputs.insert("Url".into(), output(Some("a".into()), Some("b".into())));
    plan.outputs.insert("Old".into(), output(Some("x".into()), None));
    plan.outputs.insert("Same".into(), output(Some(1.into()), Some(1.into())));
    plan
}

pub(crate) fn state() -> State {
    let stack = StackName::parse("streaming").unwrap();
    let mut state = State::empty(Lineage::from("line"), stack, environment());
    state.serial = Serial(7);
    let mut channel = object("AWS::MediaPackage::Channel", "live", map(json!({"Id": "live"})));
    channel.attributes = map(json!({"Arn": "arn:aws:mediapackage:eu-west-1:1:channels/x"}));
    let mut cdn = object("AWS::CloudFront::Distribution", "E1\u{1b}[2J", ValueMap::new());
    cdn.status = ObjectStatus::PartlyUpdated;
    cdn.dependencies = BTreeSet::from([Address::from("Channel")]);
    state.resources = BTreeMap::from([("Channel".into(), channel.clone()), ("CDN".into(), cdn)]);
    state.deposed.push(rstack_model::state::DeposedObject {
        address: "Channel".into(),
        object: ResourceState {
            identifier: "live-0".into(),
            physical_id: "live-0".into(),
            ..channel
        },
    });
    let secret = Value::secret(SecretReference::Parameter("Key".into()));
    for (name, value) in [("Url", Value::from("https://a/b")), ("Key", secret)] {
        let output = OutputState { value, description: None, export: None };
        state.outputs.insert(name.into(), output);
    }
    state
}
