//! Reading nodes as expressions: which function, with which arguments.

mod arguments;
mod sub;

use rstack_model::{Code, Diagnostic, Span, Value};

use super::section::instead_of;
use super::{Dialect, Expression, ExpressionKind};
use crate::diagnostics::Diagnostics;
use crate::syntax::{Entry, Node, NodeKind, Spanned, scalar};

/// Functions that work anywhere in properties and outputs.
const VALUE_FUNCTIONS: [&str; 13] = [
    "Ref",
    "Fn::GetAtt",
    "Fn::Sub",
    "Fn::Join",
    "Fn::Select",
    "Fn::Split",
    "Fn::If",
    "Fn::FindInMap",
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::ImportValue",
    "Fn::GetAZs",
    "Fn::GetStackOutput",
];

/// Functions of the transform `AWS::LanguageExtensions`.
const EXTENSIONS: [&str; 3] = ["Fn::ForEach", "Fn::Length", "Fn::ToJsonString"];

/// Functions that give a boolean, for conditions.
const CONDITION_FUNCTIONS: [&str; 5] = ["Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Condition"];

/// Functions that only rules have.
const RULE_FUNCTIONS: [&str; 7] = [
    "Fn::Contains",
    "Fn::EachMemberEquals",
    "Fn::EachMemberIn",
    "Fn::Implies",
    "Fn::RefAll",
    "Fn::ValueOf",
    "Fn::ValueOfAll",
];

/// Functions of CloudFormation that are not supported yet.
const LATER: [&str; 1] = ["Fn::Transform"];

/// A mistake that has been reported.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported;

/// Where an expression stands, which decides what functions it may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In properties and outputs.
    Value,
    /// In `Conditions`: functions that give booleans besides.
    Condition,
    /// In `Rules`: functions about parameters besides.
    Rule,
}

/// Reads expressions; what is wrong goes to `diagnostics`.
pub(crate) struct Reader<'a> {
    pub(crate) diagnostics: &'a mut Diagnostics,
    pub(crate) place: Place,
    pub(crate) dialect: Dialect,
    /// The text that all places are in.
    pub(crate) text: &'a str,
    /// The place of the first character of that text.
    pub(crate) base: usize,
}

type Read = Result<Expression, Reported>;

impl Reader<'_> {
    fn report(&mut self, diagnostic: Diagnostic) -> Reported {
        self.diagnostics.push(diagnostic);
        Reported
    }

    /// True if functions that return booleans may stand here.
    fn decides(&self) -> bool {
        match self.place {
            Place::Value => false,
            Place::Condition | Place::Rule => true,
        }
    }

    fn shape(&mut self, function: &str, span: Span, expected: &str) -> Reported {
        let message = format!("`{function}` takes {expected}");
        self.report(Diagnostic::error(Code::FunctionArguments, message).at(span, ""))
    }

    /// Reads a node.
    pub(crate) fn read(&mut self, node: &Node) -> Read {
        match &node.kind {
            NodeKind::Tagged(tagged) => {
                let (tag, argument) = &**tagged;
                let name = match tag.value.as_str() {
                    "Ref" | "Condition" => tag.value.clone(),
                    name => format!("Fn::{name}"),
                };
                self.function(&Spanned::new(name, tag.span), argument, node.span)
            }
            // It has been reported.
            NodeKind::Scalar { .. } if node.is_null() => Err(Reported),
            NodeKind::Scalar { text, plain } => {
                let kind = ExpressionKind::Literal(scalar(text, *plain));
                Ok(Expression { kind, span: node.span })
            }
            NodeKind::List(items) => {
                let items = self.all(items);
                Ok(Expression { kind: ExpressionKind::List(items), span: node.span })
            }
            NodeKind::Map(entries) => self.map(entries, node.span),
        }
    }

    /// Reads a part of something that is worth reading without it.
    fn part(&mut self, node: &Node) -> Expression {
        let unread = Expression { kind: ExpressionKind::Unread, span: node.span };
        self.read(node).unwrap_or(unread)
    }

    fn all(&mut self, nodes: &[Node]) -> Vec<Expression> {
        nodes.iter().map(|node| self.part(node)).collect()
    }

    fn entries(&mut self, entries: &[Entry]) -> Vec<(Spanned<String>, Expression)> {
        entries.iter().map(|entry| (entry.key.clone(), self.part(&entry.value))).collect()
    }

    fn map(&mut self, entries: &[Entry], span: Span) -> Read {
        let names_function = |key: &str| {
            key == "Ref" || key.starts_with("Fn::") || (self.decides() && key == "Condition")
        };
        if let [only] = entries
            && names_function(&only.key.value)
        {
            return self.function(&only.key, &only.value, span);
        }
        if let Some(entry) = entries.iter().find(|entry| entry.key.value.starts_with("Fn::")) {
            let message = format!("`{}` must be the only key of its map", entry.key.value);
            let error = Diagnostic::error(Code::FunctionWithSiblings, message);
            return Err(self.report(error.at(entry.key.span, "")));
        }
        Ok(Expression { kind: ExpressionKind::Map(self.entries(entries)), span })
    }

    fn function(&mut self, name: &Spanned<String>, argument: &Node, span: Span) -> Read {
        let function = name.value.as_str();
        let kind = match function {
            "Ref" if by_function(argument) && self.extended() => {
                ExpressionKind::RefBy(Box::new(self.read(argument)?))
            }
            "Ref" => ExpressionKind::Ref(self.name(function, argument)?),
            "Condition" if self.decides() => {
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
                let (then, otherwise) = (self.part(then), self.part(otherwise));
                let (then, otherwise) = (Box::new(then), Box::new(otherwise));
                ExpressionKind::If { condition, then, otherwise }
            }
            "Fn::FindInMap" => {
                return self.find_in_map(argument, span);
            }
            "Fn::Cidr" => {
                let expected = "a block, a number of blocks, and the bits of each";
                let [block, count, bits] = self.exactly(function, argument, expected)?;
                let [block, count, bits] = [block, count, bits].map(|part| self.read(part));
                let (block, count) = (Box::new(block?), Box::new(count?));
                ExpressionKind::Cidr { block, count, bits: Box::new(bits?) }
            }
            "Fn::ImportValue" => ExpressionKind::ImportValue(Box::new(self.read(argument)?)),
            // Null stands for the own Region, as an empty text does.
            "Fn::GetAZs" if argument.is_null() => {
                let kind = ExpressionKind::Literal(Value::from(""));
                ExpressionKind::GetAzs(Box::new(Expression { kind, span: argument.span }))
            }
            "Fn::GetAZs" => ExpressionKind::GetAzs(Box::new(self.read(argument)?)),
            "Fn::GetStackOutput" => self.get_stack_output(argument)?,
            "Fn::Length" if self.extended() => {
                ExpressionKind::Length(Box::new(self.read(argument)?))
            }
            "Fn::ToJsonString" if self.extended() => {
                self.warn_of_condition(argument);
                ExpressionKind::ToJsonString(Box::new(self.read(argument)?))
            }
            "Fn::Base64" => ExpressionKind::Base64(Box::new(self.read(argument)?)),
            "Fn::Equals" if self.decides() => {
                let (a, b) = self.pair(function, argument, "two values")?;
                ExpressionKind::Equals(a, b)
            }
            "Fn::And" if self.decides() => ExpressionKind::And(self.several(function, argument)?),
            "Fn::Or" if self.decides() => ExpressionKind::Or(self.several(function, argument)?),
            "Fn::Not" if self.decides() => {
                let [inner] = self.exactly(function, argument, "a list of one condition")?;
                ExpressionKind::Not(Box::new(self.read(inner)?))
            }
            _ if self.place == Place::Rule && RULE_FUNCTIONS.contains(&function) => {
                self.rule_function(name, argument)?
            }
            _ => return Err(self.unknown(name)),
        };
        Ok(Expression { kind, span })
    }

    fn rule_function(
        &mut self,
        name: &Spanned<String>,
        argument: &Node,
    ) -> Result<ExpressionKind, Reported> {
        let function = name.value.as_str();
        Ok(match function {
            "Fn::Contains" => {
                let (list, value) = self.pair(function, argument, "a list and a value")?;
                ExpressionKind::Contains(list, value)
            }
            "Fn::EachMemberEquals" => {
                let (list, value) = self.pair(function, argument, "a list and a value")?;
                ExpressionKind::EachMemberEquals(list, value)
            }
            "Fn::EachMemberIn" => {
                let (list, among) = self.pair(function, argument, "two lists")?;
                ExpressionKind::EachMemberIn(list, among)
            }
            "Fn::Implies" => {
                let (first, then) = self.pair(function, argument, "two conditions")?;
                ExpressionKind::Implies(first, then)
            }
            "Fn::RefAll" => ExpressionKind::RefAll(self.name(function, argument)?),
            "Fn::ValueOf" => {
                let expected = "the name of a parameter and an attribute";
                let [parameter, attribute] = self.exactly(function, argument, expected)?;
                let parameter = self.name(function, parameter)?;
                ExpressionKind::ValueOf { parameter, attribute: self.name(function, attribute)? }
            }
            "Fn::ValueOfAll" => {
                let expected = "a type of parameters and an attribute";
                let [kind, attribute] = self.exactly(function, argument, expected)?;
                let kind = self.name(function, kind)?;
                ExpressionKind::ValueOfAll { kind, attribute: self.name(function, attribute)? }
            }
            _ => return Err(self.unknown(name)),
        })
    }

    fn get_stack_output(&mut self, node: &Node) -> Result<ExpressionKind, Reported> {
        let function = "Fn::GetStackOutput";
        let expected = "a map of `StackName` and `OutputName`, and maybe `Region` and `RoleArn`";
        let entries = node.as_map().unwrap_or_default();
        let (mut stack, mut output, mut region, mut role) = (None, None, None, None);
        for Entry { key, value } in entries {
            match key.value.as_str() {
                "StackName" => stack = Some(Box::new(self.read(value)?)),
                "OutputName" => output = Some(Box::new(self.read(value)?)),
                "Region" => region = Some(Box::new(self.read(value)?)),
                "RoleArn" => role = Some(Box::new(self.read(value)?)),
                _ => return Err(self.shape(function, key.span, expected)),
            }
        }
        match (stack, output) {
            (Some(stack), Some(output)) => {
                Ok(ExpressionKind::GetStackOutput { stack, output, region, role })
            }
            (_, _) => Err(self.shape(function, node.span, expected)),
        }
    }

    fn extended(&self) -> bool {
        self.dialect == Dialect::Extended
    }

    fn find_in_map(&mut self, argument: &Node, span: Span) -> Read {
        let function = "Fn::FindInMap";
        let expected = "the name of a map and two keys";
        let items = argument.as_list().unwrap_or_default();
        let (keys, default) = match items {
            [map, top, second] => ([map, top, second], None),
            [map, top, second, default] => {
                let default = match default.as_map() {
                    Some([only]) if only.key.value == "DefaultValue" => &only.value,
                    _ => {
                        let expected = "`DefaultValue: …` as its fourth argument";
                        return Err(self.shape(function, default.span, expected));
                    }
                };
                ([map, top, second], Some(self.read(default)))
            }
            _ => return Err(self.shape(function, argument.span, expected)),
        };
        let [map, top, second] = keys.map(|key| self.read(key).map(Box::new));
        let (map, top, second) = (map?, top?, second?);
        let default = default.transpose()?.map(Box::new);
        Ok(Expression { kind: ExpressionKind::FindInMap { map, top, second, default }, span })
    }

    /// Warns of a key `Condition` in what becomes JSON: CloudFormation takes it for the name of a condition.
    ///
    /// Source: issue 156 of aws-cloudformation/cfn-language-discussion.
    fn warn_of_condition(&mut self, node: &Node) {
        for Entry { key, value } in node.as_map().unwrap_or_default() {
            if key.value == "Condition" {
                let message = "CloudFormation refuses a key `Condition` in `Fn::ToJsonString`";
                let warning = Diagnostic::warning(Code::CloudFormationLimit, message);
                self.report(warning.at(key.span, "").help("rstack makes the text"));
            }
            self.warn_of_condition(value);
        }
        let items = node.as_list().unwrap_or_default();
        items.iter().for_each(|item| self.warn_of_condition(item));
    }

    pub(crate) fn needs_extensions(&mut self, what: &str, at: Span) -> Reported {
        let message = format!("{what} needs `Transform: AWS::LanguageExtensions`");
        self.report(Diagnostic::error(Code::NeedsExtensions, message).at(at, ""))
    }

    fn unknown(&mut self, name: &Spanned<String>) -> Reported {
        let function = name.value.as_str();
        if CONDITION_FUNCTIONS.contains(&function) {
            let message = format!("`{function}` may only stand in `Conditions`");
            let error = Diagnostic::error(Code::ConditionFunction, message).at(name.span, "");
            let help = "name the condition under `Conditions` and use it with `Fn::If`";
            return self.report(error.help(help));
        }
        if RULE_FUNCTIONS.contains(&function) {
            let message = format!("`{function}` may only stand in `Rules`");
            let error = Diagnostic::error(Code::RuleFunction, message).at(name.span, "");
            return self.report(error);
        }
        if function.starts_with("Fn::ForEach") && self.extended() {
            let message = format!("`{function}` cannot stand here");
            let error = Diagnostic::error(Code::Loop, message).at(name.span, "");
            return self
                .report(error.help("a loop is an entry of a map: `Fn::ForEach::Name: […]`"));
        }
        if EXTENSIONS.iter().any(|extension| function.starts_with(extension)) {
            return self.needs_extensions(&format!("`{function}`"), name.span);
        }
        if LATER.contains(&function) {
            let message = format!("`{function}` is not supported yet");
            let error = Diagnostic::error(Code::Unsupported, message).at(name.span, "");
            return self.report(error.help(instead_of(function)));
        }
        let message = format!("there is no function `{function}`");
        let mut error = Diagnostic::error(Code::UnknownFunction, message).at(name.span, "");
        let known = VALUE_FUNCTIONS.into_iter().chain(CONDITION_FUNCTIONS).chain(EXTENSIONS);
        let known = known.chain(RULE_FUNCTIONS).chain(LATER);
        if let Some(near) = self.diagnostics.suggestion(function, known) {
            error = error.help(near);
        }
        self.report(error)
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
        // Of the language itself only the attribute may be a function.
        if by_function(id) && !self.extended() {
            return Err(self.needs_extensions("a logical ID that is a function", id.span));
        }
        if by_function(id) || by_function(attribute) {
            let (logical_id, attribute) = (self.read(id), self.read(attribute));
            let (logical_id, attribute) = (Box::new(logical_id?), Box::new(attribute?));
            return Ok(ExpressionKind::GetAttBy { logical_id, attribute });
        }
        let logical_id = self.name("Fn::GetAtt", id)?;
        Ok(ExpressionKind::GetAtt { logical_id, attribute: self.name("Fn::GetAtt", attribute)? })
    }
}

/// True if a function stands where a name could.
fn by_function(node: &Node<'_>) -> bool {
    node.as_tagged().is_some() || node.as_map().is_some_and(|entries| !entries.is_empty())
}
