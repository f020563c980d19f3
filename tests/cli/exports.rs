//! Exports that other stacks import: what would take them away is refused, and says who uses them.

use crate::harness::{Place, snapshot};

const PRODUCER: &str = "\
Parameters: { Tag: { Type: String, Default: a } }
Resources:
  Pool: { Type: AWS::SQS::Queue, Properties: { QueueName: !Sub 'q-${Tag}' } }
  Other: { Type: AWS::SNS::Topic }
Outputs:
  PoolArn: { Value: !GetAtt Pool.Arn, Export: { Name: 'producer:PoolArn' } }
";
const NO_EXPORT: &str = "Resources:\n  Other: { Type: AWS::SNS::Topic }\n";
const CONSUMER: &str = "\
Resources:
  P: { Type: AWS::SSM::Parameter, Properties: { Type: String, Name: /pool, Value: !ImportValue 'producer:PoolArn' } }
Outputs:
  Again: { Value: !ImportValue 'producer:PoolArn' }
";
const CONSUMER_FREE: &str = "\
Resources:
  P: { Type: AWS::SSM::Parameter, Properties: { Type: String, Name: /pool, Value: none } }
";
const TWIN: &str = "\
Resources:
  Q: { Type: AWS::SQS::Queue }
Outputs:
  A: { Value: !GetAtt Q.Arn, Export: { Name: 'producer:PoolArn' } }
";

/// A stack that exports, and one that imports from it.
fn place() -> Place {
    let place = Place::empty();
    place.write("producer.yaml", PRODUCER);
    place.write("consumer.yaml", CONSUMER);
    place.sandbox(&["apply", "producer.yaml", "--yes"]).expect(0);
    place.sandbox(&["apply", "consumer.yaml", "--yes"]).expect(0);
    place
}

/// Fails unless every command is refused with these facts, and nothing was changed.
#[track_caller]
fn refused(place: &Place, commands: &[&[&str]], code: &str, facts: &[&str]) {
    let before = place.content();
    for command in commands {
        place.sandbox(command).expect(1).reports(code, facts);
        assert!(place.content() == before, "{command:?} has changed something");
    }
}

#[test]
fn an_export_that_another_stack_imports_is_not_removed() {
    let place = place();
    place.write("none.yaml", NO_EXPORT);
    let plan: &[&str] = &["plan", "none.yaml", "--stack-name", "producer"];
    let apply: &[&str] = &["apply", "none.yaml", "--stack-name", "producer", "--yes"];
    let facts = ["`producer:PoolArn`", "`consumer`", "resource `P`", "output `Again`"];
    refused(&place, &[plan, apply], "export-in-use", &facts);
    snapshot("export_removed", &place.sandbox(plan).expect(1).err);

    place.write("consumer.yaml", CONSUMER_FREE);
    place.sandbox(&["apply", "consumer.yaml", "--yes"]).expect(0);
    place.sandbox(apply).expect(0);
}

#[test]
fn an_export_that_another_stack_imports_keeps_its_value_and_its_name() {
    let place = place();
    let plan: &[&str] = &["plan", "producer.yaml", "-p", "Tag=b"];
    let apply: &[&str] = &["apply", "producer.yaml", "-p", "Tag=b", "--yes"];
    let facts = ["`producer:PoolArn`", "another value", "`consumer`"];
    refused(&place, &[plan, apply], "export-in-use", &facts);
    snapshot("export_changed", &place.sandbox(plan).expect(1).err);

    // A value that is known, and a name that moves to another output.
    place.write("producer.yaml", &PRODUCER.replace("!GetAtt Pool.Arn", "x"));
    refused(&place, &[&["plan", "producer.yaml"]], "export-in-use", &facts);
    place.write("producer.yaml", &PRODUCER.replace("PoolArn: {", "Renamed: {"));
    place.sandbox(&["plan", "producer.yaml"]).expect(0);
    place.write("producer.yaml", &PRODUCER.replace("'producer:PoolArn'", "other"));
    refused(&place, &[&["plan", "producer.yaml"]], "export-in-use", &["would be removed"]);

    // An update that leaves the value as it is is made.
    let update = PRODUCER.replace("QueueName:", "DelaySeconds: 3, QueueName:");
    place.write("producer.yaml", &update);
    place.sandbox(&["apply", "producer.yaml", "--yes"]).expect(0);
}

#[test]
fn a_stack_is_not_destroyed_while_another_one_imports_from_it() {
    let place = place();
    let destroy: &[&str] = &["destroy", "producer", "--yes"];
    refused(&place, &[destroy], "export-in-use", &["`producer:PoolArn`", "`consumer`"]);
    snapshot("export_destroyed", &place.sandbox(destroy).expect(1).err);
    place.sandbox(&["destroy", "consumer", "--yes"]).expect(0);
    place.sandbox(destroy).expect(0);
}

#[test]
fn a_name_is_exported_by_one_stack() {
    let place = place();
    place.write("twin.yaml", TWIN);
    let apply: &[&str] = &["apply", "twin.yaml", "--yes"];
    let facts = ["`A`", "`producer:PoolArn`", "stack `producer`", "`PoolArn`"];
    refused(&place, &[&["plan", "twin.yaml"], apply], "export-taken", &facts);
    snapshot("export_taken", &place.sandbox(apply).expect(1).err);
    // Exports belong to a Region.
    place.sandbox(&["plan", "twin.yaml", "--region", "us-east-1"]).expect(0);
}

/// A plan that was saved before another stack began to import.
#[test]
fn a_saved_plan_takes_nothing_away_either() {
    let place = Place::empty();
    place.write("producer.yaml", PRODUCER);
    place.sandbox(&["apply", "producer.yaml", "--yes"]).expect(0);
    place.write("none.yaml", NO_EXPORT);
    place.sandbox(&["plan", "none.yaml", "--stack-name", "producer", "--out", "x.plan"]).expect(0);
    place.write("consumer.yaml", CONSUMER);
    place.sandbox(&["apply", "consumer.yaml", "--yes"]).expect(0);
    refused(&place, &[&["apply", "x.plan", "--yes"]], "export-in-use", &["`consumer`"]);
}

/// The consumer's run was cut off, or has failed: what it was to import counts.
#[test]
fn a_run_that_is_not_complete_uses_what_it_was_to_import() {
    let place = Place::empty();
    place.write("producer.yaml", PRODUCER);
    place.sandbox(&["apply", "producer.yaml", "--yes"]).expect(0);
    place.write(
        "other.yaml",
        "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: x}}}\n",
    );
    place.sandbox(&["apply", "other.yaml", "--yes"]).expect(0);
    let taken =
        "  T: { Type: AWS::SNS::Topic, DependsOn: P, Properties: { TopicName: x } }\nOutputs:";
    place.write("consumer.yaml", &CONSUMER.replace("Outputs:", taken));
    place.sandbox(&["apply", "consumer.yaml", "--yes", "--no-rollback"]).expect(5);
    let destroy: &[&str] = &["destroy", "producer", "--yes"];
    refused(&place, &[destroy], "export-in-use", &["`consumer`", "resource `P`"]);
    place.sandbox(&["rollback", "consumer", "--yes"]).expect(0);
    place.sandbox(destroy).expect(0);
}

/// The imports of a resource go with it where it goes in the state.
#[test]
fn a_resource_that_is_renamed_in_the_state_still_imports() {
    let place = place();
    place.sandbox(&["state", "mv", "consumer", "P", "Q"]).expect(0);
    let destroy: &[&str] = &["destroy", "producer", "--yes"];
    refused(&place, &[destroy], "export-in-use", &["resource `Q`"]);
}

/// A state of before imports were recorded gets them with the next apply, which has nothing else to do.
#[test]
fn an_apply_without_changes_records_what_is_imported() {
    let place = place();
    let bare = "Resources:\n  P: { Type: AWS::SSM::Parameter, Properties: { Type: String, Name: /pool, Value: \
                'arn:aws:sqs:eu-west-1:000000000000:q-a' } }\nOutputs:\n  Again: { Value: \
                'arn:aws:sqs:eu-west-1:000000000000:q-a' }\n";
    place.write("consumer.yaml", bare);
    let applied = place.sandbox(&["apply", "consumer.yaml", "--yes"]).expect(0);
    assert!(applied.out.contains("No changes"), "{}", applied.out);
    place.sandbox(&["plan", "producer.yaml", "-p", "Tag=b"]).expect(0);
    place.write("consumer.yaml", CONSUMER);
    let plan = place.sandbox(&["plan", "consumer.yaml", "--full"]).expect(0);
    assert!(plan.out.contains("Imports"), "{}", plan.out);
    place.sandbox(&["apply", "consumer.yaml", "--yes"]).expect(0);
    place.sandbox(&["plan", "producer.yaml", "-p", "Tag=b"]).expect(1);
}

/// The object behind the export is gone: to make it again takes nothing away.
#[test]
fn an_object_that_is_gone_is_made_again() {
    let place = place();
    let queues = place.sandbox(&["sandbox", "ls"]).expect(0).out;
    let queue = queues.lines().find(|line| line.starts_with("AWS::SQS::Queue")).unwrap();
    let queue = queue.split_whitespace().nth(1).unwrap();
    place.sandbox(&["sandbox", "remove", "AWS::SQS::Queue", queue]).expect(0);
    place.sandbox(&["apply", "producer.yaml", "--yes"]).expect(0);
}
