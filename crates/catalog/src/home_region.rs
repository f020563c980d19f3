//! Objects that exist in one Region only, although their types can be asked for in every one.

use rstack_model::{Value, ValueMap};

/// The Region in which services that CloudFront works with are asked.
const VIRGINIA: &str = "us-east-1";

/// Types whose objects are made in one Region; where a property has a value, if there is one.
///
/// Sources: `Scope` of `CreateWebACL`, `CreateIPSet`, `CreateRegexPatternSet` and `CreateRuleGroup`, AWS WAFV2 API
/// Reference; "Amazon ECR Public endpoints and quotas" and "AWS Cost and Usage Reports endpoints and quotas", AWS
/// General Reference.
const HOMES: [(&str, Option<(&str, &str)>, &str); 6] = [
    ("AWS::CUR::ReportDefinition", None, VIRGINIA),
    ("AWS::ECR::PublicRepository", None, VIRGINIA),
    ("AWS::WAFv2::IPSet", Some(("Scope", "CLOUDFRONT")), VIRGINIA),
    ("AWS::WAFv2::RegexPatternSet", Some(("Scope", "CLOUDFRONT")), VIRGINIA),
    ("AWS::WAFv2::RuleGroup", Some(("Scope", "CLOUDFRONT")), VIRGINIA),
    ("AWS::WAFv2::WebACL", Some(("Scope", "CLOUDFRONT")), VIRGINIA),
];

/// Properties that take an object of one Region, and the type of it.
///
/// Sources: "Requirements for using SSL/TLS certificates with CloudFront" and "Restrictions on Lambda@Edge", Amazon
/// CloudFront Developer Guide.
const TAKEN: [(&str, &[&str], &str, &str); 2] = [
    (
        "AWS::CloudFront::Distribution",
        &["DistributionConfig", "ViewerCertificate", "AcmCertificateArn"],
        "AWS::CertificateManager::Certificate",
        VIRGINIA,
    ),
    (
        "AWS::CloudFront::Distribution",
        &["DistributionConfig", "DefaultCacheBehavior", "LambdaFunctionAssociations"],
        "AWS::Lambda::Version",
        VIRGINIA,
    ),
];

/// A property that takes an object of one Region only.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    /// The property, by the names on the way to it.
    pub path: &'static [&'static str],
    /// Its value.
    pub value: &'a Value,
    /// The type of the object.
    pub of_type: &'static str,
    /// The Region.
    pub region: &'static str,
}

/// The Region in which an object with these properties can be made, and the property that says so, if there is
/// only one. It is a rule of the commercial partition, `aws`.
pub fn home_region(
    type_name: &str,
    properties: &ValueMap,
) -> Option<(&'static str, Option<&'static str>)> {
    let (_, when, region) = HOMES.iter().find(|(name, ..)| *name == type_name)?;
    match when {
        None => Some((region, None)),
        Some((property, value)) => {
            let has = properties.get(*property).and_then(Value::as_str) == Some(value);
            has.then_some((region, Some(*property)))
        }
    }
}

/// The properties of an object that take an object of one Region.
pub fn taken<'a>(
    type_name: &'a str,
    properties: &'a ValueMap,
) -> impl Iterator<Item = Taken<'a>> + 'a {
    let own = TAKEN.iter().filter(move |(name, ..)| *name == type_name);
    own.filter_map(|(_, path, of_type, region)| {
        let (first, rest) = path.split_first()?;
        let step = |value: &'a Value, name: &&str| value.as_map()?.get(*name);
        let value = rest.iter().try_fold(properties.get(*first)?, step)?;
        Some(Taken { path, value, of_type, region })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_decides_the_region() {
        let scope = |text: &str| ValueMap::from([("Scope".to_owned(), Value::from(text))]);
        let home = |text: &str| home_region("AWS::WAFv2::WebACL", &scope(text));
        assert_eq!(home("CLOUDFRONT"), Some((VIRGINIA, Some("Scope"))));
        assert_eq!(home("REGIONAL"), None);
        assert_eq!(home_region("AWS::SNS::Topic", &ValueMap::new()), None);
        let repository = home_region("AWS::ECR::PublicRepository", &ValueMap::new());
        assert_eq!(repository, Some((VIRGINIA, None)));
    }
}
