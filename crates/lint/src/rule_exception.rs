//! The findings of the validator that are left out, as data: what it cannot know of a template.

use rstack_model::Diagnostic;

/// The template that both lists of findings are about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its text, which the validator has read.
    pub text: &'a str,
    /// True if AWS's translator of the Serverless Application Model reads it first: rstack's own
    /// findings are about the result then, and the validator's about this text.
    pub is_serverless: bool,
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
];

/// True if a template has the marks of one that the CDK has synthesized.
fn is_synthesized(text: &str) -> bool {
    ["\"aws:cdk:path\"", "\"AWS::CDK::Metadata\""].iter().any(|mark| text.contains(mark))
}

/// True if a finding of the validator is left out.
pub(crate) fn is_left_out(finding: &Diagnostic, subject: Subject<'_>) -> bool {
    let rule = finding.code.as_str();
    EXCEPTIONS.iter().any(|it| it.rules.contains(&rule) && (it.applies)(finding, subject))
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
        ] {
            let finding = Diagnostic::error(FindingCode::Rule(rule.to_owned()), message);
            let left_out = is_left_out(&finding, Subject { text, is_serverless });
            assert_eq!(left_out, expected, "{rule} {message} {text} {is_serverless}");
        }
    }

    #[test]
    fn rules_of_the_table_are_rules_of_the_validator() {
        let rules = EXCEPTIONS.iter().flat_map(|it| it.rules);
        let unknown: Vec<_> = rules.filter(|rule| !crate::is_rule(rule)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
