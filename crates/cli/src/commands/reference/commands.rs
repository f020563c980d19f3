//! The page about the commands and their options, from the definition of the command line.

use clap::{Arg, ArgAction, Command};

/// The page.
pub(super) fn page(program: &Command) -> String {
    let mut page = String::from(
        "# Commands\n\nEvery command with its arguments and options, as `rstack COMMAND --help` \
         prints them. The [global options](#global-options) go with every command.\n\n",
    );
    contents(program, "", &mut page);
    for command in shown(program) {
        section(command, "rstack", 2, &mut page);
    }
    page.push_str("\n## Global options\n\n");
    for argument in program.get_arguments().filter(|argument| argument.is_global_set()) {
        entry(argument, &mut page);
    }
    if let Some(notes) = program.get_after_help() {
        page.push_str(&format!("\n## Notes\n\n{}\n", notes_text(&notes.to_string())));
    }
    page
}

/// The commands that a user sees.
fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help")
}

fn contents(command: &Command, path: &str, page: &mut String) {
    for inner in shown(command) {
        let name = format!("{path}{}", inner.get_name());
        let anchor = format!("rstack {name}").replace(' ', "-");
        let indent = if path.is_empty() { "" } else { "  " };
        let about = inner.get_about().map(ToString::to_string).unwrap_or_default();
        page.push_str(&format!("{indent}- [`{name}`](#{anchor}): {}\n", one_line(&about)));
        contents(inner, &format!("{name} "), page);
    }
}

fn section(command: &Command, parent: &str, depth: usize, page: &mut String) {
    let name = format!("{parent} {}", command.get_name());
    page.push_str(&format!("\n{} {name}\n\n", "#".repeat(depth)));
    let about = command.get_long_about().or_else(|| command.get_about());
    if let Some(about) = about {
        page.push_str(&format!("{}.\n\n", one_line(&about.to_string()).trim_end_matches('.')));
    }
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    page.push_str(&format!("```text\n{usage}\n```\n"));
    let aliases: Vec<String> =
        command.get_all_aliases().map(|alias| format!("`{parent} {alias}`")).collect();
    if !aliases.is_empty() {
        page.push_str(&format!("\nAlso called {}.\n", aliases.join(", ")));
    }
    let own = |argument: &&Arg| {
        let name = argument.get_id().as_str();
        !argument.is_hide_set() && !argument.is_global_set() && name != "help" && name != "version"
    };
    let mut arguments = command.get_arguments().filter(own).peekable();
    if arguments.peek().is_some() {
        page.push('\n');
    }
    for argument in arguments {
        entry(argument, page);
    }
    if let Some(notes) = command.get_after_help() {
        page.push_str(&format!("\n{}\n", notes_text(&notes.to_string())));
    }
    for inner in shown(command) {
        section(inner, &name, depth + 1, page);
    }
}

/// An argument or option as an item of a list.
fn entry(argument: &Arg, page: &mut String) {
    let help = argument.get_long_help().or_else(|| argument.get_help());
    let help = one_line(&help.map(ToString::to_string).unwrap_or_default());
    page.push_str(&format!("- {}: {}.", names(argument), help.trim_end_matches('.')));
    let defaults = argument.get_default_values();
    if takes_value(argument) && !defaults.is_empty() {
        let defaults: Vec<_> = defaults.iter().map(|value| value.to_string_lossy()).collect();
        page.push_str(&format!(" Default: `{}`.", defaults.join(" ")));
    }
    page.push('\n');
    for value in argument.get_possible_values().iter().filter(|_| takes_value(argument)) {
        let help = value.get_help().map(|help| format!(": {}.", one_line(&help.to_string())));
        page.push_str(&format!("  - `{}`{}\n", value.get_name(), help.unwrap_or_default()));
    }
}

/// The forms in which an argument is written: `-y`, `--yes`.
fn names(argument: &Arg) -> String {
    let value = match argument.get_value_names().unwrap_or_default() {
        [name] if takes_value(argument) => format!(" <{name}>"),
        _ => String::new(),
    };
    if argument.is_positional() {
        return format!("`{}`", argument.to_string().trim_end_matches("..."));
    }
    let short = argument.get_short().map(|short| format!("`-{short}`"));
    let long = argument.get_long().map(|long| format!("`--{long}{value}`"));
    short.into_iter().chain(long).collect::<Vec<_>>().join(", ")
}

fn takes_value(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Set | ArgAction::Append)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Notes in Markdown: paragraphs stay, and indented lines are a block as they are.
fn notes_text(text: &str) -> String {
    let (mut out, mut in_block) = (String::new(), false);
    for line in text.lines() {
        let is_block = line.starts_with("  ");
        if is_block != in_block {
            out.push_str(if is_block { "\n```text\n" } else { "```\n\n" });
            in_block = is_block;
        }
        out.push_str(&format!("{}\n", if is_block { line.trim_start() } else { line }));
    }
    if in_block {
        out.push_str("```\n");
    }
    out.trim_end().to_owned()
}
