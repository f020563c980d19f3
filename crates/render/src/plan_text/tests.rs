//! Whole plans as people see them.

use rstack_model::plan::{
    Action, Certainty, Change, Checked, Difference, Operation, PlanMode, Reason, ReplaceOrder,
};
use rstack_model::value::Attribute;
use rstack_model::{UpdateKind, Value, ValueMap};
use serde_json::json;

use super::plan_text;
use crate::fixtures::*;
use crate::style::{Detail, Palette, View};

const VIEW: View = View { width: 96, palette: Palette::Plain, detail: Detail::Normal };

#[test]
fn a_first_deployment_shows_what_is_known_and_who_may_do_what() {
    let expected = r#"Stack streaming (account 111122223333, eu-west-1)

Resources
[+] AWS::CloudFront::Distribution CDN
 └─ DistributionConfig:
     ├─ Enabled: true
     └─ Origins:
         └─ [0]:
             ├─ DomainName: ‹HlsEndpoint.Url›
             ├─ Headers: ["{{resolve:secretsmanager:cdn:SecretString:Key}}"]
             └─ Id: "origin"
[+] AWS::MediaPackage::Channel Channel
 ├─ Description: "The channel"
 └─ Id: "live"
[+] AWS::IAM::Role Role
 ├─ AssumeRolePolicyDocument: 1 statement, see IAM Statement Changes
 ├─ ManagedPolicyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
 └─ Policies:
     └─ [0]:
         ├─ PolicyDocument: 1 statement, see IAM Statement Changes
         └─ PolicyName: "read"

IAM Statement Changes
┌───┬────────────────────┬────────┬────────────────────┬───────────────────┬───────────────────┐
│   │ Resource           │ Effect │ Action             │ Principal         │ Condition         │
├───┼────────────────────┼────────┼────────────────────┼───────────────────┼───────────────────┤
│ + │ arn:aws:           │ Allow  │ secretsmanager:    │ AWS:‹Role›        │                   │
│   │ secretsmanager:    │        │ GetSecretValue     │                   │                   │
│   │ eu-west-1:         │        │ secretsmanager:    │                   │                   │
│   │ 111122223333:      │        │ DescribeSecret     │                   │                   │
│   │ secret:            │        │                    │                   │                   │
│   │ MediaPackage/*     │        │                    │                   │                   │
├───┼────────────────────┼────────┼────────────────────┼───────────────────┼───────────────────┤
│ + │ ‹Role.Arn›         │ Allow  │ sts:AssumeRole     │ Service:          │ StringEquals      │
│   │                    │        │                    │ mediapackage.     │ aws:SourceAccount │
│   │                    │        │                    │ amazonaws.com     │ 111122223333      │
└───┴────────────────────┴────────┴────────────────────┴───────────────────┴───────────────────┘

IAM Policy Changes
┌───┬──────────┬────────────────────────────────────────┐
│   │ Resource │ Managed Policy ARN                     │
├───┼──────────┼────────────────────────────────────────┤
│ + │ ‹Role›   │ arn:aws:iam::aws:policy/ReadOnlyAccess │
└───┴──────────┴────────────────────────────────────────┘

Outputs
[+] Url: "https://‹CDN.DomainName›/index.m3u8"

Plan: 3 to create, 0 to update, 0 to replace, 0 to delete, 0 unchanged.
"#;
    assert_eq!(plan_text(&first_deployment(), &VIEW), expected);
}

#[test]
fn changes_say_why_and_what_is_lost() {
    let expected = r#"Stack streaming (account 111122223333, eu-west-1)

Drift: changed outside rstack
[~] AWS::MediaPackage::OriginEndpoint Hls streaming-hls
 └─ [~] Description
     ├─ [-] "live"
     └─ [+] "by hand"

Resources
[~?] AWS::CloudFront::Distribution CDN E123  may change: DistributionConfig.Comment waits for ‹Hls.Url›
 └─ [~] DistributionConfig.Comment
     ├─ [-] "https://a.example"
     └─ [+] ‹Hls.Url›
[+/-] AWS::MediaPackage::Channel Channel live  requires replacement: Id changes
 └─ [~] Id (forces replacement)
     ├─ [-] "live"
     └─ [+] "live-2"
[~] AWS::MediaPackage::OriginEndpoint Hls streaming-hls  drift: Description is set back
 └─ [~] HlsPackage.SegmentDurationSeconds
     ├─ [-] 5
     └─ [+] 6
[-] AWS::S3::Bucket Logs streaming-logs  (holds data, will be lost)  no longer in the template
[~] AWS::CloudFront::Function Rewrite streaming-rewrite  secret rotated: {{resolve:secretsmanager:cdn}}
 └─ [~] FunctionCode
        |   function handler(event) {
        [-]   return event;
        [+]   return event.request;
        |   }
[○] AWS::DynamoDB::Table Table streaming-table  stays in the cloud, no longer managed  no longer in the template

Outputs
[-] Old: "x"
[~] Url
 ├─ [-] "a"
 └─ [+] "b"

Not checked for drift
[?] AWS::KMS::Key Key access denied (kms:DescribeKey)

Plan: 0 to create, 3 to update, 1 to replace, 1 to delete, 1 to retain, 1 unchanged. 1 change
may turn out to be unnecessary. 1 object could not be checked.
"#;
    assert_eq!(plan_text(&second_deployment(), &VIEW), expected);
}

#[test]
fn the_compact_form_is_one_line_for_each_resource() {
    let view = View { detail: Detail::Compact, ..VIEW };
    let text = plan_text(&first_deployment(), &view);
    let resources: Vec<&str> = text.lines().filter(|line| line.starts_with("[+]")).collect();
    let expected = [
        "[+] AWS::CloudFront::Distribution CDN",
        "[+] AWS::MediaPackage::Channel    Channel Id: \"live\"",
        "[+] AWS::IAM::Role                Role",
    ];
    assert_eq!(resources, expected);
}

fn unchanged(id: &str, checked: Checked) -> Change {
    let mut change = change(id, "AWS::X::Y", Action::NoOp);
    change.prior = Some(object("AWS::X::Y", id, ValueMap::new()));
    change.checked = checked;
    change
}

#[test]
fn no_changes_says_so_and_what_was_not_checked() {
    let unchecked = || Checked::Unchecked("its driver cannot read".into());
    let quiet = plan([unchanged("A", Checked::Nothing), unchanged("B", unchecked())]);
    let expected = "\
Stack streaming (account 111122223333, eu-west-1)

Not checked for drift
[?] AWS::X::Y B its driver cannot read

No changes. 2 resources are as declared, of which 1 could not be checked.
";
    assert_eq!(plan_text(&quiet, &VIEW), expected);
    let rollback = rstack_model::plan::Plan { mode: PlanMode::Rollback, ..quiet };
    let expected = "\
Roll back stack streaming (account 111122223333, eu-west-1)

No changes. There is nothing to roll back.
";
    assert_eq!(plan_text(&rollback, &VIEW), expected);
}

/// Only a replacement sets it back, and none is planned for drift.
#[test]
fn what_differs_and_stays_so_is_not_called_as_declared() {
    let mut nat = unchanged("Nat", Checked::Nothing);
    nat.drift = vec![Difference {
        update_kind: UpdateKind::Replaces,
        ..difference("AllocationId", Some("eip-1".into()), Some("eip-2".into()))
    }];
    let left = plan([nat.clone(), unchanged("B", Checked::Nothing)]);
    let expected = "\
Stack streaming (account 111122223333, eu-west-1)

Drift: changed outside rstack
[~] AWS::X::Y Nat Nat  AllocationId stays so: only a replacement sets it back (`--replace Nat`)
 └─ [~] AllocationId
     ├─ [-] \"eip-1\"
     └─ [+] \"eip-2\"

No changes. 1 of 2 resources differs from what was applied and stays so.
";
    assert_eq!(plan_text(&left, &VIEW), expected);
    let compact = plan_text(&left, &View { detail: Detail::Compact, ..VIEW });
    assert_eq!(compact.matches("AllocationId").count(), 1, "{compact}");
    nat.action = Action::Replace(ReplaceOrder::CreateFirst);
    let replaced = plan_text(&plan([nat]), &VIEW);
    assert!(!replaced.contains("stays so"), "{replaced}");
}

#[test]
fn a_total_counts_what_stays_in_the_cloud() {
    let of = |id: &str, action| {
        let mut change = change(id, "A::B::C", action);
        change.prior = Some(object("A::B::C", id, ValueMap::new()));
        let mut plan = plan([change]);
        plan.mode = PlanMode::Destroy;
        plan
    };
    let (deletes, retains) = (of("A", Action::Delete), of("B", Action::Retain));
    let total = crate::total_line([&deletes, &retains].into_iter(), &VIEW);
    assert_eq!(total.trim_end(), "Total of 2 stacks: 1 to delete, 1 to retain.");
}

#[test]
fn destroying_and_replacing_in_place_have_their_own_words() {
    let mut name = change("Name", "A::B::C", Action::Replace(ReplaceOrder::DeleteFirst));
    name.prior = Some(object("A::B::D", "n", ValueMap::new()));
    name.desired = Some(planned(map(json!({"Name": "n"}))));
    name.reasons = vec![Reason::TypeChanged { from: "A::B::D".into() }];
    let text = plan_text(&plan([name]), &VIEW);
    let expected = "\
[-/+] A::B::C Name n  requires replacement: it was A::B::D, the old object goes first
 └─ Name: \"n\"
";
    assert!(text.contains(expected), "{text}");

    let mut gone = change("Gone", "A::B::C", Action::Forget);
    gone.prior = Some(object("A::B::C", "g", ValueMap::new()));
    gone.reasons = vec![Reason::Destroy, Reason::Missing];
    gone.checked = Checked::Absent;
    let mut destroy = plan([gone]);
    destroy.mode = PlanMode::Destroy;
    destroy.environment.sandbox = true;
    let expected = "\
Destroy stack streaming (sandbox 111122223333, eu-west-1)

Drift: changed outside rstack
[-] A::B::C Gone g  it is gone from the cloud

Resources
[○] A::B::C Gone g  leaves the state  it is gone from the cloud

Destroy: 0 to delete, 1 to forget.
";
    assert_eq!(plan_text(&destroy, &VIEW), expected);
}

#[test]
fn statements_that_stay_are_not_in_the_table() {
    let policy = |actions: &[&str]| {
        let statements: Vec<_> = actions
            .iter()
            .map(|action| json!({"Effect": "Allow", "Action": action, "Resource": "*"}))
            .collect();
        let document = json!({"Statement": statements}).to_string();
        map(json!({"PolicyDocument": document, "Roles": ["reader"]}))
    };
    let mut change = change("P", "AWS::IAM::Policy", Action::Update);
    change.prior = Some(object("AWS::IAM::Policy", "p", policy(&["a:Get", "a:Put"])));
    change.desired = Some(planned(policy(&["a:Get", "a:List"])));
    let text = plan_text(&plan([change]), &VIEW);
    let expected = "\
┌───┬──────────┬────────┬────────┬────────────┬───────────┐
│   │ Resource │ Effect │ Action │ Principal  │ Condition │
├───┼──────────┼────────┼────────┼────────────┼───────────┤
│ - │ *        │ Allow  │ a:Put  │ AWS:reader │           │
├───┼──────────┼────────┼────────┼────────────┼───────────┤
│ + │ *        │ Allow  │ a:List │ AWS:reader │           │
└───┴──────────┴────────┴────────┴────────────┴───────────┘
";
    assert!(text.contains(expected), "{text}");
}

/// Text from a template or a cloud, at every place of a plan, in every form it can be shown in.
#[test]
fn nothing_in_a_plan_acts_on_the_terminal() {
    const EVIL: &str = "\u{1b}[2J\u{9b}\u{202e}\r\n\u{7}";
    let properties = || {
        let mut map = map(json!({EVIL: [EVIL, {EVIL: EVIL}], "Code": format!("{EVIL}\n{EVIL}")}));
        let reference = rstack_model::value::AttributeRef {
            address: EVIL.into(),
            attribute: Attribute::Named(EVIL.into()),
        };
        map.insert("Unknown".into(), Value::attribute(reference));
        map.insert("PolicyDocument".into(), Value::from_json(json!({"Statement": {
            "Effect": EVIL, "Action": EVIL, "Principal": {EVIL: EVIL}, "Condition": {EVIL: EVIL},
        }})));
        map
    };
    let mut changes = Vec::new();
    for (i, action) in
        [Action::Create, Action::Update, Action::Replace(ReplaceOrder::CreateFirst), Action::Delete]
            .into_iter()
            .enumerate()
    {
        let mut change = change(&format!("{EVIL}{i}"), EVIL, action);
        change.prior = Some(object(EVIL, EVIL, properties()));
        change.desired = Some(planned(properties()));
        change.checked = Checked::Unchecked(EVIL.into());
        change.certainty = Certainty::Possible;
        change.reasons = vec![
            Reason::CreateOnly(path(EVIL)),
            Reason::SecretRotated { reference: EVIL.into() },
            Reason::MayChange(path(EVIL)),
        ];
        let text = format!("{EVIL}\n{EVIL}");
        change.differences = vec![
            difference(EVIL, Some(EVIL.into()), Some(text.as_str().into())),
            difference(EVIL, None, Some(Value::Map(properties()))),
        ];
        change.drift = change.differences.clone();
        changes.push(change);
    }
    let mut plan = plan(changes);
    plan.parameters = properties();
    plan.outputs.insert(EVIL.into(), output(None, Some(EVIL.into())));
    for detail in [Detail::Compact, Detail::Normal, Detail::Full] {
        let text = plan_text(&plan, &View { detail, ..VIEW });
        let bad = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!text.contains(bad), "{text:?}");
        let colour = plan_text(&plan, &View { detail, palette: Palette::Ansi, ..VIEW });
        let codes = colour.split('\u{1b}').skip(1);
        assert!(codes.into_iter().all(|code| code.starts_with('[')), "{colour:?}");
        assert!(!colour.contains("[2J\u{9b}"));
    }
    let json = crate::plan_json(&plan, None).unwrap();
    assert!(!json.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')), "{json:?}");
}

/// A rollback takes objects back whose successors go, and an apply deletes what earlier ones left:
/// both are counted, each object once.
#[test]
fn every_object_that_goes_is_counted() {
    let mut back = change("Back", "A::B::C", Action::Restore);
    back.prior = Some(object("A::B::C", "new", ValueMap::new()));
    let mut lost = change("Lost", "A::B::C", Action::Restore);
    lost.prior = Some(object("A::B::C", "gone", ValueMap::new()));
    lost.checked = Checked::Absent;
    let mut made = change("Made", "A::B::C", Action::Delete);
    made.prior = Some(object("A::B::C", "made", ValueMap::new()));
    let mut rollback = plan([back, lost, made]);
    rollback.mode = PlanMode::Rollback;
    let expected = "\
[←] A::B::C Back new  the object from before comes back, this one is deleted
[←] A::B::C Lost gone  the object from before comes back
[-] A::B::C Made made

Rollback: 2 to restore, 2 to delete.
";
    let text = plan_text(&rollback, &VIEW);
    assert!(text.contains(expected), "{text}");

    let mut replaced = change("New", "A::B::C", Action::Replace(ReplaceOrder::CreateFirst));
    replaced.prior = Some(object("A::B::C", "old", ValueMap::new()));
    let mut deploy = plan([replaced]);
    let object = |id| object("A::B::C", id, ValueMap::new());
    add_deposed(&mut deploy, "New", object("older"), Operation::Delete);
    add_deposed(&mut deploy, "New", object("kept"), Operation::Forget);
    let expected = "\
Deposed by earlier applies
[-] A::B::C New older
[○] A::B::C New kept  stays in the cloud, no longer managed

Plan: 0 to create, 0 to update, 1 to replace, 1 to delete (deposed by earlier applies), 1 to
retain, 0 unchanged.
";
    let text = plan_text(&deploy, &VIEW);
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_final_snapshot_is_named_where_the_data_would_be_lost() {
    let removed = |id: &str| {
        let mut change = change(id, "AWS::RDS::DBInstance", Action::Delete);
        change.prior = Some(object("AWS::RDS::DBInstance", &id.to_lowercase(), ValueMap::new()));
        change.stateful = true;
        change
    };
    let mut plan = plan([removed("Db"), removed("Other")]);
    let old = object("AWS::EC2::Volume", "vol-1", ValueMap::new());
    add_deposed(&mut plan, "Volume", old, |object| Operation::DeleteWithSnapshot {
        object,
        snapshot: "streaming-volume-2".into(),
    });
    for step in plan.steps.iter_mut().filter(|step| step.address.as_str() == "Db") {
        if let Operation::Delete(object) = step.operation.clone() {
            let snapshot = "streaming-db-1".into();
            step.operation = Operation::DeleteWithSnapshot { object, snapshot };
        }
    }
    let expected = "\
Stack streaming (account 111122223333, eu-west-1)

Resources
[-] AWS::RDS::DBInstance Db db  (final snapshot streaming-db-1)
[-] AWS::RDS::DBInstance Other other  (holds data, will be lost)

Deposed by earlier applies
[-] AWS::EC2::Volume Volume vol-1  (final snapshot streaming-volume-2)
";
    let text = plan_text(&plan, &VIEW);
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn a_channel_that_is_changed_or_deleted_has_to_be_idle() {
    let of = |action| {
        let mut change = change("Live", "AWS::MediaLive::Channel", action);
        change.prior = Some(object("AWS::MediaLive::Channel", "1234", ValueMap::new()));
        change.desired = (action != Action::Delete && action != Action::Retain)
            .then(|| planned(ValueMap::new()));
        plan_text(&plan([change]), &VIEW).contains("only while it is IDLE: stop the channel first")
    };
    for action in [Action::Update, Action::Delete, Action::Replace(ReplaceOrder::CreateFirst)] {
        assert!(of(action), "{action:?}");
    }
    for action in [Action::Record, Action::Retain, Action::Forget] {
        assert!(!of(action), "{action:?}");
    }
    let mut input = change("Input", "AWS::MediaLive::Input", Action::Delete);
    input.prior = Some(object("AWS::MediaLive::Input", "5", ValueMap::new()));
    assert!(!plan_text(&plan([input]), &VIEW).contains("IDLE"));
}
