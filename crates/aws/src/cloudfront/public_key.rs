//! `AWS::CloudFront::PublicKey`.
//!
//! The template chooses the caller reference. Of a public key only the comment can be changed; the
//! catalog says what replaces it.

use super::named::{Kind, Listing};

/// The names and operations of public keys.
pub(super) const KIND: Kind = Kind {
    type_name: "AWS::CloudFront::PublicKey",
    noun: "public key",
    config: "PublicKeyConfig",
    object: "PublicKey",
    attributes: &["CreatedTime", "Id"],
    create: "CreatePublicKey",
    get: "GetPublicKey",
    update: "UpdatePublicKey",
    delete: "DeletePublicKey",
    list: "ListPublicKeys",
    listing: Listing::Summaries { list: "PublicKeyList" },
    ended: &["EncodedKey"],
};
