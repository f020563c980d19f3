//! Drivers of API Gateway's HTTP and WebSocket APIs: APIs, stages, integrations, routes, deployments.

mod api;
mod calls;
mod child;
mod cors;
mod definition;
mod deployment;
mod form;
mod integration;
mod route;
mod stage;
mod tags;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rstack_driver::DirectDriver;
use rstack_model::{Region, ResourceType};

use crate::client::Clients;
use crate::model::Service;
use api::HttpApi;
use calls::{Gateway, Place};
use child::Child;
use stage::Stage;

pub(crate) use calls::Turns;

/// The driver of a type.
pub(crate) fn driver(
    resource_type: &ResourceType,
    clients: &Clients,
    region: &Region,
    turns: &Arc<Turns>,
) -> Option<Arc<dyn DirectDriver>> {
    let gateway = || Gateway {
        api: clients.api(Service::APIGATEWAYV2),
        place: Place::new(region, clients.account()),
    };
    let child = |kind| Arc::new(Child::new(gateway(), kind, Arc::clone(turns)));
    match resource_type.as_str() {
        "AWS::ApiGatewayV2::Api" => Some(Arc::new(HttpApi::new(gateway()))),
        "AWS::ApiGatewayV2::Deployment" => Some(child(&deployment::KIND)),
        "AWS::ApiGatewayV2::Integration" => Some(child(&integration::KIND)),
        "AWS::ApiGatewayV2::Route" => Some(child(&route::KIND)),
        "AWS::ApiGatewayV2::Stage" => Some(Arc::new(Stage::new(gateway()))),
        _ => None,
    }
}
