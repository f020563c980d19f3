//! A plan as JSON for programs: what a plan says of each resource, in a shape that stays.
//!
//! This is for reading. The file that `apply` takes is the plan's own serialized form.

mod assets;
mod change;

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::plan::{OutputChange, Phase, Plan, PlanMode, Protection, Step};
use rstack_model::state::Environment;
use rstack_model::{Address, Digest, FetchedTemplate, Imports, SnapshotName, StackName};
use serde::Serialize;

use self::assets::{AssetDocument, ImageDocument};
use self::change::ChangeDocument;
use crate::SavedPlanMetadata;
use crate::json::{FORMAT, Shown, document};
use crate::parameters::{ParameterSource, before, given};
use crate::removals::Removals;
use crate::summary::Summary;

/// The plan as a JSON document:
///
/// ```json
/// {"format": 2, "stack": "…", "mode": "deploy", "environment": {"account": "…", …},
///  "base": {"lineage": "…", "serial": 3}, "noop": false,
///  "templateDigest": "…", "parameters": {"Stage": "prod"},
///  "parameterSources": {"Stage": {"source": "kept", "given": "prod", "before": "test"}},
///  "saved": {"digest": "sha256:…", "signature": {"key": "sha256:…", "verified": true}},
///  "changes": [{"address": "…", "type": "AWS::…", "action": "replace", "order": "create-first",
///    "certainty": "certain", "physicalId": "…", "stateful": false,
///    "reasons": [{"kind": "create-only", "path": "Id"}],
///    "properties": [{"path": "Id", "before": "a", "after": "b", "forcesReplacement": true}],
///    "drift": […], "checked": {"kind": "unchecked", "reason": "…"},
///    "dependencies": ["…"], "deletionPolicy": "Delete", "updateReplacePolicy": "Delete",
///    "pickUps": [{"reference": "{{resolve:…}}", "checkedBy": ["…"], "withinSeconds": 600}]}],
///  "deposed": [{"address": "…", "type": "…", "physicalId": "…"}],
///  "outputs": {"Url": {"before": …, "after": …, "differs": true, "description": "…",
///    "exportBefore": "…", "export": "…"}},
///  "imports": {"net-Vpc": [{"resource": "…"}, {"output": "…"}]},
///  "terminationProtection": {"before": false, "after": true},
///  "awaits": ["stack Net"],
///  "assets": [{"source": "cdk.out/asset.1f2e", "packaging": "zip", "bucket": "…", "key": "…",
///    "region": "…", "role": "arn:…", "upload": {"digest": "…", "files": 3, "bytes": 12345}}],
///  "images": [{"source": "cdk.out/asset.3a4b", "repository": "…", "tag": "…", "region": "…",
///    "build": {"digest": "…", "files": 3, "bytes": 12345, "options": ["--target", "prod"]}}],
///  "templates": {"Net": {"address": "https://…", "digest": "…", "bytes": 1234}},
///  "creationLimits": {"Net": 30},
///  "steps": [{"id": 0, "address": "…", "operation": "create", "phase": "forward", "after": []}],
///  "summary": {"create": 1, …}}
/// ```
///
/// A `before` or `after` that is missing says that there is no value. Values that are known only
/// after apply are `{"$unknown": "‹CDN.DomainName›"}`, secrets `{"$secret": "{{resolve:…}}"}`.
/// `parameterSources` says of each parameter whether its value is `given`, `kept` from an earlier apply or
/// the `default`, with the text that was given, and the value before where it was another one. `notStored` is true of a default in the
/// place of a secret value that was given before.
/// `pickUps` is there where a change, should it send another version of a secret than before, waits
/// until that version has been there for so long. New objects, also those in the place of one that is
/// gone or of another type, have their whole properties as differences without `before`.
/// `finalSnapshot`, of a change, a deposed object and a step, is the name of the snapshot that the service
/// takes of the object before it deletes it.
/// `dependencies` and policies are those that the resource is to have; they are missing where it
/// leaves the stack. `saved` is there for a plan in a file. `awaits` are the stacks of the same run whose
/// outputs it waits for. `assets` are the files of the app that buckets have before the first change;
/// those without `upload` are there already. `images` are the container images that repositories have before it, and
/// the options of `docker build`; those without `build` are there already. Bytes are those of the files, before they are packed.
/// `templates` are those of nested stacks that were fetched, with the digest (SHA-256) of their bytes;
/// `creationLimits` are the minutes within which nested stacks that are new are to be created.
///
/// # Errors
/// If the JSON writer fails, which it does not for plans that were built or read by this program.
pub fn plan_json(
    plan: &Plan,
    saved: Option<&SavedPlanMetadata>,
) -> Result<String, serde_json::Error> {
    let (parameters, removals) = (plan.parameters.iter(), Removals::of(plan));
    document(&PlanDocument {
        format: FORMAT,
        saved,
        template_digest: plan.template_digest.as_ref().map(Digest::as_str),
        parameters: parameters.map(|(name, value)| (name.as_str(), Shown(value))).collect(),
        parameter_sources: sources(plan),
        stack: &plan.stack,
        mode: plan.mode,
        environment: &plan.environment,
        base: Base { lineage: plan.base.lineage.as_str(), serial: plan.base.serial.0 },
        noop: plan.is_noop(),
        changes: plan
            .changes
            .values()
            .map(|change| ChangeDocument::of(plan, change, &removals))
            .collect(),
        deposed: plan
            .deposed
            .iter()
            .map(|deposed| DeposedDocument {
                address: deposed.address.as_str(),
                resource_type: deposed.object.resource_type.as_str(),
                physical_id: deposed.object.physical_id.as_str(),
                identifier: deposed.object.identifier.parts(),
                final_snapshot: removals.snapshot(&deposed.address, &deposed.object),
            })
            .collect(),
        outputs: plan.outputs.iter().map(|(name, o)| (name.as_str(), output(o))).collect(),
        imports: &plan.imports,
        termination_protection: plan.termination_protection,
        awaits: &plan.awaits,
        assets: plan.assets.iter().map(AssetDocument::of).collect(),
        images: plan.images.iter().map(ImageDocument::of).collect(),
        templates: plan.templates.iter().map(|(stack, it)| (stack.as_str(), it)).collect(),
        creation_limits: &plan.creation_limits,
        steps: plan.steps.iter().map(StepDocument::of).collect(),
        summary: Summary::of(plan),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanDocument<'a> {
    format: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    saved: Option<&'a SavedPlanMetadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_digest: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    parameters: BTreeMap<&'a str, Shown<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    parameter_sources: BTreeMap<&'a str, SourceDocument<'a>>,
    stack: &'a StackName,
    mode: PlanMode,
    environment: &'a Environment,
    base: Base<'a>,
    noop: bool,
    changes: Vec<ChangeDocument<'a>>,
    deposed: Vec<DeposedDocument<'a>>,
    outputs: BTreeMap<&'a str, OutputDocument<'a>>,
    #[serde(skip_serializing_if = "Imports::is_empty")]
    imports: &'a Imports,
    #[serde(skip_serializing_if = "Protection::is_off")]
    termination_protection: Protection,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    awaits: &'a BTreeSet<Address>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    assets: Vec<AssetDocument<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<ImageDocument<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    templates: BTreeMap<&'a str, &'a FetchedTemplate>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    creation_limits: &'a BTreeMap<Address, u32>,
    steps: Vec<StepDocument<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SourceDocument<'a> {
    source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    given: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Shown<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    not_stored: bool,
}

/// The sources of the values of parameters. A plan that does not deploy takes none.
fn sources(plan: &Plan) -> BTreeMap<&str, SourceDocument<'_>> {
    // A parameter that nothing uses may have been given and have no value.
    let names: BTreeSet<&String> = plan.parameters.keys().chain(plan.given.keys()).collect();
    let names = names.into_iter().filter(|_| plan.mode == PlanMode::Deploy);
    let document = |name: &str| {
        let source = ParameterSource::of(plan, name);
        SourceDocument {
            source: source.name(),
            given: plan.given.get(name).map(|value| given(name, value)),
            before: before(plan, name).map(Shown),
            not_stored: source == ParameterSource::DefaultNotStored,
        }
    };
    names.map(|name| (name.as_str(), document(name))).collect()
}

#[derive(Serialize)]
struct Base<'a> {
    lineage: &'a str,
    serial: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeposedDocument<'a> {
    address: &'a str,
    #[serde(rename = "type")]
    resource_type: &'a str,
    physical_id: &'a str,
    identifier: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    final_snapshot: Option<&'a SnapshotName>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutputDocument<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Shown<'a>>,
    differs: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export_before: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export: Option<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
}

fn output(output: &OutputChange) -> OutputDocument<'_> {
    let after = output.after.as_ref();
    OutputDocument {
        description: after.and_then(|after| after.description.as_deref()),
        export_before: output.exported_before.as_deref(),
        export: after.and_then(|after| after.export.as_ref()).map(Shown),
        before: output.before.as_ref().map(Shown),
        after: output.after.as_ref().map(|after| Shown(&after.value)),
        differs: output.differs(),
        problem: output.problem.as_deref(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StepDocument<'a> {
    id: u32,
    address: &'a Address,
    operation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    final_snapshot: Option<&'a SnapshotName>,
    phase: Phase,
    after: Vec<u32>,
}

impl<'a> StepDocument<'a> {
    fn of(step: &'a Step) -> Self {
        Self {
            id: step.id.0,
            address: &step.address,
            operation: step.operation.name(),
            final_snapshot: step.operation.final_snapshot(),
            phase: step.phase,
            after: step.after.iter().map(|id| id.0).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{first_deployment, second_deployment};

    fn read(plan: &Plan) -> serde_json::Value {
        serde_json::from_str(&plan_json(plan, None).unwrap()).unwrap()
    }

    #[test]
    fn the_document_has_the_documented_shape() {
        let json = read(&second_deployment());
        let expected = serde_json::json!({
            "address": "Channel", "type": "AWS::MediaPackage::Channel",
            "action": "replace", "order": "create-first", "certainty": "certain",
            "physicalId": "live", "identifier": ["live"], "stateful": false,
            "reasons": [
                {"kind": "properties-changed"},
                {"kind": "create-only", "path": "Id"},
            ],
            "properties": [
                {"path": "Id", "before": "live", "after": "live-2", "updateKind": "replaces",
                    "forcesReplacement": true},
            ],
            "drift": [],
            "checked": {"kind": "read", "digest": rstack_model::Digest::of(b"x")},
            "dependencies": [], "deletionPolicy": "Delete", "updateReplacePolicy": "Delete",
        });
        assert_eq!(json["changes"][1], expected);
        assert_eq!(json["summary"]["replace"], 1);
        assert_eq!(json["outputs"]["Old"], serde_json::json!({"before": "x", "differs": true}));
        assert_eq!((&json["format"], &json["mode"]), (&2.into(), &"deploy".into()));
        let step = serde_json::json!({
            "id": 0, "address": "CDN", "operation": "update", "phase": "forward", "after": []
        });
        assert_eq!(json["steps"][0], step);
    }

    #[test]
    fn unknown_values_and_secrets_are_marked() {
        let json = read(&first_deployment());
        let origin = &json["changes"][0]["properties"][0]["after"]["Origins"][0];
        let expected = serde_json::json!({
            "DomainName": {"$unknown": "‹HlsEndpoint.Url›"},
            "Headers": [{"$secret": "{{resolve:secretsmanager:cdn:SecretString:Key}}"}],
            "Id": "origin",
        });
        assert_eq!(*origin, expected);
    }
}
