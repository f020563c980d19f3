//! Reading `Resources`.

use std::collections::BTreeMap;

use rstack_catalog::Registry;
use rstack_model::{Code, Diagnostic, LogicalId, ResourceType, Value};

use super::function::Place;
use super::section::Section;
use super::{Asset, Dialect, Expression, ExpressionKind, Resource};
use crate::check::is_custom;
use crate::diagnostics::Diagnostics;
use crate::syntax::{Entry, Node, Spanned};

const RESOURCE_KEYS: [&str; 9] = [
    "Type",
    "Properties",
    "DependsOn",
    "Condition",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Metadata",
    "CreationPolicy",
    "UpdatePolicy",
];

/// The metadata by which `cfn-init` sets an instance up.
const INSTANCE_SETUP: &str = "AWS::CloudFormation::Init";

/// The types whose creation can wait for signals or start something. Source: "CreationPolicy
/// attribute", AWS CloudFormation User Guide.
const SIGNALLING: [&str; 4] = [
    "AWS::AppStream::Fleet",
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::CloudFormation::WaitCondition",
    "AWS::EC2::Instance",
];

/// The types whose updates can take another course. Source: "UpdatePolicy attribute", AWS
/// CloudFormation User Guide.
const ROLLING: [&str; 6] = [
    "AWS::AppStream::Fleet",
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Elasticsearch::Domain",
    "AWS::Lambda::Alias",
    "AWS::OpenSearchService::Domain",
];

/// The message and the help for a `CreationPolicy`.
///
/// Source: "CreationPolicy attribute" and "cfn-signal", AWS CloudFormation User Guide.
fn creation_policy(resource_type: &str) -> (String, &'static str) {
    match resource_type {
        "AWS::AppStream::Fleet" => (
            "rstack does not start the fleet as `CreationPolicy` says".to_owned(),
            "start it when it is made, with StartFleet",
        ),
        _ => (
            format!("rstack does not wait for the signals of this `{resource_type}`"),
            "it is ready when it is made, and `cfn-signal` fails: no stack of CloudFormation takes its \
             signal. To wait, use `AWS::CloudFormation::WaitCondition` with a handle, whose URL takes \
             signals",
        ),
    }
}

/// True if the type has such a property at its top.
fn is_property(resource_type: &str, name: &str) -> bool {
    let schema = Registry::embedded().get(resource_type);
    schema.is_ok_and(|schema| {
        schema.is_some_and(|schema| schema.root().property_names().any(|known| known == name))
    })
}

impl Section<'_> {
    pub(super) fn resources(&mut self, node: &Node) -> BTreeMap<LogicalId, Resource> {
        let mut out = BTreeMap::new();
        for Entry { key, value } in self.entries(node, "`Resources`") {
            if key.value.starts_with("Fn::ForEach") {
                self.needs_extensions(key);
                continue;
            }
            self.check_name(key, "the logical ID of a resource");
            out.insert(LogicalId::new(key.value.as_str()), self.resource(key, value));
        }
        out
    }

    fn resource(&mut self, name: &Spanned<String>, node: &Node) -> Resource {
        let what = format!("the resource `{}`", name.value);
        let (mut kind, mut has_type, mut version) = (None, false, None);
        let (mut waits, mut updates) = (None, None);
        let mut unknown = Vec::new();
        let mut out = Resource {
            name_span: name.span,
            span: name.span.to(node.span),
            resource_type: Spanned::new(ResourceType::new(""), name.span),
            properties: Some(Expression { kind: ExpressionKind::Map(Vec::new()), span: name.span }),
            depends_on: Vec::new(),
            metadata: None,
            condition: None,
            deletion_policy: None,
            update_replace_policy: None,
            delete_first: false,
            update_policy: Vec::new(),
            asset: None,
        };
        for Entry { key, value } in self.entries(node, &what) {
            match key.value.as_str() {
                "Type" => (kind, has_type) = (self.text(value, "`Type`"), true),
                "Properties" if value.is_null() => {}
                "Properties" => out.properties = self.properties(value),
                "DependsOn" => out.depends_on = self.texts(value, "`DependsOn`"),
                "Condition" => out.condition = self.text(value, "`Condition`"),
                "DeletionPolicy" => out.deletion_policy = self.policy(key, value),
                "UpdateReplacePolicy" => out.update_replace_policy = self.policy(key, value),
                "Metadata" => {
                    out.delete_first = self.delete_first(value);
                    out.asset = asset(value);
                    out.metadata = self.references(value);
                    self.instance_setup(value);
                }
                "CreationPolicy" => waits = Some((key, &SIGNALLING[..])),
                "UpdatePolicy" => {
                    updates = Some((key, &ROLLING[..]));
                    let entries = value.as_map().unwrap_or_default().iter();
                    out.update_policy = entries.map(|entry| entry.key.clone()).collect();
                }
                "Version" => version = Some(key),
                _ => unknown.push(key),
            }
        }
        for key in unknown {
            if key.value == "Description" {
                self.description(key, kind.as_ref().map(|kind| kind.value.as_str()));
                continue;
            }
            match kind.as_ref().filter(|kind| is_property(&kind.value, &key.value)) {
                Some(kind) => {
                    let (name, kind) = (&key.value, &kind.value);
                    let message = format!("`{name}` must stand under `Properties`");
                    let label = format!("a property of {kind}");
                    let error = Diagnostic::error(Code::UnknownKey, message).at(key.span, label);
                    self.report(error.help("indent it under `Properties:`"));
                }
                None => self.unknown_key(key, "a resource", &RESOURCE_KEYS),
            }
        }
        for (key, types) in waits.into_iter().chain(updates) {
            self.behaviour(key, kind.as_ref().map(|kind| kind.value.as_str()), types);
        }
        // Only custom resources have a version.
        let custom = kind.as_ref().is_some_and(|kind| is_custom(&kind.value));
        if let Some(key) = version.filter(|_| !custom) {
            self.unknown_key(key, "a resource", &RESOURCE_KEYS);
        }
        match kind {
            Some(kind) => {
                out.resource_type = Spanned::new(ResourceType::new(kind.value), kind.span);
            }
            None => {
                // A null has been reported.
                if !has_type && !node.is_null() {
                    self.missing(name, "Type");
                }
                out.properties = None;
            }
        }
        out
    }

    fn properties(&mut self, node: &Node) -> Option<Expression> {
        let expression = self.expression(node, Place::Value)?;
        let nothing = |name: &Spanned<String>| name.value == "AWS::NoValue";
        let map = match &expression.kind {
            ExpressionKind::Map(_) | ExpressionKind::If { .. } => true,
            ExpressionKind::Ref(name) => nothing(name),
            _ => false,
        };
        if map {
            return Some(expression);
        }
        let message = format!("`Properties` must be a map, found {}", node.words());
        let error = Diagnostic::error(Code::Shape, message).at(node.span, "");
        self.report(error.help("a map has entries `Name: value`, without dashes"));
        None
    }

    /// Metadata in which a reference is. What else is in them belongs to other tools: mistakes are theirs.
    fn references(&mut self, metadata: &Node) -> Option<Expression> {
        let mut others = Diagnostics::default();
        let Section { dialect, text, base, .. } = *self;
        let mut section = Section { diagnostics: &mut others, dialect, text, base };
        let expression = section.expression(metadata, Place::Value)?;
        let mut refers = false;
        expression.visit(&mut |part| {
            refers |= matches!(
                part.kind,
                ExpressionKind::Ref(_) | ExpressionKind::GetAtt { .. } | ExpressionKind::Sub { .. }
            );
        });
        refers.then_some(expression)
    }

    /// Metadata that programs on an instance ask CloudFormation for.
    ///
    /// Source: "cfn-init", "cfn-hup" and "cfn-get-metadata", AWS CloudFormation User Guide.
    fn instance_setup(&mut self, metadata: &Node) {
        let mut entries = metadata.as_map().into_iter().flatten();
        let Some(entry) = entries.find(|entry| entry.key.value == INSTANCE_SETUP) else { return };
        let message = format!("`{INSTANCE_SETUP}` does nothing: no stack of CloudFormation has it");
        let help = "`cfn-init`, `cfn-hup` and `cfn-get-metadata` ask CloudFormation for it, and fail. Set the \
                    instance up by its `UserData`, or by an image";
        let warning = Diagnostic::warning(Code::Unsupported, message).at(entry.key.span, "");
        self.report(warning.help(help));
    }

    /// A description of a resource, which CloudFormation takes and does not use.
    ///
    /// Source: pull request 10522 of aws/aws-cdk, which made `CfnInclude` take it.
    fn description(&mut self, key: &Spanned<String>, resource_type: Option<&str>) {
        let meant = resource_type.is_some_and(|kind| is_property(kind, &key.value));
        let help = match meant {
            true => "indent it under `Properties:` if the property is meant",
            false => "write it as a comment, or in `Metadata`",
        };
        let message = "CloudFormation does not use the `Description` of a resource";
        let warning = Diagnostic::warning(Code::NoEffect, message).at(key.span, "");
        self.report(warning.help(help));
    }

    /// `CreationPolicy` or `UpdatePolicy`, which change what some types do and mean nothing to the
    /// others.
    fn behaviour(&mut self, key: &Spanned<String>, resource_type: Option<&str>, types: &[&str]) {
        let Some(resource_type) = resource_type else { return };
        if types.contains(&resource_type) {
            let (message, help) = match key.value.as_str() {
                "CreationPolicy" => creation_policy(resource_type),
                _ => (
                    format!("rstack does not carry `{}` out", key.value),
                    "updates that it governs are refused; `--ignore-update-policy` makes them as its \
                     properties alone say",
                ),
            };
            let warning = Diagnostic::warning(Code::Unsupported, message).at(key.span, "");
            return self.report(warning.help(help));
        }
        let message = format!("`{}` has no effect on `{resource_type}`", key.value);
        self.report(Diagnostic::warning(Code::NoEffect, message).at(key.span, ""));
    }

    /// `DeletionPolicy` or `UpdateReplacePolicy`: text, or with the language extensions a function.
    fn policy(&mut self, key: &Spanned<String>, node: &Node) -> Option<Expression> {
        let what = format!("`{}`", key.value);
        let is_function = node.as_tagged().is_some() || node.as_map().is_some();
        if is_function && self.dialect == Dialect::Extended {
            return self.expression(node, Place::Value);
        }
        if is_function {
            self.extension(&format!("a function in {what}"), node.span);
            return None;
        }
        let text = self.text(node, &what)?;
        let kind = ExpressionKind::Literal(Value::from(text.value));
        Some(Expression { kind, span: text.span })
    }

    /// `Metadata: {rstack: {Replacement: DeleteFirst}}`; all other metadata belong to other tools.
    fn delete_first(&mut self, metadata: &Node) -> bool {
        let ours = metadata.as_map().into_iter().flatten().find(|e| e.key.value == "rstack");
        let mut delete_first = false;
        for Entry { key, value } in ours.map_or(&[][..], |e| self.entries(&e.value, "`rstack`")) {
            match (key.value.as_str(), value.as_text()) {
                ("Replacement", Some("DeleteFirst")) => delete_first = true,
                ("Replacement", Some("CreateFirst")) => {}
                ("Replacement", _) => {
                    let message = "`Replacement` is `CreateFirst` or `DeleteFirst`";
                    self.report(Diagnostic::error(Code::Metadata, message).at(value.span, ""));
                }
                _ => self.unknown_key(key, "the metadata for rstack", &["Replacement"]),
            }
        }
        delete_first
    }
}

/// The file that the metadata of a resource name. Metadata of another form belong to other tools.
fn asset(metadata: &Node) -> Option<Asset> {
    let entry = |name: &str| {
        let entries = metadata.as_map()?;
        entries.iter().find(|entry| entry.key.value == name).map(|entry| &entry.value)
    };
    let path = entry("aws:asset:path")?;
    let path = Spanned::new(path.as_text()?.to_owned(), path.span);
    let property = entry("aws:asset:property").and_then(Node::as_text).map(str::to_owned);
    Some(Asset { path, property })
}
