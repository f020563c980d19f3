//! `AWS::CloudFront::OriginAccessControl`.

use super::named::{Kind, Listing};

/// The names and operations of origin access controls.
pub(super) const KIND: Kind = Kind {
    type_name: "AWS::CloudFront::OriginAccessControl",
    noun: "origin access control",
    config: "OriginAccessControlConfig",
    object: "OriginAccessControl",
    attributes: &["Id"],
    create: "CreateOriginAccessControl",
    get: "GetOriginAccessControl",
    update: "UpdateOriginAccessControl",
    delete: "DeleteOriginAccessControl",
    list: "ListOriginAccessControls",
    listing: Listing::Summaries { list: "OriginAccessControlList" },
    ended: &[],
};
