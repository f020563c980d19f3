//! Applies under injected faults: throttling, failures that pass, answers that get lost, objects that are seen late.

use rstack_model::event::RunEnd;
use rstack_sandbox::{Faults, PerMille, SandboxOptions};

use crate::bench::{Bench, Wanted, desired_of, run};

/// Small, and with all there is: names given and chosen, attributes, a secret, a slow object.
const SMALL: &str = r#"
Parameters:
  Size: { Type: Number, Default: 3600 }
  Name: { Type: String, Default: one }
Resources:
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties: { GenerateSecretString: { PasswordLength: 20 } }
  Queue:
    Type: AWS::SQS::Queue
    Properties: { MessageRetentionPeriod: !Ref Size }
  Policy:
    Type: AWS::CloudFront::OriginRequestPolicy
    Properties:
      OriginRequestPolicyConfig:
        Name: storm
        Comment: !Sub "${Queue.Arn} ${Size}"
        CookiesConfig: { CookieBehavior: none }
        HeadersConfig: { HeaderBehavior: none }
        QueryStringsConfig: { QueryStringBehavior: all }
  Distribution:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Origins:
          - Id: a
            DomainName: example.com
            CustomOriginConfig: { OriginProtocolPolicy: https-only }
            OriginCustomHeaders:
              - { HeaderName: x, HeaderValue: !Sub "{{resolve:secretsmanager:${Secret}}}" }
        DefaultCacheBehavior:
          TargetOriginId: a
          ViewerProtocolPolicy: https-only
          CachePolicyId: 08627262-05a9-4f76-9ded-b50ca2e3a84f
          OriginRequestPolicyId: !Ref Policy
  Parameter:
    Type: AWS::SSM::Parameter
    Properties: { Type: String, Name: !Ref Name, Value: !GetAtt Distribution.DomainName }
"#;

fn wanted(size: &str, name: &str) -> Wanted {
    desired_of(SMALL, &[("Size", size), ("Name", name)]).into()
}

/// Lives through a creation, an update with a replacement, and the end. Whatever fails is rolled
/// back, and what cannot be rolled back under these faults is known.
fn live(options: SandboxOptions, lives: &[Wanted]) -> usize {
    let bench = Bench::with(options);
    let mut succeeded = 0;
    run(async {
        for wanted in lives {
            let outcome = bench.apply(&bench.engine(), wanted, true).await;
            bench.check_known();
            match (outcome.end, outcome.rollback) {
                (RunEnd::Succeeded, _) => succeeded += 1,
                (RunEnd::Failed, Some(_)) => {}
                // Nothing is rolled back when all is made, or all is to go.
                (RunEnd::Failed, None) => {
                    assert!(outcome.made || matches!(wanted, Wanted::Nothing));
                }
                (RunEnd::Interrupted, _) => {
                    panic!("seed {}: no interruption was asked for", options.seed)
                }
            }
        }
    });
    succeeded
}

fn apply_under(faults: Faults) {
    let lives = [wanted("3600", "one"), wanted("60", "two"), Wanted::Nothing];
    let mut succeeded = 0;
    for seed in 0..100 {
        succeeded += live(SandboxOptions { seed, faults, ..SandboxOptions::default() }, &lives);
    }
    assert!(succeeded > 290, "only {succeeded} of 300 applies came through");
}

#[test]
fn frequent_faults_of_every_kind() {
    apply_under(Faults::frequent());
}

#[test]
fn frequent_throttling() {
    apply_under(Faults { throttle: PerMille(300), ..Faults::none() });
}
