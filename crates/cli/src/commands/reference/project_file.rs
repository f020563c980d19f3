//! The page about `rstack.toml`.

use crate::project::{Key, LINT_KEYS};

/// The page.
pub(super) fn page() -> String {
    let mut page = String::from(
        "# rstack.toml\n\nThe project file holds for every template below its folder. rstack uses the \
         nearest folder upwards from the current one that holds an `rstack.toml` or a `.git`. A file \
         that another user could have written is refused. Options of the command line win over the \
         file. An unknown key is an error with its line.\n\n## `[lint]`\n\n\
         | key | value | default | meaning |\n|---|---|---|---|\n",
    );
    for Key { name, value, default, meaning, .. } in LINT_KEYS {
        page.push_str(&format!("| `{name}` | {value} | {default} | {meaning} |\n"));
    }
    page.push_str("\n## Example\n\n```toml\n[lint]\n");
    for Key { name, example, .. } in LINT_KEYS {
        page.push_str(&format!("{name} = {example}\n"));
    }
    page.push_str("```\n");
    page
}
