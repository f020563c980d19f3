//! The particulars of S3: the host names of buckets.

use serde_json::Value as Json;

use crate::id_context::IdContext;
use crate::redaction::JsonMap;

/// The attributes that have a form of their own.
///
/// Source: `AWS::S3::Bucket`, return values, AWS CloudFormation Template Reference.
pub(crate) fn attributes(context: &IdContext<'_>, out: &mut JsonMap) {
    if context.resource_type.as_str() != "AWS::S3::Bucket" {
        return;
    }
    let environment = context.environment;
    let (bucket, region) = (context.name(), &environment.region);
    let suffix = environment.partition.url_suffix();
    for (attribute, text) in [
        ("DomainName", format!("{bucket}.s3.{suffix}")),
        ("DualStackDomainName", format!("{bucket}.s3.dualstack.{region}.{suffix}")),
        ("RegionalDomainName", format!("{bucket}.s3.{region}.{suffix}")),
        ("WebsiteURL", format!("http://{bucket}.s3-website-{region}.{suffix}")),
    ] {
        out.insert(attribute.to_owned(), Json::from(text));
    }
}
