//! AWS Elemental MediaPackage v1: channels and origin endpoints.
//!
//! Source of what is not in the model: the API reference of MediaPackage, and its behaviour. A
//! create with a taken identifier is refused with the same code as any other wrong input. Ingest
//! passwords and user names are in every description of a channel and are dropped at once. The URL
//! of a CMAF endpoint stands in its manifests.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use rstack_driver::DirectDriver;
use rstack_model::ResourceType;

use crate::api::Api;
use crate::mapping::{Rules, ShapeRules};
use crate::model::Service;
use crate::rest_json::{AttributeRow, ResetRow, ResetValue, RestDriver, RestType, SettingsRow};

/// What a refused create and many another failure is called.
const REFUSED: &str = "UnprocessableEntityException";

const ARN: AttributeRow = AttributeRow { name: "Arn", places: &["Arn"] };

const NO_DESCRIPTION: ResetRow = ResetRow { property: "Description", value: ResetValue::Text("") };

static CHANNEL: RestType = RestType {
    type_name: "AWS::MediaPackage::Channel",
    noun: "channel",
    service: Service::MediaPackage,
    create: "CreateChannel",
    read: "DescribeChannel",
    update: "UpdateChannel",
    delete: "DeleteChannel",
    identifier: "Id",
    settings: &[SettingsRow {
        operation: "ConfigureLogs",
        properties: &["EgressAccessLogs", "IngressAccessLogs"],
    }],
    rules: &Rules::NONE,
    attributes: &[ARN, AttributeRow { name: "HlsIngest", places: &["HlsIngest"] }],
    resets: &[NO_DESCRIPTION],
    kept: &["Description"],
    defaulted: &[],
    withheld: &["Username", "Password"],
    refused_code: REFUSED,
};

static ORIGIN_ENDPOINT: RestType = RestType {
    type_name: "AWS::MediaPackage::OriginEndpoint",
    noun: "origin endpoint",
    service: Service::MediaPackage,
    create: "CreateOriginEndpoint",
    read: "DescribeOriginEndpoint",
    update: "UpdateOriginEndpoint",
    delete: "DeleteOriginEndpoint",
    identifier: "Id",
    settings: &[],
    rules: &Rules(&[ShapeRules {
        omitted: &["Url"],
        ..ShapeRules::of("HlsManifestCreateOrUpdateParameters")
    }]),
    attributes: &[
        ARN,
        AttributeRow { name: "Url", places: &["Url", "CmafPackage/HlsManifests/0/Url"] },
    ],
    resets: &[
        NO_DESCRIPTION,
        ResetRow { property: "Origination", value: ResetValue::Text("ALLOW") },
        ResetRow { property: "StartoverWindowSeconds", value: ResetValue::Integer(0) },
        ResetRow { property: "TimeDelaySeconds", value: ResetValue::Integer(0) },
        ResetRow { property: "Whitelist", value: ResetValue::EmptyList },
    ],
    kept: &[
        "Authorization",
        "Description",
        "ManifestName",
        "Origination",
        "StartoverWindowSeconds",
        "TimeDelaySeconds",
        "Whitelist",
    ],
    defaulted: &["ManifestName", "StreamSelection"],
    withheld: &[],
    refused_code: REFUSED,
};

/// The driver of a MediaPackage type, if there is one.
pub(crate) fn driver(
    resource_type: &ResourceType,
    api: &Arc<dyn Api>,
) -> Option<Arc<dyn DirectDriver>> {
    let kind = [&CHANNEL, &ORIGIN_ENDPOINT]
        .into_iter()
        .find(|kind| kind.type_name == resource_type.as_str())?;
    Some(Arc::new(RestDriver::new(Arc::clone(api), kind)))
}
