//! Texts that match a pattern, for identifiers and attributes of the form their type declares.
//!
//! Not a regular expression engine: it reads what schemas use, passes over look-around, and what
//! it makes is checked against the pattern by the caller's rules.

use std::iter::Peekable;
use std::str::Chars;

use crate::derive::{Derivation, LOWER};

/// The number of characters that an open repetition yields.
const USUAL: usize = 12;
const TRIES: usize = 8;

/// True if the text matches; `None` for a pattern beyond the expressions known here.
pub(crate) fn matches(pattern: &str, text: &str) -> Option<bool> {
    let pattern = pattern.replace("\\A", "^").replace("\\Z", "$").replace("\\z", "$");
    let regex = regex_lite::RegexBuilder::new(&pattern).size_limit(1 << 20).build().ok()?;
    Some(regex.is_match(text))
}

/// A text that matches the pattern and has a length within the bounds, if one is found.
pub(crate) fn sample(
    pattern: &str,
    (least, most): (usize, usize),
    derived: &mut Derivation,
) -> Option<String> {
    let tree = Reader { rest: pattern.chars().peekable() }.branches();
    for attempt in 0..TRIES {
        let usual = [USUAL, 1, least, 4].get(attempt % 4).copied().unwrap_or(1);
        let mut text = String::new();
        write(&tree, attempt, usual, derived, &mut text);
        let length = text.chars().count();
        if (least..=most).contains(&length) && matches(pattern, &text) != Some(false) {
            return Some(text);
        }
    }
    None
}

/// A part of a pattern that matches at one place.
enum Piece {
    /// One character of these ranges.
    One(Vec<(char, char)>),
    /// One of these sequences.
    Group(Branches),
}

struct Repeated {
    piece: Piece,
    least: usize,
    most: Option<usize>,
}

type Branches = Vec<Vec<Repeated>>;

fn write(
    branches: &Branches,
    attempt: usize,
    usual: usize,
    derived: &mut Derivation,
    out: &mut String,
) {
    let Some(branch) = branches.get(attempt.checked_rem(branches.len()).unwrap_or(0)) else {
        return;
    };
    for Repeated { piece, least, most } in branch {
        match piece {
            Piece::One(ranges) => {
                let count = usual.clamp(*least, most.unwrap_or(usize::MAX).max(*least));
                for _ in 0..count {
                    out.extend(character(ranges, derived));
                }
            }
            Piece::Group(inner) => {
                for _ in 0..*least {
                    write(inner, attempt, usual, derived, out);
                }
            }
        }
    }
}

/// A character of the ranges, a lower-case letter or a digit if there is one.
fn character(ranges: &[(char, char)], derived: &mut Derivation) -> Option<char> {
    let within = |c: char| ranges.iter().any(|(from, to)| (*from..=*to).contains(&c));
    let plain: Vec<char> = LOWER.iter().map(|b| char::from(*b)).filter(|c| within(*c)).collect();
    let upper: Vec<char> = ('A'..='Z').filter(|c| within(*c)).collect();
    let pick = derived.pick(if plain.is_empty() { &upper } else { &plain });
    pick.or_else(|| (' '..='~').find(|c| within(*c))).or_else(|| ranges.first().map(|r| r.0))
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
}

impl Reader<'_> {
    fn branches(&mut self) -> Branches {
        let mut all = vec![Vec::new()];
        while let Some(c) = self.rest.next_if(|c| *c != ')') {
            if c == '|' {
                all.push(Vec::new());
                continue;
            }
            let Some(piece) = self.piece(c) else { continue };
            let (least, most) = self.repetition();
            if let Some(branch) = all.last_mut() {
                branch.push(Repeated { piece, least, most });
            }
        }
        all
    }

    fn piece(&mut self, first: char) -> Option<Piece> {
        match first {
            '^' | '$' => None,
            '.' => Some(Piece::One(vec![('a', 'z'), ('0', '9')])),
            '[' => Some(Piece::One(self.class())),
            '(' => {
                let real = self.group_kind();
                let inner = self.branches();
                self.rest.next();
                let looks = Piece::Group(vec![Vec::new()]);
                Some(if real { Piece::Group(inner) } else { looks })
            }
            '\\' => {
                let escaped = self.rest.next()?;
                let anchor = matches!(escaped, 'A' | 'Z' | 'z' | 'b' | 'B');
                (!anchor).then(|| Piece::One(self.escape(escaped)))
            }
            c => Some(Piece::One(vec![(c, c)])),
        }
    }

    /// Reads what follows an opening bracket; says whether the group's text is part of the match.
    fn group_kind(&mut self) -> bool {
        if self.rest.next_if_eq(&'?').is_none() {
            return true;
        }
        match self.rest.next() {
            Some('=' | '!') => false,
            Some('<') if matches!(self.rest.peek(), Some('=' | '!')) => {
                self.rest.next();
                false
            }
            Some('<' | 'P') => {
                while self.rest.next_if(|c| *c != '>').is_some() {}
                self.rest.next();
                true
            }
            Some(_) | None => true,
        }
    }

    fn repetition(&mut self) -> (usize, Option<usize>) {
        let bounds = match self.rest.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => return self.counted(),
            Some(_) | None => return (1, Some(1)),
        };
        self.rest.next();
        self.rest.next_if(|c| matches!(c, '?' | '+'));
        bounds
    }

    fn counted(&mut self) -> (usize, Option<usize>) {
        self.rest.next();
        let mut text = String::new();
        while let Some(c) = self.rest.next_if(|c| *c != '}') {
            text.push(c);
        }
        self.rest.next();
        self.rest.next_if_eq(&'?');
        let (least, most) =
            text.split_once(',').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
        let least = least.trim().parse().unwrap_or(0);
        match most {
            None => (least, Some(least)),
            Some(most) => (least, most.trim().parse().ok()),
        }
    }

    fn class(&mut self) -> Vec<(char, char)> {
        let negated = self.rest.next_if_eq(&'^').is_some();
        let mut ranges = Vec::new();
        let mut first = true;
        while let Some(c) = self.rest.next() {
            if c == ']' && !first {
                break;
            }
            first = false;
            let mut from = match c {
                '\\' => {
                    let Some(escaped) = self.rest.next() else { break };
                    self.escape(escaped)
                }
                '[' if self.rest.peek() == Some(&':') => self.posix(),
                c => vec![(c, c)],
            };
            if let [(low, high)] = from.as_slice()
                && low == high
                && self.rest.next_if_eq(&'-').is_some()
            {
                let low = *low;
                match self.rest.next() {
                    Some(']') | None => {
                        ranges.extend([(low, low), ('-', '-')]);
                        break;
                    }
                    Some('\\') => {
                        let escaped = self.rest.next().unwrap_or('-');
                        let to = self.escape(escaped);
                        from = to.first().map_or(vec![(low, low)], |(to, _)| vec![(low, *to)]);
                    }
                    Some(to) => from = vec![(low, to)],
                }
            }
            ranges.extend(from);
        }
        if !negated {
            return ranges;
        }
        let outside = |c: &char| !ranges.iter().any(|(from, to)| (*from..=*to).contains(c));
        (' '..='~').filter(outside).map(|c| (c, c)).collect()
    }

    fn posix(&mut self) -> Vec<(char, char)> {
        while self.rest.next_if(|c| *c != ']').is_some() {}
        self.rest.next();
        vec![('a', 'z'), ('0', '9')]
    }

    fn escape(&mut self, escaped: char) -> Vec<(char, char)> {
        match escaped {
            'd' => vec![('0', '9')],
            'w' => vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')],
            's' => vec![(' ', ' '), ('\t', '\t'), ('\n', '\n')],
            'S' | 'D' => vec![('a', 'z')],
            'W' => vec![('-', '-')],
            'n' => vec![('\n', '\n')],
            't' => vec![('\t', '\t')],
            'r' => vec![('\r', '\r')],
            'p' | 'P' => self.category(),
            'u' => self.code(4),
            'x' => self.code(2),
            c => vec![(c, c)],
        }
    }

    fn category(&mut self) -> Vec<(char, char)> {
        let mut name = String::new();
        if self.rest.next_if_eq(&'{').is_some() {
            while let Some(c) = self.rest.next_if(|c| *c != '}') {
                name.push(c);
            }
            self.rest.next();
        } else {
            name.extend(self.rest.next());
        }
        match name.as_str() {
            "N" | "Nd" | "IsDigit" => vec![('0', '9')],
            "Lu" => vec![('A', 'Z')],
            "P" | "S" => vec![('_', '_')],
            "Z" | "Zs" => vec![(' ', ' ')],
            _ => vec![('a', 'z')],
        }
    }

    fn code(&mut self, digits: usize) -> Vec<(char, char)> {
        let mut text = String::new();
        if self.rest.next_if_eq(&'{').is_some() {
            while let Some(c) = self.rest.next_if(|c| *c != '}') {
                text.push(c);
            }
            self.rest.next();
        }
        while text.len() < digits {
            let Some(c) = self.rest.next_if(char::is_ascii_hexdigit) else { break };
            text.push(c);
        }
        let code = u32::from_str_radix(&text, 16).ok().and_then(char::from_u32);
        code.map_or_else(Vec::new, |c| vec![(c, c)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_matches() {
        for pattern in [
            "^vpc-[0-9a-f]{8,17}$",
            "\\A[0-9a-zA-Z-_]+\\Z",
            "^arn:aws[a-z-]*:(kms|iam):[^:]*:\\d{12}:key/(?:[a-z]+|[0-9]+){1,3}$",
            "^(?!aws:)[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*$",
            "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\r\\n\\t]*",
            "^[A-Z]{3}[\\d][^a-z]?$",
            "^([a-z0-9][a-z0-9.-]*[a-z0-9])?$",
        ] {
            let made = sample(pattern, (0, 200), &mut Derivation::new(&[pattern]));
            assert!(made.is_some(), "{pattern}");
        }
        let fixed = sample("^[a-z]{1,40}$", (30, 40), &mut Derivation::new(&[]));
        assert_eq!(fixed.map(|text| text.len()), Some(30));
    }
}
