//! `AWS::CloudFront::ResponseHeadersPolicy`.

use super::named::{Kind, Listing};

/// The names and operations of response headers policies.
pub(super) const KIND: Kind = Kind {
    type_name: "AWS::CloudFront::ResponseHeadersPolicy",
    noun: "response headers policy",
    config: "ResponseHeadersPolicyConfig",
    object: "ResponseHeadersPolicy",
    attributes: &["Id", "LastModifiedTime"],
    create: "CreateResponseHeadersPolicy",
    get: "GetResponseHeadersPolicy",
    update: "UpdateResponseHeadersPolicy",
    delete: "DeleteResponseHeadersPolicy",
    list: "ListResponseHeadersPolicies",
    listing: Listing::Policies { list: "ResponseHeadersPolicyList" },
    ended: &[],
};
