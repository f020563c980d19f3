//! Calls over a scripted connection: what is sent, what is sent again, what is traced.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{fmt, io};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, SecretString};
use serde_json::json;

use super::{Client, Clients};
use crate::api::Api;
use crate::configuration::Source;
use crate::model::Service;
use crate::test::scripted_api::known;

/// An act of a scripted connection on one request.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// It brings this status and body back.
    Answer(u16, &'static str),
    /// It breaks.
    Break(io::ErrorKind),
}

#[derive(Clone, Default)]
struct Connection {
    acts: Arc<Mutex<VecDeque<Act>>>,
    sent: Arc<Mutex<Vec<HttpRequest>>>,
}

/// The SDK traces its components.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

impl Connection {
    fn new(acts: &[Act]) -> Self {
        Self { acts: Arc::new(Mutex::new(acts.iter().copied().collect())), sent: Arc::default() }
    }

    fn requests(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    /// A client of the service over this connection.
    fn client(&self, service: Service) -> Client {
        Client::new(service, &self.config("AKIDEXAMPLE")).unwrap()
    }

    /// A configuration with this access key over this connection.
    fn config(&self, key: &str) -> SdkConfig {
        let credentials = Credentials::new(key, "the-secret-key", None, None, "test");
        let retry =
            RetryConfig::standard().with_initial_backoff(Duration::ZERO).with_max_attempts(3);
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(retry)
            .http_client(self.clone())
            .build()
    }
}

impl HttpConnector for Connection {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.sent.lock().unwrap().push(request);
        let act = self.acts.lock().unwrap().pop_front().expect("one request too many");
        HttpConnectorFuture::ready(match act {
            Act::Answer(status, body) => {
                // As from a network: a body that is not in memory.
                let body = SdkBody::from_body_1_x(SdkBody::from(body));
                Ok(HttpResponse::new(StatusCode::try_from(status).unwrap(), body))
            }
            Act::Break(kind) => Err(ConnectorError::io(io::Error::from(kind).into())),
        })
    }
}

impl HttpClient for Connection {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

fn id() -> KnownMap {
    known(json!({"Id": "live"}))
}

#[tokio::test]
async fn a_call_is_signed_for_the_services_own_endpoint() {
    let rows = [
        (
            Service::MEDIAPACKAGE,
            "DescribeChannel",
            "https://mediapackage.eu-west-1.amazonaws.com/",
            "eu-west-1/mediapackage",
        ),
        (
            Service::CLOUDFRONT,
            "GetDistribution",
            "https://cloudfront.amazonaws.com/",
            "us-east-1/cloudfront",
        ),
        (Service::EC2, "DescribeVpcs", "https://ec2.eu-west-1.amazonaws.com/", "eu-west-1/ec2"),
        (Service::SSM, "GetParameter", "https://ssm.eu-west-1.amazonaws.com/", "eu-west-1/ssm"),
        (Service::IAM, "GetUser", "https://iam.amazonaws.com/", "us-east-1/iam"),
        (
            Service::STS,
            "GetCallerIdentity",
            "https://sts.eu-west-1.amazonaws.com/",
            "eu-west-1/sts",
        ),
    ];
    for (service, operation, endpoint, scope) in rows {
        let connection = Connection::new(&[Act::Answer(404, "")]);
        let input = match operation {
            "DescribeChannel" | "GetDistribution" => id(),
            "GetParameter" => KnownMap::from([("Name".to_owned(), "x".into())]),
            _ => KnownMap::new(),
        };
        let outcome = connection.client(service).call(operation, input).await;
        assert_eq!(outcome.unwrap_err().kind, ErrorKind::Unsupported);
        let sent = connection.sent.lock().unwrap();
        let request = sent.first().unwrap();
        assert!(request.uri().starts_with(endpoint), "{}", request.uri());
        let authorization = request.headers().get("authorization").unwrap();
        assert!(authorization.contains(scope), "{authorization}");
    }
}

#[tokio::test]
async fn throttling_and_failures_of_the_service_are_tried_again_a_bounded_number_of_times() {
    let throttled = Act::Answer(429, r#"{"__type":"TooManyRequestsException"}"#);
    let connection =
        Connection::new(&[throttled, Act::Answer(503, ""), Act::Answer(200, r#"{"id":"live"}"#)]);
    let output = connection.client(Service::MEDIAPACKAGE).call("DescribeChannel", id()).await;
    assert_eq!(output.unwrap(), id());

    let connection = Connection::new(&[throttled; 3]);
    let error = connection.client(Service::MEDIAPACKAGE).call("CreateChannel", id()).await;
    assert_eq!(error.unwrap_err().kind, ErrorKind::Throttled);
    assert_eq!(connection.requests(), 3);

    // A change may have been made before the service failed: that is looked for first.
    let connection = Connection::new(&[Act::Answer(503, "")]);
    let error = connection.client(Service::MEDIAPACKAGE).call("CreateChannel", id()).await;
    assert_eq!(error.unwrap_err().kind, ErrorKind::Transient);
    assert_eq!(connection.requests(), 1);
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_not_sent_again_and_a_read_is() {
    let lost = Act::Break(io::ErrorKind::ConnectionReset);
    let connection = Connection::new(&[lost]);
    let error = connection.client(Service::MEDIAPACKAGE).call("CreateChannel", id()).await;
    assert_eq!(error.unwrap_err().kind, ErrorKind::UnknownOutcome);

    let connection = Connection::new(&[lost; 3]);
    let error = connection.client(Service::MEDIAPACKAGE).call("DescribeChannel", id()).await;
    assert_eq!(error.unwrap_err().kind, ErrorKind::Transient);
    assert_eq!(connection.requests(), 3);

    let connection = Connection::new(&[Act::Break(io::ErrorKind::ConnectionRefused); 3]);
    let error = connection.client(Service::MEDIAPACKAGE).call("CreateChannel", id()).await;
    assert_eq!(error.unwrap_err().kind, ErrorKind::Unreachable);
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_leaves_a_change_unknown() {
    let connection = Connection::new(&[Act::Answer(200, "{\"id\": 7, secret-text")]);
    let error = connection.client(Service::MEDIAPACKAGE).call("CreateChannel", id()).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind, ErrorKind::UnknownOutcome);
    assert!(!error.to_string().contains("secret-text"), "{error}");
}

#[tokio::test]
async fn an_input_that_the_service_does_not_take_is_not_sent() {
    let client = Connection::new(&[]).client(Service::MEDIAPACKAGE);
    for (input, path) in
        [(json!({"Id": "x", "Idd": 1}), "Idd"), (json!({}), "Id"), (json!({"Id": []}), "Id")]
    {
        let error = client.call("CreateChannel", known(input)).await.unwrap_err();
        let ErrorKind::Invalid { property: Some(property) } = error.kind else { panic!("{error}") };
        assert_eq!(property.to_string(), path);
    }
}

/// Where a test's traces go.
#[derive(Clone, Default)]
struct Traces(Arc<Mutex<Vec<u8>>>);

impl io::Write for Traces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_body_is_ever_traced() {
    let traces = Traces::default();
    let writer = traces.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // For all threads: whether a trace is wanted is remembered for the whole program.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let connection = Connection::new(&[
        Act::Answer(500, r#"{"message":"hunter3"}"#),
        Act::Answer(200, r#"{"SecretString":"hunter2","VersionId":"v-1"}"#),
        Act::Answer(400, r#"{"__type":"InvalidRequestException","message":"hunter3"}"#),
    ]);
    let client = connection.client(Service::SECRETSMANAGER);
    let output =
        client.call("GetSecretValue", known(json!({"SecretId": "hunter1"}))).await.unwrap();
    let mut input = known(json!({"SecretId": "x", "ClientRequestToken": "t"}));
    let secret = KnownValue::Secret(SecretString::new("hunter1".into()));
    input.insert("SecretString".to_owned(), secret);
    let error = client.call("PutSecretValue", input).await.unwrap_err();
    assert_eq!(output.get("SecretString").and_then(KnownValue::expose_str), Some("hunter2"));
    assert!(!format!("{output:?}").contains("hunter2"));
    assert_eq!(error.message, "hunter3");
    let traces = String::from_utf8(traces.0.lock().unwrap().clone()).unwrap();
    assert!(traces.contains("transmitting request"), "the SDK's traces are not there");
    for secret in ["hunter", "the-secret-key"] {
        let line = traces.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} was traced: {line:?}");
    }
}

/// Credentials that were renewed meanwhile: there is another key when they are read again.
#[async_trait::async_trait]
impl Source for Connection {
    async fn load(&self) -> SdkConfig {
        self.config("AKIDRENEWED")
    }
}

const EXPIRED: Act = Act::Answer(
    403,
    r#"{"__type":"ExpiredTokenException","message":"The security token has expired"}"#,
);

fn caller(body: &'static str) -> Act {
    Act::Answer(200, body)
}

const OURS: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333\
    </Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
const OTHERS: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>444455556666\
    </Account></GetCallerIdentityResult></GetCallerIdentityResponse>";

/// Creates a channel with credentials that expire; also says with which keys it was called.
async fn create_expired(acts: &[Act], known: bool) -> (Result<KnownMap, DriverError>, Vec<String>) {
    let connection = Connection::new(acts);
    let clients =
        Clients::renewed_by(connection.config("AKIDEXPIRED"), Arc::new(connection.clone()));
    if known {
        clients.belong_to(&"111122223333".into());
    }
    let outcome = clients.api(Service::MEDIAPACKAGE).call("CreateChannel", id()).await;
    let sent = connection.sent.lock().unwrap();
    let key = |request: &HttpRequest| {
        let authorization = request.headers().get("authorization").unwrap();
        let (_, rest) = authorization.split_once("Credential=").unwrap();
        rest.split('/').next().unwrap().to_owned()
    };
    (outcome, sent.iter().map(key).collect())
}

#[tokio::test]
async fn credentials_that_expire_are_read_again_and_the_call_is_made_with_the_new_ones() {
    let acts = [EXPIRED, caller(OURS), Act::Answer(200, r#"{"id":"live"}"#)];
    let (outcome, keys) = create_expired(&acts, true).await;
    assert_eq!(outcome.unwrap(), id());
    assert_eq!(keys, ["AKIDEXPIRED", "AKIDRENEWED", "AKIDRENEWED"]);
}

#[tokio::test]
async fn credentials_that_do_not_help_end_the_call() {
    let refused = Act::Answer(
        403,
        "<ErrorResponse><Error><Code>InvalidClientTokenId</Code>\
        <Message>The token is invalid</Message></Error></ErrorResponse>",
    );
    for (answer, says) in [(refused, "refused, too"), (caller(OTHERS), "account, 444455556666")] {
        let (outcome, keys) = create_expired(&[EXPIRED, answer], true).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Credentials);
        assert!(error.has_code("ExpiredTokenException"));
        assert!(error.message.contains(says), "{error}");
        assert_eq!(keys, ["AKIDEXPIRED", "AKIDRENEWED"]);
    }
    // Nothing has begun yet: the user hears of it at once.
    let (outcome, keys) = create_expired(&[EXPIRED], false).await;
    assert_eq!(outcome.unwrap_err().kind, ErrorKind::Credentials);
    assert_eq!(keys, ["AKIDEXPIRED"]);
}

/// The user signs in anew, and chooses another Region for the profile.
#[derive(Debug)]
struct Elsewhere(Connection);

#[async_trait::async_trait]
impl Source for Elsewhere {
    async fn load(&self) -> SdkConfig {
        let region = aws_config::Region::from_static("us-west-2");
        self.0.config("AKIDRENEWED").into_builder().region(region).build()
    }
}

#[tokio::test]
async fn renewed_credentials_do_not_move_a_run_to_another_region() {
    let acts = [EXPIRED, caller(OURS), Act::Answer(200, r#"{"id":"live"}"#)];
    let connection = Connection::new(&acts);
    let source = Arc::new(Elsewhere(connection.clone()));
    let clients = Clients::renewed_by(connection.config("AKIDEXPIRED"), source);
    clients.belong_to(&"111122223333".into());
    clients.api(Service::MEDIAPACKAGE).call("CreateChannel", id()).await.unwrap();
    let sent = connection.sent.lock().unwrap();
    let signed = sent.last().unwrap().headers().get("authorization").unwrap();
    assert!(signed.contains("AKIDRENEWED/") && !signed.contains("us-west-2"), "{signed}");
}

/// Calls about a bucket go to its own host, with the digest that S3 wants; a name that is none is not
/// sent anywhere.
#[tokio::test]
async fn a_call_about_a_bucket_goes_to_its_host() {
    let connection = Connection::new(&[Act::Answer(200, "")]);
    let client = connection.client(Service::S3);
    let tags = json!({"TagSet": [{"Key": "a", "Value": "b"}]});
    let input = known(json!({"Bucket": "my-bucket", "Tagging": tags}));
    client.call("PutBucketTagging", input).await.unwrap();
    {
        let sent = connection.sent.lock().unwrap();
        let request = sent.first().unwrap();
        assert_eq!(request.uri(), "https://my-bucket.s3.eu-west-1.amazonaws.com/?tagging");
        let header = |name: &str| request.headers().get(name).unwrap_or_default();
        assert_eq!(header("x-amz-sdk-checksum-algorithm"), "SHA256");
        assert_eq!(header("x-amz-checksum-sha256").len(), 44);
        assert_eq!(header("x-amz-content-sha256").len(), 64);
        assert!(header("authorization").contains("eu-west-1/s3/"), "{}", header("authorization"));
    }
    for name in ["", "a/../b", "x?y", "evil.example#", "a..b"] {
        let input = known(json!({"Bucket": name}));
        let error = client.call("GetBucketPolicy", input).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Invalid { .. }), "{name}: {error}");
    }
    assert_eq!(connection.requests(), 1);
}
