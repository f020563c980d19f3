//! Identifiers that the service chooses, in the form its own have.

use std::collections::BTreeMap;

use rstack_catalog::{Node, SchemaPath};
use rstack_model::Identifier;

use crate::arn;
use crate::derive::{DIGITS, Derivation, LOWER, UPPER};
use crate::id_context::IdContext;
use crate::names;
use crate::pattern;
use crate::redaction::JsonMap;
use crate::referrers;

/// Prefixes of EC2's identifiers, by the last words of the property that holds one.
const PREFIXES: [(&str, &str); 30] = [
    ("AllocationId", "eipalloc"),
    ("AssociationId", "assoc"),
    ("AttachmentId", "attach"),
    ("CustomerGatewayId", "cgw"),
    ("DhcpOptionsId", "dopt"),
    ("EgressOnlyInternetGatewayId", "eigw"),
    ("FileSystemId", "fs"),
    ("FlowLogId", "fl"),
    ("ImageId", "ami"),
    ("InstanceId", "i"),
    ("InternetGatewayId", "igw"),
    ("IpamId", "ipam"),
    ("IpamPoolId", "ipam-pool"),
    ("KeyPairId", "key"),
    ("LaunchTemplateId", "lt"),
    ("NatGatewayId", "nat"),
    ("NetworkAclId", "acl"),
    ("NetworkInterfaceId", "eni"),
    ("PrefixListId", "pl"),
    ("RouteTableId", "rtb"),
    ("SecurityGroupId", "sg"),
    ("SnapshotId", "snap"),
    ("SubnetId", "subnet"),
    ("TransitGatewayAttachmentId", "tgw-attach"),
    ("TransitGatewayId", "tgw"),
    ("VolumeId", "vol"),
    ("VpcEndpointId", "vpce"),
    ("VpcId", "vpc"),
    ("VpcPeeringConnectionId", "pcx"),
    ("VpnGatewayId", "vgw"),
];

/// The identity of a new object.
pub(crate) struct Identity {
    /// The value that `Ref` returns.
    pub(crate) physical_id: String,
    /// The primary identifier.
    pub(crate) identifier: Identifier,
    /// The identifiers that were chosen, by their path.
    pub(crate) chosen: BTreeMap<String, String>,
}

/// Chooses every identifier that is not declared.
pub(crate) fn identity(context: &IdContext<'_>) -> Identity {
    let mut chosen = BTreeMap::new();
    for path in context.schema.primary_identifier().iter().chain(context.schema.ref_identifier()) {
        let declared = !context.is_read_only(path) && context.text_at(path).is_some();
        if !declared {
            chosen.entry(path.to_string()).or_insert_with(|| invented(context, path));
        }
    }
    let value = |path: &SchemaPath| {
        chosen.get(&path.to_string()).cloned().or_else(|| context.text_at(path))
    };
    let referred = context.schema.ref_identifier();
    // A rule on the default bus is named without the bus.
    let whole = referred == context.schema.primary_identifier() || referred.len() == 1;
    let open = |path: &&SchemaPath| {
        whole
            || context.text_at(path).is_some()
            || context.is_read_only(path)
            || is_own_name(context, path)
    };
    let parts: Vec<String> = referred.iter().filter(open).filter_map(value).collect();
    let physical_id = if parts.is_empty() { context.chosen_name() } else { parts.join("|") };
    let identifier = context.schema.identifier(&physical_id, value);
    Identity { physical_id, identifier, chosen }
}

fn is_own_name(context: &IdContext<'_>, path: &SchemaPath) -> bool {
    let own = names::property(context.schema).unwrap_or_else(|| "Name".to_owned());
    path.segments().len() == 1 && path.to_string() == own
}

/// The ID by which the service names the object where it needs no ARN.
pub(crate) fn plain_id(context: &IdContext<'_>) -> String {
    if context.resource_type.service() == Some("MediaPackage") {
        return special(context).unwrap_or_else(|| usual(context, "Id"));
    }
    let paths = context.schema.primary_identifier().iter().chain(context.schema.ref_identifier());
    let has_arn = paths.clone().any(is_arn_path);
    // Beside an ARN stands what the object belongs to, such as the cluster of a service.
    let own = names::property(context.schema);
    let names_it = |path: &SchemaPath| own.as_deref() == Some(path.to_string().as_str());
    if has_arn && own.is_some() {
        return context.name();
    }
    for path in paths {
        let last = path.segments().last().map_or("", String::as_str);
        let belongs = has_arn && !context.is_read_only(path) && !names_it(path);
        if is_arn(last) || belongs && context.schema.primary_identifier().len() > 1 {
            continue;
        }
        if let Some(declared) = context.text_at(path) {
            return declared;
        }
        return invented(context, path);
    }
    special(context).unwrap_or_else(|| usual(context, "Id"))
}

fn is_arn_path(path: &SchemaPath) -> bool {
    path.segments().last().is_some_and(|last| is_arn(last))
}

fn is_arn(name: &str) -> bool {
    name.ends_with("Arn") || name.ends_with("ARN") || name == "arn"
}

/// An identifier at a path. The same path of the same object gives the same one.
pub(crate) fn invented(context: &IdContext<'_>, path: &SchemaPath) -> String {
    let last = path.segments().last().map_or("Id", String::as_str);
    // An address for documentation: RFC 5737, TEST-NET-3.
    if (context.resource_type.as_str(), last) == ("AWS::EC2::EIP", "PublicIp") {
        let mut derived = context.derive(last);
        return format!("203.0.113.{}", derived.below(256));
    }
    let node = path.concrete().and_then(|path| context.schema.node(&path));
    if let Some(first) = node.and_then(|node| node.allowed().first()) {
        return first.as_str().map_or_else(|| first.to_string(), str::to_owned);
    }
    let own = match context.resource_type.as_str() {
        "AWS::SecretsManager::Secret" => Some(secret_arn(context)),
        "AWS::SQS::Queue" => Some(queue_url(context)),
        _ if is_arn(last) => Some(arn::own(context, &plain_id(context))),
        _ => special(context),
    };
    let candidate = own.unwrap_or_else(|| usual(context, last));
    let Some(node) = node else { return candidate };
    let own = Form::of(node);
    if own.pattern.is_some() {
        return fitting(context, &path.to_string(), &[own], candidate);
    }
    let referrers = referrers::of(context, last);
    let asked = referrers
        .iter()
        .filter_map(|(schema, path)| schema.node(path).map(|node| Form::of(schema.resolve(node))));
    let forms: Vec<Form<'_>> = asked.chain([own]).collect();
    fitting(context, &path.to_string(), &forms, candidate)
}

/// The form that a schema requires of a text.
#[derive(Clone, Copy)]
pub(crate) struct Form<'a> {
    pattern: Option<&'a str>,
    least: usize,
    most: usize,
}

impl<'a> Form<'a> {
    pub(crate) fn of(node: &'a Node) -> Self {
        let bound = |bound: Option<u64>| bound.and_then(|bound| usize::try_from(bound).ok());
        let least = bound(node.length().0).unwrap_or(0);
        let most = bound(node.length().1).unwrap_or(usize::MAX).max(least);
        Self { pattern: node.pattern(), least, most }
    }

    fn has(&self, text: &str) -> bool {
        (self.least..=self.most).contains(&text.chars().count())
            && self.pattern.is_none_or(|p| pattern::matches(p, text) != Some(false))
    }

    /// A text of this form; `like` is what it is to be as long as, if the form leaves that open.
    fn sample(&self, like: &str, derived: &mut Derivation) -> Option<String> {
        match self.pattern {
            Some(p) => pattern::sample(p, (self.least.max(1), self.most), derived),
            None => Some(derived.text(LOWER, like.chars().count().clamp(self.least, self.most))),
        }
    }
}

/// The candidate if it has the forms that are asked for, otherwise a text that has them, if there
/// is one; what does not have them all has the last one.
pub(crate) fn fitting(
    context: &IdContext<'_>,
    path: &str,
    forms: &[Form<'_>],
    candidate: String,
) -> String {
    let fits = |text: &str| forms.iter().all(|form| form.has(text));
    if fits(&candidate) {
        return candidate;
    }
    let mut texts = vec![candidate.replace('/', ":")];
    texts.retain(|text| text.starts_with("arn:"));
    for form in forms {
        let sampled = form.sample(&candidate, &mut context.derive(path));
        let placed = sampled.as_ref().filter(|text| text.starts_with("arn:"));
        texts.extend(placed.map(|text| arn::placed(context, text)));
        texts.extend(sampled);
    }
    let own = |text: &&String| forms.last().is_none_or(|form| form.has(text));
    let chosen = texts.iter().find(|text| fits(text));
    let chosen = chosen.or_else(|| Some(&candidate).filter(own)).or_else(|| texts.iter().find(own));
    chosen.unwrap_or(&candidate).clone()
}

/// Identifiers of types that have a form of their own.
fn special(context: &IdContext<'_>) -> Option<String> {
    let mut derived = context.derive("id");
    let id = match context.resource_type.as_str() {
        "AWS::CloudFront::Distribution"
        | "AWS::CloudFront::StreamingDistribution"
        | "AWS::CloudFront::OriginAccessControl"
        | "AWS::CloudFront::CloudFrontOriginAccessIdentity" => {
            format!("E{}", derived.text(UPPER, 13))
        }
        "AWS::CloudFront::PublicKey" => format!("K{}", derived.text(UPPER, 13)),
        "AWS::MediaPackage::Channel" | "AWS::MediaPackage::OriginEndpoint" => derived.hex(32),
        "AWS::MediaLive::Channel"
        | "AWS::MediaLive::Input"
        | "AWS::MediaLive::InputSecurityGroup" => {
            format!("{}{}", 1 + derived.below(9), derived.text(DIGITS, 6))
        }
        "AWS::Route53::HostedZone" => format!("Z{}", derived.text(UPPER, 20)),
        "AWS::ApiGateway::RestApi" | "AWS::ApiGatewayV2::Api" => derived.text(LOWER, 10),
        "AWS::IAM::AccessKey" => format!("AKIA{}", derived.text(UPPER, 16)),
        "AWS::Cognito::UserPool" => {
            format!("{}_{}", context.environment.region, derived.letters(9))
        }
        "AWS::IAM::Policy" => context.chosen_name(),
        "AWS::DMS::ReplicationInstance" => {
            arn::made_with(context, "rep", ':', &derived.text(UPPER, 26))
        }
        "AWS::DMS::ReplicationTask" => {
            arn::made_with(context, "task", ':', &derived.text(UPPER, 26))
        }
        "AWS::EKS::Nodegroup" => {
            let cluster = context.text("ClusterName").unwrap_or("cluster");
            format!("{cluster}/{}", context.name())
        }
        "AWS::KMS::Key" => derived.uuid(),
        // Source: OpenSearch Serverless API Reference, CollectionDetail, `id`.
        "AWS::OpenSearchServerless::Collection" => derived.text(LOWER, 20),
        // Source: Neptune Analytics API Reference, CreateGraph, `id`.
        "AWS::NeptuneGraph::Graph" => format!("g-{}", derived.text(LOWER, 10)),
        "AWS::EC2::VPC" => format!("vpc-0{}", derived.hex(16)),
        "AWS::EC2::SecurityGroup" => format!("sg-0{}", derived.hex(16)),
        "AWS::EC2::EIP" => format!("eipalloc-0{}", derived.hex(16)),
        "AWS::EC2::VPCEndpoint" => format!("vpce-0{}", derived.hex(16)),
        // Source: EFS API reference, FileSystemId, AccessPointId and MountTargetId.
        "AWS::EFS::AccessPoint" => format!("fsap-0{}", derived.hex(16)),
        "AWS::EFS::FileSystem" => format!("fs-0{}", derived.hex(16)),
        "AWS::EFS::MountTarget" => format!("fsmt-0{}", derived.hex(16)),
        _ => return None,
    };
    Some(id)
}

/// An identifier as services usually form them, by the name of its property.
pub(crate) fn usual(context: &IdContext<'_>, property: &str) -> String {
    let mut derived = context.derive(property);
    if property.ends_with("Name") {
        return context.chosen_name();
    }
    if property.ends_with("Url") || property.ends_with("URL") || property.ends_with("Uri") {
        return format!("https://{}/{}", host(context, property), derived.hex(16));
    }
    if let Some(id) = principal_id(context, property) {
        return id;
    }
    if let Some(prefix) = prefix(property) {
        return format!("{prefix}-0{}", derived.hex(16));
    }
    if context.resource_type.service() == Some("EC2") {
        let own = property.strip_suffix("Id").filter(|own| !own.is_empty());
        let kind = arn::kebab(own.unwrap_or_else(|| context.resource()));
        return format!("{kind}-0{}", derived.hex(16));
    }
    derived.uuid()
}

/// The unique identifiers of IAM's principals.
///
/// Source: "IAM identifiers", AWS Identity and Access Management User Guide.
fn principal_id(context: &IdContext<'_>, property: &str) -> Option<String> {
    let prefix = match (context.resource_type.service()?, property) {
        ("IAM", "RoleId") => "AROA",
        ("IAM", "UserId") => "AIDA",
        ("IAM", "GroupId") => "AGPA",
        ("IAM", "PolicyId") => "ANPA",
        ("IAM", "InstanceProfileId") => "AIPA",
        _ => return None,
    };
    Some(format!("{prefix}{}", context.derive(property).text(UPPER, 17)))
}

/// The prefix of EC2's identifiers that this property holds, if it holds one.
pub(crate) fn prefix(property: &str) -> Option<&'static str> {
    let ends = |(name, _): &&(&str, &str)| property.ends_with(*name);
    PREFIXES.iter().filter(ends).max_by_key(|(name, _)| name.len()).map(|(_, prefix)| *prefix)
}

/// A host name of the object.
pub(crate) fn host(context: &IdContext<'_>, part: &str) -> String {
    let environment = context.environment;
    let suffix = environment.partition.url_suffix();
    let label = context.derive(part).text(LOWER, 12);
    format!("{label}.{}.{}.{suffix}", context.service(), environment.region)
}

/// The ARN of a secret ends in six characters that the service adds to its name.
fn secret_arn(context: &IdContext<'_>) -> String {
    let id = format!("{}-{}", context.name(), context.derive("id").letters(6));
    arn::own(context, &id)
}

fn queue_url(context: &IdContext<'_>) -> String {
    let environment = context.environment;
    let suffix = environment.partition.url_suffix();
    let (region, account) = (&environment.region, &environment.account);
    format!("https://sqs.{region}.{suffix}/{account}/{}", context.name())
}

impl Identity {
    /// Keeps what an object was named when it was made.
    pub(crate) fn keep(&mut self, physical_id: &str, attributes: &JsonMap) {
        physical_id.clone_into(&mut self.physical_id);
        for (path, chosen) in &mut self.chosen {
            let mut segments = path.split('.');
            let first = segments.next().and_then(|segment| attributes.get(segment));
            let value = segments.fold(first, |value, segment| value?.get(segment));
            if let Some(text) = value.and_then(serde_json::Value::as_str) {
                text.clone_into(chosen);
            }
        }
    }
}
