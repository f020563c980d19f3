//! Where a stack lives, in words.

use rstack_model::state::Environment;

/// The environment in words: `account 123456789012, eu-west-1` or `the sandbox (eu-west-1)`.
pub fn describe(environment: &Environment) -> String {
    if environment.sandbox {
        return format!("the sandbox ({})", environment.region);
    }
    format!("account {}, {}", environment.account, environment.region)
}
