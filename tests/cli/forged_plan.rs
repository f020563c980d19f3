//! Forged plans: every part of a saved plan is changed, one at a time, and the digest made to fit.
//! Changes that are not refused must be shown as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

use rstack_apply::{
    CancellationToken, Engine, InstantClock, SecretParameters, SeededEntropy, Silent, Waiting,
};
use rstack_model::desired::Desired;
use rstack_model::plan::{Action, Change, Checked, Plan, PlanBase};
use rstack_model::state::{DeposedObject, State};
use rstack_model::{
    Digest, GivenValue, GivenValues, KnownValue, PropertyPath, ResourceType, StackName,
};
use rstack_ops::{
    Applied, Deploy, FrontEnd, Holder, Operations, OpsError, Review, Verdict, read_plan,
    verify_saved,
};
use rstack_plan::{CheckedPlan, PlanOptions, RegistrySchemas};
use rstack_render::{Detail, View, plan_json, plan_text};
use rstack_sandbox::{SandboxCloud, SandboxOptions};
use rstack_store::StateStore;
use rstack_template::{ExternalValues, Inputs, Reading, evaluate, parse};
use serde_json::Value;

const BEFORE: &str = r#"
Parameters:
  Stage: {Type: String, Default: prod}
Resources:
  Changed: {Type: AWS::SNS::Topic, Properties: {TopicName: a, DisplayName: one}}
  Drifted: {Type: AWS::SNS::Topic, Properties: {TopicName: d, DisplayName: x}}
  Gone: {Type: AWS::SNS::Topic, Properties: {TopicName: g}}
  Kept: {Type: AWS::SNS::Topic, DeletionPolicy: Retain, Properties: {TopicName: k}}
  Left: {Type: AWS::SNS::Topic, Properties: {TopicName: l}}
  Moved: {Type: AWS::SQS::Queue, Properties: {QueueName: q, DelaySeconds: 5}}
  Recorded: {Type: AWS::SNS::Topic, Properties: {TopicName: r}}
  Retyped: {Type: AWS::SNS::Topic, Properties: {TopicName: t}}
  Same: {Type: AWS::SNS::Topic, Properties: {TopicName: s}}
  User: {Type: AWS::SSM::Parameter, Properties: {Name: u, Type: String, Value: !GetAtt Moved.Arn}}
Outputs:
  Old: {Value: x, Export: {Name: old}}
  Url: {Value: !GetAtt Moved.Arn, Export: {Name: url}}
"#;

const AFTER: &str = r#"
Parameters:
  Stage: {Type: String, Default: prod}
  Team: {Type: String, Default: live}
Resources:
  Changed: {Type: AWS::SNS::Topic, Properties: {TopicName: a, DisplayName: two}}
  Drifted: {Type: AWS::SNS::Topic, Properties: {TopicName: d, DisplayName: x}}
  Gone: {Type: AWS::SNS::Topic, Properties: {TopicName: g}}
  Moved: {Type: AWS::SQS::Queue, Properties: {QueueName: q2, DelaySeconds: 5}}
  New: {Type: AWS::SNS::Topic, DeletionPolicy: Retain, Properties: {DisplayName: !Ref Stage}}
  Recorded: {Type: AWS::SNS::Topic, DeletionPolicy: Retain, Properties: {TopicName: r}}
  Retyped: {Type: AWS::SQS::Queue, Properties: {QueueName: t}}
  Same: {Type: AWS::SNS::Topic, Properties: {TopicName: s}}
  User: {Type: AWS::SSM::Parameter, Properties: {Name: u, Type: String, Value: !GetAtt Moved.Arn}}
Outputs:
  New: {Value: !Ref New, Description: the new one, Export: {Name: new}}
  Url: {Value: !GetAtt Moved.Arn, Export: {Name: url}}
"#;

/// Words that enums of a plan are written as: one is put in the place of another.
const WORDS: [&str; 28] = [
    "no-op",
    "create",
    "update",
    "record",
    "delete",
    "retain",
    "forget",
    "restore",
    "certain",
    "possible",
    "in-place",
    "may-replace",
    "replaces",
    "Delete",
    "Retain",
    "Snapshot",
    "RetainExceptOnCreate",
    "deploy",
    "destroy",
    "rollback",
    "forward",
    "cleanup",
    "nothing",
    "absent",
    "ready",
    "incomplete",
    "partly-updated",
    "create-first",
];

/// The reviewer agrees, or does not.
struct Reviewer(bool);

impl FrontEnd for Reviewer {
    type Error = OpsError;

    async fn review(&self, _: &Review<'_>) -> Result<Verdict, OpsError> {
        let waiting = Waiting::default();
        Ok(if self.0 { Verdict::Proceed { waiting, rollback: true } } else { Verdict::Stop })
    }
}

/// A cloud and a store in which the plan was made.
struct Bench {
    ops: Operations,
    sandbox: Arc<SandboxCloud>,
    _directory: tempfile::TempDir,
}

fn stack() -> StackName {
    StackName::parse("Live").unwrap()
}

fn holder() -> Holder {
    let (host, user) = ("host".into(), "user".into());
    let (command, since) = ("test".into(), "now".into());
    Holder { id: "lock".into(), pid: 1, host, user, command, since }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let backend = Arc::new(StateStore::open(directory.path()).unwrap());
        let options = SandboxOptions::default();
        let sandbox = Arc::new(SandboxCloud::open(None, "eu-west-1".into(), options).unwrap());
        let engine = Engine {
            cloud: sandbox.clone(),
            schemas: Arc::new(RegistrySchemas),
            clock: Arc::new(InstantClock),
            entropy: Arc::new(SeededEntropy::new(7)),
            events: Arc::new(Silent),
            parallelism: NonZeroUsize::MIN,
            slots: Default::default(),
            shown: Default::default(),
            waiting: Waiting::default(),
            cancel: CancellationToken::new(),
        };
        let environment = sandbox.environment().clone();
        Self {
            ops: Operations {
                engine,
                environment,
                backend,
                digests: rstack_ops::DigestSettings::least(),
            },
            sandbox,
            _directory: directory,
        }
    }

    fn desired(&self, text: &str) -> Desired {
        let parsed = parse(text, &Reading::default());
        let template = parsed.template.unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
        let inputs = Inputs {
            stack: &stack(),
            environment: self.sandbox.environment(),
            parameters: &BTreeMap::new(),
            external: &ExternalValues::default(),
        };
        let evaluation = evaluate(&template, &inputs);
        let desired = evaluation.desired;
        let mut desired = desired.unwrap_or_else(|| panic!("{:?}", evaluation.diagnostics));
        // The values of the first apply are kept.
        let first = GivenValues::from([("Stage".to_owned(), GivenValue::Text("prod".to_owned()))]);
        let kept = if text == BEFORE { GivenValues::new() } else { first };
        let texts =
            [("Stage", "prod"), ("Team", "live")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        rstack_ops::record_given(&mut desired, &template, &texts.into(), &kept);
        desired
    }

    async fn apply(&self, text: &str) {
        let (desired, parameters) = (self.desired(text), SecretParameters::default());
        let options = &PlanOptions::default();
        let deploy = Deploy {
            desired: &desired,
            parameters: &parameters,
            options,
            refresh: true,
            last_given: None,
            imported: None,
        };
        let applied =
            rstack_ops::apply(&self.ops, &deploy, &holder(), &Reviewer(true)).await.unwrap();
        assert!(matches!(applied, Applied::Ran(_)));
    }

    async fn plan(&self, text: &str, refresh: bool) -> CheckedPlan {
        let (desired, parameters) = (self.desired(text), SecretParameters::default());
        let options = &PlanOptions::default();
        let deploy = Deploy {
            desired: &desired,
            parameters: &parameters,
            options,
            refresh,
            last_given: None,
            imported: None,
        };
        rstack_ops::plan(&self.ops, &deploy, &holder(), &Reviewer(true)).await.unwrap()
    }

    async fn state(&self) -> State {
        self.ops.backend.read(&stack()).await.unwrap().state.unwrap()
    }

    fn object(&self, state: &State, id: &str) -> (ResourceType, rstack_model::PhysicalId) {
        let object = &state.resources[id];
        (object.resource_type.clone(), object.physical_id.clone())
    }

    /// The stack as it was applied first, with one object changed elsewhere and one gone.
    async fn stirred() -> Self {
        let bench = Self::new();
        bench.apply(BEFORE).await;
        let state = bench.state().await;
        let (kind, id) = bench.object(&state, "Drifted");
        let path = PropertyPath::root().name("DisplayName");
        let value = KnownValue::from("elsewhere");
        bench.sandbox.set_property(&kind, &id, &path, Some(&value)).unwrap();
        let (kind, id) = bench.object(&state, "Gone");
        bench.sandbox.remove(&kind, &id).unwrap();
        bench
    }

    /// Records an object that an earlier apply has left over.
    async fn leave_over(&self, id: &str) {
        let mut state = self.state().await;
        let mut object = state.resources[id].clone();
        (object.physical_id, object.identifier) = ("old".into(), "old".into());
        let base = PlanBase { lineage: state.lineage.clone(), serial: state.serial };
        state.deposed.push(DeposedObject { address: id.into(), object });
        let lease = self.ops.backend.acquire(&stack(), &holder()).await.unwrap();
        lease.revise(state, &base).await.unwrap();
        lease.release().await.unwrap();
    }

    /// The plan, if nothing refuses it on the way to its first step.
    async fn accepted(&self, forged: Plan, state: &State) -> Result<CheckedPlan, String> {
        let plan = saved(&forged)?;
        let parameters = SecretParameters::default();
        let verified = verify_saved(&self.ops, &plan, state, &parameters).await;
        verified.map_err(|error| error.to_string())?;
        let (holder, reviewer) = (holder(), Reviewer(false));
        let stopped = rstack_ops::apply_saved(&self.ops, &plan, &[], &holder, &reviewer);
        stopped.await.map_err(|error| error.to_string())?;
        Ok(plan)
    }
}

/// The plan as it comes out of a file with a digest that fits.
fn saved(forged: &Plan) -> Result<CheckedPlan, String> {
    let digest = Digest::of_json(forged).unwrap();
    let file = serde_json::json!({"rstack-plan": 2, "digest": digest, "plan": forged});
    let read = read_plan(file.to_string().as_bytes(), &RegistrySchemas);
    read.map(|saved| saved.plan).map_err(|error| error.to_string())
}

/// A step into a JSON document.
#[derive(Clone, Debug, PartialEq)]
enum At {
    Key(String),
    Index(usize),
}

fn places(value: &Value, path: &mut Vec<At>, out: &mut Vec<Vec<At>>) {
    if !path.is_empty() {
        out.push(path.clone());
    }
    match value {
        Value::Object(map) => {
            for (key, item) in map {
                path.push(At::Key(key.clone()));
                places(item, path, out);
                path.pop();
            }
        }
        Value::Array(list) => {
            for (i, item) in list.iter().enumerate() {
                path.push(At::Index(i));
                places(item, path, out);
                path.pop();
            }
        }
        _ => {}
    }
}

fn at<'a>(value: &'a mut Value, path: &[At]) -> &'a mut Value {
    path.iter().fold(value, |value, at| match at {
        At::Key(key) => &mut value[key.as_str()],
        At::Index(index) => &mut value[*index],
    })
}

/// The documents that differ from this one in what stands at this place: another value, or none.
fn variants(document: &Value, path: &[At]) -> Vec<Value> {
    let with = |value: Value| {
        let mut document = document.clone();
        *at(&mut document, path) = value;
        document
    };
    let mut out = Vec::new();
    match at(&mut document.clone(), path) {
        Value::Null => out.push(with("x".into())),
        Value::Bool(b) => out.push(with((!*b).into())),
        Value::Number(n) => out.push(with((n.as_u64().unwrap_or_default() + 1).into())),
        Value::String(text) => {
            out.push(with(format!("{text}x").into()));
            let last = text.chars().last().unwrap_or('0');
            let other = if last == '1' { '2' } else { '1' };
            let cut = text.len() - last.len_utf8().min(text.len());
            out.push(with(format!("{}{other}", &text[..cut]).into()));
            if WORDS.contains(&text.as_str()) {
                let others = WORDS.iter().filter(|word| *word != text);
                out.extend(others.map(|word| with((*word).into())));
            }
        }
        Value::Array(list) if list.is_empty() => out.push(with(serde_json::json!(["x"]))),
        Value::Array(_) => {}
        Value::Object(map) => {
            let mut map = map.clone();
            map.insert("Extra".to_owned(), "x".into());
            out.push(with(map.into()));
        }
    }
    let (last, above) = path.split_last().unwrap();
    let mut without = document.clone();
    match (at(&mut without, above), last) {
        (Value::Object(map), At::Key(key)) => drop(map.shift_remove(key)),
        (Value::Array(list), At::Index(index)) => drop(list.remove(*index)),
        _ => unreachable!(),
    }
    out.push(without);
    out
}

/// The place with the names of things left out.
fn pattern(path: &[At]) -> String {
    let mut words: Vec<String> = Vec::new();
    for at in path {
        let named = matches!(
            words.last().map(String::as_str),
            Some("changes" | "outputs" | "properties" | "parameters" | "attributes")
        );
        words.push(match at {
            At::Key(_) if named => "*".to_owned(),
            At::Key(key) => key.clone(),
            At::Index(_) => "[]".to_owned(),
        });
    }
    words.join(".")
}

/// The parts of a plan that the stack is to become: they follow from nothing else, and are shown as
/// they are. The text of a plan leaves out what is marked `(JSON)`.
const SHOWN: [&str; 20] = [
    "changes.*.desired.deletion_policy",
    "changes.*.desired.deletion_policy (JSON)",
    "changes.*.desired.properties",
    "changes.*.desired.properties.*",
    "changes.*.desired.update_replace_policy",
    "changes.*.desired.update_replace_policy (JSON)",
    "changes.*.resource_type",
    "given.Team (JSON)",
    "given.Team.text (JSON)",
    "kept",
    "kept.[]",
    "outputs.*",
    "outputs.*.after",
    "outputs.*.after.description (JSON)",
    "outputs.*.after.export",
    "outputs.*.after.value.$rstack",
    "outputs.*.after.value.$rstack.deferred.attribute.attribute.named",
    "outputs.*.problem",
    "parameters",
    "parameters.*",
];

/// The places whose forgeries are not refused, after every forgery of this plan at the first `most`
/// places of each kind.
async fn not_refused(bench: &Bench, plan: &Plan, most: usize) -> Vec<String> {
    let state = bench.state().await;
    bench.accepted(plan.clone(), &state).await.unwrap();
    let document = serde_json::to_value(plan).unwrap();
    let view = View { detail: Detail::Full, ..View::PLAIN };
    let (shown, text) = (plan_json(plan, None).unwrap(), plan_text(plan, &view));
    let mut paths = Vec::new();
    places(&document, &mut Vec::new(), &mut paths);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    paths.retain(|path| {
        let count = seen.entry(pattern(path)).or_default();
        *count += 1;
        *count <= most
    });
    let (mut tried, mut refused) = (0, 0);
    let mut accepted = BTreeSet::new();
    for path in &paths {
        for forged in variants(&document, path) {
            tried += 1;
            let Ok(forged) = serde_json::from_value::<Plan>(forged) else {
                refused += 1;
                continue;
            };
            if forged == *plan {
                continue;
            }
            let Ok(taken) = bench.accepted(forged, &state).await else {
                refused += 1;
                continue;
            };
            assert_ne!(plan_json(&taken, None).unwrap(), shown, "{path:?} is not shown");
            let is_in_text = plan_text(&taken, &view) != text;
            accepted.insert(format!(
                "{}{}",
                pattern(path),
                if is_in_text { "" } else { " (JSON)" }
            ));
        }
    }
    println!("{tried} forged plans, {refused} refused");
    assert!(tried > 1000, "{tried}");
    accepted.into_iter().collect()
}

#[test]
fn a_plan_of_which_one_part_was_changed_is_refused_or_shown_as_it_is() {
    run(async {
        let bench = Bench::stirred().await;
        let plan = bench.plan(AFTER, true).await;
        let actions: BTreeSet<&str> =
            plan.changes.values().map(|change| word(change.action)).collect();
        let all = ["create", "delete", "noop", "record", "replace", "retain", "update"];
        assert_eq!(actions, all.into(), "the plan has every action of a deploy");
        let mut shown: Vec<&str> = SHOWN.to_vec();
        shown.push("template_digest (JSON)");
        assert_eq!(not_refused(&bench, &plan, usize::MAX).await, shown);
    });
}

/// A plan with secrets, users that wait for a rotation to be taken up, an object left over from an
/// earlier apply, and objects that were not read.
#[test]
fn a_plan_that_was_made_without_reading_is_no_easier_to_forge() {
    run(async {
        let bench = Bench::new();
        let text = crate::harness::repository_file("stacks/streaming.yaml");
        bench.apply(&text).await;
        bench.leave_over("Channel").await;
        let after = text.replace("Default: 6", "Default: 4").replace("Live stream ${", "Stream ${");
        let plan = bench.plan(&after, false).await;
        assert!(!plan.propagation_waits.is_empty(), "the distribution sends a secret");
        assert_eq!(plan.deposed.len(), 1);
        let unchecked = |change: &Change| matches!(change.checked, Checked::Unchecked(_));
        assert!(plan.changes.values().all(unchecked));
        let shown = [
            "changes.*.checked.unchecked",
            "changes.*.desired.deletion_policy",
            "changes.*.desired.dependencies.[] (JSON)",
            "outputs.*.after",
            "outputs.*.after.description (JSON)",
            "outputs.*.after.export",
            "outputs.*.after.value",
            "parameters",
            "parameters.*",
            "template_digest (JSON)",
        ];
        assert_eq!(not_refused(&bench, &plan, 2).await, shown);
    });
}

fn word(action: Action) -> &'static str {
    match action {
        Action::NoOp => "noop",
        Action::Create => "create",
        Action::Update => "update",
        Action::Record => "record",
        Action::Replace(_) => "replace",
        Action::Delete => "delete",
        Action::Retain => "retain",
        Action::Forget => "forget",
        Action::Restore => "restore",
    }
}
