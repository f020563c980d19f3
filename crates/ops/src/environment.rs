//! Where a stack lives, in words.

use rstack_model::state::{Environment, SANDBOX_ACCOUNT};

/// The environment in words: `account 123456789012, eu-west-1` or `the sandbox (eu-west-1)`.
pub fn describe(environment: &Environment) -> String {
    let Environment { account, region, sandbox, .. } = environment;
    match (sandbox, account.as_str()) {
        (true, SANDBOX_ACCOUNT) => format!("the sandbox ({region})"),
        (true, account) => format!("the sandbox (account {account}, {region})"),
        (false, account) => format!("account {account}, {region}"),
    }
}
