//! A connection that loses an answer: the service has carried out a request, and the program does
//! not learn of it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

/// The loss of the answer to the first request that is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The connection is closed instead of it.
    Cut,
    /// It never comes.
    Silence,
}

/// Stands before a service and hands on everything but one answer.
pub(crate) struct Lossy {
    pub(crate) port: u16,
    lost: Receiver<()>,
}

/// The request that is meant, until it was seen.
struct Trap {
    mark: &'static str,
    loss: Loss,
    lost: Sender<()>,
}

impl Lossy {
    /// Stands before a port of this machine; the request that is meant holds `mark` in its head or
    /// its body.
    pub(crate) fn before(upstream: u16, mark: &'static str, loss: Loss) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, lost) = channel();
        let trap = Arc::new(Mutex::new(Some(Trap { mark, loss, lost: sender })));
        // It ends with the process, as its connections do.
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let trap = Arc::clone(&trap);
                std::thread::spawn(move || serve(client, upstream, &trap));
            }
        });
        Self { port, lost }
    }

    /// Waits until the answer was lost.
    pub(crate) fn wait(&self) {
        self.lost.recv().unwrap();
    }

    /// True if an answer was lost.
    pub(crate) fn has_lost(&self) -> bool {
        self.lost.try_recv().is_ok()
    }
}

/// One request and its answer; the connection is closed behind them.
fn serve(mut client: TcpStream, upstream: u16, trap: &Mutex<Option<Trap>>) {
    let Some(request) = request(&mut client) else { return };
    let mut service = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream)).unwrap();
    service.write_all(&request).unwrap();
    let mut answer = Vec::new();
    // A service that resets the connection behind its answer has answered.
    let _reset = service.read_to_end(&mut answer);
    let trapped = {
        let mut trap = trap.lock().unwrap();
        let text = String::from_utf8_lossy(&request);
        if trap.as_ref().is_some_and(|trap| text.contains(trap.mark)) { trap.take() } else { None }
    };
    match trapped {
        None => {
            // A client that is gone needs no answer.
            let _gone = client.write_all(&answer);
        }
        Some(trap) => {
            let silent = trap.loss == Loss::Silence;
            let _gone = trap.lost.send(());
            if silent {
                // Until the client closes the connection, or is killed.
                let _ended = client.read_to_end(&mut Vec::new());
            }
        }
    }
    let _closed = client.shutdown(Shutdown::Both);
}

/// A whole request, with the wish that the connection be closed behind the answer.
pub(crate) fn request(client: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let end = loop {
        let mut part = [0; 4096];
        let read = client.read(&mut part).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&part[..read]);
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 2;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let length = head.split("\r\ncontent-length:").nth(1).and_then(|rest| rest.lines().next());
    let length: usize = length.map_or(0, |text| text.trim().parse().unwrap());
    let missing = (end + 2 + length).saturating_sub(bytes.len());
    let mut rest = vec![0; missing];
    client.read_exact(&mut rest).ok()?;
    let head = [&bytes[..end], b"Connection: close\r\n"].concat();
    Some([head.as_slice(), &bytes[end..], &rest].concat())
}
