//! Read-only properties that templates may declare nevertheless.

use rstack_model::PropertyPath;

use crate::type_schema::TypeSchema;

impl TypeSchema {
    /// True if the service takes a value at this path: it does not set the path alone, or the registry
    /// lists the path as create-only, too.
    pub fn takes(&self, path: &PropertyPath) -> bool {
        !self.is_read_only(path) || !self.refuses(path) && !self.is_declarable(path)
    }

    /// True if an overlay lets templates declare the read-only path.
    fn is_declarable(&self, path: &PropertyPath) -> bool {
        self.declarable.iter().any(|declarable| declarable.covers(path))
    }

    /// True if it is a mistake to declare something at this path: only the service sets it.
    ///
    /// A path that the registry lists as read-only *and*, itself or in a part, as create-only may
    /// be declared: one of the two is wrong, and only an argument can be fixed at creation. Of
    /// 1,898 types four have such a path. An overlay may let templates declare other paths; their
    /// values are not sent.
    pub fn refuses(&self, path: &PropertyPath) -> bool {
        self.read_only().iter().any(|read_only| {
            read_only.covers(path)
                && !self
                    .create_only
                    .iter()
                    .any(|create_only| create_only.segments().starts_with(read_only.segments()))
        }) && !self.is_declarable(path)
    }
}
