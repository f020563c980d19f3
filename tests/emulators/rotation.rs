//! The rotation of a secret: set, changed in place, changed by hand and healed, taken away; read back with
//! boto3 each time. Secrets Manager is moto's here: MiniStack takes no rotation back.

use serde_json::json;

use crate::account::{Account, bring, change, changes};
use crate::emulators::Emulators;

const STACK: &str = "rotation";
const TEMPLATE: &str = "rotation.yaml";

fn apply(account: &Account, parameters: &[&str]) {
    account.run(&[&["apply", TEMPLATE, "--yes"], parameters].concat()).expect(0);
    let compared = account.read_back(STACK, &[]);
    assert!(compared >= 5, "only {compared} properties were compared");
    account.run(&[&["plan", TEMPLATE, "--detailed-exitcode"], parameters].concat()).expect(0);
}

#[test]
fn the_rotation_of_a_secret_is_set_changed_healed_and_taken_away() {
    let account = Account::of(Emulators::with(&["AWS_ENDPOINT_URL_SECRETS_MANAGER"]));
    bring(&account.place, "tests/emulators/rotation.yaml", TEMPLATE);
    let text = |call: &[&str]| account.cloud(call).as_str().unwrap().to_owned();
    let function = format!("Function={}", text(&["rotator", "one"]));
    let first = ["--parameter", function.as_str()];
    apply(&account, &first);
    let secret = account.physical_id(STACK, "Secret");
    assert_eq!(account.physical_id(STACK, "Rotation"), secret);
    assert_eq!(account.state(STACK)["resources"]["Rotation"]["driver"], "native");

    // What others change is seen and set right.
    account.cloud(&["set_rotation", &secret, "99"]);
    let plan = account.plan(&[&[TEMPLATE], first.as_slice()].concat());
    assert_eq!(changes(&plan).len(), 1, "{:?}", changes(&plan));
    assert_eq!(change(&plan, "Rotation")["action"], "update");
    apply(&account, &first);

    let other = format!("Function={}", text(&["rotator", "two"]));
    let second = ["--parameter", other.as_str(), "--parameter", "Days=60"];
    apply(&account, &second);

    // Only the rotation goes, and is set again.
    let without = [second.as_slice(), &["--parameter", "Rotated=no"]].concat();
    account.run(&[&["apply", TEMPLATE, "--yes"], without.as_slice()].concat()).expect(0);
    assert_eq!(account.cloud(&["rotation", &secret]), json!(false));
    apply(&account, &[second.as_slice(), &["--parameter", "Rotated=yes"]].concat());

    account.run(&["destroy", STACK, "--yes"]).expect(0);
    account.expect_empty();
}
