//! Users, groups and instance profiles, interrupted at every request; and passwords, which are written
//! nowhere.

use super::bench::{Bench, Ended, Wanted, wanted};
use super::every_request::{explore, scenario};
use crate::test::fake::Fault;

const TEMPLATE: &str = include_str!("principals.yaml");
const PASSWORD: &str = "hunter2-of-the-editor";

fn stack(round: &str, generation: &str, password: &str) -> Wanted {
    wanted(TEMPLATE, &[("Round", round), ("Generation", generation), ("Password", password)])
}

fn round(round: &str, generation: &str) -> Wanted {
    stack(round, generation, PASSWORD)
}

#[test]
fn principals_are_created() {
    explore(&scenario("principals, create", &[], &round("first", "one")), 150);
}

#[test]
fn principals_are_changed() {
    let (first, second) = (round("first", "one"), round("second", "one"));
    explore(&scenario("principals, update", &[&first], &second), 130);
}

#[test]
fn principals_are_replaced() {
    let (one, two) = (round("first", "one"), round("first", "two"));
    explore(&scenario("principals, replace", &[&one], &two), 150);
}

#[test]
fn principals_are_deleted() {
    explore(&scenario("principals, destroy", &[&round("first", "one")], &None), 150);
}

/// The password of a user and whether it must be changed, as the service has them.
fn login(bench: &Bench, user: &str) -> (String, String) {
    let login = &bench.services.account().users[user]["login"];
    let text = |member: &str| login[member].as_str().unwrap_or_default().to_owned();
    (text("Password"), text("PasswordResetRequired"))
}

#[test]
fn a_password_reaches_the_service_and_no_file() {
    let bench = Bench::new();
    bench.reach(&round("first", "one"), "first");
    assert_eq!(login(&bench, "editor-one"), (PASSWORD.to_owned(), "true".to_owned()));
    assert_eq!(login(&bench, "guest"), ("Plain-1234".to_owned(), "false".to_owned()));
    bench.reach(&round("second", "one"), "second");
    assert_eq!(login(&bench, "editor-one"), (PASSWORD.to_owned(), "false".to_owned()));
    assert_eq!(login(&bench, "late"), ("Plain-5678".to_owned(), "true".to_owned()));
    assert_eq!(login(&bench, "guest"), (String::new(), String::new()));
    let requests = {
        let again = bench.copy();
        again.run(&round("first", "one"), None);
        again.services.made().len()
    };
    for number in (0..requests).step_by(3) {
        let struck = bench.copy();
        let ended = struck.run(&round("first", "one"), Some((number, Fault::DiesAfter)));
        assert!(matches!(ended, Ended::Died));
        assert!(struck.files_with(PASSWORD).is_empty(), "{number}");
        assert!(!struck.emitted().contains(PASSWORD), "{number}");
    }
}

/// A stack whose user has an initial password and a tag.
fn guest(password: &str, tag: &str) -> Wanted {
    let text = "
Parameters: {Password: {Type: String, NoEcho: true}, Tag: {Type: String}}
Resources:
  It:
    Type: AWS::IAM::User
    Properties:
      UserName: it
      LoginProfile: {Password: !Ref Password, PasswordResetRequired: true}
      Tags: [{Key: tag, Value: !Ref Tag}]
";
    wanted(text, &[("Password", password), ("Tag", tag)])
}

/// The user has chosen a password of its own at the first sign-in: that is no drift, and nothing but
/// another password of the template replaces it.
#[test]
fn the_password_that_a_user_chose_is_not_replaced_by_the_initial_one() {
    let bench = Bench::new();
    bench.reach(&guest("initial", "a"), "made");
    let mut account = bench.services.account();
    let login_profile = &mut account.users.get_mut("it").unwrap()["login"];
    login_profile["Password"] = "own".into();
    login_profile["PasswordResetRequired"] = "false".into();
    let bench = bench.in_account(account);
    bench.check_reached(&guest("initial", "a"), "signed in");
    bench.reach(&guest("initial", "b"), "tagged");
    assert_eq!(login(&bench, "it"), ("own".to_owned(), "false".to_owned()));
}
