//! Stacks of the account that CloudFormation manages: their exports and outputs are used, what they
//! import is not taken away, and a name that they export is not exported twice.

use std::collections::BTreeMap;

use rstack_driver::{ManagedExport, ManagedStacks};

use super::*;

/// An account with stacks that CloudFormation manages.
struct Managed {
    inner: SandboxCloud,
    /// Name, value and stack.
    exports: Mutex<Vec<[&'static str; 3]>>,
    /// The stacks that import an export, by its name.
    importers: Mutex<BTreeMap<String, Vec<String>>>,
    /// The errors of the next calls.
    failures: Mutex<Vec<ErrorKind>>,
    /// True if every call is denied.
    denies: Mutex<bool>,
    /// True if there is a stack of the name that is asked for.
    namesake: Mutex<bool>,
    calls: Mutex<Vec<String>>,
}

impl Managed {
    fn new() -> Arc<Self> {
        let region = Region::new("eu-west-1");
        let inner = SandboxCloud::open(None, region, SandboxOptions::default()).unwrap();
        assert!(inner.managed_stacks().is_none(), "CloudFormation manages no stack of the sandbox");
        Arc::new(Self {
            inner,
            exports: Mutex::default(),
            importers: Mutex::default(),
            failures: Mutex::default(),
            denies: Mutex::default(),
            namesake: Mutex::default(),
            calls: Mutex::default(),
        })
    }

    fn called(&self, operation: &str, of: &str) -> Result<(), DriverError> {
        self.calls.lock().unwrap().push(format!("{operation} {of}").trim().to_owned());
        let operation = format!("cloudformation:{operation}");
        let denied = ErrorKind::AccessDenied { action: Some(operation.clone()) };
        let next = self.failures.lock().unwrap().pop();
        match next.or_else(|| self.denies.lock().unwrap().then_some(denied)) {
            Some(kind) => Err(DriverError::new(kind, operation, "no\u{1b}[8m")),
            None => Ok(()),
        }
    }

    /// The calls since the last time.
    fn calls(&self) -> Vec<String> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    fn run(self: &Arc<Self>, place: &Path, line: &[&str]) -> Ran {
        let account = Account(Some(self.clone()));
        let (env, out, err) = env(&PLAIN, place, None, account);
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().unwrap();
        let exit = runtime.block_on(run(arguments(line), env));
        Ran { exit, out: out.text(), err: err.text() }
    }

    #[track_caller]
    fn done(self: &Arc<Self>, place: &Path, line: &[&str]) -> Ran {
        let ran = self.run(place, line);
        assert_eq!(ran.exit, Exit::Done, "{line:?}: {}", ran.err);
        ran
    }

    /// Fails unless the command is refused with these facts.
    #[track_caller]
    fn refused(self: &Arc<Self>, place: &Path, line: &[&str], facts: &[&str]) {
        let ran = self.run(place, line);
        assert_eq!(ran.exit, Exit::Error, "{line:?}: {}", ran.err);
        for fact in facts {
            assert!(ran.err.contains(fact), "{line:?} does not say {fact}: {}", ran.err);
        }
    }
}

#[async_trait]
impl Cloud for Managed {
    async fn identity(&self) -> Result<Identity, DriverError> {
        self.inner.identity().await
    }

    fn driver(&self, resource_type: &ResourceType) -> Option<Arc<dyn ResourceDriver>> {
        self.inner.driver(resource_type)
    }

    async fn lookup(&self, lookup: &Lookup) -> Result<Value, DriverError> {
        match lookup {
            Lookup::Exports => {
                self.called("ListExports", "")?;
                let exports = self.exports.lock().unwrap();
                let values =
                    exports.iter().map(|[name, value, _]| ((*name).to_owned(), (*value).into()));
                Ok(Value::Map(values.collect()))
            }
            Lookup::StackOutputs { stack, region, role } => {
                let role = role.as_deref().unwrap_or_default();
                self.called("DescribeStacks", format!("{stack} {region} {role}").trim())?;
                let outputs = BTreeMap::from([("Vpc".to_owned(), "vpc-1".into())]);
                Ok(if stack == "net" { Value::Map(outputs) } else { Value::Null })
            }
            other => self.inner.lookup(other).await,
        }
    }

    fn managed_stacks(&self) -> Option<&dyn ManagedStacks> {
        Some(self)
    }

    fn secrets(&self) -> &dyn SecretStore {
        self.inner.secrets()
    }
}

#[async_trait]
impl ManagedStacks for Managed {
    async fn exports(&self) -> Result<Vec<ManagedExport>, DriverError> {
        self.called("ListExports", "")?;
        let exports = self.exports.lock().unwrap();
        let of = |[name, _, stack]: &[&str; 3]| ManagedExport {
            name: (*name).to_owned(),
            stack: (*stack).to_owned(),
        };
        Ok(exports.iter().map(of).collect())
    }

    async fn importers(&self, export: &str) -> Result<Vec<String>, DriverError> {
        self.called("ListImports", export)?;
        Ok(self.importers.lock().unwrap().get(export).cloned().unwrap_or_default())
    }

    async fn status(&self, stack: &str) -> Result<Option<String>, DriverError> {
        if *self.denies.lock().unwrap() {
            self.called("DescribeStacks", stack)?;
        }
        Ok(self.namesake.lock().unwrap().then(|| "CREATE_COMPLETE".to_owned()))
    }
}

const IMPORTS: &str = "Resources:
  A: {Type: AWS::SNS::Topic, Properties: {TopicName: a, DisplayName: !ImportValue 'net:name'}}
";
const OUTPUT: &str = "Resources:
  A:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: a
      DisplayName: {'Fn::GetStackOutput': {StackName: net, OutputName: Vpc, Region: us-east-1}}
";
const EXPORTS: &str = "Resources:
  A: {Type: AWS::SNS::Topic, Properties: {TopicName: a}}
Outputs:
  Name: {Value: one, Export: {Name: 'ours:name'}}
  Other: {Value: two, Export: {Name: 'ours:other'}}
";

/// A folder with this template of the stack `topic`.
fn folder(template: &str) -> tempfile::TempDir {
    let place = place();
    write(place.path(), template);
    place
}

fn write(place: &Path, template: &str) {
    std::fs::write(place.join("stacks/topic.yaml"), template).unwrap();
}

fn state(place: &Path) -> String {
    std::fs::read_to_string(place.join("state/topic.json")).unwrap()
}

#[test]
fn an_export_of_a_managed_stack_is_imported() {
    let (cloud, place) = (Managed::new(), folder(IMPORTS));
    let place = place.path();
    *cloud.exports.lock().unwrap() = vec![["net:name", "from CloudFormation", "net"]];
    let plan = cloud.done(place, &["plan", "--json"]);
    assert!(plan.out.contains("from CloudFormation"), "{}", plan.out);
    assert_eq!(cloud.calls(), ["ListExports"]);
    cloud.done(place, &["apply", "--yes"]);
    assert!(state(place).contains("from CloudFormation"));
    assert!(cloud.done(place, &["plan"]).out.contains("No changes."));
    // Another value there is an update here.
    *cloud.exports.lock().unwrap() = vec![["net:name", "another", "net"]];
    let plan = cloud.done(place, &["plan"]);
    assert!(plan.out.contains("1 to update"), "{}", plan.out);
    // One that goes is missed, and names that are nearly it are said.
    *cloud.exports.lock().unwrap() = vec![["net:nam", "x", "net"]];
    cloud.refused(place, &["plan"], &["error[unknown-export]", "`net:nam`"]);
}

#[test]
fn an_output_of_a_managed_stack_is_read_in_its_region() {
    let (cloud, place) = (Managed::new(), folder(OUTPUT));
    let place = place.path();
    cloud.done(place, &["apply", "--yes"]);
    assert!(state(place).contains("vpc-1"));
    assert!(cloud.calls().iter().all(|call| call == "DescribeStacks net us-east-1"));
    write(place, &OUTPUT.replace("net", "gone"));
    let facts = ["error[unknown-stack-output]", "no stack `gone` is known in us-east-1"];
    cloud.refused(place, &["plan"], &facts);
}

#[test]
fn a_name_that_a_managed_stack_exports_is_not_exported_again() {
    let (cloud, place) = (Managed::new(), folder(EXPORTS));
    let place = place.path();
    *cloud.exports.lock().unwrap() = vec![["ours:name", "x", "net"], ["net:name", "y", "net"]];
    let facts =
        ["error[export-taken]", "`Name`", "`ours:name`", "`net`, which CloudFormation manages"];
    cloud.refused(place, &["plan"], &facts);
    cloud.refused(place, &["apply", "--yes"], &facts);
    assert!(!place.join("state/topic.json").exists());
    cloud.exports.lock().unwrap().clear();
    cloud.done(place, &["apply", "--yes"]);
    // What the stack exports already is not asked about.
    cloud.calls();
    *cloud.exports.lock().unwrap() = vec![["ours:name", "x", "net"]];
    assert!(cloud.done(place, &["plan"]).out.contains("No changes."));
    assert_eq!(cloud.calls(), [""; 0]);
}

#[test]
fn an_export_that_a_managed_stack_imports_is_not_taken_away() {
    let (cloud, place) = (Managed::new(), folder(EXPORTS));
    let place = place.path();
    cloud.done(place, &["apply", "--yes"]);
    let without = EXPORTS.replace(", Export: {Name: 'ours:name'}", "");
    write(place, &without);
    cloud.done(place, &["plan", "--out", "removes.plan"]);
    // No stack of CloudFormation imports a name that none of them exports.
    assert_eq!(cloud.calls(), ["ListExports", "ListExports"]);
    *cloud.exports.lock().unwrap() = vec![["ours:name", "x", "net"]];
    let importers = BTreeMap::from([("ours:name".to_owned(), vec!["web".into(), "jobs".into()])]);
    *cloud.importers.lock().unwrap() = importers;

    let consumer = "stack `web`, which CloudFormation manages, stack `jobs`, which";
    let facts = |said: &'static str| ["error[export-in-use]", "`ours:name`", said, consumer];
    let removed = facts("would be removed");
    cloud.refused(place, &["plan"], &removed);
    cloud.refused(place, &["apply", "--yes"], &removed);
    cloud.refused(place, &["apply", "removes.plan", "--yes"], &removed);
    write(place, &EXPORTS.replace("Value: one", "Value: new"));
    cloud.refused(place, &["apply", "--yes"], &facts("would get another value"));
    let hint = "update `web`, `jobs` in CloudFormation without the import first";
    cloud.refused(place, &["apply", "--yes"], &[hint]);
    cloud.refused(place, &["destroy", "topic", "--yes"], &facts("would go with its stack"));
    // The other export can change.
    write(place, &EXPORTS.replace("Value: two", "Value: new"));
    cloud.done(place, &["apply", "--yes"]);
    cloud.importers.lock().unwrap().clear();
    cloud.calls();
    cloud.done(place, &["destroy", "topic", "--yes"]);
    assert_eq!(cloud.calls(), ["ListExports", "ListImports ours:name"]);
}

#[test]
fn a_call_that_is_denied_is_a_warning() {
    let (cloud, place) = (Managed::new(), folder(EXPORTS));
    let place = place.path();
    *cloud.denies.lock().unwrap() = true;
    let warning = "warning[managed-stacks-not-read]: stacks that CloudFormation manages are passed over: \
                   cloudformation:ListExports: no\\u{1b}[8m";
    let applied = cloud.done(place, &["apply", "--yes"]);
    assert!(applied.err.contains(warning), "{}", applied.err);
    let namesake = "warning[managed-stacks-not-read]: whether CloudFormation manages a stack `topic` already \
                    is not checked: cloudformation:DescribeStacks: no\\u{1b}[8m";
    assert_eq!(applied.err.matches(namesake).count(), 1, "{}", applied.err);
    let destroyed = cloud.done(place, &["destroy", "topic", "--yes"]);
    assert_eq!(destroyed.err.matches("cloudformation:ListExports").count(), 1, "{}", destroyed.err);
    write(place, IMPORTS);
    cloud.refused(place, &["plan"], &[warning, "error[unknown-export]"]);
    write(place, OUTPUT);
    let facts = ["cloudformation:DescribeStacks", "error[unknown-stack-output]"];
    cloud.refused(place, &["plan"], &facts);
}

#[test]
fn a_stack_of_a_name_that_cloudformation_has_is_not_made_twice() {
    let (cloud, place) = (Managed::new(), folder(EXPORTS));
    let place = place.path();
    *cloud.namesake.lock().unwrap() = true;
    let facts = ["error[stack-managed]", "`topic`", "CREATE_COMPLETE", "--stack-name"];
    cloud.refused(place, &["plan"], &facts);
    cloud.refused(place, &["apply", "--yes"], &facts);
    assert!(!place.join("state/topic.json").exists());
    *cloud.namesake.lock().unwrap() = false;
    cloud.done(place, &["apply", "--yes"]);
    // With a state it is the stack of rstack.
    *cloud.namesake.lock().unwrap() = true;
    assert!(cloud.done(place, &["plan"]).out.contains("No changes."));
}

#[test]
fn a_network_without_a_way_to_cloudformation_is_a_warning() {
    let (cloud, place) = (Managed::new(), folder(EXPORTS));
    let place = place.path();
    *cloud.failures.lock().unwrap() = vec![ErrorKind::Unreachable; 20];
    let applied = cloud.done(place, &["apply", "--yes"]);
    let warning = "warning[managed-stacks-not-read]: stacks that CloudFormation manages are passed over: \
                   cloudformation:ListExports";
    assert!(applied.err.contains(warning), "{}", applied.err);
    let exports = "`ours:name`, `ours:other` are not checked";
    assert!(applied.err.contains(exports), "{}", applied.err);
    *cloud.failures.lock().unwrap() = vec![ErrorKind::Unreachable; 20];
    write(place, IMPORTS);
    cloud.refused(place, &["plan"], &[warning, "error[unknown-export]"]);
}

#[test]
fn a_failure_that_passes_is_asked_again_and_another_one_ends_the_command() {
    let (cloud, place) = (Managed::new(), folder(EXPORTS));
    let place = place.path();
    *cloud.failures.lock().unwrap() = vec![ErrorKind::Transient, ErrorKind::Throttled];
    cloud.done(place, &["apply", "--yes"]);
    assert_eq!(cloud.calls().len(), 3);
    *cloud.failures.lock().unwrap() = vec![ErrorKind::Throttled];
    cloud.done(place, &["destroy", "topic", "--yes"]);
    write(place, IMPORTS);
    *cloud.failures.lock().unwrap() = vec![ErrorKind::Invalid { property: None }];
    cloud.refused(place, &["plan"], &["error[lookup]", "exports of CloudFormation"]);
}
