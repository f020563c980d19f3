//! The codec against botocore: the same requests for the same inputs, the same outputs for the
//! same answers. `tests/botocore_golden.py` writes the golden files.

use std::collections::BTreeSet;

use aws_smithy_runtime_api::http::{Response, StatusCode};
use aws_smithy_types::body::SdkBody;
use rstack_model::{KnownMap, KnownValue};
use serde_json::{Value, json};

use super::*;
use crate::test::scripted_api::golden;

fn known(value: &Value) -> KnownMap {
    crate::test::scripted_api::known(value.clone())
}

/// The output with its secrets exposed.
fn plain(value: &KnownValue) -> Value {
    match value {
        KnownValue::Null => Value::Null,
        KnownValue::Bool(value) => json!(value),
        KnownValue::Number(number) => json!(number),
        KnownValue::String(text) => json!(text),
        KnownValue::Secret(secret) => json!(secret.expose()),
        KnownValue::List(items) => items.iter().map(plain).collect(),
        KnownValue::Map(map) => {
            Value::Object(map.iter().map(|(k, v)| (k.clone(), plain(v))).collect())
        }
    }
}

/// The path, and the pairs of the query in order.
fn split_uri(uri: &str) -> (String, Vec<String>) {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.strip_suffix('=').unwrap_or(pair).to_owned())
        .collect();
    pairs.sort();
    (path.to_owned(), pairs)
}

/// A body in a form in which equal bodies are equal.
fn body(protocol: WireProtocol, text: &str) -> Value {
    match protocol {
        WireProtocol::RestJson | WireProtocol::Json if text.is_empty() => json!({}),
        // A payload of bytes is no JSON.
        WireProtocol::RestJson | WireProtocol::Json => {
            serde_json::from_str(text).unwrap_or_else(|_| json!(text))
        }
        WireProtocol::Query | WireProtocol::Ec2 => {
            let mut pairs: Vec<String> = text.split('&').map(|p| p.replace('+', "%20")).collect();
            pairs.sort();
            json!(pairs)
        }
        // An input without members is an empty element to the SDK, and nothing to botocore.
        WireProtocol::RestXml if text.matches('<').count() == 2 && text.contains("></") => {
            json!("")
        }
        // The golden ones are canonical; of what canonical XML asks for, the SDK writes one
        // thing in another way.
        WireProtocol::RestXml => json!(text.replace("&quot;", "\"")),
    }
}

#[test]
fn requests_are_those_of_botocore() {
    let mut wrong = Vec::new();
    for &service in Service::ALL {
        let codec = Codec::of(service).unwrap();
        let protocol = codec.model.metadata.protocol;
        let golden = golden(service.name());
        let mut seen = BTreeSet::new();
        for row in golden["requests"].as_array().unwrap() {
            let text = |key: &str| row[key].as_str().unwrap();
            let name = text("operation");
            seen.insert(name.to_owned());
            let operation = codec.operation(name).unwrap();
            let request = match codec.request(operation, &known(&row["input"])) {
                Ok(request) => request,
                Err(error) => {
                    wrong.push(format!("{name}: {error}"));
                    continue;
                }
            };
            let sent = std::str::from_utf8(request.body().bytes().unwrap_or_default()).unwrap();
            let mut check = |what: &str, ours: Value, theirs: Value| {
                if ours != theirs {
                    wrong.push(format!("{name} {what}:\n  ours   {ours}\n  theirs {theirs}"));
                }
            };
            check("method", json!(request.method()), json!(text("method")));
            check("uri", json!(split_uri(request.uri())), json!(split_uri(text("uri"))));
            let theirs = text("body");
            check("body", body(protocol, sent), body(protocol, theirs));
            for (header, value) in row["headers"].as_object().unwrap() {
                // A space behind a comma has no meaning in a list.
                let ours = request.headers().get(header).unwrap_or_default().replace(", ", ",");
                let theirs = value.as_str().unwrap().replace("; charset=utf-8", "");
                let theirs = theirs.replace(", ", ",");
                check(header, json!(ours), json!(theirs));
            }
        }
        for operation in codec.model.operations() {
            assert!(seen.contains(&operation.name), "{} has no golden request", operation.name);
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn outputs_are_those_of_botocore() {
    let mut wrong = Vec::new();
    for &service in Service::ALL {
        let codec = Codec::of(service).unwrap();
        let golden = golden(service.name());
        for row in golden["answers"].as_array().unwrap() {
            let name = row["operation"].as_str().unwrap();
            let operation = codec.operation(name).unwrap();
            let sent = SdkBody::from(row["body"].as_str().unwrap());
            let mut answer = Response::new(StatusCode::try_from(200).unwrap(), sent);
            for (header, value) in row["headers"].as_object().unwrap() {
                answer.headers_mut().insert(header.clone(), value.as_str().unwrap().to_owned());
            }
            match codec.output(operation, &answer) {
                Ok(output) => {
                    let ours = plain(&KnownValue::Map(output));
                    if ours != row["output"] {
                        let theirs = &row["output"];
                        wrong.push(format!("{name}:\n  ours   {ours}\n  theirs {theirs}"));
                    }
                }
                Err(error) => wrong.push(format!("{name}: {error}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

fn error_of(
    service: Service,
    operation: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> [String; 3] {
    let codec = Codec::of(service).unwrap();
    let mut answer =
        Response::new(StatusCode::try_from(400).unwrap(), SdkBody::from(body.to_owned()));
    for (header, value) in headers {
        answer.headers_mut().insert((*header).to_owned(), (*value).to_owned());
    }
    let error = codec.error(codec.operation(operation).unwrap(), &answer);
    let parts = [error.code(), error.message(), error.extra("request_id")];
    parts.map(|part| part.unwrap_or_default().to_owned())
}

#[test]
fn errors_are_read_as_each_protocol_writes_them() {
    let xml = "<ErrorResponse xmlns=\"http://x/\"><Error><Type>Sender</Type><Code>NoSuchThing\
               </Code><Message>it &amp; that</Message></Error><RequestId>r-1</RequestId>\
               </ErrorResponse>";
    let expected = ["NoSuchThing", "it & that"];
    for (service, operation) in
        [(Service::CLOUDFRONT, "GetDistribution"), (Service::IAM, "GetRole")]
    {
        let error = error_of(service, operation, &[], xml);
        assert_eq!(error, [expected[0], expected[1], "r-1"], "{service:?}");
    }
    // S3 has no element around its errors, and an emulator may have one.
    let bare = "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchThing</Code><Message>it &amp; that\
                </Message><BucketName>b</BucketName></Error>";
    for text in [bare, xml] {
        let error = error_of(Service::S3, "GetBucketPolicy", &[], text);
        assert_eq!(&error[..2], expected, "{text}");
    }
    // Route 53 lists what is wrong with a batch of changes.
    let batch = "<?xml version=\"1.0\"?>\n<InvalidChangeBatch xmlns=\"https://x/\"><Messages><Message>it \
                 &amp; that</Message><Message>more</Message></Messages></InvalidChangeBatch>";
    let error = error_of(Service::ROUTE53, "ChangeResourceRecordSets", &[], batch);
    assert_eq!(&error[..2], ["InvalidChangeBatch", "it & that; more"]);
    let type_header = [("x-amzn-errortype", "NoSuchThing:http://internal.example/")];
    let error = error_of(
        Service::MEDIAPACKAGE,
        "DescribeChannel",
        &type_header,
        "{\"message\":\"it & that\"}",
    );
    assert_eq!(&error[..2], expected);
    let body = "{\"__type\":\"com.example#NoSuchThing\",\"Message\":\"it & that\"}";
    let error = error_of(Service::SECRETSMANAGER, "DescribeSecret", &[], body);
    assert_eq!(&error[..2], expected);
    for (service, operation) in
        [(Service::CLOUDFRONT, "GetDistribution"), (Service::MEDIAPACKAGE, "DescribeChannel")]
    {
        let error = error_of(service, operation, &[], "<html><p>Not Found</html>");
        assert_eq!(error, ["", "", ""], "{service:?}");
    }
}
