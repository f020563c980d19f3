//! Every type of the registry with its driver and its operations.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use rstack_catalog::{Handler, Registry, TypeSchema, Unserved, ended_service};

use crate::models::files::Folder;

/// The resource in which the CDK notes its version: it is kept in the state alone.
const METADATA: &str = "AWS::CDK::Metadata";

/// The types that wait for signals, which are put into a bucket.
const SIGNALS: [&str; 2] =
    ["AWS::CloudFormation::WaitCondition", "AWS::CloudFormation::WaitConditionHandle"];

/// The registry's type of custom resources. Those of the name `Custom::…` are served the same way.
const CUSTOM: &str = "AWS::CloudFormation::CustomResource";

/// The drivers, in the order of the summary.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Driver {
    /// A data file on the generic mechanism.
    Data,
    /// A driver in Rust.
    Rust,
    /// Cloud Control.
    CloudControl,
    /// A handler of the template's own.
    Custom,
    /// Signals in a bucket.
    Signals,
    /// Nothing is called.
    Recorded,
    /// The sandbox only.
    None(Missing),
}

/// The reason why no driver serves a type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Missing {
    Service,
    Handlers,
    Support,
    Create,
    Read,
    Delete,
}

impl Driver {
    fn words(self) -> &'static str {
        match self {
            Self::Data => "native (data file)",
            Self::Rust => "native",
            Self::CloudControl => "Cloud Control",
            Self::Custom => "custom resource",
            Self::None(Missing::Service) => "none: the service has ended",
            Self::Signals => "signals",
            Self::Recorded => "recorded only",
            Self::None(Missing::Handlers) => "none: no handlers",
            Self::None(Missing::Support) => {
                "nested stack: the resources of its template are made in its place"
            }
            Self::None(Missing::Create) => "none: no create handler",
            Self::None(Missing::Read) => "none: no read handler",
            Self::None(Missing::Delete) => "none: no delete handler",
        }
    }

    /// The tests that the types of a driver go through.
    fn tests(self) -> &'static str {
        match self {
            Self::Data | Self::Rust => {
                "requests against botocore; conformance suite; engine struck at every request over a \
                 double; emulators where they have the type"
            }
            Self::CloudControl => {
                "strict double of the protocol with every failure code; engine struck at every \
                 request; MiniStack over HTTP for some types"
            }
            Self::Custom => {
                "scripted handlers; crash explorer; handlers that MiniStack runs, over HTTP"
            }
            Self::Signals => {
                "signals in memory; crash explorer; signed URLs of MiniStack, over HTTP"
            }
            Self::Recorded => "engine tests",
            Self::None(Missing::Support) => "tests of templates; crash explorer",
            Self::None(_) => "refused before anything is planned; sandbox tests",
        }
    }
}

/// A summary by driver, and a table of all types.
///
/// # Errors
/// If the catalog cannot open a type.
pub(super) fn part(folders: &[Folder]) -> Result<String, Box<dyn Error>> {
    let data = folders.iter().flat_map(|folder| &folder.types);
    let data: BTreeSet<&str> = data.map(|file| file.type_name.as_str()).collect();
    let rust = folders.iter().flat_map(|folder| &folder.service.drivers);
    let rust: BTreeSet<&str> = rust.map(String::as_str).collect();
    let (mut counts, mut rows) = (BTreeMap::<Driver, usize>::new(), String::new());
    for name in Registry::embedded().names() {
        let schema = Registry::embedded().get(name)?;
        let schema = schema.ok_or_else(|| format!("the registry has no `{name}`"))?;
        let driver = driver(name, &schema, &data, &rust);
        *counts.entry(driver).or_default() += 1;
        let words = match ended_service(name) {
            Some(ended) => format!("none: {ended}"),
            None => driver.words().to_owned(),
        };
        rows.push_str(&format!("| `{name}` | {words} | {} |\n", operations(&schema)));
    }
    let mut out = "| Driver | Types | Tests |\n|---|---|---|\n".to_owned();
    for (driver, count) in counts {
        out.push_str(&format!("| {} | {count} | {} |\n", driver.words(), driver.tests()));
    }
    out.push_str("\n| Type | Driver | Operations |\n|---|---|---|\n");
    out.push_str(&rows);
    Ok(out)
}

fn driver(name: &str, schema: &TypeSchema, data: &BTreeSet<&str>, rust: &BTreeSet<&str>) -> Driver {
    if ended_service(name).is_some() {
        return Driver::None(Missing::Service);
    }
    if data.contains(name) {
        return Driver::Data;
    }
    if rust.contains(name) {
        return Driver::Rust;
    }
    if name == CUSTOM {
        return Driver::Custom;
    }
    if name == METADATA {
        return Driver::Recorded;
    }
    if SIGNALS.contains(&name) {
        return Driver::Signals;
    }
    match schema.unserved_by_cloud_control() {
        None => Driver::CloudControl,
        Some(Unserved::NoHandlers) => Driver::None(Missing::Handlers),
        Some(Unserved::Template) => Driver::None(Missing::Support),
        Some(Unserved::Lacks(handler)) => Driver::None(match handler {
            Handler::Read => Missing::Read,
            Handler::Delete => Missing::Delete,
            Handler::Create | Handler::Update | Handler::List => Missing::Create,
        }),
    }
}

/// The operations of the type's provider.
fn operations(schema: &TypeSchema) -> String {
    let all = [Handler::Create, Handler::Read, Handler::Update, Handler::Delete, Handler::List];
    let there = all.into_iter().filter(|handler| schema.has_handler(*handler));
    let names: Vec<&str> = there.map(Handler::name).collect();
    if names.is_empty() { "–".to_owned() } else { names.join(", ") }
}
