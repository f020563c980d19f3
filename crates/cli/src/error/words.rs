//! Lists of names in messages.

use std::collections::BTreeSet;
use std::path::PathBuf;

use rstack_model::StackName;

pub(super) fn names(stacks: &[StackName]) -> String {
    let names: Vec<String> = stacks.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

pub(super) fn list(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
    names.join(", ")
}

pub(super) fn quoted(names: &BTreeSet<String>) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

pub(super) fn no_stack(known: &[PathBuf]) -> String {
    match known {
        [] => "no stack was named, and there is no template under `stacks/`".to_owned(),
        known => format!("no stack was named, and there are several: {}", list(known)),
    }
}

pub(super) fn nothing_to_roll_back(stack: &StackName, left_over: usize) -> String {
    let objects = if left_over == 1 { "object" } else { "objects" };
    match left_over {
        0 => format!("no apply of `{stack}` failed or was interrupted half-way"),
        _ => format!(
            "the last apply of `{stack}` came to its end, but for {left_over} old {objects} that wait \
             to be deleted"
        ),
    }
}

pub(super) fn assembly_stacks(names: &[String]) -> String {
    match names {
        [] => "no stack".to_owned(),
        names => format!("several stacks: {}", names.join(", ")),
    }
}
