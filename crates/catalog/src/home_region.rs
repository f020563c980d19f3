//! Objects that exist in one Region only, although their types can be asked for in every one.

use rstack_model::{Value, ValueMap};

/// The Region in which services that CloudFront works with are asked.
const VIRGINIA: &str = "us-east-1";

/// A type whose objects are made in one Region, where a property has a value, if there is one.
struct Home {
    type_name: &'static str,
    scope: Option<(&'static str, &'static str)>,
    region: &'static str,
}

/// Sources: `Scope` of `CreateWebACL`, `CreateIPSet`, `CreateRegexPatternSet` and `CreateRuleGroup`, AWS WAFV2 API
/// Reference; "Amazon ECR Public endpoints and quotas" and "AWS Cost and Usage Reports endpoints and quotas", AWS
/// General Reference.
const HOMES: [Home; 6] = [
    Home { type_name: "AWS::CUR::ReportDefinition", scope: None, region: VIRGINIA },
    Home { type_name: "AWS::ECR::PublicRepository", scope: None, region: VIRGINIA },
    Home { type_name: "AWS::WAFv2::IPSet", scope: EDGE, region: VIRGINIA },
    Home { type_name: "AWS::WAFv2::RegexPatternSet", scope: EDGE, region: VIRGINIA },
    Home { type_name: "AWS::WAFv2::RuleGroup", scope: EDGE, region: VIRGINIA },
    Home { type_name: "AWS::WAFv2::WebACL", scope: EDGE, region: VIRGINIA },
];

/// The scope of what protects distributions.
const EDGE: Option<(&str, &str)> = Some(("Scope", "CLOUDFRONT"));

/// A property that takes an object of one Region, by the names on the way to it, and the type of the object.
struct Takes {
    type_name: &'static str,
    path: &'static [&'static str],
    of_type: &'static str,
    region: &'static str,
}

/// Sources: "Requirements for using SSL/TLS certificates with CloudFront" and "Restrictions on Lambda@Edge", Amazon
/// CloudFront Developer Guide.
const TAKES: [Takes; 2] = [
    Takes {
        type_name: "AWS::CloudFront::Distribution",
        path: &["DistributionConfig", "ViewerCertificate", "AcmCertificateArn"],
        of_type: "AWS::CertificateManager::Certificate",
        region: VIRGINIA,
    },
    Takes {
        type_name: "AWS::CloudFront::Distribution",
        path: &["DistributionConfig", "DefaultCacheBehavior", "LambdaFunctionAssociations"],
        of_type: "AWS::Lambda::Version",
        region: VIRGINIA,
    },
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
    let home = HOMES.iter().find(|home| home.type_name == type_name)?;
    match home.scope {
        None => Some((home.region, None)),
        Some((property, value)) => {
            let has = properties.get(property).and_then(Value::as_str) == Some(value);
            has.then_some((home.region, Some(property)))
        }
    }
}

/// The properties of an object that take an object of one Region.
pub fn taken<'a>(
    type_name: &'a str,
    properties: &'a ValueMap,
) -> impl Iterator<Item = Taken<'a>> + 'a {
    let own = TAKES.iter().filter(move |it| it.type_name == type_name);
    own.filter_map(|it| {
        let (first, rest) = it.path.split_first()?;
        let step = |value: &'a Value, name: &&str| value.as_map()?.get(*name);
        let value = rest.iter().try_fold(properties.get(*first)?, step)?;
        Some(Taken { path: it.path, value, of_type: it.of_type, region: it.region })
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
