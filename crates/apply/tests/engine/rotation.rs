//! A secret is rotated while viewers watch: CloudFront sends the new value when, and only when,
//! every machine behind the endpoints accepts it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rstack_apply::{Clock, Engine, Events, Outcome};
use rstack_driver::VersionHistory;
use rstack_model::event::{Event, RunEnd};
use rstack_sandbox::{Playback, SandboxCloud, SandboxOptions, Time};

use crate::bench::{Bench, STREAMING, Wanted, count, desired_of, run, streaming};
use crate::probe::{Probe, Probed};

const SECRET: &str = "MediaPackage/Live";
const MINUTE: u64 = 60;

/// Virtual time in milliseconds.
struct Pace(AtomicU64);

impl Time for Pace {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// A stream that is being watched: whenever time passes, every URL is played at every second.
struct Show {
    bench: Bench,
    pace: Arc<Pace>,
    urls: Mutex<Vec<String>>,
    refused: AtomicU64,
    held: Mutex<Vec<Duration>>,
}

impl Show {
    /// A stack that has run for an hour.
    async fn running(seed: u64) -> Arc<Self> {
        let (ask_again_in, polls) = (Duration::from_secs(20), u32::try_from(seed % 25).unwrap());
        let options =
            SandboxOptions { seed, ask_again_in, deploy_polls: polls, ..SandboxOptions::default() };
        let pace = Arc::new(Pace(AtomicU64::new(1_000_000)));
        let sandbox = SandboxCloud::open(None, "eu-west-1".into(), options).unwrap();
        let mut bench = Bench::new();
        bench.sandbox = Arc::new(sandbox.with_time(pace.clone()));
        let show = Arc::new(Self {
            bench,
            pace,
            urls: Mutex::default(),
            refused: AtomicU64::new(0),
            held: Mutex::default(),
        });
        let first = show.apply(&show.engine(), &streaming(&[]).into()).await;
        assert_eq!(first.end, RunEnd::Succeeded);
        assert!(show.held().is_empty(), "no viewer plays a stream that does not exist yet");
        let outputs = first.state.unwrap().outputs;
        show.pass(Duration::from_secs(60 * MINUTE));
        *show.urls.lock().unwrap() = ["HlsUrl", "DashUrl", "CmafUrl", "MssUrl"]
            .map(|name| outputs[name].value.as_str().unwrap().to_owned())
            .to_vec();
        show.pass(Duration::from_secs(1));
        assert_eq!(show.refused(), 0);
        show
    }

    fn engine(self: &Arc<Self>) -> Engine {
        let (clock, events, parallelism) = (self.clone(), self.clone(), count(1));
        Engine { clock, events, parallelism, ..self.bench.engine() }
    }

    async fn apply(self: &Arc<Self>, engine: &Engine, wanted: &Wanted) -> Outcome {
        self.held.lock().unwrap().clear();
        self.bench.apply(engine, wanted, true).await
    }

    /// Time passes, and the viewers watch.
    fn pass(&self, time: Duration) {
        let mut left = time;
        while !left.is_zero() {
            let step = left.min(Duration::from_secs(1));
            left -= step;
            self.pace.0.fetch_add(u64::try_from(step.as_millis()).unwrap(), Ordering::SeqCst);
            for url in self.urls.lock().unwrap().iter() {
                let all_play = self.bench.sandbox.play(url).unwrap() == [Playback::Plays];
                self.refused.fetch_add(u64::from(!all_play), Ordering::SeqCst);
            }
        }
    }

    fn rotate(&self) -> String {
        self.bench.sandbox.rotate_secret(SECRET).unwrap()
    }

    /// The number of times that a player was refused.
    fn refused(&self) -> u64 {
        self.refused.load(Ordering::SeqCst)
    }

    /// The longest that was left of each wait, newest first.
    fn held(&self) -> Vec<Duration> {
        self.held.lock().unwrap().clone()
    }

    fn sent(&self) -> Vec<String> {
        let state = self.bench.state();
        state.resources["Distribution"].secret_versions.values().cloned().collect()
    }
}

#[async_trait]
impl Clock for Show {
    async fn sleep(&self, duration: Duration) {
        self.pass(duration);
        tokio::task::yield_now().await;
    }
}

impl Events for Show {
    fn emit(&self, event: Event) {
        if let Event::StepAwaitingPropagation { remaining, .. } = event {
            self.held.lock().unwrap().push(remaining);
        }
    }
}

/// Says of every version that it is old: no step waits.
struct Hasty;

impl Probe for Hasty {
    fn history_of(&self, history: VersionHistory) -> VersionHistory {
        VersionHistory { age: Duration::MAX, ..history }
    }
}

/// Rotates and applies some time later; gives the number of refusals until all has come to rest.
async fn rotation(seed: u64, hasty: bool) -> u64 {
    let show = Show::running(seed).await;
    let version = show.rotate();
    show.pass(Duration::from_secs(seed * 97 % 700));
    let mut engine = show.engine();
    if hasty {
        engine.cloud = Probed::new(show.bench.sandbox.clone(), Arc::new(Hasty));
    }
    let outcome = show.apply(&engine, &streaming(&[]).into()).await;
    assert_eq!(outcome.end, RunEnd::Succeeded, "{:?}", outcome.failures);
    assert_eq!(show.sent(), [version]);
    show.pass(Duration::from_secs(12 * MINUTE));
    show.refused()
}

#[test]
fn no_viewer_is_refused_while_a_secret_is_rotated() {
    run(async {
        for seed in 0..12 {
            assert_eq!(rotation(seed, false).await, 0, "seed {seed}");
        }
    });
}

/// The control: the viewers do notice when it is not waited.
#[test]
fn without_the_wait_viewers_are_refused() {
    run(async {
        let mut refused = 0;
        for seed in 0..4 {
            refused += u64::from(rotation(seed, true).await > 0);
        }
        assert_eq!(refused, 4);
    });
}

#[test]
fn an_interrupted_wait_leaves_nothing_behind_and_the_next_apply_waits_for_the_rest() {
    run(async {
        let show = Show::running(3).await;
        let (before, version) = (show.sent(), show.rotate());
        let engine = show.engine();
        let cancel = engine.cancel.clone();
        let stopping = Engine {
            events: Arc::new(StopsAfter { show: show.clone(), held: 12, cancel }),
            ..engine
        };
        let serial = show.bench.state().serial;
        let outcome = show.apply(&stopping, &streaming(&[]).into()).await;
        assert_eq!(outcome.end, RunEnd::Interrupted);
        assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
        assert_eq!(show.sent(), before);
        assert!(show.bench.state().serial.0 <= serial.0 + 1);
        show.pass(Duration::from_secs(4 * MINUTE));
        let outcome = show.apply(&show.engine(), &streaming(&[]).into()).await;
        assert_eq!(outcome.end, RunEnd::Succeeded);
        // 55 seconds and four minutes of the ten have passed.
        assert_eq!(show.held().first(), Some(&Duration::from_secs(5 * MINUTE + 5)));
        assert_eq!(show.sent(), [version]);
        assert_eq!(show.refused(), 0);
    });
}

/// Asks to stop after so many events of a step that is held.
struct StopsAfter {
    show: Arc<Show>,
    held: usize,
    cancel: rstack_apply::CancellationToken,
}

impl Events for StopsAfter {
    fn emit(&self, event: Event) {
        self.show.emit(event);
        if self.show.held().len() == self.held {
            self.cancel.cancel();
        }
    }
}

/// Rotates again when a step is held for the third time.
struct RotatesAgain(Arc<Show>);

impl Events for RotatesAgain {
    fn emit(&self, event: Event) {
        self.0.emit(event);
        if self.0.held().len() == 3 {
            self.0.rotate();
        }
    }
}

#[test]
fn what_is_sent_is_neither_older_than_the_previous_version_nor_newer_than_what_is_taken_up() {
    run(async {
        // Any other change of the distribution sends the new value, too, and waits as well.
        let text = STREAMING.replace("Comment: !Sub Live stream", "Comment: !Sub The stream");
        let show = Show::running(5).await;
        show.rotate();
        let outcome = show.apply(&show.engine(), &desired_of(&text, &[]).into()).await;
        assert_eq!(outcome.end, RunEnd::Succeeded);
        assert_eq!(show.held().first(), Some(&Duration::from_secs(10 * MINUTE)));
        assert_eq!(show.refused(), 0);

        // Two versions behind: viewers are or will be refused, and waiting makes it longer.
        show.pass(Duration::from_secs(30 * MINUTE));
        show.rotate();
        let version = show.rotate();
        show.apply(&show.engine(), &desired_of(&text, &[]).into()).await;
        assert_eq!(show.held(), []);
        assert_eq!(show.sent(), [version]);

        // A version that comes while it waits makes what is sent two versions behind.
        show.pass(Duration::from_secs(30 * MINUTE));
        show.rotate();
        let engine = Engine { events: Arc::new(RotatesAgain(show.clone())), ..show.engine() };
        let outcome = show.apply(&engine, &desired_of(&text, &[]).into()).await;
        assert_eq!(outcome.end, RunEnd::Succeeded);
        assert_eq!(show.held().len(), 3);
    });
}
