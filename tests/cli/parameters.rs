//! Parameters as people give them: values that are kept, files of values, values for one stack of an app.

use std::io::Write as _;
use std::process::Stdio;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{Place, ran, snapshot};

const STACK: &str = "Parameters:
  Size: {Type: String, Default: small, AllowedValues: [small, large]}
  Zones: {Type: CommaDelimitedList, Default: 'a,b'}
  Image: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /image/one}
  Pw: {Type: String, NoEcho: true, Default: dflt}
Resources:
  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub 'jobs-${Size}'}}
  T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Join ['-', [!Ref Image, !Select [1, !Ref Zones]]]}}
  Stored: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Ref Pw}}
";

fn place() -> Place {
    let place = Place::empty();
    place.write("s.yaml", STACK);
    for (name, value) in [("/image/one", "ami-1"), ("/image/two", "ami-2")] {
        place.sandbox(&["sandbox", "put-parameter", name, value]).expect(0);
    }
    place
}

fn stored(place: &Place) -> Value {
    serde_json::from_str(&place.read("state/sandbox/s.json")).unwrap()
}

/// The part of a text before the resources, whose names are drawn at random.
fn head(text: &str) -> &str {
    text.split("\nResources").next().unwrap()
}

#[test]
fn the_last_value_of_a_parameter_is_kept() {
    let place = place();
    let given = ["-p", "Size=large", "-p", "Zones=x,y", "-p", "Image=/image/two"];
    place.sandbox(&[&["apply", "s.yaml", "--yes"], &given[..]].concat()).expect(0);
    // No change, in text, as JSON and in a saved plan.
    let plan = place.sandbox(&["plan", "s.yaml", "--detailed-exitcode"]).expect(0);
    snapshot("parameters_kept", &plan.out);
    let json = place.sandbox(&["plan", "s.yaml", "--json", "--out", "x.plan"]).expect(0).out;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["parameterSources"]["Size"], json!({"source": "kept", "given": "large"}));
    assert_eq!(json["parameterSources"]["Pw"], json!({"source": "default"}));
    let saved: Value = serde_json::from_str(&place.read("x.plan")).unwrap();
    assert_eq!(saved["plan"]["kept"], json!(["Image", "Size", "Zones"]));
    let shown = place.sandbox(&["show", "x.plan"]).expect(0).out;
    assert!(shown.starts_with(&plan.out), "{shown}");
    place.sandbox(&["apply", "x.plan", "--yes", "-p", "Pw=dflt"]).expect(0);
    // A value of the Parameter Store is kept as its name there, and read anew.
    place.sandbox(&["sandbox", "put-parameter", "/image/two", "ami-3"]).expect(0);
    let applied = place.sandbox(&["apply", "s.yaml", "--yes"]).expect(0);
    assert!(applied.out.contains("ami-3-y"), "{}", applied.out);
    assert_eq!(stored(&place)["state"]["given"]["Image"], json!({"text": "/image/two"}));
    // A value that is given stands for itself, and the others stay.
    let plan = place.sandbox(&["plan", "s.yaml", "-p", "Size=small"]).expect(0).out;
    assert!(!plan.contains("Size = "), "{plan}");
    assert!(plan.contains("Zones = [\"x\", \"y\"] (kept"), "{plan}");
    // The stack shows what it has.
    snapshot("parameters_shown", head(&place.sandbox(&["show", "s"]).expect(0).out));
    let shown = place.sandbox(&["show", "s", "--json"]).expect(0).out;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let expected = json!({"Size": "large", "Zones": "x,y", "Image": "/image/two"});
    assert_eq!(shown["given"], expected);
    // Other commands that read the template have the kept values, too: one without a default is given.
    place.edit("s.yaml", "String, Default: small,", "String,");
    place.sandbox(&["graph", "s.yaml"]).expect(0);
    let other = ["graph", "s.yaml", "--stack-name", "other"];
    place.sandbox(&other).expect(1).reports("missing-parameter", &["`Size`"]);
}

#[test]
fn the_defaults_come_back_when_they_are_asked_for() {
    let place = place();
    place.sandbox(&["apply", "s.yaml", "--yes", "-p", "Size=large"]).expect(0);
    let plan = place.sandbox(&["plan", "s.yaml", "--reset-parameters", "--compact"]).expect(0);
    snapshot("parameters_reset", &plan.out);
    let json = place.sandbox(&["plan", "s.yaml", "--reset-parameters", "--json"]).expect(0).out;
    let json: Value = serde_json::from_str(&json).unwrap();
    let expected = json!({"source": "default", "before": "large"});
    assert_eq!(json["parameterSources"]["Size"], expected);
    place.sandbox(&["apply", "s.yaml", "--reset-parameters", "--yes"]).expect(0);
    assert_eq!(stored(&place)["state"].get("given"), None);
    // A default that the template changes is a default: it was never given.
    place.edit("s.yaml", "Default: small", "Default: large");
    let plan = place.sandbox(&["plan", "s.yaml", "--compact"]).expect(0).out;
    assert!(
        plan.contains("Size = \"large\" (the default has another value; before: \"small\")"),
        "{plan}"
    );
    // A saved plan has decided it.
    place.sandbox(&["plan", "s.yaml", "--out", "x.plan"]).expect(0);
    let refused = place.sandbox(&["apply", "x.plan", "--reset-parameters", "--yes"]).expect(1);
    refused.reports("option-conflict", &["--reset-parameters"]);
}

/// Also where nothing else changes.
#[test]
fn a_value_that_changes_no_resource_is_recorded() {
    let place = Place::empty();
    let template = "Parameters: {A: {Type: String, Default: a}, B: {Type: String, Default: b}}
Resources: {Q: {Type: AWS::SQS::Queue}}\n";
    place.write("s.yaml", template);
    place.sandbox(&["apply", "s.yaml", "--yes"]).expect(0);
    place.sandbox(&["apply", "s.yaml", "--yes", "-p", "A=x"]).expect(0);
    assert_eq!(stored(&place)["state"]["given"], json!({"A": {"text": "x"}}));
    assert_eq!(stored(&place)["state"]["parameters"]["A"], "x");
    let serial = stored(&place)["state"]["serial"].clone();
    place.sandbox(&["apply", "s.yaml", "--yes"]).expect(0);
    assert_eq!(stored(&place)["state"]["serial"], serial, "nothing is recorded twice");
    // A parameter that the template has no more is forgotten.
    place.write("s.yaml", &template.replace("A: {Type: String, Default: a}, ", ""));
    place.sandbox(&["apply", "s.yaml", "--yes"]).expect(0);
    assert_eq!(stored(&place)["state"].get("given"), None);
}

#[test]
fn a_kept_value_that_is_no_longer_allowed_is_named() {
    let place = place();
    place.sandbox(&["apply", "s.yaml", "--yes", "-p", "Size=large"]).expect(0);
    place.edit("s.yaml", "[small, large]", "[small, medium]");
    let refused = place.sandbox(&["plan", "s.yaml"]).expect(1);
    let facts =
        ["`Size`", "kept from the last apply", "--parameter Size=VALUE", "--reset-parameters"];
    refused.reports("parameter-value", &facts);
    place.sandbox(&["plan", "s.yaml", "-p", "Size=medium"]).expect(0);
    place.sandbox(&["plan", "s.yaml", "--reset-parameters"]).expect(0);
}

/// It is on no disk, and so it cannot be kept.
#[test]
fn a_secret_value_has_to_be_given_again() {
    let place = place();
    let mut command = place.command(&["apply", "s.yaml", "--yes", "--sandbox"]);
    command.env("RSTACK_PARAMETER_Pw", "hunter2");
    ran(command).expect(0);
    assert_eq!(stored(&place)["state"]["given"], json!({"Pw": "secret"}));
    let files = place.files();
    let holds = |bytes: &[u8]| bytes.windows(7).any(|window| window == b"hunter2");
    let holders: Vec<&String> =
        files.iter().filter(|(_, bytes)| holds(bytes)).map(|(name, _)| name).collect();
    assert!(holders.is_empty(), "{holders:?}");
    // With a default the plan says that it is used; the secret is another one then.
    let plan = place.sandbox(&["plan", "s.yaml", "--compact"]).expect(0);
    snapshot("parameters_secret_default", head(&plan.out));
    let json = place.sandbox(&["plan", "s.yaml", "--json"]).expect(0).out;
    let json: Value = serde_json::from_str(&json).unwrap();
    let expected = json!({"source": "default", "notStored": true});
    assert_eq!(json["parameterSources"]["Pw"], expected);
    // Without one it is an error that says why.
    place.edit("s.yaml", ", Default: dflt", "");
    let refused = place.sandbox(&["plan", "s.yaml"]).expect(1);
    let facts = ["`Pw`", "RSTACK_PARAMETER_Pw", "must be given again"];
    refused.reports("missing-parameter", &facts);
    place.write("v.json", r#"[{"ParameterKey": "Pw", "UsePreviousValue": true}]"#);
    let refused = place.sandbox(&["plan", "s.yaml", "--parameters-file", "v.json"]).expect(1);
    refused.reports("parameter-not-read", &["v.json:1:2", "`Pw`", "RSTACK_PARAMETER_Pw"]);
}

/// A text that was given before the parameter became secret is not taken for a secret, and a secret for no
/// text.
#[test]
fn a_parameter_that_becomes_secret_keeps_nothing() {
    let place = Place::empty();
    let template = "Parameters: {A: {Type: String}}
Resources: {P: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Ref A}}}\n";
    place.write("s.yaml", template);
    place.sandbox(&["apply", "s.yaml", "--yes", "-p", "A=plain"]).expect(0);
    place.write("s.yaml", &template.replace("{Type: String}", "{Type: String, NoEcho: true}"));
    place.sandbox(&["plan", "s.yaml"]).expect(1).reports("missing-parameter", &["`A`"]);
    place.write("a.txt", "other");
    place.sandbox(&["apply", "s.yaml", "--yes", "--parameter-from", "A=a.txt"]).expect(0);
    assert_eq!(stored(&place)["state"]["given"], json!({"A": "secret"}));
    place.write("s.yaml", template);
    let refused = place.sandbox(&["plan", "s.yaml"]).expect(1);
    refused.reports("missing-parameter", &["must be given again"]);
}

/// An apply that failed is gone on with as it was begun, and a rollback goes back.
#[test]
fn the_values_of_an_apply_that_failed_are_kept_until_it_is_rolled_back() {
    let place = place();
    place.write("o.yaml", "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: x}}}\n");
    place.sandbox(&["apply", "o.yaml", "--yes"]).expect(0);
    place.sandbox(&["apply", "s.yaml", "--yes", "-p", "Zones=a,z"]).expect(0);
    let whole = place.read("s.yaml");
    let more = "  New: {Type: AWS::SNS::Topic, DependsOn: T, Properties: {TopicName: x}}\n";
    place.write("s.yaml", &(whole.clone() + more));
    let failing = ["apply", "s.yaml", "--yes", "--no-rollback", "-p", "Zones=a,c"];
    place.sandbox(&failing).expect(5);
    assert_eq!(stored(&place)["state"]["given"]["Zones"], json!({"text": "a,c"}));
    let plan = place.sandbox(&["plan", "s.yaml"]).expect(0).out;
    assert!(plan.contains("Zones = [\"a\", \"c\"] (kept"), "{plan}");
    place.sandbox(&["rollback", "s", "--yes"]).expect(0);
    assert_eq!(stored(&place)["state"]["given"]["Zones"], json!({"text": "a,z"}));
    // As one does that rolls back at once.
    place.sandbox(&["apply", "s.yaml", "--yes", "-p", "Zones=a,c"]).expect(4);
    assert_eq!(stored(&place)["state"]["given"]["Zones"], json!({"text": "a,z"}));
    place.write("s.yaml", &whole);
    place.sandbox(&["plan", "s.yaml", "--detailed-exitcode"]).expect(0);
}

/// The journal has them: a process that dies in the middle of an apply loses none.
#[test]
fn the_values_of_an_apply_that_was_cut_off_are_kept() {
    let place = Place::empty();
    place.write(
        "s.yaml",
        "Parameters: {Words: {Type: String, Default: few}}
Resources:
  Cdn:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Comment: !Ref Words
        DefaultCacheBehavior:
          TargetOriginId: o
          ViewerProtocolPolicy: https-only
          CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
        Origins:
          - {Id: o, DomainName: example.com, CustomOriginConfig: {OriginProtocolPolicy: https-only}}
",
    );
    let mut running = place.start_slow(&["apply", "s.yaml", "--yes", "-p", "Words=many"]);
    running.wait_for("waiting    AWS::CloudFront::Distribution");
    running.signal(Signal::KILL);
    running.end();
    let journal = place.read("state/sandbox/s.journal");
    assert!(journal.contains(r#""given":{"Words":{"text":"many"}}"#), "{journal}");
    let applied = place.sandbox(&["apply", "s.yaml", "--yes"]).expect(0);
    assert!(applied.out.contains("Words = \"many\" (kept from the last apply)"), "{}", applied.out);
    place.sandbox(&["plan", "s.yaml", "--detailed-exitcode", "-p", "Words=many"]).expect(0);
}

/// Every form gives the same plan as the command line.
#[test]
fn values_come_from_files_in_every_form() {
    let place = place();
    let plan = |arguments: &[&str]| {
        place.sandbox(&[&["plan", "s.yaml", "--full"], arguments].concat()).expect(0).out
    };
    let expected = plan(&["-p", "Size=large", "-p", "Zones=x,1.10"]);
    for (name, text) in [
        (
            "list.json",
            r#"[{"ParameterKey": "Size", "ParameterValue": "large"},
                {"ParameterKey": "Zones", "ParameterValue": "x,1.10"}]"#,
        ),
        ("texts.json", r#"["Size=large", "Zones=x,1.10"]"#),
        ("pipeline.json", r#"{"Parameters": {"Size": "large", "Zones": "x,1.10"}}"#),
        ("map.json", r#"{"Size": "large", "Zones": ["x", 1.10]}"#),
        ("map.yaml", "Size: large\nZones:\n- x\n- 1.10\n"),
    ] {
        place.write(name, text);
        assert_eq!(plan(&["--parameters-file", name]), expected, "{name}");
    }
    assert_eq!(plan(&["--parameters-file", "file://map.yaml"]), expected);
    let mut command = place.command(&["plan", "s.yaml", "--sandbox", "--parameters-file", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"{Size: large}").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("jobs-large"));
    // The command line wins, and of two files the last one.
    place.write("small.yaml", "Size: small\n");
    let both = ["--parameters-file", "small.yaml", "--parameters-file", "map.yaml"];
    assert_eq!(plan(&both), expected);
    let won = plan(&[
        "-p",
        "Size=large",
        "--parameters-file",
        "map.yaml",
        "--parameters-file",
        "small.yaml",
    ]);
    assert_eq!(won, expected);
    // The tags of CodePipeline's form are those of the stack.
    let tagged =
        r#"{"Parameters": {"Size": "large"}, "Tags": {"Team": "live"}, "StackPolicy": {}}"#;
    place.write("tags.json", tagged);
    let tagged = place.sandbox(&["plan", "s.yaml", "--parameters-file", "tags.json"]).expect(0);
    assert!(tagged.out.contains("\"Team\""), "{}", tagged.out);
    assert!(tagged.err.contains("the stack policy in tags.json:1:"), "{}", tagged.err);
    // A value that is asked for again is the last one; one that there is not is an error.
    place.write("last.json", r#"[{"ParameterKey": "Size", "UsePreviousValue": true}]"#);
    let last = ["plan", "s.yaml", "--reset-parameters", "--parameters-file", "last.json"];
    place.sandbox(&last).expect(1).reports("parameter-not-read", &["last.json:1:2", "`Size`"]);
    place.sandbox(&["apply", "s.yaml", "--yes", "-p", "Size=large", "-p", "Zones=x,y"]).expect(0);
    let plan = place.sandbox(&last).expect(0).out;
    assert!(plan.contains("Size = \"large\" (kept"), "{plan}");
    assert!(plan.contains("Zones = [\"a\", \"b\"] (the default;"), "{plan}");
    // A parameter that has its default has a previous value, which is that.
    place.write("last.json", r#"[{"ParameterKey": "Image", "UsePreviousValue": true}]"#);
    place.sandbox(&last).expect(0);
    let missing =
        place.sandbox(&["plan", "s.yaml", "--parameters-file", "nope.json"]).expect(1).err;
    assert!(missing.contains("cannot read the values of parameters"), "{missing}");
    assert_eq!(missing.matches("nope.json").count(), 2, "{missing}");
    assert!(missing.contains("hint: check the path `nope.json`"), "{missing}");
    // Templates are validated with the values, too.
    let validate = ["validate", "s.yaml", "--parameters-file", "small.yaml"];
    place.sandbox(&validate).expect(0);
    place.write("small.yaml", "Size: tiny\n");
    place.sandbox(&validate).expect(1).reports("parameter-value", &["`Size`"]);
}

#[test]
fn a_file_that_cannot_be_used_is_refused_with_its_place() {
    let place = place();
    for (text, code, facts) in [
        ("Size: [", "parameter-not-read", "v.yaml:1:7: it is neither JSON nor YAML"),
        ("Size: small\nSize: large\n", "parameter-twice", "v.yaml:2:1: `Size` has two values"),
        (
            "Size: small\nSiez: large\n",
            "parameter-not-taken",
            "v.yaml:2:1: the template has no parameter `Siez`",
        ),
        ("Size: [small]\n", "parameter-not-read", "v.yaml:1:1: `Size` takes one value"),
        ("Size: {a: b}\n", "parameter-not-read", "v.yaml:1:7: the value of `Size`"),
        ("Other:Size: small\n", "parameter-not-taken", "the command has no stack `Other`"),
        ("Parameters: {}\nTags: {'aws:x': y}\n", "parameter-not-read", "the tag `aws:x`"),
    ] {
        place.write("v.yaml", text);
        let refused = place.sandbox(&["plan", "s.yaml", "--parameters-file", "v.yaml"]).expect(1);
        refused.reports(code, &[facts]);
    }
    let refused = place.sandbox(&["plan", "s.yaml", "--parameters-file", "absent.yaml"]).expect(1);
    refused.reports("parameter-not-read", &["`absent.yaml`"]);
    // Forms of other programs are named on the command line.
    for (given, hint) in [
        ("file://v.yaml", "--parameters-file v.yaml"),
        ("v.yaml", "--parameters-file v.yaml"),
        ("ParameterKey=Size,ParameterValue=small", "write `Size=small`"),
    ] {
        let refused = place.sandbox(&["plan", "s.yaml", "-p", given]).expect(1);
        refused.reports("invalid-arguments", &[hint]);
    }
}

/// Of the values in a file a saved plan takes the secret ones: it has decided the others.
#[test]
fn a_saved_plan_takes_its_secret_values_from_the_file() {
    let place = place();
    place.write("v.yaml", "Size: large\nPw: hunter2\n");
    let given = ["--parameters-file", "v.yaml"];
    place.sandbox(&[&["plan", "s.yaml", "--out", "x.plan"], &given[..]].concat()).expect(0);
    place.sandbox(&[&["apply", "x.plan", "--yes"], &given[..]].concat()).expect(0);
    place.sandbox(&[&["plan", "s.yaml", "--detailed-exitcode"], &given[..]].concat()).expect(0);
}

/// An app of two stacks, of which `Web` is in a stage.
fn app() -> Place {
    let place = Place::empty();
    let template = "Parameters: {Size: {Type: String, Default: small}, Pw: {Type: String, NoEcho: true, \
                    Default: d}}\nResources:\n  P: {Type: AWS::SSM::Parameter, Properties: {Type: String, \
                    Value: !Ref Size, Description: !Ref Pw}}\nOutputs: {Size: {Value: !Ref Size}, Pw: \
                    {Value: !Ref Pw}, Name: {Value: !Ref P}}\n";
    place.write("cdk.out/net.yaml", template);
    place.write("cdk.out/web.yaml", template);
    let stack = |template: &str, more: Value| {
        let mut stack = json!({"type": "aws:cloudformation:stack", "properties": {"templateFile": template},
                               "environment": "aws://unknown-account/unknown-region"});
        stack.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        stack
    };
    let web = stack("web.yaml", json!({"displayName": "Prod/Web", "dependencies": ["Net"]}));
    let artifacts = json!({"Net": stack("net.yaml", json!({})), "ProdWeb": web});
    let manifest = json!({"version": "36.0.0", "artifacts": artifacts});
    place.write("cdk.out/manifest.json", &manifest.to_string());
    place
}

fn value(place: &Place, stack: &str, output: &str) -> String {
    place.sandbox(&["output", stack, output]).expect(0).out.trim().to_owned()
}

#[test]
fn a_value_is_for_all_stacks_of_an_app_or_for_one() {
    let place = app();
    let given = ["-p", "Size=l", "-p", "Prod/Web:Size=xl", "--outputs-file", "o.json"];
    let applied = place.sandbox(&[&["apply", "cdk.out", "--yes"], &given[..]].concat()).expect(0);
    assert_eq!(value(&place, "Net", "Size"), "l");
    assert_eq!(value(&place, "ProdWeb", "Size"), "xl");
    // The file has the outputs as `cdk deploy` writes them, but for the secret ones.
    let outputs: Value = serde_json::from_str(&place.read("o.json")).unwrap();
    assert_eq!(outputs["Net"]["Size"], "l");
    assert_eq!(outputs["ProdWeb"]["Size"], "xl");
    assert!(outputs["Net"]["Name"].is_string() && outputs["Net"].get("Pw").is_none(), "{outputs}");
    assert!(applied.err.contains("the output `Pw` of `Net` is secret"), "{}", applied.err);
    // Both are kept. The name of the stack means it as its path does.
    place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    place.write("v.yaml", "Size: m\nProdWeb:Size: xs\n");
    let from_file = ["apply", "cdk.out", "--yes", "--parameters-file", "v.yaml"];
    place.sandbox(&from_file).expect(0);
    assert_eq!(
        (value(&place, "Net", "Size"), value(&place, "ProdWeb", "Size")),
        ("m".into(), "xs".into())
    );
    // The command line is stronger than a file, and what is for one stack than what is for all.
    place.sandbox(&[&from_file[..], &["-p", "Size=s"]].concat()).expect(0);
    assert_eq!(
        (value(&place, "Net", "Size"), value(&place, "ProdWeb", "Size")),
        ("s".into(), "s".into())
    );
    for (given, facts) in [
        ("Nett:Size=l", &["`Nett`", "Net, ProdWeb, Prod/Web"][..]),
        ("Typo=1", &["no stack of the run has the parameter `Typo`"]),
    ] {
        let refused = place.sandbox(&["plan", "cdk.out", "-p", given]).expect(1);
        refused.reports("parameter-not-taken", facts);
    }
    let refused = place.sandbox(&["plan", "cdk.out", "-p", "Net:Typo=1"]).expect(1);
    refused.reports("unknown-parameter", &["`Net`", "`Typo`"]);
    // A stack alone is called as in the app.
    place.sandbox(&["plan", "cdk.out/Net", "-p", "Net:Size=l"]).expect(0);
    place.sandbox(&["validate", "cdk.out", "-p", "Net:Size=l"]).expect(0);
    for (given, facts) in [
        ("Nett:Size=l", ("parameter-not-taken", "`Nett`")),
        ("Typo=1", ("parameter-not-taken", "`Typo`")),
        ("Net:Typo=1", ("unknown-parameter", "`Typo`")),
    ] {
        let refused = place.sandbox(&["validate", "cdk.out", "-p", given]).expect(1);
        refused.reports(facts.0, &[facts.1]);
    }
}

/// Standard input is read once, for all stacks.
#[test]
fn a_secret_from_standard_input_reaches_every_stack() {
    let place = app();
    let arguments = ["apply", "cdk.out", "--yes", "--sandbox", "--parameter-from", "Pw=-"];
    let mut command = place.command(&arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"hunter2\n").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    place.write("pw", "hunter2");
    let same = ["plan", "cdk.out", "--detailed-exitcode", "--parameter-from", "Pw=pw"];
    place.sandbox(&same).expect(0);
    place.write("pw", "");
    place.sandbox(&same).expect(2);
    // Destroying takes the former values of one stack, or of all that have such a parameter.
    let destroy =
        |given: &str| ["destroy", "cdk.out", "--yes", "--parameter-from", given].map(str::to_owned);
    let refused = destroy("Nett:Pw=pw");
    let refused: Vec<&str> = refused.iter().map(String::as_str).collect();
    place.sandbox(&refused).expect(1).reports("parameter-not-taken", &["`Nett`"]);
    let given = destroy("ProdWeb:Pw=pw");
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    place.sandbox(&given).expect(0);
}

#[test]
fn the_file_of_outputs_takes_no_other_file_s_place() {
    let place = app();
    place.write("package.json", "{\"name\": \"app\"}");
    let apply = |file: &str| place.sandbox(&["apply", "cdk.out", "--yes", "--outputs-file", file]);
    let refused = apply("package.json").expect(1);
    refused.reports("file-exists", &["`package.json`"]);
    assert!(!place.path("state/sandbox/Net.json").exists(), "refused before anything is done");
    apply("o.json").expect(0);
    // A run without changes writes it, too, and takes the place of the last one.
    let before = place.read("o.json");
    place.write("o.json", "{\"Old\": {\"A\": \"b\"}}");
    apply("o.json").expect(0);
    assert_eq!(place.read("o.json"), before);
    // What is done of a run that fails is written.
    let taken = "Resources: {P: {Type: AWS::SNS::Topic, Properties: {TopicName: x}}}\n";
    place.write("other.yaml", taken);
    place.sandbox(&["apply", "other.yaml", "--yes"]).expect(0);
    place.write("cdk.out/web.yaml", taken);
    apply("o.json").expect(4);
    let outputs: Value = serde_json::from_str(&place.read("o.json")).unwrap();
    let stacks: Vec<&String> = outputs.as_object().unwrap().keys().collect();
    assert_eq!(stacks, ["Net"]);
    // One stack, and a saved plan.
    place.sandbox(&["plan", "cdk.out/Net", "--out", "x.plan", "-p", "Size=xl"]).expect(0);
    let saved = ["apply", "x.plan", "--yes", "--outputs-file", "o.json", "-p", "Pw=d"];
    place.sandbox(&saved).expect(0);
    let outputs: Value = serde_json::from_str(&place.read("o.json")).unwrap();
    assert_eq!(outputs["Net"]["Size"], "xl");
}
