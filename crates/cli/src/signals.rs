//! Interrupts: the first one finishes what runs and records it, the second one leaves at once.
//! The journal knows what was under way, and the next command resolves it.

use std::sync::Arc;

use rstack_apply::CancellationToken;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;
use crate::progress::Display;

/// Listens to SIGINT, SIGTERM and SIGHUP from now on. Before a run begins nothing has to be
/// finished, and the signals do what they do to every program. One that the parent process had
/// ignored, as `nohup` does, stays ignored.
pub(crate) fn listen(cancel: &CancellationToken, display: &Arc<Display>) {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let ignored = ignored();
    for kind in kinds {
        if ignored & bit(kind) != 0 {
            continue;
        }
        let Ok(mut signals) = signal(kind) else { continue };
        let (cancel, display) = (cancel.clone(), Arc::clone(display));
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                if cancel.is_cancelled() {
                    display.note("Exiting now. The next command recovers the open operations.");
                    std::process::exit(Exit::Interrupted as i32);
                }
                cancel.cancel();
                display.note(
                    "Stopping: running steps finish and are recorded. Press Ctrl-C again to exit now.",
                );
            }
        });
    }
}

/// The signals that are ignored, as a mask. It can be asked for on Linux alone; elsewhere none is.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

fn bit(kind: SignalKind) -> u64 {
    let number = u32::try_from(kind.as_raw_value()).unwrap_or(0);
    1u64.checked_shl(number.saturating_sub(1)).unwrap_or(0)
}
