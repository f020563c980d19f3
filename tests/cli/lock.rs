//! Two programs at one stack: the second is refused, and told who holds it.

use rustix::process::Signal;

use crate::harness::Place;

#[test]
fn a_stack_is_applied_by_one_at_a_time() {
    let place = Place::streaming();
    place.write("stacks/other.yaml", "Resources:\n  A: {Type: AWS::SNS::Topic}\n");
    let mut first = place.start_slow(&["apply", "streaming", "--yes"]);
    first.wait_for("waiting    AWS::CloudFront::Distribution");
    for line in [
        &["apply", "streaming", "--yes"][..],
        &["destroy", "streaming", "--yes"],
        &["plan", "streaming"],
    ] {
        let second = place.sandbox(line).expect(1);
        assert_eq!(second.out, "");
        let holder = format!("process {}", first.id());
        second.reports("state-locked", &["`streaming`", "`rstack apply`", &holder, "hint: "]);
    }
    // Other stacks are free.
    place.sandbox(&["apply", "other", "--yes"]).expect(0);
    first.signal(Signal::INT);
    assert_eq!(first.end().0, Some(130));
    place.sandbox(&["apply", "streaming", "--yes"]).expect(0);
}
