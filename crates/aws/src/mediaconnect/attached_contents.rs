//! Outputs and sources of a flow in both vocabularies.

use rstack_catalog::Registry;
use rstack_driver::{DriverError, ErrorKind, NameRule, Separator, UpdateRequest};
use rstack_model::{KnownMap, KnownValue, PropertyPath};
use serde_json::json;

use super::contents::{RULES, within};
use super::residual::refuse;
use crate::iam::{arguments, is_partly_unknown};
use crate::mapping::Mapper;
use crate::model::{Service, ServiceModel};

/// A kind of part of a flow that is a resource of its own.
pub(super) struct Kind {
    /// The type.
    pub(super) type_name: &'static str,
    /// Its name in messages.
    pub(super) noun: &'static str,
    /// The member of a flow, and of the call that adds, which lists them.
    pub(super) list: &'static str,
    /// The member with the ARN.
    pub(super) arn: &'static str,
    /// The member of the call that adds, with the tags.
    pub(super) tags: &'static str,
    /// The calls that add, change and remove one, as actions.
    pub(super) add: &'static str,
    update: &'static str,
    remove: &'static str,
    /// The shapes of a new one and of a described one.
    request: &'static str,
    described: &'static str,
    /// The rule for names, where the template need not say one.
    pub(super) naming: Option<NameRule>,
}

/// Outputs.
pub(super) const OUTPUT: Kind = Kind {
    type_name: "AWS::MediaConnect::FlowOutput",
    noun: "output",
    list: "Outputs",
    arn: "OutputArn",
    tags: "OutputTags",
    add: "mediaconnect:AddFlowOutputs",
    update: "mediaconnect:UpdateFlowOutput",
    remove: "mediaconnect:RemoveFlowOutput",
    request: "AddOutputRequest",
    described: "Output",
    naming: Some(NameRule { property: "Name", max_length: 64, separator: Separator::Hyphen }),
};

/// Sources beside the one that a flow is made with.
pub(super) const SOURCE: Kind = Kind {
    type_name: "AWS::MediaConnect::FlowSource",
    noun: "source",
    list: "Sources",
    arn: "SourceArn",
    tags: "SourceTags",
    add: "mediaconnect:AddFlowSources",
    update: "mediaconnect:UpdateFlowSource",
    remove: "mediaconnect:RemoveFlowSource",
    request: "SetSourceRequest",
    described: "Source",
    naming: None,
};

/// The operation of an action.
fn operation(action: &'static str) -> &'static str {
    action.split_once(':').map_or(action, |(_, operation)| operation)
}

/// The value that takes a setting back.
///
/// Source: MediaConnect API reference, `UpdateFlowOutput`, `UpdateFlowSource`, `Output` and `Transport`:
/// what an update leaves out is kept; the defaults of these are said.
fn taken_back(name: &str) -> Option<KnownValue> {
    Some(KnownValue::from_json(match name {
        "Description" => json!(""),
        "NdiAudioReferenceLevel" => json!(-20),
        "NdiOutputTimecodeSource" => json!("EMBEDDED_TIMECODE"),
        "OutputStatus" => json!("ENABLED"),
        "RouterIntegrationState" => json!("DISABLED"),
        _ => return None,
    }))
}

impl Kind {
    pub(super) fn add_operation(&self) -> &'static str {
        operation(self.add)
    }

    pub(super) fn update_operation(&self) -> &'static str {
        operation(self.update)
    }

    pub(super) fn remove_operation(&self) -> &'static str {
        operation(self.remove)
    }

    fn unsupported(&self, problem: impl std::fmt::Display) -> DriverError {
        DriverError::new(ErrorKind::Unsupported, self.type_name, problem.to_string())
    }

    fn mapper(&self, shape: &'static str) -> Result<Mapper<'static>, DriverError> {
        let model = ServiceModel::of(Service::MEDIACONNECT).map_err(|it| self.unsupported(it))?;
        Ok(Mapper::new(model, shape, &RULES))
    }

    /// The properties as the call that adds takes them, without tags.
    ///
    /// # Errors
    /// If a property has a value that its member cannot take.
    pub(super) fn members(&self, properties: &KnownMap) -> Result<KnownMap, DriverError> {
        let mut own = properties.clone();
        own.remove("Tags");
        let members = self.mapper(self.request)?.to_members(&own);
        members.map_err(|error| error.for_operation(self.add))
    }

    /// The properties that a description shows. What shows no more than its default is shown as it is
    /// declared.
    ///
    /// # Errors
    /// If the program's data are damaged.
    pub(super) fn properties(
        &self,
        found: &KnownMap,
        declared: &KnownMap,
    ) -> Result<KnownMap, DriverError> {
        let registry = Registry::embedded();
        let schema = registry.get(self.type_name).map_err(|it| self.unsupported(it))?;
        let schema = schema.ok_or_else(|| self.unsupported("the registry lacks the type"))?;
        let mut properties =
            self.mapper(self.described)?.from_members(found, &schema, schema.root());
        properties.retain(|name, _| schema.takes(&PropertyPath::root().name(name)));
        for name in declared.keys().filter(|name| !name.starts_with("Ndi")) {
            if let Some(default) = taken_back(name) {
                properties.entry(name.clone()).or_insert(default);
            }
        }
        Ok(properties)
    }

    /// The attributes of a described one.
    pub(super) fn attributes(&self, found: &KnownMap) -> KnownMap {
        let names: &[(&str, &str)] = match self.list {
            "Outputs" => &[("OutputArn", "OutputArn")],
            _ => &[
                ("IngestIp", "IngestIp"),
                ("SourceArn", "SourceArn"),
                ("SourceIngestPort", "IngestPort"),
            ],
        };
        let attribute = |(name, member): &(&str, &str)| {
            let value = match found.get(*member)? {
                KnownValue::Number(number) => KnownValue::from(number.to_string()),
                other => other.clone(),
            };
            Some(((*name).to_owned(), value))
        };
        names.iter().filter_map(attribute).collect()
    }

    /// The members of the call that changes one; `None` if it is as declared. MediaConnect keeps what an
    /// update leaves out: what is declared no longer goes back to its default.
    ///
    /// # Errors
    /// If a setting that is declared no longer has no default that can be sent, and is there as it was.
    pub(super) fn change(
        &self,
        found: &KnownMap,
        request: &UpdateRequest,
    ) -> Result<Option<KnownMap>, DriverError> {
        let mut wanted = self.members(&request.properties)?;
        let now = self.members(&self.properties(found, &request.properties)?)?;
        let apart = |name: &str| ["FlowArn", "Name", "Tags"].contains(&name);
        for (name, was) in request.prior.iter().filter(|(name, _)| !apart(name)) {
            if request.properties.contains_key(name) {
                continue;
            }
            match taken_back(name) {
                Some(default) if now.contains_key(name) => {
                    wanted.insert(name.clone(), default);
                }
                Some(_) => {}
                None => {
                    let was = self.members(&arguments([(name, was.clone())])).unwrap_or_default();
                    for (member, was) in &was {
                        // Of what was a secret it is not known what it was.
                        let was = if is_partly_unknown(was) { now.get(member) } else { Some(was) };
                        if let Some(was) = was {
                            refuse(member, was, &now, &PropertyPath::root(), self.update)?;
                        }
                    }
                }
            }
        }
        wanted.remove("Name");
        if within(&wanted.clone().into(), &now.into()) {
            return Ok(None);
        }
        Ok(Some(wanted))
    }
}
