//! The list of native types.

use std::collections::BTreeMap;
use std::error::Error;

use super::wrapped;
use crate::models::files::Folder;

/// The types by namespace: `AWS::IAM::Policy`, `::Role`; and so on.
///
/// # Errors
/// None.
#[expect(clippy::unnecessary_wraps, reason = "one of several parts")]
pub(super) fn part(folders: &[Folder]) -> Result<String, Box<dyn Error>> {
    let mut spaces: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for folder in folders {
        let data = folder.types.iter().map(|file| &file.type_name);
        for name in folder.service.drivers.iter().chain(data) {
            if let Some((space, short)) = name.rsplit_once("::") {
                spaces.entry(space).or_default().push(short);
            }
        }
    }
    let spaces = spaces.into_iter().map(|(space, mut names)| {
        names.sort_unstable();
        let rest = names.iter().skip(1).map(|name| format!(", `::{name}`"));
        let first = names.first().copied().unwrap_or_default();
        format!("`{space}::{first}`{}", rest.collect::<String>())
    });
    let list = spaces.collect::<Vec<_>>().join("; ");
    // The comment behind it belongs to the same item of a list.
    Ok(format!("{}  ", wrapped(&format!("{list}."), 100, "  ")))
}
