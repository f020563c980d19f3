//! The page about environment variables.

use crate::reader::RUNNERS;
use crate::sandbox_env;
use crate::synth::PASSED;

/// A variable that rstack reads, and its effect.
type Row = (&'static str, &'static str);

/// Variables of rstack itself.
const OWN: [Row; 4] = [
    (
        "RSTACK_PARAMETER_<KEY>",
        "The value of the secret (`NoEcho`) parameter `KEY`. See [secrets](../guide/secrets.md).",
    ),
    (
        "RSTACK_SAM_PYTHON",
        "The Python with AWS's translator of [serverless templates](../serverless.md).",
    ),
    ("RSTACK_SANDBOX", "Settings of the sandbox, apart by commas. See below."),
    (
        "CDK_DOCKER",
        "The program that builds and pushes container images, in the place of `docker`.",
    ),
];

/// Variables that other programs have made a custom.
const CUSTOMARY: [Row; 10] = [
    ("NO_COLOR", "Not empty: no colours."),
    ("CLICOLOR_FORCE", "Not empty: colours even where the output is no terminal."),
    ("TERM", "`dumb`: no colours and no live display."),
    ("COLUMNS", "The width of the output where the terminal does not say it."),
    ("RUST_LOG", "The filter of the log on standard error; `-v` sets one for rstack."),
    ("USER", "The name that states and locks record as their writer."),
    ("HOME", "The folder of the user's cache and configuration; never taken for a project."),
    ("XDG_CACHE_HOME", "The folder of the cache of verdicts; else `~/.cache`."),
    ("XDG_CONFIG_HOME", "The folder of `rstack/digest-key`; else `~/.config`."),
    ("XDG_DATA_HOME", "The folder of the virtual environment `rstack/sam`; else `~/.local/share`."),
];

/// Variables of AWS that rstack itself reads, beside the SDK.
const AWS: [Row; 5] = [
    ("AWS_REGION", "The Region, where `--region` is not given."),
    ("AWS_DEFAULT_REGION", "The Region, where neither `--region` nor `AWS_REGION` is given."),
    ("AWS_PROFILE", "The profile, where `--profile` is not given."),
    ("AWS_ENDPOINT_URL", "The endpoint of every service, such as that of an emulator."),
    ("AWS_ENDPOINT_URL_<SERVICE>", "The endpoint of one service."),
];

/// The page.
pub(super) fn page() -> String {
    let mut page = String::from(
        "# Environment variables\n\nA variable that is empty counts as not set. Options of the command \
         line win over variables.\n",
    );
    table("rstack", &OWN, &mut page);
    page.push_str(&settings());
    table("Output and files", &CUSTOMARY, &mut page);
    table("AWS", &AWS, &mut page);
    page.push_str(
        "\nCredentials, profiles, SSO, FIPS and dual-stack endpoints come from the variables and files \
         of the AWS SDK for Rust, under the names that the AWS SDKs and Tools Reference Guide \
         documents.\n",
    );
    page.push_str(&app_variables());
    page.push_str(
        "\n## Workflow runners\n\nWhere one of these is set, lines that the runner would \
         carry out are escaped on a terminal, too: ",
    );
    let runners: Vec<String> = RUNNERS.iter().map(|name| format!("`{name}`")).collect();
    page.push_str(&format!("{}.\n", runners.join(", ")));
    page
}

/// The variables of a CDK app that rstack runs.
fn app_variables() -> String {
    let passed: Vec<String> = PASSED.iter().map(|name| format!("`{name}`")).collect();
    format!(
        "\n## CDK apps\n\nAn app that `--app` or `--synth` runs gets these variables and no others: {}; and, as \
         from `cdk synth`, `CDK_OUTDIR`, `CDK_CONTEXT_JSON` and `CDK_DEFAULT_REGION`, with `NO_COLOR`.\n",
        passed.join(", ")
    )
}

fn table(title: &str, rows: &[Row], page: &mut String) {
    page.push_str(&format!("\n## {title}\n\n| variable | effect |\n|---|---|\n"));
    for (name, effect) in rows {
        page.push_str(&format!("| `{name}` | {effect} |\n"));
    }
}

/// The settings of the sandbox, as `rstack sandbox --help` lists them.
fn settings() -> String {
    let lines = sandbox_env::HELP.lines().filter_map(|line| line.strip_prefix("  "));
    let lines: String = lines.map(|line| format!("{line}\n")).collect();
    format!("\nSettings of `{}`:\n\n```text\n{lines}```\n", sandbox_env::VARIABLE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// The source text of the crate without this file and without tests.
    fn sources() -> String {
        let mut text = String::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.ends_with("environment.rs") {
                    let source = std::fs::read_to_string(&path).unwrap();
                    text.push_str(source.split("#[cfg(test)]").next().unwrap());
                }
            }
        }
        text
    }

    /// The string literals of a source text that have the form of a variable's name.
    fn names(text: &str) -> Vec<&str> {
        let literals = text.split('"').skip(1);
        let is_name = |literal: &&str| {
            let mut bytes = literal.bytes();
            bytes.next().is_some_and(|byte| byte.is_ascii_uppercase())
                && literal.contains('_')
                && bytes.all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        };
        let mut names: Vec<&str> = literals.filter(is_name).collect();
        for call in ["variable(\"", "is_set(\"", "absolute(\""] {
            let calls = text.split(call).skip(1);
            names.extend(calls.filter_map(|rest| rest.split('"').next()));
        }
        names
    }

    /// Names that look like a variable's and are not one that a user sets: placeholders of the help,
    /// a constant of the build, a switch that rstack sets for itself, and those that it
    /// sets for a program that it runs or keeps from it.
    const OTHERS: [&str; 14] = [
        "LOGICAL_ID",
        "PHYSICAL_ID",
        "LOCK_ID",
        "CARGO_PKG_VERSION",
        "MIMALLOC_ARENA_EAGER_COMMIT",
        "AWS_ACCESS_KEY_ID",
        "AWS_CONFIG_FILE",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SHARED_CREDENTIALS_FILE",
        "BOTO_CONFIG",
        "RSTACK_",
    ];

    #[test]
    fn every_variable_that_a_source_file_names_is_listed() {
        let (text, page) = (sources(), page());
        let names = names(&text);
        assert!(names.len() > 12 && names.contains(&"XDG_CACHE_HOME"), "{names:?}");
        let listed = |name: &str| {
            page.contains(&format!("`{name}`")) || page.contains(&format!("`{name}<KEY>`"))
        };
        let unlisted = |name: &&&str| !listed(name) && !OTHERS.contains(name);
        let missing: Vec<&&str> = names.iter().filter(unlisted).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn every_listed_variable_is_named_by_a_source_file() {
        let text = sources();
        for (name, _) in OWN.iter().chain(&CUSTOMARY).chain(&AWS[..3]) {
            let name = name.trim_end_matches("<KEY>");
            assert!(text.contains(&format!("\"{name}\"")), "no source file names {name}");
        }
    }
}
