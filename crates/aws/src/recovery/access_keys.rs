//! The secret of an access key: it reaches the resource that takes it, and no file, wherever the run dies.

use rstack_apply::{ApplyError, RecoverError};
use rstack_model::event::RunEnd;
use rstack_ops::OpsError;
use rstack_plan::{PlanError, PlanOptions};

use super::bench::{Bench, Ended, Wanted, wanted};
use crate::test::fake::Fault;

const SECRET: &str = "hunter2-of-a-key-";

/// A user, its key, and a secret that keeps what IAM shows once.
fn stack(round: &str, serial: &str) -> Wanted {
    let text = "
Parameters: {Round: {Type: String}, Serial: {Type: Number}}
Resources:
  Uploader: {Type: AWS::IAM::User, Properties: {UserName: uploader}}
  Key:
    Type: AWS::IAM::AccessKey
    Properties: {UserName: !Ref Uploader, Serial: !Ref Serial}
  Kept:
    Type: AWS::SecretsManager::Secret
    Properties:
      Name: uploader
      Description: !Ref Round
      SecretString: !Sub '{\"id\":\"${Key}\",\"secret\":\"${Key.SecretAccessKey}\"}'
";
    wanted(text, &[("Round", round), ("Serial", serial)])
}

/// The secret that the service has for the key of the user, and the text that is kept of it.
fn both(bench: &Bench) -> (String, String) {
    let account = bench.services.account();
    let key = &account.users["uploader"]["keys"][0];
    let mut secrets = account.secrets_named("uploader");
    let kept = secrets.pop().unwrap_or_default();
    let whole = format!(
        r#"{{"id":"{}","secret":"{}"}}"#,
        key["AccessKeyId"].as_str().unwrap(),
        key["secret"].as_str().unwrap()
    );
    (whole, kept)
}

#[test]
fn the_secret_of_a_key_reaches_the_resource_that_takes_it_and_no_file() {
    let bench = Bench::new();
    bench.reach(&stack("one", "1"), "made");
    let (first, kept) = both(&bench);
    assert_eq!(first, kept);
    bench.reach(&stack("one", "2"), "replaced");
    let (second, kept) = both(&bench);
    assert_eq!(second, kept);
    assert_ne!(first, second);
    assert!(bench.files_with(SECRET).is_empty());
    assert!(!bench.emitted().contains(SECRET));
    // What takes it cannot be changed alone any more: the plan says so, and how to go on.
    let Err(OpsError::Plan(error @ PlanError::SecretLost { .. })) = bench.plan(&stack("two", "2"))
    else {
        panic!("the secret is shown once")
    };
    assert_eq!(error.hint().as_deref(), Some("replace the object that has it: `--replace Key`"));
    let options = PlanOptions { replace: ["Key".into()].into(), ..PlanOptions::default() };
    let ended = bench.run_with(&stack("two", "2"), &options, None);
    assert!(matches!(ended, Ended::Done(outcome) if outcome.end == RunEnd::Succeeded));
    let (third, kept) = both(&bench);
    assert_eq!(third, kept);
    bench.check_reached(&stack("two", "2"), "replaced by wish");
    bench.reach(&None, "destroyed");
}

/// The next process goes on, or says what it needs: that the key which was cut off is another's, or that
/// the secret which is lost is to be replaced.
fn goes_on(struck: &Bench, goal: &Wanted, before: usize, what: &str) {
    let replace = PlanOptions { replace: ["Key".into()].into(), ..PlanOptions::default() };
    match struck.run_with(goal, &PlanOptions::default(), None) {
        Ended::Done(outcome) => assert_eq!(outcome.end, RunEnd::Succeeded, "{what}"),
        Ended::Unchanged => {}
        Ended::Refused(OpsError::Plan(PlanError::SecretLost { .. })) => {
            let ended = struck.run_with(goal, &replace, None);
            let Ended::Done(outcome) = ended else { panic!("{what}: it is replaced") };
            if outcome.end == RunEnd::Failed {
                return goes_on_without_new_key(
                    struck,
                    goal,
                    &format!("{:?}", outcome.failures),
                    what,
                );
            }
            assert_eq!(outcome.end, RunEnd::Succeeded, "{what}: {:?}", outcome.failures);
        }
        Ended::Refused(OpsError::Apply(ApplyError::Recover(RecoverError::Ambiguous {
            ..
        }))) => {
            // Nothing is taken and nothing is made until the user decides.
            let keys =
                struck.existing().into_iter().filter(|(kind, _)| kind.ends_with("AccessKey"));
            assert_eq!(keys.count(), before + 1, "{what}");
            return;
        }
        Ended::Refused(error) => panic!("{what}: {error:?}"),
        Ended::Died => panic!("{what}: it died"),
    }
    struck.check_reached(goal, what);
    let (whole, kept) = both(struck);
    assert_eq!(whole, kept, "{what}");
}

/// A user has two keys at most: the old one, and the new one whose secret is lost. The page of `secret-lost` says
/// to delete that one.
fn goes_on_without_new_key(struck: &Bench, goal: &Wanted, failures: &str, what: &str) {
    assert!(failures.contains("LimitExceeded"), "{what}: {failures}");
    let mut account = struck.services.account();
    let keys = account.users.get_mut("uploader").and_then(|user| user["keys"].as_array_mut());
    let keys = keys.unwrap();
    assert_eq!(keys.len(), 2, "{what}");
    keys.pop();
    let freed = struck.in_account(account);
    freed.reach(goal, what);
    let (whole, kept) = both(&freed);
    assert_eq!(whole, kept, "{what}");
    assert!(freed.files_with(SECRET).is_empty(), "{what}");
}

#[test]
fn wherever_a_run_dies_a_key_is_never_lost_and_its_secret_never_written() {
    for (before, goal) in [(None, stack("one", "1")), (stack("one", "1"), stack("one", "2"))] {
        let bench = Bench::new();
        if before.is_some() {
            bench.reach(&before, "before");
        }
        let whole = bench.copy();
        assert!(matches!(whole.run(&goal, None), Ended::Done(_)));
        let requests = whole.services.made().len();
        assert!(requests > 5, "{requests}");
        for number in 0..requests {
            for fault in [Fault::DiesBefore, Fault::DiesAfter] {
                let what = format!("{number} {fault:?}");
                let struck = bench.copy();
                let _ended = struck.run(&goal, Some((number, fault)));
                assert!(struck.search(SECRET).1.is_empty(), "{what}");
                goes_on(&struck, &goal, usize::from(before.is_some()), &what);
                assert!(struck.files_with(SECRET).is_empty(), "{what}");
                assert!(!struck.emitted().contains(SECRET), "{what}");
            }
        }
    }
}
