//! Pages about a resource type, its properties and attributes, as text and as JSON.

mod json;
mod properties;
mod property_page;
mod type_page;

use std::borrow::Cow;

use rstack_catalog::{Documentation, EndedService, TypeSchema};

pub use self::json::{attribute_json, property_json, type_json};
pub use self::property_page::{attribute_text, property_text};
pub use self::type_page::type_text;

/// Everything that is known of a type.
#[derive(Clone, Copy, Debug)]
pub struct TypeDocs<'a> {
    /// Its schema.
    pub schema: &'a TypeSchema,
    /// Its documentation.
    pub documentation: &'a Documentation,
    /// The drivers that make its objects.
    pub served: Served,
    /// The number of levels of properties that are shown.
    pub depth: usize,
}

/// The drivers that make the objects of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// A native driver in AWS, and the sandbox.
    Native,
    /// The generic driver in AWS, through Cloud Control, and the sandbox.
    CloudControl,
    /// The sandbox only: the service has ended.
    Ended(&'static EndedService),
    /// The sandbox only.
    SandboxOnly,
    /// The sandbox; this program was built without AWS.
    NotBuilt,
}

impl Served {
    fn words(self) -> Cow<'static, str> {
        match self {
            Self::Native => "native in AWS; sandbox".into(),
            Self::CloudControl => "Cloud Control in AWS; sandbox".into(),
            Self::Ended(ended) => format!("none in AWS: {ended}; sandbox").into(),
            Self::SandboxOnly => "sandbox only".into(),
            Self::NotBuilt => "sandbox (this rstack was built without AWS)".into(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::CloudControl => "cloud-control",
            Self::Ended(_) | Self::SandboxOnly => "sandbox-only",
            Self::NotBuilt => "not-built",
        }
    }
}

/// The first sentence of a Markdown text, without marks of emphasis and links.
pub fn first_sentence(text: &str) -> String {
    let lines = crate::markdown::lines(text, usize::MAX / 2);
    let first = lines.first().map_or_else(String::new, crate::line::Line::text);
    let end = first.match_indices(". ").map(|(at, _)| at).find(|at| {
        let before = first.get(..*at).unwrap_or_default();
        !["e.g", "i.e", "etc", "vs"].iter().any(|short| before.ends_with(short))
    });
    end.and_then(|end| first.get(..end)).unwrap_or(&first).trim_end_matches(['.', ':']).to_owned()
}
