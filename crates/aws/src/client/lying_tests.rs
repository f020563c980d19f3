//! Calls of a server that lies, over sockets: what it sends, what is read of it, what is reported.

mod server;

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext};
use rstack_driver::{Cloud, DriverError, ErrorKind};
use rstack_model::KnownMap;
use serde_json::json;
use tokio::time::Instant;

use self::server::{Lie, Server};
use super::{Client, Clients, Pacing};
use crate::api::Api;
use crate::cloud::AwsCloud;
use crate::model::Service;
use crate::test::scripted_api::known;

/// A configuration of which every service is at the URL; no proxy of the environment is used.
fn config(url: &str, tls: TlsContext) -> SdkConfig {
    let credentials = Credentials::new("AKIDEXAMPLE", "the-secret-key", None, None, "test");
    let retry = RetryConfig::standard().with_initial_backoff(Duration::ZERO).with_max_attempts(3);
    let provider = Provider::Rustls(CryptoMode::AwsLc);
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(retry)
        .endpoint_url(url)
        .http_client(Builder::new().tls_provider(provider).tls_context(tls).build_https())
        .build()
}

async fn call(server: &Server, operation: &'static str) -> DriverError {
    let config = config(&server.url(), TlsContext::default());
    let client = Client::new(Service::MEDIAPACKAGE, &config).unwrap();
    let error = client.call(operation, known(json!({"Id": "live"}))).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with(&format!("mediapackage:{operation}: ")), "{text}");
    assert!(text.contains(&server.host()), "{text}");
    assert!(!text.contains("marked"), "a part of the answer is shown: {text}");
    error
}

fn answer(status: &str, headers: &str, body: &str) -> Lie {
    let length = body.len();
    Lie::Say(format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}"))
}

#[tokio::test]
async fn a_web_page_is_no_answer_whatever_its_status_and_type() {
    let page = "\n<!DOCTYPE html><html>marked: sign in to the proxy</html>";
    for (status, headers, body) in [
        ("200 OK", "content-type: text/html; charset=utf-8\r\n", page),
        ("200 OK", "content-type: application/json\r\n", page),
        ("200 OK", "", "<HTML>marked"),
        ("403 Forbidden", "content-type: text/html\r\n", page),
        ("407 Proxy Authentication Required", "", page),
    ] {
        let server = Server::start(answer(status, headers, body)).await;
        let error = call(&server, "DescribeChannel").await;
        assert_eq!(error.kind, ErrorKind::Unreachable);
        assert!(error.message.contains("is not one of AWS's: a web page"), "{error}");
        assert!(error.message.contains("proxy"), "{error}");
        assert_eq!(server.requests(), 1);
        // What a change did is not known.
        let error = call(&server, "CreateChannel").await;
        assert_eq!(error.kind, ErrorKind::UnknownOutcome);
        assert_eq!(server.requests(), 2);
    }
}

#[tokio::test]
async fn a_page_of_a_failing_load_balancer_is_a_failure_of_the_service() {
    let page = "<html><body>marked</body></html>";
    let lie = answer("503 Service Unavailable", "content-type: text/html\r\n", page);
    let server = Server::start(lie).await;
    let config = config(&server.url(), TlsContext::default());
    let client = Client::new(Service::MEDIAPACKAGE, &config).unwrap();
    let error = client.call("DescribeChannel", known(json!({"Id": "live"}))).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Transient);
    assert_eq!(server.requests(), 3);
}

#[tokio::test]
async fn garbage_is_reported_as_no_answer_of_awss() {
    let html = "content-type: text/html\r\n";
    let bodies =
        [("", "{\"id\": 7, marked"), ("", "\u{1}\u{2}marked"), ("", "[]"), (html, "marked")];
    for (headers, body) in bodies {
        let server = Server::start(answer("200 OK", headers, body)).await;
        let error = call(&server, "DescribeChannel").await;
        assert!(error.message.contains("is not one of AWS's"), "{error}");
        let error = call(&server, "CreateChannel").await;
        assert_eq!(error.kind, ErrorKind::UnknownOutcome);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_other_host_gets_nothing() {
    let other = Server::start(answer("200 OK", "", r#"{"id":"live"}"#)).await;
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let location = format!("location: {}/marked?x\r\n", other.url());
        let server = Server::start(answer(status, &location, "")).await;
        let error = call(&server, "DescribeChannel").await;
        assert_eq!(error.kind, ErrorKind::Unreachable);
        assert!(error.message.contains(&format!("a redirect to {}", other.host())), "{error}");
        assert_eq!(server.requests(), 1);
        let error = call(&server, "CreateChannel").await;
        assert_eq!(error.kind, ErrorKind::UnknownOutcome);
        assert_eq!(server.requests(), 2);
    }
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn an_answer_is_read_to_its_bound_and_not_further() {
    let huge = "HTTP/1.1 200 OK\r\ncontent-length: 2000000000\r\n\r\n";
    let endless = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let refusal = "HTTP/1.1 400 Bad Request\r\ntransfer-encoding: chunked\r\n\r\n";
    for (head, chunked) in [(huge, false), (endless, true), (refusal, true)] {
        let server = Server::start(Lie::Endless { head, chunked }).await;
        let error = call(&server, "DescribeChannel").await;
        assert_eq!(error.kind, ErrorKind::Unsupported);
        assert!(error.message.contains("more than 8 MiB"), "{error}");
        assert_eq!(server.requests(), 1);
        let error = call(&server, "CreateChannel").await;
        assert_eq!(error.kind, ErrorKind::UnknownOutcome);
        // Two answers of 8 MiB, and what the sockets hold.
        let sent = server.sent();
        assert!(sent < 40 * 1024 * 1024, "{sent} bytes were taken");
    }
}

/// The file of a service may say more than the default, or less.
#[tokio::test]
async fn the_bound_of_an_answer_is_the_one_of_its_operation() {
    let answers = json!([
        {"operations": ["DescribeChannel"], "maxMebibytes": 1},
        {"operations": ["DescribeOriginEndpoint", "CreateChannel"], "maxMebibytes": 12},
    ]);
    let mut file = Service::MEDIAPACKAGE.file().unwrap().clone();
    file.answers = serde_json::from_value(answers).unwrap();
    let long = |mebibytes: usize| {
        let id = " ".repeat(mebibytes * 1024 * 1024 - 14);
        answer("200 OK", "", &format!("{{\"id\": \"live\"{id}}}"))
    };
    for (operation, most) in
        [("DescribeChannel", 1), ("UpdateChannel", 8), ("DescribeOriginEndpoint", 12)]
    {
        for (mebibytes, is_read) in [(most, true), (most + 1, false)] {
            let server = Server::start(long(mebibytes)).await;
            let config = config(&server.url(), TlsContext::default());
            let mut client = Client::new(Service::MEDIAPACKAGE, &config).unwrap();
            client.file = Box::leak(Box::new(file.clone()));
            let outcome = client.call(operation, known(json!({"Id": "live"}))).await;
            assert_eq!(outcome.is_ok(), is_read, "{operation} with {mebibytes} MiB: {outcome:?}");
            if let Err(error) = outcome {
                assert!(error.message.contains(&format!("more than {most} MiB")), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_names_the_host() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":\"marked".to_owned();
    let chunk = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nmarked".to_owned();
    for text in [cut, chunk, "HTTP/1.1 200".to_owned(), "marked\r\n\r\n".to_owned()] {
        let server = Server::start(Lie::Say(text)).await;
        let error = call(&server, "DescribeChannel").await;
        assert_eq!(error.kind, ErrorKind::Transient, "{error}");
        let error = call(&server, "CreateChannel").await;
        assert_eq!(error.kind, ErrorKind::UnknownOutcome, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stall_ends_within_a_minute() {
    let nothing = "";
    let in_the_head = "HTTP/1.1 200 OK\r\ncontent-le";
    let in_the_body = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":";
    let in_a_chunk = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{";
    for head in [nothing, in_the_head, in_the_body, in_a_chunk] {
        let server = Server::start(Lie::Stall(head)).await;
        let begun = Instant::now();
        let error = call(&server, "DescribeChannel").await;
        assert_eq!(error.kind, ErrorKind::Transient, "{error}");
        let took = begun.elapsed();
        assert!(took <= Duration::from_secs(61), "{took:?}");
    }
}

#[tokio::test]
async fn a_certificate_of_another_name_is_refused_before_anything_is_sent() {
    let server = Server::start_tls("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    let config = config(&server.url(), server::trust());
    let client = Client::new(Service::MEDIAPACKAGE, &config).unwrap();
    let error = client.call("CreateChannel", known(json!({"Id": "live"}))).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreachable);
    assert!(error.message.contains(&server.host()), "{error}");
    assert!(error.message.contains("certificate not valid for name"), "{error}");
    assert_eq!(server.requests(), 0);
}

async fn identity(body: &str) -> (DriverError, Server) {
    let result = format!("<GetCallerIdentityResult>{body}</GetCallerIdentityResult>");
    let body = format!("<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>");
    let server = Server::start(answer("200 OK", "content-type: text/xml\r\n", &body)).await;
    let config = config(&server.url(), TlsContext::default());
    let cloud = AwsCloud::over(config, rstack_model::Region::new("eu-west-1"));
    (cloud.identity().await.unwrap_err(), server)
}

#[tokio::test]
async fn an_identity_that_awss_cannot_be_is_refused() {
    let arn = "<Arn>arn:aws:iam::111122223333:user/x</Arn>";
    for (body, says) in [
        (String::new(), "it has no `Arn`"),
        (arn.to_owned(), "it has no `Account`"),
        (format!("{arn}<Account>444455556666</Account>"), "`Account` is not that of its `Arn`"),
        (format!("{arn}<Account>x</Account>"), "`Account` is not that of its `Arn`"),
        ("<Arn>x</Arn><Account>111122223333</Account>".into(), "`Account` is not that of its"),
    ] {
        let (error, server) = identity(&body).await;
        assert_eq!(error.kind, ErrorKind::Unreachable);
        assert_eq!(error.operation, "sts:GetCallerIdentity");
        assert!(error.message.contains("is not one of AWS's") && error.message.contains(says));
        assert!(error.message.contains(&server.host()), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_is_in_flight_until_it_is_answered() {
    let server = Server::start(Lie::Stall("")).await;
    let clients = Clients::new(config(&server.url(), TlsContext::default()), Pacing::Off);
    let sts = clients.api(Service::STS);
    let call = sts.call("GetCallerIdentity", KnownMap::new());
    assert!(
        tokio::time::timeout(Duration::from_secs(7), async {
            tokio::pin!(call);
            tokio::select! {
                _ = &mut call => panic!("there is no answer"),
                () = tokio::time::sleep(Duration::from_secs(6)) => {}
            }
            let open = clients.in_flight();
            assert_eq!(open.len(), 1);
            assert_eq!(open[0].operation, "sts:GetCallerIdentity");
            assert_eq!(open[0].host, server.host());
            assert!(open[0].elapsed >= Duration::from_secs(6));
        })
        .await
        .is_ok()
    );
    assert!(clients.in_flight().is_empty());
}
