//! Findings of AWS's validator alone about templates, one JSON object a line: for
//! `scripts/agreement`.
#![expect(clippy::print_stdout, reason = "an example prints what it finds")]

use std::collections::{BTreeMap, BTreeSet};

use rstack_lint::{Question, Rules, Schemas, Validator};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let validator = Validator::new(Schemas::load(), Rules::load(&[], &mut |_| {})?);
    let parameters = BTreeMap::new();
    for file in std::env::args().skip(1) {
        let text = String::from_utf8_lossy(&std::fs::read(&file)?).into_owned();
        let question =
            Question { text: &text, parameters: &parameters, region: None, built_in: true };
        let found = validator.check(&question, &mut |_| {})?.findings;
        let errors = found.iter().filter(|finding| finding.is_error());
        let errors: BTreeSet<&str> = errors.map(|finding| finding.code.as_str()).collect();
        println!("{}", serde_json::json!({"file": file, "errors": errors}));
    }
    Ok(())
}
