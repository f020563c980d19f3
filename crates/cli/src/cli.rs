//! The command line: the arguments of the program, and which command they name.

use std::ffi::OsString;

use clap::{CommandFactory, Parser, Subcommand};
use rstack_model::ErrorCode;
use rstack_render::escape;

use crate::args::Global;
use crate::commands::{
    apply, bootstrap, destroy, docs, explain, graph, import, ls, output, plan, reference, resolve,
    rollback, sandbox, shell, show, state, validate,
};
use crate::context::Context;
use crate::env::Env;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::log;
use crate::reader::{Reader, in_workflow};

/// The arguments of the program.
#[derive(Debug, Parser)]
#[command(
    name = "rstack",
    version,
    about = "Plan and apply CloudFormation templates without the CloudFormation service.",
    long_about = None,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "A STACK is the path of a template, `-` for one on standard input, a `cdk.out` \
                  folder (or `cdk.out/NAME`), or the name of a template under `stacks/`. It can \
                  be omitted if only one template is there.\n\nExit codes: 0 done or no changes, 1 error, 2 changes present (plan \
                  --detailed-exitcode), 3 a check failed (sandbox play), 4 apply failed and \
                  was rolled back, 5 apply failed and its changes stay, 130 interrupted. Every error has \
                  a code: `rstack explain CODE` explains it."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

/// The commands.
#[derive(Debug, Subcommand)]
enum Command {
    /// Show what apply would change.
    Plan(plan::PlanArgs),
    /// Apply a template or a saved plan: create, update and delete the stack's objects.
    Apply(apply::ApplyArgs),
    /// Roll back a failed or interrupted apply.
    #[command(after_help = rollback::HELP)]
    Rollback(rollback::RollbackArgs),
    /// Create the bucket for the assets of CDK apps and serverless templates. Makes no stack.
    Bootstrap(bootstrap::BootstrapArgs),
    /// Delete all objects of a stack.
    Destroy(destroy::DestroyArgs),
    /// Check templates. Makes no cloud calls.
    Validate(validate::ValidateArgs),
    /// Explain a code of a finding, error or warning: its meaning and what to do.
    Explain(explain::ExplainArgs),
    /// Show the properties and attributes of a resource type.
    Docs(docs::DocsArgs),
    /// List the stacks: templates under `stacks/`, those of a CDK app, and states.
    Ls(ls::LsArgs),
    /// Show the state of a stack, or a saved plan.
    Show(show::ShowArgs),
    /// Print the outputs of a stack, or the value of one.
    Output(output::OutputArgs),
    /// Print the dependency graph of a template's resources.
    Graph(graph::GraphArgs),
    /// Resolve an interrupted create: tell rstack whether it created the existing object.
    #[command(alias = "settle")]
    Resolve(resolve::ResolveArgs),
    /// Inspect and edit a stack's state. Makes no cloud calls.
    State {
        #[command(subcommand)]
        command: state::StateCommand,
    },
    /// Inspect the simulated cloud, and change it outside of rstack.
    #[command(after_help = crate::sandbox_env::HELP)]
    Sandbox {
        #[command(subcommand)]
        command: sandbox::SandboxCommand,
    },
    /// Print a completion script for a shell.
    Completions(shell::CompletionsArgs),
    /// Print the manual page.
    Man,
    /// Take an existing object into a stack. Not supported yet.
    #[command(hide = true)]
    Import(import::ImportArgs),
    /// Print a page of the reference, in Markdown.
    #[command(hide = true)]
    Reference(reference::ReferenceArgs),
}

/// Runs the command that the arguments name, the first of which is the program's own name. What it
/// says goes to the streams of `env`.
pub async fn run(arguments: impl IntoIterator<Item = OsString>, env: Env) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let Arguments { command, global } = match Arguments::try_parse_from(&arguments) {
        Ok(arguments) => arguments,
        Err(error) => return refuse(error, &arguments, &env),
    };
    let context = Context::new(global, env);
    let reader = context.terminal.error_reader();
    if let Err(error) = log::start(context.global.verbose, &context.env, reader) {
        context.terminal.note(&format!(
            "warning[{}]: {}",
            ErrorCode::LogFilter,
            escape(&error.to_string())
        ));
    }
    match dispatch(command, &context).await {
        Ok(exit) => exit,
        Err(error) => {
            context.terminal.error(&error, &|words| context.global.line(words));
            error.kind.exit()
        }
    }
}

/// Shows why the arguments name no command; the text of `--help` and `--version`, too. The text
/// repeats arguments, which a script may have from elsewhere: it is made of escaped ones.
fn refuse(error: clap::Error, arguments: &[OsString], env: &Env) -> Exit {
    let escaped = arguments.iter().map(|text| escape(&text.to_string_lossy()).into_owned());
    let (error, is_escaped) = match Arguments::try_parse_from(escaped) {
        Err(error) => (error, true),
        Ok(_) => (error, false),
    };
    let asked_for = error.exit_code() == 0;
    let stream = if error.use_stderr() { &env.streams.err } else { &env.streams.out };
    let plain = env.is_set("NO_COLOR") || env.variable("TERM") == Some("dumb");
    let colors = env.is_set("CLICOLOR_FORCE") || (stream.is_terminal && !plain);
    let text = error.render();
    let text = if colors { text.ansi().to_string() } else { text.to_string() };
    let code = format!("error[{}]:", ErrorCode::InvalidArguments);
    let text = if asked_for { text } else { text.replacen("error:", &code, 1) };
    let is_log = !stream.is_terminal || in_workflow(env);
    let text = Reader { is_log, styled: colors && is_escaped }.shown(&text);
    let mut writer = stream.lock();
    // There is nowhere left to say that the streams are gone.
    let _gone = writer.write_all(text.as_bytes()).and_then(|()| writer.flush());
    // 2 says that there are changes; a wrong command line must not look like that.
    if asked_for { Exit::Done } else { Exit::Error }
}

/// Carries a command out. The large ones are on the heap: a test's thread has a small stack.
async fn dispatch(command: Command, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Command::Plan(args) => Box::pin(plan::run(context, &args)).await,
        Command::Apply(args) => Box::pin(apply::run(context, &args)).await,
        Command::Bootstrap(args) => bootstrap::run(context, &args).await,
        Command::Import(args) => import::run(&args),
        Command::Destroy(args) => Box::pin(destroy::run(context, &args)).await,
        Command::Rollback(args) => Box::pin(rollback::run(context, &args)).await,
        Command::Validate(args) => Box::pin(validate::run(context, args)).await,
        Command::Docs(args) => docs::run(context, &args),
        Command::Explain(args) => explain::run(context, &args),
        Command::Ls(args) => ls::run(context, &args).await,
        Command::Show(args) => show::run(context, &args).await,
        Command::Output(args) => output::run(context, &args).await,
        Command::Graph(args) => Box::pin(graph::run(context, &args)).await,
        Command::Resolve(args) => resolve::run(context, args).await,
        Command::State { command } => state::run(context, command).await,
        Command::Sandbox { command } => sandbox::run(context, command).await,
        Command::Completions(args) => shell::completions(context, &args, Arguments::command()),
        Command::Man => shell::manual(context, Arguments::command()),
        Command::Reference(args) => reference::run(context, &args, Arguments::command()),
    }
}
