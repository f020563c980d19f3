//! Client VPN: endpoints, and the networks that they are associated with.

mod association;
mod changes;
mod endpoint;
#[cfg(test)]
mod tests;

pub(super) use association::TargetNetworkAssociation;
pub(super) use endpoint::ClientVpnEndpoint;
