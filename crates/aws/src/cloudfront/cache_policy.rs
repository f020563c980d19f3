//! `AWS::CloudFront::CachePolicy`.

use super::named::{Kind, Listing};

/// The names and operations of cache policies.
pub(super) const KIND: Kind = Kind {
    type_name: "AWS::CloudFront::CachePolicy",
    noun: "cache policy",
    config: "CachePolicyConfig",
    object: "CachePolicy",
    attributes: &["Id", "LastModifiedTime"],
    create: "CreateCachePolicy",
    get: "GetCachePolicy",
    update: "UpdateCachePolicy",
    delete: "DeleteCachePolicy",
    list: "ListCachePolicies",
    listing: Listing::Policies { list: "CachePolicyList" },
    ended: &[],
};
