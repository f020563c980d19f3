//! AWS's validator of templates, `cloudformation-validate`, joined in: text in, findings out.
//!
//! Only `validator` names that crate. Its findings become diagnostics with places in the source
//! (`place`) and are put together with rstack's own (`merge`): each mistake once, in the order
//! of the source. Nothing here does I/O; reading rule files, remembering verdicts and bounding the
//! time is for the command line.

mod merge;
mod place;
mod rule_file;
mod same;
mod validator;

pub use merge::merge;
pub use rule_file::{RuleFile, RuleLanguage};
pub use validator::{
    LintError, Question, Rules, Schemas, Validator, description, is_rule, rules, severity, version,
};
