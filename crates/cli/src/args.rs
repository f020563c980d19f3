//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands::StateCommand;
use crate::waiting::WaitArguments;

/// Where states are kept if nobody says otherwise.
pub(crate) const STATE_DIRECTORY: &str = "state";

/// The arguments of the program.
#[derive(Debug, Parser)]
#[command(
    name = "rstack",
    version,
    about = "Plans and applies CloudFormation templates, without CloudFormation.",
    long_about = None,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "A STACK is the path of a template, a `cdk.out` folder (or `cdk.out/NAME`), or the \
                  name of a template under `stacks/`. With only one template there it may be left \
                  out.\n\nExit codes: 0 done or no changes, 1 error, 2 changes present (plan \
                  --detailed-exitcode), 3 a check failed (sandbox play), 4 apply failed and \
                  was rolled back, 5 apply failed and what was done stays, 130 interrupted."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

/// Options of every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Use the sandbox: a simulated cloud that needs no account and no network.
    #[arg(long, global = true)]
    pub(crate) sandbox: bool,
    /// Where states are kept.
    #[arg(long, global = true, value_name = "DIR", default_value = STATE_DIRECTORY)]
    pub(crate) state_dir: PathBuf,
    /// The AWS Region; else the one of the profile or `AWS_REGION`.
    #[arg(long, global = true, value_name = "REGION", value_parser = region)]
    pub(crate) region: Option<String>,
    /// The AWS profile; else `AWS_PROFILE` or `default`.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// How many operations run at once.
    #[arg(long, global = true, value_name = "N", default_value = "32")]
    pub(crate) parallelism: NonZeroUsize,
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// No colours.
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
    /// Say more of what the program does; up to three times.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// Which stack, and with which parameter values.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct StackArguments {
    /// The stack: a template, a `cdk.out` folder, or a name under `stacks/`.
    #[arg(value_name = "STACK")]
    pub(crate) stack: Option<String>,
    /// The stack's name; else that of the template file.
    #[arg(long, value_name = "NAME")]
    pub(crate) stack_name: Option<String>,
    /// The value of a template parameter; may be given several times.
    #[arg(long, short, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) parameter: Vec<(String, String)>,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
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

/// What templates are checked for.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Checks")]
pub(crate) struct LintArguments {
    /// Do not report this warning or rule, such as `alias` or `W3005`; may be given several times.
    #[arg(long, value_name = "RULE")]
    pub(crate) allow: Vec<String>,
    /// Report this warning or rule as an error; may be given several times.
    #[arg(long, value_name = "RULE")]
    pub(crate) deny: Vec<String>,
    /// Check these rules, too: a file or folder of Rego (.rego), CEL (.json) or Guard (.guard) rules;
    /// may be given several times.
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Vec<PathBuf>,
    /// Only rstack's own checks, without AWS's validator.
    #[arg(long)]
    pub(crate) no_lint: bool,
}

/// What the user allows a plan to do.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PlanArguments {
    /// Do not read the objects; take what was applied last for what is there.
    #[arg(long)]
    pub(crate) no_refresh: bool,
    /// Allow deleting this resource's object before its replacement exists; may be given several
    /// times.
    #[arg(long, value_name = "LOGICAL_ID")]
    pub(crate) delete_first: Vec<String>,
}

/// How much is shown.
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
    /// The stack: its name, or its template. With only one stack it may be left out.
    #[arg(value_name = "STACK")]
    pub(crate) stack: Option<String>,
    /// The stack's name; else that of the template file.
    #[arg(long, value_name = "NAME")]
    pub(crate) stack_name: Option<String>,
    /// The value that a secret (`NoEcho`) parameter had: it is kept nowhere, and may be needed to
    /// make an object as it was or to find out what an interrupted creation made. May be given
    /// several times.
    #[arg(long, short, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) parameter: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) detail: DetailArguments,
    /// Do not ask.
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) wait: WaitArguments,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what apply would change.
    Plan {
        #[command(flatten)]
        stack: StackArguments,
        #[command(flatten)]
        plan: PlanArguments,
        #[command(flatten)]
        detail: DetailArguments,
        #[command(flatten)]
        lint: LintArguments,
        /// Save the plan to this file, for `rstack apply FILE`.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Exit with 2 if there are changes.
        #[arg(long)]
        detailed_exitcode: bool,
    },
    /// Make the stack what its template says, or carry out a saved plan.
    Apply {
        #[command(flatten)]
        stack: StackArguments,
        #[command(flatten)]
        plan: PlanArguments,
        #[command(flatten)]
        detail: DetailArguments,
        #[command(flatten)]
        lint: LintArguments,
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
        /// When something fails, keep what was done instead of rolling it back.
        #[arg(long)]
        no_rollback: bool,
        #[command(flatten)]
        wait: WaitArguments,
    },
    /// Roll back a failed or interrupted apply.
    #[command(after_help = "For an apply that failed with `--no-rollback` (exit code 5), was \
        interrupted (130) or died: changed objects get their properties back, new ones are \
        deleted, old ones whose deletion was put off are taken back. After several such applies \
        it leads to what the last complete one left.")]
    Rollback(ExistingStackArgs),
    /// Delete everything that the stack made.
    Destroy {
        #[command(flatten)]
        stack: ExistingStackArgs,
        /// Delete for good what AWS would keep for a while: secrets without their recovery window.
        #[arg(long)]
        purge: bool,
    },
    /// Check templates without a cloud.
    Validate {
        /// Templates, stacks, or folders of templates; else those under `stacks/`.
        #[arg(value_name = "TEMPLATE")]
        templates: Vec<String>,
        /// The value of a template parameter; may be given several times.
        #[arg(long, short, value_name = "KEY=VALUE", value_parser = key_value)]
        parameter: Vec<(String, String)>,
        /// The format of the report; `--json` is short for `--format json`.
        #[arg(long, value_enum, conflicts_with = "json")]
        format: Option<ReportFormat>,
        /// Warn of what CloudFormation would refuse because it is too much.
        #[arg(long)]
        strict: bool,
        #[command(flatten)]
        lint: LintArguments,
    },
    /// Say what a finding means, with an example and what to do.
    Explain {
        /// The code of the finding, such as `unknown-property`; without one, all are listed.
        #[arg(value_name = "CODE")]
        code: Option<String>,
    },
    /// Say what a resource type takes and gives.
    Docs {
        /// A type, a property or an attribute of one (`AWS::SNS::Topic.DisplayName`), or how the
        /// names of types begin (`AWS::SNS`); without one, the services are listed.
        #[arg(value_name = "NAME")]
        name: Option<String>,
        /// How many levels of properties are shown.
        #[arg(long, value_name = "N", default_value = "1")]
        depth: NonZeroUsize,
    },
    /// List the stacks: templates under `stacks/` and states.
    Ls,
    /// Show what is known of a stack, or a saved plan.
    Show {
        /// The stack: its name, or its template; or the file of a saved plan.
        #[arg(value_name = "STACK")]
        stack: Option<String>,
        #[command(flatten)]
        detail: DetailArguments,
    },
    /// Print the outputs of a stack, or the value of one.
    Output {
        /// The stack: its name, or its template. With only one stack it may be left out.
        #[arg(value_name = "STACK")]
        stack: Option<String>,
        /// Only this output, its bare value.
        #[arg(value_name = "OUTPUT")]
        output: Option<String>,
    },
    /// Print the graph of a template's resources.
    Graph {
        #[command(flatten)]
        stack: StackArguments,
        /// The language of the graph.
        #[arg(long, value_enum, default_value = "dot")]
        format: GraphFormat,
    },
    /// Resolve an interrupted create: tell rstack whether it created the existing object.
    #[command(alias = "settle", group(clap::ArgGroup::new("decision").required(true)))]
    Resolve {
        /// The stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// The resource, as the error names it.
        #[arg(value_name = "LOGICAL_ID")]
        address: String,
        /// The creation made the object of this physical ID: it is taken into the state.
        #[arg(long, value_name = "PHYSICAL_ID", group = "decision")]
        ours: Option<String>,
        /// The creation made nothing: what is there is somebody else's and is left alone.
        #[arg(long, group = "decision")]
        not_ours: bool,
    },
    /// Look at what is known of a stack and change it, without a cloud.
    State {
        #[command(subcommand)]
        command: StateCommand,
    },
    /// Look at the simulated cloud and change it behind rstack's back.
    #[command(after_help = crate::weather::HELP)]
    Sandbox {
        #[command(subcommand)]
        command: SandboxCommand,
    },
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

/// A format for what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people.
    Text,
    /// One object a line for each finding.
    Json,
    /// One SARIF 2.1.0 log, for code scanning services.
    Sarif,
}

/// A language for graphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// Graphviz.
    Dot,
    /// Mermaid.
    Mermaid,
}

/// What to do in the sandbox.
#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    /// List its objects.
    Ls,
    /// Give a secret a new value, as somebody who rotates it would.
    #[command(visible_alias = "rotate")]
    RotateSecret {
        /// The secret's ARN or name.
        id: String,
    },
    /// Play a URL, as viewers would, through CloudFront or straight from an origin endpoint. Exits
    /// with 3 unless every viewer can.
    Play {
        /// The URL, such as the output `HlsUrl`.
        url: String,
    },
    /// Change a property of an object, as somebody in the console would.
    Set {
        /// The resource type.
        #[arg(value_name = "TYPE")]
        resource_type: String,
        /// The physical ID.
        id: String,
        /// The property, such as `HlsPackage.SegmentDurationSeconds`.
        property: String,
        /// The value, as JSON or plain text.
        value: String,
    },
    /// Remove an object, as somebody in the console would.
    Remove {
        /// The resource type.
        #[arg(value_name = "TYPE")]
        resource_type: String,
        /// The physical ID.
        id: String,
    },
}
