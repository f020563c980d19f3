//! Which steps run when, and how many at once.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rstack_apply::Engine;
use rstack_driver::DriverError;

use crate::bench::{Bench, count, run, streaming};
use crate::probe::{Call, Calls, Probe, Probed};

/// Keeps creations waiting until as many run as are wanted.
struct Gate {
    wanted: usize,
    load: Mutex<Load>,
}

#[derive(Default)]
struct Load {
    running: usize,
    most: usize,
}

#[async_trait]
impl Probe for Gate {
    async fn before(&self, _: &Call) -> Result<(), DriverError> {
        {
            let mut load = self.load.lock().unwrap();
            load.running += 1;
            load.most = load.most.max(load.running);
        }
        // Only those that are made at once can open the gate. What is made alone goes on in the end.
        for _ in 0..20_000 {
            if self.load.lock().unwrap().most >= self.wanted {
                break;
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn after(&self, _: &Call) -> Result<(), DriverError> {
        self.load.lock().unwrap().running -= 1;
        Ok(())
    }
}

/// The secret, the channel and the policy depend on nothing.
#[test]
fn independent_steps_overlap_up_to_the_bound_and_not_beyond() {
    for (parallelism, most) in [(1, 1), (2, 2), (3, 3)] {
        let gate = Arc::new(Gate { wanted: most, load: Mutex::default() });
        run(async {
            let bench = Bench::new();
            let cloud = Probed::new(bench.sandbox.clone(), gate.clone());
            let engine = Engine { parallelism: count(parallelism), ..bench.engine_on(cloud) };
            bench.apply(&engine, &streaming(&[]).into(), true).await;
        });
        assert_eq!(gate.load.lock().unwrap().most, most);
    }
}

#[test]
fn the_longest_way_to_the_end_goes_first() {
    run(async {
        let bench = Bench::new();
        let calls = Arc::new(Calls::default());
        let cloud = Probed::new(bench.sandbox.clone(), calls.clone());
        let engine = Engine { parallelism: count(1), ..bench.engine_on(cloud) };
        bench.apply(&engine, &streaming(&[]).into(), true).await;
        let made = calls.of("create");
        let place = |id: &str| made.iter().position(|made| made == id).unwrap();
        // Secret → role → endpoint → distribution; the channel stands beside the role. The policy
        // is needed by the last one only, and only one of the endpoints is needed by anything.
        assert_eq!(made[0], "CdnSecret");
        assert!(place("MediaPackageRole") < 3 && place("Channel") < 3);
        for late in ["DashEndpoint", "CmafEndpoint", "MssEndpoint"] {
            assert!(place("HlsEndpoint") < place(late));
            assert!(place("OriginRequestPolicy") < place(late));
        }
    });
}
