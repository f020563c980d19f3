//! AWS's validator of templates, `cloudformation-validate`, joined in: text in, findings out.
//!
//! Only `validator`, `rule_set`, `rule_load` and `evaluation` name that crate. Its findings become
//! diagnostics with places in the source (`place`) and are put together with rstack's own (`merge`):
//! each mistake once, in the order of the source. Nothing here does I/O; reading rule files, remembering verdicts and bounding the
//! time is for the command line.

mod error;
mod evaluation;
mod merge;
mod place;
mod rule_exception;
mod rule_file;
mod rule_load;
mod rule_overlap;
mod rule_set;
mod validator;

pub use error::{LintError, Position};
pub use merge::merge;
pub use rule_exception::Subject;
pub use rule_file::{RuleFile, RuleLanguage, RuleSource};
pub use rule_set::{OwnRule, Rules, Watch};
pub use validator::{
    Question, Schemas, Validator, Verdict, description, is_rule, rules, severity, version,
};
