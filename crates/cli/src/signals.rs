//! Interrupts: the first one finishes what runs and records it, the second one leaves at once.
//! The journal knows what was under way, and the next command settles it.

use std::sync::Arc;

use rstack_apply::Stop;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;
use crate::progress::Display;

/// Listens to SIGINT, SIGTERM and SIGHUP from now on. Before a run begins nothing has to be
/// finished, and the signals do what they do to every program.
pub(crate) fn listen(stop: &Stop, display: &Arc<Display>) {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    for kind in kinds {
        let Ok(mut signals) = signal(kind) else { continue };
        let (stop, display) = (stop.clone(), Arc::clone(display));
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                if stop.is_requested() {
                    display.note("Leaving now. The next command finds out what was under way.");
                    std::process::exit(Exit::Interrupted as i32);
                }
                stop.request();
                display.note(
                    "Stopping: what runs is finished and recorded. Press Ctrl-C again to leave now.",
                );
            }
        });
    }
}
