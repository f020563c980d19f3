//! What the registry's schemas do not say and the services do. Each row has its source.

/// Corrections to one type.
pub(crate) struct Overlay {
    pub(crate) type_name: &'static str,
    /// Paths that cannot be changed in place although the schema does not say so.
    pub(crate) create_only: &'static [&'static str],
    /// Paths that can be changed in place although the schema says that they cannot.
    pub(crate) updatable: &'static [&'static str],
    /// Paths that only the service sets although the schema lets templates declare them.
    pub(crate) read_only: &'static [&'static str],
    /// Lists whose order means nothing.
    pub(crate) sets: &'static [&'static str],
}

pub(crate) const OVERLAYS: &[Overlay] = &[
    // API reference: UpdateOriginEndpoint takes no ChannelId, and HlsManifest's Url is output only
    // (the input shape HlsManifestCreateOrUpdateParameters has none).
    Overlay {
        type_name: "AWS::MediaPackage::OriginEndpoint",
        create_only: &["/properties/ChannelId"],
        updatable: &[],
        read_only: &["/properties/CmafPackage/HlsManifests/*/Url"],
        sets: &[
            "/properties/HlsPackage/AdTriggers",
            "/properties/DashPackage/AdTriggers",
            "/properties/DashPackage/PeriodTriggers",
            "/properties/CmafPackage/HlsManifests/*/AdTriggers",
            "/properties/Whitelist",
            "/properties/Tags",
        ],
    },
    // API reference: HlsIngest is output only; TagResource and UntagResource change the tags of a
    // channel, which nobody wants to be a new channel with other ingest URLs.
    Overlay {
        type_name: "AWS::MediaPackage::Channel",
        create_only: &[],
        updatable: &["/properties/Tags"],
        read_only: &["/properties/HlsIngest"],
        sets: &["/properties/Tags"],
    },
    // API reference: these are `Quantity` and `Items` of sets; CloudFront sorts what it returns.
    Overlay {
        type_name: "AWS::CloudFront::Distribution",
        create_only: &[],
        updatable: &[],
        read_only: &[],
        sets: &[
            "/properties/Tags",
            "/properties/DistributionConfig/Aliases",
            "/properties/DistributionConfig/CNAMEs",
            "/properties/DistributionConfig/Origins",
            "/properties/DistributionConfig/Origins/*/OriginCustomHeaders",
            "/properties/DistributionConfig/Origins/*/CustomOriginConfig/OriginSSLProtocols",
            "/properties/DistributionConfig/DefaultCacheBehavior/AllowedMethods",
            "/properties/DistributionConfig/DefaultCacheBehavior/CachedMethods",
            "/properties/DistributionConfig/DefaultCacheBehavior/TrustedKeyGroups",
            "/properties/DistributionConfig/DefaultCacheBehavior/TrustedSigners",
            "/properties/DistributionConfig/CacheBehaviors/*/AllowedMethods",
            "/properties/DistributionConfig/CacheBehaviors/*/CachedMethods",
            "/properties/DistributionConfig/CacheBehaviors/*/TrustedKeyGroups",
            "/properties/DistributionConfig/CacheBehaviors/*/TrustedSigners",
            "/properties/DistributionConfig/CustomErrorResponses",
            "/properties/DistributionConfig/Restrictions/GeoRestriction/Locations",
        ],
    },
    Overlay {
        type_name: "AWS::CloudFront::OriginRequestPolicy",
        create_only: &[],
        updatable: &[],
        read_only: &[],
        sets: &[
            "/properties/OriginRequestPolicyConfig/HeadersConfig/Headers",
            "/properties/OriginRequestPolicyConfig/CookiesConfig/Cookies",
            "/properties/OriginRequestPolicyConfig/QueryStringsConfig/QueryStrings",
        ],
    },
    Overlay {
        type_name: "AWS::CloudFront::CachePolicy",
        create_only: &[],
        updatable: &[],
        read_only: &[],
        sets: &[
            "/properties/CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/HeadersConfig/Headers",
            "/properties/CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/CookiesConfig/Cookies",
            "/properties/CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/QueryStringsConfig/QueryStrings",
        ],
    },
    Overlay {
        type_name: "AWS::CloudFront::ResponseHeadersPolicy",
        create_only: &[],
        updatable: &[],
        read_only: &[],
        sets: &[
            "/properties/ResponseHeadersPolicyConfig/CorsConfig/AccessControlAllowHeaders/Items",
            "/properties/ResponseHeadersPolicyConfig/CorsConfig/AccessControlAllowMethods/Items",
            "/properties/ResponseHeadersPolicyConfig/CorsConfig/AccessControlAllowOrigins/Items",
            "/properties/ResponseHeadersPolicyConfig/CorsConfig/AccessControlExposeHeaders/Items",
            "/properties/ResponseHeadersPolicyConfig/CustomHeadersConfig/Items",
            "/properties/ResponseHeadersPolicyConfig/RemoveHeadersConfig/Items",
        ],
    },
    Overlay {
        type_name: "AWS::CloudFront::Function",
        create_only: &[],
        updatable: &[],
        read_only: &[],
        sets: &["/properties/Tags"],
    },
    Overlay {
        type_name: "AWS::SecretsManager::Secret",
        create_only: &[],
        updatable: &[],
        read_only: &[],
        sets: &["/properties/Tags", "/properties/ReplicaRegions"],
    },
    Overlay {
        type_name: "AWS::IAM::Role",
        create_only: &[],
        updatable: &[],
        read_only: &[],
        sets: &["/properties/Tags", "/properties/Policies", "/properties/ManagedPolicyArns"],
    },
    Overlay {
        type_name: "AWS::IAM::Policy",
        create_only: &[],
        updatable: &[],
        read_only: &[],
        sets: &["/properties/Users", "/properties/Groups", "/properties/Roles"],
    },
    Overlay {
        type_name: "AWS::IAM::ManagedPolicy",
        create_only: &[],
        updatable: &[],
        read_only: &[],
        sets: &["/properties/Users", "/properties/Groups", "/properties/Roles"],
    },
];
