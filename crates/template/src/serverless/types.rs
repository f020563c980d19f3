//! The types that only AWS's translator knows.

/// The start of their names.
const PREFIX: &str = "AWS::Serverless::";

/// The types.
///
/// Source: version 1.115.0 of the package `aws-sam-translator`, `samtranslator/model/sam_resources.py`.
pub(crate) const TYPES: [&str; 14] = [
    "AWS::Serverless::Api",
    "AWS::Serverless::Application",
    "AWS::Serverless::CapacityProvider",
    "AWS::Serverless::Connector",
    "AWS::Serverless::Function",
    "AWS::Serverless::GraphQLApi",
    "AWS::Serverless::HttpApi",
    "AWS::Serverless::LayerVersion",
    "AWS::Serverless::MicrovmImage",
    "AWS::Serverless::NetworkConnector",
    "AWS::Serverless::SimpleTable",
    "AWS::Serverless::StateMachine",
    "AWS::Serverless::WebFunction",
    "AWS::Serverless::WebSocketApi",
];

/// True for the name of such a type. The registry's schemas of some of them are outdated.
pub(crate) fn is_serverless(resource_type: &str) -> bool {
    resource_type.starts_with(PREFIX)
}
