//! The heartbeat: a command that is silent because a cloud does not answer names what it waits for.

use std::sync::Arc;
use std::time::Duration;

use rstack_driver::{CallInFlight, Cloud};
use rstack_render::escape;
use tokio::task::JoinHandle;

use crate::progress::Display;

/// The silence after which a wait is named, and the age of a call that is named.
const SILENCE: Duration = Duration::from_secs(5);
/// The silence after which a wait that was named is named again.
const AGAIN: Duration = Duration::from_secs(15);
/// The time between two looks.
const TICK: Duration = Duration::from_secs(1);

/// A task that names what is waited for, until the value is dropped.
pub(crate) struct Heartbeat(JoinHandle<()>);

impl Heartbeat {
    /// Begins to listen to the silence of the display.
    pub(crate) fn start(cloud: Arc<dyn Cloud>, display: Arc<Display>) -> Self {
        Self(tokio::spawn(async move {
            let mut silence = SILENCE;
            loop {
                tokio::time::sleep(TICK).await;
                let open = cloud.in_flight();
                let late: Vec<_> = open.iter().filter(|call| call.elapsed >= SILENCE).collect();
                let Some(oldest) = late.first() else {
                    silence = SILENCE;
                    continue;
                };
                if display.silence() >= silence {
                    display.note(&text(oldest, late.len()));
                    silence = AGAIN;
                }
            }
        }))
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn text(call: &CallInFlight, calls: usize) -> String {
    let others = match calls {
        0 | 1 => String::new(),
        2 => ", and for another call".to_owned(),
        more => format!(", and for {} other calls", more.saturating_sub(1)),
    };
    format!(
        "Waiting for {}: no answer from {} for {} s{others}. Ctrl-C stops.",
        escape(&call.operation),
        escape(&call.host),
        call.elapsed.as_secs(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_call_is_named_without_control_characters() {
        let call = CallInFlight {
            operation: "sts:GetCallerIdentity".into(),
            host: "sts.example\u{1b}[2J".into(),
            elapsed: Duration::from_millis(7_900),
        };
        let one = text(&call, 1);
        assert!(one.starts_with("Waiting for sts:GetCallerIdentity: no answer from sts.example"));
        assert!(one.ends_with("for 7 s. Ctrl-C stops."), "{one}");
        assert!(!one.contains('\u{1b}'), "{one}");
        assert!(text(&call, 2).contains("for 7 s, and for another call."));
        assert!(text(&call, 9).contains("for 7 s, and for 8 other calls."));
    }
}
