//! Help for templates in JSON, which have no dashes, no indentation and no tags.

use rstack_model::Diagnostic;

/// Parts of help texts about YAML, with what takes their place in JSON.
const WORDS: &[(&str, &str)] = &[
    ("a map has entries `Name: value`, without dashes", "a map is written `{\"Name\": value}`"),
    ("a map has entries `Key: value`, without dashes", "a map is written `{\"Key\": value}`"),
    (
        "a map has entries `Key: value`, indented under its name",
        "a map is written `{\"Key\": value}`",
    ),
    ("put a dash before it, or brackets around it", "put brackets around it"),
    ("move it there, indented as the other resources are", "move it there"),
    (
        "write `Resources:` above the resources and indent them under it",
        "put the resources into a map, `\"Resources\": {…}`",
    ),
    ("indent it under `Properties:`", "move it into `\"Properties\": {…}`"),
    (
        ", a missing colon, or a line that is indented otherwise than its neighbours",
        ", or a missing comma or colon",
    ),
    ("write it as a comment, or in `Metadata`", "write it in `Metadata`"),
];

/// True if a template is written in JSON.
pub fn is_json(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with('{')
}

/// Puts the help of a finding about a template in JSON into words that hold there.
pub fn in_json_words(finding: &mut Diagnostic) {
    let Some(help) = &mut finding.help else { return };
    for (yaml, json) in WORDS {
        if help.contains(yaml) {
            *help = help.replace(yaml, json);
        }
    }
    if help.contains("`!") {
        let pieces: Vec<String> = help.split('`').map(long_form).collect();
        *help = pieces.join("`");
    }
}

/// A function in its short form as it is written in JSON; any other text as it is.
fn long_form(piece: &str) -> String {
    let quoted = |text: &str| format!("\"{text}\"");
    if let Some(name) = piece.strip_prefix("!Ref ") {
        return format!("{{\"Ref\": {}}}", quoted(name));
    }
    match piece.strip_prefix("!GetAtt ").and_then(|rest| rest.split_once('.')) {
        Some((id, attribute)) => {
            format!("{{\"Fn::GetAtt\": [{}, {}]}}", quoted(id), quoted(attribute))
        }
        None => piece.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rstack_model::Code;

    use super::*;

    fn in_json(help: &str) -> String {
        let mut finding = Diagnostic::error(Code::Shape, "no").help(help);
        in_json_words(&mut finding);
        finding.help.unwrap_or_default()
    }

    #[test]
    fn help_for_json_speaks_of_no_yaml() {
        for (yaml, _) in WORDS {
            let words = in_json(yaml);
            for word in ["dash", "indent", "comment,", "Properties:`"] {
                assert!(!words.contains(word), "{words}");
            }
        }
        assert_eq!(
            in_json("refer to it with `!GetAtt A.Arn` or `!Ref A`"),
            "refer to it with `{\"Fn::GetAtt\": [\"A\", \"Arn\"]}` or `{\"Ref\": \"A\"}`"
        );
        assert_eq!(in_json("did you mean `a`?"), "did you mean `a`?");
    }

    #[test]
    fn a_template_in_json_begins_with_a_brace() {
        assert!(is_json("\u{feff} \n{\"Resources\": {}}"));
        assert!(!is_json("Resources: {}\n") && !is_json("# {\nResources: {}\n"));
    }
}
