//! Policies of queues and topics, and rules of network ACLs, on objects that belong to others: put,
//! changed, changed behind rstack's back and healed, taken back; and read back with boto3 each time.

use serde_json::{Value, json};

use crate::account::{Account, bring, changes};

const STACK: &str = "attached";
const TEMPLATE: &str = "attached.yaml";

/// An account with two queues, a topic and a network ACL, and the parameters that name them.
struct Objects {
    account: Account,
    parameters: Vec<String>,
    one: String,
    two: String,
    topic: String,
    acl: String,
}

impl Objects {
    fn new() -> Self {
        let account = Account::new();
        bring(&account.place, "tests/emulators/attached.yaml", TEMPLATE);
        let text = |value: Value| value.as_str().unwrap().to_owned();
        let one = text(account.cloud(&["queue", "one"]));
        let two = text(account.cloud(&["queue", "two"]));
        let topic = text(account.cloud(&["topic", "news"]));
        let acl = text(account.cloud(&["network_acl"]));
        let given = [("One", &one), ("Two", &two), ("Topic", &topic), ("Acl", &acl)];
        let given = given.map(|(name, value)| ["--parameter".into(), format!("{name}={value}")]);
        Self { parameters: given.concat(), account, one, two, topic, acl }
    }

    fn command<'a>(&'a self, command: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
        let parameters = self.parameters.iter().map(String::as_str);
        command.iter().copied().chain(parameters).chain(more.iter().copied()).collect()
    }

    /// Applies, reads everything back, and plans: nothing is left to do.
    fn reach(&self, more: &[&str]) {
        self.account.run(&self.command(&["apply", TEMPLATE, "--yes"], more)).expect(0);
        let compared = self.account.read_back(STACK, &[]);
        assert!(compared >= 38, "only {compared} properties were compared");
        self.expect_no_changes(more);
    }

    fn expect_no_changes(&self, more: &[&str]) {
        let plan = ["plan", TEMPLATE, "--detailed-exitcode"];
        self.account.run(&self.command(&plan, more)).expect(0);
    }

    /// The actions of a plan, by resource.
    fn planned(&self, more: &[&str]) -> Vec<(String, String)> {
        let plan = self.account.plan(&self.command(&[TEMPLATE], more));
        changes(&plan).into_iter().collect()
    }

    fn policy(&self, of: &str, name: &str) -> Value {
        self.account.cloud(&[of, name])
    }
}

fn pairs(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    changes.iter().map(|(id, action)| ((*id).to_owned(), (*action).to_owned())).collect()
}

#[test]
fn policies_and_rules_are_put_changed_healed_and_taken_back() {
    let objects = Objects::new();
    let account = &objects.account;
    let untouched = objects.policy("topic_policy", &objects.topic);
    assert_eq!(untouched["Id"], "__default_policy_ID");
    let own_rules = account.cloud(&["acl_rules", &objects.acl]);
    objects.reach(&[]);
    let state = account.state(STACK);
    let id = state["resources"]["Sending"]["physical_id"].as_str().unwrap();
    assert!(id.starts_with("attached-Sending-"), "{id}");
    assert_eq!(state["outputs"]["Policy"]["value"], id);
    assert_eq!(state["outputs"]["Id"]["value"], state["resources"]["Publishing"]["physical_id"]);

    // The same document in the service's own form is no drift; another one is, and so is none.
    let mut same = objects.policy("queue_policy", &objects.one);
    let account_id = same["Statement"][0]["Principal"]["AWS"].as_str().unwrap().to_owned();
    same["Statement"][0]["Principal"]["AWS"] = json!([format!("arn:aws:iam::{account_id}:root")]);
    same["Statement"][0]["Action"] = json!(["sqs:GetQueueUrl", "sqs:SendMessage"]);
    account.cloud(&["set_queue_policy", &objects.one, &same.to_string()]);
    objects.expect_no_changes(&[]);
    let mut other = same.clone();
    other["Statement"][0]["Principal"] = json!("*");
    account.cloud(&["set_queue_policy", &objects.one, &other.to_string()]);
    account.cloud(&["set_topic_policy", &objects.topic, &untouched.to_string()]);
    account.cloud(&["delete_acl_rule", &objects.acl, "100", "in"]);
    let healing = [("Publishing", "create"), ("Sending", "update"), ("Web", "create")];
    assert_eq!(objects.planned(&[]), pairs(&healing));
    objects.reach(&[]);
    account.cloud(&["set_queue_policy", &objects.two, ""]);
    assert_eq!(objects.planned(&[]), pairs(&[("Sending", "update")]));
    objects.reach(&[]);

    // One queue less, other documents, another rule.
    let second = ["--parameter", "Round=second"];
    let planned = [("Publishing", "update"), ("Sending", "update"), ("Web", "update")];
    assert_eq!(objects.planned(&second), pairs(&planned));
    objects.reach(&second);
    assert_eq!(objects.policy("queue_policy", &objects.two), Value::Null);
    let third = [second.as_slice(), &["--parameter", "Number=120"]].concat();
    assert_eq!(objects.planned(&third), pairs(&[("Out", "replace")]));
    objects.reach(&third);

    account.run(&["destroy", STACK, "--yes"]).expect(0);
    assert_eq!(objects.policy("queue_policy", &objects.one), Value::Null);
    let restored = objects.policy("topic_policy", &objects.topic);
    assert_eq!(restored["Id"], "__default_policy_ID");
    assert_eq!(restored["Statement"][0]["Resource"], objects.topic.as_str());
    assert_eq!(restored["Statement"][0]["Condition"], untouched["Statement"][0]["Condition"]);
    assert_eq!(account.cloud(&["acl_rules", &objects.acl]), own_rules);
}

/// A refusal of the API is reported with its place, and a number that is taken with the rule.
#[test]
fn a_foreign_rule_and_a_queue_that_does_not_exist_are_reported() {
    let objects = Objects::new();
    let rule = |number: u32| {
        format!(
            "Resources:\n  It:\n    Type: AWS::EC2::NetworkAclEntry\n    Properties: {{NetworkAclId: \
             {}, RuleNumber: {number}, Egress: false, Protocol: -1, RuleAction: allow, CidrBlock: \
             0.0.0.0/0}}\n",
            objects.acl
        )
    };
    objects.account.place.write("it.yaml", &rule(50));
    objects.account.run(&["apply", "it.yaml", "--yes"]).expect(0);
    objects.account.place.write("again.yaml", &rule(50));
    let ran = objects.account.run(&["apply", "again.yaml", "--yes"]);
    assert!(ran.err.contains("inbound rule 50 of"), "{}", ran.err);
    objects.account.run(&["destroy", "it", "--yes"]).expect(0);
}
