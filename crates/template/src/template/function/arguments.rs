//! The arguments of functions.

use super::{Reader, Reported};
use crate::syntax::{Node, Spanned};
use crate::template::Expression;

impl Reader<'_> {
    /// An argument that must be plain text: a name.
    pub(super) fn name(
        &mut self,
        function: &str,
        node: &Node,
    ) -> Result<Spanned<String>, Reported> {
        match node.as_text() {
            Some(text) if !text.is_empty() => Ok(Spanned::new(text.to_owned(), node.span)),
            _ => Err(self.shape(function, node.span, "a name here")),
        }
    }

    pub(super) fn text(
        &mut self,
        function: &str,
        node: &Node,
        expected: &str,
    ) -> Result<String, Reported> {
        match node.as_text() {
            Some(text) => Ok(text.to_owned()),
            None => Err(self.shape(function, node.span, expected)),
        }
    }

    /// A list of exactly so many arguments.
    pub(super) fn exactly<'n, const N: usize>(
        &mut self,
        function: &str,
        node: &'n Node<'n>,
        expected: &str,
    ) -> Result<[&'n Node<'n>; N], Reported> {
        let items = <&[Node<'n>; N]>::try_from(node.as_list().unwrap_or_default());
        items.map(<[_; N]>::each_ref).map_err(|_| self.shape(function, node.span, expected))
    }

    pub(super) fn several(
        &mut self,
        function: &str,
        node: &Node,
    ) -> Result<Vec<Expression>, Reported> {
        match node.as_list() {
            Some(items) if (2..=10).contains(&items.len()) => Ok(self.all(items)),
            _ => Err(self.shape(function, node.span, "a list of 2 to 10 conditions")),
        }
    }

    /// A list of two arguments that are expressions.
    pub(super) fn pair(
        &mut self,
        function: &str,
        node: &Node,
        expected: &str,
    ) -> Result<(Box<Expression>, Box<Expression>), Reported> {
        let [a, b] = self.exactly(function, node, expected)?;
        let (a, b) = (self.read(a), self.read(b));
        Ok((Box::new(a?), Box::new(b?)))
    }
}
