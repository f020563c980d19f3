//! The forms of a secret in which a service or a program may quote it.

use std::fmt::Write as _;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Lines and parts of a secret of fewer bytes are not looked for by themselves.
const SHORTEST_LINE: usize = 8;
/// The number of bytes of the parts that are looked for: a message may cut a long secret off.
const PART: usize = 12;
/// The number of bytes of a secret whose parts are looked for at most.
const LONGEST_WITH_PARTS: usize = 16 * 1024;

/// The form of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The secret itself.
    Plain,
    /// An escaped form, or a part.
    Escaped,
    /// The characters of a base64 text that depend on the secret alone. Their neighbours depend on
    /// it, too.
    Base64,
}

impl Form {
    /// The bytes that are hidden for a match of this form.
    pub(super) fn covered(self, text: &str, found: Range<usize>) -> Range<usize> {
        match self {
            Self::Plain | Self::Escaped => found,
            Self::Base64 => {
                let coded = |byte: &u8| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
                };
                let bytes = text.as_bytes();
                let before = found.start.checked_sub(1).and_then(|at| bytes.get(at));
                let start = found.start - usize::from(before.is_some_and(coded));
                let end = found.end + usize::from(bytes.get(found.end).is_some_and(coded));
                start..end
            }
        }
    }
}

/// The forms of a secret: itself; its lines; its parts; escaped for JSON (once, twice, in ASCII), for
/// Rust's `Debug`, for XML and for URLs; hexadecimal; and base64 at every alignment.
pub(super) fn variants(secret: &str) -> Vec<(String, Form)> {
    let mut out = vec![(secret.to_owned(), Form::Plain)];
    let mut escaped = Vec::new();
    escaped.extend([secret.trim().to_owned(), secret.to_lowercase(), secret.to_uppercase()]);
    escaped.extend([secret.replace('\n', "\r\n"), secret.replace("\r\n", "\n")]);
    let lines = secret.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE);
    escaped.extend(lines.map(str::to_owned));
    let json = in_json(secret);
    let debug = format!("{secret:?}");
    escaped.extend(debug.get(1..debug.len() - 1).map(str::to_owned));
    let ascii = in_ascii(&json);
    escaped.extend([in_json(&json), json.replace('/', "\\/"), in_json(&ascii), ascii, json]);
    escaped.extend([in_xml(secret, "&quot;", "&apos;"), in_xml(secret, "&#34;", "&#39;")]);
    escaped.push(in_xml(secret, "\"", "'"));
    for kept in ["-._~", "-._~!'()*", "-._~/", "-._~!'()*;/?:@&=+$,#"] {
        escaped.push(in_url(secret, kept, false));
        escaped.push(in_url(secret, kept, true));
    }
    for separator in ["", ":", " ", "-"] {
        let bytes: Vec<String> = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        escaped.push(bytes.join(separator));
    }
    escaped.extend(parts(secret).map(str::to_owned));
    escaped.retain(|text| text.len() >= super::SHORTEST && text != secret);
    escaped.sort();
    escaped.dedup();
    out.extend(escaped.into_iter().map(|text| (text, Form::Escaped)));
    out.extend((0..3).flat_map(|skip| in_base64(secret, skip)).map(|text| (text, Form::Base64)));
    out
}

/// Every part of a long secret.
fn parts(secret: &str) -> impl Iterator<Item = &str> {
    let long = (PART + 1..=LONGEST_WITH_PARTS).contains(&secret.len());
    let starts = secret.char_indices().map(|(at, _)| at).filter(move |_| long);
    starts.filter_map(|at| secret.get(at..at + PART))
}

fn in_json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or(&quoted).to_owned()
}

fn in_ascii(json: &str) -> String {
    let mut out = String::new();
    for character in json.chars() {
        if character.is_ascii() {
            out.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            let _never_fails = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

fn in_xml(text: &str, double: &str, single: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', double).replace('\'', single)
}

fn in_url(text: &str, kept: &str, plus: bool) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match char::from(byte) {
            ' ' if plus => out.push('+'),
            plain if plain.is_ascii_alphanumeric() || (byte.is_ascii() && kept.contains(plain)) => {
                out.push(plain);
            }
            _ => {
                let _never_fails = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// The characters that depend on the secret alone where `skip` bytes precede it, in both alphabets.
fn in_base64(secret: &str, skip: usize) -> Vec<String> {
    let bytes = [&vec![0; skip], secret.as_bytes()].concat();
    let own = (skip * 8).div_ceil(6)..bytes.len() * 8 / 6;
    let coded = [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)];
    let mut out: Vec<String> = coded
        .iter()
        .filter_map(|text| text.get(own.clone()))
        .filter(|text| text.len() >= super::SHORTEST)
        .map(str::to_owned)
        .collect();
    out.dedup();
    out
}
