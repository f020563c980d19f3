//! ARNs, and attributes that are parts of one, of types whose forms templates take to pieces: with
//! `Fn::Select` and `Fn::Split` they read a load balancer's full name out of the ARN of its listener.
//!
//! Sources: "Resource types defined by" each service, Service Authorization Reference; return values
//! of each type, AWS CloudFormation Template Reference.

use serde_json::Value as Json;

use crate::attributes::put;
use crate::derive::UPPER;
use crate::id_context::IdContext;
use crate::ids;
use crate::redaction::JsonMap;

const LOAD_BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
const LISTENER_RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";
const TARGET_GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";
const VERSION: &str = "AWS::Lambda::Version";
const TABLE: &str = "AWS::DynamoDB::Table";
const GLOBAL_TABLE: &str = "AWS::DynamoDB::GlobalTable";
/// The names of load balancers and target groups are no longer, in characters.
const SHORT: usize = 32;

/// The forms: the type, the service as ARNs write it, and the part behind the account. In braces is
/// the own `name` (with `-` and lower case: `slug`), a `number`, a `uuid`, 16 digits (`hex`), the
/// invented property `Id` (`id`), 26 letters and digits (`lower`), or a declared property:
/// `Name|default`. Of a property that holds an ARN or a path its last part counts.
const FORMS: [(&str, &str, &str); 43] = [
    ("AWS::AppConfig::Application", "appconfig", "application/{hex}"),
    (
        "AWS::AutoScaling::ScalingPolicy",
        "autoscaling",
        "scalingPolicy:{uuid}:autoScalingGroupName/{AutoScalingGroupName|group}:policyName/{name}",
    ),
    ("AWS::Batch::JobDefinition", "batch", "job-definition/{JobDefinitionName|}:{number}"),
    ("AWS::CloudFormation::ModuleVersion", "cloudformation", "type/module/{slug}/00000001"),
    (GLOBAL_TABLE, "dynamodb", "table/{name}"),
    ("AWS::ECS::Service", "ecs", "service/{Cluster|default}/{name}"),
    ("AWS::ECS::TaskDefinition", "ecs", "task-definition/{Family|}:{number}"),
    (
        "AWS::EKS::FargateProfile",
        "eks",
        "fargateprofile/{ClusterName|cluster}/{FargateProfileName|}/{uuid}",
    ),
    ("AWS::EKS::Nodegroup", "eks", "nodegroup/{ClusterName|cluster}/{NodegroupName|}/{uuid}"),
    ("AWS::ElasticBeanstalk::Application", "elasticbeanstalk", "application/{name}"),
    (TARGET_GROUP, "elasticloadbalancing", "targetgroup/{short}/{hex}"),
    ("AWS::ImageBuilder::Component", "imagebuilder", "component/{slug}/{Version|1.0.0}/1"),
    ("AWS::ResourceGroups::Group", "resource-groups", "group/{name}/{lower}"),
    (
        "AWS::ImageBuilder::ContainerRecipe",
        "imagebuilder",
        "container-recipe/{slug}/{Version|1.0.0}",
    ),
    (
        "AWS::ImageBuilder::DistributionConfiguration",
        "imagebuilder",
        "distribution-configuration/{slug}",
    ),
    ("AWS::ImageBuilder::Image", "imagebuilder", "image/{slug}/1.0.0/1"),
    ("AWS::ImageBuilder::ImagePipeline", "imagebuilder", "image-pipeline/{slug}"),
    ("AWS::ImageBuilder::ImageRecipe", "imagebuilder", "image-recipe/{slug}/{Version|1.0.0}"),
    (
        "AWS::ImageBuilder::InfrastructureConfiguration",
        "imagebuilder",
        "infrastructure-configuration/{slug}",
    ),
    ("AWS::ImageBuilder::LifecyclePolicy", "imagebuilder", "lifecycle-policy/{slug}"),
    ("AWS::ImageBuilder::Workflow", "imagebuilder", "workflow/build/{slug}/{Version|1.0.0}/1"),
    ("AWS::KinesisAnalyticsV2::Application", "kinesisanalytics", "application/{name}"),
    ("AWS::Lambda::Alias", "lambda", "function:{FunctionName|function}:{Name|alias}"),
    ("AWS::Lambda::LayerVersion", "lambda", "layer:{LayerName|}:{number}"),
    (VERSION, "lambda", "function:{FunctionName|function}:{number}"),
    ("AWS::Logs::Destination", "logs", "destination:{DestinationName|}"),
    (
        "AWS::MediaPackageV2::Channel",
        "mediapackagev2",
        "channelGroup/{ChannelGroupName|}/channel/{ChannelName|}",
    ),
    ("AWS::MediaPackageV2::ChannelGroup", "mediapackagev2", "channelGroup/{ChannelGroupName|}"),
    (
        "AWS::MediaPackageV2::OriginEndpoint",
        "mediapackagev2",
        "channelGroup/{ChannelGroupName|}/channel/{ChannelName|}/originEndpoint/{OriginEndpointName|}",
    ),
    ("AWS::MSK::Cluster", "kafka", "cluster/{ClusterName|}/{uuid}-1"),
    ("AWS::MSK::Configuration", "kafka", "configuration/{name}/{uuid}-1"),
    ("AWS::MSK::ServerlessCluster", "kafka", "cluster/{ClusterName|}/{uuid}-s1"),
    ("AWS::Scheduler::Schedule", "scheduler", "schedule/{GroupName|default}/{name}"),
    ("AWS::Scheduler::ScheduleGroup", "scheduler", "schedule-group/{name}"),
    ("AWS::SES::ConfigurationSet", "ses", "configuration-set/{name}"),
    ("AWS::SSMContacts::Contact", "ssm-contacts", "contact/{Alias|}"),
    ("AWS::SSMContacts::Plan", "ssm-contacts", "contact/{ContactId|contact}"),
    ("AWS::StepFunctions::Activity", "states", "activity:{name}"),
    ("AWS::StepFunctions::StateMachine", "states", "stateMachine:{name}"),
    ("AWS::WAFv2::IPSet", "wafv2", "{scope}/ipset/{name}/{id}"),
    ("AWS::WAFv2::RegexPatternSet", "wafv2", "{scope}/regexpatternset/{name}/{id}"),
    ("AWS::WAFv2::RuleGroup", "wafv2", "{scope}/rulegroup/{name}/{id}"),
    ("AWS::WAFv2::WebACL", "wafv2", "{scope}/webacl/{name}/{id}"),
];

/// Services whose ARNs have another name than their types. Others have the name in lower case.
const SERVICES: [(&str, &str); 26] = [
    ("ACMPCA", "acm-pca"),
    ("AmazonMQ", "mq"),
    ("ApplicationAutoScaling", "autoscaling"),
    ("CertificateManager", "acm"),
    ("CodeStarConnections", "codestar-connections"),
    ("Cognito", "cognito-idp"),
    ("CustomerProfiles", "profile"),
    ("DocDB", "rds"),
    ("EFS", "elasticfilesystem"),
    ("EMR", "elasticmapreduce"),
    ("ElasticLoadBalancingV2", "elasticloadbalancing"),
    ("Elasticsearch", "es"),
    ("EventSchemas", "schemas"),
    ("KinesisAnalyticsV2", "kinesisanalytics"),
    ("KinesisFirehose", "firehose"),
    ("MSK", "kafka"),
    ("Neptune", "rds"),
    ("NetworkFirewall", "network-firewall"),
    ("OpenSearchServerless", "aoss"),
    ("OpenSearchService", "es"),
    ("PinpointEmail", "ses"),
    ("SSMContacts", "ssm-contacts"),
    ("SSMIncidents", "ssm-incidents"),
    ("StepFunctions", "states"),
    ("VpcLattice", "vpc-lattice"),
    ("WorkSpacesWeb", "workspaces-web"),
];

/// The service as ARNs write it.
pub(crate) fn service(context: &IdContext<'_>) -> String {
    let own = context.resource_type.service().unwrap_or("service");
    let known = SERVICES.iter().find(|(name, _)| *name == own);
    known.map_or_else(|| own.to_ascii_lowercase(), |(_, service)| (*service).to_owned())
}

/// The ARN of an object whose type has a form of its own.
pub(crate) fn of(context: &IdContext<'_>) -> Option<String> {
    let hex = || context.derive("arn").hex(16);
    match context.resource_type.as_str() {
        LOAD_BALANCER => Some(placed(context, "elasticloadbalancing", &load_balancer(context))),
        LISTENER => {
            let of = context.text("LoadBalancerArn").unwrap_or_default();
            Some(below(context, (of, "loadbalancer", "listener"), &hex()))
        }
        LISTENER_RULE => {
            let of = context.text("ListenerArn").unwrap_or_default();
            Some(below(context, (of, "listener", "listener-rule"), &hex()))
        }
        "AWS::SNS::Subscription" => {
            Some(format!("{}:{}", context.text("TopicArn")?, context.derive("arn").uuid()))
        }
        name => {
            let (_, service, form) = FORMS.iter().find(|(known, ..)| *known == name)?;
            Some(placed(context, service, &filled(context, form)))
        }
    }
}

fn placed(context: &IdContext<'_>, service: &str, rest: &str) -> String {
    let environment = context.environment;
    let (partition, region) = (&environment.partition, &environment.region);
    format!("arn:{partition}:{service}:{region}:{}:{rest}", environment.account)
}

fn load_balancer(context: &IdContext<'_>) -> String {
    let kind = match context.text("Type") {
        Some("network") => "net",
        Some("gateway") => "gwy",
        Some(_) | None => "app",
    };
    format!("loadbalancer/{kind}/{}/{}", short(context), context.derive("arn").hex(16))
}

/// The ARN of a part of what another ARN names.
fn below(context: &IdContext<'_>, (of, kind, own): (&str, &str, &str), id: &str) -> String {
    match of.split_once(&format!(":{kind}/")) {
        Some((before, rest)) => format!("{before}:{own}/{rest}/{id}"),
        // The sandbox keeps no write-only property, such as the listener of a rule.
        None => {
            let (of, middle) = (context.derive("of").hex(16), context.derive("middle").hex(16));
            let middle = if kind == "listener" { format!("{middle}/") } else { String::new() };
            let rest = format!("{own}/app/load-balancer/{of}/{middle}{id}");
            placed(context, "elasticloadbalancing", &rest)
        }
    }
}

/// The name of a load balancer or a target group.
fn short(context: &IdContext<'_>) -> String {
    let name = context.name();
    let cut = name.len().saturating_sub(SHORT);
    name.get(cut..).unwrap_or(&name).trim_start_matches('-').to_owned()
}

/// The number of a version, such as the revision of a task definition. Versions of one name are made
/// by many resources: it is not counted, but derived.
fn number(context: &IdContext<'_>) -> usize {
    1 + context.derive("version number").below(9999)
}

fn filled(context: &IdContext<'_>, form: &str) -> String {
    let mut out = String::new();
    let mut rest = form;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((variable, after)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(&value(context, variable));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn value(context: &IdContext<'_>, variable: &str) -> String {
    if let Some((property, default)) = variable.split_once('|') {
        let declared = context.text(property).filter(|text| !text.is_empty());
        let last = declared.and_then(|text| text.rsplit(['/', ':']).next());
        return match (last, default) {
            (Some(last), _) => last.to_owned(),
            (None, "") => context.name(),
            (None, default) => default.to_owned(),
        };
    }
    match variable {
        "hex" => context.derive("arn").hex(16),
        "id" => ids::usual(context, "Id"),
        "lower" => context.derive("arn").text(crate::derive::LOWER, 26),
        "number" => number(context).to_string(),
        "scope" if context.text("Scope") == Some("CLOUDFRONT") => "global".to_owned(),
        "scope" => "regional".to_owned(),
        "short" => short(context),
        "slug" => context.name().to_ascii_lowercase().replace([' ', '_', ':'], "-"),
        "uuid" => context.derive("arn").uuid(),
        _ => context.name(),
    }
}

/// The attributes that are parts of an ARN, or are formed like one.
pub(crate) fn attributes(context: &IdContext<'_>, out: &mut JsonMap) {
    let environment = context.environment;
    let (region, suffix) = (&environment.region, environment.partition.url_suffix());
    let mut set = |name: &str, text: String| {
        out.insert(name.to_owned(), Json::from(text));
    };
    let full_name = || {
        let arn = of(context).unwrap_or_default();
        arn.splitn(6, ':').nth(5).unwrap_or_default().to_owned()
    };
    match context.resource_type.as_str() {
        LOAD_BALANCER => {
            set("LoadBalancerFullName", full_name().replacen("loadbalancer/", "", 1));
            set("LoadBalancerName", short(context));
            let id = context.derive("dns").text(crate::derive::DIGITS, 10);
            set("DNSName", format!("{}-{id}.{region}.elb.{suffix}", short(context)));
            set("CanonicalHostedZoneID", format!("Z{}", context.derive("zone").text(UPPER, 13)));
        }
        TARGET_GROUP => {
            set("TargetGroupFullName", full_name());
            set("TargetGroupName", short(context));
        }
        VERSION => set("Version", number(context).to_string()),
        TABLE | GLOBAL_TABLE if context.properties.contains_key("StreamSpecification") => {
            let arn = placed(context, "dynamodb", &format!("table/{}", context.name()));
            set("StreamArn", format!("{arn}/stream/2026-01-01T00:00:00.000"));
        }
        // Source: "Password management with RDS and Secrets Manager", Amazon Aurora User Guide.
        "AWS::RDS::DBCluster" | "AWS::RDS::DBInstance"
            if context.properties.get("ManageMasterUserPassword").is_some_and(is_true) =>
        {
            let of =
                if context.resource_type.as_str().ends_with("Cluster") { "cluster" } else { "db" };
            let (id, end) = (context.derive("secret").uuid(), context.derive("end").text(UPPER, 6));
            let arn = placed(context, "secretsmanager", &format!("secret:rds!{of}-{id}-{end}"));
            let path = ["MasterUserSecret".to_owned(), "SecretArn".to_owned()];
            put(out, &path, arn.into());
        }
        "AWS::Cognito::UserPool" => {
            let provider = format!("cognito-idp.{region}.{suffix}/{}", ids::plain_id(context));
            set("ProviderURL", format!("https://{provider}"));
            set("ProviderName", provider);
        }
        "AWS::ECR::Repository" => {
            let (account, name) = (&environment.account, context.name());
            set("RepositoryUri", format!("{account}.dkr.ecr.{region}.{suffix}/{name}"));
        }
        "AWS::EKS::Cluster" => {
            let id = context.derive("oidc").text(b"0123456789ABCDEF", 32);
            set("Endpoint", format!("https://{id}.gr7.{region}.eks.{suffix}"));
            set("OpenIdConnectIssuerUrl", format!("https://oidc.eks.{region}.{suffix}/id/{id}"));
        }
        // Hosted zones with the names in them. Source: return values of the type, AWS CloudFormation
        // Template Reference.
        "AWS::EC2::VPCEndpoint" if context.text("VpcEndpointType") == Some("Interface") => {
            let service = context.text("ServiceName").unwrap_or_default();
            let service = service.rsplit('.').next().unwrap_or_default().to_owned();
            let zone = context.derive("zone").text(UPPER, 13);
            let name = format!("{}.{service}.{region}.vpce.{suffix}", ids::plain_id(context));
            let entries = vec![Json::from(format!("Z{zone}:{name}"))];
            out.insert("DnsEntries".to_owned(), Json::from(entries));
        }
        // Source: OpenSearch Serverless API Reference, CollectionDetail.
        "AWS::OpenSearchServerless::Collection" => {
            let host = format!("https://{}.{region}.aoss.{suffix}", ids::plain_id(context));
            set("DashboardEndpoint", format!("{host}/_dashboards"));
            set("CollectionEndpoint", host);
        }
        "AWS::Logs::LogGroup" => {
            set("Arn", placed(context, "logs", &format!("log-group:{}:*", context.name())));
        }
        _ => {}
    }
}

fn is_true(value: &Json) -> bool {
    value.as_bool() == Some(true)
        || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_of_a_type_and_uses_properties_that_it_has() {
        let registry = rstack_catalog::Registry::embedded();
        for (name, _, form) in FORMS {
            let schema = registry.get(name).unwrap().unwrap_or_else(|| panic!("no type {name}"));
            for variable in form.split('{').skip(1).filter_map(|part| part.split('}').next()) {
                let known =
                    ["hex", "id", "lower", "name", "number", "scope", "short", "slug", "uuid"];
                match variable.split_once('|') {
                    Some((property, _)) => assert!(
                        schema.root().property_names().any(|own| own == property),
                        "{name} has no {property}"
                    ),
                    None => assert!(known.contains(&variable), "{name}: {variable}"),
                }
            }
        }
    }
}
