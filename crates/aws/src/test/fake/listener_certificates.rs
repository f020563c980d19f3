//! The certificates of listeners. Every listener exists, and has a default certificate.

use serde_json::{Value, json};

use super::account::{Account, Reply, text};

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let listener = text(input, "ListenerArn");
    let given = input["Certificates"].as_array().into_iter().flatten();
    let given: Vec<String> = given.map(|it| text(it, "CertificateArn")).collect();
    match operation {
        "AddListenerCertificates" => {
            for arn in given {
                let held = account.listener_certificates.entry(listener.clone()).or_default();
                if !held.contains(&arn) {
                    held.push(arn.clone());
                    account.note("certificate of a listener", &format!("{listener} {arn}"));
                }
            }
            Ok(json!({}))
        }
        "RemoveListenerCertificates" => {
            let held = account.listener_certificates.entry(listener).or_default();
            held.retain(|arn| !given.contains(arn));
            Ok(json!({}))
        }
        "DescribeListenerCertificates" => {
            let held = account.listener_certificates.get(&listener).into_iter().flatten();
            let listed = held.map(|arn| json!({"CertificateArn": arn, "IsDefault": false}));
            let default = json!({"CertificateArn": "arn:aws:acm:default", "IsDefault": true});
            let all: Vec<Value> = [default].into_iter().chain(listed).collect();
            Ok(json!({"Certificates": all}))
        }
        _ => panic!("elasticloadbalancing:{operation}"),
    }
}
