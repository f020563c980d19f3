//! Without credentials, a Region or a network: what is missing is said, and what to do about it.

use crate::harness::{Place, Ran, ran};

/// Plans against the real cloud, with this environment and nothing of the machine's.
fn plan(place: &Place, environment: &[(&str, &str)]) -> Ran {
    let mut command = place.command(&["plan"]);
    command.envs(environment.iter().copied());
    ran(command).expect(1)
}

#[test]
fn what_is_missing_to_reach_the_cloud_is_said() {
    let place = Place::streaming();
    let region = ("AWS_REGION", "eu-west-1");
    let key = ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    let secret = ("AWS_SECRET_ACCESS_KEY", "KanarieHeadKanarieTail");
    let nowhere = ("AWS_ENDPOINT_URL", "http://127.0.0.1:1");

    let ran = plan(&place, &[]);
    ran.reports("no-region", &["hint: ", "`--region`"]);
    let ran = plan(&place, &[region]);
    ran.reports("credentials", &["hint: ", "`--sandbox`"]);
    let ran = plan(&place, &[region, key, secret, nowhere, ("RUST_LOG", "trace")]);
    ran.reports("unreachable", &["127.0.0.1:1", "hint: "]);
    assert!(!ran.err.contains("Kanarie"), "{}", ran.err);
    assert!(place.files().keys().all(|name| !name.starts_with("state")));
}

#[test]
fn a_wrong_template_is_reported_before_any_cloud_call() {
    let place = Place::empty();
    place.write("bad.yaml", "Resources:\n  A:\n    Type: AWS::S3::Bukket\n");
    let ran = place.run(&["plan", "bad.yaml"]).expect(1);
    assert!(ran.err.starts_with("error[unknown-type]"), "{}", ran.err);
}
