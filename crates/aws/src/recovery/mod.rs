//! The engine with the native drivers, over doubles of the services that are struck at every
//! request: nothing is made twice, nothing is forgotten, nothing of somebody else's is taken.

mod bench;
mod every_request;
mod foreign;
mod generic;
mod moved;
