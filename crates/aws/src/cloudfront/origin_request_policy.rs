//! `AWS::CloudFront::OriginRequestPolicy`.

use super::named::{Kind, Listing};

/// The names and operations of origin request policies.
pub(super) const KIND: Kind = Kind {
    type_name: "AWS::CloudFront::OriginRequestPolicy",
    noun: "origin request policy",
    config: "OriginRequestPolicyConfig",
    object: "OriginRequestPolicy",
    attributes: &["Id", "LastModifiedTime"],
    create: "CreateOriginRequestPolicy",
    get: "GetOriginRequestPolicy",
    update: "UpdateOriginRequestPolicy",
    delete: "DeleteOriginRequestPolicy",
    list: "ListOriginRequestPolicies",
    listing: Listing::Policies { list: "OriginRequestPolicyList" },
    ended: &[],
};
