//! The memory of a run, with the secrets in it, is written nowhere when the run is struck down.
#![cfg(target_os = "linux")]

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use rustix::process::Signal;

use crate::harness::{Place, Running};

#[test]
fn a_run_that_is_struck_down_leaves_no_core() {
    for signal in [Signal::ABORT, Signal::ILL] {
        let place = Place::streaming();
        let running = place.command(&["apply", "--yes", "--sandbox"]);
        let mut shell = Command::new("/bin/sh");
        // As far as this machine allows it.
        shell.args(["-c", r#"ulimit -c unlimited 2>/dev/null; exec "$0" "$@""#]);
        shell.arg(running.get_program()).args(running.get_args());
        shell.current_dir(place.path(".")).env_clear().env("HOME", place.path("."));
        shell.env("RSTACK_SANDBOX", "latency-ms=600000");
        let mut running = Running::start(shell);
        running.wait_for("creating   ");
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", running.id())).unwrap();
        let cores = limits.lines().find_map(|line| line.strip_prefix("Max core file size"));
        let cores: Vec<&str> = cores.unwrap().split_whitespace().collect();
        assert_eq!(cores[..2], ["0", "0"], "{limits}");
        // No process of the same user may look into it: not even into its environment. Root may.
        let root = rustix::process::getuid().is_root();
        let seen = std::fs::read(format!("/proc/{}/environ", running.id())).is_ok();
        assert!(root || !seen);
        running.signal(signal);
        let status = running.status();
        assert_eq!(status.signal(), Some(signal.as_raw()));
        assert!(!status.core_dumped());
        let names: Vec<_> = place.files().into_keys().collect();
        assert!(!names.iter().any(|name| name.starts_with("core")), "{names:?}");
    }
}
