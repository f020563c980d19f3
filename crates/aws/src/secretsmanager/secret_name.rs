//! Names of secrets, and of those that are going to be deleted.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

/// True if a secret that is given by its name or ARN, or by a part of its ARN, is the one of an ARN,
/// which ends with a hyphen and six characters after the name.
fn is_secret(given: &str, arn: &str) -> bool {
    const END: usize = 7;
    let name = arn.splitn(7, ':').nth(6).unwrap_or_default();
    let bare = name.len().checked_sub(END).and_then(|end| name.get(..end));
    given == arn || given == name || bare == Some(given) || {
        let without = arn.len().checked_sub(END).and_then(|end| arn.get(..end));
        without == Some(given)
    }
}

/// The secret of an ARN, in the form in which the property `SecretId` declares it.
pub(super) fn secret_as_declared(arn: &str, declared: &KnownMap) -> KnownValue {
    let given = declared.get("SecretId");
    let given = given.filter(|given| given.as_str().is_some_and(|it| is_secret(it, arn)));
    given.cloned().unwrap_or_else(|| arn.into())
}

/// True if Secrets Manager refuses because the secret is going to be deleted.
pub(super) fn is_going(error: &DriverError) -> bool {
    error.has_code("InvalidRequestException") && error.message.contains("deletion")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_named_by_its_name_or_its_arn() {
        let arn = "arn:aws:secretsmanager:eu-west-1:1:secret:live/db-AbCdEf";
        for given in [arn, "live/db", "live/db-AbCdEf", &arn[..arn.len() - 7]] {
            assert!(is_secret(given, arn), "{given}");
        }
        assert!(!is_secret("live", arn) && !is_secret("", arn));
    }
}
