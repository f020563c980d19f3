//! The number of objects that an account may have where it has asked for no more: what a template alone
//! can exceed.

/// The default quota of a resource type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The most objects.
    pub most: usize,
    /// The properties that name what the objects are counted in, such as a channel; empty for the
    /// account in one Region.
    pub within: &'static [&'static str],
    /// The thing that they are counted in, in words: `Region`, `channel`.
    pub per: &'static str,
    /// True if AWS raises it on request.
    pub adjustable: bool,
}

/// Default quotas by type.
///
/// Sources: "Quotas in AWS Elemental MediaPackage", AWS Elemental MediaPackage User Guides (v1, live
/// content; v2); "Quotas in AWS Elemental MediaConnect", AWS Elemental MediaConnect User Guide.
const QUOTAS: [(&str, Quota); 7] = [
    ("AWS::MediaConnect::Flow", quota(20, &[], "Region", true)),
    ("AWS::MediaConnect::FlowOutput", quota(50, &["FlowArn"], "flow", false)),
    ("AWS::MediaPackage::Channel", quota(30, &[], "Region", true)),
    ("AWS::MediaPackage::OriginEndpoint", quota(10, &["ChannelId"], "channel", true)),
    ("AWS::MediaPackageV2::Channel", quota(10, &["ChannelGroupName"], "channel group", true)),
    ("AWS::MediaPackageV2::ChannelGroup", quota(3, &[], "Region", true)),
    (
        "AWS::MediaPackageV2::OriginEndpoint",
        quota(10, &["ChannelGroupName", "ChannelName"], "channel", true),
    ),
];

const fn quota(
    most: usize,
    within: &'static [&'static str],
    per: &'static str,
    adjustable: bool,
) -> Quota {
    Quota { most, within, per, adjustable }
}

/// The default quota of a type; `None` if none is known.
pub fn default_quota(type_name: &str) -> Option<Quota> {
    QUOTAS.iter().find(|(name, _)| *name == type_name).map(|(_, quota)| *quota)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Registry;

    #[test]
    fn every_quota_is_of_a_type_and_of_properties_of_it() {
        for (name, quota) in QUOTAS {
            let schema = Registry::embedded().get(name).unwrap().unwrap();
            for property in quota.within {
                assert!(schema.property(schema.root(), property).is_some(), "{name}.{property}");
            }
            assert_eq!(default_quota(name), Some(quota));
        }
        assert_eq!(default_quota("AWS::SQS::Queue"), None);
    }
}
