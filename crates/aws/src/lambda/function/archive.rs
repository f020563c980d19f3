//! The archive of code that a template holds as text.

use std::io::{self, Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The permissions of a file in an archive: every user of the environment reads it.
const READABLE: u32 = 0o644;

/// The archive with these files, by name. The same files give the same bytes: they have no time of
/// their own and are not compressed.
///
/// # Errors
/// If a file is too long for an archive.
pub(super) fn zipped(files: &[(&str, &str)]) -> io::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            .unix_permissions(READABLE);
        archive.start_file(*name, options)?;
        archive.write_all(text.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use rstack_model::Digest;

    use super::*;

    /// Another archive of the same text would be another code to Lambda.
    #[test]
    fn the_same_text_gives_the_same_archive_for_all_time() {
        let made = zipped(&[("index.py", "def handler(event, context): return 1\n")]).unwrap();
        let expected = "84a909262ab34778e2967551e72fde4d53b2741e91522f98f2246a1724c9e752";
        assert_eq!(Digest::of(&made).as_str(), expected);
        let contains = |text: &[u8]| made.windows(text.len()).any(|window| window == text);
        assert!(contains(b"index.py") && contains(b"return 1\n"));
    }
}
