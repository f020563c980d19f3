//! The stacks that are explored.

use std::collections::BTreeMap;

use rstack_model::desired::Desired;
use rstack_model::state::Environment;
use rstack_model::{Address, ResourceType, StackName};
use rstack_plan::PlanOptions;
use rstack_template::{ExternalValues, Inputs, Reading, evaluate, parse};

use crate::assets;

/// The stack that everybody begins with.
const STREAMING: &str = include_str!("../../../stacks/streaming.yaml");
/// A smaller one of the same kind, for very many runs: a name given and a name chosen, attributes,
/// a secret, an object that takes its time.
const SMALL: &str = include_str!("small.yaml");
/// One of which final snapshots are left, and the types of the objects that leave them.
const DATABASES: &str = include_str!("databases.yaml");
const LEAVE_SNAPSHOTS: [&str; 3] =
    ["AWS::EC2::Volume", "AWS::ElastiCache::ReplicationGroup", "AWS::RDS::DBInstance"];

/// One that waits for signals.
const SIGNALS: &str = include_str!("signals.yaml");

/// One with custom resources.
const CUSTOM: &str = include_str!("custom.yaml");

/// One whose resources take secrets that services show: one of them once, the other again.
const KEYS: &str = include_str!("keys.yaml");

/// The streaming stack in three nested stacks, and these.
const NESTED: &str = include_str!("../../../stacks/streaming-nested.yaml");
const NESTED_FILES: [(&str, &str); 3] = [
    ("channel", include_str!("../../../stacks/streaming-nested/channel.yaml")),
    ("endpoints", include_str!("../../../stacks/streaming-nested/endpoints.yaml")),
    ("playback", include_str!("../../../stacks/streaming-nested/playback.yaml")),
];

/// The goal of a command for the stack.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// It is to be like this.
    Stack(Box<Desired>, PlanOptions),
    /// It is to be gone.
    Nothing,
    /// An incomplete apply is to be rolled back, which leads here.
    Back(Box<Wanted>),
}

/// Which stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// The streaming stack.
    Streaming,
    /// The smaller one.
    Small,
    /// One whose objects leave final snapshots.
    Databases,
    /// The streaming stack in three nested stacks.
    Nested,
    /// One with custom resources.
    Custom,
    /// One that waits for signals.
    Signals,
    /// One whose resources take secrets that services show.
    Keys,
    /// One of a sample of the catalog's types whose identifiers have several parts.
    Generated,
    /// The smaller one, with assets.
    Published,
}

/// The differences of one stack from another of the same template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// The stack.
    First,
    /// Objects are changed in place.
    Changed,
    /// Objects are replaced by others of other names: the new ones are made first.
    Renamed,
    /// Objects are replaced by others of the same names: the old ones are deleted first.
    Attached,
    /// An object has another logical ID and the same name: the old one is deleted first.
    Readdressed,
}

impl Variant {
    /// The values of the parameters that a user gives for it.
    pub(crate) fn parameters(self) -> BTreeMap<String, String> {
        let given: &[(&str, &str)] = match self {
            Self::First | Self::Attached | Self::Readdressed => &[],
            Self::Changed => &[("SegmentSeconds", "4")],
            Self::Renamed => &[("StreamName", "two")],
        };
        given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }
}

/// True if the objects of a type leave a final snapshot in every stack that has some.
pub(crate) fn leaves_snapshot(resource_type: &ResourceType) -> bool {
    LEAVE_SNAPSHOTS.contains(&resource_type.as_str())
}

pub(crate) fn name() -> Result<StackName, String> {
    StackName::parse("Live").map_err(|error| error.to_string())
}

impl Size {
    fn text(self, variant: Variant) -> String {
        let text = match self {
            Self::Streaming => STREAMING,
            Self::Small | Self::Published => SMALL,
            Self::Databases => DATABASES,
            Self::Nested => NESTED,
            Self::Custom => CUSTOM,
            Self::Signals => SIGNALS,
            Self::Keys => KEYS,
            Self::Generated => return String::new(),
        };
        let (channel, other) = match self {
            Self::Databases => ("MasterUsername: one\n", "MasterUsername: two\n"),
            Self::Streaming
            | Self::Small
            | Self::Nested
            | Self::Custom
            | Self::Signals
            | Self::Keys
            | Self::Generated
            | Self::Published => {
                ("Id: !Sub ${AWS::StackName}-${StreamName}\n", "Id: !Sub ${AWS::StackName}-two\n")
            }
        };
        match variant {
            Variant::First | Variant::Changed | Variant::Renamed => text.into(),
            Variant::Attached => text.replacen(channel, other, 1),
            Variant::Readdressed => text.replace("HlsEndpoint", "OtherHlsEndpoint"),
        }
    }

    /// The templates of its nested stacks.
    fn external(self) -> ExternalValues {
        let files = if self == Self::Nested { &NESTED_FILES[..] } else { &[] };
        let text =
            |(name, text): &(&str, &str)| (format!("streaming-nested/{name}.yaml"), (*text).into());
        let templates = files.iter().map(text).collect();
        ExternalValues { templates, ..ExternalValues::default() }
    }

    /// The stack in a variant.
    ///
    /// # Errors
    /// If the template has mistakes.
    pub(crate) fn wanted(
        self,
        variant: Variant,
        environment: &Environment,
    ) -> Result<Wanted, String> {
        if self == Self::Generated {
            return crate::generated::wanted(variant);
        }
        let parameters = variant.parameters();
        let parsed = parse(&self.text(variant), &Reading::with_parameters(&parameters));
        let template = parsed.template.ok_or_else(|| format!("{:?}", parsed.diagnostics))?;
        let stack = name()?;
        let external = self.external();
        let (stack, parameters, external) = (&stack, &parameters, &external);
        let inputs = Inputs { stack, environment, parameters, external };
        let evaluation = evaluate(&template, &inputs);
        let desired = evaluation.desired.ok_or_else(|| format!("{:?}", evaluation.diagnostics))?;
        let assets = match self {
            Self::Published => assets::of_stack(environment, variant != Variant::First),
            Self::Streaming
            | Self::Small
            | Self::Databases
            | Self::Nested
            | Self::Custom
            | Self::Signals
            | Self::Keys
            | Self::Generated => Vec::new(),
        };
        let desired = Desired { assets, ..desired };
        let ids = desired.resources.keys();
        // Where their names stay and their channel does not, they can only be deleted first.
        let named =
            |id: &&Address| ["Endpoint", "Database"].iter().any(|it| id.as_str().ends_with(it));
        let delete_first = ids.filter(named).cloned().collect();
        Ok(Wanted::Stack(Box::new(desired), PlanOptions { delete_first, ..PlanOptions::default() }))
    }
}
