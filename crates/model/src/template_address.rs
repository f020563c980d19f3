//! The address of a template that is no file of the project: an object in S3, or any other `https` address.
//!
//! An address comes out of a template and is untrusted. Its query may be signed: it lets its holder read the
//! object, so that no message shows it.
//!
//! Sources: "Methods for accessing a general purpose bucket", Amazon S3 User Guide; `TemplateURL` of
//! `CreateStack`, AWS CloudFormation API Reference: the location starts with `https://`, and addresses of
//! static websites are not taken.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::id::Region;

/// The longest address that is read, in bytes.
const LONGEST: usize = 8192;

/// The ends of the names of AWS's hosts, in all partitions.
const SUFFIXES: [&str; 5] =
    [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".c2s.ic.gov", ".sc2s.sgov.gov"];

/// Hosts of S3 that do not have an object at the path of an address.
const NOT_OBJECTS: [&str; 5] =
    ["s3-website", "s3-control", "s3-object-lambda", "s3-accesspoint", "s3express"];

/// The parameters of a query that is signed: of Signature Version 4 and of version 2.
const SIGNING: [&str; 7] = [
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
    "x-amz-algorithm",
    "signature",
    "awsaccesskeyid",
    "sig",
];

/// Why a text is no address that a template is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Another scheme than `https`.
    #[error("its address does not begin with `https://`")]
    Scheme,
    /// `s3://bucket/key`, which CloudFormation does not take.
    #[error("CloudFormation takes no `s3://` address for a template")]
    S3Scheme,
    /// A document of Systems Manager.
    #[error("documents of Systems Manager are not read")]
    Document,
    /// A user name or password before the host.
    #[error("its address has a user name or a password")]
    User,
    /// A host that no template is read from.
    #[error("its address names this machine or a number, and no host by name")]
    Host,
    /// Characters that an address does not have, or too many of them.
    #[error("its address is not one")]
    Form,
    /// A host of S3, without an object.
    #[error("its address is not one of an object in S3")]
    NoObject,
    /// A query that changes what S3 answers.
    #[error("its address has a query that is neither `versionId` nor signed")]
    Query,
}

/// An object in S3.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct S3Address {
    /// The bucket.
    pub bucket: String,
    /// The key of the object.
    pub key: String,
    /// The Region of the bucket, if the address names one.
    pub region: Option<Region>,
    /// The version of the object, if the address names one.
    pub version: Option<String>,
}

/// An address that is asked without credentials.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WebAddress {
    /// The host, in lower case.
    pub host: String,
    /// The port, if it is another one than 443.
    pub port: Option<u16>,
    /// The path and the query, which may be signed.
    target: String,
}

impl WebAddress {
    /// The path and the query. They may be a secret.
    pub fn expose_target(&self) -> &str {
        &self.target
    }

    /// The whole address. It may be a secret.
    pub fn expose(&self) -> String {
        let port = self.port.map_or_else(String::new, |port| format!(":{port}"));
        format!("https://{}{port}{}", self.host, self.target)
    }
}

impl fmt::Debug for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebAddress({})", shown_address(&self.expose()))
    }
}

/// The address of a template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TemplateAddress {
    /// An object in S3, read with the credentials of the stack.
    S3(S3Address),
    /// Any other, and every address that is signed.
    Web(WebAddress),
}

/// The template of a nested stack that was fetched for a plan. The plan is whole without it: this is the record of
/// the bytes that it was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FetchedTemplate {
    /// The address, as [`shown_address`] shows it.
    pub address: String,
    /// The SHA-256 digest of its bytes.
    pub digest: Digest,
    /// The number of its bytes.
    pub bytes: u64,
}

/// An address as messages and plans show it: without user, query and fragment, but for the version of an object.
/// Any other text is shown as it is.
pub fn shown_address(text: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = text.split_once("://") else { return Cow::Borrowed(text) };
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let (before, after) = rest.split_at(end);
    let (authority, path) = before.split_at(before.find('/').unwrap_or(before.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let query = after.strip_prefix('?').unwrap_or_default();
    let query = query.split('#').next().unwrap_or_default();
    let version = query.split('&').find(|part| part.starts_with("versionId="));
    if host.len() == authority.len() && after.is_empty() {
        return Cow::Borrowed(text);
    }
    let version = version.map_or_else(String::new, |version| format!("?{version}"));
    Cow::Owned(format!("{scheme}://{host}{path}{version}"))
}

/// The text of a line with the values of signed queries covered, character by character: places in it stay.
pub fn without_signatures(line: &str) -> Cow<'_, str> {
    let lower = line.to_ascii_lowercase();
    if !SIGNING.iter().any(|name| lower.contains(&format!("{name}="))) {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['?', '&']) {
        let (before, parameter) = rest.split_at(at + 1);
        out.push_str(before);
        let end = parameter.find(is_end_of_value).unwrap_or(parameter.len());
        let (parameter, behind) = parameter.split_at(end);
        match parameter.split_once('=') {
            Some((name, value)) if is_signing(name) => {
                out.push_str(name);
                out.push('=');
                out.extend(value.chars().map(|_| '*'));
            }
            Some(_) | None => out.push_str(parameter),
        }
        rest = behind;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn is_end_of_value(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '&' | '?' | '#' | '"' | '\'' | '`' | '<' | '>')
}

fn is_signing(name: &str) -> bool {
    SIGNING.contains(&name.to_ascii_lowercase().as_str())
}

impl TemplateAddress {
    /// Reads an address.
    ///
    /// # Errors
    /// [`AddressError`], which holds nothing of the text.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.starts_with("s3://") {
            return Err(AddressError::S3Scheme);
        }
        if text.starts_with("ssm-doc://") {
            return Err(AddressError::Document);
        }
        let web = WebAddress::parse(text)?;
        let (path, query) = match web.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (web.target.as_str(), None),
        };
        let Some(place) = s3_place(&web.host)? else { return Ok(Self::Web(web)) };
        let parameters = || query.into_iter().flat_map(|query| query.split('&'));
        let names = || parameters().map(|it| it.split_once('=').map_or(it, |(name, _)| name));
        if names().any(is_signing) {
            return Ok(Self::Web(web));
        }
        if names().any(|name| !name.is_empty() && name != "versionId") {
            return Err(AddressError::Query);
        }
        if web.port.is_some() {
            return Err(AddressError::NoObject);
        }
        let path = decoded(path.strip_prefix('/').unwrap_or(path)).ok_or(AddressError::Form)?;
        let (bucket, key) = match place.bucket {
            Some(bucket) => (bucket, path),
            None => {
                let (bucket, key) = path.split_once('/').ok_or(AddressError::NoObject)?;
                (bucket.to_owned(), key.to_owned())
            }
        };
        if !is_bucket(&bucket) || key.is_empty() {
            return Err(AddressError::NoObject);
        }
        let version = parameters().find_map(|it| it.strip_prefix("versionId="));
        let version = version.filter(|version| !version.is_empty()).map(decoded);
        let version = version.map(|version| version.ok_or(AddressError::Form)).transpose()?;
        Ok(Self::S3(S3Address { bucket, key, region: place.region, version }))
    }
}

impl WebAddress {
    /// Reads an `https` address of a host that has a name.
    ///
    /// # Errors
    /// [`AddressError`], which holds nothing of the text.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let head = text.get(..8).unwrap_or_default();
        if !head.eq_ignore_ascii_case("https://") {
            return Err(AddressError::Scheme);
        }
        let rest = text.get(8..).unwrap_or_default();
        // What is not of ASCII, and a backslash, one reader takes for this and another for that.
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"\\\"<>^`{|}".contains(&byte);
        if text.len() > LONGEST || !rest.bytes().all(plain) {
            return Err(AddressError::Form);
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(AddressError::User);
        }
        if authority.contains(['[', ']']) {
            return Err(AddressError::Host);
        }
        let (host, port) = match authority.split_once(':') {
            None => (authority, None),
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                let port: u16 = port.parse().map_err(|_| AddressError::Form)?;
                (host, Some(port).filter(|port| *port != 443))
            }
            Some(_) => return Err(AddressError::Form),
        };
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        if !is_host(&host) || port == Some(0) {
            return Err(AddressError::Form);
        }
        if is_this_machine(&host) || is_number(&host) {
            return Err(AddressError::Host);
        }
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        Ok(Self { host, port, target })
    }

    /// True if the host is one of S3.
    pub fn is_of_s3(&self) -> bool {
        matches!(s3_place(&self.host), Ok(Some(_)) | Err(_))
    }

    /// The address that an answer leads to, which may be one without a host.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn follow(&self, location: &str) -> Result<Self, AddressError> {
        let port = self.port.map_or_else(String::new, |port| format!(":{port}"));
        match location.strip_prefix('/') {
            Some(rest) if rest.starts_with('/') => Self::parse(&format!("https:{location}")),
            Some(_) => Self::parse(&format!("https://{}{port}{location}", self.host)),
            None => Self::parse(location),
        }
    }
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(plain)
    };
    host.len() <= 253 && host.split('.').all(label)
}

/// True of a name that every resolver takes for the machine itself.
fn is_this_machine(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    last == "localhost" || last == "localdomain" || host == "metadata"
}

/// True of an IP address, in each form that resolvers take: the last label of a name is no number.
fn is_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let hex = last.strip_prefix("0x");
    digits(last) || hex.is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The bucket and the Region that a host of S3 names.
struct Place {
    bucket: Option<String>,
    region: Option<Region>,
}

/// The place of a host of S3; `None` if it is none.
fn s3_place(host: &str) -> Result<Option<Place>, AddressError> {
    let front = SUFFIXES.iter().find_map(|suffix| host.strip_suffix(suffix));
    let Some(front) = front else { return Ok(None) };
    let labels: Vec<&str> = front.split('.').collect();
    let of_s3 = |label: &&str| NOT_OBJECTS.iter().any(|kind| label.starts_with(kind));
    let service = labels.iter().rev().take(2).find(|label| of_s3(label));
    for length in [3, 2, 1] {
        let Some(at) = labels.len().checked_sub(length) else { continue };
        let (bucket, end) = labels.split_at(at);
        if let Some(region) = region_of(end) {
            let bucket = (!bucket.is_empty()).then(|| bucket.join("."));
            return Ok(Some(Place { bucket, region: region.map(Region::new) }));
        }
    }
    match service {
        Some(_) => Err(AddressError::NoObject),
        None => Ok(None),
    }
}

/// The Region that the labels of S3's own host name, if they are some: `Some(None)` for a host of all Regions.
fn region_of(labels: &[&str]) -> Option<Option<String>> {
    match labels {
        ["s3" | "s3-accelerate"] | ["s3-accelerate", "dualstack"] => Some(None),
        ["s3-external-1"] => Some(Some("us-east-1".to_owned())),
        ["s3" | "s3-fips", region] | ["s3" | "s3-fips", "dualstack", region]
            if is_region(region) =>
        {
            Some(Some((*region).to_owned()))
        }
        [label] => {
            let region = label.strip_prefix("s3-fips-").or_else(|| label.strip_prefix("s3-"))?;
            let is_other = NOT_OBJECTS.iter().any(|kind| label.starts_with(kind));
            (!is_other && is_region(region)).then(|| Some(region.to_owned()))
        }
        _ => None,
    }
}

/// True of a Region such as `eu-west-1` or `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    match parts.split_last() {
        Some((number, words)) if words.len() >= 2 => {
            let digits = number.bytes().all(|byte| byte.is_ascii_digit());
            digits && !number.is_empty() && words.iter().all(word)
        }
        Some(_) | None => false,
    }
}

/// True of the name of a bucket, old ones included.
fn is_bucket(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (3..=255).contains(&name.len()) && name.bytes().all(plain) && !name.contains("..")
}

/// A text with its `%XX` taken for bytes; `None` if that is no UTF-8, or has a control character.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let digits =
            after.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after.get(2..).unwrap_or_default();
    }
    bytes.extend_from_slice(rest.as_bytes());
    let text = String::from_utf8(bytes).ok()?;
    (!text.chars().any(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn s3(text: &str) -> (String, String, String, String) {
        match TemplateAddress::parse(text) {
            Ok(TemplateAddress::S3(S3Address { bucket, key, region, version })) => {
                let region = region.map_or_else(String::new, |region| region.to_string());
                (bucket, key, region, version.unwrap_or_default())
            }
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn every_form_of_an_address_in_s3_is_known() {
        let at = |host: &str| format!("https://{host}/net.yaml");
        for (host, region) in [
            ("my.bucket.s3.eu-west-1.amazonaws.com", "eu-west-1"),
            ("my.bucket.s3.amazonaws.com", ""),
            ("my.bucket.s3-eu-west-1.amazonaws.com", "eu-west-1"),
            ("my.bucket.s3.dualstack.eu-west-1.amazonaws.com", "eu-west-1"),
            ("my.bucket.s3-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
            ("my.bucket.s3-fips.dualstack.us-east-2.amazonaws.com", "us-east-2"),
            ("my.bucket.s3-fips-us-gov-west-1.amazonaws.com", "us-gov-west-1"),
            ("my.bucket.s3-accelerate.amazonaws.com", ""),
            ("my.bucket.s3-external-1.amazonaws.com", "us-east-1"),
            ("my.bucket.s3.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("my.bucket.s3.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
            ("MY.bucket.S3.eu-west-1.amazonaws.com.", "eu-west-1"),
        ] {
            assert_eq!(
                s3(&at(host)),
                ("my.bucket".into(), "net.yaml".into(), region.into(), String::new()),
                "{host}"
            );
            // The same host without a bucket has it in the path.
            let own = host.to_ascii_lowercase().replace("my.bucket.", "");
            if !own.contains("accelerate") {
                let path = format!("https://{own}/my.bucket/net.yaml");
                assert_eq!(s3(&path), s3(&at(host)), "{path}");
            }
        }
    }

    #[test]
    fn keys_and_versions_are_decoded() {
        let text = "https://bucket.s3.amazonaws.com/a%20b/c+d/%C3%A4.yaml?versionId=x%2Fy.z";
        let expected = ("bucket", "a b/c+d/ä.yaml", "", "x/y.z");
        let found = s3(text);
        let found = (&*found.0, &*found.1, &*found.2, &*found.3);
        assert_eq!(found, expected);
        assert_eq!(s3("https://bucket.s3.amazonaws.com/a?versionId=").3, "");
        assert_eq!(s3("https://bucket.s3.amazonaws.com/a//b#c").1, "a//b");
        assert_eq!(s3("HTTPS://bucket.s3.amazonaws.com:443/a").1, "a");
    }

    #[test]
    fn other_addresses_are_asked_without_credentials() {
        for (text, host, port, target) in [
            ("https://raw.example.com/a/b.yaml?x=1", "raw.example.com", None, "/a/b.yaml?x=1"),
            ("https://raw.example.com:8443", "raw.example.com", Some(8443), "/"),
            ("https://raw.example.com?x", "raw.example.com", None, "/?x"),
            (
                "https://x.execute-api.eu-west-1.amazonaws.com/t",
                "x.execute-api.eu-west-1.amazonaws.com",
                None,
                "/t",
            ),
            ("https://b.s3.evil.com/k", "b.s3.evil.com", None, "/k"),
            ("https://s3.amazonaws.com.evil.com/b/k", "s3.amazonaws.com.evil.com", None, "/b/k"),
            ("https://bs3amazonaws.com/b/k", "bs3amazonaws.com", None, "/b/k"),
            // A signed address says by itself who may read it.
            (
                "https://b123.s3.amazonaws.com/k?X-Amz-Signature=s",
                "b123.s3.amazonaws.com",
                None,
                "/k?X-Amz-Signature=s",
            ),
        ] {
            match TemplateAddress::parse(text) {
                Ok(TemplateAddress::Web(web)) => {
                    let found = (web.host.as_str(), web.port, web.expose_target());
                    assert_eq!(found, (host, port, target), "{text}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_no_template_is_read_from_is_refused() {
        use AddressError::*;
        for (text, expected) in [
            ("http://bucket.s3.amazonaws.com/k", Scheme),
            ("ftp://example.com/k", Scheme),
            ("file:///etc/passwd", Scheme),
            ("s3://bucket/k", S3Scheme),
            ("ssm-doc://arn:aws:ssm:eu-west-1:123456789012:document/x", Document),
            ("https://user:password@example.com/k", User),
            ("https://s3.amazonaws.com@evil.com/b/k", User),
            ("https://169.254.169.254/latest", Host),
            ("https://[fd00:ec2::254]/latest", Host),
            ("https://2852039166/latest", Host),
            ("https://0xA9FEA9FE/latest", Host),
            ("https://1.2.0x3/latest", Host),
            ("https://LocalHost/k", Host),
            ("https://a.localhost./k", Host),
            ("https://", Form),
            ("https:///k", Form),
            ("https://exa mple.com/k", Form),
            ("https://example.com\\@evil.com/k", Form),
            ("https://example..com/k", Form),
            ("https://example.com:0/k", Form),
            ("https://example.com:99999/k", Form),
            ("https://example.com:x/k", Form),
            ("https://exämple.com/k", Form),
            ("https://bucket.s3.amazonaws.com/%zz", Form),
            ("https://bucket.s3.amazonaws.com/a%00b", Form),
            ("https://bucket.s3.amazonaws.com/%ff", Form),
            ("https://bucket.s3.amazonaws.com/", NoObject),
            ("https://bucket.s3.amazonaws.com", NoObject),
            ("https://s3.amazonaws.com/bucket", NoObject),
            ("https://s3.amazonaws.com/bu/k", NoObject),
            ("https://bucket.s3.amazonaws.com:8443/k", NoObject),
            ("https://bucket.s3-website-eu-west-1.amazonaws.com/k", NoObject),
            ("https://bucket.s3-website.eu-central-1.amazonaws.com/k", NoObject),
            ("https://p-123456789012.s3-accesspoint.eu-west-1.amazonaws.com/k", NoObject),
            ("https://bucket.s3.amazonaws.com/k?acl", Query),
        ] {
            assert_eq!(TemplateAddress::parse(text), Err(expected), "{text}");
        }
        let long = format!("https://example.com/{}", "x".repeat(LONGEST));
        assert_eq!(TemplateAddress::parse(&long), Err(Form));
    }

    #[test]
    fn an_answer_leads_to_another_address_of_https() {
        let from = WebAddress::parse("https://example.com:8443/a").unwrap();
        let to = |location: &str| from.follow(location).map(|to| to.expose());
        assert_eq!(to("/b?c").as_deref(), Ok("https://example.com:8443/b?c"));
        assert_eq!(to("//other.com/b").as_deref(), Ok("https://other.com/b"));
        assert_eq!(to("https://other.com/b").as_deref(), Ok("https://other.com/b"));
        assert_eq!(to("http://example.com/b"), Err(AddressError::Scheme));
        assert_eq!(to("https://127.0.0.1/b"), Err(AddressError::Host));
        assert_eq!(to("b"), Err(AddressError::Scheme));
    }

    #[test]
    fn nothing_that_is_signed_is_shown() {
        for (text, shown) in [
            ("parts/net.yaml", "parts/net.yaml"),
            ("https://b.s3.amazonaws.com/k", "https://b.s3.amazonaws.com/k"),
            (
                "https://b.s3.amazonaws.com/k?versionId=1",
                "https://b.s3.amazonaws.com/k?versionId=1",
            ),
            (
                "https://b.s3.amazonaws.com/k?X-Amz-Signature=S&versionId=1",
                "https://b.s3.amazonaws.com/k?versionId=1",
            ),
            ("https://u:S@example.com/k?token=S#S", "https://example.com/k"),
        ] {
            assert_eq!(shown_address(text), shown);
        }
        let web = WebAddress::parse("https://example.com/k?token=SECRET").unwrap();
        assert!(!format!("{web:?}").contains("SECRET"));
        let line = "  TemplateURL: 'https://b/k?X-Amz-Date=1&X-Amz-Signature=sécret&x=1' # x";
        let covered = "  TemplateURL: 'https://b/k?X-Amz-Date=1&X-Amz-Signature=******&x=1' # x";
        assert_eq!(without_signatures(line), covered);
        assert_eq!(without_signatures("a?b&c"), "a?b&c");
    }

    proptest! {
        /// Whatever a text is, it is read without a panic, the result is of its own form, and no part of a
        /// query that is signed is shown.
        #[test]
        fn any_text_is_read(text in "\\PC{0,80}", head in "(https://|s3://|)[a-z0-9.:@/%?&=#-]{0,60}") {
            for text in [text.clone(), format!("https://{text}"), format!("{head}{text}"), head] {
                check(&text);
            }
        }
    }

    fn check(text: &str) {
        let line = without_signatures(text);
        assert_eq!(line.chars().count(), text.chars().count());
        let shown = shown_address(text);
        assert_eq!(shown_address(&shown), shown);
        match TemplateAddress::parse(text) {
            Ok(TemplateAddress::S3(S3Address { bucket, key, version, .. })) => {
                assert!(is_bucket(&bucket) && !key.is_empty());
                assert!(!key.chars().any(char::is_control));
                assert!(version.is_none_or(|version| !version.is_empty()));
            }
            Ok(TemplateAddress::Web(web)) => {
                // What was read is read as the same again.
                assert_eq!(WebAddress::parse(&web.expose()), Ok(web));
            }
            Err(_) => {}
        }
    }
}
