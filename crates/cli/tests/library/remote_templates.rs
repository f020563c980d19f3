//! Templates of nested stacks that are fetched from an account: each once in a command, whatever is there next.

use rstack_model::TemplateAddress;
use serde_json::json;

use super::*;

/// An account that has another template under every address each time.
struct Changing {
    inner: SandboxCloud,
    fetched: Mutex<u32>,
}

impl Changing {
    fn new() -> Arc<Self> {
        let region = Region::new("eu-west-1");
        let inner = SandboxCloud::open(None, region, SandboxOptions::default()).unwrap();
        Arc::new(Self { inner, fetched: Mutex::new(0) })
    }

    fn fetched(&self) -> u32 {
        *self.fetched.lock().unwrap()
    }
}

#[async_trait]
impl Cloud for Changing {
    async fn identity(&self) -> Result<Identity, DriverError> {
        self.inner.identity().await
    }

    fn driver(&self, resource_type: &ResourceType) -> Option<Arc<dyn ResourceDriver>> {
        self.inner.driver(resource_type)
    }

    async fn lookup(&self, lookup: &Lookup) -> Result<Value, DriverError> {
        self.inner.lookup(lookup).await
    }

    fn secrets(&self) -> &dyn SecretStore {
        self.inner.secrets()
    }

    async fn template(&self, _: &TemplateAddress, limit: u64) -> Result<Vec<u8>, DriverError> {
        assert_eq!(limit, 1 << 20);
        let mut fetched = self.fetched.lock().unwrap();
        *fetched += 1;
        let topic = json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": format!("number {fetched}")}});
        Ok(json!({"Resources": {"T": topic}}).to_string().into_bytes())
    }
}

/// An app of two stacks with three nested ones, all of one template, whose address has two forms.
fn app() -> tempfile::TempDir {
    let folder = place();
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let nested = |url: &str| json!({"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}});
    let (one, two) = (
        "https://bucket.s3.eu-west-1.amazonaws.com/t.json",
        "https://s3.eu-west-1.amazonaws.com/bucket/t.json",
    );
    write("cdk.out/A.json", json!({"Resources": {"N": nested(one), "M": nested(two)}}).to_string());
    write("cdk.out/B.json", json!({"Resources": {"N": nested(one)}}).to_string());
    let stack = |file: &str| {
        json!({"type": "aws:cloudformation:stack", "properties": {"templateFile": file},
               "environment": "aws://unknown-account/unknown-region"})
    };
    let artifacts = json!({"A": stack("A.json"), "B": stack("B.json")});
    write(
        "cdk.out/manifest.json",
        json!({"version": "36.0.0", "artifacts": artifacts}).to_string(),
    );
    folder
}

#[test]
fn a_template_is_fetched_once_for_all_stacks_of_a_command() {
    let (folder, cloud) = (app(), Changing::new());
    let run = |line: &[&str]| {
        let ran = ran(folder.path(), line, None, Account(Some(cloud.clone())));
        assert_eq!(ran.exit, Exit::Done, "{}{}", ran.out, ran.err);
        ran
    };
    run(&["apply", "cdk.out", "--yes", "--no-lint"]);
    assert_eq!(cloud.fetched(), 1);
    let state = std::fs::read_to_string(folder.path().join("state/B.json")).unwrap();
    assert!(state.contains("number 1"), "{state}");
    // Another command fetches anew, and what it plans and saves is what it has fetched.
    let plan = run(&["plan", "cdk.out", "--no-lint", "--out", "plan.json"]);
    assert_eq!(cloud.fetched(), 2);
    assert_eq!(plan.out.matches("number 2").count(), 3, "{}", plan.out);
    run(&["apply", "plan.json", "--yes"]);
    let state = std::fs::read_to_string(folder.path().join("state/A.json")).unwrap();
    assert_eq!(state.matches("number 2").count(), 2, "{state}");
    // Neither a saved plan nor the end of the stacks needs the template.
    run(&["destroy", "cdk.out", "--yes"]);
    assert_eq!(cloud.fetched(), 2);
}
