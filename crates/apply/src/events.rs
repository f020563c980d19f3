//! Where the engine tells what happens.

use rstack_model::event::Event;

/// A listener to events. It is called from the engine's own task and must not block.
pub trait Events: Send + Sync {
    /// Takes one event.
    fn emit(&self, event: Event);
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Events for Silent {
    fn emit(&self, _: Event) {}
}
