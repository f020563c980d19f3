//! The memory that the values of a template's functions may take.
//!
//! A function can make a large value of a small text, and another one a larger one of that: without
//! a bound thirty lines could take all memory there is.

use rstack_model::value::{Text, TextPart};
use rstack_model::{Code, Diagnostic, Span, Value};

use super::expression::Evaluator;
use super::finding::Reported;

/// The memory in bytes that one value may take that a function makes.
const MAX_VALUE: usize = 16 << 20;

/// The memory in bytes that all values may take that the functions of a template make.
const MAX_TOTAL: usize = 128 << 20;

/// About how many bytes a value or a part of a text takes besides its letters.
const VALUE_WEIGHT: usize = 64;

/// The memory that is left for functions.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Budget {
    spent: usize,
    exhausted: Option<Reported>,
}

impl Evaluator<'_> {
    /// Checks that functions may still make values.
    ///
    /// # Errors
    /// If they may not, which has been reported.
    pub(super) fn check_budget(&self) -> Result<(), Reported> {
        self.budget.exhausted.map_or(Ok(()), Err)
    }

    /// Checks that one value may take so much memory.
    ///
    /// # Errors
    /// If it may not, which is reported.
    pub(super) fn check_size(&mut self, amount: usize, at: Span) -> Result<(), Reported> {
        if amount <= MAX_VALUE {
            return Ok(());
        }
        let message = format!("this makes a value of more than {} MiB", MAX_VALUE >> 20);
        let error = Diagnostic::error(Code::Size, message).at(at, "");
        Err(self.report(error.help("no property takes so much: look at what is repeated here")))
    }

    /// Takes memory for a value that a function makes. One that is too large has taken it, too: it
    /// was made.
    ///
    /// # Errors
    /// If it is too much, which is reported.
    pub(super) fn spend(&mut self, amount: usize, at: Span) -> Result<(), Reported> {
        self.check_budget()?;
        self.budget.spent = self.budget.spent.saturating_add(amount);
        if self.budget.spent > MAX_TOTAL {
            let message = format!(
                "the functions of this template make more than {} MiB of values",
                MAX_TOTAL >> 20
            );
            let error = Diagnostic::error(Code::Size, message).at(at, "the limit is reached here");
            let reported = self.report(error.help("split the stack into several"));
            self.budget.exhausted = Some(reported);
            return Err(reported);
        }
        self.check_size(amount, at)
    }
}

/// About how many bytes of memory a value takes.
pub(super) fn weight(value: &Value) -> usize {
    let inside: usize = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Text(text) => text_weight(text),
        Value::Deferred(deferred) => deferred.operand().map_or(0, weight),
        Value::List(items) => items.iter().map(weight).sum(),
        Value::Map(map) => map.iter().map(|(key, item)| key.len() + weight(item)).sum(),
    };
    inside.saturating_add(VALUE_WEIGHT)
}

fn text_weight(text: &Text) -> usize {
    text.parts().iter().map(part_weight).sum()
}

/// About how many bytes of memory a part of a text takes.
pub(super) fn part_weight(part: &TextPart) -> usize {
    let inside = match part {
        TextPart::Literal(text) => text.len(),
        TextPart::Deferred(deferred) => deferred.operand().map_or(0, weight),
        TextPart::Secret(_) => 0,
    };
    inside.saturating_add(VALUE_WEIGHT)
}

/// About how many bytes a joined list takes.
pub(super) fn joined_weight(delimiter: &str, list: &Value) -> usize {
    let count = list.as_list().map_or(0, <[_]>::len);
    weight(list).saturating_add(delimiter.len().saturating_mul(count))
}

/// About how many bytes the pieces of a text take.
pub(super) fn split_weight(delimiter: &str, text: &Value) -> usize {
    let pieces = |text: &str| {
        if delimiter.is_empty() { 1 } else { text.matches(delimiter).count() + 1 }
    };
    let count = text.as_str().map_or(1, pieces);
    weight(text).saturating_add(count.saturating_mul(VALUE_WEIGHT))
}
