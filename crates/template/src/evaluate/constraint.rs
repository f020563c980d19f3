//! The rules that a parameter's value must follow.
//!
//! Source: "CloudFormation template Parameters syntax", AWS CloudFormation User Guide: of a list,
//! each value must be allowed and match the pattern; lengths are those of a text, and smallest and
//! largest values those of numbers.

use std::collections::HashSet;

use regex_lite::Regex;

use super::aws_kind;
use crate::template::{Parameter, Template};

/// The length in bytes of the longest value that is checked against a pattern: the longest that
/// CloudFormation takes ("CloudFormation quotas", AWS CloudFormation User Guide). The time of a
/// check is that of the value's length times the pattern's.
const LONGEST: usize = 4096;

/// The number of allowed values that a message about another value names.
const NAMED: usize = 20;

/// The size in bytes that a pattern may have, as it is written and when it is compiled. A larger
/// one is not one that is understood here.
const LONGEST_PATTERN: usize = 4096;
const PATTERN_SIZE: usize = 1 << 18;

/// The number of steps that all patterns of a template may take with their values: about half a
/// second.
pub(super) const MATCHING_STEPS: usize = 50_000_000;

/// About how many bytes a state of a compiled pattern takes; each letter of a value visits all.
const STATE_SIZE: usize = 32;

/// The rules of a parameter, ready to be applied to each of its values.
pub(super) struct Constraints<'a> {
    parameter: &'a Parameter,
    allowed: Option<HashSet<&'a str>>,
    /// `None` if there is no pattern or it is not one that is understood here.
    pattern: Option<Regex>,
}

impl<'a> Constraints<'a> {
    /// The rules for a text, whose matching takes its part of the steps that are left.
    pub(super) fn of(parameter: &'a Parameter, text: &str, steps: &mut usize) -> Self {
        let allowed = parameter.allowed_values.as_ref();
        let pattern = parameter.allowed_pattern.as_ref();
        Self {
            parameter,
            allowed: allowed.map(|values| values.iter().map(String::as_str).collect()),
            pattern: pattern.and_then(|pattern| whole(&pattern.value, text, steps)),
        }
    }

    /// True if there is a pattern that values cannot be checked against.
    pub(super) fn has_strange_pattern(&self) -> bool {
        self.parameter.allowed_pattern.is_some() && self.pattern.is_none()
    }

    /// Checks values; the problem does not repeat the value.
    pub(super) fn check(&self, items: &[&str]) -> Result<(), String> {
        let length: usize = items.iter().map(|item| item.len()).sum();
        if self.pattern.is_some() && length > LONGEST {
            return Err(format!(
                "it has {length} bytes, and a value with a pattern has at most {LONGEST}"
            ));
        }
        items.iter().try_for_each(|item| self.check_one(item))
    }

    fn check_one(&self, item: &str) -> Result<(), String> {
        let parameter = self.parameter;
        let kind = parameter.kind.value.as_str();
        if matches!(kind, "Number" | "List<Number>") {
            let number = item.parse::<f64>().ok().filter(|number| number.is_finite());
            let number = number.ok_or("it must be a number")?;
            if let Some(low) = parameter.range.0.filter(|low| number < *low) {
                return Err(format!("it must be at least {low}"));
            }
            if let Some(high) = parameter.range.1.filter(|high| number > *high) {
                return Err(format!("it must be at most {high}"));
            }
        }
        if self.allowed.as_ref().is_some_and(|allowed| !allowed.contains(item)) {
            return Err(format!("it must be one of {}", self.allowed_in_words()));
        }
        if kind == "String" {
            let length = item.chars().count();
            if let Some(min) = parameter.length.0.filter(|min| length < *min) {
                return Err(format!("it must have at least {min} characters"));
            }
            if let Some(max) = parameter.length.1.filter(|max| length > *max) {
                return Err(format!("it must have at most {max} characters"));
            }
        }
        aws_kind::check(kind, item)?;
        if let (Some(regex), Some(pattern)) = (&self.pattern, &parameter.allowed_pattern)
            && !regex.is_match(item)
        {
            return Err(format!("it must match the pattern `{}`", pattern.value));
        }
        Ok(())
    }

    fn allowed_in_words(&self) -> String {
        let allowed = self.parameter.allowed_values.iter().flatten();
        let named: Vec<String> = allowed.clone().take(NAMED).map(|v| format!("`{v}`")).collect();
        match allowed.count().saturating_sub(NAMED) {
            0 => named.join(", "),
            more => format!("{} and {more} more", named.join(", ")),
        }
    }
}

/// The size in bytes that a compiled pattern may have without a finding about it.
const LARGE: usize = 1 << 20;

/// True if a parameter has a pattern that is very large when it is compiled, such as one of nested
/// repetitions: a program that compiles it needs much memory.
pub fn has_large_pattern(template: &Template) -> bool {
    let patterns = template.parameters.values().filter_map(|p| p.allowed_pattern.as_ref());
    patterns.map(|pattern| pattern.value.as_str()).any(|pattern| {
        let built = regex_lite::RegexBuilder::new(pattern).size_limit(LARGE).build();
        // Other patterns that fail are of a dialect that is not understood here.
        pattern.len() > LONGEST_PATTERN
            || built.is_err_and(|error| error.to_string().contains("size limit"))
    })
}

/// The regular expression that the whole value must match, if it is one that is understood here and
/// there are steps left for it.
fn whole(pattern: &str, text: &str, steps: &mut usize) -> Option<Regex> {
    if pattern.len() > LONGEST_PATTERN {
        return None;
    }
    let pattern = pattern.replace("\\A", "^").replace("\\Z", "$").replace("\\z", "$");
    let pattern = format!("^(?:{pattern})$");
    // How large it is when it is compiled shows in which sizes it does not fit.
    for size in [PATTERN_SIZE >> 6, PATTERN_SIZE >> 4, PATTERN_SIZE >> 2, PATTERN_SIZE] {
        let letters = text.len().min(LONGEST);
        *steps = steps.checked_sub(size / STATE_SIZE * (letters + 1))?;
        if let Ok(regex) = regex_lite::RegexBuilder::new(&pattern).size_limit(size).build() {
            return Some(regex);
        }
    }
    None
}
