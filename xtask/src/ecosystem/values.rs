//! Secrets and parameters that a template refers to and no sandbox has: they are put there as the
//! program advises, with values that the template can use.

use std::collections::BTreeSet;

use serde_json::json;

use super::program::{Program, Ran, text};

/// The number of times that a plan may ask for more.
const ROUNDS: usize = 8;

/// Plans the template, with everything in place that it refers to.
///
/// # Errors
/// A text if the program crashes.
pub(crate) fn plan(program: &Program<'_>) -> Result<Ran, String> {
    let mut plan = program.on_template("plan", &[])?;
    for _ in 0..ROUNDS {
        let puts = advised(&plan);
        if puts.is_empty() {
            break;
        }
        for words in puts {
            let words: Vec<String> =
                words.iter().map(|word| value(program, &words, word)).collect();
            if program.run(&words)?.code != 0 {
                return Ok(plan);
            }
        }
        plan = program.on_template("plan", &[])?;
    }
    Ok(plan)
}

/// The commands that the errors advise, as words without the program's name and common options.
fn advised(plan: &Ran) -> BTreeSet<Vec<String>> {
    let lookups = plan.records().filter(|record| text(record, "code") == "lookup");
    let command = |help: String| {
        let line = help.strip_prefix("`rstack ")?.split('`').next()?.to_owned();
        let words = line.split(' ').filter(|word| *word != "--sandbox").map(str::to_owned);
        let words: Vec<String> = words.collect();
        words.get(1).is_some_and(|word| word.starts_with("put-")).then_some(words)
    };
    lookups.filter_map(|record| command(text(&record, "help"))).collect()
}

/// A word of a command, with a value in the place of the one that is left open.
fn value(program: &Program<'_>, words: &[String], word: &str) -> String {
    if word != "-" && word != "VALUE" {
        return word.to_owned();
    }
    let name = words.get(2).map_or("", String::as_str).to_ascii_lowercase();
    if words.get(1).is_some_and(|verb| verb == "put-secret") {
        let keys = json_keys(&program.template_text());
        let fields: serde_json::Map<_, _> =
            keys.into_iter().map(|key| (key, json!("a-value"))).collect();
        return serde_json::Value::from(fields).to_string();
    }
    let known = [
        ("subnet", "subnet-0123456789abcdef0"),
        ("vpc", "vpc-0123456789abcdef0"),
        ("sg", "sg-0123456789abcdef0"),
        ("security", "sg-0123456789abcdef0"),
        ("ami", "ami-0123456789abcdef0"),
        (
            "cert",
            "arn:aws:acm:us-east-1:000000000000:certificate/12345678-1234-4123-8123-123456789012",
        ),
    ];
    let found = known.iter().find(|(part, _)| name.contains(part));
    found.map_or("a-value", |(_, value)| value).to_owned()
}

/// The JSON keys of secrets that a text refers to.
fn json_keys(template: &str) -> BTreeSet<String> {
    let after = template.split("SecretString:").skip(1);
    let key = |rest: &str| {
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>()
    };
    after.map(key).filter(|key| !key.is_empty()).collect()
}
