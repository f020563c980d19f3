//! An inventory that is written as a log and read back is the same inventory, however it was cut,
//! compacted or shared.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use rstack_model::{Region, ResourceType};
use serde_json::json;

use crate::delta::Slot;
use crate::index::Facet;
use crate::inventory::{Inventory, Scopes, StoredObject, View};
use crate::legacy;
use crate::log::{self, Content, Flaw};
use crate::store::Store;
use crate::{SandboxError, SandboxOptions};

const TYPES: [&str; 3] =
    ["AWS::SecretsManager::Secret", "AWS::MediaPackage::OriginEndpoint", "AWS::IAM::Role"];

#[derive(Clone, Debug)]
enum Op {
    Put(usize, u8, u8),
    Change(usize, u8, u8),
    Remove(usize, u8),
    Nonce(u8),
    Key,
    Nothing,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..3usize, 0..4u8, 0..3u8).prop_map(|(t, key, v)| Op::Put(t, key, v)),
        3 => (0..3usize, 0..4u8, 0..3u8).prop_map(|(t, key, v)| Op::Change(t, key, v)),
        2 => (0..3usize, 0..4u8).prop_map(|(t, key)| Op::Remove(t, key)),
        2 => (0..3u8).prop_map(Op::Nonce),
        1 => Just(Op::Key),
        1 => Just(Op::Nothing),
    ]
}

fn object(key: u8, value: u8) -> StoredObject {
    let properties = json!({"ChannelId": format!("c{value}"), "Name": format!("n{value}\n\"ü")});
    serde_json::from_value(json!({
        "identifier": [format!("id{key}")], "physical_id": format!("id{key}"), "nonce": format!("x/S/A/{key}"),
        "token": format!("t{value}"), "properties": properties, "attributes": {}, "unseen": value,
    }))
    .unwrap()
}

/// The places of the sandbox's own account.
fn scopes() -> Scopes {
    Scopes::of(super::lifecycle::cloud(SandboxOptions::default()).environment())
}

/// Makes one call of one or two changes.
fn apply(inventory: &mut Inventory, op: &Op) {
    let region = Region::from("eu-west-1");
    let mut view = View { inventory, region: &region, scopes: &scopes() };
    let resource_type = |at: usize| ResourceType::from(TYPES[at]);
    match op {
        Op::Put(t, key, value) => {
            view.nonce(&format!("{t}/S/{key}"));
            view.insert(&resource_type(*t), &format!("id{key}"), object(*key, *value));
        }
        Op::Change(t, key, value) => {
            if let Some(stored) = view.get_mut(&resource_type(*t), &format!("id{key}")) {
                *stored = object(*key, *value);
            }
        }
        Op::Remove(t, key) => {
            view.remove(&resource_type(*t), &format!("id{key}"));
        }
        Op::Nonce(n) => {
            view.nonce(&format!("r{n}"));
        }
        Op::Key => view.make_key(1, "t"),
        Op::Nothing => {}
    }
}

fn text(inventory: &Inventory) -> String {
    serde_json::to_string(inventory).unwrap()
}

/// A log of these calls, and the inventories after each of its records.
fn logged(ops: &[Op]) -> (Vec<u8>, Vec<String>) {
    let mut inventory = Inventory::default();
    let (head, mut tail) = log::head("");
    let (mut bytes, mut inventories) = (head.into_bytes(), vec![text(&inventory)]);
    for op in ops {
        apply(&mut inventory, op);
        let Some(line) = inventory.take_changes(|changes| tail.line(changes).unwrap()) else {
            continue;
        };
        bytes.extend(line.0);
        tail = line.1;
        inventories.push(text(&inventory));
    }
    (bytes, inventories)
}

fn read(bytes: &[u8]) -> Result<Inventory, Flaw> {
    log::read(bytes).map(|(inventory, _)| inventory)
}

/// A facet, a value, and what an object has of it.
type Question = (Facet, String, fn(&StoredObject) -> String);

/// Every index answers as a walk over all objects does.
fn check_indexes(inventory: &mut Inventory) {
    let region = Region::from("eu-west-1");
    let view = View { inventory, region: &region, scopes: &scopes() };
    for name in TYPES {
        let resource_type = ResourceType::from(name);
        for value in 0..3 {
            let sets: [Question; 3] = [
                (Facet::Token, format!("t{value}"), |o| o.token.clone()),
                (Facet::PhysicalId, format!("id{value}"), |o| o.physical_id.clone()),
                (Facet::Channel, format!("c{value}"), |o| {
                    o.properties["ChannelId"].as_str().unwrap().to_owned()
                }),
            ];
            for (facet, wanted, of) in sets {
                let walked: Vec<String> = view
                    .all(&resource_type)
                    .filter(|(_, o)| of(o) == wanted)
                    .map(|(key, _)| key.clone())
                    .collect();
                assert_eq!(view.having(&resource_type, &facet, &wanted), walked);
            }
        }
    }
    let walked: Vec<Slot> = ["global", "eu-west-1"]
        .into_iter()
        .flat_map(|scope| {
            let types = view.inventory.objects.get(scope).into_iter().flatten();
            types.flat_map(move |(name, all)| {
                let hidden = all.iter().filter(|(_, o)| o.unseen > 0);
                hidden.map(move |(key, _)| Slot::new(scope, name, key))
            })
        })
        .collect();
    let mut index = view.inventory.index.borrow_mut();
    let indexed: Vec<Slot> = ["global", "eu-west-1"]
        .iter()
        .flat_map(|s| index.unseen(&view.inventory.objects, s))
        .collect();
    assert_eq!(indexed, walked);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_log_that_is_cut_loses_at_most_the_record_that_was_being_written(
        ops in prop::collection::vec(op(), 0..12),
    ) {
        let (bytes, inventories) = logged(&ops);
        let head = log::head("").0.len();
        for at in 0..=bytes.len() {
            let cut = &bytes[..at];
            if at < head {
                prop_assert!(read(cut).is_err(), "cut at {}", at);
                continue;
            }
            let whole = cut.iter().filter(|byte| **byte == b'\n').count() - 1;
            prop_assert_eq!(&text(&read(cut).unwrap()), &inventories[whole]);
        }
    }

    #[test]
    fn damage_is_refused_wherever_it_is(ops in prop::collection::vec(op(), 0..6), bit in 0..8u8) {
        let (bytes, inventories) = logged(&ops);
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            let last = at + 1 == bytes.len();
            match read(&flipped) {
                Err(_) => {}
                // The end of the last record is what tells that it was written whole.
                Ok(inventory) if last && inventories.len() > 1 => {
                    prop_assert_eq!(&text(&inventory), &inventories[inventories.len() - 2]);
                }
                Ok(_) => prop_assert!(false, "flipped at {}", at),
            }
        }
        // A record that is left out or moved is noticed, too.
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        for without in 1..lines.len().saturating_sub(1) {
            let mut lines = lines.clone();
            lines.remove(without);
            prop_assert!(read(&lines.concat()).is_err());
        }
    }

    #[test]
    fn a_compacted_log_and_a_file_of_format_2_hold_the_same_inventory(
        ops in prop::collection::vec(op(), 0..20),
    ) {
        let (bytes, inventories) = logged(&ops);
        let inventory = read(&bytes).unwrap();
        let mut compacted = Vec::new();
        let after = "0".repeat(64);
        log::whole(&inventory, &after, |part| { compacted.extend(part); Ok(()) }).unwrap();
        prop_assert_eq!(&text(&read(&compacted).unwrap()), inventories.last().unwrap());
        let head = log::head(&after).0.len() as u64;
        prop_assert_eq!(log::live_bytes(&inventory).unwrap() + head, compacted.len() as u64);
        let legacy = legacy::write(&inventory).into_bytes();
        prop_assert_eq!(&text(&read(&legacy).unwrap()), inventories.last().unwrap());
        for at in 0..legacy.len() {
            prop_assert!(read(&legacy[..at]).is_err());
        }
    }

    #[test]
    fn indexes_say_what_the_objects_say(ops in prop::collection::vec(op(), 0..20)) {
        let (mut inventory, mut follower) = (Inventory::default(), Inventory::default());
        let (head, mut tail) = log::head("");
        let mut read = log::read(head.as_bytes()).unwrap();
        for op in &ops {
            apply(&mut inventory, op);
            check_indexes(&mut inventory);
            let line = inventory.take_changes(|changes| tail.line(changes).unwrap());
            let Some((line, next)) = line else { continue };
            let Content::Log(end) = read.1 else { panic!("not a log") };
            read.1 = Content::Log(end.follow(&line, &mut follower).unwrap());
            tail = next;
            check_indexes(&mut follower);
            prop_assert_eq!(text(&inventory), text(&follower));
        }
    }

    #[test]
    fn two_stores_of_one_file_see_one_inventory(
        ops in prop::collection::vec((0..2usize, op()), 0..16),
        cut in 1..40u64,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sandbox.json");
        let stores = [0, 1].map(|_| Store::open(Some(path.clone())).unwrap());
        let mut expected = Inventory::default();
        for (at, op) in &ops {
            apply(&mut expected, op);
            stores[*at].with(|inventory| apply(inventory, op)).unwrap();
            for store in &stores {
                prop_assert_eq!(store.with(|inventory| text(inventory)).unwrap(), text(&expected));
            }
        }
        // A writer that died left a part of a record: it is cut away before the next one.
        if path.exists() {
            append(&path, &br#"{"digest":"0123456789012345678901234567890"#[..cut as usize]);
        }
        stores[0].with(|inventory| apply(inventory, &Op::Nonce(9))).unwrap();
        apply(&mut expected, &Op::Nonce(9));
        for store in stores.iter().chain([&Store::open(Some(path.clone())).unwrap()]) {
            prop_assert_eq!(store.with(|inventory| text(inventory)).unwrap(), text(&expected));
        }
    }
}

fn append(path: &Path, bytes: &[u8]) {
    let mut whole = fs::read(path).unwrap();
    whole.extend(bytes);
    fs::write(path, whole).unwrap();
}

fn put(store: &Store, key: u8, size: usize) {
    let change = |inventory: &mut Inventory| {
        let region = Region::from("eu-west-1");
        let mut object = object(key, 0);
        object.properties.insert("Text".to_owned(), "x".repeat(size).into());
        let mut view = View { inventory, region: &region, scopes: &scopes() };
        view.insert(&ResourceType::from(TYPES[0]), &format!("id{key}"), object);
    };
    store.with(change).unwrap();
}

fn seen(store: &Store) -> String {
    store.with(|inventory| text(inventory)).unwrap()
}

#[test]
fn a_log_much_longer_than_what_exists_is_rewritten_and_other_readers_follow() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sandbox.json");
    let (one, two) =
        (Store::open(Some(path.clone())).unwrap(), Store::open(Some(path.clone())).unwrap());
    let mut shrank = 0;
    for i in 0..60 {
        let before = path.metadata().map_or(0, |found| found.len());
        put(if i % 2 == 0 { &one } else { &two }, i % 2, 100_000 + usize::from(i));
        shrank += u32::from(path.metadata().unwrap().len() < before);
        assert_eq!(seen(&one), seen(&two));
        assert!(path.metadata().unwrap().len() < 2_000_000);
    }
    assert!(shrank > 2, "rewritten {shrank} times");
    assert_eq!(seen(&Store::open(Some(path)).unwrap()), seen(&one));
}

#[test]
fn a_file_of_format_2_is_read_and_becomes_a_log_with_the_first_change() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sandbox.json");
    let mut inventory = Inventory::default();
    [Op::Key, Op::Put(0, 1, 1), Op::Put(2, 1, 2)].iter().for_each(|op| apply(&mut inventory, op));
    let old = legacy::write(&inventory);
    fs::write(&path, &old).unwrap();
    let (one, two) =
        (Store::open(Some(path.clone())).unwrap(), Store::open(Some(path.clone())).unwrap());
    assert_eq!(seen(&one), text(&inventory));
    assert_eq!(fs::read_to_string(&path).unwrap(), old, "reading changes nothing");
    one.with(|inventory| apply(inventory, &Op::Remove(2, 1))).unwrap();
    apply(&mut inventory, &Op::Remove(2, 1));
    assert!(fs::read_to_string(&path).unwrap().starts_with("{\"rstack_sandbox\":3,"));
    assert_eq!((seen(&one), seen(&two)), (text(&inventory), text(&inventory)));
}

#[test]
fn a_file_that_is_removed_or_replaced_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sandbox.json");
    let store = Store::open(Some(path.clone())).unwrap();
    put(&store, 1, 1);
    let (first, first_seen) = (fs::read(&path).unwrap(), seen(&store));
    put(&store, 2, 1);
    // The same file with other bytes in it: shorter, and as long.
    fs::write(&path, &first).unwrap();
    assert_eq!(seen(&store), first_seen);
    put(&store, 3, 1);
    let other = tempfile::tempdir().unwrap();
    let other = other.path().join("sandbox.json");
    let different = Store::open(Some(other.clone())).unwrap();
    put(&different, 1, 1);
    put(&different, 4, 1);
    fs::write(&path, fs::read(&other).unwrap()).unwrap();
    assert_eq!(seen(&store), seen(&different));
    fs::remove_file(&path).unwrap();
    assert_eq!(seen(&store), text(&Inventory::default()));
}

#[test]
fn damage_and_newer_formats_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sandbox.json");
    let store = Store::open(Some(path.clone())).unwrap();
    (1..4).for_each(|key| put(&store, key, 1));
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, whole.replace("S/A/2", "S/A/9")).unwrap();
    let refused = Store::open(Some(path.clone())).unwrap_err();
    assert!(
        matches!(&refused, SandboxError::Damaged { problem, .. } if problem.starts_with("record 1:")),
        "{refused}"
    );
    fs::write(&path, whole.replacen(":3,", ":4,", 1)).unwrap();
    let relabelled = Store::open(Some(path.clone())).unwrap_err();
    assert!(matches!(relabelled, SandboxError::Damaged { .. }), "{relabelled}");
    fs::write(&path, "{\"rstack_sandbox\":4,\"what\":\"else\"}\n").unwrap();
    let newer = Store::open(Some(path)).unwrap_err();
    assert!(matches!(newer, SandboxError::Newer { found: 4, known: 3, .. }), "{newer}");
}

#[test]
fn a_change_that_cannot_be_written_did_not_happen() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sandbox.json");
    let store = Store::open(Some(path.clone())).unwrap();
    let obstacle = dir.path().join("sandbox.json.sandbox-new");
    fs::create_dir(&obstacle).unwrap();
    let failed = store.with(|inventory| apply(inventory, &Op::Put(0, 1, 1))).unwrap_err();
    assert!(matches!(failed, SandboxError::Io { action: "written", .. }), "{failed}");
    assert_eq!(seen(&store), text(&Inventory::default()));
    fs::remove_dir(&obstacle).unwrap();
    put(&store, 1, 1);
    assert_eq!(seen(&store), seen(&Store::open(Some(path)).unwrap()));
}
