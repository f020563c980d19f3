//! Running a CDK app, so that it writes `cdk.out`: on the user's demand only, since the app is a program of the
//! project.
//!
//! The program has none of the environment but what is listed here: no credentials out of variables, no values
//! of parameters. It gets no input, and its output is shown line by line. Signals that end rstack are passed on
//! to it, and waited for.
//!
//! Source: the variables that `cdk synth` gives an app, `aws-cdk` (`CDK_OUTDIR`, `CDK_CONTEXT_JSON`,
//! `CDK_DEFAULT_REGION`). `CDK_DEFAULT_ACCOUNT` is left out: no account is asked before the app has run.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, SystemTime};

use rstack_model::ErrorCode;
use rstack_render::escape;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Map, Value};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::app_args::AppArguments;
use crate::assembly::{self, ASSEMBLY};
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::files::{FileError, MEBIBYTE, Project};
use crate::terminal::Terminal;

/// The project file of a CDK app, and the file of its look-ups.
const PROJECT: &str = "cdk.json";
const LOOKUPS: &str = "cdk.context.json";

/// The largest of these files, in bytes.
const LARGEST: u64 = 4 * MEBIBYTE;

/// The longest context that fits into a variable, in bytes.
const CONTEXT: usize = 100 << 10;

/// The longest line of the app that is shown, in bytes.
const LINE: u64 = 4 << 10;

/// The time for the rest of what an app has said, after its end.
const LATE: Duration = Duration::from_secs(2);

/// The variables that the app gets.
pub(crate) const PASSED: [&str; 22] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "NODE_PATH",
    "NODE_EXTRA_CA_CERTS",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "JAVA_HOME",
    "GOPATH",
    "DOTNET_ROOT",
    "AWS_REGION",
    "AWS_PROFILE",
];

/// Runs the app, if that was asked for. The exit if it was interrupted.
///
/// # Errors
/// If there is no command, or it fails or leaves no assembly.
pub(crate) async fn synthesize(
    context: &Context,
    arguments: &AppArguments,
) -> Result<Option<Exit>, CommandError> {
    let (build, app) = match (&arguments.app, arguments.synth) {
        (Some(command), _) => (None, command.clone()),
        (None, true) => app_of(context)?,
        (None, false) => return Ok(None),
    };
    if let Some(build) = build
        && let Some(exit) = run(context, &build).await?
    {
        return Ok(Some(exit));
    }
    let before = written(context);
    if let Some(exit) = run(context, &app).await? {
        return Ok(Some(exit));
    }
    // An assembly of an earlier run is none of this one.
    let is_new = written(context).is_some_and(|after| before != Some(after));
    if is_new && assembly::is_assembly(&context.env, Path::new(ASSEMBLY)) {
        return Ok(None);
    }
    Err(SynthError::Nothing { command: app }.into())
}

/// When the manifest of the assembly was written, and the number of its file.
fn written(context: &Context) -> Option<(SystemTime, u64)> {
    let manifest = context.env.path(&Path::new(ASSEMBLY).join(assembly::MANIFEST));
    let found = manifest.metadata().ok()?;
    Some((found.modified().ok()?, found.ino()))
}

/// Why no assembly was synthesized.
#[derive(Debug, thiserror::Error)]
enum SynthError {
    /// A file of the app cannot be read.
    #[error("cannot read `{name}`")]
    File {
        /// The file.
        name: &'static str,
        /// Why not.
        source: FileError,
    },
    /// A file of the app has another form.
    #[error("`{name}` is not a JSON object")]
    Form {
        /// The file.
        name: &'static str,
    },
    /// `cdk.json` names no app.
    #[error("`{PROJECT}` has no command `app`")]
    NoApp,
    /// The context of the app is too large for a variable.
    #[error("the context of the app has more than {} KiB", CONTEXT >> 10)]
    Context,
    /// The command cannot be started.
    #[error("cannot run `{command}`")]
    Start {
        /// The command.
        command: String,
        /// Why not.
        source: io::Error,
    },
    /// The command failed.
    #[error("`{command}` failed: {status}")]
    Failed {
        /// The command.
        command: String,
        /// Its end.
        status: ExitStatus,
    },
    /// The command left no assembly.
    #[error("`{command}` did not write `{ASSEMBLY}` anew")]
    Nothing {
        /// The command.
        command: String,
    },
}

impl From<SynthError> for CommandError {
    fn from(error: SynthError) -> Self {
        let hint = match &error {
            SynthError::File { .. } | SynthError::Form { .. } | SynthError::NoApp => {
                "give the command that writes `cdk.out` with `--app`, such as `--app 'npx cdk synth -q'`"
            }
            SynthError::Context => "use `--app 'npx cdk synth -q'`",
            SynthError::Start { .. } | SynthError::Failed { .. } => {
                "what it said is above; nothing was planned. Variables with credentials are not passed to \
                 it: use a profile"
            }
            SynthError::Nothing { .. } => "the command has to write into the folder `cdk.out`",
        };
        Self::of(ErrorCode::SynthFailed, &error).with_hint(Some(hint))
    }
}

/// A JSON object in a file of the project; `None` if there is no such file.
fn object(context: &Context, name: &'static str) -> Result<Option<Map<String, Value>>, SynthError> {
    let env = &context.env;
    if !env.path(Path::new(name)).exists() {
        return Ok(None);
    }
    let project = Project::of(env, Path::new(""));
    let bytes = project.and_then(|project| project.read(env, Path::new(name), LARGEST));
    let bytes = bytes.map_err(|source| SynthError::File { name, source })?;
    serde_json::from_slice(&bytes).map(Some).map_err(|_| SynthError::Form { name })
}

/// The command of the app in `cdk.json`, and the one that builds it before, if there is one.
fn app_of(context: &Context) -> Result<(Option<String>, String), SynthError> {
    let project = object(context, PROJECT)?.unwrap_or_default();
    let command = |name: &str| {
        let text = project.get(name).and_then(Value::as_str);
        text.filter(|text| !text.trim().is_empty()).map(str::to_owned)
    };
    Ok((command("build"), command("app").ok_or(SynthError::NoApp)?))
}

/// The context of the app, as `cdk synth` gives it.
fn app_context(context: &Context) -> Result<String, SynthError> {
    let mut out = Map::new();
    for flag in ["aws:cdk:enable-path-metadata", "aws:cdk:enable-asset-metadata"] {
        out.insert(flag.to_owned(), true.into());
    }
    out.extend(object(context, LOOKUPS)?.unwrap_or_default());
    // What the project says itself is above what was looked up for it.
    let project = object(context, PROJECT)?.unwrap_or_default();
    if let Some(Value::Object(own)) = project.get("context") {
        out.extend(own.clone());
    }
    let text = Value::Object(out).to_string();
    if text.len() > CONTEXT { Err(SynthError::Context) } else { Ok(text) }
}

/// The environment of the app.
fn environment(context: &Context) -> Result<Vec<(OsString, OsString)>, SynthError> {
    let env = &context.env;
    let is_passed = |name: &OsString| PASSED.iter().any(|passed| name == passed);
    let mut out: Vec<(OsString, OsString)> = env
        .variables
        .iter()
        .filter(|(name, _)| is_passed(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut add = |name: &str, value: OsString| out.push((name.into(), value));
    let folder = env.current_directory().unwrap_or_default().join(ASSEMBLY);
    add("CDK_OUTDIR", folder.into());
    add("CDK_CONTEXT_JSON", app_context(context)?.into());
    add("NO_COLOR", "1".into());
    let region = context.global.region.as_deref().or_else(|| env.variable("AWS_REGION"));
    if let Some(region) = region {
        add("CDK_DEFAULT_REGION", region.into());
    }
    if let Some(profile) = &context.global.profile {
        add("AWS_PROFILE", profile.into());
    }
    Ok(out)
}

async fn run(context: &Context, command: &str) -> Result<Option<Exit>, SynthError> {
    let terminal = &context.terminal;
    terminal.note(&format!("Synthesizing with `{}` …", escape(command)));
    let shown = terminal.with_prefix("synth | ");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).env_clear().envs(environment(context)?);
    if let Some(folder) = context.env.current_directory() {
        shell.current_dir(folder);
    }
    // A group of its own: the signals of the terminal reach it through rstack, once.
    shell.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let started = |source| SynthError::Start { command: command.to_owned(), source };
    let mut child = shell.spawn().map_err(started)?;
    let group = Pid::from_child(&child);
    let (out, err) = (child.stdout.take(), child.stderr.take());
    // Nothing of its standard output is shown: `cdk synth` prints a template there.
    let drained = beside(move || {
        let _read = out.map(|mut out| io::copy(&mut out, &mut io::sink()));
    });
    let said = beside(move || {
        if let Some(err) = err {
            show_lines(err, &shown);
        }
    });
    let mut ending = beside(move || child.wait());
    let interrupted =
        |error: io::Error| SynthError::Start { command: command.to_owned(), source: error };
    let mut interrupt = signal(SignalKind::interrupt()).map_err(interrupted)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(interrupted)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(interrupted)?;
    let mut stopped = false;
    let ended = loop {
        let passed = tokio::select! {
            ended = &mut ending => break ended,
            _ = interrupt.recv() => Signal::INT,
            _ = terminate.recv() => Signal::TERM,
            _ = hangup.recv() => Signal::HUP,
        };
        // The second one ends it whatever it does.
        let passed = if stopped { Signal::KILL } else { passed };
        stopped = true;
        // It may have ended meanwhile.
        let _gone = kill_process_group(group, passed);
    };
    if !stopped {
        // A program that it leaves behind may keep its streams open.
        let read = async { (said.await, drained.await) };
        let _late = tokio::time::timeout(LATE, read).await;
    }
    let status = ended.unwrap_or_else(|_| Err(io::ErrorKind::Other.into())).map_err(started)?;
    if stopped {
        terminal.note("Interrupted while the app was synthesized: nothing was changed.");
        return Ok(Some(Exit::Interrupted));
    }
    if !status.success() {
        return Err(SynthError::Failed { command: command.to_owned(), status });
    }
    Ok(None)
}

/// Does work on a thread that the process does not wait for.
fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> oneshot::Receiver<T> {
    let (sender, receiver) = oneshot::channel();
    // Without a thread the receiver has no answer.
    let _thread = std::thread::Builder::new().name("synth".to_owned()).spawn(move || {
        // Without a receiver the command was ended.
        let _ended = sender.send(work());
    });
    receiver
}

/// Shows lines as they come, of each as much as is shown of a line.
fn show_lines(from: impl Read, terminal: &Terminal) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut from).take(LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                terminal.note(&escape(text.trim_end_matches(['\n', '\r'])));
            }
        }
    }
}
