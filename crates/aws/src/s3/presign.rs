//! URLs that are signed: with one of them an object can be put for some time, without credentials.

use std::time::Duration;

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::SecretString;

use super::{Bucket, encoded, path_of};

const PUT: &str = "s3:PutObject";

/// A URL for one object. Only the host is among the signed headers: a caller may send any others.
///
/// # Errors
/// If there are no credentials to sign it with.
pub(super) async fn put_url(
    bucket: &Bucket,
    key: &str,
    valid: Duration,
) -> Result<SecretString, DriverError> {
    let failed = |kind, message: String| DriverError::new(kind, PUT, message);
    let none = || failed(ErrorKind::Credentials, "there are no AWS credentials".to_owned());
    let provider = bucket.config.credentials_provider().ok_or_else(none)?;
    let credentials = provider.provide_credentials().await;
    let credentials = credentials.map_err(|error| {
        failed(ErrorKind::Credentials, format!("the AWS credentials cannot be used: {error}"))
    })?;
    let identity: Identity = credentials.into();
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(valid);
    let unsigned = |error: &dyn std::error::Error| {
        failed(ErrorKind::Invalid { property: None }, format!("the URL cannot be signed: {error}"))
    };
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(bucket.access.region.as_str())
        .name("s3")
        .time(bucket.client.now())
        .settings(settings)
        .build()
        .map_err(|error| unsigned(&error))?
        .into();
    let url = format!("{}{}", bucket.url, path_of(key));
    let body = SignableBody::UnsignedPayload;
    let request = SignableRequest::new("PUT", url.as_str(), std::iter::empty(), body);
    let signed = sign(request.map_err(|error| unsigned(&error))?, &params);
    let (instructions, _) = signed.map_err(|error| unsigned(&error))?.into_parts();
    let (_, query) = instructions.into_parts();
    let query: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name, b""), encoded(value, b"")))
        .collect();
    Ok(SecretString::new(format!("{url}?{}", query.join("&"))))
}
