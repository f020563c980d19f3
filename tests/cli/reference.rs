//! The pages of docs/reference that follow from the program are what it prints.

use crate::harness::{Place, repository_file};

#[test]
fn the_committed_reference_is_what_the_program_prints() {
    let place = Place::empty();
    let names = place.run(&["reference"]).expect(0).out;
    let names: Vec<&str> = names.lines().collect();
    assert_eq!(
        names,
        ["commands.md", "exit-codes.md", "codes.md", "rstack-toml.md", "environment.md"]
    );
    for name in names {
        let printed = place.run(&["reference", name]).expect(0).out;
        let there = repository_file(&format!("docs/reference/{name}"));
        assert!(there == printed, "docs/reference/{name} is stale: run `cargo xtask docs`");
    }
    let error = place.run(&["reference", "comands.md"]).expect(1).err;
    assert!(error.contains("'commands.md'"), "{error}");
}

#[test]
fn the_page_of_commands_has_every_command_of_the_help() {
    let place = Place::empty();
    let help = place.run(&["--help"]).expect(0).out;
    assert!(!help.contains("reference"), "the command is for the documentation only");
    let page = repository_file("docs/reference/commands.md");
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<&str> = commands
        .take_while(|line| !line.is_empty())
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.len() > 12, "{commands:?}");
    for command in commands {
        assert!(page.contains(&format!("\n## rstack {command}\n")), "{command}");
        let own = place.run(&[command, "--help"]).expect(0).out;
        let words = own.split([' ', '\n', ',', '=', '[', ']', '.']);
        for option in words.filter(|word| word.starts_with("--") && word.len() > 2) {
            let listed = page.contains(&format!("`{option}`"))
                || page.contains(&format!("`{option} "))
                || ["--help", "--version"].contains(&option);
            assert!(listed, "{command}: {option}");
        }
    }
}

#[test]
fn the_default_budget_is_the_one_that_the_reference_names() {
    let source = repository_file("crates/cli/src/lint/validator.rs");
    assert!(source.contains("const BUDGET: Duration = Duration::from_secs(10);"));
    assert!(repository_file("docs/reference/rstack-toml.md").contains("3600 | `10` |"));
}
