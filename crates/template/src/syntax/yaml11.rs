//! The meaning of a text without quotes in YAML 1.1, which CloudFormation reads.
//!
//! Sources: "CloudFormation template format" (AWS CloudFormation User Guide), which names YAML 1.1;
//! the types `int`, `float` and `bool` of YAML 1.1 (yaml.org/type); issue 745 of
//! aws-cloudformation/cloudformation-coverage-roadmap, where `012345670123` becomes 1402433619. The
//! table in the tests is what PyYAML 6 makes of each text, the reader of cfn-lint and the AWS CLI, but for
//! floats without a dot or a sign of their exponent. These are text to PyYAML and numbers to SnakeYAML 1
//! (`Resolver.FLOAT`), whose rules CloudFormation follows: `012345678901` becomes 1.2345678901E10 (issue
//! 6908 of aws/aws-cli, issue 158 of awslabs/aws-deployment-framework).

/// The meaning of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Text, as it is written.
    Text,
    /// A number, as it is written in decimal.
    Number(String),
    /// A boolean.
    Boolean(bool),
}

/// The meaning of a text without quotes and without a tag.
pub(crate) fn meaning(text: &str) -> Meaning {
    match text {
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            return Meaning::Boolean(true);
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            return Meaning::Boolean(false);
        }
        _ => {}
    }
    // Most texts are no numbers.
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return Meaning::Text;
    }
    integer(text).or_else(|| float(text)).map_or(Meaning::Text, Meaning::Number)
}

/// Recognizes an octal number of YAML 1.2, which is text in YAML 1.1.
pub(crate) fn is_new_octal(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text).strip_prefix("0o");
    digits.is_some_and(|digits| !digits.is_empty() && only(digits, |c| matches!(c, '0'..='7')))
}

fn only(text: &str, taken: impl Fn(char) -> bool) -> bool {
    text.chars().all(taken)
}

/// The sign, and the rest.
fn signed(text: &str) -> (&'static str, &str) {
    match (text.strip_prefix('-'), text.strip_prefix('+')) {
        (Some(rest), _) => ("-", rest),
        (None, Some(rest)) => ("", rest),
        (None, None) => ("", text),
    }
}

fn integer(text: &str) -> Option<String> {
    let (sign, rest) = signed(text);
    let number = if let Some(digits) = rest.strip_prefix("0b") {
        in_base(digits, 2)?
    } else if let Some(digits) = rest.strip_prefix("0x") {
        in_base(digits, 16)?
    } else if rest.starts_with('0') && rest.len() > 1 {
        in_base(rest, 8)?
    } else if rest.contains(':') {
        sexagesimal(rest)?.to_string()
    } else {
        decimal(rest)?
    };
    Some(if number == "0" { number } else { format!("{sign}{number}") })
}

/// Digits of a base, with `_` anywhere among them.
fn in_base(digits: &str, base: u32) -> Option<String> {
    let fits = |c: char| c == '_' || c.is_digit(base);
    if !digits.contains(|c: char| c.is_digit(base)) || !only(digits, fits) {
        return None;
    }
    let values = || digits.chars().filter_map(|c| c.to_digit(base));
    let exact = values().try_fold(0_u128, |all, digit| {
        all.checked_mul(u128::from(base))?.checked_add(u128::from(digit))
    });
    let rough = || values().fold(0.0, |all: f64, digit| all * f64::from(base) + f64::from(digit));
    Some(exact.map_or_else(|| format!("{:e}", rough()), |exact| exact.to_string()))
}

/// Decimal digits without a leading zero.
fn decimal(digits: &str) -> Option<String> {
    let first = digits.chars().next()?;
    let taken = first.is_ascii_digit() && (first != '0' || digits == "0");
    let only_digits = only(digits, |c| c == '_' || c.is_ascii_digit());
    (taken && only_digits).then(|| digits.replace('_', ""))
}

/// Numbers below 60 behind colons, such as `12:30:45`; the first may be larger, and is not 0.
fn sexagesimal(text: &str) -> Option<u128> {
    let mut parts = text.split(':');
    let first = decimal(parts.next()?).filter(|first| first != "0")?;
    parts.try_fold(first.parse().ok()?, |all: u128, part| {
        all.checked_mul(60)?.checked_add(sixty(part)?)
    })
}

/// One or two digits that are less than 60.
fn sixty(part: &str) -> Option<u128> {
    let short = (1..=2).contains(&part.len()) && only(part, |c| c.is_ascii_digit());
    part.parse().ok().filter(|number| short && *number < 60)
}

fn float(text: &str) -> Option<String> {
    let (sign, rest) = signed(text);
    if matches!(rest, ".inf" | ".Inf" | ".INF") {
        return Some(format!("{sign}infinity"));
    }
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some("NaN".to_owned());
    }
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (whole, digits) = match mantissa.split_once('.') {
        Some(parts) => parts,
        // Hours without a dot are integers, or text.
        None if mantissa.contains(':') => return None,
        None => (mantissa, ""),
    };
    if !only(digits, |c| c == '_' || c.is_ascii_digit()) || !is_exponent(exponent) {
        return None;
    }
    let digits = digits.replace('_', "");
    let number: f64 = if whole.contains(':') {
        if !exponent.is_empty() {
            return None;
        }
        // Hours, minutes and seconds fit into a float as they are.
        let (head, last) = whole.rsplit_once(':')?;
        let head = if head.contains(':') { sexagesimal(head)? } else { head.parse().ok()? };
        sixty(last)?;
        let seconds: f64 = format!("{last}.{digits}").parse().ok()?;
        head.to_string().parse::<f64>().ok()? * 60.0 + seconds
    } else if whole.is_empty() {
        // A digit must follow the dot.
        if !digits.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        format!("0.{digits}{exponent}").parse().ok()?
    } else {
        let begins = whole.starts_with(|c: char| c.is_ascii_digit());
        if !begins || !only(whole, |c| c == '_' || c.is_ascii_digit()) {
            return None;
        }
        format!("{}.{digits}{exponent}", whole.replace('_', "")).parse().ok()?
    };
    let is_finite = number.is_finite();
    Some(if is_finite { format!("{sign}{number:?}") } else { format!("{sign}infinity") })
}

/// Nothing, or `e` with digits, which may have a sign.
fn is_exponent(text: &str) -> bool {
    let digits = text.strip_prefix(['e', 'E']);
    let digits = digits.map(|digits| digits.strip_prefix(['+', '-']).unwrap_or(digits));
    let is_digits = |digits: &str| !digits.is_empty() && only(digits, |c| c.is_ascii_digit());
    text.is_empty() || digits.is_some_and(is_digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_yaml_1_1() {
        for (text, number) in [
            ("012345670123", "1402433619"),
            ("02142", "1122"),
            ("0_7", "7"),
            ("0_", "0"),
            ("00", "0"),
            ("-012", "-10"),
            ("0x1F", "31"),
            ("+0x1f", "31"),
            ("0x_1", "1"),
            ("0b101", "5"),
            ("1_000", "1000"),
            ("1__0", "10"),
            ("12:30:45", "45045"),
            ("10:05", "605"),
            ("22:22", "1342"),
            ("1:2", "62"),
            ("190:20:30.15", "685230.15"),
            ("1.10", "1.1"),
            ("1.0", "1.0"),
            ("1.e+5", "100000.0"),
            ("12:30.5", "750.5"),
            ("0:30.5", "30.5"),
            ("-1.10", "-1.1"),
            ("1_0.5", "10.5"),
            (".5", "0.5"),
            ("5.", "5.0"),
            ("1.5e+3", "1500.0"),
            ("+5", "5"),
            ("-5", "-5"),
            ("-0", "0"),
            ("0", "0"),
            ("123456789012", "123456789012"),
            ("9999999999999999999999", "9999999999999999999999"),
            (".inf", "infinity"),
            ("-.inf", "-infinity"),
            (".nan", "NaN"),
            ("012345678901", "12345678901.0"),
            ("0900", "900.0"),
            ("08", "8.0"),
            ("1e3", "1000.0"),
            ("1234e5", "123400000.0"),
            ("1.5e3", "1500.0"),
            ("12e4567", "infinity"),
            ("+.5", "0.5"),
            ("-.5", "-0.5"),
        ] {
            assert_eq!(meaning(text), Meaning::Number(number.to_owned()), "{text}");
        }
    }

    #[test]
    fn all_else_is_text() {
        for text in [
            "0o17",
            "1e",
            "e3",
            "1e3f",
            "08:00",
            "1.2.3",
            "1.1.0",
            "1:60",
            "_1",
            "0b2",
            "1,000",
            "10.0.0.0/16",
            "2012-10-17",
            "0x",
            "0b_",
            "-",
            "+",
            ".",
            "",
            "0:1",
            "1:",
            "1:234",
            "12:30:45.5e+3",
            "-.",
            "1.5e+",
            "y",
            "n",
            "::1",
            "1::2",
            "0.5:3",
            "12:5_0",
            "a",
            "١",
        ] {
            assert_eq!(meaning(text), Meaning::Text, "{text}");
        }
        let huge = format!("0x{}", "f".repeat(40));
        assert!(matches!(meaning(&huge), Meaning::Number(number) if number.contains('e')));
        for (text, octal) in [("0o17", true), ("-0o7", true), ("0o8", false), ("0o", false)] {
            assert_eq!(is_new_octal(text), octal, "{text}");
        }
    }

    #[test]
    fn booleans_are_words() {
        for (text, value) in [("yes", true), ("On", true), ("NO", false), ("off", false)] {
            assert_eq!(meaning(text), Meaning::Boolean(value), "{text}");
        }
    }
}
