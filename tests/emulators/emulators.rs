//! A pair of emulators of one's own: started on free ports, stopped with the value.

use std::fs::File;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// The time that an emulator may take until it listens. It takes a second on an idle machine.
const STARTS_WITHIN: Duration = Duration::from_secs(90);
/// The number of times that a start is tried again because another process took the port meanwhile.
const ATTEMPTS: u32 = 5;

/// The folder with the emulators and boto3.
pub(crate) fn environment() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv");
    let folder = std::env::var_os("RSTACK_VENV").map_or_else(default, PathBuf::from);
    let here = folder.join("bin/python").exists();
    assert!(here, "the emulators are not installed in `{}`: run `make test`", folder.display());
    folder
}

/// MiniStack and moto. Each is given up with the value, and when the test itself is killed.
pub(crate) struct Emulators {
    ministack: Emulator,
    moto: Emulator,
    /// Variables of more services that moto is to be.
    more: &'static [&'static str],
}

struct Emulator {
    name: &'static str,
    child: Child,
    port: u16,
    log: PathBuf,
    folder: tempfile::TempDir,
}

impl Emulators {
    /// Both, ready to be called.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// Both, ready to be called; the services of these variables are moto's, too.
    pub(crate) fn with(more: &'static [&'static str]) -> Self {
        let starting = [Emulator::launch("ministack"), Emulator::launch("moto")];
        let [ministack, moto] = starting.map(Emulator::ready);
        Self { ministack, moto, more }
    }

    /// Where MiniStack listens.
    pub(crate) fn ministack(&self) -> u16 {
        self.ministack.port
    }

    /// Where moto listens.
    pub(crate) fn moto(&self) -> u16 {
        self.moto.port
    }

    /// The environment variables by which programs use them.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let always = [
            ("AWS_ENDPOINT_URL", self.ministack.url()),
            ("AWS_ENDPOINT_URL_APPSYNC", self.moto.url()),
            // Stacks of its own, and what the tests ask to do the same as rstack.
            ("AWS_ENDPOINT_URL_CLOUDFORMATION", self.moto.url()),
            ("AWS_ENDPOINT_URL_EC2", self.moto.url()),
            ("AWS_ENDPOINT_URL_MEDIAPACKAGE", self.moto.url()),
            ("AWS_ENDPOINT_URL_SNS", self.moto.url()),
            ("AWS_ENDPOINT_URL_SQS", self.moto.url()),
            ("AWS_ENDPOINT_URL_SSM", self.moto.url()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_REGION", "eu-west-1".to_owned()),
            // The name that boto3 knows.
            ("AWS_DEFAULT_REGION", "eu-west-1".to_owned()),
        ];
        let more = self.more.iter().map(|name| (*name, self.moto.url()));
        always.into_iter().chain(more).collect()
    }
}

impl Emulator {
    fn launch(name: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let log = folder.path().join("log");
        let bin = environment().join("bin");
        // The shell ends the emulator when its own input ends: also when the test is killed.
        let script = r#"("$@"; kill 0) & read -r _; kill 0"#;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script, "sh"]);
        match name {
            "moto" => {
                let port = port.to_string();
                command.arg(bin.join("moto_server")).args(["-H", "127.0.0.1", "-p", &port]);
            }
            _ => {
                command.arg(bin.join("ministack"));
            }
        }
        let output = File::create(&log).unwrap();
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", folder.path())
            .env("TMPDIR", folder.path())
            .env("PYTHONUNBUFFERED", "1")
            .env("GATEWAY_PORT", port.to_string())
            .env("BIND_HOST", "127.0.0.1")
            // MiniStack's servers of other services would all want the same port.
            .env("IOT_MTLS_ENABLED", "0")
            .env("SFTP_ENABLED", "0")
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .process_group(0);
        Self { name, child: command.spawn().unwrap(), port, log, folder }
    }

    /// Waits until it listens; a port that another process took is left to it.
    fn ready(mut self) -> Self {
        for _ in 0..ATTEMPTS {
            if self.listens() {
                return self;
            }
            self = Self::launch(self.name);
        }
        panic!("{} does not start:\n{}", self.name, self.said());
    }

    /// True if it is there in the end; it is not if it has ended by itself.
    fn listens(&mut self) -> bool {
        let started = Instant::now();
        // Its own word comes first: on a taken port another process would answer.
        let word = format!("http://127.0.0.1:{}", self.port);
        while started.elapsed() < STARTS_WITHIN {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if self.said().contains(&word) && self.answers() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{} does not listen after {STARTS_WITHIN:?}:\n{}", self.name, self.said());
    }

    fn answers(&self) -> bool {
        match TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) {
            Ok(_) => true,
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => false,
            Err(error) => panic!("{}: {error}", self.name),
        }
    }

    fn said(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if let Some(group) = Pid::from_raw(self.child.id().cast_signed()) {
            // A group that is gone is what is wanted.
            let _gone = kill_process_group(group, Signal::KILL);
        }
        let _status = self.child.wait();
        if std::thread::panicking() {
            let said = self.said();
            let lines: Vec<&str> = said.lines().collect();
            let last = lines.len().saturating_sub(20);
            let folder = self.folder.path().display();
            println!("{} in {folder} said at last:\n{}", self.name, lines[last..].join("\n"));
        }
    }
}

/// A port that no process listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
