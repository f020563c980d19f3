//! The rules of a distribution's properties that do not follow from their names.
//!
//! Renames and defaults are those of the type's schema in the CloudFormation registry. A request
//! spells out everything that `UpdateDistribution` requires ("Required API fields for creating and
//! updating distributions", Amazon CloudFront Developer Guide), so that what is no longer declared
//! goes back to its default.

use crate::mapping::{Fill, FillRow, NestedRow, Rules, ShapeRules, When};

/// Distributions that viewers reach by themselves.
pub(crate) const STANDARD: Rules = Rules(&[
    ShapeRules {
        renames: CONFIG_RENAMES,
        fills: &[
            FillRow::new("Aliases", Fill::Empty),
            FillRow::new("CacheBehaviors", Fill::Empty),
            FillRow::new("Comment", Fill::Text("")),
            FillRow::new("CustomErrorResponses", Fill::Empty),
            FillRow::new("DefaultRootObject", Fill::Text("")),
            FillRow::new("HttpVersion", Fill::Text("http1.1")),
            FillRow::new("IsIPV6Enabled", Fill::Bool(false)),
            FillRow::new("Logging", Fill::Empty),
            FillRow::new("OriginGroups", Fill::Empty),
            FillRow::new("PriceClass", Fill::Text("PriceClass_All")),
            FillRow::new("Restrictions", Fill::Empty),
            FillRow::new("ViewerCertificate", Fill::Empty),
            FillRow::new("WebACLId", Fill::Text("")),
        ],
        ..ShapeRules::of("DistributionConfig")
    },
    behavior("DefaultCacheBehavior", STANDARD_BEHAVIOR),
    behavior("CacheBehavior", STANDARD_BEHAVIOR),
    ShapeRules {
        fills: &[FillRow::when(
            "CloudFrontDefaultCertificate",
            Fill::Bool(true),
            When::Without(&["ACMCertificateArn", "IAMCertificateId"]),
        )],
        ..ShapeRules::of("ViewerCertificate")
    },
    ALLOWED_METHODS,
    COOKIES,
    CUSTOM_ERROR,
    CUSTOM_ORIGIN,
    FORWARDED_VALUES,
    GEO_RESTRICTION,
    LOGGING,
    ORIGIN,
    ORIGIN_SHIELD,
    RESTRICTIONS,
    S3_ORIGIN,
]);

/// Distributions that are reached through tenants (`ConnectionMode: tenant-only`). Members that
/// the API refuses for these are not filled in.
pub(crate) const MULTI_TENANT: Rules = Rules(&[
    ShapeRules {
        renames: CONFIG_RENAMES,
        fills: &[
            FillRow::new("CacheBehaviors", Fill::Empty),
            FillRow::new("Comment", Fill::Text("")),
            FillRow::new("CustomErrorResponses", Fill::Empty),
            FillRow::new("DefaultRootObject", Fill::Text("")),
            FillRow::new("OriginGroups", Fill::Empty),
            FillRow::new("WebACLId", Fill::Text("")),
        ],
        ..ShapeRules::of("DistributionConfig")
    },
    behavior("DefaultCacheBehavior", TENANT_BEHAVIOR),
    behavior("CacheBehavior", TENANT_BEHAVIOR),
    ALLOWED_METHODS,
    COOKIES,
    CUSTOM_ERROR,
    CUSTOM_ORIGIN,
    FORWARDED_VALUES,
    GEO_RESTRICTION,
    LOGGING,
    ORIGIN,
    ORIGIN_SHIELD,
    RESTRICTIONS,
    S3_ORIGIN,
]);

/// The member of a property that has another name, wherever it stands.
pub(super) fn member_of(property: &str) -> Option<&'static str> {
    let row = CONFIG_RENAMES.iter().chain(ORIGIN.renames).find(|(from, _)| *from == property);
    row.map(|(_, to)| *to)
}

const CONFIG_RENAMES: &[(&str, &str)] = &[("IPV6Enabled", "IsIPV6Enabled")];

const CACHED_METHODS: &[NestedRow] =
    &[NestedRow { property: "CachedMethods", outer: "AllowedMethods", inner: "CachedMethods" }];

const fn behavior(shape: &'static str, fills: &'static [FillRow]) -> ShapeRules {
    ShapeRules { nested: CACHED_METHODS, fills, ..ShapeRules::of(shape) }
}

const STANDARD_BEHAVIOR: &[FillRow] = &[
    FillRow::new("AllowedMethods", Fill::Texts(&["GET", "HEAD"])),
    FillRow::new("Compress", Fill::Bool(false)),
    FillRow::new("FieldLevelEncryptionId", Fill::Text("")),
    FillRow::new("FunctionAssociations", Fill::Empty),
    FillRow::new("LambdaFunctionAssociations", Fill::Empty),
    FillRow::new("SmoothStreaming", Fill::Bool(false)),
    FillRow::new("TrustedKeyGroups", Fill::Empty),
    FillRow::new("TrustedSigners", Fill::Empty),
];

const TENANT_BEHAVIOR: &[FillRow] = &[
    FillRow::new("AllowedMethods", Fill::Texts(&["GET", "HEAD"])),
    FillRow::new("Compress", Fill::Bool(false)),
    FillRow::new("FieldLevelEncryptionId", Fill::Text("")),
    FillRow::new("FunctionAssociations", Fill::Empty),
    FillRow::new("LambdaFunctionAssociations", Fill::Empty),
    FillRow::new("TrustedKeyGroups", Fill::Empty),
];

const ALLOWED_METHODS: ShapeRules = ShapeRules {
    fills: &[FillRow::new("CachedMethods", Fill::Texts(&["GET", "HEAD"]))],
    ..ShapeRules::of("AllowedMethods")
};

const COOKIES: ShapeRules = ShapeRules {
    fills: &[FillRow::new("Forward", Fill::Text("none"))],
    ..ShapeRules::of("CookiePreference")
};

const CUSTOM_ERROR: ShapeRules = ShapeRules {
    fills: &[
        FillRow::new("ErrorCachingMinTTL", Fill::Integer(300)),
        FillRow::new("ResponseCode", Fill::Text("")),
        FillRow::new("ResponsePagePath", Fill::Text("")),
    ],
    ..ShapeRules::of("CustomErrorResponse")
};

const CUSTOM_ORIGIN: ShapeRules = ShapeRules {
    fills: &[
        FillRow::new("HTTPPort", Fill::Integer(80)),
        FillRow::new("HTTPSPort", Fill::Integer(443)),
        FillRow::new("OriginKeepaliveTimeout", Fill::Integer(5)),
        FillRow::new("OriginReadTimeout", Fill::Integer(30)),
        FillRow::new("OriginSslProtocols", Fill::Texts(&["TLSv1", "SSLv3"])),
    ],
    ..ShapeRules::of("CustomOriginConfig")
};

const FORWARDED_VALUES: ShapeRules = ShapeRules {
    fills: &[
        FillRow::new("Cookies", Fill::Empty),
        FillRow::new("Headers", Fill::Empty),
        FillRow::new("QueryStringCacheKeys", Fill::Empty),
    ],
    ..ShapeRules::of("ForwardedValues")
};

const GEO_RESTRICTION: ShapeRules = ShapeRules {
    renames: &[("Locations", "Items")],
    fills: &[FillRow::new("RestrictionType", Fill::Text("none"))],
    ..ShapeRules::of("GeoRestriction")
};

const LOGGING: ShapeRules = ShapeRules {
    fills: &[
        FillRow::new("Bucket", Fill::Text("")),
        FillRow::new("Enabled", Fill::IfText("Bucket")),
        FillRow::new("IncludeCookies", Fill::Bool(false)),
        FillRow::new("Prefix", Fill::Text("")),
    ],
    ..ShapeRules::of("LoggingConfig")
};

const ORIGIN: ShapeRules = ShapeRules {
    renames: &[("OriginCustomHeaders", "CustomHeaders")],
    fills: &[
        FillRow::new("ConnectionAttempts", Fill::Integer(3)),
        FillRow::new("ConnectionTimeout", Fill::Integer(10)),
        FillRow::new("CustomHeaders", Fill::Empty),
        FillRow::new("OriginPath", Fill::Text("")),
    ],
    ..ShapeRules::of("Origin")
};

const ORIGIN_SHIELD: ShapeRules = ShapeRules {
    fills: &[FillRow::new("Enabled", Fill::Bool(false))],
    ..ShapeRules::of("OriginShield")
};

const RESTRICTIONS: ShapeRules = ShapeRules {
    fills: &[FillRow::new("GeoRestriction", Fill::Empty)],
    ..ShapeRules::of("Restrictions")
};

const S3_ORIGIN: ShapeRules = ShapeRules {
    fills: &[FillRow::new("OriginAccessIdentity", Fill::Text(""))],
    ..ShapeRules::of("S3OriginConfig")
};
