//! Servers that answer in the place of AWS and are something else. The program names operation and
//! host, reads a bounded part of the answer, sends nothing elsewhere and changes nothing.
//!
//! It runs with a limit on its memory: a body of 100 MB that is read to its end would end it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::place::{Place, Ran, ran};

/// The most memory that the program may ask for, in KiB.
const MEMORY: u32 = 200 * 1024;

/// The identity that a caller has.
const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult>\
    <Arn>arn:aws:iam::111122223333:user/x</Arn><Account>111122223333</Account>\
    </GetCallerIdentityResult></GetCallerIdentityResponse>";

/// A template that asks EC2 before anything is planned.
const TEMPLATE: &str = "Resources:\n  A:\n    Type: AWS::SecretsManager::Secret\n    \
    Properties: {Description: !Join [\",\", !GetAZs \"\"]}\n";

/// The answer to a request.
#[derive(Clone)]
enum Lie {
    /// This body, with a status and further header lines.
    Say(&'static str, String, String),
    /// A body of so many bytes, which are declared.
    Long(u64),
    /// Chunks without end.
    Endless,
}

/// A server that lies about one operation, and tells the caller's identity otherwise.
struct Server {
    host: String,
    connections: Arc<AtomicUsize>,
    sent: Arc<AtomicU64>,
}

impl Server {
    fn start(operation: &'static str, lie: Lie) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (connections, sent) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
        let (counted, bytes) = (Arc::clone(&connections), Arc::clone(&sent));
        std::thread::spawn(move || {
            for mut client in listener.incoming().map_while(Result::ok) {
                counted.fetch_add(1, Ordering::SeqCst);
                let request = request(&mut client);
                let identity = Lie::Say("200 OK", String::new(), IDENTITY.to_owned());
                let lie = if request.contains(operation) { lie.clone() } else { identity };
                let _gone = answer(&mut client, lie, &bytes);
            }
        });
        Self { host, connections, sent }
    }
}

fn request(client: &mut TcpStream) -> String {
    // All requests here fit in one packet or two.
    let mut text = String::new();
    let mut part = [0; 65536];
    while !text.contains("Action=") {
        match client.read(&mut part) {
            Ok(length) if length > 0 => text.push_str(&String::from_utf8_lossy(&part[..length])),
            _ => break,
        }
    }
    text
}

fn answer(client: &mut TcpStream, lie: Lie, sent: &AtomicU64) -> std::io::Result<()> {
    let part = [b' '; 65536];
    match lie {
        Lie::Say(status, headers, body) => {
            let length = body.len();
            write!(
                client,
                "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\
                 \r\n{body}"
            )
        }
        Lie::Long(length) => {
            write!(client, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n")?;
            for _ in 0..length / 65536 {
                client.write_all(&part)?;
                sent.fetch_add(65536, Ordering::SeqCst);
            }
            Ok(())
        }
        Lie::Endless => {
            write!(client, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
            loop {
                client.write_all(b"10000\r\n")?;
                client.write_all(&part)?;
                client.write_all(b"\r\n")?;
                sent.fetch_add(65536, Ordering::SeqCst);
            }
        }
    }
}

/// Plans over the server, with as much memory as is allowed.
fn plan(server: &Server) -> Ran {
    let place = Place::empty();
    place.write("stacks/x.yaml", TEMPLATE);
    let program = place.command(&["plan", "x", "--no-lint"]);
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &format!("ulimit -d {MEMORY} && exec \"$0\" \"$@\"")]);
    command.arg(program.get_program()).args(program.get_args()).env_clear();
    for (name, value) in program.get_envs() {
        value.map(|value| command.env(name, value));
    }
    command.current_dir(place.path("."));
    command.env("AWS_ENDPOINT_URL", format!("http://{}", server.host));
    command.env("AWS_REGION", "eu-west-1");
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "marked-key");
    let ran = ran(command);
    assert!(!ran.err.contains("panicked") && !ran.err.contains("marked"), "{}", ran.err);
    assert!(!place.path("state").exists(), "there are files in `state`");
    ran
}

#[test]
fn every_lie_is_refused_by_operation_and_host_and_nothing_is_sent_elsewhere() {
    let other = Server::start("", Lie::Say("200 OK", String::new(), IDENTITY.to_owned()));
    let say = |status, body: &str| Lie::Say(status, String::new(), body.to_owned());
    let page = "<!DOCTYPE html><html>marked: sign in to the proxy</html>";
    let redirect = format!("location: http://{}/marked\r\n", other.host);
    let lies = [
        (say("200 OK", "\u{1}\u{2}marked"), "is not one of AWS's"),
        (say("200 OK", page), "a web page"),
        (say("407 Proxy Authentication Required", page), "a web page"),
        (Lie::Long(100_000_000), "more than 8 MiB"),
        (Lie::Endless, "more than 8 MiB"),
        (Lie::Say("307 Temporary Redirect", redirect, String::new()), "a redirect to 127.0.0.1:"),
    ];
    for (operation, name) in [
        ("GetCallerIdentity", "sts:GetCallerIdentity"),
        ("DescribeAvailabilityZones", "ec2:DescribeAvailabilityZones"),
    ] {
        for (lie, says) in &lies {
            let server = Server::start(operation, lie.clone());
            let ran = plan(&server);
            assert_eq!(ran.code, 1, "{says}: {}", ran.err);
            for text in [name, &server.host, says] {
                assert!(ran.err.contains(text), "`{text}` in {}", ran.err);
            }
            let sent = server.sent.load(Ordering::SeqCst);
            assert!(sent < 32 * 1024 * 1024, "{says}: {sent} bytes were taken");
        }
    }
    assert_eq!(other.connections.load(Ordering::SeqCst), 0);
}

#[test]
fn an_account_that_is_not_that_of_the_callers_arn_is_refused() {
    let identity = IDENTITY.replace("<Account>1111", "<Account>4444");
    let server = Server::start("GetCallerIdentity", Lie::Say("200 OK", String::new(), identity));
    let ran = plan(&server);
    assert_eq!(ran.code, 1, "{}", ran.err);
    for text in ["sts:GetCallerIdentity", &server.host, "its `Account` is not that of its `Arn`"] {
        assert!(ran.err.contains(text), "`{text}` in {}", ran.err);
    }
}
