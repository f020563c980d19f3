//! The engine with the native drivers, over a fake of the services that is struck at every request:
//! nothing is made twice, nothing is forgotten, nothing foreign is taken.

mod access_keys;
mod apigateway;
mod attached;
mod attachments;
mod bench;
mod client_vpn;
mod cloudfront;
mod codebuild;
mod dynamodb;
mod ec2;
mod emr;
mod every_request;
mod foreign;
mod functions;
mod generic;
mod graphql_schema;
mod interface_permissions;
mod mediaconnect;
mod mediatailor;
mod members;
mod moved;
mod network_acl;
mod principals;
mod provisioned;
mod records;
mod rest_apis;
mod s3;
mod secret_places;
mod serverless;
mod sns;
