//! The base mismatch in `rstack state repair`: a journal without the state that it was written
//! over.

use rstack_model::Serial;
use rstack_model::plan::PlanBase;
use rstack_render::escape;
use rstack_store::LockedStack;
use rstack_store::fs::BaseMismatch;

/// The serial that a first run begins with.
const NOTHING: Serial = Serial(0);

/// The sentence about a mismatch.
pub(super) fn finding(BaseMismatch { journal, state, .. }: &BaseMismatch) -> String {
    let Some(state) = state else {
        return format!(
            "The journal was written over serial {}, of which no sound state is kept.",
            journal.serial
        );
    };
    let name = |PlanBase { lineage, serial }: &PlanBase| {
        if *serial == NOTHING {
            "no state".to_owned()
        } else if state.lineage == journal.lineage {
            format!("serial {serial}")
        } else {
            format!("serial {serial} of the line {lineage}")
        }
    };
    let text = format!(
        "The journal was written over {}, and the state is {}: they do not belong together.",
        name(journal),
        name(state)
    );
    escape(&text).into_owned()
}

/// The steps by hand where no command decides which of the two is the right one.
pub(super) fn by_hand(mismatch: &BaseMismatch, locked: &LockedStack) -> Vec<String> {
    let BaseMismatch { journal, state, copy } = mismatch;
    let (serial, path) = (journal.serial, locked.state_path().display());
    let own = match copy {
        _ if serial == NOTHING => format!("take `{path}` away"),
        Some(copy) => format!("put a copy of `{}` in `{path}`", copy.display()),
        None => format!("put the state of serial {serial} in `{path}`, of which no copy is here"),
    };
    let mut lines = vec![
        "rstack cannot decide which file is right. Back up both first; the journal records objects \
         that are not in the state."
            .to_owned(),
        format!("If the journal is the right one, {own}."),
    ];
    if let Some(state) = state {
        lines.push(format!(
            "If the state is the right one, put the journal in `{}` that was there with serial {}, \
             and none if there was none.",
            locked.journal_path().display(),
            state.serial
        ));
    }
    lines.iter().map(|line| escape(line).into_owned()).collect()
}
