//! Answers that no AWS service gives: they are refused before they are read to their end.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::{Error as BodyError, SdkBody};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use rstack_model::Region;

use crate::definition::{DEFAULT_ANSWER_MEBIBYTES, ServiceFile};

/// The most bytes that are read of an answer's body. A request carries it to the HTTP client; the
/// calls of the sources of credentials, which carry none, have the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AnswerLimit(u64);

impl AnswerLimit {
    /// The limit of an operation of a service.
    pub(super) fn of(service: &ServiceFile, operation: &str) -> Self {
        Self::mebibytes(service.answer_mebibytes(operation))
    }

    /// A limit in bytes.
    pub(super) fn bytes(count: u64) -> Self {
        Self(count)
    }

    fn mebibytes(count: u8) -> Self {
        Self(u64::from(count) * 1024 * 1024)
    }
}

impl Default for AnswerLimit {
    fn default() -> Self {
        Self::mebibytes(DEFAULT_ANSWER_MEBIBYTES)
    }
}

impl Storable for AnswerLimit {
    type Storer = StoreReplace<Self>;
}

/// Gives every attempt of a call the limit of its operation.
#[derive(Debug)]
pub(super) struct LimitBearer;

#[dyn_dispatch_hint]
impl Intercept for LimitBearer {
    fn name(&self) -> &'static str {
        "AnswerLimit"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(limit) = config.load::<AnswerLimit>() {
            context.request_mut().add_extension(*limit);
        }
        Ok(())
    }
}

/// An answer that is not one of AWS's. Nothing of its text is in the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ImproperAnswer {
    /// More bytes than are read.
    #[error("an answer of more than {} MiB, which is not read on", .limit / (1024 * 1024))]
    TooLong {
        /// The most bytes that are read.
        limit: u64,
    },
    /// A redirect.
    #[error("a redirect to {to}, which is not followed: the request is signed for this host alone")]
    Redirect {
        /// The host that it leads to.
        to: String,
        /// The Region that has the bucket, as S3 says.
        region: Option<Region>,
        /// The whole address that it leads to. It may be signed.
        onward: Option<Onward>,
    },
    /// HTML.
    #[error("a web page (HTTP {status})")]
    Page {
        /// The HTTP status.
        status: u16,
    },
}

/// An address out of an answer, which is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Onward(String);

impl Onward {
    /// The address.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Onward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Onward(..)")
    }
}

/// The Region of a bucket, as S3 names it in every answer.
pub(super) fn bucket_region(answer: &HttpResponse) -> Option<Region> {
    let region = answer.headers().get("x-amz-bucket-region")?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_one = (5..=32).contains(&region.len()) && region.bytes().all(plain);
    is_one.then(|| Region::new(region))
}

/// The answer with a body that ends at its bound; a redirect is an error.
///
/// # Errors
/// [`ImproperAnswer`] if the answer leads elsewhere, or declares more bytes than are read.
pub(super) fn bounded(
    answer: HttpResponse,
    AnswerLimit(limit): AnswerLimit,
) -> Result<HttpResponse, ImproperAnswer> {
    if matches!(answer.status().as_u16(), 300..=303 | 305..=308) {
        let to = answer.headers().get("location").map(host_of).unwrap_or_default();
        let to = if to.is_empty() { "another address".to_owned() } else { to };
        let onward = answer.headers().get("location").map(|to| Onward(to.to_owned()));
        return Err(ImproperAnswer::Redirect { to, region: bucket_region(&answer), onward });
    }
    if answer.body().content_length().is_some_and(|length| length > limit) {
        return Err(ImproperAnswer::TooLong { limit });
    }
    Ok(answer.map(|body| SdkBody::from_body_1_x(Bounded { body, left: limit, limit })))
}

/// The host of a URL, of characters that hosts are made of.
fn host_of(url: &str) -> String {
    let rest = url.split_once("//").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    host.chars().filter(allowed).take(253).collect()
}

/// The error of an answer that is a web page: its text is HTML. The content type decides nothing,
/// as emulators and proxies label any text as HTML. The page of a failing load balancer (HTTP 5xx)
/// is an error of the service as any other.
pub(super) fn page(answer: &HttpResponse) -> Option<ImproperAnswer> {
    let status = answer.status().as_u16();
    let bytes = answer.body().bytes().unwrap_or_default();
    (status < 500 && is_html(bytes)).then_some(ImproperAnswer::Page { status })
}

/// True of markup whose first KiB opens an HTML document. XML of a service has no such element: the
/// texts in it are escaped.
fn is_html(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let head = text.get(..1024).unwrap_or(text).to_ascii_lowercase();
    let has = |mark: &[u8]| head.windows(mark.len()).any(|it| it == mark);
    head.starts_with(b"<") && (has(b"<html") || has(b"<!doctype html"))
}

/// A body of which no more than `left` bytes are read.
struct Bounded {
    body: SdkBody,
    left: u64,
    limit: u64,
}

impl Body for Bounded {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            let length = frame.data_ref().map_or(0, Bytes::len);
            let Some(left) = self.left.checked_sub(u64::try_from(length).unwrap_or(u64::MAX))
            else {
                // The rest is not asked for: the connection is dropped with the body.
                self.body = SdkBody::taken();
                let error = ImproperAnswer::TooLong { limit: self.limit };
                return Poll::Ready(Some(Err(error.into())));
            };
            self.left = left;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        Body::size_hint(&self.body)
    }
}

#[cfg(test)]
mod tests {
    use super::{host_of, is_html};

    #[test]
    fn html_is_known_by_its_text() {
        for page in [
            "<!DOCTYPE html><p>x",
            "\n <HTML lang=en>",
            "\u{feff}<html>",
            "<!-- proxy --><html>",
            "<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0\">",
        ] {
            assert!(is_html(page.as_bytes()), "{page}");
        }
        for answer in [
            "",
            "{\"page\": \"<html>\"}",
            "<?xml version=\"1.0\"?><Distribution><Comment>&lt;html&gt;</Comment></Distribution>",
            "<ErrorResponse/>",
        ] {
            assert!(!is_html(answer.as_bytes()), "{answer}");
        }
    }

    #[test]
    fn a_redirect_is_named_by_its_host_alone() {
        for (url, host) in [
            ("https://evil.example/x?y", "evil.example"),
            ("http://user:pw@evil.example:8080", "evil.example:8080"),
            ("//evil.example\u{1b}[2J/", "evil.example[2J"),
            ("/only/a/path", ""),
        ] {
            assert_eq!(host_of(url), host);
        }
    }
}
