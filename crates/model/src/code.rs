//! The kinds of findings: rstack's own, in one table, and the rules of a validator.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An enum of codes with their names, in the order of the names.
macro_rules! codes {
    ($(#[$enum_doc:meta])* enum $codes:ident; $($(#[$doc:meta])* $code:ident = $name:literal,)*) => {
        $(#[$enum_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $codes {
            $($(#[$doc])* $code,)*
        }

        impl $codes {
            /// All codes, in the order of their names.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// The stable name of the code, in lower case with hyphens.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }

            /// The code of this name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.name() == name)
            }
        }

        impl fmt::Display for $codes {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}
pub(crate) use codes;

impl Code {
    /// True if its findings are errors wherever they are found: a template with one means nothing.
    /// Findings of the other kinds may be warnings, or be errors in some places and warnings in
    /// others.
    pub fn is_error(self) -> bool {
        !matches!(
            self,
            Self::Alias
                | Self::CloudFormationLimit
                | Self::DuplicateEntry
                | Self::DuplicateObject
                | Self::DynamicReference
                | Self::MappingRegion
                | Self::MergeKey
                | Self::MissingParameter
                | Self::More
                | Self::NoEffect
                | Self::NotValidated
                | Self::PatternNotChecked
                | Self::PolicySize
                | Self::PropertyValue
                | Self::Quota
                | Self::ReadOnlyProperty
                | Self::SecretInName
                | Self::SubSyntax
                | Self::TextReference
                | Self::UnknownExport
                | Self::UnknownStackOutput
                | Self::UnknownType
                | Self::Unsupported
                | Self::YamlKey
                | Self::YamlScalar
        )
    }

    /// True if the command line may allow its findings although they are errors: they are about what
    /// the user wants to show, and a project file does not decide that.
    pub fn is_for_the_user(self) -> bool {
        self == Self::SecretInName
    }
}

codes! {
    /// A kind of finding that rstack itself reports. Its name is part of the interface:
    /// scripts go by it, and `rstack explain` has a page about it.
    enum Code;

    /// A YAML alias, which CloudFormation does not take.
    Alias = "alias",
    /// Aliases that make a small text a huge template.
    AliasBomb = "alias-bomb",
    /// An alias inside of what it names.
    AliasLoop = "alias-loop",
    /// More than CloudFormation takes.
    CloudFormationLimit = "cloudformation-limit",
    /// A condition's function in a property.
    ConditionFunction = "condition-function",
    /// A condition that is not a function which gives true or false.
    ConditionKind = "condition-kind",
    /// A condition, rule or policy that depends on a resource.
    ConditionReference = "condition-reference",
    /// A reference to a resource that its condition leaves out.
    ConditionalReference = "conditional-reference",
    /// Resources or conditions that depend on each other in a circle.
    Cycle = "cycle",
    /// Nested too deep.
    Depth = "depth",
    /// An entry of a list that the service takes for another one.
    DuplicateEntry = "duplicate-entry",
    /// A key twice in one map.
    DuplicateKey = "duplicate-key",
    /// An object without a name that the service takes for another one.
    DuplicateObject = "duplicate-object",
    /// A `{{resolve:…}}` that is not one, or is not resolved where it is.
    DynamicReference = "dynamic-reference",
    /// No template at all.
    Empty = "empty",
    /// An export whose name is not text.
    ExportName = "export-name",
    /// An unknown format version.
    FormatVersion = "format-version",
    /// Arguments that a function does not take.
    FunctionArguments = "function-arguments",
    /// A value that does not fit a function.
    FunctionValue = "function-value",
    /// A function beside other keys.
    FunctionWithSiblings = "function-with-siblings",
    /// A file that cannot be included.
    Include = "include",
    /// A key that is not text.
    Key = "key",
    /// Something that the cloud was asked for the template and did not give.
    Lookup = "lookup",
    /// A wrong `Fn::ForEach`.
    Loop = "loop",
    /// A key that a mapping does not have.
    MappingKey = "mapping-key",
    /// A Region that a mapping does not have.
    MappingRegion = "mapping-region",
    /// A YAML merge key.
    MergeKey = "merge-key",
    /// Metadata that cannot be understood.
    Metadata = "metadata",
    /// A key that must be there and is not.
    MissingKey = "missing-key",
    /// A parameter without a value.
    MissingParameter = "missing-parameter",
    /// A parameter that a loop needs, without a value.
    MissingParameterOfLoop = "missing-parameter-of-loop",
    /// A property that must be there and is not.
    MissingProperty = "missing-property",
    /// Findings beyond those that are shown.
    More = "more",
    /// A name that is not letters and digits.
    Name = "name",
    /// Something that needs the transform `AWS::LanguageExtensions`.
    NeedsExtensions = "needs-extensions",
    /// A nested stack whose template cannot be had, or that cannot be expanded.
    NestedStack = "nested-stack",
    /// A type that has no driver in AWS.
    NoDriver = "no-driver",
    /// Something that has no effect.
    NoEffect = "no-effect",
    /// A template without resources.
    NoResources = "no-resources",
    /// `AWS::NoValue` where a value is needed.
    NoValue = "no-value",
    /// Something that could not be evaluated for a reason reported elsewhere.
    NotEvaluated = "not-evaluated",
    /// A template that the validator has not checked as a whole.
    NotValidated = "not-validated",
    /// A key without a value.
    NullValue = "null-value",
    /// An output that is not text.
    OutputKind = "output-kind",
    /// An unknown type of parameter.
    ParameterType = "parameter-type",
    /// A value that a parameter does not take.
    ParameterValue = "parameter-value",
    /// A pattern that is beyond what can be checked here.
    PatternNotChecked = "pattern-not-checked",
    /// A deletion or replacement policy that is not one.
    Policy = "policy",
    /// A policy that is larger than its service takes.
    PolicySize = "policy-size",
    /// A text or list that is too short or too long, a number that is too small or too large.
    PropertyBounds = "property-bounds",
    /// Properties that the service does not take together, or not one without the other.
    PropertyCombination = "property-combination",
    /// A value of another kind.
    PropertyKind = "property-kind",
    /// A text that does not have the required form.
    PropertyPattern = "property-pattern",
    /// A value that is not one of those allowed.
    PropertyValue = "property-value",
    /// More objects than AWS gives an account by default.
    Quota = "quota",
    /// A property that only the service sets.
    ReadOnlyProperty = "read-only-property",
    /// An assertion of the template's own rules that does not hold.
    Rule = "rule",
    /// A function that only rules take.
    RuleFunction = "rule-function",
    /// A secret inside of a condition.
    SecretInCondition = "secret-in-condition",
    /// A secret in a property that identifies an object.
    SecretInName = "secret-in-name",
    /// A template of the Serverless Application Model that AWS's translator does not translate.
    Serverless = "serverless",
    /// Several YAML documents in one file.
    SeveralDocuments = "several-documents",
    /// A map where a list belongs, and the like.
    Shape = "shape",
    /// More than a template may hold, or than its functions may make.
    Size = "size",
    /// A `${…}` that is not one.
    SubSyntax = "sub-syntax",
    /// Neither YAML nor JSON.
    Syntax = "syntax",
    /// A resource that names another one by text.
    TextReference = "text-reference",
    /// An alias without an anchor.
    UnknownAnchor = "unknown-anchor",
    /// An attribute that the type does not have.
    UnknownAttribute = "unknown-attribute",
    /// An export that no stack has.
    UnknownExport = "unknown-export",
    /// A function that there is not.
    UnknownFunction = "unknown-function",
    /// A key that does not belong where it is.
    UnknownKey = "unknown-key",
    /// A value for a parameter that the template does not have.
    UnknownParameter = "unknown-parameter",
    /// A property that the type does not have.
    UnknownProperty = "unknown-property",
    /// A stack or an output of one that is not known.
    UnknownStackOutput = "unknown-stack-output",
    /// A YAML tag that is not CloudFormation's.
    UnknownTag = "unknown-tag",
    /// A resource type that there is not.
    UnknownType = "unknown-type",
    /// A name that nothing in the template has.
    UnresolvedReference = "unresolved-reference",
    /// Something that rstack does not do yet.
    Unsupported = "unsupported",
    /// An update that CloudFormation would carry out by the `UpdatePolicy` of the resource.
    UpdatePolicy = "update-policy",
    /// A key without quotes that CloudFormation reads as a number or a boolean.
    YamlKey = "yaml-key",
    /// A value without quotes that CloudFormation reads as a number or a boolean.
    YamlScalar = "yaml-scalar",
}

/// The kind of a finding: one of rstack's own or a rule of AWS's validator.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum FindingCode {
    /// One of rstack's own.
    Own(Code),
    /// A rule of a validator, by its ID.
    Rule(String),
}

impl FindingCode {
    /// The name of the code or the ID of the rule.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Own(code) => code.name(),
            Self::Rule(id) => id,
        }
    }
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Code> for FindingCode {
    fn from(code: Code) -> Self {
        Self::Own(code)
    }
}

impl From<String> for FindingCode {
    fn from(text: String) -> Self {
        Code::parse(&text).map_or(Self::Rule(text), Self::Own)
    }
}

impl From<FindingCode> for String {
    fn from(code: FindingCode) -> Self {
        code.as_str().to_owned()
    }
}

impl PartialEq<Code> for FindingCode {
    fn eq(&self, code: &Code) -> bool {
        matches!(self, Self::Own(own) if own == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_found_by_their_names() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].name() < pair[1].name()));
        for code in Code::ALL {
            assert_eq!(Code::parse(code.name()), Some(*code));
            assert_eq!(FindingCode::from(code.name().to_owned()), *code);
        }
        assert_eq!(FindingCode::from("E3012".to_owned()), FindingCode::Rule("E3012".into()));
    }
}
