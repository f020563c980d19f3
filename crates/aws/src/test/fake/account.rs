//! The objects of the account, and the services' common rules.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::wire::Call;
use super::{
    apigateway, appsync, attached, client_vpn, cloudcontrol, cloudfront, codebuild, configured,
    data_types, databases, dynamodb, ec2, elasticsearch, emr, events, fsx, function, iam,
    instance_profiles, interface_permissions, key_value_stores, kms, lambda, lambda_functions,
    lambda_layers, listener_certificates, log_configs, managed, mediaconnect, mediapackage,
    mediatailor, network_acl, principals, provisioned, rest_apis, route53, s3, secrets, sns,
    states,
};
use crate::service_error::Refusal;

pub(crate) type Reply = Result<Value, Refusal>;

/// The account.
pub(crate) const ACCOUNT: &str = "111122223333";

/// Everything there is in an account.
#[derive(Clone, Default)]
pub(crate) struct Account {
    pub(super) channels: Objects,
    pub(super) endpoints: Objects,
    pub(super) distributions: Objects,
    /// Types of CloudFront that are one configuration, by the name of their type in the API.
    pub(super) configured: BTreeMap<&'static str, Objects>,
    pub(super) functions: Objects,
    /// The real-time log configurations of CloudFront, by ARN.
    pub(super) log_configs: Objects,
    /// The key value stores of CloudFront, by name.
    pub(super) stores: Objects,
    pub(crate) roles: Objects,
    pub(super) policies: Objects,
    pub(crate) users: Objects,
    pub(crate) groups: Objects,
    /// Instance profiles.
    pub(super) profiles: Objects,
    pub(super) secrets: Objects,
    /// The keys of KMS, by ID.
    pub(crate) keys: Objects,
    /// The tables of DynamoDB, by name.
    pub(crate) tables: Objects,
    /// The tags and the policies of tables and their streams, by ARN.
    pub(super) table_tags: Objects,
    pub(super) table_policies: Objects,
    /// The rules of EventBridge, by the value of `Ref`.
    pub(crate) rules: Objects,
    /// The state machines of Step Functions, by ARN.
    pub(super) state_machines: Objects,
    /// The event source mappings of Lambda, by UUID.
    pub(super) mappings: Objects,
    /// The functions of Lambda, by name.
    pub(crate) lambda_functions: Objects,
    /// The versions of layers, by ARN.
    pub(crate) layers: Objects,
    /// The highest number of each layer.
    pub(super) layer_numbers: BTreeMap<String, u64>,
    /// The versions of functions, by ARN.
    pub(crate) versions: Objects,
    /// The aliases of functions, by ARN.
    pub(super) aliases: Objects,
    /// The provisioned concurrency of versions and aliases, by ARN.
    pub(super) concurrency: Objects,
    /// The statements of the policies of functions, by function and ID.
    pub(crate) permissions: Objects,
    /// The topics of SNS, by ARN.
    pub(crate) topics: Objects,
    /// The subscriptions of SNS, by ARN.
    pub(crate) subscriptions: Objects,
    /// The policies of queues and topics, by URL and ARN.
    pub(crate) attached: BTreeMap<String, String>,
    /// The buckets of S3, by name.
    pub(crate) buckets: Objects,
    /// The flows of MediaConnect, by ARN.
    pub(crate) flows: Objects,
    /// The playback configurations of MediaTailor, by name.
    pub(super) playback: Objects,
    /// The projects of CodeBuild, by name.
    pub(super) projects: Objects,
    /// The objects of API Gateway, by type: APIs by ID, all others by `API|NAME`.
    pub(crate) gateway: BTreeMap<&'static str, Objects>,
    /// The objects of REST APIs of API Gateway, by type: APIs by ID, all others by `API|NAME`.
    pub(crate) rest_apis: BTreeMap<&'static str, Objects>,
    /// The schemas of GraphQL APIs, by the ID of the API.
    pub(crate) graphql_schemas: Objects,
    /// The record sets of Route 53, by hosted zone, name, type and set identifier.
    pub(crate) records: Objects,
    /// The changes of hosted zones that are under way: how often they have been asked about.
    pub(crate) changes: Objects,
    /// The certificates in the lists of listeners, by the listener's ARN.
    pub(crate) listener_certificates: BTreeMap<String, Vec<String>>,
    /// The rules of network ACLs, by ACL, direction and number.
    pub(crate) acl_rules: Objects,
    /// The permissions of network interfaces, by ID.
    pub(super) interface_permissions: Objects,
    /// The endpoints of Client VPN and their associations, by ID.
    pub(crate) client_vpns: Objects,
    pub(super) client_vpn_networks: Objects,
    /// The objects of EC2, by type.
    pub(crate) ec2: BTreeMap<&'static str, Objects>,
    /// The clusters of EMR that are described although they are terminated, by ID.
    pub(super) terminated: Objects,
    /// Objects of types that are data and whose service has no fake of its own, by type.
    pub(super) data: BTreeMap<&'static str, Objects>,
    /// Objects of types without a driver of their own.
    pub(crate) cloud_control: cloudcontrol::CloudControl,
    /// True if all types that are data are kept there.
    by_definition: bool,
    /// Kind and name of everything that was ever made.
    pub(crate) made: Vec<(&'static str, String)>,
    /// The number of times that a secret's value was put.
    pub(crate) values: usize,
    /// The number that everything which looks random is made of.
    number: u64,
}

/// Objects by their name or ID.
pub(crate) type Objects = BTreeMap<String, Value>;

impl Account {
    /// An empty account that keeps every type that is data as its file says, whether or not its
    /// service has a fake of its own.
    pub(crate) fn by_definition() -> Self {
        Self { by_definition: true, ..Self::default() }
    }

    /// Carries out a request.
    pub(super) fn carry_out(&mut self, call: &Call) -> Reply {
        let (name, input) = (call.operation.name.as_str(), &call.input);
        match call.service.name() {
            "cloudcontrolapi" => self.cloud_control.carry_out(name, input),
            "mediapackage" if self.by_definition => data_types::carry_out(self, call),
            "cloudfront" => configured::carry_out(self, name, input).unwrap_or_else(|| {
                if name.contains("Function") {
                    function::carry_out(self, name, input)
                } else if name.contains("RealtimeLogConfig") {
                    log_configs::carry_out(self, name, input)
                } else if name.contains("KeyValueStore") {
                    key_value_stores::carry_out(self, name, input)
                } else {
                    cloudfront::carry_out(self, name, input)
                }
            }),
            "apigateway" => rest_apis::carry_out(self, name, input),
            "apigatewayv2" => apigateway::carry_out(self, name, input),
            "appsync" => appsync::carry_out(self, name, input),
            service @ ("dax" | "dms") => provisioned::carry_out(self, service, name, input),
            "rds" if provisioned::concerns(self, name, input) => {
                provisioned::carry_out(self, "rds", name, input)
            }
            "elasticloadbalancing" => listener_certificates::carry_out(self, name, input),
            "elasticmapreduce" => emr::carry_out(self, name, input),
            "es" => elasticsearch::carry_out(self, name, input),
            "codebuild" => codebuild::carry_out(self, name, input),
            "fsx" => fsx::carry_out(self, name, input),
            "events" => events::carry_out(self, name, input),
            "kms" if !name.contains("Alias") => kms::carry_out(self, name, input),
            "lambda" if lambda_functions::concerns(name, input) => {
                lambda_functions::carry_out(self, name, input)
            }
            "lambda" if name.contains("Layer") => lambda_layers::carry_out(self, name, input),
            "lambda" => lambda::carry_out(self, name, input),
            "dynamodb" => dynamodb::carry_out(self, name, input),
            "ec2" if network_acl::concerns(name, input) => {
                network_acl::carry_out(self, name, input)
            }
            "ec2" if name.contains("NetworkInterfacePermission") => {
                interface_permissions::carry_out(self, name, input)
            }
            "ec2" if name.contains("ClientVpn") => client_vpn::carry_out(self, name, input),
            "ec2" => ec2::carry_out(self, name, input),
            "iam" if managed::concerns(name, input) => managed::carry_out(self, name, input),
            "iam" if name.contains("InstanceProfile") => {
                instance_profiles::carry_out(self, name, input)
            }
            "iam" if principals::concerns(name) => principals::carry_out(self, name, input),
            "iam" => iam::carry_out(self, name, input),
            "mediaconnect" => mediaconnect::carry_out(self, name, input),
            "mediapackage" => mediapackage::carry_out(self, name, input),
            "mediatailor" => mediatailor::carry_out(self, name, input),
            "docdb-elastic" | "rds" | "redshift" | "redshift-serverless" => {
                databases::carry_out(name, input)
            }
            "route53" => route53::carry_out(self, name, input),
            "s3" => s3::carry_out(self, name, input),
            "secretsmanager" => secrets::carry_out(self, name, input),
            "states" => states::carry_out(self, name, input),
            "sns" => sns::carry_out(self, name, input),
            "sqs" if attached::concerns(input) => attached::queue(self, name, input),
            "sts" => Ok(json!({
                "Account": ACCOUNT,
                "Arn": format!("arn:aws:iam::{ACCOUNT}:user/x"),
                "UserId": "AIDAX",
            })),
            _ => data_types::carry_out(self, call),
        }
    }

    /// A number that is used once.
    pub(super) fn next(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// An ID that is used once, such as `E0000000000000A7`.
    pub(super) fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}{:014}", self.next())
    }

    /// A point in time after all before it.
    pub(super) fn time(&mut self) -> String {
        let second = self.next();
        format!("2026-01-02T{:02}:{:02}:{:02}Z", second / 3600 % 24, second / 60 % 60, second % 60)
    }

    pub(super) fn note(&mut self, kind: &'static str, name: &str) {
        self.made.push((kind, name.to_owned()));
    }

    /// The current values of the secrets with a name.
    pub(crate) fn secrets_named(&self, name: &str) -> Vec<String> {
        let named = self.secrets.values().filter(|secret| secret["Name"] == name);
        named.filter_map(|secret| secrets::current(secret).map(str::to_owned)).collect()
    }

    /// The names of all objects, by kind: secrets that are going to be deleted, inline policies,
    /// policies of queues and topics, and rules of network ACLs have kinds of their own.
    pub(crate) fn inventory(&self) -> BTreeMap<&'static str, Vec<String>> {
        let names = |objects: &Objects| objects.keys().cloned().collect::<Vec<_>>();
        let mut out = BTreeMap::from([
            ("AWS::MediaPackage::Channel", names(&self.channels)),
            ("AWS::MediaPackage::OriginEndpoint", names(&self.endpoints)),
            ("AWS::CloudFront::Distribution", names(&self.distributions)),
            ("AWS::CloudFront::Function", self.arns(&self.functions)),
            ("AWS::CloudFront::KeyValueStore", names(&self.stores)),
            ("AWS::CloudFront::RealtimeLogConfig", names(&self.log_configs)),
            ("AWS::CodeBuild::Project", names(&self.projects)),
            ("AWS::DynamoDB::Table", names(&self.tables)),
            ("AWS::IAM::AccessKey", principals::keys(self)),
            ("AWS::IAM::Group", names(&self.groups)),
            ("AWS::IAM::InstanceProfile", names(&self.profiles)),
            ("AWS::IAM::Role", names(&self.roles)),
            ("AWS::IAM::User", names(&self.users)),
            ("AWS::Events::Rule", names(&self.rules)),
            ("AWS::KMS::Key", kms::ids(self, false)),
            ("deleted keys", kms::ids(self, true)),
            ("AWS::Lambda::Alias", names(&self.aliases)),
            ("AWS::Lambda::EventSourceMapping", names(&self.mappings)),
            ("AWS::Lambda::Function", names(&self.lambda_functions)),
            ("AWS::Lambda::LayerVersion", names(&self.layers)),
            ("AWS::Lambda::Permission", names(&self.permissions)),
            ("AWS::Lambda::Version", names(&self.versions)),
            ("concurrency", names(&self.concurrency)),
            ("AWS::S3::Bucket", names(&self.buckets)),
            ("AWS::S3::BucketPolicy", s3::with_policy(self)),
            ("AWS::SNS::Topic", names(&self.topics)),
            ("AWS::StepFunctions::StateMachine", names(&self.state_machines)),
            ("AWS::MediaConnect::Flow", names(&self.flows)),
            ("AWS::MediaConnect::FlowOutput", mediaconnect::attached::arns(self, "Outputs")),
            ("AWS::MediaConnect::FlowSource", mediaconnect::attached::arns(self, "Sources")),
            ("AWS::MediaTailor::PlaybackConfiguration", names(&self.playback)),
            ("AWS::EC2::ClientVpnEndpoint", names(&self.client_vpns)),
            ("AWS::EC2::ClientVpnTargetNetworkAssociation", names(&self.client_vpn_networks)),
            ("AWS::IAM::ManagedPolicy", self.arns(&self.policies)),
        ]);
        for (kind, objects) in &self.configured {
            out.insert(configured::resource_type(kind), names(objects));
        }
        for (type_name, objects) in &self.gateway {
            let own = |key: &String| key.rsplit('|').next().unwrap_or_default().to_owned();
            out.insert(type_name, objects.keys().map(own).collect());
        }
        for (type_name, names) in rest_apis::inventory(self) {
            out.entry(type_name).or_default().extend(names);
        }
        for (type_name, names) in ec2::inventory(self) {
            out.insert(type_name, names);
        }
        let granted = self.interface_permissions.iter();
        let granted = granted.filter(|(_, it)| it["PermissionState"]["State"] != "revoked");
        let granted = granted.map(|(id, _)| id.clone()).collect();
        out.insert("AWS::EC2::NetworkInterfacePermission", granted);
        for (type_name, objects) in &self.data {
            out.insert(type_name, names(objects));
        }
        for (type_name, name) in self.cloud_control.inventory() {
            out.entry(type_name).or_default().push(name);
        }
        let with_policy = self.secrets.values().filter(|secret| !secret["policy"].is_null());
        let with_policy = with_policy.filter(|secret| secret.get("DeletedDate").is_none());
        let with_policy = with_policy.map(|secret| text(secret, "ARN")).collect();
        out.insert("AWS::SecretsManager::ResourcePolicy", with_policy);
        let attached = self.secrets.values().filter(|secret| secrets::is_attached(secret));
        let attached = attached.filter(|secret| secret.get("DeletedDate").is_none());
        let attached = attached.map(|secret| text(secret, "ARN")).collect();
        out.insert(secrets::ATTACHMENT, attached);
        let rotated = self.secrets.values().filter(|secret| secret["RotationEnabled"] == true);
        let rotated = rotated.filter(|secret| secret.get("DeletedDate").is_none());
        let rotated = rotated.map(|secret| text(secret, "ARN")).collect();
        out.insert("AWS::SecretsManager::RotationSchedule", rotated);
        let (gone, there): (Vec<_>, Vec<_>) =
            self.secrets.values().partition(|secret| secret.get("DeletedDate").is_some());
        let arns = |secrets: Vec<&Value>| secrets.iter().map(|s| text(s, "ARN")).collect();
        out.insert("AWS::SecretsManager::Secret", arns(there));
        out.insert("scheduled", arns(gone));
        let inline = self.roles.iter().flat_map(|(role, object)| {
            let inline = object["inline"].as_object().into_iter().flatten();
            inline.map(move |(name, _)| format!("{role}/{name}"))
        });
        out.insert("inline", inline.collect());
        for kind in ["AWS::SNS::Subscription", "subscriptions of topics"] {
            out.insert(kind, sns::subscriptions(self, kind));
        }
        out.insert("acl rules", names(&self.acl_rules));
        out.insert("records", names(&self.records));
        let certificates = self.listener_certificates.iter();
        let certificates = certificates
            .flat_map(|(listener, arns)| arns.iter().map(move |arn| format!("{listener} {arn}")));
        out.insert("certificates of listeners", certificates.collect());
        let members = self.users.iter().flat_map(|(user, object)| {
            let groups = object["groups"].as_array().into_iter().flatten();
            groups.map(move |group| format!("{} {user}", group.as_str().unwrap_or_default()))
        });
        out.insert("members of groups", members.collect());
        out.insert("attached", self.attached.keys().cloned().collect());
        out.retain(|_, names| !names.is_empty());
        out
    }

    fn arns(&self, objects: &Objects) -> Vec<String> {
        objects.values().map(|object| text(object, "Arn")).collect()
    }
}

/// A refusal.
pub(super) fn refuse(status: u16, code: &str, message: &str) -> Refusal {
    let (code, message) = (Some(code.to_owned()), Some(message.to_owned()));
    Refusal { status, code, message, request_id: None }
}

/// The text of a member, empty if there is none.
pub(super) fn text(object: &Value, member: &str) -> String {
    object.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// These members of an input, as far as they are there.
pub(super) fn members(input: &Value, names: &[&str]) -> Value {
    let there = |name: &&str| Some(((*name).to_owned(), input.get(*name)?.clone()));
    Value::Object(names.iter().filter_map(there).collect::<Map<_, _>>())
}

/// Tags that are a list of keys and values.
pub(super) fn set_tags(tags: &mut Value, new: &Value) {
    let Value::Array(list) = tags else { panic!("tags are a list") };
    for tag in new.as_array().into_iter().flatten() {
        list.retain(|old| old["Key"] != tag["Key"]);
        list.push(tag.clone());
    }
}

/// [`set_tags`], the other way round.
pub(super) fn unset_tags(tags: &mut Value, keys: &Value) {
    let gone = |key: &Value| keys.as_array().is_some_and(|keys| keys.contains(key));
    if let Value::Array(list) = tags {
        list.retain(|tag| !gone(&tag["Key"]));
    }
}

/// A list, empty if it is not there.
pub(super) fn list(value: Option<&Value>) -> Value {
    value.filter(|value| value.is_array()).cloned().unwrap_or_else(|| json!([]))
}
