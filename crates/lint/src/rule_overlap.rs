//! The overlap of rstack's findings with the validator's rules, as data.

use rstack_model::Code;

/// Findings that mean one mistake where they are about one place.
pub(crate) struct RuleOverlap {
    /// The finding of rstack.
    pub(crate) own: Code,
    /// The rules of the validator that say it, too.
    pub(crate) rules: &'static [&'static str],
    /// Where one must be seen from the other.
    pub(crate) place: Place,
}

/// Where both findings must be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the same line.
    Line,
    /// The validator's in the line of rstack's or in the block below it, and both about the same
    /// name: several mistakes of the kind can be about one place.
    Below,
    /// As `Below`, or the other way round: the validator's at the head of a block, rstack's in it.
    Around,
}

const fn overlap(own: Code, rules: &'static [&'static str]) -> RuleOverlap {
    RuleOverlap { own, rules, place: Place::Line }
}

const fn overlap_by_name(own: Code, rules: &'static [&'static str]) -> RuleOverlap {
    RuleOverlap { own, rules, place: Place::Below }
}

const fn overlap_around(own: Code, rules: &'static [&'static str]) -> RuleOverlap {
    RuleOverlap { own, rules, place: Place::Around }
}

/// The table.
pub(crate) const OVERLAPS: &[RuleOverlap] = &[
    overlap(Code::ConditionFunction, &["E8004", "E8005", "E8006", "F3012"]),
    overlap(Code::ConditionKind, &["E8001", "E8003", "E8004", "E8005", "E8006", "E8007", "F0014"]),
    overlap(Code::ConditionalReference, &["W1001"]),
    overlap_around(Code::Cycle, &["E9106", "F3004"]),
    overlap(Code::DuplicateKey, &["F0000"]),
    overlap(Code::DynamicReference, &["E1027", "E1050", "E1051", "E1052"]),
    overlap(Code::ExportName, &["F6005"]),
    overlap(Code::FormatVersion, &["F0002"]),
    overlap(Code::FunctionArguments, FUNCTION),
    overlap(Code::FunctionValue, FUNCTION),
    overlap(Code::FunctionWithSiblings, &["F0014", "F3002", "F3012"]),
    overlap(Code::MergeKey, &["W1100"]),
    overlap_by_name(
        Code::MissingKey,
        &["E2001", "E3001", "E6001", "F0040", "F6101", "F8603", "F8609"],
    ),
    overlap_by_name(Code::MissingProperty, &["F3003"]),
    overlap(Code::Name, &["F0006", "F2003", "F6004"]),
    overlap(Code::NeedsExtensions, &["F1030", "F1031", "F1032"]),
    overlap_by_name(Code::NoEffect, &["E3001", "F0005"]),
    overlap(Code::NoResources, &["F0001"]),
    overlap(
        Code::NullValue,
        &[
            "E2001", "E3001", "E6001", "E6003", "E8001", "F0001", "F0005", "F3003", "F3012",
            "F3016", "F6101",
        ],
    ),
    overlap(Code::OutputKind, &["F6101"]),
    overlap_by_name(Code::ParameterType, &["F2002"]),
    overlap(Code::ParameterValue, &["F0015", "F0016", "F2012", "F2015"]),
    overlap(Code::Policy, &["F0018", "F3016"]),
    overlap(Code::PropertyBounds, &["E3671", "F3031", "F3032", "F3033", "F3034"]),
    overlap(Code::PropertyKind, &["E1030", "E1031", "F3012", "W3030"]),
    overlap(
        Code::PropertyPattern,
        &["E1150", "E1151", "E1152", "E1153", "E1154", "E1155", "E1156", "F3002", "F3031"],
    ),
    overlap(Code::PropertyValue, &["F3030", "W3030"]),
    overlap_by_name(Code::ReadOnlyProperty, &["E3040", "F3002"]),
    overlap(Code::RuleFunction, &["F8611"]),
    overlap_around(Code::Serverless, &["E3038"]),
    overlap(Code::Shape, &["E2001", "E3001", "F0018", "F3012", "F3016"]),
    overlap(Code::SubSyntax, &["F1018"]),
    overlap(Code::Syntax, &["F1101"]),
    overlap_by_name(Code::UnknownAttribute, &["E9004"]),
    overlap_by_name(Code::UnknownFunction, &["F3002", "F3012", "W1103"]),
    overlap_by_name(Code::UnknownKey, &["E2001", "E3001", "E6001", "F0005"]),
    overlap_by_name(Code::UnknownProperty, &["F3002"]),
    overlap_by_name(Code::UnknownType, &["F3006"]),
    overlap_by_name(Code::UnresolvedReference, REFERENCE),
    overlap(Code::YamlScalar, &["W9003"]),
];

/// Arguments that a function does not take.
const FUNCTION: &[&str] = &[
    "E1011", "E1015", "E1016", "E1017", "E1018", "E1019", "E1021", "E1022", "E1024", "E1028",
    "E1030", "E1031", "E1033", "E8003", "E8004", "E8005", "E8006", "F0010", "F0013", "F0014",
    "F1101",
];

/// Names that nothing has.
const REFERENCE: &[&str] =
    &["E1028", "E3005", "E6005", "E8002", "E8007", "F1010", "F1012", "F1018", "F1020", "F6101"];

/// Rules about what CloudFormation takes at most, which rstack does not have.
pub(crate) const LIMITS: [&str; 8] =
    ["E1002", "E3010", "F0003", "F0004", "F0007", "F0008", "F0009", "F0011"];
