//! The simulated cloud behind the Driver trait.
