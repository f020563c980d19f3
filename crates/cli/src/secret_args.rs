//! The values of secret parameters, as the command line gives them to commands without a template.

use rstack_model::SecretString;

/// The values, out of sight from here on.
pub(crate) fn secrets(given: &[(String, String)]) -> Vec<(String, SecretString)> {
    given.iter().map(|(name, text)| (name.clone(), SecretString::new(text.clone()))).collect()
}
