//! The properties of an endpoint whose values are other ones in the API.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use crate::ec2::tagged::without_tags;
use crate::iam::text_in;

const OPTIONS: &str = "DnsOptions";
const RESOLVER: &str = "PrivateDnsOnlyForInboundResolverEndpoint";

/// The texts that stand for true and false.
///
/// Source: CloudFormation registry, `PrivateDnsOnlyForInboundResolverEndpoint`; EC2 API reference,
/// DnsOptionsSpecification, which has a boolean.
const RESOLVERS: [(&str, bool); 2] = [("OnlyInboundResolver", true), ("AllResolvers", false)];

/// True for the text that says as much as nothing.
fn says_nothing(value: &KnownValue) -> bool {
    matches!(value.as_str(), Some("not-specified" | "NotSpecified"))
}

/// Properties as calls take them, without tags.
pub(super) fn sendable(properties: &KnownMap) -> Result<KnownMap, DriverError> {
    let mut out = without_tags(properties);
    out.retain(|_, value| !says_nothing(value));
    if let Some(KnownValue::Map(options)) = out.get_mut(OPTIONS) {
        options.retain(|_, value| !says_nothing(value));
        let text = text_in(options, RESOLVER);
        let known = RESOLVERS.iter().find(|(name, _)| text == Some(*name));
        if let Some((_, value)) = known {
            options.insert(RESOLVER.to_owned(), (*value).into());
        }
    }
    Ok(out)
}

/// Brings what EC2 shows into the values of templates.
pub(super) fn show(declared: &KnownMap, properties: &mut KnownMap) {
    let unset = |name: &str| declared.get(name).is_some_and(says_nothing);
    for name in ["IpAddressType"] {
        if unset(name) {
            properties.extend(declared.get(name).map(|value| (name.to_owned(), value.clone())));
        }
    }
    let Some(given) = declared.get(OPTIONS).and_then(KnownValue::as_map) else { return };
    let mut shown = match properties.remove(OPTIONS) {
        Some(KnownValue::Map(shown)) => shown,
        Some(_) | None => KnownMap::new(),
    };
    let is_true = matches!(text_in(&shown, RESOLVER), Some("true"))
        || shown.get(RESOLVER) == Some(&KnownValue::Bool(true));
    if shown.contains_key(RESOLVER) {
        let known = RESOLVERS.iter().find(|(_, value)| *value == is_true);
        shown.extend(known.map(|(name, _)| (RESOLVER.to_owned(), (*name).into())));
    }
    let unset = given.iter().filter(|(_, value)| says_nothing(value));
    shown.extend(unset.map(|(name, value)| (name.clone(), value.clone())));
    properties.insert(OPTIONS.to_owned(), KnownValue::Map(shown));
}
