//! Drivers of API Gateway's REST APIs: APIs, resources, methods, deployments, stages.

mod calls;
mod definition;
mod deployment;
mod form;
mod integration;
mod method;
mod method_settings;
mod patch;
mod policy;
mod resource;
mod responses;
mod rest_api;
mod stage;
mod tags;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rstack_driver::DirectDriver;
use rstack_model::{Region, ResourceType};

use crate::apigatewayv2::Turns;
use crate::client::Clients;
use crate::model::Service;
use calls::Gateway;
use deployment::Deployment;
use method::Method;
use resource::Resource;
use rest_api::RestApi;
use stage::Stage;

pub(crate) use stage::ALL_STREAMS;

/// The driver of a type.
pub(crate) fn driver(
    resource_type: &ResourceType,
    clients: &Clients,
    region: &Region,
    turns: &Arc<Turns>,
) -> Option<Arc<dyn DirectDriver>> {
    let gateway = || Gateway::new(clients.api(Service::APIGATEWAY), region);
    match resource_type.as_str() {
        "AWS::ApiGateway::Deployment" => {
            Some(Arc::new(Deployment::new(gateway(), Arc::clone(turns))))
        }
        "AWS::ApiGateway::Method" => Some(Arc::new(Method::new(gateway()))),
        "AWS::ApiGateway::Resource" => Some(Arc::new(Resource::new(gateway()))),
        "AWS::ApiGateway::RestApi" => Some(Arc::new(RestApi::new(gateway()))),
        "AWS::ApiGateway::Stage" => Some(Arc::new(Stage::new(gateway()))),
        _ => None,
    }
}
