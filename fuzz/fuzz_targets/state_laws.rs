//! Laws of every text that is taken for a state file, and of every text that is taken for a journal.
//!
//! The text holds both: the state, a line `--`, the journal. What has no checksum that fits is refused
//! before anything else of it counts. So both are also read with the checksums that fit, as an attacker
//! would write them.

use rstack_journal::{
    Alone, Entry, Flaw, Reading, Records, Tail, alone, alone_digest, base_of, fold, journal_bytes,
    read, repair,
};
use rstack_model::state::State;
use rstack_model::{Digest, StackName};
use rstack_render::{View, state_json, state_text};
use rstack_store::{StoreError, parse_state};
use serde_json::{Map, Value, json};

/// The longest message about a text beyond what it quotes, in bytes.
const MAX_MESSAGE: usize = 400;

/// The most records of which every beginning is folded.
const PREFIXES: usize = 24;

/// Checks all of it; fails if something does not hold.
pub(crate) fn check(text: &str) {
    let (state, journal) = text.split_once("\n--\n").unwrap_or((text, ""));
    let mut states = vec![parsed(state.as_bytes())];
    states.extend(sealed(state).map(|sealed| parsed(&sealed)));
    let chained = chained(journal);
    let journals = [Some(journal.as_bytes().to_vec()), chained];
    for base in std::iter::once(None).chain(states.iter().flatten().map(Some)) {
        for journal in journals.iter().flatten() {
            journal_holds(journal, base);
        }
    }
}

/// The state in a file, if it is one.
fn parsed(bytes: &[u8]) -> Option<State> {
    let json: Option<Value> = serde_json::from_slice(bytes).ok();
    let named = json.as_ref().and_then(|json| json.get("state")?.get("stack")?.as_str());
    let stack = StackName::parse(named.unwrap_or("fuzz"));
    let stack = stack.or_else(|_| StackName::parse("fuzz")).unwrap_or_else(|e| panic!("{e}"));
    let read = parse_state("state.json", bytes, &stack);
    let again = parse_state("state.json", bytes, &stack);
    match (read, again) {
        (Ok(state), Ok(again)) => {
            assert!(state == again, "read twice, as two states");
            state_holds(&state);
            // Checked before all else: a state of another stack is never taken.
            let other = StackName::parse("another").unwrap_or_else(|e| panic!("{e}"));
            if state.stack != other {
                let read = parse_state("state.json", bytes, &other);
                assert!(matches!(read, Err(StoreError::OtherStack { .. })), "{read:?}");
            }
            Some(state)
        }
        (Err(error), Err(_)) => {
            let message = error.to_string();
            assert!(message.len() <= MAX_MESSAGE + bytes.len(), "a message that is too long");
            None
        }
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => panic!("read once, and not again: {error}"),
    }
}

/// A state is kept as it is, and can be shown.
fn state_holds(state: &State) {
    let json = serde_json::to_string(state).unwrap_or_else(|e| panic!("not written: {e}"));
    let again: State = serde_json::from_str(&json).unwrap_or_else(|e| panic!("not read: {e}"));
    assert!(again == *state, "a state that is kept as another one: {json}");
    let text = state_text(state, &View::PLAIN);
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "a control is shown: {text:?}");
    let json = state_json(state).unwrap_or_else(|e| panic!("not shown: {e}"));
    serde_json::from_str::<Value>(&json).unwrap_or_else(|e| panic!("no JSON: {e}"));
}

/// The text with the checksum that fits, in the form that old formats have; `None` if it is no object.
fn sealed(text: &str) -> Option<Vec<u8>> {
    let mut content: Map<String, Value> = serde_json::from_str(text).ok()?;
    content.shift_remove("checksum");
    let mut file = Map::new();
    file.insert("checksum".to_owned(), Digest::of_json(&content).ok()?.as_str().into());
    file.extend(content);
    let mut bytes = serde_json::to_vec_pretty(&file).ok()?;
    bytes.push(b'\n');
    Some(bytes)
}

/// The records of the text, each chained to the one before; `None` if there are none.
fn chained(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut tail) = (Vec::new(), Tail::default());
    for line in text.lines() {
        let Ok(record) = serde_json::from_str::<Value>(line) else { continue };
        let (format, entry) = (record.get("format"), record.get("entry"));
        let Some(entry) = entry else { continue };
        if format == Some(&json!(1)) {
            let digest = Digest::of_json(&(1, tail.count, &tail.digest, entry)).ok()?;
            let record = json!({
                "format": 1, "number": tail.count, "previous": tail.digest, "entry": entry,
                "digest": digest,
            });
            let line = serde_json::to_vec(&record).ok()?;
            let length = tail.length + line.len() as u64 + 1;
            bytes.extend(line);
            bytes.push(b'\n');
            tail = Tail { count: tail.count + 1, digest: Some(digest), length };
        } else {
            let Ok(entry) = serde_json::from_value::<Entry>(entry.clone()) else { continue };
            let (line, next) = tail.line(&entry).ok()?;
            bytes.extend(line);
            tail = next;
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

/// Checks the laws of every journal over this state, or over none.
fn journal_holds(bytes: &[u8], base: Option<&State>) {
    let Reading { records, flaw } = read(bytes, base);
    let Records { entries, tail, torn } = records;
    assert_eq!(tail.count, entries.len() as u64, "records that are counted wrongly");
    let length = usize::try_from(tail.length).unwrap_or_else(|e| panic!("{e}"));
    let sound = bytes.get(..length).unwrap_or_else(|| panic!("records behind the end of the text"));
    assert!(sound.is_empty() || sound.ends_with(b"\n"), "records that end within a line");
    if flaw.is_none() && !torn {
        assert_eq!(length, bytes.len(), "a journal without a flaw of which a part is not read");
    }
    if let Some(Flaw::Damaged(problem)) = &flaw {
        assert!(problem.len() <= MAX_MESSAGE + bytes.len(), "a message that is too long");
    }
    let again = read(sound, base);
    assert!(
        again.flaw.is_none() && again.records.entries == entries,
        "its whole part is not whole"
    );
    let written = journal_bytes(&entries).unwrap_or_else(|e| panic!("not written: {e}"));
    let again = read(&written, base);
    assert!(
        again.flaw.is_none() && again.records.entries == entries,
        "written, and read otherwise"
    );
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let whole = matches!(alone(line), Alone::Whole(_));
        assert_eq!(whole, alone_digest(line).is_some(), "whole with no digest, or the other way");
    }
    if let Some(base) = base_of(base.cloned(), entries.first()) {
        for count in 0..=entries.len().min(PREFIXES) {
            if let Some(Ok(folded)) = entries.get(..count).map(|prefix| fold(&base, prefix)) {
                state_holds(&folded.state);
                assert_eq!(folded.state.lineage, base.lineage, "another stack came out");
                assert_eq!(folded.state.serial, base.serial, "a serial that was not published");
            }
        }
    }
    let Some(saved) = repair(bytes, base) else { return };
    let base = base_of(base.cloned(), saved.kept.first());
    let base = base.unwrap_or_else(|| panic!("a journal was repaired over nothing"));
    let folded = fold(&base, &saved.kept);
    assert!(saved.rebuilt || saved.sound == entries.len(), "a whole record was lost");
    // Damage is only looked for where there is some: a whole journal may say what cannot be.
    if flaw.is_some() && fold(&base, &entries).is_ok() {
        assert!(folded.is_ok(), "what was repaired makes no sense: {folded:?}");
    }
}
