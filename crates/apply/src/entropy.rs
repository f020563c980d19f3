//! Where tokens, lineages and the random part of names come from.

use std::sync::atomic::{AtomicU64, Ordering};

use rstack_model::{Digest, Lineage, Token};

/// A source of values that are used once.
pub trait Entropy: Send + Sync {
    /// 128 fresh bits.
    fn bits(&self) -> u128;

    /// The token of one operation: a UUIDv4.
    fn token(&self) -> Token {
        Token::new(self.uuid())
    }

    /// The lineage of a new state.
    fn lineage(&self) -> Lineage {
        Lineage::new(self.uuid())
    }

    /// A version 4 UUID in its usual form.
    fn uuid(&self) -> String {
        uuid::Builder::from_random_bytes(self.bits().to_be_bytes()).into_uuid().to_string()
    }

    /// The random end of a name: twelve characters of `A`–`Z` and `0`–`9`.
    fn suffix(&self) -> String {
        const ALPHABET: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let mut bits = self.bits();
        let mut out = String::new();
        for _ in 0..12 {
            let index = usize::try_from(bits % 36).unwrap_or(0);
            bits /= 36;
            out.extend(ALPHABET.get(index).map(|byte| char::from(*byte)));
        }
        out
    }
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug)]
pub struct RandomEntropy;

impl Entropy for RandomEntropy {
    fn bits(&self) -> u128 {
        uuid::Uuid::new_v4().as_u128() ^ uuid::Uuid::new_v4().as_u128().rotate_left(64)
    }
}

/// A sequence fixed by a seed, for runs that are to be repeated exactly.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    next: AtomicU64,
}

impl SeededEntropy {
    /// The sequence of this seed, from its beginning.
    pub fn new(seed: u64) -> Self {
        Self { seed, next: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn bits(&self) -> u128 {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let digest = Digest::of(format!("{}/{n}", self.seed).as_bytes());
        let half = digest.as_str().get(..32).unwrap_or_default();
        u128::from_str_radix(half, 16).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// UUIDs have some bits that are always the same: none of ours is.
    #[test]
    fn every_bit_of_the_systems_randomness_is_drawn() {
        let drawn: Vec<u128> = (0..200).map(|_| RandomEntropy.bits()).collect();
        let (ever, always) = drawn.iter().fold((0, u128::MAX), |(or, and), it| (or | it, and & it));
        assert_eq!((ever, always), (u128::MAX, 0));
    }

    #[test]
    fn the_ends_of_names_are_long_and_use_the_whole_alphabet() {
        let entropy = SeededEntropy::new(1);
        let ends: BTreeSet<String> = (0..100).map(|_| entropy.suffix()).collect();
        assert_eq!(ends.len(), 100);
        let alphabet = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        assert!(ends.iter().all(|end| end.len() == 12 && end.chars().all(alphabet)));
        for place in 0..12 {
            let used: BTreeSet<_> = ends.iter().map(|end| end.as_bytes()[place]).collect();
            assert!(used.len() > 20, "place {place}: {used:?}");
        }
        let within = ends.iter().map(|end| end.bytes().collect::<BTreeSet<_>>().len());
        assert!(within.min() > Some(5), "one place says nothing of another");
    }
}
