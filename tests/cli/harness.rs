//! A folder of its own, a cleared environment, and the program.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// One run of the program.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A place to run the program in. It goes with the value.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// A folder with nothing but a project file that leaves the validator out: its start takes
    /// longer than most tests, and what it says is not their subject.
    pub(crate) fn empty() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        place.write("rstack.toml", "[lint]\nvalidator = false\n");
        place
    }

    /// A folder with the streaming stack under `stacks/`.
    pub(crate) fn streaming() -> Self {
        let place = Self::empty();
        place.write("stacks/streaming.yaml", &repository_file("stacks/streaming.yaml"));
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        self.write_bytes(name, text.as_bytes());
    }

    pub(crate) fn write_bytes(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Writes a file as the store makes them, which only its owner can read.
    pub(crate) fn write_private(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        self.write(name, text);
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(self.path(name), mode).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Replaces a text that stands exactly once in a file.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert_eq!(text.matches(from).count(), 1, "`{from}` in {name}");
        self.write(name, &text.replace(from, to));
    }

    /// The program with these arguments, ready to be run or changed.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rstack"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("PATH", "/usr/bin:/bin")
            .env("COLUMNS", "100")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("RSTACK_SANDBOX", "deploy-polls=0")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program with these arguments.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments))
    }

    /// Runs the program in the sandbox.
    pub(crate) fn sandbox(&self, arguments: &[&str]) -> Ran {
        self.run(&[arguments, &["--sandbox"]].concat())
    }
}

impl Place {
    /// A folder with what `cdk synth` writes for the streaming stack.
    pub(crate) fn cdk() -> Self {
        let place = Self::empty();
        let template = repository_file("tests/fixtures/cdk-streaming.template.json");
        place.write("cdk.out/StreamingStack.template.json", &template);
        place.write("cdk.out/tree.json", r#"{"version": "tree-0.1"}"#);
        let artifacts = r#"{
            "version": "36.0.0",
            "artifacts": {
                "StreamingStack.assets": {
                    "type": "cdk:asset-manifest",
                    "properties": {"file": "StreamingStack.assets.json"}
                },
                "StreamingStack": {
                    "type": "aws:cloudformation:stack",
                    "environment": "aws://unknown-account/unknown-region",
                    "properties": {"templateFile": "StreamingStack.template.json"}
                },
                "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}}
            }
        }"#;
        place.write("cdk.out/manifest.json", artifacts);
        place
    }

    /// Every file of the folder, by its name in it.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let name = path.strip_prefix(self.folder.path()).unwrap();
                let bytes = std::fs::read(&path).unwrap();
                files.insert(name.to_str().unwrap().to_owned(), bytes);
            }
        }
        files
    }

    /// Every file that says what there is: all of them but the locks and what was kept of the past.
    pub(crate) fn content(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.files();
        files.retain(|name, _| !name.ends_with("lock") && !name.contains(".backup/"));
        files
    }

    /// Starts the program in the sandbox, with a distribution that takes a minute to deploy.
    pub(crate) fn start_slow(&self, arguments: &[&str]) -> Running {
        self.start(arguments, "deploy-polls=1,poll-ms=60000")
    }

    /// Starts the program in a sandbox of this kind.
    pub(crate) fn start(&self, arguments: &[&str], sandbox_env: &str) -> Running {
        let mut command = self.command(&[arguments, &["--sandbox"]].concat());
        command.env("RSTACK_SANDBOX", sandbox_env);
        Running::start(command)
    }
}

impl Place {
    /// Starts the program as a shell's last command, after this one.
    pub(crate) fn start_after(
        &self,
        shell: &str,
        arguments: &[&str],
        sandbox_env: &str,
    ) -> Running {
        let program = self.command(&[arguments, &["--sandbox"]].concat());
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("{shell}; exec \"$0\" \"$@\"")]);
        command.arg(program.get_program()).args(program.get_args()).env_clear();
        for (name, value) in program.get_envs() {
            value.map(|value| command.env(name, value));
        }
        command.env("RSTACK_SANDBOX", sandbox_env);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        Running::start(command)
    }
}

/// A program that runs. It is ended with the value.
pub(crate) struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
    seen: String,
}

impl Running {
    /// Starts a program that says what it does on standard error.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, stderr, seen: String::new() }
    }

    /// Reads what the program says until a line holds the text.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        loop {
            let from = self.seen.len();
            let read = self.stderr.read_line(&mut self.seen).unwrap();
            assert!(read > 0, "the program ended before it said `{text}`:\n{}", self.seen);
            if self.seen[from..].contains(text) {
                return;
            }
        }
    }

    /// Waits until the condition holds, as long as the program runs.
    #[track_caller]
    pub(crate) fn until(&mut self, condition: impl Fn() -> bool) {
        while !condition() {
            assert!(self.child.try_wait().unwrap().is_none(), "the program ended before");
            std::thread::yield_now();
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end.
    pub(crate) fn status(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Waits for the end; gives the exit code, if it was not killed, and all it said.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        while self.stderr.read_line(&mut self.seen).unwrap() > 0 {}
        (self.child.wait().unwrap().code(), std::mem::take(&mut self.seen))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Runs a command to its end.
pub(crate) fn ran(mut command: Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A text without what is drawn at random and differs from run to run.
pub(crate) fn scrubbed(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '-';
    while let Some(start) = rest.find(inside) {
        let (before, tail) = rest.split_at(start);
        let end = tail.find(|c| !inside(c)).unwrap_or(tail.len());
        let (word, after) = tail.split_at(end);
        out.push_str(before);
        out.push_str(&scrubbed_word(word));
        rest = after;
    }
    out + rest
}

fn scrubbed_word(word: &str) -> String {
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let groups: Vec<&str> = word.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    if lengths == [8, 4, 4, 4, 12] && groups.iter().all(|group| hex(group)) {
        return "[uuid]".to_owned();
    }
    if word.len() == 32 && hex(word) {
        return "[id]".to_owned();
    }
    match word.rsplit_once('-') {
        // A name that was chosen for an object: stack, logical ID, twelve letters and digits.
        Some((name, end)) if end.len() == 12 && name.contains("Role") => format!("{name}-[random]"),
        _ => word.to_owned(),
    }
}

/// A snapshot beside the tests, under this name.
#[track_caller]
pub(crate) fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, scrubbed(text)));
}

impl Ran {
    /// Fails the test unless the program ended with this code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\nstdout:\n{}\nstderr:\n{}", self.out, self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }
}

impl Ran {
    /// Fails the test unless an error or warning with this code is reported, and standard error has
    /// each of these facts: names, places, values and commands. Snapshots hold the wording.
    #[track_caller]
    pub(crate) fn reports(&self, code: &str, facts: &[&str]) {
        let has_code = ["error", "warning"].iter().any(|kind| {
            let kind = format!("{kind}[{code}]");
            self.err.lines().any(|line| line.trim_start().starts_with(&kind))
        });
        assert!(has_code, "no `{code}` in:\n{}", self.err);
        for fact in facts {
            assert!(self.err.contains(fact), "no `{fact}` in:\n{}", self.err);
        }
    }
}

/// A file of the repository.
pub(crate) fn repository_file(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join(name)).unwrap()
}
