//! Runs of several stacks: their makespan in virtual time, and runs that end in the middle.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::future::poll_fn;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use rstack_apply::{
    CancellationToken, Engine, Events, SecretParameters, SeededEntropy, Slots, TokioClock, Waiting,
};
use rstack_model::StackName;
use rstack_model::event::{Event, RunEnd as StepsEnd};
use rstack_model::plan::{Plan, StepId};
use rstack_ops::{
    Applied, Backend, Deploy, FrontEnd, Holder, Next, Operations, OpsError, Review, RunEnd,
    RunStack, Verdict, cross_stack_values, run_stacks,
};
use rstack_plan::{PlanOptions, RegistrySchemas};
use rstack_sandbox::{SandboxCloud, SandboxOptions};
use rstack_store::StateStore;
use rstack_template::{Inputs, Reading, evaluate, parse};
use tokio::time::Instant;

/// When each step of a stack began and ended.
#[derive(Default)]
struct Times(Mutex<BTreeMap<StepId, (Instant, Instant)>>);

impl Events for Times {
    fn emit(&self, event: Event) {
        let now = Instant::now();
        let mut times = self.0.lock().unwrap();
        match event {
            Event::StepStarted { label } => drop(times.insert(label.step, (now, now))),
            Event::StepDone { label, .. } => times.get_mut(&label.step).unwrap().1 = now,
            _ => {}
        }
    }
}

/// Agrees, and keeps the plan.
#[derive(Default)]
struct Agrees(Mutex<Option<Plan>>);

impl FrontEnd for Agrees {
    type Error = OpsError;

    async fn review(&self, review: &Review<'_>) -> Result<Verdict, OpsError> {
        *self.0.lock().unwrap() = Some((**review.plan).clone());
        Ok(Verdict::Proceed { waiting: Waiting::default(), rollback: true })
    }
}

/// An app: the template of each stack, and the stacks that it needs.
type App = Vec<(StackName, String, BTreeSet<String>)>;

struct Bench {
    backend: Arc<dyn Backend>,
    sandbox: Arc<SandboxCloud>,
    seed: AtomicU64,
    _directory: tempfile::TempDir,
}

/// A stack of a run that was applied: its plan, and the times of its steps.
type Ran = (Plan, BTreeMap<StepId, (Instant, Instant)>);

impl Bench {
    fn new(latency: Duration) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = SandboxOptions { latency, ..SandboxOptions::default() };
        let sandbox = SandboxCloud::open(None, "eu-west-1".into(), options).unwrap();
        Self {
            backend: Arc::new(StateStore::open(directory.path()).unwrap()),
            sandbox: Arc::new(sandbox),
            seed: AtomicU64::new(1),
            _directory: directory,
        }
    }

    fn ops(&self, events: Arc<dyn Events>, slots: &Slots) -> Operations {
        let engine = Engine {
            cloud: self.sandbox.clone(),
            schemas: Arc::new(RegistrySchemas),
            clock: Arc::new(TokioClock),
            entropy: Arc::new(SeededEntropy::new(self.seed.fetch_add(1, Ordering::Relaxed))),
            events,
            parallelism: PARALLELISM,
            slots: slots.clone(),
            shown: Default::default(),
            waiting: Waiting::default(),
            cancel: CancellationToken::new(),
        };
        Operations {
            engine,
            environment: self.sandbox.environment().clone(),
            backend: Arc::clone(&self.backend),
            digests: rstack_ops::DigestSettings::least(),
        }
    }

    /// Applies a stack with what the states of the others put out.
    async fn apply(&self, stack: &StackName, text: &str, slots: &Slots) -> Result<Ran, OpsError> {
        let times = Arc::new(Times::default());
        let ops = self.ops(times.clone(), slots);
        let template = parse(text, &Reading::default()).template.unwrap();
        let environment = &ops.environment;
        let external = &cross_stack_values(self.backend.as_ref(), stack, Some(environment)).await?;
        let inputs = Inputs { stack, environment, parameters: &BTreeMap::new(), external };
        let evaluation = evaluate(&template, &inputs);
        let desired = evaluation.desired.unwrap_or_else(|| panic!("{:?}", evaluation.diagnostics));
        let (parameters, options) = (SecretParameters::default(), PlanOptions::default());
        let deploy = Deploy {
            desired: &desired,
            parameters: &parameters,
            options: &options,
            refresh: true,
            last_given: None,
            imported: None,
        };
        let holder = Holder {
            id: "lock".into(),
            pid: 1,
            host: "host".into(),
            user: "user".into(),
            command: "test".into(),
            since: "now".into(),
        };
        let front = Agrees::default();
        match rstack_ops::apply(&ops, &deploy, &holder, &front).await? {
            Applied::Ran(outcome) => assert_eq!(outcome.end, StepsEnd::Succeeded),
            Applied::Unchanged(_) => {}
            Applied::Stopped => panic!("it was stopped"),
        }
        let plan = front.0.into_inner().unwrap().unwrap();
        Ok((plan, std::mem::take(&mut times.0.lock().unwrap())))
    }

    /// Applies an app as the command line does.
    async fn run(&self, app: &App) -> BTreeMap<StackName, Ran> {
        let slots = &Slots::shared(PARALLELISM);
        let stacks = app.iter().map(|(stack, text, needs)| RunStack {
            stack: stack.clone(),
            needs: needs.clone(),
            work: text,
        });
        let work = |stack: StackName, text: &String| {
            let text = text.clone();
            async move { (self.apply(&stack, &text, slots).await.unwrap(), Next::Begin) }
        };
        let ends = run_stacks(stacks.collect(), PARALLELISM, work).await;
        let ran = ends.into_iter().map(|(stack, end)| match end {
            RunEnd::Ended(ran) => (stack, ran),
            RunEnd::NotBegun { .. } => panic!("`{stack}` was not begun"),
        });
        ran.collect()
    }
}

const PARALLELISM: NonZeroUsize = NonZeroUsize::new(256).unwrap();

fn in_virtual_time<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(work)
}

fn name(text: &str) -> StackName {
    StackName::parse(text).unwrap()
}

/// Ten stacks of twenty resources, of which each depends on earlier ones.
fn app() -> App {
    let needs: [&[usize]; 10] = [&[], &[], &[0], &[0, 1], &[1], &[2, 3], &[], &[6], &[5, 7], &[4]];
    let stack = |(number, needs): (usize, &&[usize])| {
        let mut text = "Resources:\n".to_owned();
        for i in 0_usize..20 {
            let on =
                [i.checked_sub(1 + (i + number) % 5), i.checked_sub(3 + (i * 7 + number) % 11)];
            let on: BTreeSet<String> =
                on.into_iter().flatten().map(|on| format!("T{on}")).collect();
            let on = on.into_iter().collect::<Vec<_>>().join(", ");
            let named = format!("Properties: {{TopicName: s{number}t{i}}}");
            writeln!(text, "  T{i}: {{Type: AWS::SNS::Topic, {named}, DependsOn: [{on}]}}")
                .unwrap();
        }
        let needs = needs.iter().map(|need| format!("S{need}")).collect();
        (name(&format!("S{number}")), text, needs)
    };
    needs.iter().enumerate().map(stack).collect()
}

/// The longest chain of steps of an app, of which each stack begins behind those that it needs.
fn critical_path(app: &App, ran: &BTreeMap<StackName, Ran>) -> Duration {
    let mut ends: BTreeMap<String, Duration> = BTreeMap::new();
    for (stack, _, needs) in app {
        let begin = needs.iter().map(|need| ends[need]).max().unwrap_or_default();
        let (plan, times) = &ran[stack];
        assert_eq!(times.len(), 20);
        let mut ended: BTreeMap<StepId, Duration> = BTreeMap::new();
        for step in &plan.steps {
            let after = step.after.iter().map(|id| ended[id]).max().unwrap_or(begin);
            let (from, to) = times[&step.id];
            ended.insert(step.id, after + (to - from));
        }
        ends.insert(stack.to_string(), ended.into_values().max().unwrap());
    }
    ends.into_values().max().unwrap()
}

#[test]
fn an_app_takes_as_long_as_its_longest_chain_of_steps() {
    let (app, bench) = (app(), Bench::new(Duration::from_secs(20)));
    let (took, ran) = in_virtual_time(async {
        let began = Instant::now();
        let ran = bench.run(&app).await;
        (began.elapsed(), ran)
    });
    let path = critical_path(&app, &ran);
    let sum: Duration =
        ran.values().flat_map(|(_, times)| times.values().map(|(from, to)| *to - *from)).sum();
    let ratio = took.as_secs_f64() / path.as_secs_f64();
    println!("{took:?}, {ratio:.3} of the critical path {path:?}; all steps take {sum:?}");
    assert!(ratio <= 1.1, "{ratio:.3} times the critical path");
    assert!(sum > path * 5, "the stacks do not depend on each other like one chain");
    assert_eq!(bench.sandbox.list().unwrap().len(), 200);
}

/// `App` uses what `Net` exports; `Alone` needs neither.
fn small_app() -> App {
    let net = "Resources:\n  Q: {Type: AWS::SQS::Queue}\n  T: {Type: AWS::SNS::Topic, Properties: {TopicName: \
               net}}\nOutputs:\n  Arn: {Value: !GetAtt Q.Arn, Export: {Name: net-arn}}\n";
    let app = "Resources:\n  P: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !ImportValue \
               net-arn}}\n  Q: {Type: AWS::SQS::Queue, DependsOn: P}\n";
    let alone =
        "Resources:\n  Q: {Type: AWS::SQS::Queue}\n  T: {Type: AWS::SNS::Topic, DependsOn: Q}\n";
    let needs = BTreeSet::from(["Net".to_owned()]);
    vec![
        (name("Net"), net.to_owned(), BTreeSet::new()),
        (name("Alone"), alone.to_owned(), BTreeSet::new()),
        (name("App"), app.to_owned(), needs),
    ]
}

/// The resources, outputs and imports of all states, which are all objects of the cloud: without the names that were chosen.
async fn whole(bench: &Bench) -> Vec<String> {
    let mut out = Vec::new();
    let mut known = BTreeSet::new();
    for stack in bench.backend.stacks().await.unwrap() {
        let record = bench.backend.read(&stack).await.unwrap();
        assert!(record.journal.is_none(), "`{stack}` has an open run");
        let state = record.state.unwrap();
        assert!(state.deposed.is_empty() && state.former.is_none());
        for (address, object) in &state.resources {
            known.insert(object.physical_id.to_string());
            out.push(format!("{stack} {address} {} {:?}", object.resource_type, object.status));
        }
        out.extend(state.outputs.keys().map(|output| format!("{stack} {output}")));
        out.extend(state.imports.keys().map(|import| format!("{stack} imports {import}")));
    }
    let there: BTreeSet<String> = bench
        .sandbox
        .list()
        .unwrap()
        .into_iter()
        .map(|(_, physical_id)| physical_id.to_string())
        .collect();
    assert_eq!(there, known, "every object is known to one stack");
    out
}

/// A run that ends at any point at which it waits leaves what the next run completes: nothing is made twice, and
/// nothing is lost.
#[test]
fn a_run_that_ends_anywhere_is_completed_by_the_next_one() {
    let app = small_app();
    let latency = Duration::from_millis(200);
    let expected = in_virtual_time(async {
        let bench = Bench::new(latency);
        bench.run(&app).await;
        whole(&bench).await
    });
    assert_eq!(expected.len(), 8, "{expected:#?}");
    let mut points = 0;
    loop {
        let bench = Bench::new(latency);
        let completed = in_virtual_time(async {
            let mut run = pin!(bench.run(&app));
            let mut polls = 0;
            poll_fn(|context| {
                polls += 1;
                if polls > points {
                    return Poll::Ready(false);
                }
                run.as_mut().poll(context).map(|_| true)
            })
            .await
        });
        in_virtual_time(async {
            bench.run(&app).await;
            assert_eq!(whole(&bench).await, expected, "after {points} points");
            for (plan, times) in bench.run(&app).await.into_values() {
                assert!(plan.is_noop() && times.is_empty(), "after {points} points");
            }
        });
        if completed {
            break;
        }
        points += 1;
    }
    println!("{points} points");
    assert!(points > 20, "{points}");
}

/// The stacks of an app by name.
fn template(app: &App, stack: &str) -> String {
    app.iter().find(|(name, _, _)| name.as_str() == stack).unwrap().1.clone()
}

/// A consumer that begins to import takes the lease of the stack that exports, so that it waits for a run of
/// that stack which has checked already that nothing imports the export.
#[test]
fn a_stack_that_begins_to_import_waits_for_the_run_of_the_one_that_exports() {
    let (app, bench) = (small_app(), Bench::new(Duration::from_secs(1)));
    in_virtual_time(async {
        let slots = &Slots::shared(PARALLELISM);
        let (net, importer) = (&name("Net"), &name("App"));
        bench.apply(net, &template(&app, "Net"), slots).await.unwrap();
        // The export goes, and another resource takes a while.
        let without = "Resources:\n  Q: {Type: AWS::SQS::Queue}\n  U: {Type: AWS::SNS::Topic}\n";
        let mut producing = pin!(bench.apply(net, without, slots));
        let text = template(&app, "App");
        let mut consuming = pin!(bench.apply(importer, &text, slots));
        let mut began = false;
        let (mut produced, mut consumed) = (None, None);
        poll_fn(|context| {
            if produced.is_none()
                && let Poll::Ready(done) = producing.as_mut().poll(context)
            {
                produced = Some(done);
            }
            // It evaluates while the export is there.
            began |= bench.sandbox.list().unwrap().len() > 2 || produced.is_some();
            if consumed.is_none()
                && let Poll::Ready(done) = consuming.as_mut().poll(context)
            {
                consumed = Some(done);
            }
            if produced.is_some() && consumed.is_some() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        assert!(produced.unwrap().is_ok() && began);
        match consumed.unwrap() {
            Err(OpsError::ImportMoved { export, .. }) => assert_eq!(export, "net-arn"),
            other => panic!("{:?}", other.map(|(plan, _)| plan)),
        }
        let record = bench.backend.read(importer).await.unwrap();
        assert!(record.state.is_none() && record.journal.is_none(), "nothing of it was changed");
    });
}

/// The lease of the exporting stack is free again as soon as the imports are recorded.
#[test]
fn stacks_that_begin_to_import_do_not_wait_for_each_others_ends() {
    let (app, bench) = (small_app(), Bench::new(Duration::from_secs(20)));
    let took = in_virtual_time(async {
        let slots = &Slots::shared(PARALLELISM);
        bench.apply(&name("Net"), &template(&app, "Net"), slots).await.unwrap();
        let text = template(&app, "App");
        let began = Instant::now();
        let consumers = ["A", "B", "C", "D"].map(name);
        let runs = consumers.iter().map(|stack| bench.apply(stack, &text, slots));
        for ran in futures_util::future::join_all(runs).await {
            ran.unwrap();
        }
        began.elapsed()
    });
    // Two steps behind each other, which each take some calls of 20 seconds.
    let alone = in_virtual_time(async {
        let bench = Bench::new(Duration::from_secs(20));
        let slots = &Slots::shared(PARALLELISM);
        bench.apply(&name("Net"), &template(&app, "Net"), slots).await.unwrap();
        let began = Instant::now();
        bench.apply(&name("A"), &template(&app, "App"), slots).await.unwrap();
        began.elapsed()
    });
    assert!(took < alone + Duration::from_secs(2), "{took:?}, and {alone:?} for one");
}
