//! A state as text for people.

use rstack_model::desired::RemovalPolicy;
use rstack_model::state::{ResourceState, State};
use rstack_model::{Address, Value};

use crate::line::{Line, join};
use crate::object_names::object_names;
use crate::outputs;
use crate::style::{Detail, Role, View};
use crate::table::columns;
use crate::tree::{INDENT, Node};
use crate::value::{TreeView, inline, properties};
use crate::words::{count, place, unready};

/// The parameters, the resources with their physical IDs, the objects that wait to be deleted, and the outputs.
/// [`Detail::Normal`] adds attributes, [`Detail::Full`] everything else that is known.
pub fn state_text(state: &State, view: &View) -> String {
    let head = Line::plain("Stack ")
        .with(Role::Name, state.stack.as_str())
        .with(Role::Dim, &format!(" ({})", place(&state.environment)));
    let size = count(state.resources.len(), "resource");
    let protection = if state.termination_protection { ", termination protection" } else { "" };
    let facts = format!("Serial {}, {size}{protection}", state.serial);
    let mut sections = vec![vec![head, Line::of(Role::Dim, &facts)]];
    let mut add = |title: &str, lines: Vec<Line>| {
        if !lines.is_empty() {
            let mut section = vec![Line::of(Role::Heading, title)];
            section.extend(lines);
            sections.push(section);
        }
    };
    add("Parameters", parameters(state));
    add("Resources", objects(state.resources.iter(), view));
    let deposed = state.deposed.iter().map(|deposed| (&deposed.address, &deposed.object));
    add("Waiting to be deleted", objects(deposed, view));
    add("Outputs", outputs::lines(state).collect());
    sections.iter().map(|section| join(section, view.palette)).collect::<Vec<_>>().join("\n")
}

/// The parameters, with a mark for those that were given.
fn parameters(state: &State) -> Vec<Line> {
    let line = |(name, value): (&String, &Value)| {
        let line = Line::plain(name).with(Role::Plain, " = ").then(inline(value));
        match state.given.contains_key(name) {
            true => line.with(Role::Dim, " (given)"),
            false => line,
        }
    };
    state.parameters.iter().map(line).collect()
}

/// The resources of a state, one a line: name, type, physical ID, and what is wrong.
pub fn resources_text(state: &State, view: &View) -> String {
    let rows: Vec<_> = state.resources.iter().map(|(id, object)| row(id, object)).collect();
    let mut lines = columns(&rows, 2);
    let deposed = state.deposed.iter().map(|deposed| {
        let mut row = row(&deposed.address, &deposed.object);
        row.truncate(3);
        row.push(Line::of(Role::Warning, "waits to be deleted"));
        row
    });
    let deposed: Vec<_> = deposed.collect();
    lines.extend(columns(&deposed, 2));
    join(&lines, view.palette)
}

/// Everything that is known of one resource, its objects that wait to be deleted included; `None`
/// if nothing is.
pub fn resource_text(state: &State, id: &Address, view: &View) -> Option<String> {
    let current = state.resources.get(id).into_iter().map(|object| (object, None));
    let deposed = state.deposed.iter().filter(|deposed| deposed.address == *id);
    let deposed = deposed.map(|deposed| (&deposed.object, Some("waits to be deleted")));
    let lines: Vec<Line> = current
        .chain(deposed)
        .flat_map(|(object, remark)| {
            let mut tree = tree(id, object, &View { detail: Detail::Full, ..*view });
            if let Some(remark) = remark {
                tree.line = tree.line.with(Role::Warning, &format!("  {remark}"));
            }
            tree.draw()
        })
        .collect();
    if lines.is_empty() { None } else { Some(join(&lines, view.palette)) }
}

fn objects<'a>(
    objects: impl Iterator<Item = (&'a Address, &'a ResourceState)>,
    view: &View,
) -> Vec<Line> {
    match view.detail {
        Detail::Compact => columns(&objects.map(|(id, o)| row(id, o)).collect::<Vec<_>>(), 2),
        Detail::Normal | Detail::Full => {
            objects.flat_map(|(id, object)| tree(id, object, view).draw()).collect()
        }
    }
}

/// Name, type, physical ID, identifier, and whether something is wrong with it.
fn row(id: &Address, object: &ResourceState) -> Vec<Line> {
    vec![
        Line::of(Role::Name, id.as_str()),
        Line::plain(object.resource_type.as_str()),
        Line::of(Role::Dim, &object_names(object)),
        Line::of(Role::Warning, unready(object.status).unwrap_or_default()),
    ]
}

fn tree(id: &Address, object: &ResourceState, view: &View) -> Node {
    let mut line = Line::default();
    for (i, cell) in row(id, object).into_iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
        line.push(Role::Plain, if i == 0 { "" } else { "  " });
        line.append(cell);
    }
    let room = view.columns() - INDENT;
    let trees = TreeView { detail: view.detail, fold_policies: false };
    let children = match view.detail {
        Detail::Compact | Detail::Normal => properties(&object.attributes, room, trees),
        Detail::Full => everything(object, room, trees),
    };
    Node { line, body: Vec::new(), children }
}

fn everything(object: &ResourceState, room: usize, trees: TreeView) -> Vec<Node> {
    let mut out = Vec::new();
    for (title, map) in [("Properties", &object.properties), ("Attributes", &object.attributes)] {
        if !map.is_empty() {
            let line = Line::of(Role::Dim, title);
            let children = properties(map, room.saturating_sub(INDENT), trees);
            out.push(Node { line, body: Vec::new(), children });
        }
    }
    let mut note = |name: &str, text: &str| {
        let line = Line::of(Role::Dim, &format!("{name}: ")).with(Role::Plain, text);
        out.push(Node::leaf(line));
    };
    if !object.dependencies.is_empty() {
        let names: Vec<&str> = object.dependencies.iter().map(Address::as_str).collect();
        note("Depends on", &names.join(", "));
    }
    for (name, policy) in [
        ("DeletionPolicy", object.deletion_policy),
        ("UpdateReplacePolicy", object.update_replace_policy),
    ] {
        if policy != RemovalPolicy::default() {
            note(name, &format!("{policy:?}"));
        }
    }
    for (reference, version) in &object.secret_versions {
        note("Secret version", &format!("{reference} is {version}"));
    }
    note("Driver", &object.driver);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::state;

    #[test]
    fn a_state_shows_what_is_there_and_what_is_wrong() {
        let expected = r#"Stack streaming (account 111122223333, eu-west-1)
Serial 7, 2 resources

Resources
CDN  AWS::CloudFront::Distribution  E1\u{1b}[2J  partly updated: the next apply updates it
Channel  AWS::MediaPackage::Channel  live
 └─ Arn: "arn:aws:mediapackage:eu-west-1:1:channels/x"

Waiting to be deleted
Channel  AWS::MediaPackage::Channel  live-0
 └─ Arn: "arn:aws:mediapackage:eu-west-1:1:channels/x"

Outputs
streaming.Key = ‹secret parameter Key›
streaming.Url = https://a/b
"#;
        assert_eq!(state_text(&state(), &View::PLAIN), expected);
        let full = state_text(&state(), &View { detail: Detail::Full, ..View::PLAIN });
        assert!(full.contains(" ├─ Depends on: Channel\n └─ Driver: native\n"), "{full}");
    }
    #[test]
    fn one_resource_is_shown_with_all_that_is_known_of_it() {
        let list = resources_text(&state(), &View::PLAIN);
        let rows: Vec<&str> = list.lines().collect();
        assert_eq!(rows[1], "Channel  AWS::MediaPackage::Channel     live");
        assert!(rows[2].ends_with("live-0  waits to be deleted"), "{list}");
        let shown = resource_text(&state(), &"Channel".into(), &View::PLAIN).unwrap();
        assert!(shown.contains("\n └─ Driver: native\n"), "{shown}");
        assert!(shown.contains("live-0  waits to be deleted\n"), "{shown}");
        assert_eq!(resource_text(&state(), &"Nope".into(), &View::PLAIN), None);
    }
}
