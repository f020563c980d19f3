//! The files that parameters have their values from.

use std::io::Read;
use std::path::{Path, PathBuf};

use rstack_model::SecretString;
use rstack_template::{ParameterFile, read_parameter_file};

use super::error::ParameterError;
use crate::env::Env;
use crate::files::{self, FileError, MEBIBYTE};

/// The number of bytes of a value at most. CloudFormation takes 4,096.
const LONGEST: u64 = 64 * 1024;

/// The number of bytes of a file of values at most.
const LARGEST: u64 = MEBIBYTE;

/// The contents of a file, or with `-` of standard input, without the line end behind them.
///
/// # Errors
/// If the file cannot be read, or holds no text of at most 64 KiB.
pub(crate) fn from_file(
    env: &Env,
    name: &str,
    path: &Path,
) -> Result<SecretString, ParameterError> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        let failed = |source| ParameterError::Input { name: name.to_owned(), source };
        let mut input = env.streams.input.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (&mut *input).take(LONGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        bytes = match files::read_named(env, path, LONGEST) {
            Ok(bytes) => bytes,
            Err(FileError::TooLarge { .. }) => {
                return Err(ParameterError::Value { name: name.to_owned(), path: path.to_owned() });
            }
            Err(source) => {
                let (name, path) = (name.to_owned(), path.to_owned());
                return Err(ParameterError::File { name, path, source });
            }
        };
    }
    let bytes = zeroize::Zeroizing::new(bytes);
    let wrong = || ParameterError::Value { name: name.to_owned(), path: path.to_owned() };
    let text = std::str::from_utf8(&bytes).map_err(|_| wrong())?;
    if text.len() as u64 > LONGEST {
        return Err(wrong());
    }
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    Ok(SecretString::new(text.to_owned()))
}

/// The values in a file. `file://` before its path, as the AWS CLI wants it, is passed over.
///
/// # Errors
/// If the file cannot be read, or has none of the forms.
pub(super) fn values_file(
    env: &Env,
    path: &Path,
) -> Result<(PathBuf, ParameterFile), ParameterError> {
    let path = match path.to_str().and_then(|text| text.strip_prefix("file://")) {
        Some(rest) => PathBuf::from(rest),
        None => path.to_owned(),
    };
    let bytes = files::read_named(env, &path, LARGEST)
        .map_err(|source| ParameterError::ValuesFile { path: path.clone(), source })?;
    let bytes = zeroize::Zeroizing::new(bytes);
    let text = std::str::from_utf8(&bytes).map_err(|_| ParameterError::NotText(path.clone()))?;
    match read_parameter_file(text) {
        Ok(file) => Ok((path, file)),
        Err(error) => Err(ParameterError::Form { path, error }),
    }
}
