//! Thirty errors in one snapshot: each message says what happened, where, and what to do
//! next, and has a code with a page.

use std::os::unix::fs::PermissionsExt as _;

use crate::harness::{Place, snapshot};

/// A template with one topic.
const TOPIC: &str = "Resources:\n  News:\n    Type: AWS::SNS::Topic\n";

/// A template with a secret parameter.
const SECRET: &str = "Parameters:\n  Password: {Type: String, NoEcho: true}\nResources:\n  Key:\n    \
                      Type: AWS::SecretsManager::Secret\n    Properties:\n      SecretString: !Ref \
                      Password\n";

/// Runs the program in a wrong situation and adds what it says.
struct Gallery {
    text: String,
    number: usize,
}

impl Gallery {
    fn show(&mut self, situation: &str, place: &Place, line: &[&str]) {
        self.number += 1;
        let ran = place.run(line);
        assert_ne!(ran.code, 0, "{line:?}");
        let codes: Vec<&str> = ran
            .err
            .lines()
            .filter_map(|line| line.strip_prefix("error[")?.split_once(']'))
            .map(|(code, _)| code)
            .collect();
        assert!(!codes.is_empty(), "{line:?}:\n{}", ran.err);
        for code in codes {
            place.run(&["explain", code]).expect(0);
        }
        self.text.push_str(&format!(
            "{}. {situation}\n$ rstack {}\n{}exit {}\n\n",
            self.number,
            shown(line),
            ran.err,
            ran.code
        ));
    }
}

/// The command line as a user would type it.
fn shown(line: &[&str]) -> String {
    let quoted =
        |word: &&str| if word.contains(' ') { format!("'{word}'") } else { (*word).to_owned() };
    line.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// A folder with an applied stack `news` and its template.
fn applied() -> Place {
    let place = Place::empty();
    place.write("stacks/news.yaml", TOPIC);
    place.sandbox(&["apply", "--yes"]).expect(0);
    place
}

#[test]
fn thirty_errors_say_what_where_and_what_next() {
    let mut gallery = Gallery { text: String::new(), number: 0 };
    let place = Place::empty();
    gallery.show("An option that does not exist", &place, &["plan", "--frist"]);
    gallery.show("No stack", &place, &["plan", "--sandbox"]);
    gallery.show("A code that does not exist", &place, &["explain", "stat-locked"]);
    gallery.show("A type that does not exist", &place, &["docs", "AWS::SNS::Topics"]);
    gallery.show("A stack without a state", &place, &["output", "nope", "--sandbox"]);
    place.write("stacks/news.yaml", TOPIC);
    gallery.show("A path that does not exist", &place, &["plan", "stacks/new.yaml", "--sandbox"]);
    gallery.show("A folder", &place, &["plan", "stacks", "--sandbox"]);
    gallery.show("No terminal", &place, &["apply", "--sandbox"]);
    place.write("stacks/olds.yaml", TOPIC);
    gallery.show("Several stacks", &place, &["plan", "--sandbox"]);
    gallery.show(
        "A resource that does not exist",
        &place,
        &["plan", "news", "--replace", "New", "--sandbox"],
    );
    gallery.show("A wrong stack name", &place, &["plan", "news", "--stack-name", "a b"]);
    place.write("page.yaml", "<!DOCTYPE html>\n<html></html>\n");
    gallery.show("A web page", &place, &["plan", "page.yaml", "--sandbox"]);
    place.write("typo.yaml", &TOPIC.replace("Topic", "Topik"));
    gallery.show("A misspelt type", &place, &["plan", "typo.yaml", "--sandbox"]);
    place.write_bytes("binary.yaml", &[0, 159, 146, 150]);
    gallery.show("A binary file", &place, &["plan", "binary.yaml", "--sandbox"]);
    let twice = ["plan", "news", "-p", "A=b", "--parameter-from", "A=page.yaml", "--sandbox"];
    gallery.show("A parameter with two values", &place, &twice);
    let output = ["plan", "news", "--out", "stacks/olds.yaml", "--sandbox"];
    gallery.show("A template as the file of a plan", &place, &output);
    let allow = ["validate", "news", "--allow", "unknown-propertie"];
    gallery.show("A rule that does not exist", &place, &allow);
    place.write("rstack.toml", "[lint]\nbudget = \"soon\"\n");
    gallery.show("A mistake in the project file", &place, &["validate", "news"]);

    let place = applied();
    let path = place.path("state/sandbox/news.json");
    place.edit("state/sandbox/news.json", "\"serial\": 1", "\"serial\": 2");
    gallery.show("A state that was edited", &place, &["plan", "--sandbox"]);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    gallery.show("A state that others can read", &place, &["plan", "--sandbox"]);

    let place = applied();
    gallery.show("An output that does not exist", &place, &["output", "news", "Url", "--sandbox"]);
    gallery.show("Nothing to roll back", &place, &["rollback", "news", "--yes", "--sandbox"]);
    gallery.show(
        "No such folder",
        &place,
        &["state", "pull", "news", "no/such/file.json", "--sandbox"],
    );
    let resolve = ["resolve", "news", "News", "--not-ours", "--sandbox"];
    gallery.show("Nothing to resolve", &place, &resolve);
    gallery.show("Another Region", &place, &["plan", "--sandbox", "--region", "us-east-1"]);
    let moved = ["state", "mv", "news", "Old", "New", "--yes", "--sandbox"];
    gallery.show("A resource that the state does not have", &place, &moved);
    let restored = ["state", "restore", "news", "99", "--yes", "--sandbox"];
    gallery.show("A copy that does not exist", &place, &restored);
    gallery.show(
        "A state to repair that is intact",
        &place,
        &["state", "repair", "news", "--accept-edit", "--yes", "--sandbox"],
    );
    place.sandbox(&["plan", "--out", "a.plan", "--replace", "News"]).expect(0);
    place.edit("a.plan", "\"rstack-plan\":2", "\"rstack-plan\":9");
    gallery.show("A saved plan of another version", &place, &["apply", "a.plan", "--sandbox"]);

    let place = Place::empty();
    place.write("stacks/key.yaml", SECRET);
    place.sandbox(&["plan", "-p", "Password=hunter22", "--out", "a.plan"]).expect(0);
    let apply = ["apply", "a.plan", "--yes", "--sandbox"];
    gallery.show("A saved plan without its secret", &place, &apply);
    assert_eq!(gallery.number, 30);
    snapshot("error_gallery", &gallery.text);
}
