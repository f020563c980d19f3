//! Lists of names in messages.

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

pub(super) fn no_stack(known: &[PathBuf]) -> String {
    match known {
        [] => "no stack was named, and there is no template under `stacks/`".to_owned(),
        known => format!("no stack was named, and there are several: {}", list(known)),
    }
}

pub(super) fn assembly_stacks(names: &[String]) -> String {
    match names {
        [] => "no stack".to_owned(),
        names => format!("several stacks: {}", names.join(", ")),
    }
}
