//! Recognizing secrets inside of foreign text: as they are, and in the forms in which programs quote
//! them.

use std::fmt;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use super::variants::{Form, variants};
use crate::value::SecretString;

/// The replacement of a secret in text that is shown.
pub const HIDDEN: &str = "‹secret›";

/// The replacement of a text that may quote a secret which cannot be masked.
pub const WITHHELD: &str = "(withheld: it may quote a secret that is too short to be masked)";

/// Secrets of fewer bytes are not searched for: they stand in every text by chance, and masking them
/// would show which characters they have.
pub const SHORTEST: usize = 4;

/// Masks a set of secrets in text, all at once: each in every form of `variants`, in whichever case,
/// so that no part of a longer secret is left where a shorter one is a part of it.
///
/// The patterns are not wiped when the masker is dropped.
#[derive(Clone)]
pub struct Masker {
    automaton: Option<AhoCorasick>,
    /// By pattern: which secret it is of, and in which form.
    patterns: Vec<(usize, Form)>,
    secrets: Vec<SecretString>,
    has_short: bool,
}

/// A place in a text that holds secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked {
    /// The bytes.
    pub range: Range<usize>,
    /// The index of the secret, if the bytes are exactly that secret and no other one.
    pub exact: Option<usize>,
}

impl Masker {
    /// A masker of these secrets; empty ones are passed over.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let secrets: Vec<SecretString> = secrets.into_iter().cloned().collect();
        let (mut texts, mut patterns) = (Vec::new(), Vec::new());
        for (index, secret) in secrets.iter().enumerate() {
            if secret.expose().len() < SHORTEST {
                continue;
            }
            for (text, form) in variants(secret.expose()) {
                texts.push(text);
                patterns.push((index, form));
            }
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(true)
            .build(&texts);
        let short = |secret: &SecretString| (1..SHORTEST).contains(&secret.expose().len());
        let has_short = secrets.iter().any(short);
        // Too many patterns for an automaton: nothing can be shown.
        let has_short = has_short || automaton.is_err();
        let automaton = automaton.ok().filter(|_| !texts.is_empty());
        Self { automaton, patterns, secrets, has_short }
    }

    /// The text with [`HIDDEN`] in the place of every secret; [`WITHHELD`] if one of the secrets is
    /// shorter than [`SHORTEST`], whatever the text says: what is shown must not depend on it.
    pub fn mask(&self, text: &str) -> String {
        if self.has_short && !text.is_empty() {
            return WITHHELD.to_owned();
        }
        self.mask_long(text)
    }

    /// The text with [`HIDDEN`] in the place of every secret of at least [`SHORTEST`] bytes: for
    /// answers to calls that send none.
    pub fn mask_long(&self, text: &str) -> String {
        let (mut out, mut end) = (String::with_capacity(text.len()), 0);
        for masked in self.find(text) {
            out.push_str(text.get(end..masked.range.start).unwrap_or(""));
            out.push_str(HIDDEN);
            end = masked.range.end;
        }
        out.push_str(text.get(end..).unwrap_or(""));
        out
    }

    /// The places of a text that hold secrets of at least [`SHORTEST`] bytes, in order; places that
    /// touch are one.
    pub fn find(&self, text: &str) -> Vec<Masked> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let mut found: Vec<Masked> = automaton
            .find_overlapping_iter(text)
            .filter_map(|found| {
                let (index, form) = self.patterns.get(found.pattern().as_usize())?;
                let range = form.covered(text, found.range());
                let same = |secret: &SecretString| text.get(range.clone()) == Some(secret.expose());
                let exact = (*form == Form::Plain && self.secrets.get(*index).is_some_and(same))
                    .then_some(*index);
                Some(Masked { range, exact })
            })
            .collect();
        found.sort_by_key(|masked| (masked.range.start, std::cmp::Reverse(masked.range.end)));
        let mut merged: Vec<Masked> = Vec::new();
        for next in found {
            match merged.last_mut() {
                Some(last) if next.range.start <= last.range.end => last.join(next),
                _ => merged.push(next),
            }
        }
        merged
    }
}

impl Masked {
    fn join(&mut self, other: Self) {
        if other.range == self.range {
            self.exact = self.exact.or(other.exact);
        } else if other.range.end > self.range.end {
            self.range.end = other.range.end;
            self.exact = None;
        }
    }
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Masker(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masker(secrets: &[&str]) -> Masker {
        let secrets: Vec<SecretString> =
            secrets.iter().map(|text| SecretString::new((*text).to_owned())).collect();
        Masker::new(&secrets)
    }

    #[test]
    fn a_secret_that_is_a_part_of_another_one_leaves_nothing_of_it() {
        let both = masker(&["prod", "prod-Xy77abc", "abcdef"]);
        assert_eq!(both.mask("`prod-Xy77abc` is weak"), "`‹secret›` is weak");
        assert_eq!(both.mask("prod"), "‹secret›");
        assert_eq!(both.mask("prod-Xy77abcdef!"), "‹secret›!", "they overlap");
        assert_eq!(both.mask("prodabcdef!"), "‹secret›!", "they touch");
    }

    #[test]
    fn every_form_in_which_programs_quote_is_masked() {
        let secret = "Hün\"te/r 2+<&>\\\nzwei Zeilen";
        let masker = masker(&[secret]);
        let json = serde_json::Value::from(secret).to_string();
        let twice = serde_json::Value::from(json.as_str()).to_string();
        let debug = format!("{secret:?}");
        let percent = "H%C3%BCn%22te%2Fr%202%2B%3C%26%3E%5C%0Azwei%20Zeilen";
        let form = "H%c3%bcn%22te%2fr+2%2b%3c%26%3e%5c%0azwei+Zeilen";
        let hex: String = secret.bytes().map(|byte| format!("{byte:02X}")).collect();
        let xml = "Hün&quot;te/r 2+&lt;&amp;&gt;\\\nzwei Zeilen";
        let ascii = "H\\u00fcn\\\"te/r 2+<&>\\\\\\nzwei Zeilen";
        let lower = secret.to_lowercase();
        for text in [secret, &json, &twice, &debug, percent, form, &hex, xml, ascii, &lower] {
            let shown = masker.mask(&format!("a {text} z"));
            let bare = shown.replace(['"', '\\', ' '], "");
            assert_eq!(bare, "a‹secret›z", "{text}");
        }
        assert_eq!(masker.mask("line 2: `zwei Zeilen`"), "line 2: `‹secret›`");
    }

    #[test]
    fn base64_is_masked_wherever_the_secret_stands_in_what_was_coded() {
        use base64::Engine;
        use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
        let masker = masker(&["hunter2-and-more??>>"]);
        for before in ["", "x", "xy", "xyz"] {
            for after in ["", "x", "xy"] {
                let text = format!("{before}hunter2-and-more??>>{after}");
                for coded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                    let shown = masker.mask(&format!("[{coded}]"));
                    assert!(shown.contains(HIDDEN), "{text:?}: {shown}");
                    // All that is left are the neighbours' own characters.
                    let left = shown.replace(HIDDEN, "").replace('=', "");
                    let own = before.len().div_ceil(3) * 4 + after.len().div_ceil(3) * 4;
                    assert!(left.len() <= 2 + own, "{text:?}: {shown}");
                }
            }
        }
    }

    #[test]
    fn a_part_of_a_long_secret_is_masked() {
        let masker = masker(&["0123456789abcdefghijklmnopqrstuvwxyz"]);
        assert_eq!(
            masker.mask("value `456789abcdefghij…` is too long"),
            "value `‹secret›…` is too long"
        );
    }

    #[test]
    fn a_text_is_withheld_whole_where_a_secret_is_too_short() {
        assert_eq!(masker(&["a1", "long enough"]).mask("x"), WITHHELD);
        assert_eq!(masker(&["", "long enough"]).mask("x"), "x");
        assert_eq!(masker(&["a1"]).mask(""), "");
    }

    #[test]
    fn debug_prints_nothing_of_the_secrets() {
        assert_eq!(format!("{:?}", masker(&["hunter2"])), "Masker(..)");
    }

    mod laws {
        use proptest::prelude::*;

        use super::*;

        proptest! {
            #![proptest_config(ProptestConfig::with_cases(64))]

            #[test]
            fn nothing_of_a_secret_is_left(
                secrets in prop::collection::vec("[a-cA-C0-1\"\\\\é\n-]{4,12}", 1..4),
                texts in prop::collection::vec("[a-c ]{0,4}", 4),
            ) {
                let masker = masker(&secrets.iter().map(String::as_str).collect::<Vec<_>>());
                let mut text = texts.concat();
                for (secret, between) in secrets.iter().zip(&texts) {
                    text = format!("{text}{between}{secret}");
                }
                let shown = masker.mask(&text);
                for secret in &secrets {
                    prop_assert!(!shown.contains(secret.as_str()), "{text:?} -> {shown:?}");
                }
            }
        }
    }
}
