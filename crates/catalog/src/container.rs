//! The form of the data file: a dictionary, a sorted index of names, and one zstd frame a type.
//!
//! ```text
//! "RSTKSCH1" | u32 dictionary length | dictionary | u32 count
//!            | count × (u32 name end | u32 frame end | u32 plain length) | names | frames
//! ```
//! Numbers are little-endian; names and frames lie side by side in index order, names sorted.

use crate::error::RegistryError;

const MAGIC: &[u8; 8] = b"RSTKSCH1";
const ROW: usize = 12;

/// A data file, looked at in place.
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    /// The dictionary all frames share.
    pub dictionary: &'a [u8],
    index: &'a [u8],
    names: &'a [u8],
    frames: &'a [u8],
}

/// One type's compressed schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The zstd frame.
    pub bytes: &'a [u8],
    /// The length of the decompressed frame, in bytes.
    pub plain_length: usize,
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(four)).ok()
}

impl<'a> Container<'a> {
    /// Looks at a data file.
    ///
    /// # Errors
    /// If it is cut off or something else.
    pub fn open(bytes: &'a [u8]) -> Result<Self, RegistryError> {
        let damaged = RegistryError::Damaged;
        let body = bytes.strip_prefix(MAGIC).ok_or(damaged("wrong magic"))?;
        let cut = || damaged("cut off");
        let length = number(body, 0).ok_or_else(cut)?;
        let (dictionary, body) =
            body.get(4..).and_then(|b| b.split_at_checked(length)).ok_or_else(cut)?;
        let count = number(body, 0).ok_or_else(cut)?;
        let (index, body) =
            body.get(4..).and_then(|b| b.split_at_checked(count * ROW)).ok_or_else(cut)?;
        let names_end = match count {
            0 => 0,
            _ => number(index, (count - 1) * ROW).ok_or_else(cut)?,
        };
        let (names, frames) = body.split_at_checked(names_end).ok_or_else(cut)?;
        Ok(Self { dictionary, index, names, frames })
    }

    /// The number of types.
    pub fn len(&self) -> usize {
        self.index.len() / ROW
    }

    /// True if there are no types.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// The name at a position of the index.
    pub fn name(&self, position: usize) -> Option<&'a str> {
        let end = number(self.index, position * ROW)?;
        let start = match position {
            0 => 0,
            _ => number(self.index, (position - 1) * ROW)?,
        };
        std::str::from_utf8(self.names.get(start..end)?).ok()
    }

    /// Where a name is in the index.
    pub fn position(&self, name: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.name(middle)?.cmp(name) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The frame at a position of the index.
    pub fn frame(&self, position: usize) -> Option<Frame<'a>> {
        let end = number(self.index, position * ROW + 4)?;
        let plain_length = number(self.index, position * ROW + 8)?;
        let start = match position {
            0 => 0,
            _ => number(self.index, (position - 1) * ROW + 4)?,
        };
        Some(Frame { bytes: self.frames.get(start..end)?, plain_length })
    }
}

/// Writes a data file from (name, frame, plain length), sorted by name.
///
/// # Errors
/// If something is too long for its field.
pub fn write(
    dictionary: &[u8],
    types: &[(String, Vec<u8>, usize)],
) -> Result<Vec<u8>, std::num::TryFromIntError> {
    let mut out = MAGIC.to_vec();
    out.extend(u32::try_from(dictionary.len())?.to_le_bytes());
    out.extend(dictionary);
    out.extend(u32::try_from(types.len())?.to_le_bytes());
    let (mut names, mut frames): (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
    for (name, frame, plain_length) in types {
        names.extend(name.as_bytes());
        frames.extend(frame);
        out.extend(u32::try_from(names.len())?.to_le_bytes());
        out.extend(u32::try_from(frames.len())?.to_le_bytes());
        out.extend(u32::try_from(*plain_length)?.to_le_bytes());
    }
    out.extend(names);
    out.extend(frames);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_found_again_and_a_cut_file_is_refused() {
        let types = [("A".to_owned(), vec![1, 2], 5), ("B::C".to_owned(), vec![3], 9)];
        let bytes = write(b"dict", &types).unwrap();
        let container = Container::open(&bytes).unwrap();
        assert_eq!((container.dictionary, container.len()), (&b"dict"[..], 2));
        assert_eq!(container.position("B::C"), Some(1));
        assert_eq!(container.position("B"), None);
        assert_eq!(container.frame(1), Some(Frame { bytes: &[3], plain_length: 9 }));
        for cut in 0..bytes.len() - 3 {
            assert!(Container::open(&bytes[..cut]).is_err(), "{cut} bytes were accepted");
        }
    }
}
