//! No byte of a secret leaves the memory: the whole flow at its loudest, then a search of every
//! file and every stream for every form that a secret could have taken.

use std::path::Path;

use crate::account::{Account, bring, search};
use crate::place::Place;

const TEMPLATE: &str = "stacks/streaming.yaml";
const PASSWORD: &str = "pa\"ss/wo rd&<ä>\\+=%'\n€ end";
const BY_HAND: &str = "made-by-hand-0123456789";
const SESSION: &str = "session-token-0123456789";

/// A stack whose secret parameter ends in a secret's text.
const LOUD: &str = r#"
Parameters:
  Password: { Type: String, NoEcho: true }
Resources:
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties:
      Name: !Sub ${AWS::StackName}/key
      SecretString: !Sub "user:${Password}"
Outputs:
  Password: { Value: !Ref Password }
"#;

/// An account, and a folder that keeps what was printed.
struct Loud {
    account: Account,
    heard: Place,
}

impl Loud {
    /// Runs the program at its loudest.
    fn run(&self, arguments: &[&str]) {
        let mut command = self.account.command(&[arguments, &["-vvv"]].concat());
        command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
        // The SDK's own switch, which would have it log the answers.
        command.env("LOG_SENSITIVE_BODIES", "true").env("AWS_SESSION_TOKEN", SESSION);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}\n{said}");
        let number = std::fs::read_dir(self.heard.path(".")).unwrap().count();
        self.heard.write_bytes(&format!("{number}-stdout"), &output.stdout);
        self.heard.write_bytes(&format!("{number}-stderr"), &output.stderr);
    }

    /// Where these texts are.
    fn search(&self, texts: &[&str]) -> Vec<String> {
        search(&[&self.account.place.path("."), &self.heard.path(".")], texts)
    }
}

#[test]
fn no_byte_of_a_secret_is_in_any_file_or_stream() {
    let loud = Loud { account: Account::new(), heard: Place::empty() };
    let account = &loud.account;
    bring(&account.place, TEMPLATE, TEMPLATE);
    account.place.write("loud.yaml", LOUD);

    loud.run(&["plan", TEMPLATE, "--out", "first.plan"]);
    loud.run(&["apply", "first.plan", "--yes"]);
    let first = account.secret("MediaPackage/streaming");
    account.cloud(&["rotate", "MediaPackage/streaming"]);
    let second = account.secret("MediaPackage/streaming");
    assert_ne!(first, second);
    loud.run(&["plan", TEMPLATE, "--json"]);
    loud.run(&["plan", TEMPLATE, "--full", "--out", "second.plan"]);
    loud.run(&["show", "second.plan", "--full"]);
    loud.run(&["apply", TEMPLATE, "--yes", "--json"]);
    // A value that was put in the place of the secret is drift, and not to be shown either.
    account.cloud(&["header", &account.physical_id("streaming", "Distribution"), BY_HAND]);
    loud.run(&["plan", TEMPLATE, "--full"]);
    loud.run(&["apply", TEMPLATE, "--yes"]);
    loud.run(&["show", "streaming", "--full"]);
    loud.run(&["show", "streaming", "--json"]);
    loud.run(&["output", "streaming", "--json"]);
    loud.run(&["graph", TEMPLATE]);

    let password = format!("Password={PASSWORD}");
    loud.run(&["plan", "loud.yaml", "--out", "loud.plan", "--parameter", &password]);
    loud.run(&["apply", "loud.plan", "--yes", "--parameter", &password]);
    loud.run(&["plan", "loud.yaml", "--json", "--parameter", &password]);
    loud.run(&["output", "loud", "--json"]);
    assert_eq!(account.secret("loud/key"), format!("user:{PASSWORD}"));

    let secrets = [field(&first), field(&second), PASSWORD, BY_HAND, SESSION];
    assert_eq!(loud.search(&secrets), Vec::<String>::new());
    loud.run(&["destroy", "streaming", "--yes"]);
    loud.run(&["destroy", "loud", "--yes"]);
    assert_eq!(loud.search(&secrets), Vec::<String>::new());
    // The log is at its loudest and tells of the call that fetched the value.
    for told in ["TRACE", "GetSecretValue", "MediaPackage/streaming"] {
        assert!(!loud.search(&[told]).is_empty(), "{told} is nowhere");
    }
}

/// The one field of the generated JSON object.
fn field(secret: &str) -> &str {
    let value = secret.split('"').nth(3).unwrap();
    assert_eq!(value.len(), 64);
    value
}

#[test]
fn a_secret_would_be_found_in_every_form() {
    let told = [
        r#"{"key":"hunter2&c<o"}"#,
        "aHVudGVyMiZjPG8=",          // alone
        "eGh1bnRlcjImYzxveQ==",      // behind one byte
        "eHhodW50ZXIyJmM8b3k=",      // behind two
        "68756e7465723226633c6f",    // hex
        "key=hunter2%26c%3Co&b=c",   // a form
        "<v>hunter2&amp;c&lt;o</v>", // XML
        "[104, 117, 110, 116, 101, 114, 50, 38, 99, 60, 111]",
    ];
    let place = Place::empty();
    for (number, text) in told.iter().enumerate() {
        place.write(&number.to_string(), text);
    }
    place.write("other", "hunter2&c");
    let found = search(&[Path::new(&place.path("."))], &["hunter2&c<o"]);
    for (number, text) in told.iter().enumerate() {
        let name = format!("/{number},");
        assert!(found.iter().any(|found| found.contains(&name)), "{text}: {found:#?}");
    }
    assert!(!found.iter().any(|found| found.contains("/other,")), "{found:#?}");
}
