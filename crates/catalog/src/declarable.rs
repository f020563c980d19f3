//! Read-only properties that templates may declare nevertheless.

use rstack_model::PropertyPath;

use crate::type_schema::TypeSchema;

/// Paths that only the service sets although the registry lets templates declare them, which some
/// do: what they say of them is not sent.
///
/// Source: the MediaPackage API reference, as in `xtask/src/overlay.rs`, where the same paths are
/// made read-only. The CDK's MediaPackage constructs write both.
const PASSED_OVER: &[(&str, &[&str])] = &[
    ("AWS::MediaPackage::Channel", &["HlsIngest"]),
    ("AWS::MediaPackage::OriginEndpoint", &["CmafPackage.HlsManifests.*.Url"]),
];

impl TypeSchema {
    /// Whether it is a mistake to declare something at this path: only the service sets it.
    ///
    /// A path that the registry lists as read-only *and*, itself or in a part, as create-only may
    /// be declared: one of the two is wrong, and only an argument can be fixed at creation. Of
    /// 1,898 types four have such a path.
    pub fn refuses(&self, path: &PropertyPath) -> bool {
        let passed_over = PASSED_OVER.iter().filter(|(name, _)| *name == self.name());
        let mut passed_over = passed_over.flat_map(|(_, paths)| *paths);
        self.read_only().iter().any(|read_only| {
            read_only.covers(path)
                && !self
                    .create_only()
                    .iter()
                    .any(|create_only| create_only.segments().starts_with(read_only.segments()))
        }) && !passed_over
            .any(|dotted| crate::path::SchemaPath::parse(&dotted.replace('.', "/")).covers(path))
    }
}
