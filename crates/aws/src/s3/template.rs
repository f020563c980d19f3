//! Reading a template: an object in whatever Region its bucket is, and of whatever owner, with the caller's own
//! credentials.
//!
//! Source: "Error responses" and "Request redirection", Amazon S3 API Reference and User Guide: a Region that does
//! not have the bucket names the one that has it in `x-amz-bucket-region`.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{Region, S3Address};

use super::{encoded, path_of};
use crate::client::{Clients, Missed, RawRequest};

/// The bytes of a template, at most `limit`. Where the address names no Region, `region` is asked first.
///
/// # Errors
/// If there is no such object, it is longer, or the caller may not read it.
pub(crate) async fn template(
    clients: &Clients,
    region: &Region,
    address: &S3Address,
    limit: u64,
) -> Result<Vec<u8>, DriverError> {
    object(clients, region, (address, None), limit).await
}

/// As [`template`], of an object that has this ETag, if one is given.
///
/// # Errors
/// As of [`template`], or with the code `PreconditionFailed` if it has another one.
pub(crate) async fn object(
    clients: &Clients,
    region: &Region,
    of: (&S3Address, Option<&str>),
    limit: u64,
) -> Result<Vec<u8>, DriverError> {
    let first = of.0.region.as_ref().unwrap_or(region);
    match get(clients, first, of, limit).await {
        Err(Missed::Elsewhere { region: Some(region), .. }) if region != *first => {
            get(clients, &region, of, limit).await.map_err(Missed::into_error)
        }
        other => other.map_err(Missed::into_error),
    }
}

/// An ETag as a header has it.
///
/// Source: RFC 9110, section 8.8.3.
fn quoted(etag: &str) -> String {
    if etag.starts_with('"') { etag.to_owned() } else { format!("\"{etag}\"") }
}

async fn get(
    clients: &Clients,
    region: &Region,
    (address, etag): (&S3Address, Option<&str>),
    limit: u64,
) -> Result<Vec<u8>, Missed> {
    let S3Address { bucket, key, version, .. } = address;
    let config = clients.configuration_in(region);
    let (client, _) = clients.bucket(&config, bucket).map_err(Missed::Failed)?;
    let version = version.as_ref().map(|version| format!("?versionId={}", encoded(version, b"")));
    let request = RawRequest {
        operation: "GetObject",
        method: "GET",
        path: format!("{}{}", path_of(key), version.unwrap_or_default()),
        headers: etag.map(|etag| ("if-match", quoted(etag))).into_iter().collect(),
        body: Vec::new(),
        repeatable: true,
        limit,
    };
    match client.try_send(request).await {
        Ok(answer) => Ok(answer.body),
        Err(Missed::Failed(error)) if error.kind == ErrorKind::Unsupported => {
            let message = format!("the object is longer than {limit} bytes, or no object");
            let kind = ErrorKind::Invalid { property: None };
            Err(Missed::Failed(DriverError { kind, message, ..error }))
        }
        Err(missed) => Err(missed),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use aws_config::retry::RetryConfig;
    use aws_config::{BehaviorVersion, SdkConfig};
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use aws_smithy_runtime_api::client::http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    use super::*;
    use crate::client::Pacing;

    /// S3 with one bucket, in one Region.
    #[derive(Clone, Debug)]
    struct OneBucket {
        region: &'static str,
        /// The way in which other Regions say where it is: by a redirect, or by a refusal.
        redirects: bool,
        calls: Arc<Mutex<Vec<String>>>,
    }

    impl HttpClient for OneBucket {
        fn http_connector(
            &self,
            _: &HttpConnectorSettings,
            _: &RuntimeComponents,
        ) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    impl HttpConnector for OneBucket {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let uri = request.uri().to_owned();
            self.calls.lock().unwrap().push(uri.clone());
            assert!(request.headers().get("x-amz-expected-bucket-owner").is_none());
            let authorization = request.headers().get("authorization").unwrap();
            let is_there = uri.contains(&format!("bucket.s3.{}.", self.region));
            assert_eq!(authorization.contains(&format!("/{}/s3/", self.region)), is_there);
            let answer = |status: u16, body: &str| {
                HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body))
            };
            let mut answer = match (is_there, uri.split('/').next_back()) {
                (true, Some("net.yaml" | "net.yaml?versionId=v%2B1")) => answer(200, "template"),
                (true, _) => answer(404, "<Error><Code>NoSuchKey</Code></Error>"),
                (false, _) if self.redirects => answer(301, ""),
                (false, _) => answer(
                    400,
                    "<Error><Code>AuthorizationHeaderMalformed</Code><Region>x</Region></Error>",
                ),
            };
            answer.headers_mut().insert("x-amz-bucket-region", self.region);
            answer.headers_mut().insert("x-amz-request-id", "1");
            HttpConnectorFuture::ready(Ok(answer))
        }
    }

    async fn read(
        region: &'static str,
        redirects: bool,
        address: &S3Address,
    ) -> (Result<Vec<u8>, DriverError>, Vec<String>) {
        let s3 = OneBucket { region, redirects, calls: Arc::default() };
        let credentials = Credentials::new("AKIDEXAMPLE", "the-secret-key", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_config::Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::ZERO))
            .http_client(s3.clone())
            .build();
        let clients = Clients::new(config, Pacing::Off);
        let got = template(&clients, &Region::new("eu-west-1"), address, 1024).await;
        let calls = s3.calls.lock().unwrap().clone();
        (got, calls)
    }

    fn address(region: Option<&str>, key: &str, version: Option<&str>) -> S3Address {
        let (bucket, key) = ("bucket".to_owned(), key.to_owned());
        let region = region.map(Region::new);
        S3Address { bucket, key, region, version: version.map(str::to_owned) }
    }

    #[tokio::test]
    async fn a_bucket_is_found_in_whatever_region_it_is() {
        for redirects in [true, false] {
            for named in [None, Some("eu-west-1"), Some("us-west-2")] {
                let (got, calls) =
                    read("us-west-2", redirects, &address(named, "a b/net.yaml", None)).await;
                assert_eq!(got.as_deref(), Ok(b"template".as_slice()));
                let there = "https://bucket.s3.us-west-2.amazonaws.com/a%20b/net.yaml";
                assert_eq!(calls.last().map(String::as_str), Some(there));
                assert_eq!(calls.len(), if named == Some("us-west-2") { 1 } else { 2 });
            }
        }
    }

    #[tokio::test]
    async fn a_version_is_asked_for_and_a_missing_object_is_an_error() {
        let versioned = address(None, "net.yaml", Some("v+1"));
        let (got, calls) = read("eu-west-1", true, &versioned).await;
        assert!(got.is_ok(), "{got:?}");
        assert!(calls[0].ends_with("/net.yaml?versionId=v%2B1"), "{calls:?}");
        let (got, _) = read("eu-west-1", true, &address(None, "none", None)).await;
        assert_eq!(got.unwrap_err().kind, ErrorKind::NotFound);
    }

    /// The Region in an answer becomes a part of a host.
    #[tokio::test]
    async fn a_region_that_is_none_is_not_asked() {
        for wrong in ["evil.example/", "", "a b", "EU-WEST-1"] {
            let (got, calls) = read(wrong, true, &address(None, "net.yaml", None)).await;
            let error = got.unwrap_err();
            assert!(error.has_code("PermanentRedirect"), "{error:?}");
            assert_eq!(calls.len(), 1, "{calls:?}");
        }
    }
}
