//! The validator's process, seen from the one that started it: asked within a time, and ended.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{self, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rstack_lint::{LintError, Verdict};

use super::worker::{Asked, ENTRY, Limits, Said, Setup, encoded};

/// The longest answer, in bytes: findings are bounded in number and length.
const ANSWER: u64 = 64 << 20;

/// The most that is kept of its standard error, in bytes.
const COMPLAINT: u64 = 8 << 10;

/// The setting of the allocator: memory that it sets aside counts when it is used, not before. Else
/// it alone takes more than the process may have.
const ALLOCATOR: (&str, &str) = ("MIMALLOC_ARENA_EAGER_COMMIT", "0");

/// The signal at the limit of the processor's time.
const SIGXCPU: i32 = 24;

/// The way in which the process ended without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It was not started.
    NotStarted(String),
    /// It was killed when its budget was used up.
    Budget(Duration),
    /// It wanted more memory than it may have, which is this many bytes.
    Memory(u64),
    /// It nested too deep for its stack.
    Stack,
    /// It took all the time of the processor that it may have.
    Processor,
    /// It was ended by a signal.
    Signal(i32),
    /// It ended by itself.
    Code(Option<i32>),
    /// It said something else than an answer.
    Answer,
}

/// No answer: the end of the process, and the rule files that it worked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Crash {
    pub(super) end: End,
    pub(super) at: Vec<String>,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(reason) => write!(f, "its process could not be started: {reason}"),
            Self::Budget(budget) => {
                write!(f, "it took longer than its budget of {} s", budget.as_secs())
            }
            Self::Memory(bytes) => write!(f, "it needs more than {} MiB of memory", bytes >> 20),
            Self::Stack => f.write_str("it nests too deep"),
            Self::Processor => f.write_str("it took more time of the processor than it may"),
            Self::Signal(signal) => write!(f, "its process was ended by signal {signal}"),
            Self::Code(Some(code)) => write!(f, "its process ended with code {code}"),
            Self::Code(None) => f.write_str("its process ended"),
            Self::Answer => f.write_str("its process did not answer as it should"),
        }
    }
}

/// A process that runs. It is ended with the value.
pub(super) struct Child {
    process: process::Child,
    questions: Sender<Vec<u8>>,
    answers: Receiver<io::Result<Said>>,
    complaint: Option<JoinHandle<String>>,
    limits: Limits,
}

impl Child {
    /// Starts the process. It has nothing of the environment, and ends with the thread that starts
    /// it.
    ///
    /// # Errors
    /// If the operating system does not start it.
    pub(super) fn start(program: &Path, limits: Limits, setup: &Setup) -> io::Result<Self> {
        tracing::info!(program = %program.display(), "starting the validator's process");
        let mut command = Command::new(program);
        command.arg(ENTRY);
        Self::run(command, limits, setup)
    }

    fn run(mut command: Command, limits: Limits, setup: &Setup) -> io::Result<Self> {
        let mut process = command
            .env_clear()
            .env(ALLOCATOR.0, ALLOCATOR.1)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (questions, lines) = channel::<Vec<u8>>();
        let (said, answers) = channel();
        let (input, output) = (process.stdin.take(), process.stdout.take());
        let error = process.stderr.take();
        let mut child = Self { process, questions, answers, complaint: None, limits };
        let thread = || thread::Builder::new().name("validator-pipe".to_owned());
        thread().spawn(move || {
            let Some(mut input) = input else { return };
            // When the process ends its answer says so.
            while lines.recv().is_ok_and(|line| input.write_all(&line).is_ok()) {}
        })?;
        thread().spawn(move || {
            let Some(output) = output else { return };
            let mut output = BufReader::new(output);
            while let Some(line) = read(&mut output) {
                if said.send(line).is_err() {
                    return;
                }
            }
        })?;
        let complaint = thread().spawn(move || error.map(complaint).unwrap_or_default())?;
        child.complaint = Some(complaint);
        child.tell(&limits)?;
        child.tell(setup)?;
        Ok(child)
    }

    fn tell(&self, value: &impl serde::Serialize) -> io::Result<()> {
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        self.questions.send(encoded(value)?).map_err(|_| gone())
    }

    /// Asks, and waits for the answer until the budget is used up.
    ///
    /// # Errors
    /// If there is no answer. The process cannot be asked again then.
    pub(super) fn ask(
        &mut self,
        asked: &Asked,
        budget: Duration,
    ) -> Result<Result<Verdict, LintError>, Crash> {
        let until = Instant::now().checked_add(budget);
        let mut at = Vec::new();
        let end = match self.tell(asked) {
            Ok(()) => loop {
                let left =
                    until.map_or(budget, |until| until.saturating_duration_since(Instant::now()));
                match self.answers.recv_timeout(left) {
                    Ok(Ok(Said::At(files))) => at = files,
                    Ok(Ok(Said::Found(verdict))) => return Ok(Ok(*verdict)),
                    Ok(Ok(Said::Failed(error))) => return Ok(Err(error)),
                    Ok(Err(_)) => break End::Answer,
                    Err(RecvTimeoutError::Timeout) => break End::Budget(budget),
                    Err(RecvTimeoutError::Disconnected) => break self.end(),
                }
            },
            Err(_) => End::Answer,
        };
        self.kill();
        Err(Crash { end, at })
    }

    /// The end of a process that says nothing any more.
    fn end(&mut self) -> End {
        let status = self.process.wait().ok();
        let complaint = self.complaint.take().and_then(|reader| reader.join().ok());
        of_status(status, &complaint.unwrap_or_default(), self.limits.memory)
    }

    fn kill(&mut self) {
        // It may have ended already.
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

fn of_status(status: Option<ExitStatus>, complaint: &str, memory: u64) -> End {
    let signal = status.and_then(|status| status.signal());
    // The texts are those of Rust's standard library.
    if complaint.contains("has overflowed its stack") {
        End::Stack
    } else if complaint.contains("memory allocation of ") {
        End::Memory(memory)
    } else if signal == Some(SIGXCPU) {
        End::Processor
    } else if let Some(signal) = signal {
        End::Signal(signal)
    } else {
        End::Code(status.and_then(|status| status.code()))
    }
}

/// The next line, if there is one.
fn read(output: &mut impl BufRead) -> Option<io::Result<Said>> {
    let mut line = Vec::new();
    match output.take(ANSWER).read_until(b'\n', &mut line) {
        Ok(0) => None,
        // A process that is ended in the middle of a line has said nothing.
        Ok(_) if !line.ends_with(b"\n") => None,
        Ok(_) => Some(serde_json::from_slice(&line).map_err(Into::into)),
        Err(error) => Some(Err(error)),
    }
}

/// The beginning of what the process says on standard error. The rest is read, so that it does not
/// wait, and dropped.
fn complaint(mut error: impl Read) -> String {
    let mut kept = Vec::new();
    let mut rest = io::sink();
    let read = error.by_ref().take(COMPLAINT).read_to_end(&mut kept);
    // What cannot be read is no complaint.
    let _lost = read.and_then(|_| io::copy(&mut error, &mut rest));
    String::from_utf8_lossy(&kept).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_process_has_a_reason() {
        let aborted = Some(ExitStatus::from_raw(6));
        let memory = 512 << 20;
        let told = |status, complaint| of_status(status, complaint, memory).to_string();
        assert_eq!(
            told(aborted, "memory allocation of 12 bytes failed"),
            "it needs more than 512 MiB of memory"
        );
        assert_eq!(
            told(aborted, "thread 'validator' has overflowed its stack"),
            "it nests too deep"
        );
        assert_eq!(told(aborted, ""), "its process was ended by signal 6");
        assert_eq!(
            told(Some(ExitStatus::from_raw(SIGXCPU)), ""),
            "it took more time of the processor than it may"
        );
        assert_eq!(told(Some(ExitStatus::from_raw(256)), ""), "its process ended with code 1");
    }

    fn ask(script: &str, budget: Duration) -> (Crash, Child) {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).env("SECRET", "hunter2");
        let setup = Setup { files: Vec::new(), built_in: true };
        let limits = Limits { memory: 1 << 30, seconds: 10 };
        let mut child = Child::run(command, limits, &setup).unwrap();
        let asked = Asked { text: String::new(), parameters: Default::default(), region: None };
        (child.ask(&asked, budget).unwrap_err(), child)
    }

    #[test]
    fn a_process_without_an_answer_is_ended_and_has_nothing_of_the_environment() {
        let long = Duration::from_secs(3_600);
        let crash = |script: &str| ask(script, long).0;
        let questions = "read limits; read setup; read asked; ";
        let names = r#"echo "{\"At\": [\"$(env | cut -d= -f1 | tr '\n' ' ')\"]}"; exit 3"#;
        let Crash { end, at } = crash(&format!("{questions}{names}"));
        assert_eq!(end, End::Code(Some(3)));
        // The shell sets some by itself.
        let own = ["MIMALLOC_ARENA_EAGER_COMMIT", "PWD", "OLDPWD", "SHLVL", "_"];
        let others = at[0].split_whitespace().filter(|name| !own.contains(name));
        assert_eq!(others.collect::<Vec<_>>(), [""; 0], "{at:?}");
        assert!(at[0].contains("MIMALLOC_ARENA_EAGER_COMMIT"), "{at:?}");
        assert_eq!(crash(&format!("{questions}echo no")).end, End::Answer);
        assert_eq!(crash(&format!("{questions}kill -9 $$")).end, End::Signal(9));
        assert_eq!(
            crash(&format!(
                "{questions}echo 'memory allocation of 9 bytes failed' >&2; kill -6 $$"
            ))
            .end,
            End::Memory(1 << 30)
        );
        let waits = format!("{questions}while true; do read more; done");
        let (late, mut child) = ask(&waits, Duration::ZERO);
        assert_eq!(late.end, End::Budget(Duration::ZERO));
        assert!(child.process.try_wait().unwrap().is_some(), "it is gone when the budget is");
    }

    #[test]
    fn a_line_that_is_cut_off_is_no_answer() {
        let read = |text: &str| read(&mut text.as_bytes());
        assert!(read("").is_none() && read("{\"At\":[]}").is_none());
        assert!(matches!(read("{\"At\":[\"a\"]}\n"), Some(Ok(Said::At(files))) if files == ["a"]));
        assert!(matches!(read("no\n"), Some(Err(_))));
    }
}
