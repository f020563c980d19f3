//! Services that have ended: no account can make their objects any more, whatever the registry lists.
//!
//! A service that takes no new customers has not ended: those that it has go on to use it.

use std::fmt;

/// A service, or a part of one, that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedService {
    /// Its types: a namespace such as `AWS::QLDB::`, or names.
    types: &'static [&'static str],
    /// Its name.
    pub service: &'static str,
    /// The day of its end, as year, month and day.
    pub date: (u16, u8, u8),
    /// The service that AWS recommends instead, if it names one.
    pub instead: Option<&'static str>,
    /// The page that says so.
    pub source: &'static str,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `Amazon QLDB ended on July 31, 2025`.
impl fmt::Display for EndedService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date;
        let month = MONTHS.get(usize::from(month).wrapping_sub(1)).copied().unwrap_or_default();
        write!(f, "{} ended on {month} {day}, {year}", self.service)
    }
}

const ENDED: [EndedService; 22] = [
    EndedService {
        types: &["AWS::AppMesh::"],
        service: "AWS App Mesh",
        date: (2026, 9, 30),
        instead: Some("Amazon ECS Service Connect"),
        source: "https://docs.aws.amazon.com/app-mesh/latest/userguide/what-is-app-mesh.html",
    },
    EndedService {
        types: &["AWS::CloudFront::StreamingDistribution"],
        service: "RTMP in Amazon CloudFront",
        date: (2020, 12, 31),
        instead: Some("`AWS::CloudFront::Distribution` with HLS or DASH"),
        source: "https://docs.aws.amazon.com/ann.jspa?annID=7356",
    },
    EndedService {
        types: &["AWS::CodeStar::"],
        service: "AWS CodeStar",
        date: (2024, 7, 31),
        instead: None,
        source: "https://docs.aws.amazon.com/codestar/latest/APIReference/Welcome.html",
    },
    EndedService {
        types: &["AWS::Evidently::"],
        service: "Amazon CloudWatch Evidently",
        date: (2025, 10, 16),
        instead: None,
        source: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Evidently.html",
    },
    EndedService {
        types: &["AWS::Greengrass::"],
        service: "AWS IoT Greengrass Version 1",
        date: (2026, 10, 7),
        instead: Some("AWS IoT Greengrass Version 2 (`AWS::GreengrassV2::ComponentVersion`)"),
        source: "https://docs.aws.amazon.com/greengrass/v1/developerguide/maintenance-policy.html",
    },
    EndedService {
        types: &["AWS::IoTAnalytics::"],
        service: "AWS IoT Analytics",
        date: (2025, 12, 15),
        instead: None,
        source: "https://docs.aws.amazon.com/iotanalytics/latest/userguide/iotanalytics-end-of-support.html",
    },
    EndedService {
        types: &["AWS::IoTEvents::"],
        service: "AWS IoT Events",
        date: (2026, 5, 20),
        instead: None,
        source: "https://docs.aws.amazon.com/iotevents/latest/developerguide/doc-history.html",
    },
    // Outputs and reference data are of SQL applications alone, in the second version of the API, too.
    EndedService {
        types: &[
            "AWS::KinesisAnalytics::",
            "AWS::KinesisAnalyticsV2::ApplicationOutput",
            "AWS::KinesisAnalyticsV2::ApplicationReferenceDataSource",
        ],
        service: "Amazon Kinesis Data Analytics for SQL",
        date: (2026, 1, 27),
        instead: Some(
            "Amazon Managed Service for Apache Flink (`AWS::KinesisAnalyticsV2::Application`)",
        ),
        source: "https://docs.aws.amazon.com/kinesisanalytics/latest/dev/API_Reference.html",
    },
    EndedService {
        types: &["AWS::LookoutEquipment::"],
        service: "Amazon Lookout for Equipment",
        date: (2026, 10, 7),
        instead: None,
        source: "https://docs.aws.amazon.com/lookout-for-equipment/latest/ug/doc-history.html",
    },
    EndedService {
        types: &["AWS::LookoutVision::"],
        service: "Amazon Lookout for Vision",
        date: (2025, 10, 31),
        instead: None,
        source: "https://docs.aws.amazon.com/lookout-for-vision/latest/APIReference/Welcome.html",
    },
    EndedService {
        types: &["AWS::MediaStore::"],
        service: "AWS Elemental MediaStore",
        date: (2025, 11, 13),
        instead: None,
        source: "https://docs.aws.amazon.com/mediastore/latest/ug/what-is-regions.html",
    },
    EndedService {
        types: &["AWS::OpsWorks::"],
        service: "AWS OpsWorks Stacks",
        date: (2024, 5, 26),
        instead: None,
        source: "https://docs.aws.amazon.com/opsworks/latest/APIReference/Welcome.html",
    },
    EndedService {
        types: &["AWS::Panorama::"],
        service: "AWS Panorama",
        date: (2026, 5, 31),
        instead: None,
        source: "https://docs.aws.amazon.com/panorama/latest/api/Welcome.html",
    },
    // SMS, voice and push messages are a part of AWS End User Messaging and go on.
    EndedService {
        types: &[
            "AWS::Pinpoint::ApplicationSettings",
            "AWS::Pinpoint::Campaign",
            "AWS::Pinpoint::EmailChannel",
            "AWS::Pinpoint::EmailTemplate",
            "AWS::Pinpoint::Segment",
        ],
        service: "Amazon Pinpoint",
        date: (2026, 10, 30),
        instead: None,
        source: "https://aws.amazon.com/pinpoint/getting-started",
    },
    EndedService {
        types: &["AWS::PinpointEmail::"],
        service: "The Email API of Amazon Pinpoint",
        date: (2026, 10, 30),
        instead: Some("Amazon SES (`AWS::SES::EmailIdentity`)"),
        source: "https://docs.aws.amazon.com/pinpoint/latest/userguide/migrate.html",
    },
    EndedService {
        types: &["AWS::QLDB::"],
        service: "Amazon QLDB",
        date: (2025, 7, 31),
        instead: Some("Amazon Aurora PostgreSQL"),
        source: "https://docs.aws.amazon.com/qldb/latest/developerguide/document-history.html",
    },
    EndedService {
        types: &["AWS::RDS::DBSecurityGroup", "AWS::RDS::DBSecurityGroupIngress"],
        service: "EC2-Classic",
        date: (2022, 8, 15),
        instead: Some("security groups of a VPC (`VPCSecurityGroups`)"),
        source: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-rds-dbsecuritygroup.html",
    },
    EndedService {
        types: &[
            "AWS::ElastiCache::SecurityGroup",
            "AWS::ElastiCache::SecurityGroupIngress",
            "AWS::Redshift::ClusterSecurityGroup",
            "AWS::Redshift::ClusterSecurityGroupIngress",
        ],
        service: "EC2-Classic",
        date: (2022, 8, 15),
        instead: Some("security groups of a VPC (`VpcSecurityGroupIds`)"),
        source: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-rds-dbsecuritygroup-ingress.html",
    },
    EndedService {
        types: &["AWS::RoboMaker::"],
        service: "AWS RoboMaker",
        date: (2025, 9, 10),
        instead: Some("AWS Batch"),
        source: "https://docs.aws.amazon.com/robomaker/latest/dg/chapter-development.html",
    },
    EndedService {
        types: &["AWS::SimSpaceWeaver::"],
        service: "AWS SimSpace Weaver",
        date: (2026, 5, 20),
        instead: None,
        source: "https://docs.aws.amazon.com/simspaceweaver/latest/catalog/userguide.html",
    },
    EndedService {
        types: &["AWS::VoiceID::"],
        service: "Amazon Connect Voice ID",
        date: (2026, 5, 20),
        instead: None,
        source: "https://docs.aws.amazon.com/connect/latest/adminguide/voiceid-apis.html",
    },
    EndedService {
        types: &["AWS::WAF::", "AWS::WAFRegional::"],
        service: "AWS WAF Classic",
        date: (2025, 9, 30),
        instead: Some("AWS WAF (`AWS::WAFv2::WebACL`)"),
        source: "https://docs.aws.amazon.com/waf/latest/developerguide/classic-data-protection.html",
    },
];

/// The service of a type, if it has ended.
pub fn ended_service(type_name: &str) -> Option<&'static EndedService> {
    let has = |it: &&EndedService| {
        it.types.iter().any(|types| match types.strip_suffix("::") {
            Some(_) => type_name.starts_with(types),
            None => type_name == *types,
        })
    };
    ENDED.iter().find(has)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::Registry;

    #[test]
    fn every_entry_has_types_of_the_registry_a_day_and_a_source() {
        let mut ended = BTreeSet::new();
        for entry in ENDED {
            for types in entry.types {
                let names = Registry::embedded().names();
                let found: Vec<&str> = match types.strip_suffix("::") {
                    Some(_) => names.filter(|name| name.starts_with(types)).collect(),
                    None => names.filter(|name| name == types).collect(),
                };
                assert!(!found.is_empty(), "the registry has no `{types}`");
                for name in found {
                    assert_eq!(ended_service(name), Some(&entry), "{name}");
                    assert!(ended.insert(name), "{name} is in two entries");
                }
            }
            let (year, month, day) = entry.date;
            let real = (2015..2100).contains(&year) && (1..=31).contains(&day);
            assert!(real && MONTHS.get(usize::from(month) - 1).is_some(), "{entry}");
            let official = ["https://docs.aws.amazon.com/", "https://aws.amazon.com/"];
            assert!(official.iter().any(|site| entry.source.starts_with(site)), "{entry}");
        }
        assert!(ended.len() > 60, "{}", ended.len());
    }

    #[test]
    fn what_goes_on_has_not_ended() {
        for name in
            ["AWS::WAFv2::WebACL", "AWS::Pinpoint::SMSChannel", "AWS::CloudFront::Distribution"]
        {
            assert_eq!(ended_service(name), None, "{name}");
        }
        let ledger = ended_service("AWS::QLDB::Ledger").unwrap();
        assert_eq!(ledger.to_string(), "Amazon QLDB ended on July 31, 2025");
    }
}
