//! The findings of the validator that are left out, as data: what it cannot know of a template.

use std::borrow::Cow;

use rstack_model::{Diagnostic, Presence, Severity, Span};

/// The template that both lists of findings are about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its text, which the validator has read.
    pub text: &'a str,
    /// True if AWS's translator of the Serverless Application Model reads it first: rstack's own
    /// findings are about the result then, and the validator's about this text.
    pub is_serverless: bool,
    /// The parts of the text that are in the stack; empty where rstack read another text.
    pub presence: &'a Presence,
}

/// Findings that are left out.
struct RuleException {
    /// The rules.
    rules: &'static [&'static str],
    /// The condition on the finding and the template.
    applies: fn(&Diagnostic, Subject<'_>) -> bool,
}

/// The table. A comment says why a finding is none.
const EXCEPTIONS: &[RuleException] = &[
    // A mapping that is not there: the rule does not know that a default stands in for one under
    // `AWS::LanguageExtensions` (issue 3408 of aws-cloudformation/cfn-lint). rstack looks mappings up.
    RuleException { rules: &["F1012"], applies: |_, _| true },
    // The validator has a translator of its own, which refuses what AWS's takes. AWS's has the say.
    RuleException { rules: &["E0001"], applies: |_, subject| subject.is_serverless },
    // References to what the translator makes, such as `!Ref Function.Alias`: the untranslated text has
    // none of that. rstack looks all references up in the result.
    RuleException {
        rules: &["E3005", "F1018", "F1020", "F6101"],
        applies: |_, subject| subject.is_serverless,
    },
    // A key of a serverless resource that the translator drops: rstack warns of it.
    RuleException {
        rules: &["E3001"],
        applies: |finding, subject| {
            subject.is_serverless && finding.message.contains("has invalid property")
        },
    },
    // One name of two resources of which a condition makes one: the rule understands `Ref` alone within
    // `Fn::Equals`. rstack compares the names of what is made.
    RuleException {
        rules: &["E3019"],
        applies: |_, subject| {
            ["Conditions:", "\"Conditions\""].iter().any(|key| subject.text.contains(key))
        },
    },
    // A parameter that conditions alone use, in other functions than `Ref` within `Fn::Equals`.
    RuleException {
        rules: &["W2001"],
        applies: |finding, subject| {
            let name = finding.message.split('\'').nth(1).unwrap_or_default();
            let forms =
                [format!("!Ref {name}"), format!("\"Ref\": \"{name}\""), format!("${{{name}}}")];
            !name.is_empty() && forms.iter().any(|form| is_whole(subject.text, form))
        },
    },
    // A reference, or an empty default, in a branch of `Fn::If`: rstack looks at the branch that is taken.
    RuleException {
        rules: &["W1001", "W1030"],
        applies: |finding, subject| block(finding, subject).is_some_and(|block| has_if(&block)),
    },
    // Keys of flow logs as the CDK writes them, which rstack corrects with a warning.
    RuleException {
        rules: &["F3002", "F3003", "E3002", "E3003"],
        applies: |finding, subject| {
            let names = ["fileformat", "hivecompatiblepartitions", "perhourpartition"];
            let message = finding.message.to_lowercase();
            subject.text.contains("AWS::EC2::FlowLog")
                && names.iter().any(|name| message.contains(name))
        },
    },
    // `Fn::GetAZs` within `Fn::Join`, which CloudFormation takes: "Fn::Join", Supported functions, intrinsic
    // function reference (issue 4674 of aws-cloudformation/cfn-lint).
    RuleException {
        rules: &["E1022"],
        applies: |finding, _| finding.message.starts_with("'Fn::GetAZs' is not supported"),
    },
    // A needless `DependsOn`: the CDK writes such ones on purpose, and the user of an app cannot take
    // them out.
    RuleException { rules: &["W3005"], applies: |_, subject| is_synthesized(subject.text) },
    // `Data` of a wait condition in an output, taken for a map: it is text, which holds JSON. Source:
    // "AWS::CloudFormation::WaitCondition", return values, CloudFormation template reference.
    RuleException {
        rules: &["F6101"],
        applies: |finding, subject| {
            finding.message.contains(".Data' returns type 'object'")
                && subject.text.contains("AWS::CloudFormation::WaitCondition")
        },
    },
    // The IDs of MediaLive's input security groups, taken for those of EC2's security groups: they are
    // numbers. Source: `CreateInputSecurityGroup`, AWS Elemental MediaLive API Reference.
    RuleException {
        rules: &["E1150"],
        applies: |finding, subject| {
            let value = finding.message.strip_prefix('\'').and_then(|rest| rest.split('\'').next());
            value.is_some_and(|id| !id.is_empty() && id.bytes().all(|c| c.is_ascii_digit()))
                && subject.text.contains("AWS::MediaLive::Input")
        },
    },
    // A `DependsOn` of a resource whose condition holds with the values given. The rule asks whether it holds
    // with all of them (issue 1888 of aws-cloudformation/cfn-lint).
    RuleException {
        rules: &["E3005"],
        applies: |finding, subject| {
            let target = finding.message.split_once("' will not exist when condition");
            target.is_some_and(|(target, _)| {
                let id = target.trim_start_matches('\'');
                subject.presence.resources.iter().any(|present| present.as_str() == id)
            })
        },
    },
    // The least elements of a list of which branches are not taken: the rule looks at combinations of
    // conditions that there are not (issue 3550 of aws-cloudformation/cfn-lint). rstack counts the elements that
    // there are.
    RuleException {
        rules: &["F3032"],
        applies: |finding, subject| block(finding, subject).is_some_and(|block| has_if(&block)),
    },
    // Several nodes without failover, which only groups in cluster mode must have. Source:
    // `CreateReplicationGroup`, Amazon ElastiCache API Reference, `NumCacheClusters`.
    RuleException {
        rules: &["E3026"],
        applies: |finding, _| {
            finding
                .message
                .starts_with("AutomaticFailoverEnabled must be true when NumCacheClusters")
        },
    },
    // A volume of type gp3 with up to 80,000 operations a second: the rule has the former limit. Source:
    // `LaunchTemplateEbsBlockDeviceRequest`, Amazon EC2 API Reference, `Iops`.
    RuleException {
        rules: &["E3671"],
        applies: |finding, _| iops_above(finding, "16000").is_some_and(|iops| iops <= 80_000),
    },
    // A volume of a launch configuration with more than 20,000 operations a second: the schema has the limit of
    // former volumes (pull request 4463 of aws-cloudformation/cfn-lint). rstack has the right range.
    RuleException {
        rules: &["F3034"],
        applies: |finding, subject| {
            iops_above(finding, "20000").is_some()
                && subject.text.contains("AWS::AutoScaling::LaunchConfiguration")
                && block(finding, subject).is_some_and(|block| block.contains("Iops"))
        },
    },
    // The default of `Fn::FindInMap`, which no longer needs the transform: "Fn::FindInMap enhancements", AWS
    // CloudFormation template reference (issue 4627 of aws-cloudformation/cfn-lint).
    RuleException {
        rules: &["F1101"],
        applies: |finding, _| {
            finding.message.starts_with("Fn::FindInMap: the 'DefaultValue' element requires")
        },
    },
    // An empty text that a default gives to a branch of `Fn::If` which is not taken: the validator looks at
    // both. rstack checks the values of the branches that are taken.
    RuleException {
        rules: &["E9006", "F3030", "F3031"],
        applies: |finding, subject| {
            ["'' does not match", "'' is not one of"]
                .iter()
                .any(|it| finding.message.starts_with(it))
                && block(finding, subject).is_some_and(|block| has_if(&block))
        },
    },
    // Every value that a parameter allows, where one of them is used.
    RuleException {
        rules: &["E9006"],
        applies: |finding, subject| {
            finding.message.contains("is not one of")
                && block(finding, subject).is_some_and(|block| has_ref(&block))
        },
    },
    // The advice to use `Fn::GetAtt` for the ARN of a role with a path, where it is used.
    RuleException {
        rules: &["E3050"],
        applies: |finding, subject| {
            block(finding, subject).is_some_and(|block| block.contains("GetAtt"))
        },
    },
    // The version of a custom resource, which is written as a number: "AWS::CloudFormation::CustomResource",
    // AWS CloudFormation User Guide, has `Version: 1.0`.
    RuleException {
        rules: &["E3001"],
        applies: |finding, _| finding.message.contains("'Version' must be"),
    },
    // A policy document as JSON text, which CloudFormation takes for the tree. rstack reads it.
    RuleException {
        rules: &["E3510"],
        applies: |finding, _| finding.message.ends_with("is not of type 'object'"),
    },
    // Elements that are equal in branches which are not taken.
    RuleException {
        rules: &["F3037"],
        applies: |finding, subject| block(finding, subject).is_some_and(|block| has_if(&block)),
    },
];

/// The number that is above a limit, if a finding is about that limit.
fn iops_above(finding: &Diagnostic, limit: &str) -> Option<u32> {
    let number =
        finding.message.strip_suffix(&format!(" is greater than the maximum of {limit}"))?;
    number.parse().ok()
}

/// The text of the property with its value that a finding is about.
fn block<'a>(finding: &Diagnostic, subject: Subject<'a>) -> Option<Cow<'a, str>> {
    let at = finding.labels.first()?.span.start;
    match subject.presence.property_at(at) {
        Some(property) => text_at(subject.text, property).map(Cow::Borrowed),
        None => indented(at, subject.text).map(Cow::Owned),
    }
}

fn text_at(text: &str, place: Span) -> Option<&str> {
    text.get(place.start..place.end)
}

/// The lines of a property with its value, by their indentation.
fn indented(at: usize, text: &str) -> Option<String> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
    let mut lines = text.get(start..)?.lines();
    let first = lines.next()?;
    let indent = |line: &str| line.len() - line.trim_start().len();
    let own = indent(first);
    let inside = |line: &&str| {
        let rest = line.trim_start();
        rest.is_empty() || indent(line) > own || indent(line) == own && rest.starts_with('-')
    };
    let below = lines.take_while(inside);
    Some(std::iter::once(first).chain(below).collect::<Vec<_>>().join("\n"))
}

fn has_ref(block: &str) -> bool {
    ["!Ref", "\"Ref\"", "Ref:"].iter().any(|it| block.contains(it))
}

/// True if a part of a template has a function in it.
fn has_function(block: &str) -> bool {
    has_ref(block) || block.contains("Fn::") || block.contains('!')
}

/// True if a text has this one, and no name goes on behind it.
fn is_whole(text: &str, form: &str) -> bool {
    text.match_indices(form).any(|(at, _)| {
        let behind = text.get(at + form.len()..).and_then(|rest| rest.chars().next());
        !behind.is_some_and(|c| c.is_ascii_alphanumeric())
    })
}

fn has_if(block: &str) -> bool {
    block.contains("!If") || block.contains("Fn::If")
}

/// True if a template has the marks of one that the CDK has synthesized.
fn is_synthesized(text: &str) -> bool {
    ["\"aws:cdk:path\"", "\"AWS::CDK::Metadata\""].iter().any(|mark| text.contains(mark))
}

/// True if a finding of the validator is left out.
pub(crate) fn is_left_out(finding: &Diagnostic, subject: Subject<'_>) -> bool {
    let rule = finding.code.as_str();
    EXCEPTIONS.iter().any(|it| it.rules.contains(&rule) && (it.applies)(finding, subject))
}

/// The errors of the validator about what is not in the stack: those about a value that comes from elsewhere
/// are left out, as it may be another one wherever the part is in the stack; the others warn.
pub(crate) fn judged(mut finding: Diagnostic, subject: Subject<'_>) -> Option<Diagnostic> {
    let at = finding.labels.first().map(|label| label.span.start);
    let absent = at.and_then(|at| subject.presence.absent_at(at));
    let (Some(at), Some(absent)) = (at, absent) else { return Some(finding) };
    if !finding.is_error() || !crate::is_rule(finding.code.as_str()) {
        return Some(finding);
    }
    let property = subject.presence.property_at(at);
    let value =
        property.map(|property| if absent.start <= property.start { property } else { absent });
    if value.and_then(|value| text_at(subject.text, value)).is_some_and(has_function) {
        return None;
    }
    finding.severity = Severity::Warning;
    let note = "with the values given this part is not in the stack";
    finding.help = Some(match finding.help.take() {
        Some(help) => format!("{help}\n{note}"),
        None => note.to_owned(),
    });
    Some(finding)
}

#[cfg(test)]
mod tests {
    use rstack_model::FindingCode;

    use super::*;

    #[test]
    fn what_the_validator_cannot_know_is_left_out() {
        let data = "Output 'D': GetAtt 'W.Data' returns type 'object', not 'string'";
        let plain = "one\ntwo\n";
        for (rule, message, text, is_serverless, expected) in [
            ("F1012", "a mapping", plain, false, true),
            ("W3005", "a needless dependency", plain, false, false),
            ("W3005", "a needless dependency", "{\"Type\": \"AWS::CDK::Metadata\"}", false, true),
            ("W3005", "a needless dependency", "{\"aws:cdk:path\": \"a\"}", false, true),
            ("W3005", "a needless dependency", "# aws:cdk:path\n", false, false),
            ("F6101", data, "Type: AWS::CloudFormation::WaitCondition", false, true),
            ("F6101", data, plain, false, false),
            ("F6101", "Ref 'F.Alias'", plain, true, true),
            ("F6101", "Ref 'F.Alias'", plain, false, false),
            ("E0001", "Error transforming template", plain, true, true),
            ("E3001", "Resource 'F' has invalid property 'Description'", plain, true, true),
            ("E3001", "Resource 'F' has invalid property 'Description'", plain, false, false),
            ("E3019", "Primary identifiers", "Conditions: {}", false, true),
            ("E3019", "Primary identifiers", plain, false, false),
            ("W2001", "Parameter 'D' is not referenced", "A: [!Ref D, ',']", false, true),
            ("W2001", "Parameter 'D' is not referenced", "A: [!Ref Dirs]", false, false),
            ("F3003", "'FileFormat' is required", "Type: AWS::EC2::FlowLog", false, true),
            ("F3003", "'FileFormat' is required", plain, false, false),
            ("E0001", "Error transforming template", plain, false, false),
            ("E3005", "DependsOn target", plain, true, true),
            (
                "E1022",
                "'Fn::GetAZs' is not supported as an argument to 'Fn::Join'",
                plain,
                false,
                true,
            ),
            ("E1022", "'Fn::GetAtt' is not supported", plain, false, false),
            ("E2533", "Runtime", plain, true, false),
            (
                "E3026",
                "AutomaticFailoverEnabled must be true when NumCacheClusters > 1 and Engine is 'redis'",
                plain,
                false,
                true,
            ),
            ("E3026", "AutomaticFailoverEnabled must be true", plain, false, false),
            (
                "F3034",
                "40000 is greater than the maximum of 20000",
                "Type: AWS::AutoScaling::LaunchConfiguration\nIops: 40000\n",
                false,
                false,
            ),
            (
                "F1101",
                "Fn::FindInMap: the 'DefaultValue' element requires the transform",
                plain,
                false,
                true,
            ),
            ("F1101", "JSON parse error", plain, false, false),
            ("E3671", "20000 is greater than the maximum of 16000", plain, false, true),
            ("E3671", "80001 is greater than the maximum of 16000", plain, false, false),
            ("E3671", "64001 is greater than the maximum of 64000", plain, false, false),
            ("E3001", "Resource 'C' property 'Version' must be a string", plain, false, true),
            ("E3001", "Resource 'C' property 'Condition' must be a string", plain, false, false),
            ("E3510", "'{}' is not of type 'object'", plain, false, true),
        ] {
            let finding = Diagnostic::error(FindingCode::Rule(rule.to_owned()), message);
            let presence = &Presence::default();
            let left_out = is_left_out(&finding, Subject { text, is_serverless, presence });
            assert_eq!(left_out, expected, "{rule} {message} {text} {is_serverless}");
        }
    }

    #[test]
    fn values_of_branches_are_left_to_rstack() {
        let text = "R:\n  F: !Ref P\n  G: !GetAtt R.Arn\n  A: !If [C, !Ref P, x]\n  B:\n  - !If [C, x, y]\n  D: ''\n  E: [a, a]\n  Iops: 4\nT: AWS::AutoScaling::LaunchConfiguration\n";
        for (rule, message, property, expected) in [
            ("F3031", "'' does not match pattern 'a'", "A", true),
            ("F3031", "'' does not match pattern 'a'", "D", false),
            ("F3031", "'b' does not match pattern 'a'", "A", false),
            ("W1030", "default '' has length 0", "A", true),
            ("W1030", "default '' has length 0", "F", false),
            ("F3037", "Array items are not unique", "B", true),
            ("F3037", "Array items are not unique", "E", false),
            ("E9006", "'9' is not one of ['16']", "F", true),
            ("E9006", "'9' is not one of ['16']", "D", false),
            ("E3050", "use GetAtt", "G", true),
            ("E3050", "use GetAtt", "F", false),
            ("F3034", "40000 is greater than the maximum of 20000", "Iops", true),
            ("F3034", "40000 is greater than the maximum of 20000", "F", false),
        ] {
            let at = text.find(&format!("  {property}:")).unwrap() + 2;
            let finding = Diagnostic::error(FindingCode::Rule(rule.to_owned()), message);
            let finding = finding.at(rstack_model::Span::new(at, at + 1), "");
            let presence = &Presence::default();
            let left_out = is_left_out(&finding, Subject { text, is_serverless: false, presence });
            assert_eq!(left_out, expected, "{rule} {property}");
        }
    }

    #[test]
    fn rules_of_the_table_are_rules_of_the_validator() {
        let rules = EXCEPTIONS.iter().flat_map(|it| it.rules);
        let unknown: Vec<_> = rules.filter(|rule| !crate::is_rule(rule)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
