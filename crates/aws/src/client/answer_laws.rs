//! Laws of every text that is taken for the answer of a service. Fuzzing looks for one that breaks them
//! (`scripts/fuzz`), and the tests repeat what it has found.
//!
//! The text holds an answer as `SERVICE:OPERATION STATUS`, header lines `NAME: VALUE`, an empty line
//! and the body.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::ser_de::DeserializeResponse;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use rstack_model::KnownMap;

use super::redact::{Answer, OperationCodec};
use crate::codec::{Codec, CodecError};
use crate::model::Service;
use crate::service_error::Refusal;

/// The longest message about an answer beyond what it quotes, in bytes.
const MAX_MESSAGE: usize = 200;

/// The outcome of an answer.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// An output.
    Output(KnownMap),
    /// The service refused.
    Refused(Refusal),
    /// The answer is not one of the service's.
    Improper(String),
}

/// Checks all laws.
///
/// # Panics
/// If one does not hold.
pub fn check(text: &str) {
    let Some((head, body)) = text.split_once("\n\n") else { return };
    let mut lines = head.lines();
    let Some((action, status)) = lines.next().and_then(|line| line.split_once(' ')) else { return };
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
    let Ok(status) = status.parse::<u16>().map(StatusCode::try_from) else { return };
    let Ok(status) = status else { return };
    let Some(service) = Service::of_action(action) else { return };
    let Ok(codec) = Codec::of(service) else { return };
    let name = action.split_once(':').map_or("", |(_, name)| name);
    let Ok(operation) = codec.operation(name) else { return };
    let read = || {
        let answer = answer(status, &headers, body);
        let reader = OperationCodec { codec, operation };
        outcome(reader.deserialize_nonstreaming_with_config(&answer, &ConfigBag::base()))
    };
    let first = read();
    assert_eq!(first, read(), "read twice, with two outcomes");
    match first {
        Outcome::Output(output) => {
            // What the model says a service always sends may be missing.
            let fits = codec.check_output(operation, &output);
            assert!(
                matches!(fits, Ok(()) | Err(CodecError::Missing { .. })),
                "an output that is not of the model's form: {fits:?}"
            );
        }
        Outcome::Refused(refusal) => {
            let message = refusal.error(action).to_string();
            assert!(message.len() <= MAX_MESSAGE + text.len(), "a message that is too long");
        }
        // Nothing of the answer is in it.
        Outcome::Improper(message) => assert!(message.len() <= MAX_MESSAGE, "{message}"),
    }
}

fn answer(status: StatusCode, headers: &[(&str, &str)], body: &str) -> HttpResponse {
    let mut answer = HttpResponse::new(status, SdkBody::from(body));
    for (name, value) in headers {
        // What is no header does not get through the HTTP client.
        let _refused = answer.headers_mut().try_append((*name).to_owned(), (*value).to_owned());
    }
    answer
}

type Read = Result<
    aws_smithy_runtime_api::client::interceptors::context::Output,
    aws_smithy_runtime_api::client::orchestrator::OrchestratorError<
        aws_smithy_runtime_api::client::interceptors::context::Error,
    >,
>;

fn outcome(read: Read) -> Outcome {
    let error = match read {
        Ok(output) => {
            let output = output.downcast::<Answer>().map(Answer::into_inner);
            return Outcome::Output(output.unwrap_or_default());
        }
        Err(error) => error,
    };
    match error.as_operation_error().and_then(|error| error.downcast_ref::<Refusal>()) {
        Some(refusal) => Outcome::Refused(refusal.clone()),
        None => Outcome::Improper(texts(&error)),
    }
}

/// The texts of an error and of its sources.
fn texts(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::model::Service;
    use crate::test::scripted_api::golden;

    /// The number of places of a text that are changed.
    const PLACES: usize = 5;

    fn check_around(text: &str) {
        check(text);
        for place in (0..text.len()).step_by(text.len() / PLACES + 1) {
            let Some((before, after)) = text.split_at_checked(place) else { continue };
            check(before);
            let rest = after.get(1..).unwrap_or_default();
            for character in ["", "0", "\"", "é", "<", "{", "&#x1b;", "\u{0}"] {
                check(&format!("{before}{character}{rest}"));
            }
        }
    }

    #[test]
    fn answers_that_fuzzing_has_found_hold() {
        let folder = format!("{}/../../fuzz/seeds-answers", env!("CARGO_MANIFEST_DIR"));
        let mut seeds = 0;
        for entry in std::fs::read_dir(&folder).unwrap() {
            check_around(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
            seeds += 1;
        }
        assert!(seeds > 0, "{folder}");
    }

    #[test]
    fn answers_of_every_service_hold() {
        for service in Service::ALL {
            for row in golden(service.name())["answers"].as_array().unwrap() {
                let action = format!("{}:{}", service.name(), row["operation"].as_str().unwrap());
                let body = row["body"].as_str().unwrap();
                for status in [200, 400] {
                    check_around(&format!("{action} {status}\nETag: e\n\n{body}"));
                }
            }
        }
    }

    /// As deep as an answer may be long: neither takes the stack.
    #[test]
    fn answers_of_any_depth_end() {
        let deep = 200_000;
        for action in [
            "sts:GetCallerIdentity",
            "ec2:DescribeVpcs",
            "cloudfront:GetDistribution",
            "iam:GetRole",
            "mediapackage:DescribeChannel",
            "secretsmanager:GetSecretValue",
            "ssm:GetParameters",
        ] {
            for body in [
                "[".repeat(deep),
                "{\"a\":".repeat(deep),
                "<a>".repeat(deep),
                format!("{}{}", "<a>".repeat(deep), "</a>".repeat(deep)),
                format!("<GetCallerIdentityResponse>{}", "<GetCallerIdentityResult>".repeat(deep)),
                format!("<Distribution>{}", "<DistributionConfig><Origins>".repeat(deep)),
                format!("{{\"egressAccessLogs\":{}", "{\"logGroupName\":[".repeat(deep)),
            ] {
                for status in [200, 400] {
                    check(&format!("{action} {status}\n\n{body}"));
                }
            }
        }
    }
}
