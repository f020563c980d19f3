//! The protection of the process's memory: no core dump, no look from outside, and no value in the
//! message of a panic.

use std::any::Any;
use std::panic::PanicHookInfo;

/// Keeps secrets in memory from being written or read by way of the operating system. What it
/// does not offer is left as it is: the run does not depend on it.
pub(crate) fn protect() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _as_it_was = setrlimit(Resource::Core, none);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // Also where cores go to a program, which heeds no limit, and against debuggers.
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _as_it_was = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
    std::panic::set_hook(Box::new(say));
}

/// Says where the program panicked. Standard error may be gone; then the message is lost.
fn say(panic: &PanicHookInfo<'_>) {
    use std::io::Write;
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let _gone = writeln!(std::io::stderr(), "{}", words(panic.payload(), &place));
}

/// A message that was put together while the program ran may hold any value, that of a secret
/// too: only one that stands in the program's text is shown.
fn words(payload: &(dyn Any + Send), place: &str) -> String {
    let message = payload.downcast_ref::<&'static str>();
    let message = message.map_or_else(String::new, |message| format!(": {message}"));
    format!(
        "error[internal]: rstack panicked at {place}{message}\n  hint: this is a defect of rstack; the \
         next command recovers the open operations"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_shows_its_own_text_and_no_value() {
        let payload = |work: fn(&str)| std::panic::catch_unwind(|| work("hunter2")).unwrap_err();
        let fixed = payload(|_| std::panic::panic_any("it is empty"));
        assert!(
            words(&*fixed, "src/x.rs:1:2")
                .starts_with("error[internal]: rstack panicked at src/x.rs:1:2: it is empty\n")
        );
        let made = payload(|secret| panic!("{secret} is wrong"));
        assert!(made.downcast_ref::<String>().is_some_and(|text| text.contains("hunter2")));
        assert!(!words(&*made, "src/x.rs:1:2").contains("hunter2"));
        let other = payload(|secret| std::panic::panic_any(vec![secret.to_owned()]));
        assert!(!words(&*other, "src/x.rs:1:2").contains("hunter2"));
    }
}
