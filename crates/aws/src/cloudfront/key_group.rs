//! `AWS::CloudFront::KeyGroup`.

use super::named::{Kind, Listing};

/// The names and operations of key groups.
pub(super) const KIND: Kind = Kind {
    type_name: "AWS::CloudFront::KeyGroup",
    noun: "key group",
    config: "KeyGroupConfig",
    object: "KeyGroup",
    attributes: &["Id", "LastModifiedTime"],
    create: "CreateKeyGroup",
    get: "GetKeyGroup",
    update: "UpdateKeyGroup",
    delete: "DeleteKeyGroup",
    list: "ListKeyGroups",
    listing: Listing::Objects { list: "KeyGroupList" },
    ended: &[],
};
