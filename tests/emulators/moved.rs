//! A saved plan obeys what it saw: when the cloud has moved since, it is refused, and says what
//! moved.

use crate::account::{Account, bring};

const TEMPLATE: &str = "stacks/streaming.yaml";

#[test]
fn a_saved_plan_is_refused_when_an_object_has_moved() {
    let account = Account::new();
    bring(&account.place, TEMPLATE, TEMPLATE);
    account.run(&["apply", TEMPLATE, "--yes"]).expect(0);
    let comment = "Comment: !Sub Live stream";
    account.place.edit(TEMPLATE, comment, "Comment: !Sub New stream");
    account.run(&["plan", TEMPLATE, "--out", "saved.plan"]).expect(0);

    let distribution = account.physical_id("streaming", "Distribution");
    account.cloud(&["comment", &distribution, "changed in the console"]);
    let refused = account.run(&["apply", "saved.plan", "--yes"]).expect(1);
    assert!(refused.err.contains("`Distribution`"), "{}", refused.err);
    assert!(refused.err.contains("error[plan-outdated]"), "{}", refused.err);

    account.run(&["plan", TEMPLATE, "--out", "saved.plan"]).expect(0);
    account.run(&["apply", "saved.plan", "--yes"]).expect(0);
    account.expect_no_changes(TEMPLATE);
    account.read_back("streaming", &[]);
    // Once carried out, it is of no more use.
    let used = account.run(&["apply", "saved.plan", "--yes"]).expect(1);
    assert!(used.err.contains("error[plan-outdated]"), "{}", used.err);
}
