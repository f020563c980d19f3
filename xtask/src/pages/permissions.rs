//! The permissions that the types that are data need, by service.

use std::error::Error;

use rstack_catalog::Registry;
use rstack_model::{PropertyPath, UpdateKind};

use super::wrapped;
use crate::models::files::Folder;
use crate::models::format::{ServiceFile, Settings, TypeFile};

/// A table for each service that has such types.
///
/// # Errors
/// If the catalog cannot open a type.
pub(super) fn part(folders: &[Folder]) -> Result<String, Box<dyn Error>> {
    let mut out = String::new();
    for folder in folders.iter().filter(|folder| !folder.types.is_empty()) {
        out.push_str(&format!("## {}\n\n", folder.service.title));
        out.push_str("| Type | Create | Read | Update | Delete |\n|---|---|---|---|---|\n");
        for file in &folder.types {
            out.push_str(&row(folder, file)?);
        }
        out.push('\n');
        if let Some(note) = &folder.service.permissions_note {
            out.push_str(&wrapped(note, 100, ""));
            out.push('\n');
        }
    }
    Ok(out)
}

/// The line of a type: the operations that its driver calls.
fn row(folder: &Folder, file: &TypeFile) -> Result<String, Box<dyn Error>> {
    let action = |operation: &str| format!("`{}:{operation}`", folder.name);
    let optional = |operation: &str| format!("*{}*", action(operation));
    let operations = &file.operations;
    let tags = file.tags(&folder.service);
    let listed = |operations: &[&String], noun: &str| {
        let operations: Vec<String> = operations.iter().map(|it| optional(it)).collect();
        format!("{} ({noun})", operations.join(", "))
    };
    let set = |row: &Settings| listed(&[&row.operation], &row.noun);
    let change = |row: &Settings| {
        let operations: Vec<&String> = [&row.operation].into_iter().chain(&row.remove).collect();
        listed(&operations, &row.noun)
    };
    let mut read = vec![action(&operations.read)];
    read.extend(tags.and_then(|tags| Some(action(&tags.read.as_ref()?.operation))));
    let shown = file.settings.iter().filter_map(|row| {
        let reading = row.read.as_ref()?;
        Some(listed(&[&reading.operation], &row.noun))
    });
    read.extend(shown);
    let extra = |when: &dyn Fn(&str) -> String| -> Vec<String> {
        let actions = file.permissions.iter().map(|row| {
            let actions: Vec<String> = row.actions.iter().map(|a| format!("*`{a}`*")).collect();
            format!("{} ({})", actions.join(", "), when(&row.when))
        });
        actions.collect()
    };

    let mut create = vec![action(&operations.create)];
    create.extend(read.iter().cloned());
    create.extend(file.identifier.lookup.iter().map(|lookup| action(&lookup.operation)));
    let listing = file.identifier.listing.iter().map(|listing| optional(&listing.operation));
    create.extend(listing.map(|listing| format!("{listing} (after an interruption)")));
    create.extend(tags.map(|tags| format!("{}¹", action(&tags.set))));
    create.extend(extra(&str::to_owned));
    create.extend(file.settings.iter().map(set));

    let mut update = Vec::new();
    if let Some(operation) = &operations.update {
        update.push(action(operation));
        update.extend(extra(&|_| "as for *Create*".to_owned()));
    }
    update.extend(file.settings.iter().map(change));
    if let (Some(tags), true) = (tags, tags_change_in_place(&folder.service, file)?) {
        update.push(format!("{}, {} (tags)", optional(&tags.set), optional(&tags.remove)));
    }
    if update.is_empty() {
        update.push("– (always replaced)".to_owned());
    } else {
        update.splice(0..0, read.iter().cloned());
    }
    let delete = [action(&operations.delete), action(&operations.read)];
    Ok(format!(
        "| `{}` | {} | {} | {} | {} |\n",
        file.type_name,
        create.join(", "),
        read.join(", "),
        update.join(", "),
        delete.join(", ")
    ))
}

/// True if the catalog lets a plan change the tags of an object.
fn tags_change_in_place(service: &ServiceFile, file: &TypeFile) -> Result<bool, Box<dyn Error>> {
    let schema = Registry::embedded().get(&file.type_name)?;
    let schema = schema.ok_or_else(|| format!("the registry has no `{}`", file.type_name))?;
    let Some(tags) = file.tags(service) else { return Ok(false) };
    let path = PropertyPath::root().name(&tags.property);
    Ok(schema.update_kind(&path) == UpdateKind::InPlace)
}
