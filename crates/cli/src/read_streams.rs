//! The streams that were read in the place of files. A stream has its content once only.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The content of the streams that a command was given as files, by path.
#[derive(Clone, Default)]
pub struct ReadStreams(Arc<Mutex<BTreeMap<PathBuf, Arc<Vec<u8>>>>>);

impl ReadStreams {
    /// The content of a stream, which `read` gives unless it was read before.
    ///
    /// # Errors
    /// That of `read`. The next call reads what is left.
    pub(crate) fn once<E>(
        &self,
        path: &Path,
        read: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Arc<Vec<u8>>, E> {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = streams.get(path) {
            return Ok(bytes.clone());
        }
        let bytes = Arc::new(read()?);
        streams.insert(path.to_owned(), bytes.clone());
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_read_once() {
        let streams = ReadStreams::default();
        let mut reads = 0;
        for _ in 0..2 {
            let bytes = streams.once::<()>(Path::new("-"), || {
                reads += 1;
                Ok(vec![reads])
            });
            assert_eq!(bytes.unwrap().as_slice(), [1]);
        }
        assert_eq!(streams.once(Path::new("x"), || Err(7)).unwrap_err(), 7);
    }
}
