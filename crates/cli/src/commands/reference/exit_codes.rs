//! The page about exit codes.

use crate::exit::Exit;

/// The page.
pub(super) fn page() -> String {
    let mut page = String::from(
        "# Exit codes\n\nScripts and CI can rely on these numbers.\n\n\
         | code | meaning | what to do next |\n|---|---|---|\n",
    );
    for exit in Exit::ALL {
        let (meaning, next) = texts(exit);
        page.push_str(&format!("| {} | {meaning} | {next} |\n", exit as u8));
    }
    page.push_str(
        "\nA command line that cannot be parsed ends with 1, not with 2: 2 always means that there \
         are changes. A closed output pipe (`rstack plan | head`) ends with 0.\n",
    );
    page
}

/// The meaning of a code, and the step that follows.
fn texts(exit: Exit) -> (&'static str, &'static str) {
    match exit {
        Exit::Done => ("The command is done, or there was nothing to do.", "Nothing."),
        Exit::Error => (
            "The command failed. It changed nothing unless the message says so.",
            "Read the message and its hints.",
        ),
        Exit::Changes => {
            ("`plan --detailed-exitcode` found changes.", "Review the plan, then apply it.")
        }
        Exit::Check => (
            "`sandbox play` found a viewer who cannot play the stream.",
            "Read the status of each answer.",
        ),
        Exit::RolledBack => (
            "`apply` failed and was rolled back: the stack is as it was before.",
            "Fix the cause, then apply again.",
        ),
        Exit::Partial => (
            "`apply`, `rollback` or `destroy` failed; completed changes are recorded and stay.",
            "Run the command again to continue, or `rstack rollback`.",
        ),
        Exit::Interrupted => (
            "A signal (Ctrl-C) interrupted the command; completed changes are recorded and stay.",
            "Run the command again to continue, or `rstack rollback`.",
        ),
    }
}
