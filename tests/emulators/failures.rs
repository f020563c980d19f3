//! Obstacles between the program and an account: each is one clear error with a hint, reported
//! within seconds, and nothing is changed.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::account::bring;
use crate::emulators::free_port;
use crate::place::{Place, Ran, ran};

const TEMPLATE: &str = "stacks/streaming.yaml";
const WITHIN: Duration = Duration::from_secs(30);

/// Tries to apply with these variables, and expects that it fails before anything is changed.
#[track_caller]
fn refused(variables: &[(&str, &str)]) -> Ran {
    let place = Place::empty();
    bring(&place, TEMPLATE, TEMPLATE);
    let started = Instant::now();
    let mut command = place.command(&["apply", TEMPLATE, "--yes"]);
    command.envs(variables.iter().copied());
    let ran = ran(command).expect(1);
    assert!(started.elapsed() < WITHIN, "it took {:?}", started.elapsed());
    let errors = ran.err.lines().filter(|line| line.starts_with("error")).count();
    assert_eq!(errors, 1, "{}", ran.err);
    assert!(ran.err.contains("hint: "), "{}", ran.err);
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    assert_eq!(ran.out, "");
    let left = std::fs::read_dir(place.path("state")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "there are files in `state`");
    ran
}

/// A service that gives every request the same answer.
fn service(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let _gone = answer(&mut client, status, body);
        }
    });
    url
}

fn answer(client: &mut TcpStream, status: &str, body: &str) -> std::io::Result<()> {
    // All requests here fit in one packet.
    let _read = client.read(&mut [0; 65536])?;
    let length = body.len();
    write!(
        client,
        "HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
}

const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")];
const REGION: (&str, &str) = ("AWS_REGION", "eu-west-1");

#[test]
fn without_credentials() {
    let url = format!("http://127.0.0.1:{}", free_port());
    let ran = refused(&[REGION, ("AWS_ENDPOINT_URL", &url)]);
    assert!(ran.err.contains("error[credentials]"), "{}", ran.err);
    assert!(ran.err.contains("aws sso login"), "{}", ran.err);
    assert!(ran.err.contains("--sandbox"), "{}", ran.err);
}

#[test]
fn without_a_profile_that_is_named() {
    let url = format!("http://127.0.0.1:{}", free_port());
    let ran = refused(&[REGION, ("AWS_PROFILE", "absent-profile"), ("AWS_ENDPOINT_URL", &url)]);
    assert!(
        ran.err.contains("absent-profile") || ran.err.contains("error[credentials]"),
        "{}",
        ran.err
    );
}

#[test]
fn without_a_region() {
    let ran = refused(&KEYS);
    assert!(ran.err.contains("error[no-region]"), "{}", ran.err);
}

#[test]
fn with_expired_credentials() {
    let url = service(
        "403 Forbidden",
        "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security \
         token included in the request is expired</Message></Error><RequestId>r-1</RequestId>\
         </ErrorResponse>",
    );
    let ran = refused(&[KEYS[0], KEYS[1], REGION, ("AWS_ENDPOINT_URL", &url)]);
    assert!(ran.err.contains("error[credentials]"), "{}", ran.err);
    assert!(ran.err.contains("aws sso login"), "{}", ran.err);
}

#[test]
fn without_permission() {
    let url = service(
        "403 Forbidden",
        "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: \
         arn:aws:iam::111122223333:user/x is not authorized to perform: sts:GetCallerIdentity\
         </Message></Error><RequestId>r-1</RequestId></ErrorResponse>",
    );
    let ran = refused(&[KEYS[0], KEYS[1], REGION, ("AWS_ENDPOINT_URL", &url)]);
    assert!(ran.err.contains("error[access-denied]"), "{}", ran.err);
}

#[test]
fn with_an_endpoint_that_cannot_be_reached() {
    let url = format!("http://127.0.0.1:{}", free_port());
    let ran = refused(&[KEYS[0], KEYS[1], REGION, ("AWS_ENDPOINT_URL", &url)]);
    let host = url.trim_start_matches("http://");
    assert!(ran.err.contains("error[unreachable]") && ran.err.contains(host), "{}", ran.err);
    assert!(ran.err.contains("AWS_ENDPOINT_URL"), "{}", ran.err);
}
