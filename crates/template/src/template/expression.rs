//! Expressions: literals, collections and intrinsic functions, with their places.

use std::collections::HashSet;

use rstack_model::{Span, Value};

use crate::syntax::Spanned;

/// An expression and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// Its kind.
    pub kind: ExpressionKind,
    /// Where it is.
    pub span: Span,
}

/// The kinds of expressions. Functions are those of the "Intrinsic function reference", AWS
/// CloudFormation User Guide.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionKind {
    /// A scalar.
    Literal(Value),
    /// A list.
    List(Vec<Expression>),
    /// A map.
    Map(Vec<(Spanned<String>, Expression)>),
    /// `Ref`.
    Ref(Spanned<String>),
    /// `Ref` of a name that a function gives.
    RefBy(Box<Expression>),
    /// `Fn::GetAtt`.
    GetAtt {
        /// The resource.
        logical_id: Spanned<String>,
        /// Its attribute, dotted if nested.
        attribute: Spanned<String>,
    },
    /// `Fn::GetAtt` of which a part is a function.
    GetAttBy {
        /// The resource.
        logical_id: Box<Expression>,
        /// Its attribute.
        attribute: Box<Expression>,
    },
    /// `Fn::Sub`.
    Sub {
        /// The text between and inside `${…}`.
        parts: Vec<SubPart>,
        /// The variables of the second form.
        variables: Vec<(Spanned<String>, Expression)>,
    },
    /// `Fn::Join`.
    Join {
        /// The text between the elements.
        delimiter: String,
        /// The elements.
        list: Box<Expression>,
    },
    /// `Fn::Select`.
    Select {
        /// Which element, from 0.
        index: Box<Expression>,
        /// The list.
        list: Box<Expression>,
    },
    /// `Fn::Split`.
    Split {
        /// Where to cut.
        delimiter: String,
        /// The text.
        text: Box<Expression>,
    },
    /// `Fn::If`.
    If {
        /// The condition's name.
        condition: Spanned<String>,
        /// The value if it holds.
        then: Box<Expression>,
        /// The value if it does not.
        otherwise: Box<Expression>,
    },
    /// `Fn::FindInMap`.
    FindInMap {
        /// The map's name.
        map: Box<Expression>,
        /// The top-level key.
        top: Box<Expression>,
        /// The second-level key.
        second: Box<Expression>,
        /// The value where the map lacks a key.
        default: Option<Box<Expression>>,
    },
    /// `Fn::Base64`.
    Base64(Box<Expression>),
    /// `Fn::Cidr`.
    Cidr {
        /// The block to cut up.
        block: Box<Expression>,
        /// The number of blocks to cut from it.
        count: Box<Expression>,
        /// The number of bits of an address that are left to each of them.
        bits: Box<Expression>,
    },
    /// `Fn::ImportValue`.
    ImportValue(Box<Expression>),
    /// `Fn::GetAZs`: the Availability Zones of a Region.
    GetAzs(Box<Expression>),
    /// `Fn::GetStackOutput`.
    GetStackOutput {
        /// The stack.
        stack: Box<Expression>,
        /// Its output.
        output: Box<Expression>,
        /// Its Region, if that is another.
        region: Option<Box<Expression>>,
        /// The role that is assumed to look at it, of another account.
        role: Option<Box<Expression>>,
    },
    /// `Fn::Length`.
    Length(Box<Expression>),
    /// `Fn::ToJsonString`.
    ToJsonString(Box<Expression>),
    /// `Fn::Equals`.
    Equals(Box<Expression>, Box<Expression>),
    /// `Fn::And`.
    And(Vec<Expression>),
    /// `Fn::Or`.
    Or(Vec<Expression>),
    /// `Fn::Not`.
    Not(Box<Expression>),
    /// `Condition`: another condition by name.
    Condition(Spanned<String>),
    /// `Fn::Contains`: whether the list holds the value.
    Contains(Box<Expression>, Box<Expression>),
    /// `Fn::EachMemberEquals`: whether every member of the list is the value.
    EachMemberEquals(Box<Expression>, Box<Expression>),
    /// `Fn::EachMemberIn`: whether every member of the first list is in the second.
    EachMemberIn(Box<Expression>, Box<Expression>),
    /// `Fn::Implies`: whether the second holds if the first does.
    Implies(Box<Expression>, Box<Expression>),
    /// `Fn::RefAll`: the values of all parameters of a type.
    RefAll(Spanned<String>),
    /// `Fn::ValueOf`: an attribute of what a parameter names.
    ValueOf {
        /// The parameter.
        parameter: Spanned<String>,
        /// The attribute, such as `Tags.Department`.
        attribute: Spanned<String>,
    },
    /// `Fn::ValueOfAll`: an attribute of what all parameters of a type name.
    ValueOfAll {
        /// The type of parameters.
        kind: Spanned<String>,
        /// The attribute.
        attribute: Spanned<String>,
    },
    /// An expression that could not be read, which has been reported.
    Unread,
}

/// A part of a `Fn::Sub` text.
#[derive(Clone, Debug, PartialEq)]
pub enum SubPart {
    /// Text that stays.
    Literal(String),
    /// The name inside `${…}`.
    Variable(Spanned<String>),
}

impl SubPart {
    /// The names a text uses that are not variables of its own.
    pub(crate) fn names<'a>(
        parts: &'a [SubPart],
        variables: &'a [(Spanned<String>, Expression)],
    ) -> impl Iterator<Item = &'a Spanned<String>> {
        let own: HashSet<&str> = variables.iter().map(|(name, _)| name.value.as_str()).collect();
        parts.iter().filter_map(move |part| match part {
            SubPart::Literal(_) => None,
            SubPart::Variable(name) => (!own.contains(name.value.as_str())).then_some(name),
        })
    }
}

impl Expression {
    /// Calls `found` for this expression and all inside of it.
    pub fn visit<'a>(&'a self, found: &mut dyn FnMut(&'a Expression)) {
        found(self);
        self.parts().into_iter().for_each(|part| part.visit(found));
    }

    /// The expressions directly inside of this one.
    pub(crate) fn parts(&self) -> Vec<&Expression> {
        match &self.kind {
            ExpressionKind::Literal(_)
            | ExpressionKind::Ref(_)
            | ExpressionKind::GetAtt { .. }
            | ExpressionKind::RefAll(_)
            | ExpressionKind::ValueOf { .. }
            | ExpressionKind::ValueOfAll { .. }
            | ExpressionKind::Unread
            | ExpressionKind::Condition(_) => Vec::new(),
            ExpressionKind::List(items)
            | ExpressionKind::And(items)
            | ExpressionKind::Or(items) => items.iter().collect(),
            ExpressionKind::Map(entries) | ExpressionKind::Sub { variables: entries, .. } => {
                entries.iter().map(|(_, value)| value).collect()
            }
            ExpressionKind::Join { list: inner, .. }
            | ExpressionKind::Split { text: inner, .. }
            | ExpressionKind::RefBy(inner)
            | ExpressionKind::Base64(inner)
            | ExpressionKind::ImportValue(inner)
            | ExpressionKind::GetAzs(inner)
            | ExpressionKind::Length(inner)
            | ExpressionKind::ToJsonString(inner)
            | ExpressionKind::Not(inner) => vec![inner],
            ExpressionKind::GetAttBy { logical_id: a, attribute: b }
            | ExpressionKind::Select { index: a, list: b }
            | ExpressionKind::Contains(a, b)
            | ExpressionKind::EachMemberEquals(a, b)
            | ExpressionKind::EachMemberIn(a, b)
            | ExpressionKind::Implies(a, b)
            | ExpressionKind::Equals(a, b) => vec![a, b],
            ExpressionKind::If { then, otherwise, .. } => vec![then, otherwise],
            ExpressionKind::FindInMap { map, top, second, default } => {
                [map, top, second].into_iter().chain(default).map(AsRef::as_ref).collect()
            }
            ExpressionKind::GetStackOutput { stack, output, region, role } => {
                let parts = [stack, output].into_iter().chain(region).chain(role);
                parts.map(AsRef::as_ref).collect()
            }
            ExpressionKind::Cidr { block, count, bits } => vec![block, count, bits],
        }
    }
}
