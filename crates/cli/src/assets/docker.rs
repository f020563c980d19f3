//! Docker: the program that builds the container images of an app, and pushes them. `CDK_DOCKER` names another
//! one with the same arguments.
//!
//! It has the environment of this process but for rstack's own variables, which may hold the values of secret
//! parameters, and AWS credentials: what it builds comes from the app. The password of a registry goes to its
//! standard input alone.
//!
//! Source: `cdk-assets`, "Docker images", and the reference of `docker build`, `login`, `tag` and `push`.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use rstack_apply::{CancellationToken, ImageBuilder, SourceError};
use rstack_driver::RegistryLogin;
use rstack_model::{Image, ImageBuild, Packaging, SecretString};
use rstack_render::escape;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{AssetsError, digest_of};
use crate::context::Context;
use crate::env::Env;
use crate::files::Project;
use crate::terminal::Terminal;

/// The variable that names the program, as for the CDK.
const VARIABLE: &str = "CDK_DOCKER";

/// The program.
const PROGRAM: &str = "docker";

/// The beginning of rstack's own variables, which the program does not get.
const OWN: &[u8] = b"RSTACK_";

/// The variables with credentials, which it does not get either.
const CREDENTIALS: [&str; 4] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
];

/// The longest line of the program that is shown, in bytes.
const LINE: u64 = 4 << 10;

/// The lines of its output that an error has.
const LAST: usize = 8;

/// The time that the program has to end when it is asked to.
const PATIENCE: Duration = Duration::from_secs(10);

/// The program, for the images of one plan.
pub(crate) struct Docker {
    program: Result<PathBuf, AssetsError>,
    env: Env,
    terminal: Terminal,
    cancel: CancellationToken,
}

/// The kind of output that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// Each line.
    All,
    /// Nothing, unless it fails.
    Nothing,
}

impl Docker {
    /// The program for a run, which ends it when it is asked to stop.
    pub(crate) fn of(context: &Context, cancel: &CancellationToken) -> Self {
        let program = find(&context.env);
        let terminal = context.terminal.with_prefix("docker | ");
        Self { program, env: context.env.clone(), terminal, cancel: cancel.clone() }
    }

    fn program(&self) -> Result<&Path, SourceError> {
        self.program.as_deref().map_err(AssetsError::of_source)
    }

    /// Runs the program.
    async fn run(
        &self,
        arguments: &[&str],
        folder: Option<&Path>,
        (input, shown): (Option<&SecretString>, Shown),
    ) -> Result<(), SourceError> {
        let program = self.program()?;
        let mut command = Command::new(program);
        let own = |name: &OsStr| {
            name.as_encoded_bytes().starts_with(OWN) || CREDENTIALS.iter().any(|it| name == *it)
        };
        let variables = self.env.variables.iter().filter(|(name, _)| !own(name));
        command.args(arguments).env_clear().envs(variables).process_group(0);
        if let Some(folder) = folder.map(Path::to_owned).or_else(|| self.env.current_directory()) {
            command.current_dir(folder);
        }
        let name = || escape(arguments.first().copied().unwrap_or_default()).into_owned();
        let failed = |source| AssetsError::DockerStart { program: program.to_owned(), source };
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| failed(error).of_source())?;
        let group = Pid::from_child(&child);
        let lines = |from: Option<Box<dyn Read + Send>>| self.read(from, shown);
        let out = lines(child.stdout.take().map(|it| Box::new(it) as Box<dyn Read + Send>));
        let err = lines(child.stderr.take().map(|it| Box::new(it) as Box<dyn Read + Send>));
        let text = input.cloned();
        let stdin = child.stdin.take();
        let mut ending: JoinHandle<std::io::Result<ExitStatus>> = spawn_blocking(move || {
            if let (Some(mut stdin), Some(text)) = (stdin, text) {
                // A program that ends without reading says why.
                let _closed = stdin.write_all(text.expose().as_bytes());
            }
            child.wait()
        });
        let ended = tokio::select! {
            ended = &mut ending => ended,
            () = self.cancel.cancelled() => {
                // It may have ended meanwhile.
                let _gone = kill_process_group(group, Signal::TERM);
                match tokio::time::timeout(PATIENCE, &mut ending).await {
                    Ok(ended) => ended,
                    Err(_) => {
                        let _gone = kill_process_group(group, Signal::KILL);
                        ending.await
                    }
                }
            }
        };
        let status = ended.map_err(|_| AssetsError::CutOff.of_source())?;
        let status = status.map_err(|error| failed(error).of_source())?;
        // Its last lines are shown before anything else goes on; a program that it has left behind may
        // hold the streams open.
        let lines = async { (out.await.unwrap_or_default(), err.await.unwrap_or_default()) };
        let (mut said, errors) = tokio::time::timeout(PATIENCE, lines).await.unwrap_or_default();
        if status.success() {
            return Ok(());
        }
        said.extend(errors);
        let said = match shown {
            Shown::All => String::new(),
            Shown::Nothing => said.join("; "),
        };
        let (program, command) = (program.to_owned(), name());
        Err(AssetsError::Docker { program, command, status, said }.of_source())
    }

    /// Reads the lines of the program, shows them, and gives the last ones.
    fn read(&self, from: Option<Box<dyn Read + Send>>, shown: Shown) -> JoinHandle<Vec<String>> {
        let terminal = self.terminal.clone();
        spawn_blocking(move || {
            let Some(from) = from else { return Vec::new() };
            let mut from = BufReader::new(from);
            let mut last: VecDeque<String> = VecDeque::new();
            let mut line = Vec::new();
            loop {
                line.clear();
                match (&mut from).take(LINE).read_until(b'\n', &mut line) {
                    Ok(0) | Err(_) => return last.into(),
                    Ok(_) => {
                        let text = String::from_utf8_lossy(&line);
                        let text = escape(text.trim_end_matches(['\n', '\r'])).into_owned();
                        if shown == Shown::All {
                            terminal.note(&text);
                        }
                        last.push_back(text);
                        if last.len() > LAST {
                            last.pop_front();
                        }
                    }
                }
            }
        })
    }
}

/// The program: that of the variable, or the one on the `PATH`. Its path is absolute, since it runs in the
/// folder of each image.
fn find(env: &Env) -> Result<PathBuf, AssetsError> {
    let name = env.variable(VARIABLE).unwrap_or(PROGRAM);
    let is_program = |path: &PathBuf| {
        path.metadata().is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
    };
    let here = env.current_directory().unwrap_or_default();
    let found = if name.contains('/') {
        Some(here.join(name)).filter(is_program)
    } else {
        let path = env.variables.get(OsStr::new("PATH"));
        let folders = path.map(std::env::split_paths).into_iter().flatten();
        folders.map(|folder| here.join(folder).join(name)).find(is_program)
    };
    found.ok_or_else(|| AssetsError::NoDocker { program: name.to_owned() })
}

#[async_trait]
impl ImageBuilder for Docker {
    fn check(&self) -> Result<(), SourceError> {
        self.program().map(|_| ())
    }

    async fn log_in(&self, login: &RegistryLogin) -> Result<(), SourceError> {
        let arguments = ["login", "--username", &login.user, "--password-stdin", &login.endpoint];
        self.run(&arguments, None, (Some(&login.password), Shown::Nothing)).await
    }

    async fn publish(
        &self,
        image: &Image,
        build: &ImageBuild,
        address: &str,
    ) -> Result<(), SourceError> {
        let project = Project::alone(&self.env, Path::new(&image.assembly));
        let project = project.map_err(|error| AssetsError::from(error).of_source())?;
        let source = PathBuf::from(&image.source);
        let (of, planned) = ((project.clone(), source.clone()), build.clone());
        let checking = spawn_blocking(move || {
            let found = digest_of(&of.0, &of.1, Packaging::Zip)?;
            let same = (found.digest, found.files, found.bytes)
                == (planned.digest, planned.files, planned.bytes);
            if same { Ok(()) } else { Err(AssetsError::Changed { path: of.0.shown(&of.1) }) }
        });
        let checked = checking.await.map_err(|_| AssetsError::CutOff).and_then(|checked| checked);
        checked.map_err(|error| error.of_source())?;
        let folder = self.env.path(&project.shown(&source));
        let shown = escape(&project.shown(&source).to_string_lossy()).into_owned();
        self.terminal.note(&format!("building {shown}"));
        let local = local_tag(&image.place.tag);
        let mut arguments = vec!["build"];
        arguments.extend(build.options.iter().map(String::as_str));
        arguments.extend(["--tag", &local, "."]);
        self.run(&arguments, Some(&folder), (None, Shown::All)).await?;
        self.run(&["tag", &local, address], None, (None, Shown::All)).await?;
        self.terminal.note(&format!("pushing {}", escape(address)));
        self.run(&["push", address], None, (None, Shown::All)).await
    }
}

/// The name of an image on this machine, by the tag that it gets in its repository.
fn local_tag(tag: &str) -> String {
    format!("rstack-asset:{tag}")
}
