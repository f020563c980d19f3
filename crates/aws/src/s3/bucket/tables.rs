//! The tables of settings: where each property stands in the members of the API.
//!
//! Source: the CloudFormation registry's schema of `AWS::S3::Bucket`; S3 API reference, the data types that
//! each table names.

use super::form::{Kind, Row, renamed, row};

const STATUS: Row = renamed("Status", &["Status"]);
const PREFIX: Row = renamed("Prefix", &["Prefix"]);
const TAG: &[Row] = &[renamed("Key", &["Key"]), renamed("Value", &["Value"])];

/// Conditions of a filter that stand beside other properties in the template. The filter itself is built
/// and taken apart in `filter`.
const FILTER_PREFIX: Row = renamed("Prefix", &["Filter", "Prefix"]);
const FILTER_TAGS: Row = row("TagFilters", &["Filter", "Tags"], Kind::List(TAG));

/// `ServerSideEncryptionConfiguration`.
pub(super) const ENCRYPTION: &[Row] = &[row(
    "ServerSideEncryptionConfiguration",
    &["Rules"],
    Kind::List(&[
        row(
            "BlockedEncryptionTypes",
            &["BlockedEncryptionTypes"],
            Kind::Tree(&[row("EncryptionType", &["EncryptionType"], Kind::Texts)]),
        ),
        renamed("BucketKeyEnabled", &["BucketKeyEnabled"]),
        row(
            "ServerSideEncryptionByDefault",
            &["ApplyServerSideEncryptionByDefault"],
            Kind::Tree(&[
                renamed("KMSMasterKeyID", &["KMSMasterKeyID"]),
                renamed("SSEAlgorithm", &["SSEAlgorithm"]),
            ]),
        ),
    ]),
)];

/// `VersioningConfiguration`.
pub(super) const VERSIONING: &[Row] = &[STATUS];

/// `AccelerateConfiguration`.
pub(super) const ACCELERATE: &[Row] = &[renamed("AccelerationStatus", &["Status"])];

/// `PublicAccessBlockConfiguration`.
pub(super) const PUBLIC_ACCESS: &[Row] = &[
    renamed("BlockPublicAcls", &["BlockPublicAcls"]),
    renamed("BlockPublicPolicy", &["BlockPublicPolicy"]),
    renamed("IgnorePublicAcls", &["IgnorePublicAcls"]),
    renamed("RestrictPublicBuckets", &["RestrictPublicBuckets"]),
];

/// `OwnershipControls`.
pub(super) const OWNERSHIP: &[Row] =
    &[row("Rules", &["Rules"], Kind::List(&[renamed("ObjectOwnership", &["ObjectOwnership"])]))];

/// `CORSConfiguration`.
pub(super) const CORS: &[Row] = &[row(
    "CorsRules",
    &["CORSRules"],
    Kind::List(&[
        row("AllowedHeaders", &["AllowedHeaders"], Kind::Texts),
        row("AllowedMethods", &["AllowedMethods"], Kind::Texts),
        row("AllowedOrigins", &["AllowedOrigins"], Kind::Texts),
        row("ExposedHeaders", &["ExposeHeaders"], Kind::Texts),
        renamed("Id", &["ID"]),
        renamed("MaxAge", &["MaxAgeSeconds"]),
    ]),
)];

/// `LoggingEnabled`.
pub(super) const LOGGING: &[Row] = &[
    renamed("DestinationBucketName", &["TargetBucket"]),
    renamed("LogFilePrefix", &["TargetPrefix"]),
    row(
        "TargetObjectKeyFormat",
        &["TargetObjectKeyFormat"],
        Kind::Tree(&[
            row("SimplePrefix", &["SimplePrefix"], Kind::Tree(&[])),
            row(
                "PartitionedPrefix",
                &["PartitionedPrefix"],
                Kind::Tree(&[renamed("PartitionDateSource", &["PartitionDateSource"])]),
            ),
        ]),
    ),
];

/// `WebsiteConfiguration`.
pub(super) const WEBSITE: &[Row] = &[
    renamed("ErrorDocument", &["ErrorDocument", "Key"]),
    renamed("IndexDocument", &["IndexDocument", "Suffix"]),
    row(
        "RedirectAllRequestsTo",
        &["RedirectAllRequestsTo"],
        Kind::Tree(&[renamed("HostName", &["HostName"]), renamed("Protocol", &["Protocol"])]),
    ),
    row(
        "RoutingRules",
        &["RoutingRules"],
        Kind::List(&[
            row(
                "RedirectRule",
                &["Redirect"],
                Kind::Tree(&[
                    renamed("HostName", &["HostName"]),
                    row("HttpRedirectCode", &["HttpRedirectCode"], Kind::Text),
                    renamed("Protocol", &["Protocol"]),
                    renamed("ReplaceKeyPrefixWith", &["ReplaceKeyPrefixWith"]),
                    renamed("ReplaceKeyWith", &["ReplaceKeyWith"]),
                ]),
            ),
            row(
                "RoutingRuleCondition",
                &["Condition"],
                Kind::Tree(&[
                    row(
                        "HttpErrorCodeReturnedEquals",
                        &["HttpErrorCodeReturnedEquals"],
                        Kind::Text,
                    ),
                    renamed("KeyPrefixEquals", &["KeyPrefixEquals"]),
                ]),
            ),
        ]),
    ),
];

/// `ObjectLockConfiguration`.
pub(super) const OBJECT_LOCK: &[Row] = &[
    renamed("ObjectLockEnabled", &["ObjectLockEnabled"]),
    row(
        "Rule",
        &["Rule"],
        Kind::Tree(&[row(
            "DefaultRetention",
            &["DefaultRetention"],
            Kind::Tree(&[
                renamed("Days", &["Days"]),
                row(
                    "DefaultEventHold",
                    &["DefaultEventHold"],
                    Kind::Tree(&[renamed("Days", &["Days"]), renamed("Years", &["Years"])]),
                ),
                renamed("Mode", &["Mode"]),
                renamed("Years", &["Years"]),
            ]),
        )]),
    ),
];

const KEY_FILTER: Row = row(
    "Filter",
    &["Filter"],
    Kind::Tree(&[row(
        "S3Key",
        &["Key"],
        Kind::Tree(&[row(
            "Rules",
            &["FilterRules"],
            Kind::List(&[row("Name", &["Name"], Kind::Word), renamed("Value", &["Value"])]),
        )]),
    )]),
);

/// `NotificationConfiguration`, with one event an entry, and EventBridge as a switch: see `notification`.
pub(super) const NOTIFICATION: &[Row] = &[
    row(
        "EventBridgeConfiguration",
        &["EventBridgeConfiguration"],
        Kind::Tree(&[renamed("EventBridgeEnabled", &["EventBridgeEnabled"])]),
    ),
    row(
        "LambdaConfigurations",
        &["LambdaFunctionConfigurations"],
        Kind::List(&[
            renamed("Event", &["Event"]),
            KEY_FILTER,
            renamed("Function", &["LambdaFunctionArn"]),
        ]),
    ),
    row(
        "QueueConfigurations",
        &["QueueConfigurations"],
        Kind::List(&[renamed("Event", &["Event"]), KEY_FILTER, renamed("Queue", &["QueueArn"])]),
    ),
    row(
        "TopicConfigurations",
        &["TopicConfigurations"],
        Kind::List(&[renamed("Event", &["Event"]), KEY_FILTER, renamed("Topic", &["TopicArn"])]),
    ),
];

const TRANSITION: &[Row] = &[
    renamed("StorageClass", &["StorageClass"]),
    row("TransitionDate", &["Date"], Kind::Time),
    renamed("TransitionInDays", &["Days"]),
];

const NONCURRENT_TRANSITION: &[Row] = &[
    renamed("NewerNoncurrentVersions", &["NewerNoncurrentVersions"]),
    renamed("StorageClass", &["StorageClass"]),
    renamed("TransitionInDays", &["NoncurrentDays"]),
];

/// `BucketLifecycleConfiguration`. `Transition`, `NoncurrentVersionTransition` and
/// `NoncurrentVersionExpirationInDays` are older forms of the properties beside them.
pub(super) const LIFECYCLE: &[Row] = &[
    renamed("TransitionDefaultMinimumObjectSize", &["TransitionDefaultMinimumObjectSize"]),
    row(
        "Rules",
        &["Rules"],
        Kind::List(&[
            row(
                "AbortIncompleteMultipartUpload",
                &["AbortIncompleteMultipartUpload"],
                Kind::Tree(&[renamed("DaysAfterInitiation", &["DaysAfterInitiation"])]),
            ),
            row("ExpirationDate", &["Expiration", "Date"], Kind::Time),
            renamed("ExpirationInDays", &["Expiration", "Days"]),
            renamed("ExpiredObjectDeleteMarker", &["Expiration", "ExpiredObjectDeleteMarker"]),
            renamed("Id", &["ID"]),
            row(
                "NoncurrentVersionExpiration",
                &["NoncurrentVersionExpiration"],
                Kind::Tree(&[
                    renamed("NewerNoncurrentVersions", &["NewerNoncurrentVersions"]),
                    renamed("NoncurrentDays", &["NoncurrentDays"]),
                ]),
            ),
            row(
                "NoncurrentVersionExpirationInDays",
                &["NoncurrentVersionExpiration", "NoncurrentDays"],
                Kind::Older,
            ),
            row(
                "NoncurrentVersionTransition",
                &["NoncurrentVersionTransitions"],
                Kind::Element(NONCURRENT_TRANSITION),
            ),
            row(
                "NoncurrentVersionTransitions",
                &["NoncurrentVersionTransitions"],
                Kind::List(NONCURRENT_TRANSITION),
            ),
            row("ObjectSizeGreaterThan", &["Filter", "ObjectSizeGreaterThan"], Kind::Text),
            row("ObjectSizeLessThan", &["Filter", "ObjectSizeLessThan"], Kind::Text),
            FILTER_PREFIX,
            STATUS,
            FILTER_TAGS,
            row("Transition", &["Transitions"], Kind::Element(TRANSITION)),
            row("Transitions", &["Transitions"], Kind::List(TRANSITION)),
        ]),
    ),
];

const MINUTES: &[Row] = &[renamed("Minutes", &["Minutes"])];

const REPLICATION_DESTINATION: &[Row] = &[
    row(
        "AccessControlTranslation",
        &["AccessControlTranslation"],
        Kind::Tree(&[renamed("Owner", &["Owner"])]),
    ),
    renamed("Account", &["Account"]),
    renamed("Bucket", &["Bucket"]),
    row(
        "EncryptionConfiguration",
        &["EncryptionConfiguration"],
        Kind::Tree(&[renamed("ReplicaKmsKeyID", &["ReplicaKmsKeyID"])]),
    ),
    row(
        "Metrics",
        &["Metrics"],
        Kind::Tree(&[row("EventThreshold", &["EventThreshold"], Kind::Tree(MINUTES)), STATUS]),
    ),
    row(
        "ReplicationTime",
        &["ReplicationTime"],
        Kind::Tree(&[STATUS, row("Time", &["Time"], Kind::Tree(MINUTES))]),
    ),
    renamed("StorageClass", &["StorageClass"]),
];

/// `ReplicationConfiguration`.
pub(super) const REPLICATION: &[Row] = &[
    renamed("Role", &["Role"]),
    row(
        "Rules",
        &["Rules"],
        Kind::List(&[
            row("DeleteMarkerReplication", &["DeleteMarkerReplication"], Kind::Tree(&[STATUS])),
            row("Destination", &["Destination"], Kind::Tree(REPLICATION_DESTINATION)),
            row(
                "Filter",
                &["Filter"],
                Kind::Tree(&[
                    row(
                        "And",
                        &["And"],
                        Kind::Tree(&[PREFIX, row("TagFilters", &["Tags"], Kind::List(TAG))]),
                    ),
                    PREFIX,
                    row("TagFilter", &["Tag"], Kind::Tree(TAG)),
                ]),
            ),
            renamed("Id", &["ID"]),
            PREFIX,
            renamed("Priority", &["Priority"]),
            row(
                "SourceSelectionCriteria",
                &["SourceSelectionCriteria"],
                Kind::Tree(&[
                    row("ReplicaModifications", &["ReplicaModifications"], Kind::Tree(&[STATUS])),
                    row(
                        "SseKmsEncryptedObjects",
                        &["SseKmsEncryptedObjects"],
                        Kind::Tree(&[STATUS]),
                    ),
                ]),
            ),
            STATUS,
        ]),
    ),
];

/// The destination of reports; the member of its account differs.
macro_rules! destination {
    ($account:literal) => {
        row(
            "Destination",
            &["Destination", "S3BucketDestination"],
            Kind::Tree(&[
                renamed("BucketAccountId", &[$account]),
                renamed("BucketArn", &["Bucket"]),
                renamed("Format", &["Format"]),
                PREFIX,
            ]),
        )
    };
}

/// `AnalyticsConfiguration`.
pub(super) const ANALYTICS: &[Row] = &[
    renamed("Id", &["Id"]),
    FILTER_PREFIX,
    row(
        "StorageClassAnalysis",
        &["StorageClassAnalysis"],
        Kind::Tree(&[row(
            "DataExport",
            &["DataExport"],
            Kind::Tree(&[
                destination!("BucketAccountId"),
                renamed("OutputSchemaVersion", &["OutputSchemaVersion"]),
            ]),
        )]),
    ),
    FILTER_TAGS,
];

/// `InventoryConfiguration`.
pub(super) const INVENTORY: &[Row] = &[
    destination!("AccountId"),
    renamed("Enabled", &["IsEnabled"]),
    renamed("Id", &["Id"]),
    renamed("IncludedObjectVersions", &["IncludedObjectVersions"]),
    row("OptionalFields", &["OptionalFields"], Kind::Texts),
    FILTER_PREFIX,
    renamed("ScheduleFrequency", &["Schedule", "Frequency"]),
];

/// `IntelligentTieringConfiguration`.
pub(super) const TIERING: &[Row] = &[
    renamed("Id", &["Id"]),
    FILTER_PREFIX,
    STATUS,
    FILTER_TAGS,
    row(
        "Tierings",
        &["Tierings"],
        Kind::List(&[renamed("AccessTier", &["AccessTier"]), renamed("Days", &["Days"])]),
    ),
];

/// `MetricsConfiguration`.
pub(super) const METRICS: &[Row] = &[
    renamed("AccessPointArn", &["Filter", "AccessPointArn"]),
    renamed("Id", &["Id"]),
    FILTER_PREFIX,
    FILTER_TAGS,
];
