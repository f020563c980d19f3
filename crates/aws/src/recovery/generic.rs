//! Types of the generic driver: failures of their handlers, tokens that expire, and secrets.

use rstack_apply::{ApplyError, RecoverError};
use rstack_model::event::RunEnd;
use rstack_ops::OpsError;

use super::bench::{Bench, Ended, GENERIC, wanted};
use crate::test::fake::{Account, Fault};

/// The secret of the stack.
pub(super) const PASSWORD: &str = "hunter2-of-the-database";

/// An account in which the next request of an operation ends so.
fn failing(operation: &'static str, code: &'static str, made: bool) -> Account {
    let mut account = Account::default();
    account.cloud_control.failures.push_back((operation, code, made));
    account
}

const DATABASE: &str = "
Parameters: {Password: {Type: String, NoEcho: true}}
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties: {DBInstanceClass: db.t3.micro, Engine: mysql, AllocatedStorage: '20',
      MasterUsername: admin, MasterUserPassword: !Ref Password}
";

/// A handler fails, with or without having made its object: nothing is left behind, and the next
/// apply makes one object. One that has made nothing and failed for a reason that passes is asked
/// anew, by the same apply.
#[test]
fn a_failed_creation_leaves_nothing_behind() {
    let wanted = wanted(DATABASE, &[("Password", PASSWORD)]);
    for code in ["InvalidRequest", "NotStabilized", "InternalFailure", "ServiceTimeout"] {
        for made in [false, true] {
            let bench = Bench::with(failing("CREATE", code, made), 1);
            let Ended::Done(outcome) = bench.run(&wanted, None) else { panic!("{code}") };
            let passes = matches!(code, "InternalFailure" | "ServiceTimeout");
            if passes && !made {
                assert_eq!(outcome.end, RunEnd::Succeeded, "{code}: {:?}", outcome.failures);
                assert!(bench.files_with(PASSWORD).is_empty(), "{code}");
                bench.check_reached(&wanted, code);
                assert_eq!(bench.existing().len(), 1);
                continue;
            }
            assert_eq!(outcome.end, RunEnd::Failed, "{code}: {:?}", outcome.failures);
            let (_, error) = outcome.failures.first().unwrap();
            let told = error.to_string();
            assert!(told.contains("it ") && !told.contains(PASSWORD), "{told}");
            assert!(bench.existing().is_empty(), "{code} {made}");
            assert!(bench.files_with(PASSWORD).is_empty(), "{code} {made}");
            bench.reach(&wanted, code);
            assert_eq!(bench.existing().len(), 1);
        }
    }
}

/// Events repeat the properties of an object, and services quote what they were sent.
#[test]
fn no_secret_of_a_generic_type_reaches_the_disk() {
    let first = wanted(GENERIC, &[("Password", PASSWORD)]);
    let bench = Bench::new();
    bench.reach(&first, "first");
    assert!(bench.files_with(PASSWORD).is_empty());
    assert!(!bench.files_with("MasterUserPassword").is_empty());
    let second = wanted(GENERIC, &[("Password", PASSWORD), ("Round", "second")]);
    let requests = {
        let again = bench.copy();
        again.run(&second, None);
        again.services.made().len()
    };
    for number in (0..requests).step_by(3) {
        let struck = bench.copy();
        assert!(matches!(struck.run(&second, Some((number, Fault::DiesAfter))), Ended::Died));
        assert!(struck.files_with(PASSWORD).is_empty(), "{number}");
    }
}

/// The process that began a creation is followed by one after 36 hours: Cloud Control would take the
/// token for a new one. What cannot be attributed is reported, and made no second time.
#[test]
fn a_creation_whose_token_expired_is_not_sent_again() {
    let text = "Resources: {It: {Type: AWS::NetworkManager::GlobalNetwork, Properties: {Description: of us}}}";
    let wanted = wanted(text, &[]);
    let bench = Bench::new();
    let create = {
        let undisturbed = bench.copy();
        undisturbed.run(&wanted, None);
        let made = undisturbed.services.made();
        made.iter().position(|made| made.action.ends_with(":CreateResource")).unwrap()
    };
    assert!(matches!(bench.run(&wanted, Some((create, Fault::DiesAfter))), Ended::Died));
    bench.services.with_cloud_control(|fake| fake.pass(36));
    match bench.run(&wanted, None) {
        Ended::Refused(OpsError::Apply(ApplyError::Recover(RecoverError::Ambiguous {
            address,
            why,
            ..
        }))) => assert!(address.as_str() == "It" && why.contains("GlobalNetwork"), "{why}"),
        Ended::Refused(error) => panic!("{error:?}"),
        Ended::Died | Ended::Unchanged | Ended::Done(_) => panic!("it was not refused"),
    }
    assert_eq!(bench.existing().len(), 1);
}
