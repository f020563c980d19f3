//! The attributes that can change when an object is changed in place.
//!
//! An attribute that may change makes its users' updates possible ones. The registry does not say
//! which do: identifiers and ARNs never do, nor do those that only a replacement can change, and
//! overlays say with which properties others change. Every other attribute may change with any property
//! but the tags, which nothing is derived from.

use rstack_model::{PropertyPath, UpdateKind};
use serde::Deserialize;

use crate::path::SchemaPath;
use crate::type_schema::TypeSchema;

/// The properties with which an attribute changes.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttributeChange {
    attribute: String,
    /// With these, whatever changes in or around them.
    with: Vec<String>,
    /// With these only when they are added or removed as a whole.
    with_whole: Vec<String>,
}

impl AttributeChange {
    fn is_of(&self, attribute: &str) -> bool {
        let inside = attribute.strip_prefix(self.attribute.as_str());
        inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    fn changes_with(&self, path: &PropertyPath) -> bool {
        let text = path.to_string();
        self.with_whole.contains(&text)
            || self.with.iter().any(|with| {
                let with = SchemaPath::parse(&with.replace('.', "/"));
                with.covers(path) || leads_to(path, &with)
            })
    }
}

impl TypeSchema {
    /// True if an attribute (`Fn::GetAtt` name) can change when an object is changed in place and
    /// these properties change.
    pub fn attribute_may_change(&self, attribute: &str, changed: &[&PropertyPath]) -> bool {
        match self.attribute_changes.iter().find(|change| change.is_of(attribute)) {
            Some(change) => changed.iter().any(|path| change.changes_with(path)),
            None => {
                let changes_it = |path: &&PropertyPath| !self.is_tag(path) || is_of_tags(attribute);
                !self.is_identity(attribute) && changed.iter().any(changes_it)
            }
        }
    }

    /// True if the property is the tags, or a part of them.
    fn is_tag(&self, path: &PropertyPath) -> bool {
        let tags = self.tag_property();
        tags.is_some_and(|tags| SchemaPath::parse(tags).covers(path))
    }

    /// Identifiers stay with their object, and so do properties that it is made with, its own ARN and ID: `Arn`, `RoleId` of a role,
    /// `PolicyArn` of a managed policy. The ARN of something else, such as the stream of a table, may
    /// be another one after a change.
    fn is_identity(&self, attribute: &str) -> bool {
        let path = attribute.split('.').fold(PropertyPath::root(), |path, name| path.name(name));
        let identifies = |paths: &[SchemaPath]| paths.iter().any(|p| p.covers(&path));
        let short = self.name().rsplit("::").next().unwrap_or_default();
        let own = |end: &str| attribute.strip_suffix(end).is_some_and(|stem| short.ends_with(stem));
        ["Arn", "ARN", "Id"].into_iter().any(own)
            || self.update_kind(&path) == UpdateKind::Replaces
            || identifies(self.primary_identifier())
            || identifies(self.ref_identifier())
            || self.additional_identifiers().iter().any(|paths| identifies(paths))
    }
}

/// True if an attribute holds tags, such as those that an account adds.
fn is_of_tags(attribute: &str) -> bool {
    attribute.contains("Tag")
}

/// True if the property is around the other one: a change of the whole may be one of the part.
fn leads_to(path: &PropertyPath, part: &SchemaPath) -> bool {
    let depth = path.segments().len();
    let around = part.segments().get(..depth).unwrap_or_default();
    depth > 0 && depth < part.segments().len() && SchemaPath::parse(&around.join("/")).covers(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Registry;

    fn check(type_name: &str, attribute: &str, changed: &str) -> bool {
        let schema = Registry::embedded().get(type_name).unwrap().unwrap();
        let path = changed.split('.').fold(PropertyPath::root(), |p, s| match s.parse() {
            Ok(index) => p.index(index),
            Err(_) => p.name(s),
        });
        schema.attribute_may_change(attribute, &[&path])
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
        assert!(!check("AWS::DynamoDB::Table", "StreamArn", "BillingMode"));
    }

    #[test]
    fn nothing_is_derived_from_tags() {
        for (name, attribute) in [
            ("AWS::EC2::Instance", "PublicIp"),
            ("AWS::DynamoDB::Table", "StreamArn"),
            ("AWS::EC2::VPC", "DefaultSecurityGroup"),
            ("AWS::ApiGateway::RestApi", "RootResourceId"),
        ] {
            assert!(!check(name, attribute, "Tags.0.Value"), "{name}");
            assert!(!check(name, attribute, "Tags"), "{name}");
        }
    }

    #[test]
    fn only_a_replacement_changes_an_attribute_that_is_given_at_creation() {
        assert!(!check("AWS::SNS::Topic", "TopicName", "DisplayName"));
        assert!(!check("AWS::SQS::Queue", "QueueName", "DelaySeconds"));
    }
}
