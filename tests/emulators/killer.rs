//! A connection that kills the program: it stands before both emulators, counts requests, and ends
//! the program with SIGKILL at one of them.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use rustix::process::{Pid, Signal, kill_process};

use crate::lossy::request;

/// The point at which the program dies, seen from a request of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KillPoint {
    /// It is not carried out.
    BeforeRequest,
    /// The service has it, and carries it out whether or not the program lives.
    AfterRequest,
    /// It is carried out, and the answer is on its way.
    BeforeAnswer,
}

impl KillPoint {
    pub(crate) const ALL: [Self; 3] = [Self::BeforeRequest, Self::AfterRequest, Self::BeforeAnswer];
}

/// Kills one program at one request.
pub(crate) struct Killer {
    /// In the place of MiniStack.
    pub(crate) ministack: u16,
    /// In the place of moto.
    pub(crate) moto: u16,
    plan: Arc<Plan>,
}

struct Plan {
    at: usize,
    kill_point: KillPoint,
    seen: AtomicUsize,
    program: OnceLock<Pid>,
}

impl Killer {
    /// Stands before two ports of this machine; requests are counted from 0.
    pub(crate) fn before([ministack, moto]: [u16; 2], at: usize, kill_point: KillPoint) -> Self {
        let (seen, program) = (AtomicUsize::new(0), OnceLock::new());
        let plan = Arc::new(Plan { at, kill_point, seen, program });
        let listen = |upstream| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let port = listener.local_addr().unwrap().port();
            let plan = Arc::clone(&plan);
            // It ends with the process, as its connections do.
            std::thread::spawn(move || {
                for client in listener.incoming().map_while(Result::ok) {
                    let plan = Arc::clone(&plan);
                    std::thread::spawn(move || serve(client, upstream, &plan));
                }
            });
            port
        };
        let (ministack, moto) = (listen(ministack), listen(moto));
        Self { ministack, moto, plan }
    }

    /// The program to kill.
    pub(crate) fn aim(&self, program: Pid) {
        self.plan.program.set(program).unwrap();
    }

    /// The number of requests so far.
    pub(crate) fn seen(&self) -> usize {
        self.plan.seen.load(Ordering::SeqCst)
    }
}

/// One request and its answer; the connection is closed behind them.
fn serve(mut client: TcpStream, upstream: u16, plan: &Plan) {
    let Some(request) = request(&mut client) else { return };
    let number = plan.seen.fetch_add(1, Ordering::SeqCst);
    let kill = |kill_point| {
        let now = number == plan.at && kill_point == plan.kill_point;
        if now {
            kill_process(*plan.program.wait(), Signal::KILL).unwrap();
        }
        now
    };
    if kill(KillPoint::BeforeRequest) {
        return;
    }
    let mut service = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream)).unwrap();
    service.write_all(&request).unwrap();
    kill(KillPoint::AfterRequest);
    let mut answer = Vec::new();
    // A service that resets the connection behind its answer has answered.
    let _reset = service.read_to_end(&mut answer);
    kill(KillPoint::BeforeAnswer);
    // A client that is gone needs no answer.
    let _gone = client.write_all(&answer);
    let _closed = client.shutdown(Shutdown::Both);
}
