//! Updates that an `UpdatePolicy` governs.

use crate::harness::Place;

const GROUP: &str =
    "Parameters: {Version: {Type: String, Default: '1'}, Most: {Type: String, Default: '1'}}
Resources:
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    UpdatePolicy: {AutoScalingRollingUpdate: {MinInstancesInService: 1}}
    Properties:
      MinSize: '1'
      MaxSize: !Ref Most
      LaunchTemplate: {LaunchTemplateId: lt-0123456789abcdef0, Version: !Ref Version}
      AvailabilityZones: [eu-west-1a]
";

#[test]
fn an_update_that_a_policy_governs_is_refused_and_every_other_one_is_not() {
    let place = Place::empty();
    place.write("group.yaml", GROUP);
    let made = place.sandbox(&["apply", "group.yaml", "--yes"]).expect(0);
    assert!(made.err.contains("warning[unsupported]"), "{}", made.err);
    place.sandbox(&["apply", "group.yaml", "--yes", "--parameter", "Most=2"]).expect(0);
    let rolling = ["group.yaml", "--parameter", "Version=2", "--parameter", "Most=2"];
    for command in [&["plan"][..], &["apply", "--yes"]] {
        let refused = place.sandbox(&[command, &rolling].concat()).expect(1);
        refused.reports("update-policy", &["group.yaml:5:20", "`Group` changes `LaunchTemplate`"]);
    }
    let ignored = [&["apply", "--yes", "--ignore-update-policy"][..], &rolling].concat();
    let applied = place.sandbox(&ignored).expect(0);
    assert!(applied.out.contains("1 to update"), "{}", applied.out);
}
