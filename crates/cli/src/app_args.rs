//! The arguments that have a CDK app synthesized.

use clap::Args;

/// The program that writes the assembly.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "CDK app")]
pub(crate) struct AppArguments {
    /// Run this command first, which writes `cdk.out`, such as `npx cdk synth -q`. It runs in a shell, with
    /// a bounded environment: no variables with credentials or parameter values.
    #[arg(long, value_name = "COMMAND", conflicts_with = "synth")]
    pub(crate) app: Option<String>,
    /// Run the command `app` of `cdk.json` first, which writes `cdk.out`. That is a program of the project:
    /// use this only where you trust it.
    #[arg(long)]
    pub(crate) synth: bool,
}

impl AppArguments {
    /// The stack that is meant: without a name the whole app, if it is synthesized.
    pub(crate) fn stack<'a>(&self, named: Option<&'a str>) -> Option<&'a str> {
        let is_asked = self.app.is_some() || self.synth;
        named.or_else(|| is_asked.then_some("cdk.out"))
    }
}
