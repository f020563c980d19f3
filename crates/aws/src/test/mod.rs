//! Stand-ins for the services, for tests: an API that answers from a script, and an in-process fake
//! of the services at the level of HTTP.

pub(crate) mod fake;
pub(crate) mod journaled_api;
pub(crate) mod scripted_api;
