//! The rules that a parameter's value must follow.
//!
//! Source: "CloudFormation template Parameters syntax", AWS CloudFormation User Guide: of a list,
//! each value must be allowed and match the pattern; lengths are those of a text, and smallest and
//! largest values those of numbers.

use crate::template::Parameter;

/// Checks values against their parameter's rules; the problem does not repeat the value.
pub(super) fn check(parameter: &Parameter, items: &[&str]) -> Result<(), String> {
    items.iter().try_for_each(|item| check_one(parameter, item))
}

fn check_one(parameter: &Parameter, item: &str) -> Result<(), String> {
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
    if let Some(allowed) = &parameter.allowed_values
        && !allowed.iter().any(|value| value == item)
    {
        let allowed: Vec<String> = allowed.iter().map(|value| format!("`{value}`")).collect();
        return Err(format!("it must be one of {}", allowed.join(", ")));
    }
    let length = item.chars().count();
    if kind == "String" {
        if let Some(min) = parameter.length.0.filter(|min| length < *min) {
            return Err(format!("it must have at least {min} characters"));
        }
        if let Some(max) = parameter.length.1.filter(|max| length > *max) {
            return Err(format!("it must have at most {max} characters"));
        }
    }
    if let Some(pattern) = &parameter.allowed_pattern
        && whole(&pattern.value).is_some_and(|regex| !regex.is_match(item))
    {
        return Err(format!("it must match the pattern `{}`", pattern.value));
    }
    Ok(())
}

/// Whether values can be checked against a pattern.
pub(super) fn is_understood(pattern: &str) -> bool {
    whole(pattern).is_some()
}

/// The regular expression that the whole value must match, if it is one that is understood here.
fn whole(pattern: &str) -> Option<regex_lite::Regex> {
    let pattern = pattern.replace("\\A", "^").replace("\\Z", "$").replace("\\z", "$");
    regex_lite::RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(1 << 20).build().ok()
}
