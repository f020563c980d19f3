//! Rebuilds the data files of the workspace from the public packages they come from.
fn main() {}
