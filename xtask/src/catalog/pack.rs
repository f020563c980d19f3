//! The form of a data file: each type's JSON compressed with a shared dictionary.

use std::collections::BTreeMap;
use std::error::Error;

use rstack_catalog::container;

/// Size of the shared dictionary, in bytes.
const DICTIONARY: usize = 112 << 10;
const LEVEL: i32 = 19;

/// The bytes of a data file.
pub(super) fn file(types: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, Box<dyn Error>> {
    let samples: Vec<&Vec<u8>> = types.values().collect();
    let dictionary = zstd::dict::from_samples(&samples, DICTIONARY)?;
    let mut compressor = zstd::bulk::Compressor::with_dictionary(LEVEL, &dictionary)?;
    let mut rows = Vec::new();
    for (name, json) in types {
        rows.push((name.clone(), compressor.compress(json)?, json.len()));
    }
    Ok(container::write(&dictionary, &rows)?)
}
