//! The process dies behind its last call: while it records the end, or publishes the state.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use rstack_apply::Events;
use rstack_model::event::Event;

use crate::bench::{Bench, Wanted, run, small};

/// Gives the journal a second name, under which it outlives its publication.
struct Keeps(PathBuf, PathBuf);

impl Events for Keeps {
    fn emit(&self, event: Event) {
        if matches!(event, Event::RunStarted { .. }) {
            fs::hard_link(&self.0, &self.1).unwrap();
        }
    }
}

fn check(from: Option<&Wanted>, to: &Wanted) {
    // Done, outputs and end are behind the last call; the last cut takes nothing.
    for lost in 0..=3 {
        for torn in [false, true] {
            let bench = Bench::new();
            let path = |name: &str| bench.directory.path().join(name);
            let (state, journal, kept) = (path("Live.json"), path("Live.journal"), path("kept"));
            let before = from.map(|from| {
                run(bench.reach(from));
                fs::read(&state).unwrap()
            });
            run(async {
                let mut engine = bench.engine();
                engine.events = Arc::new(Keeps(journal.clone(), kept.clone()));
                bench.apply(&engine, to, false).await;
            });
            match before {
                Some(before) => fs::write(&state, before).unwrap(),
                None => fs::remove_file(&state).unwrap(),
            }
            let whole = fs::read(&kept).unwrap();
            let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
            let (left, rest) = lines.split_at(lines.len() - lost);
            let mut bytes = left.concat();
            if torn {
                let next = rest.first().copied().unwrap_or_default();
                bytes.extend(&next[..next.len() / 2]);
            }
            fs::rename(&kept, &journal).unwrap();
            fs::write(&journal, bytes).unwrap();
            run(async {
                let locked = bench.lock();
                let state = bench.recovered(&bench.engine(), &locked).await;
                drop(locked);
                bench.check_none_unknown(Some(&state));
                bench.reach(to).await;
            });
        }
    }
}

#[test]
fn the_end_of_a_creation() {
    check(None, &small("one", "one", "6"));
}

#[test]
fn the_end_of_a_replacement() {
    check(Some(&small("one", "one", "6")), &small("two", "two", "6"));
}
