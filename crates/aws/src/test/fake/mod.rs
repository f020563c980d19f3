//! A fake of the services at the level of HTTP: it keeps objects, follows the rules that the
//! services document, and can be struck at any request.
//!
//! It takes what the real client sends, signed and written by the SDK, and answers in kind. What
//! is deliberately strict: versions (`If-Match`), names and tokens that are taken, references to
//! what is not there, the order of deletions.

mod account;
mod apigateway;
mod appsync;
mod attached;
mod client_vpn;
mod cloudcontrol;
mod cloudfront;
mod codebuild;
mod configured;
mod data_types;
mod databases;
mod dynamodb;
mod ec2;
mod elasticsearch;
mod emr;
mod events;
mod fsx;
mod function;
mod iam;
mod instance_profiles;
mod interface_permissions;
mod key_value_stores;
mod kms;
mod lambda;
mod lambda_functions;
mod lambda_layers;
mod listener_certificates;
mod log_configs;
mod managed;
mod mediaconnect;
mod mediapackage;
mod mediatailor;
mod network_acl;
mod principals;
mod provisioned;
mod query;
mod rest_apis;
mod route53;
mod s3;
pub(crate) mod secrets;
mod sns;
mod states;
pub(crate) mod wire;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::date_time::Format;
use tokio::sync::Notify;

use crate::service_error::Refusal;
pub(crate) use account::{ACCOUNT, Account};
pub(crate) use cloudcontrol::CloudControl;

/// The Region of the account.
pub(crate) const REGION: &str = "eu-west-1";

/// A fault of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The process dies before it is sent.
    DiesBefore,
    /// It is carried out, and the process dies before it hears of it.
    DiesAfter,
    /// It is carried out, and the connection breaks.
    LostAnswer,
    /// It is carried out, and no answer comes in time.
    TimesOut,
    /// It is carried out, and the service says that it failed.
    FailsAfter,
    /// It is not carried out: the service fails.
    FailsBefore,
    /// It is not carried out: there are too many requests.
    Throttled,
    /// It arrives twice, and the second answer is the one that is heard.
    Twice,
}

impl Fault {
    /// All of them.
    pub(crate) const ALL: [Self; 8] = [
        Self::DiesBefore,
        Self::DiesAfter,
        Self::LostAnswer,
        Self::TimesOut,
        Self::FailsAfter,
        Self::FailsBefore,
        Self::Throttled,
        Self::Twice,
    ];

    /// True if the process does not live through it.
    pub(crate) fn kills(self) -> bool {
        matches!(self, Self::DiesBefore | Self::DiesAfter)
    }
}

/// A request that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    /// Such as `iam:CreateRole`.
    pub(crate) action: String,
    /// True if it only reads.
    pub(crate) reads: bool,
}

#[derive(Default)]
struct Inner {
    account: Account,
    made: Vec<Made>,
    strike: Option<(usize, Fault)>,
    dead: bool,
}

/// The services of one account. Clones are the same account.
#[derive(Clone, Default)]
pub(crate) struct FakeServices {
    inner: Arc<Mutex<Inner>>,
    died: Arc<Notify>,
}

/// The SDK traces its components.
impl fmt::Debug for FakeServices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeServices")
    }
}

impl FakeServices {
    /// An account with these objects.
    pub(crate) fn with(account: Account) -> Self {
        let services = Self::default();
        services.inner.lock().unwrap().account = account;
        services
    }

    /// Begins to count the requests of a new process, of which one, by its number from 0, is
    /// struck.
    pub(crate) fn begin(&self, strike: Option<(usize, Fault)>) {
        let mut inner = self.inner.lock().unwrap();
        inner.made.clear();
        (inner.strike, inner.dead) = (strike, false);
    }

    /// The requests of the process so far.
    pub(crate) fn made(&self) -> Vec<Made> {
        self.inner.lock().unwrap().made.clone()
    }

    /// The objects as they are now.
    pub(crate) fn account(&self) -> Account {
        self.inner.lock().unwrap().account.clone()
    }

    /// Changes what Cloud Control knows.
    pub(crate) fn with_cloud_control(&self, change: impl FnOnce(&mut CloudControl)) {
        change(&mut self.inner.lock().unwrap().account.cloud_control);
    }

    /// Changes record sets of Route 53 behind a driver's back.
    pub(crate) fn change_records(&self, change: impl FnOnce(&mut account::Objects)) {
        change(&mut self.inner.lock().unwrap().account.records);
    }

    /// Runs a process until it ends or dies; `None` if it died.
    pub(crate) async fn during<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.died.notified() => None,
            done = work => Some(done),
        }
    }

    /// The configuration of the SDK for the account.
    pub(crate) fn config(&self) -> SdkConfig {
        let credentials = Credentials::new("AKIDEXAMPLE", "the-secret-key", None, None, "test");
        let retry = RetryConfig::standard()
            .with_initial_backoff(std::time::Duration::ZERO)
            .with_max_attempts(3);
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_config::Region::new(REGION))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(retry)
            .http_client(self.clone())
            .build()
    }

    /// An answer with the time of the account, which all services share.
    fn dated(&self, mut answer: HttpResponse) -> HttpResponse {
        let now = self.inner.lock().unwrap().account.cloud_control.now;
        let date = DateTime::from_secs(now.try_into().unwrap()).fmt(Format::HttpDate).unwrap();
        answer.headers_mut().insert("date", date);
        answer
    }

    async fn answer(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let call = wire::read(request).await;
        let answered = {
            let mut inner = self.inner.lock().unwrap();
            let number = inner.made.len();
            if !inner.dead {
                let (action, reads) = (call.action(), call.operation.reads());
                inner.made.push(Made { action, reads });
            }
            let fault = inner.strike.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
            let refused = |status| {
                let refusal = Refusal { status, ..Refusal::default() };
                Some(Ok(wire::refusal(&call, &refusal)))
            };
            let dead = inner.dead;
            let account = &mut inner.account;
            let mut carry_out = || wire::answer(&call, account.carry_out(&call));
            match fault {
                // A dead process sends nothing, and no other one sends it.
                _ if dead => None,
                None => Some(Ok(carry_out())),
                Some(Fault::DiesBefore) => None,
                Some(Fault::DiesAfter) => {
                    carry_out();
                    None
                }
                Some(Fault::LostAnswer) => {
                    carry_out();
                    let reset = io::Error::from(io::ErrorKind::ConnectionReset);
                    Some(Err(ConnectorError::io(reset.into())))
                }
                Some(Fault::TimesOut) => {
                    carry_out();
                    Some(Err(ConnectorError::timeout("no answer".into())))
                }
                Some(Fault::FailsAfter) => {
                    carry_out();
                    refused(500)
                }
                Some(Fault::FailsBefore) => refused(503),
                Some(Fault::Throttled) => refused(429),
                Some(Fault::Twice) => {
                    carry_out();
                    Some(Ok(carry_out()))
                }
            }
        };
        match answered {
            Some(answer) => answer.map(|answer| self.dated(answer)),
            None => {
                self.inner.lock().unwrap().dead = true;
                self.died.notify_one();
                std::future::pending().await
            }
        }
    }
}

impl HttpConnector for FakeServices {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let services = self.clone();
        HttpConnectorFuture::new(async move { services.answer(request).await })
    }
}

impl HttpClient for FakeServices {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// The bytes of a body that is not in memory.
async fn bytes(body: aws_smithy_types::body::SdkBody) -> Vec<u8> {
    ByteStream::new(body).collect().await.unwrap().into_bytes().to_vec()
}
