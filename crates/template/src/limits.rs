//! Limits of CloudFormation that do not bind rstack.
//!
//! Source: "Understand CloudFormation quotas" and "Get values stored in other services using dynamic
//! references", AWS CloudFormation User Guide.

use rstack_model::{Code, Diagnostic, Span};

use crate::template::Template;

/// The longest template, in bytes: 1 MB as an object in S3.
const SIZE: usize = 1 << 20;

/// The number of dynamic references that a template may have.
const DYNAMIC_REFERENCES: usize = 60;

/// The number of entries that a section may have, by its name.
const RESOURCES: usize = 500;
const PARAMETERS: usize = 200;
const OUTPUTS: usize = 200;
const MAPPINGS: usize = 200;

/// A warning for everything of which CloudFormation would refuse so much.
pub fn limits(template: &Template, text: &str) -> Vec<Diagnostic> {
    let resources = template.resources.values().map(|resource| resource.name_span);
    let parameters = template.parameters.values().map(|parameter| parameter.name_span);
    let outputs = template.outputs.values().map(|output| output.name_span);
    let references = text.match_indices("{{resolve:");
    let references = references.map(|(at, found)| Span::new(at, at + found.len()));
    let mut found = Vec::new();
    found.extend(too_many("resources", RESOURCES, resources));
    found.extend(too_many("parameters", PARAMETERS, parameters));
    found.extend(too_many("outputs", OUTPUTS, outputs));
    found.extend(too_many("dynamic references", DYNAMIC_REFERENCES, references));
    let mappings = template.mappings.len();
    if mappings > MAPPINGS {
        found.push(limit(&format!("{mappings} mappings"), &MAPPINGS.to_string()));
    }
    if text.len() > SIZE {
        found.push(limit(&format!("{} bytes", text.len()), "1 MB"));
    }
    found
}

fn too_many(what: &str, most: usize, places: impl Iterator<Item = Span>) -> Option<Diagnostic> {
    let mut places: Vec<Span> = places.collect();
    places.sort();
    let first = places.get(most)?;
    let warning = limit(&format!("{} {what}", places.len()), &most.to_string());
    Some(warning.at(*first, "the first that is too many"))
}

fn limit(has: &str, most: &str) -> Diagnostic {
    let message = format!("the template has {has}, CloudFormation takes {most} at most");
    Diagnostic::warning(Code::CloudFormationLimit, message)
        .help("rstack takes them, but the template cannot be deployed elsewhere")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let parsed = crate::parse(text, &crate::Reading::default());
        limits(&parsed.template.unwrap(), text).into_iter().map(|d| d.message).collect()
    }

    #[test]
    fn what_is_within_the_limits_is_not_told_and_one_more_is() {
        let template = |resources: usize, references: usize, mappings: usize| {
            let mut text = "Mappings:\n".to_owned();
            for i in 0..mappings {
                text.push_str(&format!("  M{i}: {{a: {{b: c}}}}\n"));
            }
            text.push_str("Resources:\n");
            for i in 0..resources {
                text.push_str(&format!("  R{i}: {{Type: AWS::SNS::Topic"));
                if i < references {
                    text.push_str(", Properties: {TopicName: '{{resolve:secretsmanager:a}}'}");
                }
                text.push_str("}\n");
            }
            text
        };
        assert!(told(&template(500, 60, 200)).is_empty());
        let many = told(&template(501, 61, 201));
        assert_eq!(
            many,
            [
                "the template has 501 resources, CloudFormation takes 500 at most",
                "the template has 61 dynamic references, CloudFormation takes 60 at most",
                "the template has 201 mappings, CloudFormation takes 200 at most",
            ]
        );
        let long = format!("{}# {}\n", template(1, 0, 1), "x".repeat(SIZE));
        assert!(told(&long)[0].ends_with("CloudFormation takes 1 MB at most"));
    }
}
