//! A fake of S3 at the level of HTTP, and what the calls leave in it.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region as SdkRegion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use http_body::Body as _;
use rstack_driver::{AssetContent, AssetStore, BucketAccess, ErrorKind, InMemory};
use rstack_model::{AccountId, AssetRole, Digest, Region};

use super::object::PART;
use crate::client::{Clients, Pacing};

const OWNER: &str = "123456789012";
const NAME: &str = "cdk-hnb659fds-assets-123456789012-eu-west-1";

/// The state of the fake.
#[derive(Default)]
struct State {
    /// Buckets by name: the owner, and the settings by their queries.
    buckets: BTreeMap<String, (String, BTreeMap<String, String>)>,
    objects: BTreeMap<String, Vec<u8>>,
    /// Earlier versions of an object, the newest last, in a bucket that keeps them.
    earlier: BTreeMap<String, Vec<Vec<u8>>>,
    keeps_versions: bool,
    /// Answers are those of a proxy, which does not number them.
    is_proxy: bool,
    /// The parts of the uploads that are open, by their IDs.
    uploads: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    /// The requests, as `METHOD uri`.
    log: Vec<String>,
    /// The number of the request, from 1, that is answered with this status, and whether it has its
    /// effect before.
    fault: Option<(usize, u16, bool)>,
    /// The most bytes of one request.
    largest: usize,
}

#[derive(Clone, Default)]
struct Fake(Arc<Mutex<State>>);

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fake")
    }
}

struct Answer(u16, Vec<(&'static str, String)>, Vec<u8>);

fn refused(status: u16, code: &str) -> Answer {
    let body = format!("<Error><Code>{code}</Code><Message>it is refused</Message></Error>");
    Answer(status, Vec::new(), body.into_bytes())
}

fn tag(bytes: &[u8]) -> String {
    format!("\"{}\"", &Digest::of(bytes).as_str()[..32])
}

impl State {
    fn answer(&mut self, request: &HttpRequest, body: &[u8]) -> Answer {
        let header = |name: &str| request.headers().get(name).map(str::to_owned);
        // The body is the one that was signed.
        assert_eq!(header("x-amz-content-sha256").unwrap(), Digest::of(body).as_str());
        let authorization = header("authorization").unwrap();
        assert!(authorization.contains("/eu-west-1/s3/aws4_request"), "{authorization}");
        assert_eq!(header("x-amz-expected-bucket-owner").as_deref(), Some(OWNER));
        self.largest = self.largest.max(body.len());
        let uri = request.uri().to_owned();
        let (host, rest) = uri.strip_prefix("https://").unwrap().split_once('/').unwrap();
        let bucket = host.strip_suffix(".s3.eu-west-1.amazonaws.com").unwrap().to_owned();
        let (key, query) = rest.split_once('?').unwrap_or((rest, ""));
        let method = request.method().to_owned();
        self.log.push(format!("{method} /{rest}"));
        if let Some(checksum) = header("x-amz-checksum-sha256") {
            let digest: String = aws_smithy_types::base64::decode(checksum)
                .unwrap()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            assert_eq!(digest, Digest::of(body).as_str());
        }
        let is_create = method == "PUT" && key.is_empty() && query.is_empty();
        match self.buckets.get(&bucket) {
            Some((owner, _)) if owner != OWNER && is_create => {
                return refused(409, "BucketAlreadyExists");
            }
            Some((owner, _)) if owner != OWNER => return refused(403, "AccessDenied"),
            Some(_) if is_create => return refused(409, "BucketAlreadyOwnedByYou"),
            None if is_create => {
                assert!(String::from_utf8_lossy(body).contains("<LocationConstraint>eu-west-1<"));
                self.buckets.insert(bucket, (OWNER.to_owned(), BTreeMap::new()));
                return Answer(200, Vec::new(), Vec::new());
            }
            None => return refused(404, "NoSuchBucket"),
            Some(_) => {}
        }
        if key.is_empty() {
            return self.setting(&bucket, &method, query, body);
        }
        self.object(&method, (key, query), body)
    }

    fn setting(&mut self, bucket: &str, method: &str, query: &str, body: &[u8]) -> Answer {
        let settings = &mut self.buckets.get_mut(bucket).unwrap().1;
        match (method, query) {
            ("HEAD", "") => Answer(200, Vec::new(), Vec::new()),
            ("PUT", query) => {
                settings.insert(query.to_owned(), String::from_utf8(body.to_vec()).unwrap());
                Answer(200, Vec::new(), Vec::new())
            }
            ("GET", "versioning") => {
                let none = "<VersioningConfiguration/>".to_owned();
                let found = settings.get(query).cloned().unwrap_or(none);
                Answer(200, Vec::new(), found.into_bytes())
            }
            ("GET", query) => match settings.get(query) {
                Some(found) => Answer(200, Vec::new(), found.clone().into_bytes()),
                None => refused(404, "NoSuchConfiguration"),
            },
            other => panic!("{other:?}"),
        }
    }

    fn object(&mut self, method: &str, (key, query): (&str, &str), body: &[u8]) -> Answer {
        let query: BTreeMap<&str, &str> = query
            .split('&')
            .filter(|part| !part.is_empty())
            .map(|part| part.split_once('=').unwrap_or((part, "")))
            .collect();
        let upload = query.get("uploadId").copied();
        match (method, upload) {
            ("HEAD" | "GET", None) => match self.objects.get(key) {
                Some(bytes) => {
                    let length = ("content-length", bytes.len().to_string());
                    let body = if method == "GET" { bytes.clone() } else { Vec::new() };
                    let mut headers = vec![length, ("etag", tag(bytes))];
                    if self.keeps_versions {
                        let earlier = self.earlier.get(key).map_or(0, Vec::len);
                        headers.push(("x-amz-version-id", format!("v{earlier}+")));
                    }
                    Answer(200, headers, body)
                }
                None if method == "HEAD" => Answer(404, Vec::new(), Vec::new()),
                None => refused(404, "NoSuchKey"),
            },
            ("PUT", None) => {
                let before = self.objects.insert(key.to_owned(), body.to_vec());
                self.earlier.entry(key.to_owned()).or_default().extend(before);
                Answer(200, vec![("etag", tag(body))], Vec::new())
            }
            ("DELETE", None) if query.contains_key("versionId") => {
                let earlier = self.earlier.entry(key.to_owned()).or_default();
                assert_eq!(query["versionId"], format!("v{}%2B", earlier.len()));
                match earlier.pop() {
                    Some(before) => self.objects.insert(key.to_owned(), before),
                    None => self.objects.remove(key),
                };
                Answer(204, Vec::new(), Vec::new())
            }
            ("DELETE", None) => {
                assert!(!self.keeps_versions, "versions stay behind a delete marker");
                self.objects.remove(key);
                Answer(204, Vec::new(), Vec::new())
            }
            ("POST", None) if query.contains_key("uploads") => {
                let id = format!("u{}", self.log.len());
                self.uploads.insert(id.clone(), BTreeMap::new());
                let xml = format!("<R><UploadId>{id}</UploadId></R>");
                Answer(200, Vec::new(), xml.into_bytes())
            }
            ("PUT", Some(id)) => {
                let number = query["partNumber"].parse().unwrap();
                self.uploads.get_mut(id).unwrap().insert(number, body.to_vec());
                Answer(200, vec![("etag", tag(body))], Vec::new())
            }
            ("POST", Some(id)) => {
                let Some(parts) = self.uploads.remove(id) else {
                    return refused(404, "NoSuchUpload");
                };
                let text = String::from_utf8(body.to_vec()).unwrap();
                for (number, part) in &parts {
                    let entry = format!(
                        "<PartNumber>{number}</PartNumber><ETag>{}</ETag>",
                        tag(part).replace('"', "&quot;")
                    );
                    assert!(text.contains(&entry), "{text}");
                }
                let bytes: Vec<u8> = parts.into_values().flatten().collect();
                let xml = format!("<R><ETag>{}</ETag></R>", tag(&bytes).replace('"', "&quot;"));
                self.objects.insert(key.to_owned(), bytes);
                Answer(200, Vec::new(), xml.into_bytes())
            }
            ("DELETE", Some(id)) => {
                self.uploads.remove(id);
                Answer(204, Vec::new(), Vec::new())
            }
            other => panic!("{other:?}"),
        }
    }
}

impl HttpConnector for Fake {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let state = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            let mut body = Vec::new();
            let mut stream = request.take_body();
            while let Some(frame) =
                std::future::poll_fn(|cx| std::pin::Pin::new(&mut stream).poll_frame(cx)).await
            {
                body.extend_from_slice(&frame.unwrap().into_data().unwrap_or_default());
            }
            let mut state = state.lock().unwrap();
            let number = state.log.len() + 1;
            let fault = state.fault.filter(|(at, ..)| *at == number);
            let Answer(status, headers, body) = match fault {
                Some((_, status, false)) => {
                    state.log.push(format!("{} failed", request.method()));
                    Answer(status, Vec::new(), Vec::new())
                }
                Some((_, status, true)) => {
                    state.answer(&request, &body);
                    Answer(status, Vec::new(), Vec::new())
                }
                None => state.answer(&request, &body),
            };
            let mut answer =
                HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body));
            for (name, value) in headers {
                answer.headers_mut().insert(name, value);
            }
            if !state.is_proxy {
                answer.headers_mut().insert("x-amz-request-id", "4442587FB7D0A2F9");
            }
            Ok(answer)
        })
    }
}

impl HttpClient for Fake {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl Fake {
    fn clients(&self) -> Clients {
        let key = Credentials::new("AKIDEXAMPLE", "the-secret-key", None, None, "test");
        let retry =
            RetryConfig::standard().with_initial_backoff(Duration::ZERO).with_max_attempts(3);
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(SdkRegion::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(key))
            .retry_config(retry)
            .http_client(self.clone())
            .build();
        Clients::new(config, Pacing::Off)
    }

    async fn bucket(&self) -> Arc<dyn AssetStore> {
        super::open(&self.clients(), &access(NAME)).await.unwrap().store
    }

    /// A fake with the bucket of this owner.
    fn with_bucket(owner: &str) -> Self {
        let fake = Self::default();
        let bucket = (owner.to_owned(), BTreeMap::new());
        fake.state().buckets.insert(NAME.to_owned(), bucket);
        fake
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

fn access(bucket: &str) -> BucketAccess {
    BucketAccess {
        region: Region::from("eu-west-1"),
        bucket: bucket.to_owned(),
        owner: AccountId::from(OWNER),
        role: None,
    }
}

#[tokio::test]
async fn an_object_is_put_found_read_and_deleted() {
    let fake = Fake::with_bucket(OWNER);
    let bucket = fake.bucket().await;
    assert!(bucket.exists().await.unwrap());
    let key = "a b/ü+$.zip";
    assert_eq!(bucket.find(key).await.unwrap(), None);
    let sent = Mutex::new(Vec::new());
    let content = InMemory(b"bytes".to_vec());
    let note = |bytes| sent.lock().unwrap().push(bytes);
    let made = bucket.put(key, "application/zip", &content, &note).await.unwrap();
    assert_eq!((made.bytes, sent.into_inner().unwrap()), (5, vec![5]));
    assert_eq!(bucket.find(key).await.unwrap(), Some(made));
    assert_eq!(bucket.get(key, 100).await.unwrap().as_deref(), Some(&b"bytes"[..]));
    assert!(bucket.get(key, 4).await.is_err(), "longer than the limit");
    bucket.delete(key).await.unwrap();
    assert_eq!(bucket.get(key, 100).await.unwrap(), None);
    let log = fake.state().log.clone();
    assert_eq!(log[0], "HEAD /");
    assert_eq!(log[2], "PUT /a%20b/%C3%BC%2B%24.zip");
}

/// A web page that S3 keeps is an object; one that something in between answers with is none.
#[tokio::test]
async fn an_object_that_is_a_web_page_is_read() {
    let fake = Fake::with_bucket(OWNER);
    let bucket = fake.bucket().await;
    bucket.put("k", "text/html", &InMemory(b"<html>".to_vec()), &|_| ()).await.unwrap();
    assert_eq!(bucket.get("k", 100).await.unwrap().as_deref(), Some(&b"<html>"[..]));
    fake.state().is_proxy = true;
    assert_eq!(bucket.get("k", 100).await.unwrap_err().kind, ErrorKind::Unreachable);
}

#[tokio::test]
async fn an_object_is_deleted_with_its_versions() {
    let fake = Fake::with_bucket(OWNER);
    fake.state().keeps_versions = true;
    let bucket = fake.bucket().await;
    for bytes in ["one", "two", "three"] {
        bucket.put("k", "text/plain", &InMemory(bytes.into()), &|_| ()).await.unwrap();
    }
    bucket.delete("k").await.unwrap();
    assert_eq!(bucket.find("k").await.unwrap(), None);
    assert!(fake.state().earlier["k"].is_empty());
    bucket.delete("k").await.unwrap();
}

#[tokio::test]
async fn a_large_object_is_sent_in_parts_of_which_one_is_in_memory() {
    let fake = Fake::with_bucket(OWNER);
    let bucket = fake.bucket().await;
    let size = usize::try_from(PART).unwrap() * 2 + 3;
    let bytes: Vec<u8> = (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect();
    let sent = Mutex::new(Vec::new());
    let note = |bytes| sent.lock().unwrap().push(bytes);
    bucket.put("k", "application/zip", &InMemory(bytes.clone()), &note).await.unwrap();
    let state = fake.state();
    assert!(state.objects["k"] == bytes);
    assert_eq!(state.largest, usize::try_from(PART).unwrap());
    assert!(state.uploads.is_empty());
    let all = u64::try_from(size).unwrap();
    assert_eq!(sent.into_inner().unwrap(), [PART, 2 * PART, all, all]);
}

/// Content that cannot be read from some byte on.
struct Broken(u64);

#[async_trait]
impl AssetContent for Broken {
    fn bytes(&self) -> u64 {
        4 * PART
    }

    async fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        match offset < self.0 {
            true => Ok(vec![1; length]),
            false => Err(io::Error::other("the user asked to stop")),
        }
    }
}

#[tokio::test]
async fn the_parts_of_an_upload_that_ends_early_are_removed() {
    let fake = Fake::with_bucket(OWNER);
    let bucket = fake.bucket().await;
    let error = bucket.put("k", "x/y", &Broken(2 * PART), &|_| ()).await.unwrap_err();
    assert!(error.message.contains("the user asked to stop"), "{error}");
    let state = fake.state();
    assert!(state.uploads.is_empty() && state.objects.is_empty());
    assert!(state.log.last().unwrap().starts_with("DELETE /k?uploadId="), "{:?}", state.log);
}

/// Each request fails once, before or after its effect: a whole object is there, or none and no part.
#[tokio::test]
async fn a_request_that_fails_leaves_no_half() {
    let size = usize::try_from(PART).unwrap() + 1;
    for (at, effect) in (1..=5).flat_map(|at| [(at, false), (at, true)]) {
        let fake = Fake::with_bucket(OWNER);
        let bucket = fake.bucket().await;
        fake.state().fault = Some((at, 500, effect));
        let content = InMemory(vec![7; size]);
        let first = bucket.put("k", "x/y", &content, &|_| ()).await;
        if first.is_err() {
            bucket.put("k", "x/y", &content, &|_| ()).await.unwrap();
        }
        let state = fake.state();
        assert!(state.objects["k"] == content.0, "{at} {effect}");
        let open = state.uploads.len();
        // An upload of which the answer was lost has no part, and goes by the rule of the bucket.
        assert!(open == 0 || (at == 1 && effect && state.uploads.values().all(BTreeMap::is_empty)));
    }
}

#[tokio::test]
async fn the_bucket_of_another_account_is_refused() {
    let fake = Fake::with_bucket("999999999999");
    let bucket = fake.bucket().await;
    let denied = ErrorKind::AccessDenied { action: None };
    assert_eq!(bucket.exists().await.unwrap_err().kind, denied);
    assert_eq!(bucket.make().await.unwrap_err().kind, denied);
    let content = InMemory(b"secret code".to_vec());
    assert_eq!(bucket.put("k", "x/y", &content, &|_| ()).await.unwrap_err().kind, denied);
    assert!(fake.state().objects.is_empty());
}

#[tokio::test]
async fn a_bucket_is_made_with_all_settings_and_only_once() {
    let fake = Fake::default();
    let bucket = fake.bucket().await;
    assert!(!bucket.exists().await.unwrap());
    bucket.make().await.unwrap();
    let settings = fake.state().buckets[NAME].1.clone();
    let names: Vec<&str> = settings.keys().map(String::as_str).collect();
    assert_eq!(names, ["encryption", "lifecycle", "policy", "publicAccessBlock", "versioning"]);
    assert!(settings["policy"].contains("\"aws:SecureTransport\":\"false\""));
    assert!(settings["policy"].contains(&format!("arn:aws:s3:::{NAME}/*")));
    assert!(settings["publicAccessBlock"].contains("<RestrictPublicBuckets>true<"));
    assert!(settings["versioning"].contains("<Status>Enabled</Status>"));
    // Settings that others made stay.
    let kms = "<ServerSideEncryptionConfiguration>kms</ServerSideEncryptionConfiguration>";
    let set = |query: &str, text: &str| {
        fake.state().buckets.get_mut(NAME).unwrap().1.insert(query.to_owned(), text.to_owned());
    };
    set("encryption", kms);
    set("versioning", "<V><Status>Suspended</Status></V>");
    let before = fake.state().buckets[NAME].1.clone();
    fake.state().log.clear();
    bucket.make().await.unwrap();
    assert_eq!(fake.state().buckets[NAME].1, before);
    assert!(fake.state().log.iter().all(|it| !it.starts_with("PUT")), "{:?}", fake.state().log);
}

/// A bootstrap that was cut off after any of its requests is completed by the next.
#[tokio::test]
async fn an_interrupted_bootstrap_is_completed() {
    for at in 1..=12 {
        let fake = Fake::default();
        let bucket = fake.bucket().await;
        fake.state().fault = Some((at, 400, false));
        let _cut_off = bucket.make().await;
        bucket.make().await.unwrap();
        assert_eq!(fake.state().buckets[NAME].1.len(), 5, "{at}");
    }
}

#[tokio::test]
async fn a_url_puts_one_object_and_says_no_secret_key() {
    let fake = Fake::default();
    let bucket = fake.bucket().await;
    let url = bucket.put_url("a b", Duration::from_secs(7200)).await.unwrap();
    let url = url.expose();
    let start = format!("https://{NAME}.s3.eu-west-1.amazonaws.com/a%20b?");
    assert!(url.starts_with(&start), "{url}");
    for part in ["X-Amz-Expires=7200", "X-Amz-SignedHeaders=host&", "X-Amz-Signature="] {
        assert!(url.contains(part), "{part} in {url}");
    }
    assert!(!url.contains("the-secret-key"));
}

/// The fake answers STS with an error that is none of S3's: the role cannot be assumed.
#[tokio::test]
async fn a_role_that_cannot_be_assumed_is_noted_and_the_caller_goes_on() {
    #[derive(Debug, Clone)]
    struct NoSts;
    impl HttpConnector for NoSts {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            let body = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>";
            let status = StatusCode::try_from(403).unwrap();
            HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
        }
    }
    impl HttpClient for NoSts {
        fn http_connector(
            &self,
            _: &HttpConnectorSettings,
            _: &RuntimeComponents,
        ) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }
    let key = Credentials::new("AKIDEXAMPLE", "the-secret-key", None, None, "test");
    let config = aws_config::defaults(BehaviorVersion::latest())
        .region(SdkRegion::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(key))
        .http_client(NoSts)
        .load()
        .await;
    let arn = "arn:aws:iam::123456789012:role/publishing".to_owned();
    let role = Some(AssetRole { arn: arn.clone(), external_id: None });
    let clients = Clients::new(config, Pacing::Off);
    let open = super::open(&clients, &BucketAccess { role, ..access(NAME) }).await.unwrap();
    assert!(open.note.unwrap().contains(&arn));
}
