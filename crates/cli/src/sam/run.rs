//! Running the translator: bounded in time and in what it says.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::SamError;

/// The program that calls the translator. It limits its own memory and processor time.
const SCRIPT: &str = include_str!("translate.py");
/// The time for a template.
const TIME_LIMIT: Duration = Duration::from_secs(120);
/// The bytes of an answer.
const MAX_ANSWER: u64 = 64 << 20;
/// The bytes that are kept of an error.
const MAX_ERROR: u64 = 64 << 10;

/// Runs the translator over a request, and returns its answer.
///
/// # Errors
/// If it cannot be started, takes too long, or ends without an answer.
pub(super) fn run(program: &Path, request: Vec<u8>) -> Result<Vec<u8>, SamError> {
    let failed = |reason: String| SamError::Failed(reason);
    let mut child = Command::new(program)
        .args(["-I", "-X", "utf8", "-c", SCRIPT])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(format!("`{}` cannot be started: {error}", program.display())))?;
    let answered = talk(&mut child, request);
    if answered.is_none() {
        // It has ended already, or ends now; there is nothing else to do about it.
        let _ended = child.kill();
    }
    let status = child.wait().map_err(|error| failed(error.to_string()))?;
    let Some((answer, error)) = answered else {
        return Err(failed(format!("no answer within {} s", TIME_LIMIT.as_secs())));
    };
    if status.success() {
        return Ok(answer);
    }
    let text = String::from_utf8_lossy(&error);
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    Err(failed(format!("it ended with {status}: {last}")))
}

/// Writes the request and reads answer and errors at the same time; `None` if that takes too long.
fn talk(child: &mut Child, request: Vec<u8>) -> Option<(Vec<u8>, Vec<u8>)> {
    let (sender, answers) = mpsc::channel();
    let (input, output, errors) = (child.stdin.take()?, child.stdout.take()?, child.stderr.take()?);
    std::thread::spawn(move || {
        let mut input = input;
        // A program that does not read says why in its answer.
        let _unread = input.write_all(&request);
    });
    let (error_sender, error_text) = mpsc::channel();
    std::thread::spawn(move || error_sender.send(read(errors, MAX_ERROR)));
    std::thread::spawn(move || sender.send(read(output, MAX_ANSWER)));
    let answer = answers.recv_timeout(TIME_LIMIT).ok()?;
    Some((answer, error_text.recv_timeout(TIME_LIMIT).ok()?))
}

fn read(stream: impl Read, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What was read before an error is all there is.
    let _read = stream.take(limit).read_to_end(&mut bytes);
    bytes
}
