//! AWS's validator in `validate`, `plan` and `apply`: what is reported, what is remembered, what is
//! allowed and denied.

use crate::harness::{Place, snapshot};

/// A template with a mistake that only the validator knows, one that both know, and a warning.
const TEMPLATE: &str = "\
Parameters:
  Unused: {Type: String, Default: x}
  Password: {Type: String, NoEcho: true, Default: none}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      AccessControl: PublicRead
      BucketName: !Ref Password
      Name: mine
";

/// A project file for machines on which everything takes long.
const PATIENT: &str = "[lint]\nbudget = 3600\n";

/// A template that is right but for a warning.
const WARNED: &str = "\
Parameters:
  Unused: {Type: String, Default: x}
Resources:
  Topic: {Type: AWS::SNS::Topic}
";

fn place() -> Place {
    let place = Place::empty();
    place.write("rstack.toml", PATIENT);
    place.write("stack.yaml", TEMPLATE);
    place.write("warned.yaml", WARNED);
    place
}

fn remembered(place: &Place) -> Vec<(String, Vec<u8>)> {
    let files = place.files().into_iter();
    files.filter(|(name, _)| name.starts_with(".cache/") && name.ends_with(".verdict")).collect()
}

#[test]
fn each_mistake_is_reported_once() {
    let place = place();
    let secret = "hunter2hunter2";
    let given = format!("Password={secret}");
    let validate = place.run(&["validate", "stack.yaml", "--parameter", &given]).expect(1);
    assert!(validate.err.contains("error[E3045]"), "{}", validate.err);
    let plan = place.sandbox(&["plan", "stack.yaml", "--parameter", &given]).expect(1);
    assert_eq!(plan.out, "");
    snapshot("lint", &format!("{}\n{}", validate.err, plan.err));
    let kept = remembered(&place);
    assert_eq!(kept.len(), 1, "both ask the same");
    assert!(!String::from_utf8_lossy(&kept[0].1).contains(secret));
    let other = place.run(&["validate", "stack.yaml", "--parameter", "Password=other"]).expect(1);
    assert_eq!((other.err, remembered(&place)), (validate.err, kept), "secrets are no part of it");
    let none = place.run(&["validate", "stack.yaml", "--no-lint"]).expect(1);
    assert!(!none.err.contains("E3045"), "{}", none.err);
    none.reports("unknown-property", &[]);
}

#[test]
fn an_apply_goes_on_after_warnings_and_a_damaged_memory_is_no_error() {
    let place = place();
    let first = place.sandbox(&["apply", "warned.yaml", "--yes"]).expect(0);
    assert!(first.err.contains("warning[W2001]"), "{}", first.err);
    let kept = remembered(&place);
    for (name, bytes) in &kept {
        place.write_bytes(name, &bytes[..bytes.len() / 2]);
    }
    let second = place.sandbox(&["plan", "warned.yaml"]).expect(0);
    assert!(second.err.contains("warning[W2001]"), "{}", second.err);
    assert_eq!(remembered(&place), kept);
    place.write("blocked/rstack", "a file where a folder belongs");
    let mut command = place.command(&["validate", "warned.yaml"]);
    command.env("XDG_CACHE_HOME", place.path("blocked"));
    crate::harness::ran(command).expect(0);
}

#[test]
fn what_is_too_large_for_the_validator_is_said_at_once() {
    let place = place();
    let tell = |text: &str| {
        place.write("stack.yaml", text);
        place.run(&["validate", "stack.yaml"]).expect(0).err
    };
    let resources = |number: usize| {
        let mut text = "Resources:\n".to_owned();
        for i in 0..number {
            text.push_str(&format!("  T{i}: {{Type: AWS::SNS::Topic}}\n"));
        }
        text
    };
    let loops = "Transform: AWS::LanguageExtensions\nResources:\n  'Fn::ForEach::A':\n  - I\n  - [1, 2]\n  - 'T${I}': {Type: AWS::SNS::Topic}\n";
    assert_eq!(tell(loops), "");
    let turns: Vec<String> = (0..=6_000).map(|i| i.to_string()).collect();
    let text = format!("{}Description: {}\n", resources(1), "x".repeat((256 << 10) + 1));
    let list = format!("{}Metadata: {{A: [{}]}}\n", resources(1), vec!["x"; 5_999].join(", "));
    let many = list.replace("x,", "{a: b, c: d, e: f, g: h, i: j, k: l, m: n, o: p, q: r, s: t, u: v, w: x, y: z, aa: b, cc: d, ee: f, gg: h, ii: j},");
    let parameters: String = (0..=200).map(|i| format!("  P{i}: {{Type: String}}\n")).collect();
    let pattern = |pattern: &str| {
        let parameter = format!("{{Type: String, AllowedPattern: '{pattern}', Default: a}}");
        format!("{}Parameters:\n  P: {parameter}\n", resources(1))
    };
    for (large, reason) in [
        (pattern("a|((a{1000}){1000}){1000}"), "that compiles to more than 1 MiB"),
        (format!("{}Parameters:\n{parameters}", resources(1)), "it has more than 200 parameters"),
        (resources(6_001), "a list or map of more than 6000 entries"),
        (loops.replace("[1, 2]", &format!("[{}]", turns.join(", "))), "more than 6000 entries"),
        (text, "a text of more than 256 KiB"),
        (many, "more than 200000 texts, lists and maps"),
        (format!("{}{}", resources(1), "# much to say\n".repeat(600_000)), "more than 8 MiB"),
    ] {
        let said = tell(&large);
        assert!(
            said.contains("warning[not-validated]") && said.contains(reason),
            "{reason}: {said}"
        );
    }
}

#[test]
fn the_user_decides_what_is_reported() {
    let place = place();
    let tell = |arguments: &[&str], code| {
        let ran = place.run(&[&["validate", "warned.yaml"], arguments].concat()).expect(code);
        ran.out + &ran.err
    };
    assert!(tell(&[], 0).contains("warned.yaml is valid (1 warning)"));
    assert!(tell(&["-v"], 0).contains("info[I"));
    assert_eq!(tell(&["--allow", "W2001"], 0), "warned.yaml is valid\n");
    assert!(tell(&["--deny", "W2001"], 1).contains("error[W2001]"));
    place.write("rstack.toml", &format!("{PATIENT}allow = ['W2001']\n"));
    assert_eq!(tell(&[], 0), "warned.yaml is valid\n");
    assert!(tell(&["--deny", "W2001"], 1).contains("error[W2001]"));
    let mut told = tell(&["--allow", "W201"], 1);
    told.push_str(&tell(&["--allow", "cycle"], 1));
    for file in [
        "[lint]\nallow = ['unknown-property']\n",
        "[lint]\nrules = ['nowhere']\n",
        "[lint]\ndeny = ['cycel']\n",
        "[lint]\nalow = []\n",
        "[lint]\nbudget = 'x'\n",
    ] {
        place.write("rstack.toml", file);
        told.push_str(&tell(&[], 1));
    }
    snapshot("lint_names", &told);
}

#[test]
fn rules_of_ones_own_are_checked_and_a_wrong_one_is_named() {
    let place = place();
    let guard = "rule TOPIC_HAS_NAME {\n  Resources.*[ Type == 'AWS::SNS::Topic' ].Properties.TopicName \
                 exists <<topics have names>>\n}\n";
    place.write("rules/deep/names.guard", guard);
    place.write("rules/README.md", "not a rule");
    let validate = |arguments: &[&str], code| {
        place
            .run(&[&["validate", "warned.yaml", "--rules", "rules"], arguments].concat())
            .expect(code)
    };
    let ran = validate(&[], 1);
    assert!(ran.err.contains("[TOPIC_HAS_NAME]") && ran.err.contains("topics have names"));
    validate(&["--allow", "TOPIC_HAS_NAME"], 0);
    // The verdict is remembered, and with it the names that the files have.
    let near = validate(&["--allow", "TOPIC_HAS_NAMES"], 1).err;
    place.write("rules/wrong.rego", "package x\nthis is no rule {");
    let wrong = validate(&[], 1).err;
    place.write("empty/README.md", "not a rule");
    let none = place.run(&["validate", "warned.yaml", "--rules", "empty"]).expect(1).err;
    snapshot("lint_rules", &format!("{near}{wrong}{none}"));
}

#[test]
fn a_rule_of_the_validator_is_explained_with_what_comes_of_it() {
    let explain = |rule: &str| place().run(&["explain", rule]).expect(0).out.replace('\n', " ");
    assert!(explain("w3005").contains("a warning; `--allow W3005` leaves it out, `--deny`"));
    assert!(explain("error[F3003]").contains("What it finds is an error; `--allow F3003`"));
}

#[test]
fn many_templates_are_checked_in_their_order() {
    let place = place();
    for number in 0..20 {
        let text = if number % 5 == 0 { "Resources: [" } else { WARNED };
        place.write(&format!("many/t{number:02}.yaml"), text);
    }
    let first = place.run(&["validate", "many", "--json"]).expect(1);
    let second = place.run(&["validate", "many", "--json"]).expect(1);
    assert_eq!(first.out, second.out);
    let files: Vec<&str> =
        first.out.lines().filter_map(|line| line.split("\"file\":\"").nth(1)?.get(..13)).collect();
    assert!(files.is_sorted() && files.len() == 20, "{files:?}");
    let failed = |text: &str| first.err.contains(text);
    assert!(failed("\"template-invalid\"") && failed("4 of 20"), "{}", first.err);
}

/// A function whose runtime AWS took until 2022.
fn function(handler: &str) -> String {
    format!(
        "Resources:\n  Old:\n    Type: AWS::Lambda::Function\n    Properties:\n      Runtime: \
         python2.7\n      Handler: {handler}\n      Role: !Sub \
         'arn:aws:iam::${{AWS::AccountId}}:role/x'\n      Code: {{ZipFile: x}}\n"
    )
}

#[test]
fn an_old_runtime_stops_creating_a_function_and_not_the_plan_of_one_that_exists() {
    let place = place();
    place.write("old.yaml", &function("a.b"));
    let create = place.sandbox(&["plan", "old.yaml"]).expect(1);
    assert!(create.err.contains("error[E2533]"), "{}", create.err);
    let apply = place.sandbox(&["apply", "old.yaml", "--yes"]).expect(1);
    assert!(apply.err.contains("error[E2533]"), "{}", apply.err);
    // Which functions exist only the account knows.
    let validate = place.run(&["validate", "old.yaml"]).expect(0);
    assert!(validate.err.contains("warning[E2533]"), "{}", validate.err);
    place.run(&["validate", "old.yaml", "--deny", "E2533"]).expect(1);
    place.sandbox(&["apply", "old.yaml", "--yes", "--no-lint"]).expect(0);
    let unchanged = place.sandbox(&["plan", "old.yaml"]).expect(0);
    assert!(unchanged.err.contains("warning[E2533]"), "{}", unchanged.err);
    place.sandbox(&["plan", "old.yaml", "--deny", "E2533"]).expect(1);
    // Something else beside it may change.
    place.write("old.yaml", &format!("{}  Topic: {{Type: AWS::SNS::Topic}}\n", function("a.b")));
    place.sandbox(&["apply", "old.yaml", "--yes"]).expect(0);
    // The function itself can no longer be updated, or created a second time.
    place.write("old.yaml", &function("c.d"));
    let update = place.sandbox(&["plan", "old.yaml"]).expect(1);
    assert!(update.err.contains("error[E2533]"), "{}", update.err);
    let second = function("a.b").replace("Resources:\n", "").replace("  Old:", "  New:");
    place.write("old.yaml", &format!("{}{second}", function("a.b")));
    let second = place.sandbox(&["plan", "old.yaml"]).expect(1);
    assert_eq!(second.err.matches("error[E2533]").count(), 1, "{}", second.err);
    assert_eq!(second.err.matches("warning[E2533]").count(), 1, "{}", second.err);
}

#[test]
fn a_mapping_that_a_default_stands_in_for_is_no_mistake() {
    let place = place();
    place.write(
        "maps.yaml",
        "Transform: AWS::LanguageExtensions\nParameters: {Stage: {Type: String, Default: \
         qa}}\nMappings: {M: {a: {b: c}}}\nResources:\n  T: {Type: AWS::SNS::Topic, Properties: \
         {DisplayName: !FindInMap [!Sub 'No${Stage}', a, b, {DefaultValue: none}], TopicName: \
         !FindInMap [M, a, b]}}\n",
    );
    place.sandbox(&["plan", "maps.yaml"]).expect(0);
    place.write(
        "merge.yaml",
        "Metadata: {a: &a {DisplayName: x}}\nResources:\n  T: {Type: AWS::SNS::Topic, Properties: \
         {<<: *a, Nope: 1}}\n",
    );
    let merged = place.run(&["validate", "merge.yaml"]).expect(1);
    assert!(merged.err.contains("warning[merge-key]"), "{}", merged.err);
    assert!(!merged.err.contains("W1100"), "each mistake once: {}", merged.err);
}
