//! Bytes that look random and are not: derived from a seed and the name of what they are for.

use rstack_model::Digest;

const HEX: &[u8] = b"0123456789abcdef";
/// Lower-case letters and digits.
pub(crate) const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
/// Upper-case letters and digits.
pub(crate) const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Digits.
pub(crate) const DIGITS: &[u8] = b"0123456789";

/// An endless line of bytes, always the same for the same parts.
pub(crate) struct Derivation {
    root: Digest,
    block: u64,
    left: Vec<u8>,
}

impl Derivation {
    /// The line of these parts. No two different lists of parts share one.
    pub(crate) fn new(parts: &[&str]) -> Self {
        let mut text = String::new();
        for part in parts {
            text.push_str(&format!("{}:{part};", part.len()));
        }
        Self { root: Digest::of(text.as_bytes()), block: 0, left: Vec::new() }
    }

    fn byte(&mut self) -> u8 {
        loop {
            if let Some(byte) = self.left.pop() {
                return byte;
            }
            let digest = Digest::of(format!("{}/{}", self.root, self.block).as_bytes());
            self.block += 1;
            let pairs = digest.as_str().as_bytes().chunks(2);
            let text = pairs.filter_map(|pair| std::str::from_utf8(pair).ok());
            self.left = text.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect();
        }
    }

    /// A number below this one; 0 if there is none.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let number = u32::from_be_bytes([self.byte(), self.byte(), self.byte(), self.byte()]);
        (number as usize).checked_rem(bound).unwrap_or(0)
    }

    /// One of these.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        of.get(self.below(of.len())).copied()
    }

    /// A text of this many characters of an alphabet of ASCII characters.
    pub(crate) fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).filter_map(|_| self.pick(alphabet).map(char::from)).collect()
    }

    /// This many hexadecimal digits.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        self.text(HEX, length)
    }

    /// This many letters.
    pub(crate) fn letters(&mut self, length: usize) -> String {
        self.text(LETTERS, length)
    }

    /// A UUID of version 4.
    pub(crate) fn uuid(&mut self) -> String {
        let variant = self.text(b"89ab", 1);
        let (a, b, c) = (self.hex(8), self.hex(4), self.hex(3));
        format!("{a}-{b}-4{c}-{variant}{}-{}", self.hex(3), self.hex(12))
    }

    /// True so often in a thousand.
    pub(crate) fn happens(&mut self, per_mille: u16) -> bool {
        self.below(1000) < usize::from(per_mille)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_parts_give_the_same_and_others_others() {
        let make = |parts: &[&str]| Derivation::new(parts).hex(80);
        assert_eq!(make(&["a", "b"]), make(&["a", "b"]));
        assert_ne!(make(&["a", "b"]), make(&["ab"]));
        assert_ne!(make(&["a", "b"]), make(&["b", "a"]));
        let uuid = Derivation::new(&["x"]).uuid();
        assert_eq!((uuid.len(), uuid.as_bytes()[14]), (36, b'4'));
        let count = (0..1000).filter(|i| Derivation::new(&[&i.to_string()]).happens(100)).count();
        assert!((60..140).contains(&count), "{count}");
    }
}
