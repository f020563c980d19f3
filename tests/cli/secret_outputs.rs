//! The canary through every output that there is: each command and format, a terminal, workflow runners,
//! logs, and every file. The stack holds secrets in each form in which one may be written.

use std::collections::HashSet;
use std::io::Write;
use std::process::Stdio;

use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::harness::{Place, Ran, Running};
use crate::secrets::Haystack;

/// Secret parameters, and the marks of each that are searched for: one is short, one a part of the next,
/// one has lines, one is written in both cases, and one is a number.
const SECRETS: [(&str, &str, &[&str]); 7] = [
    ("Short", "⟁", &["⟁"]),
    ("Part", "Canary1Head", &["Canary1Head"]),
    ("Whole", "Canary1Head-Xy77\"\\/+&=%<é>'`|[x](y)-Canary2Tail", &["Xy77", "Canary2Tail"]),
    (
        "Pem",
        "-----BEGIN KEY-----\r\nCanary3MIIEvQIBADANBgkqh\r\nCanary4kiG9w0BAQEFAASC\r\n-----END KEY-----\r\n",
        &["Canary3MII", "Canary4kiG"],
    ),
    ("Case", "cANARY5mIXED", &["cANARY5mIXED"]),
    ("Coded", "Q2FuYXJ5Nmluc2lkZQ==", &["Q2FuYXJ5Nmluc2lkZQ", "Canary6inside"]),
    ("Pin", "90817263", &["90817263"]),
];

/// Every kind of place: text alone and inside, a document as a tree and as text, a list, a tag's key, a
/// number, coded, a map's value, an attribute that repeats it, a condition, outputs and their description.
const STACK: &str = r##"
Parameters:
  Short: {Type: String, NoEcho: true}
  Part: {Type: String, NoEcho: true, Description: a part of the next one}
  Whole: {Type: String, NoEcho: true}
  Pem: {Type: String, NoEcho: true}
  Case: {Type: String, NoEcho: true}
  Coded: {Type: String, NoEcho: true}
  Pin: {Type: Number, NoEcho: true}
Conditions:
  Same: !Equals [!Ref Part, !Ref Whole]
Resources:
  Role:
    Type: AWS::IAM::Role
    Metadata: {Note: beside}
    Properties:
      RoleName: vault
      MaxSessionDuration: 3600
      Description: !Sub '${Short} ${Part} ${Whole} ${Case}'
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Action: sts:AssumeRole
            Principal: {AWS: '111122223333'}
            Condition: {StringEquals: {sts:ExternalId: [!Ref Whole, !Ref Coded], aws:PrincipalTag/x: !Sub 'id-${Pin}'}}
      Tags: [{Key: !Sub 'k-${Case}', Value: !Ref Pem}]
  Stored:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: !Sub '{"a": "${Part}", "b": ["${Case}"]}', Description: one}
  Queue:
    Type: AWS::SQS::Queue
    Properties: {DelaySeconds: !Ref Pin, RedrivePolicy: {maxReceiveCount: 3, deadLetterTargetArn: !Ref Whole}}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Role: !GetAtt Role.Arn
      Runtime: nodejs22.x
      Handler: a.b
      Code: {ZipFile: !Sub "exports.b = () => '${Coded}'\n"}
      Environment: {Variables: {PART: !Ref Part, PEM: !Ref Pem, SHORT: !If [Same, a, !Ref Short]}}
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties: {LaunchTemplateData: {UserData: {'Fn::Base64': !Sub "#!/bin/sh\nlogin ${Whole} ${Pem}\n"}}}
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Join [' ', [of, !GetAtt Stored.Value, !Ref Case]]}
Outputs:
  Whole: {Value: !Ref Whole, Description: "\"one\" of them"}
  Inside: {Value: !Sub 'x-${Part}-${Coded}-x'}
  Stored: {Value: !GetAtt Stored.Value, Export: {Name: stored}}
"##;

/// The place, and all that was seen in it.
struct Search {
    place: Place,
    hay: Haystack,
    seen: HashSet<Vec<u8>>,
    runs: usize,
}

impl Search {
    /// Runs a command with these variables beside those of the secrets, keeps what it says and every
    /// file, and gives the exit code.
    fn run_in(&mut self, variables: &[(&str, &str)], line: &[&str]) -> i32 {
        let mut command = self.place.command(line);
        for (name, text, _) in SECRETS {
            command.env(format!("RSTACK_PARAMETER_{name}"), text);
        }
        command.envs(variables.iter().copied());
        let Ran { code, out, err } = crate::harness::ran(command);
        assert!(!err.contains("panicked"), "{err}");
        self.keep(&line.join(" "), [out.into_bytes(), err.into_bytes()]);
        code
    }

    /// [`Self::run_in`] with all the logging there is: the command must end with this code.
    #[track_caller]
    fn run(&mut self, line: &[&str], code: i32) {
        let line = [line, &["-vvv"]].concat();
        assert_eq!(self.run_in(&[("RUST_LOG", "trace")], &line), code, "{line:?}");
    }

    /// Kills an apply when its first changes are under way: its journal stays.
    fn strike(&mut self) {
        let mut command = self.place.command(&["apply", "vault.yaml", "--yes", "--sandbox"]);
        for (name, text, _) in SECRETS {
            command.env(format!("RSTACK_PARAMETER_{name}"), text);
        }
        command.env("RSTACK_SANDBOX", "latency-ms=600000");
        let mut running = Running::start(command);
        running.wait_for("creating   AWS::SQS::Queue");
        running.signal(Signal::KILL);
        let (code, said) = running.end();
        assert_eq!(code, None, "{said}");
        self.keep("an apply that was killed", [Vec::new(), said.into_bytes()]);
    }

    fn keep(&mut self, name: &str, streams: [Vec<u8>; 2]) {
        self.runs += 1;
        let streams = streams.map(|bytes| (name.to_owned(), bytes));
        // Files that live only for a while are seen, too; what has not changed is searched once.
        for (name, bytes) in streams.into_iter().chain(self.place.files()) {
            if self.seen.insert(bytes.clone()) {
                self.hay.0.push((name, bytes));
            }
        }
    }

    /// Runs a command on a terminal, as far as it says something.
    fn on_a_terminal(&mut self, line: &[&str]) {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = || std::fs::OpenOptions::new().read(true).write(true).open(&name).unwrap();
        let mut command = self.place.command(line);
        for (name, text, _) in SECRETS {
            command.env(format!("RSTACK_PARAMETER_{name}"), text);
        }
        command.env("TERM", "xterm").stdin(slave()).stdout(slave()).stderr(slave());
        let mut child = command.spawn().unwrap();
        drop(command);
        let (mut shown, mut part) = (Vec::new(), [0; 4096]);
        // When nothing has the terminal open any more, reading from it fails.
        while let Ok(read) = rustix::io::read(&master, &mut part) {
            shown.extend_from_slice(&part[..read]);
        }
        assert_eq!(child.wait().unwrap().code(), Some(0), "{}", String::from_utf8_lossy(&shown));
        assert!(shown.contains(&0x1b), "{line:?} was not shown as on a terminal");
        self.keep(&line.join(" "), [shown, Vec::new()]);
    }
}

fn search() -> Search {
    let place = Place::empty();
    place.write("vault.yaml", STACK);
    Search { place, hay: Haystack(Vec::new()), seen: HashSet::new(), runs: 0 }
}

/// Ways in which the commands about a stack print it.
const LOOKS: [&[&str]; 22] = [
    &["validate", "vault.yaml"],
    &["validate", "vault.yaml", "--format", "json"],
    &["validate", "vault.yaml", "--format", "sarif"],
    &["plan", "vault.yaml", "--sandbox", "--full"],
    &["plan", "vault.yaml", "--sandbox", "--compact"],
    &["plan", "vault.yaml", "--sandbox", "--json"],
    &["plan", "vault.yaml", "--sandbox", "--out", "vault.plan"],
    &["show", "vault.plan", "--full"],
    &["show", "vault.plan", "--json"],
    &["show", "vault", "--sandbox", "--full"],
    &["show", "vault", "--sandbox", "--json"],
    &["graph", "vault.yaml"],
    &["graph", "vault.yaml", "--format", "mermaid"],
    &["graph", "vault.yaml", "--json"],
    &["output", "vault", "--sandbox"],
    &["output", "vault", "--sandbox", "--json"],
    &["output", "vault", "Whole", "--sandbox"],
    &["state", "list", "vault", "--sandbox", "--json"],
    &["state", "show", "vault", "Role", "--sandbox"],
    &["state", "history", "vault", "--sandbox"],
    &["state", "pull", "vault", "copy.json", "--sandbox"],
    &["sandbox", "ls", "--sandbox"],
];

#[test]
fn no_output_and_no_file_has_a_secret_in_any_form() {
    let mut search = search();
    search.strike();
    search.run(&["apply", "vault.yaml", "--yes", "--sandbox"], 0);
    search.run(&["plan", "vault.yaml", "--sandbox", "--detailed-exitcode"], 0);
    for (line, runner) in LOOKS.iter().zip(["GITHUB_ACTIONS", "GITLAB_CI"].iter().cycle()) {
        search.run(line, 0);
        assert_eq!(search.run_in(&[(runner, "true")], line), 0, "{line:?} in {runner}");
    }
    for line in [LOOKS[3], LOOKS[9], LOOKS[14]] {
        search.on_a_terminal(line);
    }
    // Beside the secrets another user has changed something, and so has the template.
    for (property, value) in [("MaxSessionDuration", "7200"), ("Description", "another one")] {
        search.run(&["sandbox", "set", "AWS::IAM::Role", "vault", property, value], 0);
        search.run(&["plan", "vault.yaml", "--sandbox", "--detailed-exitcode", "--json"], 2);
    }
    search.place.edit("vault.yaml", "Description: one", "Description: two");
    search.run(&["plan", "vault.yaml", "--sandbox", "--full"], 0);
    search.run(&["apply", "vault.yaml", "--yes", "--json", "--sandbox"], 0);
    // The secrets are others now: what is known of the old ones is shown nowhere, either.
    let plan = ["plan", "vault.yaml", "--sandbox", "--full", "-vvv"];
    let others = SECRETS.map(|(name, text, _)| {
        let other = if text.parse::<u64>().is_ok() { "5" } else { "another value" };
        (format!("RSTACK_PARAMETER_{name}"), other)
    });
    for (name, other) in others.iter().step_by(3) {
        assert_eq!(search.run_in(&[(name, other), ("RUST_LOG", "trace")], &plan), 0);
    }
    // What fails half-way: events, messages, a journal that stays, and the way back.
    search.run(&["sandbox", "put-parameter", "/taken", "by another", "--sandbox"], 0);
    let broken = search.place.read("vault.yaml").replace(
        "Outputs:",
        "  Broken:\n    Type: AWS::SSM::Parameter\n    DependsOn: Topic\n    Properties: {Type: String, \
         Name: /taken, Value: mine}\nOutputs:",
    );
    search.place.write("vault.yaml", &broken.replace("Description: two", "Description: three"));
    search.run(&["apply", "vault.yaml", "--yes", "--sandbox"], 4);
    search.run(&["apply", "vault.yaml", "--yes", "--no-rollback", "--json", "--sandbox"], 5);
    search.run(&["show", "vault", "--full", "--sandbox"], 0);
    search.run(&["rollback", "vault", "--yes", "--sandbox"], 0);
    search.on_a_terminal(&["destroy", "vault", "--yes", "--sandbox"]);
    for file in ["vault.plan", "copy.json", ".journal", "objects.json", "vault.backup/"] {
        assert!(search.hay.0.iter().any(|(name, _)| name.contains(file)), "no `{file}` was seen");
    }
    found_nowhere(&search, 60, 200_000);
}

#[test]
fn no_message_about_a_value_repeats_it() {
    let mut search = search();
    let wrong = [
        ("Part: {Type: String", "Part: {AllowedPattern: '[0-9]+', Type: String"),
        ("Part: {Type: String", "Part: {AllowedValues: [a, b], Type: String"),
        ("Whole: {Type: String", "Whole: {MinLength: 400, Type: String"),
        ("Whole: {Type: String", "Whole: {MaxLength: 4, Type: String"),
        ("Pin: {Type: Number", "Pin: {MinValue: 100000000, Type: Number"),
        ("Case: {Type: String", "Case: {Type: Number"),
        ("Part: {Type: String", "Part: {Type: 'AWS::SSM::Parameter::Value<String>'"),
        (
            "Conditions:",
            "Rules: {R: {Assertions: [{Assert: !Equals [!Ref Part, b]}]}}\nConditions:",
        ),
        ("Runtime: nodejs22.x", "Runtime: !Select [!Ref Pin, [a, b]]"),
        ("Runtime: nodejs22.x", "Runtime: !FindInMap [M, !Ref Case, a]"),
        ("Runtime: nodejs22.x", "Runtime: !ImportValue {Ref: Case}"),
        ("Runtime: nodejs22.x", "Runtime: !Select [0, !Split [a, !Ref Case]]"),
        ("Runtime: nodejs22.x", "Runtime: !Sub '{{resolve:secretsmanager:${Case}}}'"),
        ("Runtime: nodejs22.x", "Runtime: !Sub '{{resolve:ssm:${Case}}}'"),
        ("Runtime: nodejs22.x", "FunctionName: !Sub 'f-${Case}'"),
        ("Name: stored", "Name: !Sub 'e-${Case}'"),
        (
            "Type: AWS::EC2::LaunchTemplate",
            "Type: AWS::EC2::LaunchTemplate\n    DeletionPolicy: !Ref Case",
        ),
    ];
    for (from, to) in wrong {
        assert_eq!(STACK.matches(from).count(), 1, "{from}");
        let mappings = "Mappings: {M: {a: {a: b}}}\nResources:";
        search.place.write("vault.yaml", &STACK.replace(from, to).replace("Resources:", mappings));
        for line in [
            &["plan", "vault.yaml", "--sandbox"][..],
            &["plan", "vault.yaml", "--sandbox", "--json"],
            &["apply", "vault.yaml", "--sandbox", "--yes"],
            &["graph", "vault.yaml"],
        ] {
            // The graph has no cloud to ask, and looks at no name.
            let code = search.run_in(&[("RUST_LOG", "trace")], &[line, &["-vvv"]].concat());
            assert!(code == 1 || line[0] == "graph", "{to} {line:?}");
        }
    }
    // Values that come from a stream.
    search.place.write("vault.yaml", STACK);
    let mut command = search.place.command(&["plan", "vault.yaml", "--parameter-from", "Part=-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.arg("--sandbox").spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"Canary1Head\xff").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    search.keep("a value that is no text", [output.stdout, output.stderr]);
    found_nowhere(&search, 60, 40_000);
}

/// Searches every byte that was seen, and says how many those are.
#[track_caller]
fn found_nowhere(search: &Search, least_runs: usize, least_bytes: usize) {
    let mut marks = 0;
    for (_, _, all) in SECRETS {
        for mark in all {
            // The template itself says nothing of a secret.
            assert!(!STACK.contains(mark));
            search.hay.lacks(mark);
            marks += 1;
        }
    }
    let bytes: usize = search.hay.0.iter().map(|(_, bytes)| bytes.len()).sum();
    let (runs, texts) = (search.runs, search.hay.0.len());
    println!("{runs} runs: {bytes} bytes in {texts} streams and files, {marks} marks: 0 hits");
    assert!(runs >= least_runs && bytes >= least_bytes, "{runs} runs, {bytes} bytes");
}
