//! The connection to a database in a secret, in moto: written, changed by hand and healed, written for another
//! database and into another secret, and taken away. The value is in no file and in no output.

use serde_json::{Value, json};

use crate::account::{Account, bring, change, changes, search};
use crate::emulators::Emulators;

const STACK: &str = "attachments";
const TEMPLATE: &str = "attachments.yaml";
const MOTO: [&str; 2] = ["AWS_ENDPOINT_URL_RDS", "AWS_ENDPOINT_URL_SECRETS_MANAGER"];

fn apply(account: &Account, parameters: &[&str]) -> String {
    let ran = account.run(&[&["apply", TEMPLATE, "--yes"], parameters].concat()).expect(0);
    let compared = account.read_back(STACK, &[]);
    assert!(compared >= 7, "only {compared} properties were compared");
    let plan = [&["plan", TEMPLATE, "--detailed-exitcode"], parameters].concat();
    let planned = account.run(&plan).expect(0);
    [ran.out, ran.err, planned.out, planned.err].concat()
}

#[test]
fn a_secret_gets_the_connection_to_a_database_and_loses_it() {
    let account = Account::of(Emulators::with(&MOTO));
    bring(&account.place, "tests/emulators/attachments.yaml", TEMPLATE);
    let database = |name: &str, engine: &str| {
        let made = account.cloud(&["database", name, engine]);
        format!("Database={}", made.as_str().unwrap())
    };
    let (shop, other) = (database("shop", "postgres"), database("other", "mysql"));
    let first = ["--parameter", shop.as_str()];
    let mut told = apply(&account, &first);
    let secret = account.physical_id(STACK, "One");
    assert_eq!(account.physical_id(STACK, "Attached"), secret);
    assert_eq!(account.state(STACK)["resources"]["Attached"]["driver"], "native");
    let entries = |secret: &str| account.cloud(&["entries", secret]);
    let written = entries(&secret);
    assert_eq!(written["dbInstanceIdentifier"], "shop");
    assert_eq!(written["username"], "shop");
    let value: Value = serde_json::from_str(&account.secret(&secret)).unwrap();
    let password = value["password"].as_str().unwrap().to_owned();

    // What others change is seen and set right, and is not shown.
    account.cloud(&["set_entry", &secret, "host", "elsewhere.example.com"]);
    let plan = account.plan(&[&[TEMPLATE], first.as_slice()].concat());
    assert_eq!(changes(&plan).len(), 1, "{:?}", changes(&plan));
    assert_eq!(change(&plan, "Attached")["action"], "update");
    assert!(!plan.to_string().contains("elsewhere"), "{plan}");
    told += &apply(&account, &first);
    assert_eq!(entries(&secret), written);

    let second = ["--parameter", other.as_str()];
    told += &apply(&account, &second);
    assert_eq!(entries(&secret)["engine"], "mysql");

    let third = ["--parameter", other.as_str(), "--parameter", "Secret=two"];
    told += &apply(&account, &third);
    assert_eq!(entries(&secret), json!({"username": "shop", "password": null}));
    assert_eq!(entries(&account.physical_id(STACK, "Two"))["dbInstanceIdentifier"], "other");

    let value: Value = serde_json::from_str(&account.secret(&secret)).unwrap();
    assert_eq!(value["password"].as_str(), Some(password.as_str()));
    assert!(!told.contains(&password));
    let found = search(&[account.place.path(".").as_path()], &[&password]);
    assert!(found.is_empty(), "{found:?}");

    account.run(&["destroy", STACK, "--yes"]).expect(0);
}
