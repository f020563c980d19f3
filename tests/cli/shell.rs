//! Help, completions and the manual page.

use crate::harness::{Place, snapshot};

const COMMANDS: [&str; 13] = [
    "plan",
    "apply",
    "destroy",
    "validate",
    "explain",
    "docs",
    "ls",
    "show",
    "output",
    "graph",
    "sandbox",
    "completions",
    "man",
];

#[test]
fn the_help_tells_what_there_is() {
    let place = Place::empty();
    let help = place.run(&["--help"]).expect(0).out;
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
        let own = place.run(&[command, "--help"]).expect(0).out;
        assert!(own.contains("Usage: rstack ") && own.contains("--sandbox"), "{own}");
        assert_eq!(place.run(&["help", command]).expect(0).out.lines().next(), own.lines().next());
    }
    snapshot("help", &help);
    let version = place.run(&["--version"]).expect(0).out;
    assert_eq!(version, format!("rstack {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_and_manual_name_every_command() {
    let place = Place::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = place.run(&["completions", shell]).expect(0).out;
        for command in COMMANDS {
            assert!(script.contains(command), "{shell}: {command}");
        }
        assert!(script.contains("delete-first"), "{shell}");
    }
    let page = place.run(&["man"]).expect(0).out;
    for command in COMMANDS {
        assert!(page.contains(&format!(".SH RSTACK {}", command.to_uppercase())), "{command}");
    }
    assert!(page.contains("Exit codes: 0 done"), "{page}");
    assert!(!place.path("state").exists());
}
