//! Foreign objects that have the names that a stack wants: they are reported, left alone and never
//! taken, wherever the run dies.

use rstack_apply::{ApplyError, RecoverError};
use rstack_model::event::RunEnd;
use rstack_ops::OpsError;

use super::bench::{Bench, Ended, wanted};
use crate::test::fake::Fault;

/// A stack of one resource with a name of its own, for every type that has names.
const TYPES: [(&str, &str); 26] = [
    ("AWS::Cognito::UserPoolGroup", "{UserPoolId: eu_theirs, GroupName: mine, Description: text}"),
    ("AWS::Logs::LogGroup", "{LogGroupName: mine, RetentionInDays: 7}"),
    ("AWS::SSM::Parameter", "{Name: mine, Type: String, Value: text}"),
    ("AWS::SQS::Queue", "{QueueName: mine, DelaySeconds: 5}"),
    (
        "AWS::Lambda::Function",
        "{FunctionName: mine, Role: 'arn:aws:iam::111122223333:role/r', Runtime: java21, Handler: a.B, \
         Code: {S3Bucket: bucket, S3Key: key}}",
    ),
    ("AWS::KMS::Alias", "{AliasName: alias/mine, TargetKeyId: 1234}"),
    (
        "AWS::CloudWatch::Alarm",
        "{AlarmName: mine, ComparisonOperator: LessThanThreshold, EvaluationPeriods: 2, Threshold: 1}",
    ),
    ("AWS::MediaPackage::Channel", "{Id: mine}"),
    (
        "AWS::CloudFront::CachePolicy",
        "{CachePolicyConfig: {Name: mine, MinTTL: 1, MaxTTL: 60, DefaultTTL: 9, \
         ParametersInCacheKeyAndForwardedToOrigin: {EnableAcceptEncodingGzip: true, \
         HeadersConfig: {HeaderBehavior: none}, CookiesConfig: {CookieBehavior: none}, \
         QueryStringsConfig: {QueryStringBehavior: none}}}}",
    ),
    (
        "AWS::CloudFront::OriginRequestPolicy",
        "{OriginRequestPolicyConfig: {Name: mine, HeadersConfig: {HeaderBehavior: none}, \
         CookiesConfig: {CookieBehavior: all}, QueryStringsConfig: {QueryStringBehavior: all}}}",
    ),
    (
        "AWS::CloudFront::ResponseHeadersPolicy",
        "{ResponseHeadersPolicyConfig: {Name: mine, \
         RemoveHeadersConfig: {Items: [{Header: Server}]}}}",
    ),
    (
        "AWS::CloudFront::OriginAccessControl",
        "{OriginAccessControlConfig: {Name: mine, OriginAccessControlOriginType: s3, \
         SigningBehavior: always, SigningProtocol: sigv4}}",
    ),
    (
        "AWS::CloudFront::Function",
        "{Name: mine, AutoPublish: true, FunctionCode: 'function handler(e) { return e; }', \
         FunctionConfig: {Comment: '', Runtime: cloudfront-js-2.0}}",
    ),
    (
        "AWS::CloudFront::PublicKey",
        "{PublicKeyConfig: {Name: mine, CallerReference: mine, EncodedKey: MIIB}}",
    ),
    ("AWS::CloudFront::KeyGroup", "{KeyGroupConfig: {Name: mine, Items: []}}"),
    (
        "AWS::CloudFront::RealtimeLogConfig",
        "{Name: mine, Fields: [timestamp], SamplingRate: 1, EndPoints: [{StreamType: Kinesis, \
         KinesisStreamConfig: {RoleArn: 'arn:aws:iam::1:role/r', StreamArn: 'arn:aws:kinesis:::s'}}]}",
    ),
    ("AWS::CloudFront::KeyValueStore", "{Name: mine, Comment: theirs}"),
    ("AWS::SecretsManager::Secret", "{Name: mine, SecretString: hunter2}"),
    (
        "AWS::IAM::Role",
        "{RoleName: mine, AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}}",
    ),
    ("AWS::IAM::Group", "{GroupName: mine}"),
    ("AWS::IAM::InstanceProfile", "{InstanceProfileName: mine, Roles: []}"),
    ("AWS::IAM::User", "{UserName: mine}"),
    (
        "AWS::IAM::ManagedPolicy",
        "{ManagedPolicyName: mine, PolicyDocument: {Version: '2012-10-17', Statement: []}}",
    ),
    (
        "AWS::MediaTailor::PlaybackConfiguration",
        "{Name: mine, AdDecisionServerUrl: 'https://a.example', \
         VideoContentSourceUrl: 'https://o.example'}",
    ),
    (
        "AWS::MediaPackage::OriginEndpoint",
        "{Id: mine, ChannelId: theirs, HlsPackage: {SegmentDurationSeconds: 6}}",
    ),
    (
        "AWS::IAM::Policy",
        "{PolicyName: mine, Roles: [theirs], \
         PolicyDocument: {Version: '2012-10-17', Statement: []}}",
    ),
];

/// The account with foreign objects of the same template, made with other tokens.
fn theirs(resource_type: &str, template: &str) -> Bench {
    let other = Bench::new();
    let holder = match resource_type {
        "AWS::MediaPackage::OriginEndpoint" => {
            "Resources: {C: {Type: AWS::MediaPackage::Channel, Properties: {Id: theirs}}}"
        }
        "AWS::IAM::Policy" => {
            "Resources: {R: {Type: AWS::IAM::Role, Properties: {RoleName: theirs, \
             AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}}}}"
        }
        _ => "",
    };
    if !holder.is_empty() {
        other.reach(&wanted(holder, &[]), "what it is in");
    }
    let other = Bench::with(other.services.account(), 1000);
    let ended = other.run(&wanted(template, &[]), None);
    assert!(matches!(ended, Ended::Done(outcome) if outcome.end == RunEnd::Succeeded));
    Bench::with(other.services.account(), 2000)
}

#[test]
fn a_foreign_object_is_never_adopted() {
    for (resource_type, properties) in TYPES {
        let template =
            format!("Resources: {{It: {{Type: {resource_type}, Properties: {properties}}}}}");
        let before = theirs(resource_type, &template);
        let wanted = wanted(&template, &[]);
        let undisturbed = before.copy();
        let Ended::Done(outcome) = undisturbed.run(&wanted, None) else { panic!("{template}") };
        assert_eq!(outcome.end, RunEnd::Failed, "{resource_type}");
        let [(_, error)] = outcome.failures.as_slice() else { panic!("{:?}", outcome.failures) };
        let text = error.to_string();
        assert!(text.contains("exist") || text.contains("already"), "{resource_type}: {text}");
        let requests = undisturbed.services.made();
        for (number, request) in requests.iter().enumerate() {
            for fault in Fault::ALL {
                let what = format!("{number} {} {fault:?}", request.action);
                let bench = before.copy();
                bench.run(&wanted, Some((number, fault)));
                expect_left_alone(&bench, &before, &what);
                // An unknown outcome is reported, and the name of the resource with it.
                match bench.run(&wanted, None) {
                    Ended::Died | Ended::Unchanged => panic!("{what}"),
                    Ended::Done(outcome) => assert_eq!(outcome.end, RunEnd::Failed, "{what}"),
                    Ended::Refused(OpsError::Apply(ApplyError::Recover(
                        RecoverError::Ambiguous { address, .. },
                    ))) => assert_eq!(address.as_str(), "It", "{what}"),
                    Ended::Refused(error) => panic!("{what}: {error:?}"),
                }
                expect_left_alone(&bench, &before, &what);
            }
        }
    }
}

fn expect_left_alone(bench: &Bench, before: &Bench, what: &str) {
    assert_eq!(bench.known().len(), 0, "{what}: {:?}", bench.known());
    let (now, then) = (bench.services.account(), before.services.account());
    assert_eq!(now.inventory(), then.inventory(), "{what}");
    assert_eq!(now.made.len(), then.made.len(), "{what}");
    assert_eq!(now.values, then.values, "{what}");
}
