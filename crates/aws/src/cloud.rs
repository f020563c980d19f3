//! AWS as the engine sees it: drivers by resource type, the caller, the store of secrets.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use rstack_catalog::Registry;
use rstack_driver::custom::CustomResource;
use rstack_driver::signals::{self, SignalTransport};
use rstack_driver::{
    BucketAccess, CallInFlight, Cloud, Direct, DirectDriver, DriverError, ErrorKind, Identity,
    ManagedStacks, Noop, OpenBucket, OpenRegistry, RegistryAccess, ResourceDriver, SecretStore,
};
use rstack_model::state::Environment;
use rstack_model::value::Lookup;
use rstack_model::{
    AccountId, KnownMap, Partition, Region, ResourceType, SecretString, TemplateAddress, Value,
};

use crate::api::Api;
use crate::client::{Clients, Pacing, Web};
use crate::cloud_control::CloudControl;
use crate::configuration::{ConnectOptions, Source, bounded};
use crate::custom::{AccountReach, Handlers};
use crate::definition::{Service, TypeDefinition};
use crate::final_snapshot::Snapshotting;
use crate::lookup::Stacks;
use crate::rest_json::RestDriver;
use crate::secrets::Secrets;
use crate::stored_document::{CallersObjects, StoredDocument};
use crate::{
    apigateway, apigatewayv2, appsync, attached_policy, cloudfront, codebuild, dynamodb, ec2, ecr,
    emr, events, iam, kms, lambda, lookup, mediaconnect, mediatailor, members, provisioned,
    route53, s3, secretsmanager, sns, stepfunctions, stored_document,
};

/// The driver that serves a type in AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serving {
    /// A driver of its own.
    Native,
    /// The generic driver, through Cloud Control.
    CloudControl,
}

/// One AWS account in one Region.
pub struct AwsCloud {
    region: Region,
    clients: Arc<Clients>,
    secrets: Secrets,
    stacks: Stacks,
    handlers: Arc<Handlers>,
    turns: Arc<apigatewayv2::Turns>,
}

impl fmt::Debug for AwsCloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsCloud").field("region", &self.region).finish_non_exhaustive()
    }
}

impl AwsCloud {
    /// Reads the AWS configuration as every AWS tool does: environment, profiles, SSO, roles,
    /// `AWS_ENDPOINT_URL`. No service is called, except what finds the Region of an instance.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] if nothing says which Region it is.
    pub async fn connect(options: ConnectOptions) -> Result<Self, DriverError> {
        let config = options.load().await;
        let Some(region) = config.region().map(|region| Region::new(region.as_ref())) else {
            return Err(no_region(options.profile.as_deref()));
        };
        let chosen = options.clone();
        let clients = Clients::renewed_by(config, Arc::new(options));
        Ok(Self::with(clients, region, chosen))
    }

    /// The driver of the type, whatever the account; `None` if no driver serves it.
    pub fn serves(resource_type: &ResourceType) -> Option<Serving> {
        let nowhere = Self::over(SdkConfig::builder().build(), Region::new("us-east-1"));
        let driver = nowhere.driver(resource_type)?;
        Some(match driver.name() {
            CloudControl::NAME => Serving::CloudControl,
            _ => Serving::Native,
        })
    }

    pub(crate) fn over(config: SdkConfig, region: Region) -> Self {
        Self::with(
            Clients::new(bounded(config, true), Pacing::Off),
            region,
            ConnectOptions::default(),
        )
    }

    fn with(clients: Clients, region: Region, chosen: ConnectOptions) -> Self {
        let secrets = Secrets::new(clients.api(Service::SECRETSMANAGER), clients.api(Service::SSM));
        let stacks = Stacks::new(clients.api(Service::CLOUDFORMATION));
        let clients = Arc::new(clients);
        let reach = AccountReach { clients: Arc::clone(&clients), region: region.clone() };
        let handlers = Handlers::new(Arc::new(reach), region.clone(), chosen.response_bucket);
        let handlers = if chosen.no_built_in { handlers.without_built_in() } else { handlers };
        let (handlers, turns) = (Arc::new(handlers), Arc::default());
        Self { region, clients, secrets, stacks, handlers, turns }
    }
}

fn no_region(profile: Option<&str>) -> DriverError {
    let profile = profile.map_or_else(String::new, |name| format!(" `{name}`"));
    let message = format!(
        "no AWS Region is configured; looked for --region, the environment variables AWS_REGION \
         and AWS_DEFAULT_REGION, and `region` in the profile{profile} of ~/.aws/config"
    );
    DriverError::new(ErrorKind::Credentials, "configuration", message)
}

/// The text of a member of an answer.
fn text<'a>(output: &'a KnownMap, name: &str, host: &str) -> Result<&'a str, DriverError> {
    output
        .get(name)
        .and_then(|value| value.as_str())
        .ok_or_else(|| not_aws(host, &format!("it has no `{name}`")))
}

/// The error of a caller's identity that AWS does not give.
fn not_aws(host: &str, problem: &str) -> DriverError {
    let message = format!(
        "the answer of {host} is not one of AWS's: {problem}; is a proxy in between, or another \
         endpoint configured?"
    );
    DriverError::new(ErrorKind::Unreachable, "sts:GetCallerIdentity", message)
}

/// The account of a caller's identity, which its ARN names, too.
fn account(output: &KnownMap, arn: &str, host: &str) -> Result<AccountId, DriverError> {
    let account = text(output, "Account", host)?;
    let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || arn.split(':').nth(4) != Some(account) {
        return Err(not_aws(host, "its `Account` is not that of its `Arn`"));
    }
    Ok(AccountId::new(account))
}

/// The caller.
///
/// # Errors
/// If there are no credentials, or the service does not accept them or cannot be reached.
pub(crate) async fn identity(clients: &Clients, region: &Region) -> Result<Identity, DriverError> {
    let sts = clients.api(Service::STS);
    let output = sts.call("GetCallerIdentity", KnownMap::new()).await?;
    let host = sts.host();
    let caller = text(&output, "Arn", &host)?.to_owned();
    let partition = caller.split(':').nth(1).filter(|part| !part.is_empty());
    let partition = partition.map_or_else(|| Partition::of_region(region), Partition::new);
    let account = account(&output, &caller, &host)?;
    let region = region.clone();
    let environment = Environment { account, region, partition, sandbox: false };
    Ok(Identity { environment, caller })
}

#[async_trait]
impl Cloud for AwsCloud {
    async fn identity(&self) -> Result<Identity, DriverError> {
        let identity = identity(&self.clients, &self.region).await?;
        self.clients.belong_to(&identity.environment.account);
        Ok(identity)
    }

    fn driver(&self, resource_type: &ResourceType) -> Option<Arc<dyn ResourceDriver>> {
        if Noop::serves(resource_type) {
            return Some(Arc::new(Noop));
        }
        let signals = || Arc::<Handlers>::clone(&self.handlers) as Arc<dyn SignalTransport>;
        if let Some(driver) = signals::driver(resource_type, signals) {
            return Some(driver);
        }
        if resource_type.is_custom() {
            let transport = Arc::<Handlers>::clone(&self.handlers);
            return Some(Arc::new(CustomResource::new(resource_type.clone(), transport)));
        }
        let api = |service| self.clients.api(service);
        match TypeDefinition::of(resource_type) {
            Ok(Some(kind)) => {
                return Some(Arc::new(Direct(Arc::new(RestDriver::new(api(kind.service), kind)))));
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "no driver"),
        }
        let service = resource_type.service()?;
        if service == "DynamoDB"
            && let Some(driver) = dynamodb::driver(resource_type, &api(Service::DYNAMODB))
        {
            return Some(driver);
        }
        if service == "Route53"
            && let Some(driver) = route53::driver(resource_type, &api(Service::ROUTE53))
        {
            return Some(driver);
        }
        if resource_type.as_str() == emr::TYPE {
            return Some(Arc::new(emr::Cluster::new(api(Service::ELASTICMAPREDUCE))));
        }
        if let Some(driver) = ec2::polled_driver(resource_type, || api(Service::EC2)) {
            return Some(driver);
        }
        if let Some(driver) = provisioned::driver(resource_type, api) {
            return Some(Snapshotting::around(driver, resource_type, api));
        }
        let driver = match service {
            "ApiGateway" => {
                apigateway::driver(resource_type, &self.clients, &self.region, &self.turns)
            }
            "ApiGatewayV2" => {
                apigatewayv2::driver(resource_type, &self.clients, &self.region, &self.turns)
            }
            "AppSync" => appsync::driver(resource_type, &api(Service::APPSYNC)),
            "CloudFront" => cloudfront::driver(resource_type, &api(Service::CLOUDFRONT)),
            "CodeBuild" => codebuild::driver(resource_type, &api(Service::CODEBUILD)),
            "ElasticLoadBalancingV2" => {
                load_balancing_driver(resource_type, api(Service::ELASTICLOADBALANCING))
            }
            "EC2" => ec2::driver(resource_type, &api(Service::EC2)),
            "Events" => events::driver(resource_type, &api(Service::EVENTS)),
            "IAM" => iam_driver(resource_type, api(Service::IAM)),
            "KMS" => kms::driver(resource_type, &api(Service::KMS)),
            "Lambda" => lambda::driver(resource_type, &api(Service::LAMBDA)),
            "MediaConnect" => mediaconnect::driver(resource_type, &api(Service::MEDIACONNECT)),
            "MediaTailor" => mediatailor::driver(resource_type, &api(Service::MEDIATAILOR)),
            "S3" => s3::driver(resource_type, &api(Service::S3), &self.region),
            "SecretsManager" => secretsmanager_driver(resource_type, &self.clients),
            "SNS" => sns::driver(resource_type, &self.clients, &self.region),
            "StepFunctions" => stepfunctions::driver(resource_type, &api(Service::STATES)),
            "SQS" => attached_policy::driver(resource_type, &api(Service::SQS)),
            _ => None,
        };
        if let Some(driver) = driver {
            let Some(rule) = stored_document::rule(resource_type) else {
                return Some(Arc::new(Direct(driver)));
            };
            let (clients, region) = (Arc::clone(&self.clients), self.region.clone());
            let objects = Arc::new(CallersObjects { clients, region });
            return Some(Arc::new(Direct(StoredDocument::around(driver, rule, objects))));
        }
        let schema = Registry::embedded().get(resource_type.as_str()).ok().flatten()?;
        let driver = Arc::new(CloudControl::of(api(Service::CLOUDCONTROLAPI), schema)?);
        Some(Snapshotting::around(driver, resource_type, api))
    }

    async fn lookup(&self, lookup: &Lookup) -> Result<Value, DriverError> {
        match lookup {
            Lookup::Zones(region) if *region == self.region => {
                lookup::zones(self.clients.api(Service::EC2).as_ref()).await
            }
            Lookup::Zones(region) => {
                let there = self.clients.in_region(region);
                lookup::zones(there.api(Service::EC2).as_ref()).await
            }
            Lookup::Parameter(parameter) => {
                self.secrets.parameters().plain(parameter).await.map(Value::from)
            }
            Lookup::Attribute { resource_type, id, attribute } => {
                let api = self.clients.api(Service::EC2);
                lookup::attribute(api.as_ref(), resource_type.as_str(), id, attribute).await
            }
            Lookup::Exports => self.stacks.exported().await,
            Lookup::StackOutputs { stack, region, role: None } if *region == self.region => {
                self.stacks.outputs(stack).await
            }
            Lookup::StackOutputs { stack, region, role: None } => {
                let there = self.clients.in_region(region);
                Stacks::new(there.api(Service::CLOUDFORMATION)).outputs(stack).await
            }
            Lookup::StackOutputs { stack, region, role: Some(role) } => {
                let there = self.clients.assuming(role, None, region).await?;
                Stacks::new(there.api(Service::CLOUDFORMATION)).outputs(stack).await
            }
        }
    }

    fn managed_stacks(&self) -> Option<&dyn ManagedStacks> {
        Some(&self.stacks)
    }

    fn secrets(&self) -> &dyn SecretStore {
        &self.secrets
    }

    async fn bucket(&self, access: &BucketAccess) -> Result<OpenBucket, DriverError> {
        s3::open(&self.clients, access).await
    }

    async fn registry(&self, access: &RegistryAccess) -> Result<OpenRegistry, DriverError> {
        Ok(ecr::open(&self.clients, access).await)
    }

    async fn template(
        &self,
        address: &TemplateAddress,
        limit: u64,
    ) -> Result<Vec<u8>, DriverError> {
        match address {
            TemplateAddress::S3(address) => {
                s3::template(&self.clients, &self.region, address, limit).await
            }
            TemplateAddress::Web(address) => self.clients.web(&Web::Guarded, address, limit).await,
        }
    }

    async fn response_bucket(&self) -> Result<(), DriverError> {
        self.handlers.response_bucket().await.map(|_| ())
    }

    async fn signal_bucket(&self, several: bool) -> Result<(), DriverError> {
        self.handlers.signal_bucket(several).await
    }

    async fn signal_url(&self, handle: &str) -> Result<SecretString, DriverError> {
        self.handlers.signal_url(handle).await
    }

    async fn make_parameter(&self, name: &str, text: &str) -> Result<bool, DriverError> {
        let input = KnownMap::from([
            ("Name".to_owned(), name.into()),
            ("Type".to_owned(), "String".into()),
            ("Value".to_owned(), text.into()),
        ]);
        match self.clients.api(Service::SSM).call("PutParameter", input).await {
            Ok(_) => Ok(true),
            Err(error) if error.has_code("ParameterAlreadyExists") => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn in_flight(&self) -> Vec<CallInFlight> {
        self.clients.in_flight()
    }
}

fn iam_driver(resource_type: &ResourceType, api: Arc<dyn Api>) -> Option<Arc<dyn DirectDriver>> {
    Some(match resource_type.as_str() {
        "AWS::IAM::AccessKey" => Arc::new(iam::AccessKey::new(api)),
        "AWS::IAM::Group" => Arc::new(iam::Group::new(api)),
        "AWS::IAM::InstanceProfile" => Arc::new(iam::InstanceProfile::new(api)),
        "AWS::IAM::ManagedPolicy" => Arc::new(iam::ManagedPolicy::new(api)),
        "AWS::IAM::Policy" => Arc::new(iam::Policy::new(api)),
        "AWS::IAM::Role" => Arc::new(iam::Role::new(api)),
        "AWS::IAM::User" => Arc::new(iam::User::new(api)),
        "AWS::IAM::UserToGroupAddition" => Arc::new(members::Addition(iam::UsersOfGroup::new(api))),
        _ => return None,
    })
}

fn load_balancing_driver(
    resource_type: &ResourceType,
    api: Arc<dyn Api>,
) -> Option<Arc<dyn DirectDriver>> {
    match resource_type.as_str() {
        "AWS::ElasticLoadBalancingV2::ListenerCertificate" => {
            Some(Arc::new(members::Addition(members::ListenerCertificates(api))))
        }
        _ => None,
    }
}

fn secretsmanager_driver(
    resource_type: &ResourceType,
    clients: &Clients,
) -> Option<Arc<dyn DirectDriver>> {
    let api = clients.api(Service::SECRETSMANAGER);
    match resource_type.as_str() {
        "AWS::SecretsManager::ResourcePolicy" => {
            Some(Arc::new(secretsmanager::ResourcePolicy::new(api)))
        }
        "AWS::SecretsManager::RotationSchedule" => {
            Some(Arc::new(secretsmanager::RotationSchedule::new(api)))
        }
        "AWS::SecretsManager::Secret" => Some(Arc::new(secretsmanager::Secret::new(api))),
        "AWS::SecretsManager::SecretTargetAttachment" => {
            Some(Arc::new(secretsmanager::TargetAttachment::new(clients)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_type_has_the_driver_that_its_handlers_allow() {
        let cloud = AwsCloud::over(SdkConfig::builder().build(), Region::new("eu-west-1"));
        let name = |name: &str| cloud.driver(&name.into()).map(|driver| driver.name());
        let listed = Service::ALL.iter().flat_map(|service| &service.file().unwrap().drivers);
        let native: BTreeSet<&str> =
            listed.map(String::as_str).chain(TypeDefinition::names()).collect();
        assert!(native.len() >= 12, "{native:?}");
        let mut generic = 0;
        for known in Registry::embedded().names() {
            let schema = Registry::embedded().get(known).unwrap().unwrap();
            let expected = if native.contains(known) {
                Some("native")
            } else if Noop::serves(&known.into()) {
                Some("none")
            } else if signals::serves(&known.into()) {
                Some("signals")
            } else if ResourceType::from(known).is_custom() {
                Some(CustomResource::NAME)
            } else {
                schema.unserved_by_cloud_control().is_none().then_some("cloud-control")
            };
            assert_eq!(name(known), expected, "{known}");
            generic += usize::from(expected == Some("cloud-control"));
        }
        let all = generic + native.len();
        assert!(generic >= 1650 && all >= 1750, "{generic} types by Cloud Control, {all} in all");
        assert_eq!(name("AWS::CDK::Metadata"), Some("none"));
        assert_eq!(name("AWS::CloudFormation::WaitConditionHandle"), Some("signals"));
        assert_eq!(name("Custom::Thing"), Some(CustomResource::NAME));
        assert_eq!(name("X"), None);
        let generic = "AWS::AppConfig::Application";
        assert_eq!(AwsCloud::serves(&generic.into()), Some(Serving::CloudControl));
        assert_eq!(AwsCloud::serves(&"AWS::IAM::Role".into()), Some(Serving::Native));
    }
}
