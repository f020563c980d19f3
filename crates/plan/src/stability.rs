//! Which attributes can change when an object is updated in place.
//!
//! An attribute that may change makes its users' updates possible ones. The registry does not say
//! which do: identifiers and ARNs never do, and for the types listed here it is known what an
//! attribute depends on. Every other attribute may change with any property.

use rstack_catalog::{SchemaPath, TypeSchema};
use rstack_model::PropertyPath;

/// An attribute that changes with certain properties only.
struct Row {
    type_name: &'static str,
    attribute: &'static str,
    /// Properties with which it changes, whatever changes in or around them.
    with: &'static [&'static str],
    /// Properties with which it changes only when they appear or go as a whole.
    with_whole: &'static [&'static str],
}

const ROWS: [Row; 8] = [
    // MediaPackage forms the URL of an endpoint's ID, package and manifest name.
    Row {
        type_name: "AWS::MediaPackage::OriginEndpoint",
        attribute: "Url",
        with: &[
            "ManifestName",
            "CmafPackage/HlsManifests/*/Id",
            "CmafPackage/HlsManifests/*/ManifestName",
        ],
        with_whole: &["HlsPackage", "DashPackage", "MssPackage", "CmafPackage"],
    },
    Row {
        type_name: "AWS::MediaPackage::OriginEndpoint",
        attribute: "CmafPackage.HlsManifests",
        with: &["CmafPackage/HlsManifests/*/Id", "CmafPackage/HlsManifests/*/ManifestName"],
        with_whole: &["CmafPackage"],
    },
    Row {
        type_name: "AWS::MediaPackage::Channel",
        attribute: "HlsIngest",
        with: &[],
        with_whole: &[],
    },
    Row {
        type_name: "AWS::CloudFront::Distribution",
        attribute: "DomainName",
        with: &[],
        with_whole: &[],
    },
    Row { type_name: "AWS::S3::Bucket", attribute: "DomainName", with: &[], with_whole: &[] },
    Row {
        type_name: "AWS::S3::Bucket",
        attribute: "RegionalDomainName",
        with: &[],
        with_whole: &[],
    },
    Row { type_name: "AWS::SQS::Queue", attribute: "QueueUrl", with: &[], with_whole: &[] },
    Row {
        type_name: "AWS::MediaLive::Channel",
        attribute: "Inputs",
        with: &["InputAttachments"],
        with_whole: &[],
    },
];

/// Whether an attribute can change when these properties do.
pub(crate) fn may_change(schema: &TypeSchema, attribute: &str, changed: &[&PropertyPath]) -> bool {
    let row = ROWS.iter().find(|row| {
        let inside = attribute.strip_prefix(row.attribute);
        row.type_name == schema.name() && inside.is_some_and(|r| r.is_empty() || r.starts_with('.'))
    });
    match row {
        Some(row) => changed.iter().any(|path| changes_with(row, path)),
        None => !is_identity(schema, attribute) && !changed.is_empty(),
    }
}

fn changes_with(row: &Row, path: &PropertyPath) -> bool {
    let text = path.to_string();
    row.with_whole.contains(&text.as_str())
        || row.with.iter().any(|with| {
            let with = SchemaPath::parse(with);
            with.covers(path) || leads_to(path, &with)
        })
}

/// Whether the property is around the other one: a change of the whole may be one of the part.
fn leads_to(path: &PropertyPath, part: &SchemaPath) -> bool {
    let depth = path.segments().len();
    let around = part.segments().get(..depth).unwrap_or_default();
    depth > 0 && depth < part.segments().len() && SchemaPath::parse(&around.join("/")).covers(path)
}

/// Identifiers stay with their object, and so do its own ARN and ID: `Arn`, `RoleId` of a role,
/// `PolicyArn` of a managed policy. The ARN of something else, such as the stream of a table, may
/// be another one after a change.
fn is_identity(schema: &TypeSchema, attribute: &str) -> bool {
    let path = attribute.split('.').fold(PropertyPath::root(), |path, name| path.name(name));
    let identifies = |paths: &[SchemaPath]| paths.iter().any(|p| p.covers(&path));
    let short = schema.name().rsplit("::").next().unwrap_or_default();
    let own = |end: &str| attribute.strip_suffix(end).is_some_and(|stem| short.ends_with(stem));
    ["Arn", "ARN", "Id"].into_iter().any(own)
        || identifies(schema.primary_identifier())
        || identifies(schema.ref_identifier())
        || schema.additional_identifiers().iter().any(|paths| identifies(paths))
}

#[cfg(test)]
mod tests {
    use rstack_catalog::Registry;

    use super::*;

    fn check(type_name: &str, attribute: &str, changed: &str) -> bool {
        let schema = Registry::embedded().get(type_name).unwrap().unwrap();
        let path = changed.split('.').fold(PropertyPath::root(), |p, s| match s.parse() {
            Ok(index) => p.index(index),
            Err(_) => p.name(s),
        });
        may_change(&schema, attribute, &[&path])
    }

    #[test]
    fn an_endpoints_url_changes_with_its_manifest_and_not_with_its_segments() {
        let endpoint = "AWS::MediaPackage::OriginEndpoint";
        for (changed, may) in [
            ("HlsPackage.SegmentDurationSeconds", false),
            ("Description", false),
            ("ManifestName", true),
            ("HlsPackage", true),
            ("CmafPackage.HlsManifests", true),
            ("CmafPackage.HlsManifests.0.ManifestName", true),
            ("CmafPackage.HlsManifests.0.AdMarkers", false),
            ("CmafPackage.SegmentPrefix", false),
        ] {
            assert_eq!(check(endpoint, "Url", changed), may, "{changed}");
        }
        assert!(!check(endpoint, "Arn", "ManifestName"));
    }

    #[test]
    fn an_attribute_of_which_nothing_is_known_may_change() {
        assert!(check("AWS::EC2::Instance", "PublicIp", "InstanceType"));
        assert!(!check(
            "AWS::CloudFront::Distribution",
            "DomainName",
            "DistributionConfig.Comment"
        ));
        assert!(!check("AWS::IAM::Role", "RoleId", "Description"));
        assert!(!check("AWS::IAM::ManagedPolicy", "PolicyId", "PolicyDocument"));
        assert!(check("AWS::DynamoDB::Table", "StreamArn", "StreamSpecification.StreamViewType"));
    }
}
