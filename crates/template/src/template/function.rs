//! Reading nodes as expressions: which function, with which arguments.

use rstack_model::{Diagnostic, Span};
use rstack_schema::nearest;

use super::section::instead_of;
use super::{Expression, ExpressionKind, SubPart};
use crate::syntax::{Entry, Node, NodeKind, Spanned, scalar};

/// Functions that work anywhere in properties and outputs.
const VALUE_FUNCTIONS: [&str; 9] = [
    "Ref",
    "Fn::GetAtt",
    "Fn::Sub",
    "Fn::Join",
    "Fn::Select",
    "Fn::Split",
    "Fn::If",
    "Fn::FindInMap",
    "Fn::Base64",
];

/// Functions that give a boolean, for conditions.
const CONDITION_FUNCTIONS: [&str; 5] = ["Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Condition"];

/// Functions of CloudFormation that are not supported yet.
const LATER: [&str; 16] = [
    "Fn::Cidr",
    "Fn::Contains",
    "Fn::EachMemberEquals",
    "Fn::EachMemberIn",
    "Fn::ForEach",
    "Fn::GetAZs",
    "Fn::GetStackOutput",
    "Fn::ImportValue",
    "Fn::Implies",
    "Fn::Length",
    "Fn::RefAll",
    "Fn::ToJsonString",
    "Fn::Transform",
    "Fn::ValueOf",
    "Fn::ValueOfAll",
    "Rain::Module",
];

/// A mistake that has been reported.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported;

/// Reads expressions; what is wrong goes to `diagnostics`.
pub(crate) struct Reader<'a> {
    pub(crate) diagnostics: &'a mut Vec<Diagnostic>,
    /// Whether functions that give booleans may stand here.
    pub(crate) in_condition: bool,
}

type Read = Result<Expression, Reported>;

impl Reader<'_> {
    fn report(&mut self, diagnostic: Diagnostic) -> Reported {
        self.diagnostics.push(diagnostic);
        Reported
    }

    fn shape(&mut self, function: &str, span: Span, expected: &str) -> Reported {
        let message = format!("`{function}` takes {expected}");
        self.report(Diagnostic::error("function-arguments", message).at(span, ""))
    }

    /// Reads a node.
    pub(crate) fn read(&mut self, node: &Node) -> Read {
        if let Some(tag) = &node.tag {
            let name = match tag.value.as_str() {
                "Ref" | "Condition" => tag.value.clone(),
                name => format!("Fn::{name}"),
            };
            let argument = Node { tag: None, ..node.clone() };
            return self.function(&Spanned::new(name, tag.span), &argument, node.span);
        }
        match &node.kind {
            NodeKind::Scalar { text, plain } => {
                let kind = ExpressionKind::Literal(scalar(text, *plain));
                Ok(Expression { kind, span: node.span })
            }
            NodeKind::List(items) => {
                let items = self.all(items)?;
                Ok(Expression { kind: ExpressionKind::List(items), span: node.span })
            }
            NodeKind::Map(entries) => self.map(entries, node.span),
        }
    }

    fn all(&mut self, nodes: &[Node]) -> Result<Vec<Expression>, Reported> {
        let read: Vec<Read> = nodes.iter().map(|node| self.read(node)).collect();
        read.into_iter().collect()
    }

    fn entries(
        &mut self,
        entries: &[Entry],
    ) -> Result<Vec<(Spanned<String>, Expression)>, Reported> {
        let read: Vec<_> =
            entries.iter().map(|e| Ok((e.key.clone(), self.read(&e.value)?))).collect();
        read.into_iter().collect()
    }

    fn map(&mut self, entries: &[Entry], span: Span) -> Read {
        let names_function = |key: &str| {
            key == "Ref" || key.starts_with("Fn::") || (self.in_condition && key == "Condition")
        };
        if let [only] = entries
            && names_function(&only.key.value)
        {
            return self.function(&only.key, &only.value, span);
        }
        if let Some(entry) = entries.iter().find(|entry| entry.key.value.starts_with("Fn::")) {
            let message = format!("`{}` must be the only key of its map", entry.key.value);
            let error = Diagnostic::error("function-with-siblings", message);
            return Err(self.report(error.at(entry.key.span, "")));
        }
        Ok(Expression { kind: ExpressionKind::Map(self.entries(entries)?), span })
    }

    fn function(&mut self, name: &Spanned<String>, argument: &Node, span: Span) -> Read {
        let function = name.value.as_str();
        let kind = match function {
            "Ref" => ExpressionKind::Ref(self.name(function, argument)?),
            "Condition" if self.in_condition => {
                ExpressionKind::Condition(self.name(function, argument)?)
            }
            "Fn::GetAtt" => self.get_att(argument)?,
            "Fn::Sub" => self.sub(argument)?,
            "Fn::Join" => {
                let expected = "a delimiter and a list: `[\", \", [a, b]]`";
                let [delimiter, list] = self.exactly(function, argument, expected)?;
                let delimiter = self.text(function, delimiter, expected)?;
                ExpressionKind::Join { delimiter, list: Box::new(self.read(list)?) }
            }
            "Fn::Select" => {
                let [index, list] = self.exactly(function, argument, "an index and a list")?;
                let (index, list) = (self.read(index)?, self.read(list)?);
                ExpressionKind::Select { index: Box::new(index), list: Box::new(list) }
            }
            "Fn::Split" => {
                let expected = "a delimiter and a text";
                let [delimiter, text] = self.exactly(function, argument, expected)?;
                let delimiter = self.text(function, delimiter, expected)?;
                ExpressionKind::Split { delimiter, text: Box::new(self.read(text)?) }
            }
            "Fn::If" => {
                let expected = "the name of a condition and two values";
                let [condition, then, otherwise] = self.exactly(function, argument, expected)?;
                let condition = self.name(function, condition)?;
                let (then, otherwise) = (self.read(then), self.read(otherwise));
                let (then, otherwise) = (Box::new(then?), Box::new(otherwise?));
                ExpressionKind::If { condition, then, otherwise }
            }
            "Fn::FindInMap" => {
                let expected = "the name of a map and two keys";
                let [map, top, second] = self.exactly(function, argument, expected)?;
                let (map, top) = (Box::new(self.read(map)?), Box::new(self.read(top)?));
                ExpressionKind::FindInMap { map, top, second: Box::new(self.read(second)?) }
            }
            "Fn::Base64" => ExpressionKind::Base64(Box::new(self.read(argument)?)),
            "Fn::Equals" if self.in_condition => {
                let [a, b] = self.exactly(function, argument, "two values")?;
                let (a, b) = (self.read(a), self.read(b));
                ExpressionKind::Equals(Box::new(a?), Box::new(b?))
            }
            "Fn::And" if self.in_condition => {
                ExpressionKind::And(self.several(function, argument)?)
            }
            "Fn::Or" if self.in_condition => ExpressionKind::Or(self.several(function, argument)?),
            "Fn::Not" if self.in_condition => {
                let [inner] = self.exactly(function, argument, "a list of one condition")?;
                ExpressionKind::Not(Box::new(self.read(inner)?))
            }
            _ => return Err(self.unknown(name)),
        };
        Ok(Expression { kind, span })
    }

    fn unknown(&mut self, name: &Spanned<String>) -> Reported {
        let function = name.value.as_str();
        if CONDITION_FUNCTIONS.contains(&function) {
            let message = format!("`{function}` may only stand in `Conditions`");
            let error = Diagnostic::error("condition-function", message).at(name.span, "");
            let help = "name the condition under `Conditions` and use it with `Fn::If`";
            return self.report(error.help(help));
        }
        if LATER.iter().any(|later| function == *later || function.starts_with("Fn::ForEach")) {
            let message = format!("`{function}` is not supported yet");
            let error = Diagnostic::error("unsupported", message).at(name.span, "");
            return self.report(error.help(instead_of(function)));
        }
        let message = format!("there is no function `{function}`");
        let mut error = Diagnostic::error("unknown-function", message).at(name.span, "");
        let known = VALUE_FUNCTIONS.into_iter().chain(CONDITION_FUNCTIONS).chain(LATER);
        if let Some(near) = nearest(function, known) {
            error = error.help(format!("did you mean `{near}`?"));
        }
        self.report(error)
    }

    /// An argument that must be plain text: a name.
    fn name(&mut self, function: &str, node: &Node) -> Result<Spanned<String>, Reported> {
        match node.as_text() {
            Some(text) if !text.is_empty() => Ok(Spanned::new(text.to_owned(), node.span)),
            _ => Err(self.shape(function, node.span, "a name here")),
        }
    }

    fn text(&mut self, function: &str, node: &Node, expected: &str) -> Result<String, Reported> {
        match node.as_text() {
            Some(text) => Ok(text.to_owned()),
            None => Err(self.shape(function, node.span, expected)),
        }
    }

    /// A list of exactly so many arguments.
    fn exactly<'n, const N: usize>(
        &mut self,
        function: &str,
        node: &'n Node,
        expected: &str,
    ) -> Result<[&'n Node; N], Reported> {
        let items: Vec<&Node> = node.as_list().into_iter().flatten().collect();
        items.try_into().map_err(|_| self.shape(function, node.span, expected))
    }

    fn several(&mut self, function: &str, node: &Node) -> Result<Vec<Expression>, Reported> {
        match node.as_list() {
            Some(items) if (2..=10).contains(&items.len()) => self.all(items),
            _ => Err(self.shape(function, node.span, "a list of 2 to 10 conditions")),
        }
    }

    fn get_att(&mut self, node: &Node) -> Result<ExpressionKind, Reported> {
        let expected = "a logical ID and an attribute: `Id.Attribute` or `[Id, Attribute]`";
        if let Some(text) = node.as_text() {
            let Some((id, attribute)) = text.split_once('.') else {
                return Err(self.shape("Fn::GetAtt", node.span, expected));
            };
            return Ok(ExpressionKind::GetAtt {
                logical_id: Spanned::new(id.to_owned(), node.span),
                attribute: Spanned::new(attribute.to_owned(), node.span),
            });
        }
        let [id, attribute] = self.exactly("Fn::GetAtt", node, expected)?;
        if attribute.as_text().is_none() && id.as_text().is_some() {
            let message = "an attribute name that is itself a function is not supported yet";
            let error = Diagnostic::error("unsupported", message).at(attribute.span, "");
            return Err(self.report(error));
        }
        let logical_id = self.name("Fn::GetAtt", id)?;
        Ok(ExpressionKind::GetAtt { logical_id, attribute: self.name("Fn::GetAtt", attribute)? })
    }

    fn sub(&mut self, node: &Node) -> Result<ExpressionKind, Reported> {
        let expected = "a text, or a text and a map of variables";
        if let Some(text) = node.as_text() {
            let parts = self.sub_parts(text, node.span)?;
            return Ok(ExpressionKind::Sub { parts, variables: Vec::new() });
        }
        let [text, map] = self.exactly("Fn::Sub", node, expected)?;
        let (Some(template), Some(entries)) = (text.as_text(), map.as_map()) else {
            return Err(self.shape("Fn::Sub", node.span, expected));
        };
        let parts = self.sub_parts(template, text.span)?;
        Ok(ExpressionKind::Sub { parts, variables: self.entries(entries)? })
    }

    /// Cuts `a${B}c${!D}` into literal `a`, variable `B`, literal `c${D}`.
    fn sub_parts(&mut self, text: &str, span: Span) -> Result<Vec<SubPart>, Reported> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            literal.push_str(before);
            let Some((name, behind)) = after.split_once('}') else {
                let message = "`${` is not closed with `}`";
                let error = Diagnostic::error("sub-syntax", message).at(span, "");
                return Err(self.report(error.help("write `${!` for the characters `${`")));
            };
            rest = behind;
            let name = name.trim();
            if let Some(kept) = name.strip_prefix('!') {
                literal.push_str(&format!("${{{kept}}}"));
                continue;
            }
            let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '_' | '-');
            if name.is_empty() || !name.chars().all(legal) {
                let message = format!("`${{{name}}}` does not name a variable");
                let error = Diagnostic::error("sub-syntax", message).at(span, "");
                return Err(self.report(error.help("write `${!` for the characters `${`")));
            }
            if !literal.is_empty() {
                parts.push(SubPart::Literal(std::mem::take(&mut literal)));
            }
            parts.push(SubPart::Variable(Spanned::new(name.to_owned(), span)));
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(SubPart::Literal(literal));
        }
        Ok(parts)
    }
}
