//! Attributes: what `Fn::GetAtt` gives.
//!
//! An attribute is a property that only the service sets, or something inside of one. For some
//! types `Fn::GetAtt` also gives back properties that templates declare; the registry does not say
//! which, AWS's service specification does.

use rstack_model::PropertyPath;

use crate::type_schema::TypeSchema;

/// Attributes that are not read-only, by type. Source: the attributes of the types in
/// `@aws-cdk/aws-service-spec` 0.1.216 that cfn-lint 1.58.0's copy of the registry has as
/// properties and does not list as read-only.
const DECLARED: &[(&str, &[&str])] = &[
    ("AWS::Amplify::Branch", &["BranchName"]),
    (
        "AWS::Amplify::Domain",
        &[
            "AutoSubDomainCreationPatterns",
            "AutoSubDomainIAMRole",
            "DomainName",
            "EnableAutoSubDomain",
        ],
    ),
    (
        "AWS::AppMesh::GatewayRoute",
        &["GatewayRouteName", "MeshName", "MeshOwner", "VirtualGatewayName"],
    ),
    ("AWS::AppMesh::Mesh", &["MeshName"]),
    ("AWS::AppMesh::Route", &["MeshName", "MeshOwner", "RouteName", "VirtualRouterName"]),
    ("AWS::AppMesh::VirtualGateway", &["MeshName", "MeshOwner", "VirtualGatewayName"]),
    ("AWS::AppMesh::VirtualNode", &["MeshName", "MeshOwner", "VirtualNodeName"]),
    ("AWS::AppMesh::VirtualRouter", &["MeshName", "MeshOwner", "VirtualRouterName"]),
    ("AWS::AppMesh::VirtualService", &["MeshName", "MeshOwner", "VirtualServiceName"]),
    ("AWS::AppSync::DataSource", &["Name"]),
    ("AWS::AppSync::DomainName", &["DomainName"]),
    ("AWS::AppSync::FunctionConfiguration", &["DataSourceName", "Name"]),
    ("AWS::AppSync::Resolver", &["FieldName", "TypeName"]),
    ("AWS::Backup::BackupSelection", &["BackupPlanId"]),
    ("AWS::Backup::BackupVault", &["BackupVaultName"]),
    ("AWS::BedrockAgentCore::OnlineEvaluationConfig", &["OutputConfig"]),
    ("AWS::CleanRooms::AnalysisTemplate", &["Schema"]),
    ("AWS::Cloud9::EnvironmentEC2", &["Name"]),
    ("AWS::CloudWatch::InsightRule", &["RuleName"]),
    ("AWS::CodeArtifact::Repository", &["DomainName"]),
    ("AWS::DocDB::DBCluster", &["Port"]),
    ("AWS::EC2::CapacityReservation", &["AvailabilityZone", "InstanceType", "Tenancy"]),
    ("AWS::EC2::Instance", &["AvailabilityZone"]),
    ("AWS::EC2::SecurityGroup", &["VpcId"]),
    (
        "AWS::EC2::Subnet",
        &["AvailabilityZone", "AvailabilityZoneId", "CidrBlock", "OutpostArn", "VpcId"],
    ),
    ("AWS::EC2::VPC", &["CidrBlock"]),
    ("AWS::EFS::MountTarget", &["IpAddress"]),
    ("AWS::EKS::Nodegroup", &["ClusterName", "NodegroupName"]),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", &["SecurityGroups"]),
    ("AWS::EventSchemas::Discoverer", &["CrossAccount"]),
    ("AWS::EventSchemas::Registry", &["RegistryName"]),
    ("AWS::EventSchemas::Schema", &["SchemaName"]),
    ("AWS::Events::EventBus", &["Name", "Policy"]),
    ("AWS::GameLift::GameSessionQueue", &["Name"]),
    ("AWS::GameLift::MatchmakingConfiguration", &["Name"]),
    ("AWS::GameLift::MatchmakingRuleSet", &["Name"]),
    ("AWS::Grafana::Workspace", &["GrafanaVersion"]),
    ("AWS::Greengrass::ConnectorDefinition", &["Name"]),
    ("AWS::Greengrass::CoreDefinition", &["Name"]),
    ("AWS::Greengrass::DeviceDefinition", &["Name"]),
    ("AWS::Greengrass::FunctionDefinition", &["Name"]),
    ("AWS::Greengrass::Group", &["Name", "RoleArn"]),
    ("AWS::Greengrass::LoggerDefinition", &["Name"]),
    ("AWS::Greengrass::ResourceDefinition", &["Name"]),
    ("AWS::Greengrass::SubscriptionDefinition", &["Name"]),
    ("AWS::ImageBuilder::Component", &["Name"]),
    ("AWS::ImageBuilder::ContainerRecipe", &["Name"]),
    ("AWS::ImageBuilder::DistributionConfiguration", &["Name"]),
    ("AWS::ImageBuilder::ImagePipeline", &["Name"]),
    ("AWS::ImageBuilder::ImageRecipe", &["Name"]),
    ("AWS::ImageBuilder::InfrastructureConfiguration", &["Name"]),
    ("AWS::Kinesis::StreamConsumer", &["ConsumerName", "StreamARN"]),
    ("AWS::ManagedBlockchain::Member", &["NetworkId"]),
    ("AWS::ManagedBlockchain::Node", &["MemberId", "NetworkId"]),
    ("AWS::MediaConvert::JobTemplate", &["Name"]),
    ("AWS::MediaConvert::Preset", &["Name"]),
    ("AWS::MediaConvert::Queue", &["Name"]),
    ("AWS::MediaLive::Input", &["Destinations", "Sources"]),
    ("AWS::OpsWorks::Instance", &["AvailabilityZone"]),
    ("AWS::OpsWorks::UserProfile", &["SshUsername"]),
    ("AWS::QuickSight::Analysis", &["Errors", "Sheets"]),
    ("AWS::RDS::DBInstance", &["DBSystemId"]),
    ("AWS::RDS::DBParameterGroup", &["DBParameterGroupName"]),
    ("AWS::RedshiftServerless::Workgroup", &["Workgroup"]),
    ("AWS::RoboMaker::RobotApplication", &["CurrentRevisionId"]),
    ("AWS::RoboMaker::SimulationApplication", &["CurrentRevisionId"]),
    (
        "AWS::Route53Resolver::ResolverEndpoint",
        &["Direction", "Name", "OutpostArn", "PreferredInstanceType", "ResolverEndpointType"],
    ),
    (
        "AWS::Route53Resolver::ResolverRule",
        &["DomainName", "Name", "ResolverEndpointId", "TargetIps"],
    ),
    ("AWS::Route53Resolver::ResolverRuleAssociation", &["Name", "ResolverRuleId", "VPCId"]),
    ("AWS::S3::AccessPoint", &["Name"]),
    ("AWS::SNS::Topic", &["TopicName"]),
    ("AWS::SQS::Queue", &["QueueName"]),
    ("AWS::SSM::Parameter", &["Type", "Value"]),
    ("AWS::SSM::ResourceDataSync", &["SyncName"]),
    ("AWS::SageMaker::CodeRepository", &["CodeRepositoryName"]),
    ("AWS::SageMaker::Endpoint", &["EndpointName"]),
    ("AWS::SageMaker::EndpointConfig", &["EndpointConfigName"]),
    ("AWS::SageMaker::Model", &["ModelName"]),
    ("AWS::SageMaker::NotebookInstance", &["NotebookInstanceName"]),
    ("AWS::SageMaker::NotebookInstanceLifecycleConfig", &["NotebookInstanceLifecycleConfigName"]),
    ("AWS::SageMaker::Workteam", &["WorkteamName"]),
    ("AWS::ServiceDiscovery::Service", &["Name"]),
    ("AWS::StepFunctions::Activity", &["Name"]),
    ("AWS::Transfer::User", &["ServerId", "UserName"]),
];

/// Attributes whose value is a secret, by type. Source: the attributes' descriptions in the
/// registry and in the AWS CloudFormation User Guide.
const SECRET: &[(&str, &[&str])] = &[
    ("AWS::AppSync::ApiKey", &["ApiKey"]),
    ("AWS::Cognito::UserPoolClient", &["ClientSecret"]),
    ("AWS::IAM::AccessKey", &["SecretAccessKey"]),
    ("AWS::ManagedBlockchain::Accessor", &["BillingToken"]),
    // The ingest endpoints hold user names and passwords.
    ("AWS::MediaPackage::Channel", &["HlsIngest"]),
];

fn listed(table: &[(&str, &'static [&'static str])], type_name: &str) -> &'static [&'static str] {
    table.iter().find(|(name, _)| *name == type_name).map_or(&[], |(_, names)| names)
}

/// Whether a dotted name is this one or lies under it.
fn lies_under(name: &str, upper: &str) -> bool {
    name.strip_prefix(upper).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl TypeSchema {
    /// Whether `Fn::GetAtt` takes this dotted name. Types whose outputs depend on what they run
    /// take `Outputs.` and any name.
    pub fn has_attribute(&self, name: &str) -> bool {
        let runs_a_template = matches!(
            self.name(),
            "AWS::CloudFormation::Stack" | "AWS::ServiceCatalog::CloudFormationProvisionedProduct"
        );
        if runs_a_template && name.starts_with("Outputs.") {
            return true;
        }
        let path = name.split('.').fold(PropertyPath::root(), |path, part| path.name(part));
        let mut declared = self.declared_attributes().iter();
        let given = self.is_read_only(&path) || declared.any(|upper| lies_under(name, upper));
        given && self.node(&path).is_some()
    }

    /// The attributes that are properties which templates may declare.
    pub fn declared_attributes(&self) -> &'static [&'static str] {
        listed(DECLARED, self.name())
    }

    /// The names that `Fn::GetAtt` takes, sorted.
    pub fn attributes(&self) -> Vec<String> {
        let declared = self.declared_attributes().iter().map(|name| (*name).to_owned());
        let named = self.read_only().iter().filter(|path| path.concrete().is_some());
        let mut names: Vec<String> = named.map(ToString::to_string).chain(declared).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Whether what `Fn::GetAtt` gives for this name is a secret or holds one.
    pub fn is_secret_attribute(&self, name: &str) -> bool {
        let mut secret = listed(SECRET, self.name()).iter();
        secret.any(|secret| lies_under(name, secret) || lies_under(secret, name))
    }
}
