//! Samples of what few runs write: values of the types, written as the program writes them.

use std::time::Duration;

use rstack_journal::Entry;
use rstack_model::event::{Event, RunEnd, StepLabel};
use rstack_model::plan::{Plan, PlanMode, StepId};
use rstack_model::state::State;
use rstack_model::{Asset, Code, Diagnostic, ErrorCode, Image};
use rstack_render::{
    Source, event_json, plan_json, report_json, resources_json, stack_event_json, state_json,
};
use serde_json::{Value, json};

use super::samples::Samples;

const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

pub(super) fn add(samples: &mut Samples) {
    for plan in plans() {
        let read: Plan = serde_json::from_value(plan).unwrap();
        let awaits = ["stack Net".into()].into();
        let template =
            json!({"address": "https://b-1.s3.amazonaws.com/k", "digest": DIGEST, "bytes": 7});
        let templates = [("Net".into(), serde_json::from_value(template).unwrap())].into();
        let creation_limits = [("Net".into(), 30)].into();
        let (assets, images) = (assets(), images());
        let read = Plan { assets, images, templates, creation_limits, ..read };
        let preview = Plan { awaits, ..read.clone() };
        samples.text("plan", &plan_json(&preview, None).unwrap());
        let stacks = json!([{"needs": [], "plan": read}, {"needs": ["Net"], "plan": preview}]);
        let run = json!({"rstack-plan": 3, "digest": DIGEST, "stacks": stacks});
        samples.value("saved-plan", run);
        let saved = json!({"rstack-plan": 2, "digest": DIGEST, "plan": read});
        samples.value("saved-plan", saved);
    }
    let plan: Plan = serde_json::from_value(plans().remove(0)).unwrap();
    let signature = json!({"algorithm": "ed25519", "key": DIGEST, "value": "AA=="});
    let signed = json!({"rstack-plan": 2, "digest": DIGEST, "signature": signature, "plan": plan});
    samples.value("saved-plan", signed);
    let mut shown: Value = serde_json::from_str(&plan_json(&plan, None).unwrap()).unwrap();
    let key = format!("sha256:{DIGEST}");
    shown["saved"] = json!({"digest": key, "signature": {"key": key, "verified": true}});
    samples.value("plan", shown);

    let state: State = serde_json::from_value(state()).unwrap();
    let file =
        json!({"checksum": DIGEST, "format": 3, "folded": null, "written": null, "state": state});
    samples.value("state", file);
    samples.text("stack", &state_json(&state).unwrap());
    samples.text("resource-list", &resources_json(&state, None).unwrap());
    for entry in entries() {
        let entry: Entry = serde_json::from_value(entry).unwrap();
        let record =
            json!({"format": 2, "number": 1, "previous": DIGEST, "entry": entry, "digest": DIGEST});
        samples.value("journal", record);
    }
    let remark = Diagnostic::information(Code::Alias, "a remark").docs("https://example.com/");
    let source = Source { name: "a.yaml", text: "", is_shown: true };
    samples.lines("finding", &report_json(&[remark], source).unwrap());
    for event in events() {
        let elapsed = Duration::from_millis(7);
        samples.text("event", &event_json(&event, elapsed).unwrap());
        samples.text("event", &stack_event_json(Some("s"), &event, elapsed).unwrap());
    }
}

/// An image that is built, and one that is there already.
fn images() -> Vec<Image> {
    let role = json!({"arn": "arn:aws:iam::1:role/r", "external_id": "e"});
    let images = json!([
        {"place": {"region": "eu-west-1", "repository": "r", "tag": "t", "role": role},
         "assembly": "cdk.out", "source": "asset.a",
         "build": {"digest": DIGEST, "files": 1, "bytes": 2, "options": ["--no-cache"]}},
        {"place": {"region": "eu-west-1", "repository": "r", "tag": "u"},
         "assembly": "cdk.out", "source": "asset.b"},
    ]);
    serde_json::from_value(images).unwrap()
}

/// An asset that is uploaded, and one that is there already.
fn assets() -> Vec<Asset> {
    let role = json!({"arn": "arn:aws:iam::1:role/r", "external_id": "e"});
    let place = |key: &str| json!({"region": "eu-west-1", "bucket": "b", "key": key});
    let mut by_role = place("a.zip");
    by_role["role"] = role;
    let assets = json!([
        {"place": by_role, "assembly": "cdk.out", "source": "asset.a", "packaging": "zip",
         "upload": {"digest": DIGEST, "files": 3, "bytes": 12345}},
        {"place": place("b"), "assembly": "cdk.out", "source": "b", "packaging": "file"},
    ]);
    serde_json::from_value(assets).unwrap()
}

/// Values of each kind.
fn values() -> Value {
    let special = |special: Value| json!({"$rstack": special});
    let attribute =
        special(json!({"deferred": {"attribute": {"address": "A", "attribute": "ref"}}}));
    let named = json!({"attribute": {"address": "A", "attribute": {"named": "Arn"}}});
    json!({
        "Plain": [null, true, 1.5, "text", {"Key": "value"}],
        "Mark": special(json!({"map": {"$rstack": 1}})),
        "Attribute": attribute,
        "Select": special(json!({"deferred": {"select": {"index": 0, "list": attribute}}})),
        "Split": special(json!({"deferred": {"split": {"delimiter": ",", "text": attribute}}})),
        "Join": special(json!({"deferred": {"join": {"delimiter": ",", "list": attribute}}})),
        "Base64": special(json!({"deferred": {"base64": attribute}})),
        "Cidr": special(json!({"deferred": {"cidr": {"block": attribute, "count": 2, "bits": 8}}})),
        "Text": special(json!({"text": [
            {"literal": "a"}, {"deferred": named}, {"secret": {"parameter": "P"}},
            {"secret": {"secrets-manager": "s:SecretString"}},
            {"secret": {"secure-parameter": "/p:1"}}, {"secret": "hidden"},
            {"secret": {"signal-url": "bucket/key"}},
        ]})),
        "rstack:BuiltIn": "aws-cdk/s3-auto-delete-objects",
    })
}

fn object(status: &str) -> Value {
    let policy = if status == "incomplete" { "Snapshot" } else { "RetainExceptOnCreate" };
    json!({
        "resource_type": "AWS::SNS::Topic", "identifier": ["arn"], "physical_id": "arn",
        "status": status, "properties": values(), "attempted": [{"DisplayName": "x"}],
        "attributes": {"TopicArn": "arn"}, "dependencies": ["B"], "deletion_policy": "Delete",
        "update_replace_policy": policy, "secret_versions": {"r": "v"},
        "driver": "native", "cursor": "token", "token": "made-with",
    })
}

fn planned() -> Value {
    json!({
        "properties": values(), "dependencies": ["B"], "deletion_policy": "Retain",
        "update_replace_policy": "Snapshot", "secret_versions": {"r": "v"},
    })
}

fn environment() -> Value {
    json!({"account": "1", "region": "eu-west-1", "partition": "aws", "sandbox": false})
}

/// Plans in which each action, reason, check and operation occurs.
fn plans() -> Vec<Value> {
    let path = json!(["Tags", 0, "Key"]);
    let reasons = [
        "not-in-state",
        "not-in-template",
        "properties-changed",
        "requested",
        "missing",
        "drift",
        "policies-changed",
        "incomplete",
        "destroy",
        "rollback",
    ];
    let mut reasons: Vec<Value> = reasons.iter().map(|reason| json!(reason)).collect();
    reasons.extend([
        json!({"create-only": path}),
        json!({"may-replace": path}),
        json!({"may-change": path}),
        json!({"type-changed": {"from": "T"}}),
        json!({"secret-rotated": {"reference": "r"}}),
        json!({"readopted": {"physical_id": "p"}}),
        json!({"dependency-replaced": {"dependency": "B"}}),
        json!({"takes-place": {"of": "B"}}),
    ]);
    let actions = ["no-op", "create", "update", "record", "delete", "retain", "forget", "restore"];
    let mut actions: Vec<Value> = actions.iter().map(|action| json!(action)).collect();
    actions.extend(["create-first", "delete-first"].map(|order| json!({"replace": order})));
    let checks = [
        json!("absent"),
        json!("nothing"),
        json!({"read": DIGEST}),
        json!({"unchecked": "denied"}),
    ];
    let differences: Vec<Value> = ["in-place", "may-replace", "replaces"]
        .map(|kind| json!({"path": path, "before": "a", "after": {"b": 1}, "update_kind": kind}))
        .to_vec();
    let (certainties, phases) = (["certain", "possible"], ["forward", "cleanup"]);
    let mut changes = serde_json::Map::new();
    for (index, action) in actions.iter().enumerate() {
        let address = format!("R{index}");
        let statuses = ["ready", "settling", "incomplete", "partly-updated"];
        let change = json!({
            "address": address, "resource_type": "AWS::SNS::Topic", "action": action,
            "reasons": reasons, "certainty": certainties[index % 2],
            "differences": differences, "drift": differences, "checked": checks[index % 4],
            "stateful": true, "prior": object(statuses[index % 4]), "desired": planned(),
        });
        changes.insert(address, change);
    }
    let whole = ["delete", "forget", "restore"].map(|name| json!({name: object("ready")}));
    let operations = ["create", "update", "record"].map(|name| json!(name));
    let with_snapshot =
        json!({"delete-with-snapshot": {"object": object("ready"), "snapshot": "s"}});
    let operations = operations.into_iter().chain(whole).chain([with_snapshot]);
    let steps: Vec<Value> = operations
        .enumerate()
        .map(|(id, operation)| {
            let phase = phases[id % 2];
            json!({"id": id, "address": "R0", "operation": operation, "phase": phase, "after": [0]})
        })
        .collect();
    let output = json!({
        "before": "a", "exported_before": "x", "problem": "none",
        "after": {"value": "b", "description": "d", "export": "y"},
    });
    let plan = |mode: &str| {
        json!({
            "mode": mode, "stack": "s", "environment": environment(),
            "base": {"lineage": "l", "serial": 1}, "template_digest": DIGEST, "parameters": values(),
            "given": given(), "kept": ["Plain"],
            "former_parameters": {"values": {"Mark": "before"}, "given": {"Attribute": "secret"}},
            "changes": changes, "deposed": [{"address": "R0", "object": object("ready")}],
            "steps": steps, "outputs": {"O": output}, "purge": true, "imports": imports(),
            "termination_protection": {"before": true, "after": false},
            "pick_ups": {"R0": [{"reference": "r", "checked_by": ["B"], "within_seconds": 600}]},
        })
    };
    ["deploy", "destroy", "rollback"].map(plan).to_vec()
}

/// Values that were given for parameters, one of each kind.
fn given() -> Value {
    json!({"Plain": {"text": "text"}, "Mark": "secret"})
}

/// An import in each kind of place.
fn imports() -> Value {
    json!({"net-Vpc": [{"resource": "A"}, {"output": "O"}, "template"]})
}

fn state() -> Value {
    let statuses = ["ready", "settling", "incomplete", "partly-updated"];
    let objects: serde_json::Map<String, Value> =
        statuses.iter().map(|status| ((*status).replace('-', ""), object(status))).collect();
    let bare = json!({
        "lineage": "l", "serial": 2, "stack": "s", "environment": environment(),
        "template_digest": null, "parameters": values(), "given": given(), "resources": objects,
        "deposed": [{"address": "A", "object": object("ready")}],
        "outputs": {"O": {"value": "v", "description": "d", "export": "e"}},
        "imports": imports(), "termination_protection": true,
    });
    let mut state = bare.clone();
    state["former"] = bare;
    state
}

fn entries() -> Vec<Value> {
    let key = json!({"resource_type": "T", "identifier": ["a", "b"]});
    let mut actions: Vec<Value> = ["record", "delete", "forget", "restore"]
        .iter()
        .map(|name| json!({*name: {"key": key}}))
        .collect();
    actions.push(json!({"delete": {"key": key, "snapshot": "s"}}));
    actions.push(json!({"create": {"name": ["Name", "chosen"], "object": planned()}}));
    actions.push(json!({"create": {"name": null, "object": planned()}}));
    actions.push(json!({"update": {"key": key, "object": planned()}}));
    let intent = |action: Value| {
        json!({"intent": {
            "operation": 1, "step": 2, "address": "A", "resource-type": "T", "action": action,
            "token": "t", "input-digest": DIGEST, "driver": "native",
        }})
    };
    let mut entries: Vec<Value> = actions.into_iter().map(intent).collect();
    for mode in ["deploy", "destroy", "rollback"] {
        entries.push(json!({"begin": {
            "mode": mode, "base": {"lineage": "l", "serial": 0}, "plan_digest": DIGEST,
            "stack": "s", "environment": environment(), "template_digest": DIGEST,
            "parameters": {}, "given": given(), "imports": imports(),
            "termination_protection": true, "keeps_former": true,
        }}));
    }
    entries.push(json!({"absent": {"operation": 1}}));
    for kind in ["create", "update", "delete"] {
        entries.push(json!({"cursor": {"operation": 1, "kind": kind, "cursor": "c"}}));
    }
    entries.push(json!({"done": {"operation": 1, "outcome": "gone"}}));
    for status in ["ready", "settling", "incomplete", "partly-updated"] {
        entries.push(json!({"done": {"operation": 1, "outcome": {"object": object(status)}}}));
    }
    for effect in ["none", "partial", "unknown"] {
        entries.push(json!({"failed": {"operation": 1, "error": "e", "effect": effect}}));
    }
    let output = json!({"value": "v", "description": "d", "export": "e"});
    entries.push(json!({"outputs": {"outputs": {"O": output}}}));
    for end in ["succeeded", "failed", "interrupted"] {
        entries.push(json!({"end": {"end": end}}));
    }
    entries
}

fn events() -> Vec<Event> {
    let label = |operation: &'static str| StepLabel {
        step: StepId(1),
        address: "A".into(),
        resource_type: "AWS::SNS::Topic".into(),
        operation,
    };
    let text = || "text".to_owned();
    let mut events = vec![
        Event::Observing { objects: 1 },
        Event::Stopping { reason: text() },
        Event::RunStarted { mode: PlanMode::Deploy, steps: 1 },
        Event::SecretUnchecked { reference: text(), error: text() },
        Event::StillStabilizing { address: "A".into(), waits_for: text() },
        Event::AskingAgain { reason: text(), attempt: 1 },
        Event::AssetsStarted { assets: 2, bytes: 12345 },
        Event::AssetSent { source: text(), sent: 1, bytes: 2 },
        Event::AssetPublished { source: text(), place: text(), bytes: 2 },
        Event::OutputFailed { output: text(), error: text() },
    ];
    for taken in [true, false] {
        let (address, resource_type) = ("A".into(), "AWS::RDS::DBInstance".into());
        let snapshot = "s".into();
        events.push(match taken {
            true => Event::SnapshotTaken { address, resource_type, snapshot },
            false => Event::SnapshotMissing { address, resource_type, snapshot },
        });
    }
    for operation in ["create", "update", "record", "delete", "forget", "restore"] {
        let label = || label(operation);
        events.push(Event::StepStarted { label: label() });
        events.push(Event::StepWaiting { label: label(), waits_for: text() });
        events.push(Event::StepRetrying { label: label(), reason: text(), attempt: 2 });
        let remaining = Duration::from_secs(1);
        events.push(Event::StepAwaitingPropagation {
            label: label(),
            waits_for: text(),
            remaining,
        });
        events.push(Event::StepUnchanged { label: label() });
        events.push(Event::StepDone { label: label(), physical_id: "p".into() });
        let code = ErrorCode::ALL.first().copied().unwrap_or_else(|| panic!("a code"));
        events.push(Event::StepFailed { label: label(), code, error: text() });
        events.push(Event::StepInterrupted { label: label(), waits_for: text() });
    }
    for end in [RunEnd::Succeeded, RunEnd::Failed, RunEnd::Interrupted] {
        events.push(Event::RunEnded { mode: PlanMode::Deploy, end });
    }
    for mode in [PlanMode::Destroy, PlanMode::Rollback] {
        events.push(Event::RunStarted { mode, steps: 1 });
        events.push(Event::RunEnded { mode, end: RunEnd::Failed });
    }
    events
}

/// The names of an enum's variants, as the deserializer lists them for one that it does not know.
fn variants<T: serde::de::DeserializeOwned>() -> Vec<String> {
    let Err(error) = serde_json::from_value::<T>(json!("no-such-variant")) else {
        panic!("the name of a variant")
    };
    let error = error.to_string();
    let list = error.split("expected").nth(1).unwrap_or_else(|| panic!("{error}"));
    let mut names: Vec<String> = list.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    names.sort();
    names
}

/// The names that a part of a schema has as values, or as the one property of an alternative.
fn names(part: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut names = Vec::new();
    names.extend(part["enum"].as_array().into_iter().flatten().map(text));
    names.extend(part.get("const").map(text));
    if let Some(properties) = part["properties"].as_object().filter(|map| map.len() == 1) {
        names.extend(properties.keys().cloned());
    }
    for alternative in part["oneOf"].as_array().into_iter().flatten() {
        names.extend(self::names(alternative));
    }
    names.sort();
    names
}

#[test]
fn a_schema_has_every_variant_of_a_type() {
    use rstack_journal::{FailedEffect, IntentAction, JournalEnd, PolledKind};
    use rstack_model::plan::{Action, Certainty, Checked, Operation, Phase, Reason, ReplaceOrder};
    use rstack_model::{UpdateKind, desired::RemovalPolicy, state::ObjectStatus};
    let file = |name: &str| -> Value {
        let name = format!("docs/reference/schemas/{name}.schema.json");
        serde_json::from_str(&crate::harness::repository_file(&name)).unwrap()
    };
    let (plan, journal, stored) = (file("saved-plan"), file("journal"), file("stored"));
    let intent = &journal["$defs"]["intent"]["properties"]["action"];
    let entry = &journal["properties"]["entry"];
    let of_entry = |name: &str| {
        let all = entry["oneOf"].as_array().unwrap().iter();
        all.map(|one| &one["properties"][name]).find(|one| !one.is_null()).unwrap().clone()
    };
    let change = &plan["$defs"]["change"]["properties"];
    let step = &plan["$defs"]["step"]["properties"];
    let order = change["action"]["oneOf"][1]["properties"]["replace"].clone();
    let kind = &plan["$defs"]["difference"]["properties"]["update_kind"];
    let status = &stored["$defs"]["object"]["properties"]["status"];
    for (schema, types) in [
        (names(&change["action"]), variants::<Action>()),
        (names(&order), variants::<ReplaceOrder>()),
        (names(&change["certainty"]), variants::<Certainty>()),
        (names(&change["checked"]), variants::<Checked>()),
        (names(&plan["$defs"]["reason"]), variants::<Reason>()),
        (names(&step["operation"]), variants::<Operation>()),
        (names(&step["phase"]), variants::<Phase>()),
        (names(kind), variants::<UpdateKind>()),
        (names(status), variants::<ObjectStatus>()),
        (names(&stored["$defs"]["policy"]), variants::<RemovalPolicy>()),
        (names(&stored["$defs"]["mode"]), variants::<PlanMode>()),
        (names(entry), variants::<Entry>()),
        (names(intent), variants::<IntentAction>()),
        (names(&of_entry("cursor")["properties"]["kind"]), variants::<PolledKind>()),
        (names(&of_entry("failed")["properties"]["effect"]), variants::<FailedEffect>()),
        (names(&of_entry("end")["properties"]["end"]), variants::<JournalEnd>()),
    ] {
        assert!(types.len() > 1, "{types:?}");
        assert_eq!(schema, types);
    }
}
