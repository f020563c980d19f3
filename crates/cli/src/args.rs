//! Arguments that several commands have.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use crate::app_args::AppArguments;
use crate::parameter_args::{ParameterArguments, SecretArguments, key_value};
use crate::waiting::WaitArguments;

/// The folder of states, unless the command line or the project file says otherwise.
pub(crate) const STATE_DIRECTORY: &str = "state";

/// Options of every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Use the sandbox: a simulated cloud that needs no account and no network.
    #[arg(long, global = true)]
    pub(crate) sandbox: bool,
    /// The directory of the states.
    #[arg(long, global = true, value_name = "DIR", default_value = STATE_DIRECTORY)]
    pub(crate) state_dir: PathBuf,
    /// The AWS Region. Defaults to `AWS_REGION` or the Region of the profile.
    #[arg(long, global = true, value_name = "REGION", value_parser = region)]
    pub(crate) region: Option<String>,
    /// The AWS profile. Defaults to `AWS_PROFILE` or `default`.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The bucket to which handlers of custom resources respond. Defaults to that of the CDK's assets.
    #[arg(long, global = true, value_name = "NAME", value_parser = bucket)]
    pub(crate) response_bucket: Option<String>,
    /// Ask the handlers of all custom resources, also those whose code is known: without this option
    /// rstack itself does what the CDK's handlers of `Custom::S3AutoDeleteObjects` and
    /// `Custom::VpcRestrictDefaultSG` do.
    #[arg(long, global = true)]
    pub(crate) no_builtin_custom_resources: bool,
    /// The maximum number of concurrent operations.
    #[arg(long, global = true, value_name = "N", default_value = "32")]
    pub(crate) parallelism: NonZeroUsize,
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Do not use colours.
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
    /// Increase log verbosity (-v, -vv, -vvv).
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// Which stack, and with which parameter values.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct StackArguments {
    /// The stack: a template (`-` for standard input), a `cdk.out` folder, a stack in it (`cdk.out/NAME`,
    /// or a pattern such as `cdk.out/Prod/*`), or a name under `stacks/`.
    #[arg(value_name = "STACK")]
    pub(crate) stack: Option<String>,
    /// The name of the stack. Defaults to the name of the template file.
    #[arg(long, value_name = "NAME")]
    pub(crate) stack_name: Option<String>,
    #[command(flatten)]
    pub(crate) parameters: ParameterArguments,
    #[command(flatten)]
    pub(crate) app: AppArguments,
    /// Of a `cdk.out` folder, leave out the stacks that the named ones need.
    #[arg(long)]
    pub(crate) exclusively: bool,
}

/// A Region's name has the form `eu-west-1` or `us-gov-west-1`.
fn region(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split('-').collect();
    let word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match parts.as_slice() {
        [words @ .., last] if words.len() >= 2 && words.iter().all(|w| word(w)) && number(last) => {
            Ok(text.to_owned())
        }
        _ => Err("a Region has a name such as `eu-west-1`".to_owned()),
    }
}

/// A bucket has 3 to 63 lower-case letters, digits, dots and hyphens.
///
/// Source: "General purpose bucket naming rules", Amazon S3 User Guide.
fn bucket(text: &str) -> Result<String, String> {
    let fits =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    match (3..=63).contains(&text.len()) && text.bytes().all(fits) {
        true => Ok(text.to_owned()),
        false => Err("give the name of a bucket".to_owned()),
    }
}

/// The options that choose the checks of templates.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Checks")]
pub(crate) struct LintArguments {
    /// Do not report this warning or rule, such as `alias` or `W3005`. Can be repeated.
    #[arg(long, value_name = "RULE")]
    pub(crate) allow: Vec<String>,
    /// Report this warning or rule as an error. Can be repeated.
    #[arg(long, value_name = "RULE")]
    pub(crate) deny: Vec<String>,
    /// Also check these rules: a file or folder of Rego (.rego), CEL (.json) or Guard (.guard) rules.
    /// Can be repeated.
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Vec<PathBuf>,
    /// Run only rstack's own checks, without AWS's validator and the project's rules.
    #[arg(long, conflicts_with = "rules")]
    pub(crate) no_lint: bool,
}

/// The options that allow a plan more or less than by default.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PlanArguments {
    /// Do not read the objects: assume that they are as they were last applied.
    #[arg(long)]
    pub(crate) no_refresh: bool,
    /// Allow deleting this resource's object before its replacement exists. Can be repeated.
    #[arg(long, value_name = "LOGICAL_ID")]
    pub(crate) delete_first: Vec<String>,
    /// Replace this resource's object even if it can be updated in place. Can be repeated.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) replace: Vec<String>,
    /// Make updates that an `UpdatePolicy` governs as if there were none.
    #[arg(long)]
    pub(crate) ignore_update_policy: bool,
    /// Give this tag to every resource that takes tags and has none of its key. Can be repeated. Added to
    /// the tags of the CDK app.
    #[arg(long, value_name = "KEY=VALUE", value_parser = tag)]
    pub(crate) tag: Vec<(String, String)>,
    /// Use the defaults of parameters that are not given, instead of the values that the last apply was
    /// given.
    #[arg(long)]
    pub(crate) reset_parameters: bool,
    /// Protect the stack from `rstack destroy`. Defaults to what the CDK app says, or else to what it is.
    #[arg(long, conflicts_with = "no_termination_protection")]
    pub(crate) termination_protection: bool,
    /// Let `rstack destroy` destroy the stack again.
    #[arg(long)]
    pub(crate) no_termination_protection: bool,
}

impl PlanArguments {
    /// The termination protection that is asked for, if one is.
    pub(crate) fn protection(&self) -> Option<bool> {
        match (self.termination_protection, self.no_termination_protection) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        }
    }
}

/// A tag of a stack. Source: `Tag`, AWS CloudFormation API Reference.
fn tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = key_value(text)?;
    checked_tag(key, value)
}

/// A tag, if a stack can have it.
///
/// # Errors
/// The rule that it breaks.
pub(crate) fn checked_tag(key: String, value: String) -> Result<(String, String), String> {
    if key.starts_with("aws:") {
        return Err("keys that begin with `aws:` are AWS's own".to_owned());
    }
    if key.chars().count() > 128 || value.chars().count() > 256 {
        return Err("a key has at most 128 characters, and a value 256".to_owned());
    }
    Ok((key, value))
}

/// The options that choose how many details are shown.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct DetailArguments {
    /// Show every property.
    #[arg(long, conflicts_with = "compact")]
    pub(crate) full: bool,
    /// Show one line for each resource.
    #[arg(long)]
    pub(crate) compact: bool,
}

/// A stack that exists, for commands that need no template.
#[derive(Args, Clone, Debug)]
pub(crate) struct ExistingStackArgs {
    /// The stack: its name or its template. Can be omitted if only one stack exists.
    #[arg(value_name = "STACK")]
    pub(crate) stack: Option<String>,
    /// The name of the stack. Defaults to the name of the template file.
    #[arg(long, value_name = "NAME")]
    pub(crate) stack_name: Option<String>,
    #[command(flatten)]
    pub(crate) parameters: SecretArguments,
    #[command(flatten)]
    pub(crate) detail: DetailArguments,
    /// Do not ask for confirmation.
    // Terraform's name of it works, too.
    #[arg(long, short, alias = "auto-approve")]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) wait: WaitArguments,
}
