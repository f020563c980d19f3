//! Calls about a bucket: the address is the bucket's own, and a body that S3 wants a digest of has one.
//!
//! The model names the bucket in the path; the endpoint rules say where it stands in fact.
//!
//! Source: the rule set and the model of S3, which botocore publishes (`httpChecksum`); S3 API reference,
//! Error responses.

use aws_config::SdkConfig;
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::http::Headers;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{Digest, KnownMap, KnownValue};

use super::endpoint::{FixedEndpoint, of_bucket};
use crate::model::{Operation, ServiceModel, Shape};

/// The member that names the bucket.
const BUCKET: &str = "Bucket";

/// The member of operations that name the account which the bucket must belong to.
pub(super) const OWNER: &str = "ExpectedBucketOwner";

/// The member of operations whose body may have a digest beside it.
const CHECKSUM: &str = "ChecksumAlgorithm";

/// The signing rules of S3: paths are encoded once and not normalized, and the digest of the body is a
/// header.
///
/// Source: "Authenticating Requests (AWS Signature Version 4)", S3 API reference.
pub(super) fn signing() -> SigV4OperationSigningConfig {
    let mut options = SigningOptions::default();
    options.double_uri_encode = false;
    options.content_sha256_header = true;
    options.normalize_uri_path = false;
    SigV4OperationSigningConfig { signing_options: options, ..Default::default() }
}

/// The bucket that an input names.
///
/// # Errors
/// If it is not the name of a bucket: such a text might lead to another address.
pub(super) fn bucket_of<'a>(name: &str, input: &'a KnownMap) -> Result<&'a str, DriverError> {
    let bucket = input.get(BUCKET).and_then(KnownValue::expose_str).unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if bucket.len() >= 3 && bucket.bytes().all(plain) && !bucket.contains("..") {
        return Ok(bucket);
    }
    let property = Some(rstack_model::PropertyPath::root().name(BUCKET));
    Err(DriverError::new(ErrorKind::Invalid { property }, name, "the name is not one of a bucket"))
}

/// Takes the bucket out of the path of a written request, gives its body a digest where the operation
/// takes one, and returns the bucket's endpoint.
///
/// # Errors
/// If there is no endpoint for the bucket.
pub(super) fn address(
    (name, operation): (&str, &Operation),
    (model, config): (&ServiceModel, &SdkConfig),
    bucket: &str,
    request: &mut HttpRequest,
) -> Result<FixedEndpoint, DriverError> {
    let unwritten = || {
        let message = "the request cannot be written";
        DriverError::new(ErrorKind::Invalid { property: None }, name, message)
    };
    let uri = request.uri();
    let start = uri.strip_prefix('/').unwrap_or(uri);
    let rest = start.strip_prefix(bucket).ok_or_else(unwritten)?;
    let path = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
    request.set_uri(path).map_err(|_| unwritten())?;
    let takes_digest = operation
        .input
        .as_deref()
        .and_then(|shape| model.shape(shape).and_then(Shape::members))
        .is_some_and(|members| members.contains_key(CHECKSUM));
    if takes_digest {
        let body = request.body().bytes().unwrap_or_default();
        let digest = digest(body);
        request.headers_mut().insert("x-amz-sdk-checksum-algorithm", "SHA256");
        request.headers_mut().insert("x-amz-checksum-sha256", digest);
    }
    Ok(FixedEndpoint::of(of_bucket(config, bucket)?))
}

/// The SHA-256 digest of a body as S3 takes it.
pub(crate) fn digest(body: &[u8]) -> String {
    let digest = Digest::of(body);
    let digits = |at: usize| u8::from_str_radix(digest.as_str().get(at..at + 2)?, 16).ok();
    let bytes: Vec<u8> = (0..32).filter_map(|at| digits(at * 2)).collect();
    aws_smithy_types::base64::encode(bytes)
}

/// The error of a bucket that is in another Region than the one that was asked.
pub(super) fn elsewhere(name: &str) -> DriverError {
    let message = "the bucket is in another Region: name its own Region, or another bucket";
    let error = DriverError::new(ErrorKind::Invalid { property: None }, name, message);
    DriverError { code: Some("PermanentRedirect".to_owned()), ..error }
}

/// The ID of a request by the header of S3.
pub(super) fn request_id(headers: &Headers) -> Option<&str> {
    headers.get("x-amz-request-id")
}
