//! The attributes of a bucket, which follow from its name and its Region.
//!
//! Source: CloudFormation reference, `AWS::S3::Bucket`, Return values; "Amazon S3 endpoints and quotas",
//! AWS General Reference.

use rstack_model::{KnownMap, Partition, Region};

use crate::endpoint_rules::dns_suffix;
use crate::iam::arguments;

/// The Regions whose website endpoints have a hyphen before the Region; all others have a dot there.
///
/// Source: "Amazon S3 Website endpoints", AWS General Reference.
const HYPHEN: [&str; 9] = [
    "ap-northeast-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "eu-west-1",
    "sa-east-1",
    "us-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// The attributes of the bucket of this name.
pub(super) fn attributes(bucket: &str, region: &Region) -> KnownMap {
    let (suffix, partition) = (dns_suffix(region.as_str()), Partition::of_region(region));
    let joint = if HYPHEN.contains(&region.as_str()) { '-' } else { '.' };
    let website = format!("http://{bucket}.s3-website{joint}{region}.{suffix}");
    arguments([
        ("Arn", format!("arn:{partition}:s3:::{bucket}").into()),
        ("DomainName", format!("{bucket}.s3.{suffix}").into()),
        ("DualStackDomainName", format!("{bucket}.s3.dualstack.{region}.{suffix}").into()),
        ("RegionalDomainName", format!("{bucket}.s3.{region}.{suffix}").into()),
        ("WebsiteURL", website.into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::text_in;

    #[test]
    fn they_have_the_form_of_their_region() {
        let of = |region: &str, name: &str| {
            text_in(&attributes("b", &Region::new(region)), name).unwrap().to_owned()
        };
        assert_eq!(of("eu-west-1", "Arn"), "arn:aws:s3:::b");
        assert_eq!(of("eu-west-1", "DomainName"), "b.s3.amazonaws.com");
        assert_eq!(of("eu-west-1", "RegionalDomainName"), "b.s3.eu-west-1.amazonaws.com");
        assert_eq!(
            of("eu-west-1", "DualStackDomainName"),
            "b.s3.dualstack.eu-west-1.amazonaws.com"
        );
        assert_eq!(of("eu-west-1", "WebsiteURL"), "http://b.s3-website-eu-west-1.amazonaws.com");
        assert_eq!(
            of("eu-central-1", "WebsiteURL"),
            "http://b.s3-website.eu-central-1.amazonaws.com"
        );
        assert_eq!(of("cn-north-1", "Arn"), "arn:aws-cn:s3:::b");
        assert_eq!(of("cn-north-1", "RegionalDomainName"), "b.s3.cn-north-1.amazonaws.com.cn");
    }
}
