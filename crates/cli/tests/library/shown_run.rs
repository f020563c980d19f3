//! A run of several stacks does what its plan has shown: a stack of which more would be done by then is left.

use rstack_model::{KnownValue, PropertyPath};
use serde_json::json;

use super::*;

/// An account in which another user changes the queue as soon as there is a second topic: while the run is under
/// way, between the plan that was shown and the stack of the queue.
struct Meddled {
    inner: SandboxCloud,
    done: Mutex<bool>,
}

impl Meddled {
    fn of_type(&self, resource_type: &str) -> Vec<String> {
        let objects = self.inner.list().unwrap().into_iter();
        let objects = objects.filter(|(key, _)| key.resource_type.as_str() == resource_type);
        objects.map(|(_, physical_id)| physical_id.to_string()).collect()
    }

    fn meddle(&self) {
        let mut done = self.done.lock().unwrap();
        if !*done && self.of_type("AWS::SNS::Topic").len() > 1 {
            let queue = self.of_type("AWS::SQS::Queue").remove(0);
            let (kind, path) =
                ("AWS::SQS::Queue".into(), PropertyPath::default().name("DelaySeconds"));
            let seconds = KnownValue::from(9);
            self.inner.set_property(&kind, &queue.into(), &path, Some(&seconds)).unwrap();
            *done = true;
        }
    }
}

#[async_trait]
impl Cloud for Meddled {
    async fn identity(&self) -> Result<Identity, DriverError> {
        self.inner.identity().await
    }

    fn driver(&self, resource_type: &ResourceType) -> Option<Arc<dyn ResourceDriver>> {
        if resource_type.as_str() == "AWS::SQS::Queue" {
            self.meddle();
        }
        self.inner.driver(resource_type)
    }

    async fn lookup(&self, lookup: &Lookup) -> Result<Value, DriverError> {
        self.inner.lookup(lookup).await
    }

    fn secrets(&self) -> &dyn SecretStore {
        self.inner.secrets()
    }
}

fn run_in(cloud: &Arc<Meddled>, place: &Path, line: &[&str]) -> Ran {
    ran_with(&PLAIN, place, line, None, Account(Some(cloud.clone())))
}

fn write_app(place: &Path, topics: &[&str], text: &str) {
    let write = |name: &str, text: &serde_json::Value| {
        std::fs::create_dir_all(place.join("cdk.out")).unwrap();
        std::fs::write(place.join("cdk.out").join(name), text.to_string()).unwrap();
    };
    let stack = |template: &str, needs: &[&str]| {
        json!({"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/unknown-region",
               "dependencies": needs, "properties": {"templateFile": template}})
    };
    let artifacts = json!({"Net": stack("net.json", &[]), "App": stack("app.json", &["Net"]),
                           "Late": stack("late.json", &["App"])});
    write("manifest.json", &json!({"version": "36.0.0", "artifacts": artifacts}));
    let topic = |name: &&str| ((*name).to_owned(), json!({"Type": "AWS::SNS::Topic"}));
    let topics: serde_json::Map<_, _> = topics.iter().map(topic).collect();
    write("net.json", &json!({"Resources": topics}));
    let queue = json!({"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 1}});
    let parameter = |text: &str| json!({"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": text}});
    write("app.json", &json!({"Resources": {"Queue": queue, "Text": parameter(text)}}));
    write("late.json", &json!({"Resources": {"Late": parameter(text)}}));
}

#[test]
fn more_than_was_shown_is_refused_in_the_middle_of_a_run() {
    let region = Region::new("eu-west-1");
    let inner = SandboxCloud::open(None, region, SandboxOptions::default()).unwrap();
    let cloud = Arc::new(Meddled { inner, done: Mutex::default() });
    let folder = place();
    let place = folder.path();
    write_app(place, &["A"], "one");
    let applied = run_in(&cloud, place, &["apply", "cdk.out", "--yes"]);
    assert!(applied.exit == Exit::Done, "{}", applied.err);
    let state =
        |stack: &str| std::fs::read_to_string(place.join(format!("state/{stack}.json"))).unwrap();
    let before = [state("App"), state("Late")];

    write_app(place, &["A", "B"], "two");
    let refused = run_in(&cloud, place, &["apply", "cdk.out", "--yes"]);
    assert!(refused.exit != Exit::Done && *cloud.done.lock().unwrap(), "{}", refused.err);
    assert!(!refused.out.contains("Queue"), "it was shown: {}", refused.out);
    for fact in [
        "error[plan-outdated]",
        "the plan of stack `App` is not the one that was shown",
        "`Queue` would be updated otherwise than shown",
        "nothing of this stack was changed; plan again",
    ] {
        assert!(refused.err.contains(fact), "no `{fact}` in {}", refused.err);
    }
    assert_eq!([state("App"), state("Late")], before, "neither it nor what needs it was changed");
    assert_eq!(cloud.of_type("AWS::SNS::Topic").len(), 2, "what was before it is done");

    let again = run_in(&cloud, place, &["apply", "cdk.out", "--yes"]);
    assert!(again.exit == Exit::Done, "{}", again.err);
    assert!(again.out.contains("DelaySeconds"), "now it is shown: {}", again.out);
}
