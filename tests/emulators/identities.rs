//! Keys and stores of CloudFront; users, groups and instance profiles of IAM, in MiniStack: made,
//! changed, changed behind rstack's back and healed, replaced, destroyed; and read back with boto3.

use crate::account::{Account, bring, change, changes, search};

const STACK: &str = "identities";
const TEMPLATE: &str = "identities.yaml";
const PASSWORD: &str = "hunter2-of-the-editor";

#[test]
fn keys_stores_and_principals_are_made_changed_healed_and_destroyed() {
    let account = Account::new();
    bring(&account.place, "tests/emulators/identities.yaml", TEMPLATE);
    let password = format!("Password={PASSWORD}");
    let given = ["--parameter", password.as_str()];
    let with = |more: &[&'static str]| [given.as_slice(), more].concat();
    let planned =
        |more: &[&'static str]| account.plan(&[&[TEMPLATE], with(more).as_slice()].concat());
    let reach = |more: &[&'static str]| {
        account.run(&[&["apply", TEMPLATE, "--yes"], with(more).as_slice()].concat()).expect(0);
        let compared = account.read_back(STACK, &[password.as_str()]);
        assert!(compared >= 45, "only {compared} properties were compared");
        let plan = [&["plan", TEMPLATE, "--detailed-exitcode"], with(more).as_slice()].concat();
        account.run(&plan).expect(0);
    };
    reach(&[]);
    let arn = account.state(STACK)["outputs"]["Editor"]["value"].as_str().unwrap().to_owned();
    assert!(arn.ends_with(":user/live/editor-one"), "{arn}");

    account.cloud(&["forget_password", "editor-one"]);
    let plan = planned(&[]);
    assert_eq!(changes(&plan).len(), 1);
    assert_eq!(change(&plan, "Editor")["action"], "update");
    reach(&[]);

    account.cloud(&["forget_member", "guests-one", "guest"]);
    let plan = planned(&[]);
    assert_eq!(changes(&plan).len(), 1);
    // Without its only member there is no addition any more.
    assert_eq!(change(&plan, "Members")["action"], "create");
    reach(&[]);

    let second = ["--parameter", "Round=second"];
    assert!(changes(&planned(&second)).values().all(|action| action == "update"));
    reach(&second);

    let two = ["--parameter", "Round=second", "--parameter", "Generation=two"];
    let plan = planned(&two);
    for replaced in ["Editor", "Editors", "Key", "Profile", "Store"] {
        assert_eq!(change(&plan, replaced)["action"], "replace", "{replaced}");
    }
    reach(&two);
    let inventory = account.inventory();
    for (kind, names) in [
        ("groups", vec!["editors-two", "guests-two"]),
        ("instance profiles", vec!["instances-two"]),
        ("key groups", vec!["signers"]),
        ("key value stores", vec!["store-two"]),
        ("public keys", vec!["key-two", "spare"]),
        ("users", vec!["editor-two", "guest", "other"]),
    ] {
        assert_eq!(inventory[kind], names, "{kind}");
    }
    let found = search(&[account.place.path(".").as_path()], &[PASSWORD]);
    assert!(found.is_empty(), "{found:?}");
    account.run(&["destroy", STACK, "--yes"]).expect(0);
    account.expect_empty();
}
