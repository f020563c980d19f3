//! The functions of the language. A function that has no value gives `None`.
//!
//! Source: Smithy 2.0 specification, "Rules engine standard library functions" and "AWS rules engine
//! library functions".

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Value, json};

use super::{Function, partitions};

/// The longest label of a host name, in characters.
const LABEL: usize = 63;

/// The value of a call.
pub(super) fn call(function: Function, arguments: &[Option<Value>]) -> Option<Value> {
    let argument = |at: usize| arguments.get(at)?.as_ref();
    let text = |at: usize| argument(at)?.as_str();
    let flag = |at: usize| argument(at)?.as_bool();
    let number = |at: usize| usize::try_from(argument(at)?.as_u64()?).ok();
    match function {
        Function::IsSet => Some(argument(0).is_some().into()),
        Function::Not => Some((!flag(0)?).into()),
        Function::GetAttr => attribute(argument(0)?, text(1)?),
        Function::BooleanEquals => Some((flag(0)? == flag(1)?).into()),
        Function::StringEquals => Some((text(0)? == text(1)?).into()),
        Function::Substring => substring(text(0)?, number(1)?, number(2)?, flag(3)?),
        Function::UriEncode => Some(encoded(text(0)?).into()),
        Function::ParseUrl => parsed_url(text(0)?),
        Function::IsValidHostLabel => Some(is_host_label(text(0)?, flag(1)?).into()),
        Function::Partition => partitions::of_region(text(0)?),
        Function::ParseArn => parsed_arn(text(0)?),
        Function::IsVirtualHostableS3Bucket => Some(is_hostable(text(0)?, flag(1)?).into()),
    }
}

/// The attribute at a path such as `resourceId[0]`.
pub(super) fn attribute(value: &Value, path: &str) -> Option<Value> {
    let found = path.split('.').try_fold(value, |value, step| {
        let (name, index) = match step.split_once('[') {
            Some((name, index)) => (name, Some(index.strip_suffix(']')?.parse::<usize>().ok()?)),
            None => (step, None),
        };
        let named = if name.is_empty() { Some(value) } else { value.get(name) };
        match index {
            Some(index) => named?.get(index),
            None => named,
        }
    });
    found.filter(|found| !found.is_null()).cloned()
}

fn substring(text: &str, start: usize, stop: usize, reverse: bool) -> Option<Value> {
    if start >= stop || text.len() < stop || !text.is_ascii() {
        return None;
    }
    let range = if reverse { text.len() - stop..text.len() - start } else { start..stop };
    text.get(range).map(Value::from)
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn is_host_label(text: &str, subdomains: bool) -> bool {
    if subdomains {
        return text.split('.').all(|label| is_host_label(label, false));
    }
    (1..=LABEL).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// True of a bucket whose name can be a part of a host's.
fn is_hostable(bucket: &str, subdomains: bool) -> bool {
    if subdomains {
        return bucket.split('.').all(|label| is_hostable(label, false));
    }
    (3..=LABEL).contains(&bucket.len())
        && is_host_label(bucket, false)
        && !bucket.bytes().any(|byte| byte.is_ascii_uppercase())
        && bucket.parse::<Ipv4Addr>().is_err()
}

/// The parts of a URL; none of one with a query.
fn parsed_url(text: &str) -> Option<Value> {
    let (scheme, rest) = text.split_once("://")?;
    if !matches!(scheme, "http" | "https") || rest.contains('?') {
        return None;
    }
    let at = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let (host, port) = host_and_port(authority);
    if host.is_empty() || port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return None;
    }
    let v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_ip =
        v6.is_some_and(|host| host.parse::<Ipv6Addr>().is_ok()) || host.parse::<Ipv4Addr>().is_ok();
    let end = if path.ends_with('/') { "" } else { "/" };
    Some(json!({
        "scheme": scheme,
        "authority": authority,
        "path": path,
        "normalizedPath": format!("{path}{end}"),
        "isIp": is_ip,
    }))
}

/// The host, in brackets if it is an IPv6 address, and the port.
fn host_and_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        Some(_) | None => (authority, None),
    }
}

/// The parts of an ARN that has a partition, a service and a resource.
fn parsed_arn(text: &str) -> Option<Value> {
    let mut parts = text.splitn(6, ':');
    let arn = parts.next()? == "arn";
    let (partition, service) = (parts.next()?, parts.next()?);
    let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    if !arn || partition.is_empty() || service.is_empty() || resource.is_empty() {
        return None;
    }
    let resource: Vec<&str> = resource.split([':', '/']).collect();
    Some(json!({
        "partition": partition,
        "service": service,
        "region": region,
        "accountId": account,
        "resourceId": resource,
    }))
}
