//! Values that the service spells differently from the template, with the same meaning.

use rstack_model::{KnownMap, KnownValue};

/// A read configuration as a template would have it.
pub(super) fn as_declared(mut read: KnownMap, declared: Option<&KnownMap>) -> KnownMap {
    // CloudFront takes `http2` and may give `HTTP2`.
    if let Some(KnownValue::String(version)) = read.get_mut("HttpVersion") {
        version.make_ascii_lowercase();
    }
    if let Some(KnownValue::List(responses)) = read.get_mut("CustomErrorResponses") {
        for response in responses {
            without_empty_page(response);
        }
    }
    let certificate = declared.and_then(|config| config.get("ViewerCertificate"));
    if let (Some(KnownValue::Map(read)), Some(KnownValue::Map(declared))) =
        (read.get_mut("ViewerCertificate"), certificate)
    {
        with_fixed_settings(read, declared);
    }
    read
}

/// An error response without a page of its own says so in empty texts.
fn without_empty_page(response: &mut KnownValue) {
    if let KnownValue::Map(response) = response {
        response.retain(|name, value| {
            let of_page = matches!(name.as_str(), "ResponseCode" | "ResponsePagePath");
            !(of_page && value.as_str() == Some(""))
        });
    }
}

/// With CloudFront's own certificate it sets these two by itself, whatever is declared.
fn with_fixed_settings(read: &mut KnownMap, declared: &KnownMap) {
    if read.get("CloudFrontDefaultCertificate") != Some(&KnownValue::Bool(true)) {
        return;
    }
    for name in ["MinimumProtocolVersion", "SslSupportMethod"] {
        if let Some(value) = declared.get(name) {
            read.insert(name.to_owned(), value.clone());
        }
    }
}
