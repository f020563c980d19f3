//! Names of KMS keys: by ARN, by ID, by alias.

/// The alias of the key that encrypts a secret for which none is given.
pub(super) const DEFAULT_KEY: &str = "alias/aws/secretsmanager";

/// The name of the key within its account and Region: `alias/NAME`, or the ID alone.
fn short(key: &str) -> &str {
    let resource = match key.strip_prefix("arn:") {
        Some(rest) => rest.splitn(5, ':').nth(4).unwrap_or(rest),
        None => key,
    };
    resource.strip_prefix("key/").unwrap_or(resource)
}

/// True if both names are of one key, as far as names can tell. No name is the default key.
pub(super) fn same_key(one: Option<&str>, other: Option<&str>) -> bool {
    let named = |key: Option<&str>| {
        short(key.filter(|key| !key.is_empty()).unwrap_or(DEFAULT_KEY)).to_owned()
    };
    named(one) == named(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_several_names() {
        let arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab";
        assert!(same_key(Some(arn), Some("1234abcd-12ab")));
        assert!(!same_key(Some(arn), Some("5678")));
        assert!(same_key(Some("arn:aws:kms:eu-west-1:111122223333:alias/x"), Some("alias/x")));
        assert!(same_key(None, Some(DEFAULT_KEY)));
        assert!(!same_key(None, Some("alias/x")));
    }
}
