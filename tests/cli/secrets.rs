//! The canary: a secret goes through every command, and is afterwards nowhere to be found.

use std::path::Path;

use rstack_driver::SecretStore;
use rstack_model::Region;
use rstack_model::value::SecretsManagerReference;
use rstack_sandbox::{SandboxCloud, SandboxOptions};

use crate::harness::{Place, ran};

/// Begins and ends in plain letters: each end is looked for by itself, so that no escaping of what
/// is between hides it.
const CANARY: &str = "KanarieHead\"\\/+&=%<é>\nKanarieTail";

const STACK: &str = r#"
Parameters:
  Password: {Type: String, NoEcho: true}
Resources:
  Given:
    Type: AWS::SecretsManager::Secret
    Properties: {Name: given, SecretString: !Ref Password}
  Json:
    Type: AWS::SecretsManager::Secret
    Properties:
      Name: json
      SecretString: !Sub '{"user": "admin", "password": "${Password}"}'
  Made:
    Type: AWS::SecretsManager::Secret
    Properties:
      Name: made
      GenerateSecretString: {PasswordLength: 40, ExcludePunctuation: true}
  Topic:
    Type: AWS::SNS::Topic
    Properties: {TopicName: topic, DisplayName: !Sub "with ${Password}"}
  User:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: "{{resolve:secretsmanager:made}}"}
    DependsOn: Made
Outputs:
  Password: {Value: !Ref Password}
  Topic: {Value: !GetAtt Topic.TopicName}
"#;

/// All that is looked for: a text as it is, in other cases, for URLs, as hex and as base64.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![text.into(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
    forms.extend([text.to_lowercase().into_bytes(), text.to_uppercase().into_bytes()]);
    let coded = |byte: u8| match byte {
        b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    };
    forms.push(text.bytes().map(coded).collect::<String>().into_bytes());
    for skip in 0..3 {
        let bytes = [&vec![0; skip], text.as_bytes()].concat();
        // The characters at both ends depend on the neighbours, too.
        let coded = base64(&bytes[..bytes.len() / 3 * 3]);
        forms.push(coded[if skip == 0 { 0 } else { 4 }..].to_vec());
    }
    // What is left of a short text at some alignment is no mark of it.
    forms.retain(|form| form.len() >= 4);
    forms
}

/// The base64 of bytes whose number is a multiple of three.
fn base64(bytes: &[u8]) -> Vec<u8> {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let bits = three.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| letters[bits >> shift & 63])
    };
    bytes.chunks(3).flat_map(group).collect()
}

/// Everything that a test has seen: streams and files.
pub(crate) struct Haystack(pub(crate) Vec<(String, Vec<u8>)>);

impl Haystack {
    #[track_caller]
    pub(crate) fn lacks(&self, secret: &str) {
        for form in forms(secret) {
            for (name, bytes) in &self.0 {
                let found = bytes.windows(form.len()).position(|window| window == form);
                assert_eq!(found, None, "{} in {name}", String::from_utf8_lossy(&form));
            }
        }
    }
}

/// Runs a command with all the logging there is, and keeps what it said.
pub(crate) fn run(place: &Place, hay: &mut Haystack, line: &[&str], code: i32) {
    run_with(place, hay, line, &[], code);
}

/// [`run`] with environment variables.
pub(crate) fn run_with(
    place: &Place,
    hay: &mut Haystack,
    line: &[&str],
    variables: &[(&str, &str)],
    code: i32,
) {
    let mut command = place.command(&[line, &["--sandbox", "-vvv"]].concat());
    command.env("RUST_LOG", "trace").envs(variables.iter().copied());
    let ran = ran(command).expect(code);
    let name = line.iter().take(2).copied().collect::<Vec<_>>().join(" ");
    hay.0.push((format!("the output of {name}"), ran.out.into_bytes()));
    hay.0.push((format!("what {name} says"), ran.err.into_bytes()));
    // Files that live only for a while are seen, too.
    hay.0.extend(place.files());
}

/// The text of a secret of the sandbox.
fn secret_text(objects: &Path, body: &str) -> String {
    let region = Region::new("eu-west-1");
    let path = Some(objects.to_owned());
    let cloud = SandboxCloud::open(path, region, SandboxOptions::default()).unwrap();
    let reference = SecretsManagerReference::parse(body).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(cloud.resolve(&reference)).unwrap().0.expose().to_owned()
}

#[test]
fn the_search_finds_what_is_there() {
    for before in ["", "x", "xx"] {
        let mut bytes = format!("{before}KanarieHead").into_bytes();
        bytes.resize(15, b'x');
        let hidden = base64(&bytes);
        let found = |form: &Vec<u8>| hidden.windows(form.len()).any(|window| window == form);
        assert!(forms("KanarieHead").iter().any(found), "behind `{before}`");
    }
}

#[test]
fn a_secret_parameter_is_in_no_file_and_no_stream() {
    let place = Place::empty();
    place.write("vault.yaml", STACK);
    let mut hay = Haystack(Vec::new());
    let given = format!("Password={CANARY}");
    let given = ["--parameter", given.as_str()];
    let template = [&["vault.yaml"], &given[..]].concat();
    run(&place, &mut hay, &[&["plan"], &template[..], &["--full"]].concat(), 0);
    run(&place, &mut hay, &[&["plan"], &template[..], &["--json"]].concat(), 0);
    run(&place, &mut hay, &[&["plan"], &template[..], &["--out", "x.plan"]].concat(), 0);
    run(&place, &mut hay, &[&["apply", "x.plan", "--yes"], &given[..]].concat(), 0);
    let made = secret_text(&place.path("state/sandbox/cloud/objects.json"), "made");
    assert_eq!(made.len(), 40);
    run(&place, &mut hay, &["show", "vault", "--full"], 0);
    run(&place, &mut hay, &["show", "vault", "--json"], 0);
    run(&place, &mut hay, &["output", "vault"], 0);
    run(&place, &mut hay, &["output", "vault", "Password"], 0);
    run(&place, &mut hay, &[&["plan"], &template[..], &["--detailed-exitcode"]].concat(), 0);
    run(&place, &mut hay, &["sandbox", "rotate-secret", "made"], 0);
    let rotated = secret_text(&place.path("state/sandbox/cloud/objects.json"), "made");
    assert_ne!(rotated, made);
    run(&place, &mut hay, &[&["apply"], &template[..], &["--yes", "--json"]].concat(), 0);
    run(&place, &mut hay, &["destroy", "vault", "--yes"], 0);
    assert!(hay.0.iter().any(|(name, _)| name == "x.plan"));
    for secret in ["KanarieHead", "KanarieTail", &made, &rotated] {
        hay.lacks(secret);
    }
}

#[test]
fn a_failed_apply_does_not_repeat_a_secret() {
    let place = Place::empty();
    place.write(
        "vault.yaml",
        "Parameters:\n  Password: {Type: String, NoEcho: true}\nResources:\n  Given:\n    \
         Type: AWS::SecretsManager::Secret\n    Properties: {Name: given, SecretString: !Ref \
         Password}\n  User:\n    Type: AWS::SNS::Topic\n    DependsOn: Given\n    \
         Properties: {DisplayName: '{{resolve:secretsmanager:given:SecretString:key}}'}\n",
    );
    let mut hay = Haystack(Vec::new());
    let given = format!("Password={CANARY}");
    let apply = ["apply", "vault.yaml", "--yes", "--parameter", given.as_str()];
    run(&place, &mut hay, &apply, 4);
    run(&place, &mut hay, &[&apply[..], &["--json"]].concat(), 4);
    run(&place, &mut hay, &[&apply[..], &["--no-rollback"]].concat(), 5);
    let text = secret_text(&place.path("state/sandbox/cloud/objects.json"), "given");
    for secret in ["KanarieHead", "KanarieTail", &text] {
        hay.lacks(secret);
    }
}

#[test]
fn the_secret_between_origin_and_distribution_is_in_no_file_and_no_stream() {
    let place = Place::streaming();
    let mut hay = Haystack(Vec::new());
    run(&place, &mut hay, &["plan", "--out", "x.plan", "--full"], 0);
    run(&place, &mut hay, &["apply", "x.plan", "--yes"], 0);
    let body = "MediaPackage/streaming:SecretString:MediaPackageCDNIdentifier";
    let secret = secret_text(&place.path("state/sandbox/cloud/objects.json"), body);
    assert_eq!(secret.len(), 64);
    run(&place, &mut hay, &["plan", "--json"], 0);
    run(&place, &mut hay, &["show", "--full"], 0);
    run(&place, &mut hay, &["show", "--json"], 0);
    run(&place, &mut hay, &["output"], 0);
    run(&place, &mut hay, &["destroy", "--yes"], 0);
    hay.lacks(&secret);
}
