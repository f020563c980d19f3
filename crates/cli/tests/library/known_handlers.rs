//! Custom resources whose handlers have known code, in the sandbox: which code is known is the test's.

use std::path::Path;

use rstack_cli::{Exit, run};
use rstack_model::Digest;
use serde_json::{Value, json};

use super::{Account, PLAIN, Ran, arguments, block_on, env};

const CODE: &str = "exports.handler = async () => 'the code of a handler';\n";
const ENTRY: &str = "exports.handler = async () => 'the entry point';\n";

/// An app in an empty folder.
struct App(tempfile::TempDir);

fn function(key: &str, handler: &str) -> Value {
    json!({
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": {
                "S3Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"},
                "S3Key": key,
            },
            "Handler": handler, "Runtime": "nodejs24.x",
            "Role": "arn:aws:iam::000000000000:role/r",
        },
    })
}

impl App {
    fn new() -> Self {
        let app = Self(tempfile::tempdir().unwrap());
        let destination = |key: &str| {
            json!({"d": {
                "bucketName": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}", "objectKey": key,
            }})
        };
        let asset = |name: &str| {
            json!({
                "source": {"path": format!("asset.{name}"), "packaging": "zip"},
                "destinations": destination(&format!("{name}.zip")),
            })
        };
        app.write("manifest.json", &json!({
            "version": "36.0.0",
            "artifacts": {
                "App.assets": {"type": "cdk:asset-manifest", "properties": {"file": "App.assets.json"}},
                "App": {
                    "type": "aws:cloudformation:stack",
                    "environment": "aws://unknown-account/unknown-region",
                    "properties": {"templateFile": "App.template.json"},
                    "dependencies": ["App.assets"],
                },
            },
        }));
        app.write(
            "App.assets.json",
            &json!({"version": "36.0.0", "files": {"s": asset("s"), "v": asset("v")}}),
        );
        app.put("asset.s/index.js", CODE);
        app.put("asset.v/index.js", CODE);
        app.put("asset.v/__entrypoint__.js", ENTRY);
        app.template("one");
        app
    }

    /// The template, with this bucket.
    fn template(&self, bucket: &str) {
        self.write("App.template.json", &json!({"Resources": {
            "Emptier": function("s.zip", "index.handler"),
            "Restrictor": function("v.zip", "__entrypoint__.handler"),
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "Properties": {
                    "BucketName": bucket,
                    "Tags": [{"Key": "aws-cdk:auto-delete-objects", "Value": "true"}],
                },
            },
            "Emptied": {
                "Type": "Custom::S3AutoDeleteObjects",
                "Properties": {
                    "ServiceToken": {"Fn::GetAtt": ["Emptier", "Arn"]}, "BucketName": {"Ref": "Bucket"},
                },
            },
            "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
            "Restricted": {
                "Type": "Custom::VpcRestrictDefaultSG",
                "Properties": {
                    "ServiceToken": {"Fn::GetAtt": ["Restrictor", "Arn"]},
                    "DefaultSecurityGroupId": {"Fn::GetAtt": ["Vpc", "DefaultSecurityGroup"]},
                    "Account": {"Ref": "AWS::AccountId"},
                },
            },
        }}));
    }

    fn write(&self, name: &str, content: &Value) {
        self.put(name, &content.to_string());
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.0.path().join("cdk.out").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn run(&self, line: &[&str]) -> Ran {
        let digest = |text: &str| Digest::of(text.as_bytes());
        let known = json!({
            "handlers": [
                {"code": "aws-cdk/s3-auto-delete-objects", "sha256": digest(CODE)},
                {"code": "aws-cdk/vpc-restrict-default-sg", "sha256": digest(CODE)},
            ],
            "entryPoints": [{"sha256": digest(ENTRY)}],
        });
        let (mut env, out, err) = env(&PLAIN, self.0.path(), None, Account(None));
        env.known_handlers = Box::leak(known.to_string().into_boxed_str());
        let line = [line, &["--sandbox"]].concat();
        let exit = block_on(run(arguments(&line), env));
        Ran { exit, out: out.text(), err: err.text() }
    }

    /// The command succeeds.
    #[track_caller]
    fn done(&self, line: &[&str]) -> Ran {
        let ran = self.run(line);
        assert_eq!(ran.exit, Exit::Done, "{}{}", ran.out, ran.err);
        ran
    }

    /// The code that the state names for a resource.
    fn built_in(&self, resource: &str) -> Value {
        let state = self.0.path().join("state/sandbox/App.json");
        let state: Value = serde_json::from_str(&std::fs::read_to_string(state).unwrap()).unwrap();
        state["state"]["resources"][resource]["properties"]["rstack:BuiltIn"].clone()
    }

    /// A folder of the simulated bucket with an object.
    fn object_in(&self, bucket: &str) -> std::path::PathBuf {
        let folder = self.0.path().join("state/sandbox/cloud/buckets");
        let folder = folder.join(Digest::of(bucket.as_bytes()).as_str());
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(Digest::of(b"key").as_str()), "bytes").unwrap();
        folder
    }
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
}

#[test]
fn known_code_is_not_called_and_the_plan_says_what_is_done_instead() {
    let app = App::new();
    let plan = app.done(&["plan", "cdk.out"]);
    assert!(
        plan.out.contains("rstack:BuiltIn: \"aws-cdk/s3-auto-delete-objects\""),
        "{}",
        plan.out
    );
    let fact = "removes the rules of the default security group";
    assert!(plan.out.contains(fact), "{}", plan.out);
    let applied = app.done(&["apply", "cdk.out", "--yes"]);
    assert!(!applied.err.contains("handler"), "{}", applied.err);
    assert_eq!(app.built_in("Emptied"), "aws-cdk/s3-auto-delete-objects");
    let unchanged = app.done(&["plan", "cdk.out"]);
    assert!(unchanged.out.contains("No changes."), "{}", unchanged.out);
    // Another bucket: the old one is emptied when all that used it uses the new one.
    let (old, other) = (app.object_in("one"), app.object_in("two"));
    app.template("two");
    let plan = app.done(&["plan", "cdk.out"]);
    assert!(plan.out.contains("will delete all objects of the bucket `one`"), "{}", plan.out);
    app.done(&["apply", "cdk.out", "--yes"]);
    assert!(is_empty(&old) && !is_empty(&other));
    let json = app.done(&["plan", "cdk.out", "--json"]).out;
    assert!(!json.contains("effects"), "{json}");
    // The same is done although the code is known no longer: the state says so.
    app.put("asset.s/index.js", "other code");
    let unchanged = app.done(&["plan", "cdk.out"]);
    assert!(unchanged.out.contains("No changes."), "{}", unchanged.out);
    app.done(&["destroy", "App", "--yes"]);
    assert!(is_empty(&other));
}

#[test]
fn a_destruction_says_which_bucket_loses_its_objects() {
    let app = App::new();
    app.done(&["apply", "cdk.out", "--yes"]);
    let folder = app.object_in("one");
    let asked = app.run(&["destroy", "App"]);
    assert!(asked.out.contains("will delete all objects of the bucket `one`"), "{}", asked.out);
    let fact = "restores the rules of the default security group";
    assert!(asked.out.contains(fact), "{}", asked.out);
    assert!(!is_empty(&folder));
    // All handlers are asked, whatever the state says: the sandbox's own do nothing to the bucket.
    app.done(&["destroy", "App", "--yes", "--no-builtin-custom-resources"]);
    assert!(!is_empty(&folder));
}

#[test]
fn other_code_is_asked_and_stays_asked() {
    for (name, text) in [
        ("asset.s/index.js", "other code"),
        ("asset.s/more.js", "one more file"),
        ("asset.v/__entrypoint__.js", "another entry point"),
    ] {
        let app = App::new();
        app.put(name, text);
        app.done(&["apply", "cdk.out", "--yes"]);
        let (emptied, restricted) = (app.built_in("Emptied"), app.built_in("Restricted"));
        assert_eq!(emptied.is_null(), name.starts_with("asset.s"), "{name}");
        assert_eq!(restricted.is_null(), name.starts_with("asset.v"), "{name}");
    }
    let app = App::new();
    app.done(&["apply", "cdk.out", "--yes", "--no-builtin-custom-resources"]);
    assert_eq!((app.built_in("Emptied"), app.built_in("Restricted")), (Value::Null, Value::Null));
    // One that its handler has made is left to it.
    let unchanged = app.done(&["plan", "cdk.out"]);
    assert!(unchanged.out.contains("No changes."), "{}", unchanged.out);
}

#[test]
fn no_template_says_that_code_is_known() {
    let app = App::new();
    app.write(
        "App.template.json",
        &json!({"Resources": {
            "Fn": function("s.zip", "index.handler"),
            "Thing": {"Type": "Custom::S3AutoDeleteObjects", "Properties": {
                "ServiceToken": "arn:aws:lambda:eu-west-1:000000000000:function:f",
                "BucketName": "precious", "rstack:BuiltIn": "aws-cdk/s3-auto-delete-objects",
            }},
            "Other": {"Type": "Custom::Other", "Properties": {
                "ServiceToken": "arn:aws:lambda:eu-west-1:000000000000:function:f",
                "BucketName": "precious", "rstack:BuiltIn": "aws-cdk/s3-auto-delete-objects",
            }},
        }}),
    );
    app.done(&["apply", "cdk.out", "--yes"]);
    assert_eq!((app.built_in("Thing"), app.built_in("Other")), (Value::Null, Value::Null));
}
