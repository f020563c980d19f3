//! The life of the streaming stack as `cdk synth` writes it.

use crate::harness::{Place, snapshot};

#[test]
fn what_the_cdk_wrote_is_made_and_destroyed() {
    let place = Place::cdk();
    let valid = place.run(&["validate", "cdk.out"]).expect(0);
    assert_eq!(valid.out, "cdk.out/StreamingStack.template.json is valid\n");
    let plan = place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(2);
    let reference = "HeaderValue: \"{{resolve:secretsmanager:‹SecretsCdnSecret0E5E36B2›:\
                     SecretString:MediaPackageCDNIdentifier::}}\"";
    assert!(plan.out.contains(reference), "{}", plan.out);
    assert!(plan.out.contains("Plan: 10 to create"), "{}", plan.out);

    place.sandbox(&["apply", "cdk.out/StreamingStack", "--yes"]).expect(0);
    let again = place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    assert!(again.out.contains("No changes. 10 resources are as declared."), "{}", again.out);
    snapshot("cdk_outputs", &place.sandbox(&["output", "cdk.out"]).expect(0).out);

    let unknown = place.sandbox(&["plan", "cdk.out/Nope"]).expect(1);
    assert!(
        unknown.err.contains("error[stack-not-found]: `cdk.out` has no stack `Nope`"),
        "{}",
        unknown.err
    );
    assert!(unknown.err.contains("hint: the stacks in it are StreamingStack"), "{}", unknown.err);

    place.sandbox(&["destroy", "cdk.out", "--yes"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
    assert!(!place.path("state/sandbox/StreamingStack.json").exists());
}
