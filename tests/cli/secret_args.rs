//! The values of secret parameters from where no other process sees them, and their digests.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::harness::{Place, ran};

const STACK: &str = "Parameters:
  Pw: {Type: String, NoEcho: true}
  Size: {Type: String, Default: one}
Resources:
  Stored:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: !Ref Pw, Description: !Ref Size}
";

fn place() -> Place {
    let place = Place::empty();
    place.write("s.yaml", STACK);
    place
}

#[test]
fn a_value_comes_from_a_file_from_standard_input_or_from_a_variable() {
    let place = place();
    place.write("pw.txt", "hunter2-file\n");
    place.sandbox(&["apply", "s.yaml", "--yes", "--parameter-from", "Pw=pw.txt"]).expect(0);
    fn unchanged<'a>(line: &[&'a str]) -> Vec<&'a str> {
        [&["plan", "s.yaml", "--detailed-exitcode"], line].concat()
    }
    // The same value in every other way is no change.
    let mut command = place.command(&unchanged(&["--sandbox"]));
    command.env("RSTACK_PARAMETER_Pw", "hunter2-file");
    let variable = ran(command).expect(0);
    assert!(!variable.err.contains("warning"), "{}", variable.err);
    let mut command = place.command(&unchanged(&["--parameter-from", "Pw=-", "--sandbox"]));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"hunter2-file\n").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let literal = place.sandbox(&unchanged(&["--parameter", "Pw=hunter2-file"])).expect(0);
    assert!(
        literal.err.contains("warning[secret-on-command-line]: the value of secret parameter `Pw`"),
        "{}",
        literal.err
    );
    // A literal that looks like a file is a literal.
    place.sandbox(&unchanged(&["--parameter", "Pw=@pw.txt"])).expect(2);
    // Another value is one, and a variable without a parameter means nothing.
    let mut command = place.command(&unchanged(&["--sandbox"]));
    command.env("RSTACK_PARAMETER_Pw", "hunter3").env("RSTACK_PARAMETER_Other", "x");
    let changed = ran(command).expect(2);
    assert!(changed.out.contains("1 to update"), "{}", changed.out);
    // Parameters that are no secrets are decided by the command line alone.
    let mut command = place.command(&unchanged(&["--parameter-from", "Pw=pw.txt", "--sandbox"]));
    command.env("RSTACK_PARAMETER_Size", "two");
    ran(command).expect(0);
}

#[test]
fn a_value_that_cannot_be_read_is_an_error_that_names_it() {
    let place = place();
    let ran = place.sandbox(&["plan", "s.yaml", "--parameter-from", "Pw=absent.txt"]).expect(1);
    ran.reports("parameter-not-read", &["`Pw`", "`absent.txt`"]);
    let both = ["plan", "s.yaml", "--parameter-from", "Pw=s.yaml", "--parameter", "Pw=x"];
    let ran = place.sandbox(&both).expect(1);
    assert!(ran.err.contains("error[parameter-twice]"), "{}", ran.err);
    let ran = place.sandbox(&["plan", "s.yaml"]).expect(1);
    ran.reports("missing-parameter", &["`Pw`", "RSTACK_PARAMETER_Pw"]);
    // A file that gives no value, or never ends: nothing waits for it.
    crate::file_root::fifo(&place.path("fifo"));
    std::os::unix::fs::symlink("/proc/self/environ", place.path("leads-out")).unwrap();
    place.write("long.txt", &"x".repeat(64 * 1024 + 1));
    for (file, problem) in [
        ("fifo", "is a FIFO, not a regular file"),
        ("/dev/zero", "is a device, not a regular file"),
        (".", "is a directory, not a regular file"),
        ("leads-out", "is outside of the project"),
        ("long.txt", "is not UTF-8 text of at most 64 KiB"),
    ] {
        let given = format!("Pw={file}");
        let ran = place.sandbox(&["plan", "s.yaml", "--parameter-from", &given]).expect(1);
        assert!(ran.err.contains("`Pw`") && ran.err.contains(problem), "{file}: {}", ran.err);
    }
    place.write_bytes("binary", &[0xff, 0xfe]);
    let ran = place.sandbox(&["plan", "s.yaml", "--parameter-from", "Pw=binary"]).expect(1);
    ran.reports("parameter-not-read", &["`Pw`", "`binary`"]);
}

#[test]
fn the_graph_takes_values_from_where_a_plan_takes_them() {
    let place = place();
    let mut command = place.command(&["graph", "s.yaml"]);
    command.env("RSTACK_PARAMETER_Pw", "hunter2");
    let graph = ran(command).expect(0);
    assert!(graph.out.contains("Stored") && !graph.out.contains("hunter2"), "{}", graph.out);
    let without = place.run(&["graph", "s.yaml"]).expect(1);
    assert!(without.err.contains("error[missing-parameter]"), "{}", without.err);
}

fn record(place: &Place) -> String {
    let state = place.read("state/sandbox/s.json");
    let start = state.find("argon2id$").expect("a slow digest");
    state[start..].split('"').next().unwrap().to_owned()
}

#[test]
fn the_digest_is_slow_and_keyed_by_the_user_who_has_a_key() {
    let place = place();
    let (apply, pw) = (["apply", "s.yaml", "--yes"], ["--parameter", "Pw=123456"]);
    place.sandbox(&[&apply[..], &pw].concat()).expect(0);
    let first = record(&place);
    assert!(first.starts_with("argon2id$v=19$m=65536,t=3,p=4,keyid="), "{first}");
    place.write(".config/rstack/digest-key", "a key that is long enough\n");
    let unusable = place.sandbox(&[&apply[..], &pw].concat()).expect(1);
    unusable.reports("key-unusable", &["chmod 600"]);
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(place.path(".config/rstack/digest-key"), mode).unwrap();
    // The value is known to be the same: nothing is updated, and the record is renewed.
    let plan = ["plan", "s.yaml", "--detailed-exitcode"];
    place.sandbox(&[&plan[..], &pw].concat()).expect(0);
    assert_eq!(record(&place), first, "a plan writes nothing");
    place.sandbox(&[&apply[..], &pw].concat()).expect(0);
    let renewed = record(&place);
    assert_ne!(renewed, first);
    place.sandbox(&[&plan[..], &pw].concat()).expect(0);
    assert_eq!(record(&place), renewed);
    place.sandbox(&[&plan[..], &["--parameter", "Pw=123457"]].concat()).expect(2);
}
