//! `rstack state repair`: says what is wrong with a state or a journal, and repairs it as the user
//! chooses. Nothing is repaired that was not chosen.

use std::path::Path;

use clap::Args;
use rstack_journal::{Entry, IntentAction, LostRecord, RepairedJournal, forgotten};
use rstack_model::Serial;
use rstack_model::StackName;
use rstack_render::{escape, text_diff};
use rstack_store::fs::{Aside, Difference, Examination, JournalFinding, StateFinding};
use rstack_store::{LockedStack, StateStore, StoreError};

use super::base_mismatch;
use super::edit::{agreed, done, object_words};
use crate::args::{DetailArguments, Global};
use crate::commands::known_stack::{any_name, no_state};
use crate::context::Context;
use crate::error::{CommandError, state_hint};
use crate::exit::Exit;
use crate::session::{files, holder, note_dead_holder};
use crate::terminal::Terminal;

/// A way to repair files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repair {
    /// None: only say what is wrong.
    Nothing,
    /// Accept a state that was edited by hand.
    AcceptEdit,
    /// Put a kept state in place.
    Restore(Serial),
    /// Keep of the journal what is whole.
    CutJournal,
}

impl Repair {
    /// The repair that the options name, of which there is one at most.
    fn of(accept_edit: bool, restore: Option<Serial>, cut_journal: bool) -> Self {
        match (accept_edit, restore, cut_journal) {
            (_, Some(serial), _) => Self::Restore(serial),
            (true, None, _) => Self::AcceptEdit,
            (false, None, true) => Self::CutJournal,
            (false, None, false) => Self::Nothing,
        }
    }
}

/// The arguments of `rstack state repair`.
#[derive(Args, Debug)]
#[command(group(clap::ArgGroup::new("repair")))]
pub(crate) struct RepairArgs {
    /// The stack.
    #[arg(value_name = "STACK")]
    stack: String,
    /// Accept a state that was edited by hand.
    #[arg(long, group = "repair")]
    accept_edit: bool,
    /// Replace the damaged state with the copy that has this serial.
    #[arg(long, group = "repair", value_name = "SERIAL")]
    restore: Option<u64>,
    /// Keep the intact records of a damaged journal.
    #[arg(long, group = "repair")]
    cut_journal: bool,
    /// Do not ask for confirmation.
    #[arg(long, short)]
    yes: bool,
}

/// Examines a stack's files, and repairs them if it is asked to.
pub(super) async fn run(context: &Context, args: &RepairArgs) -> Result<Exit, CommandError> {
    let Context { global, terminal, .. } = context;
    let repair = Repair::of(args.accept_edit, args.restore.map(Serial), args.cut_journal);
    let yes = args.yes;
    let files = files(context)?;
    let stack = any_name(context, &files, &args.stack).await?;
    if !files.is_known(&stack)? {
        return Err(no_state(context, stack).await.into());
    }
    let locked = lock(context, &files, &stack)?;
    let found = locked.examine()?;
    let differs = matches!(repair, Repair::Nothing | Repair::AcceptEdit);
    let lines = findings(global, &locked, &found, differs.then_some(terminal));
    lines.iter().try_for_each(|line| terminal.line(line))?;
    match repair {
        Repair::Nothing => {
            let choices = choices(global, &locked, &found);
            let sound = choices.is_empty();
            choices.iter().try_for_each(|line| terminal.line(line))?;
            Ok(if sound { Exit::Done } else { Exit::Error })
        }
        Repair::AcceptEdit => accept(&locked, &found, yes, terminal).await,
        Repair::Restore(serial) => restore(&locked, &found, serial, yes, terminal).await,
        Repair::CutJournal => cut(&locked, &found, yes, terminal).await,
    }
}

/// Takes the lock of a stack's files.
fn lock(
    context: &Context,
    files: &StateStore,
    stack: &StackName,
) -> Result<LockedStack, StoreError> {
    let locked = files.lock(stack, &holder(context, "state repair"))?;
    note_dead_holder(&locked, &context.terminal);
    Ok(locked)
}

/// The findings; with the differences of a state if there is a terminal to show them on.
fn findings(
    global: &Global,
    locked: &LockedStack,
    found: &Examination,
    differences: Option<&Terminal>,
) -> Vec<String> {
    let mut lines = Vec::new();
    let problem = |error| problem(error, global);
    let path = locked.state_path().display();
    match &found.state {
        StateFinding::Missing => lines.push(format!(
            "No state `{path}` exists: the stack was never applied, was destroyed, or the file was \
             lost."
        )),
        StateFinding::Sound(state) => {
            lines.push(format!("The state `{path}` is intact: serial {}.", state.serial));
        }
        StateFinding::Edited(_) => lines.push(format!(
            "The state `{path}` can be read, but was changed: its checksum does not match."
        )),
        StateFinding::Unusable(error) => lines.push(problem(error)),
    }
    if let (Some(twin), Some(text)) = (&found.twin, &found.text) {
        let (serial, copy) = (twin.state.serial, twin.path.display());
        match twin.difference {
            Difference::Cut { left, of } => lines.push(format!(
                "It holds the first {left} of the {of} bytes of its copy `{copy}` (serial {serial})."
            )),
            Difference::Bit { byte } => lines.push(format!(
                "One bit, in byte {byte}, differs from its copy `{copy}` (serial \
                 {serial}): this is not an edit but a failing disk."
            )),
            Difference::Other => lines.push(format!(
                "The copy that is most similar is `{copy}` (serial {serial})."
            )),
        }
        let cut = matches!(twin.difference, Difference::Cut { .. });
        if let Some(terminal) = differences.filter(|_| !cut) {
            let diff = text_diff(&twin.text, text, &terminal.view(DetailArguments::default()));
            lines.extend(diff.lines().map(str::to_owned));
        }
    }
    let journal = locked.journal_path().display();
    match &found.journal {
        JournalFinding::Missing => {}
        JournalFinding::Sound { records } => lines.push(format!(
            "The journal `{journal}` is intact: {records} records of an interrupted run."
        )),
        JournalFinding::Damaged { error, repaired } => {
            lines.push(problem(error));
            let list = global.line(&["state", "list", locked.stack().as_str()]);
            lines.extend(repaired.iter().flat_map(|repaired| repaired_lines(repaired, &list)));
        }
        JournalFinding::Stale { error } => {
            lines.push(error.as_ref().map_or_else(
                || format!("The end of the journal `{journal}` is missing."),
                problem,
            ));
            lines.push("This journal is stale: its run is already in the state.".to_owned());
        }
        JournalFinding::Unusable(error) => lines.push(problem(error)),
    }
    if let Some(mismatch) = &found.base_mismatch {
        lines.push(base_mismatch::finding(mismatch));
    }
    lines.iter().map(|line| one_line(line)).collect()
}

/// Colours of a difference stay, everything else is escaped where it was made.
fn one_line(line: &str) -> String {
    line.replace(['\n', '\r'], " ")
}

fn problem(error: &StoreError, global: &Global) -> String {
    match state_hint(error).map(|hint| hint.show(&|words| global.line(words))) {
        Some(hint) if !matches!(error, StoreError::Damaged { .. }) => {
            escape(&format!("{error}; {hint}.")).into_owned()
        }
        Some(_) | None => escape(&format!("{error}.")).into_owned(),
    }
}

/// `list` is the command that lists what is known.
fn repaired_lines(repaired: &RepairedJournal, list: &str) -> Vec<String> {
    let RepairedJournal { sound, kept, lost, rebuilt } = repaired;
    let behind = kept.len() - (*sound).min(kept.len()) - usize::from(*rebuilt);
    let mut lines = vec![format!(
        "{sound} records before the damage are intact, and {behind} after it can follow them."
    )];
    if *rebuilt {
        lines.push("The first record is rebuilt from the state.".to_owned());
    }
    lines.extend(lost.iter().map(|lost| lost_line(lost, list)));
    lines
}

/// A record that would not be kept, and what would be forgotten with it.
fn lost_line(lost: &LostRecord, list: &str) -> String {
    let LostRecord { number, entry, whole, resolvable } = lost;
    let how = if *whole { "cannot follow what is kept" } else { "is damaged" };
    let text = match entry {
        None => format!(
            "it cannot be read. If it announced a create, look in the cloud for an object that \
             `{list}` does not list"
        ),
        Some(Entry::Intent(intent)) => {
            let (id, kind) = (&intent.address, &intent.resource_type);
            match &intent.action {
                IntentAction::Create { .. } => format!(
                    "it announces the create of `{id}` ({kind}). Check in the cloud whether the \
                     object exists"
                ),
                IntentAction::Update { key, .. }
                | IntentAction::Delete { key, .. }
                | IntentAction::Record { key }
                | IntentAction::Forget { key }
                | IntentAction::Restore { key } => format!(
                    "it announces a change of `{id}` ({key}), which the next plan \
                     finds"
                ),
            }
        }
        Some(Entry::Effect { operation, identifier, .. }) if *resolvable => format!(
            "it says that operation {operation} made `{identifier}`, which the cloud is asked for"
        ),
        Some(Entry::Effect { operation, identifier, .. }) => format!(
            "it says that operation {operation} made `{identifier}`, which would be FORGOTTEN"
        ),
        Some(Entry::Cursor { operation, .. }) => {
            format!("it records where operation {operation} is polled")
        }
        Some(Entry::Done { operation, .. }) => {
            format!("it says that operation {operation} succeeded")
        }
        Some(Entry::Failed { operation, .. }) => {
            format!("it says that operation {operation} failed")
        }
        Some(Entry::Absent { operation }) => {
            format!("it says that the name of operation {operation} was free")
        }
        Some(Entry::Begin { .. }) => "it is the first one of a run".to_owned(),
        Some(Entry::Outputs { .. }) => "it holds outputs".to_owned(),
        Some(Entry::End { .. }) => "it ends the run".to_owned(),
    };
    escape(&format!("Record {number} {how}: {text}.")).into_owned()
}

/// The hint at a finding that has to be repaired before all others.
const FIRST: &str = "Repair that first.";

/// The repairs that are possible.
fn choices(global: &Global, locked: &LockedStack, found: &Examination) -> Vec<String> {
    if matches!(found.journal, JournalFinding::Unusable(_)) {
        return vec![FIRST.to_owned()];
    }
    let line = |command, options: &[&str]| {
        let line = global.line(&[&["state", command, locked.stack().as_str()], options].concat());
        escape(&line).into_owned()
    };
    let mut lines = Vec::new();
    let broken = match &found.state {
        StateFinding::Sound(_) => found.base_mismatch.is_some(),
        StateFinding::Missing => found.offered.is_some() || found.base_mismatch.is_some(),
        StateFinding::Edited(_) => {
            // Not while a run is open over the state as it was.
            if matches!(found.journal, JournalFinding::Missing | JournalFinding::Stale { .. }) {
                let accept = line("repair", &["--accept-edit"]);
                lines.push(format!("To accept it unchanged: {accept}"));
            }
            true
        }
        StateFinding::Unusable(_) if found.state.may_be_replaced() => true,
        StateFinding::Unusable(_) => {
            lines.push(FIRST.to_owned());
            false
        }
    };
    match (found.offered.filter(|_| broken), &found.base_mismatch) {
        (Some(serial), _) => {
            let restore = line("repair", &["--restore", &serial.to_string()]);
            lines.push(format!("To replace it with serial {serial}: {restore}"));
        }
        (None, Some(mismatch)) => lines.extend(base_mismatch::by_hand(mismatch, locked)),
        (None, None) => {}
    }
    if broken {
        lines.push(format!("To list the other copies: {}", line("history", &[])));
    }
    match &found.journal {
        JournalFinding::Missing | JournalFinding::Unusable(_) => {}
        JournalFinding::Sound { .. } if lines.is_empty() => {
            lines.push(
                "Nothing is damaged. To recover the run, plan or apply the stack.".to_owned(),
            );
        }
        JournalFinding::Sound { .. } => {}
        JournalFinding::Damaged { repaired: Some(_), .. } => {
            let cut = line("repair", &["--cut-journal"]);
            lines.push(format!("To continue with the intact records: {cut}"));
        }
        JournalFinding::Damaged { repaired: None, .. } => {
            lines.push(
                "Restore the state that the journal was written for, and run this command again for the journal."
                    .to_owned(),
            );
        }
        JournalFinding::Stale { .. } if lines.is_empty() => {
            lines.push(format!("To remove it: {}", line("repair", &["--cut-journal"])));
        }
        JournalFinding::Stale { .. } => {}
    }
    lines
}

fn aside_words(aside: &Aside) -> String {
    let words = |what: &str, path: Option<&Path>| {
        path.map_or_else(String::new, |path| format!(" {what} is in `{}`.", path.display()))
    };
    let Aside { state, journal } = aside;
    words("The state that was there", state.as_deref())
        + &words("The journal that was there", journal.as_deref())
}

async fn accept(
    locked: &LockedStack,
    found: &Examination,
    yes: bool,
    terminal: &Terminal,
) -> Result<Exit, CommandError> {
    if let (StateFinding::Edited(edited), Some(twin)) = (&found.state, &found.twin) {
        for (id, object) in forgotten(&twin.state, edited) {
            let object = object_words(id, object);
            terminal.note(&format!("{object} would no longer be managed; it stays in the cloud."));
        }
    }
    let question = format!("Accept the edited state of `{}`?", locked.stack());
    if matches!(found.state, StateFinding::Edited(_)) && !agreed(&question, yes, terminal).await? {
        return Ok(Exit::Error);
    }
    let repaired = locked.accept_edit()?;
    let what = format!("The edited state is accepted.{}", aside_words(&repaired.aside));
    done(&what, &repaired.now, terminal)
}

async fn restore(
    locked: &LockedStack,
    found: &Examination,
    serial: Serial,
    yes: bool,
    terminal: &Terminal,
) -> Result<Exit, CommandError> {
    let stack = locked.stack();
    if let Some(twin) = found.twin.as_ref().filter(|twin| twin.state.serial > serial) {
        terminal.note(&format!(
            "A copy of serial {} exists, too: objects created between {serial} and it would no longer be managed.",
            twin.state.serial
        ));
    }
    let question = format!("Put the state of serial {serial} in the place of `{stack}`?");
    let refused = matches!(found.state, StateFinding::Sound(_)) && found.offered != Some(serial);
    if !refused && !agreed(&question, yes, terminal).await? {
        return Ok(Exit::Error);
    }
    let repaired = locked.restore_damaged(serial)?;
    let aside = aside_words(&repaired.aside);
    done(&format!("The state of serial {serial} is in place.{aside}"), &repaired.now, terminal)
}

async fn cut(
    locked: &LockedStack,
    found: &Examination,
    yes: bool,
    terminal: &Terminal,
) -> Result<Exit, CommandError> {
    let stack = locked.stack();
    let question = match &found.journal {
        JournalFinding::Damaged { repaired: Some(_), .. } => {
            Some(format!("Repair the journal of `{stack}`, with the records that can be kept?"))
        }
        JournalFinding::Stale { .. } => Some(format!("Remove the journal of `{stack}`?")),
        JournalFinding::Damaged { repaired: None, .. }
        | JournalFinding::Missing
        | JournalFinding::Sound { .. }
        | JournalFinding::Unusable(_) => None,
    };
    if let Some(question) = question
        && !agreed(&question, yes, terminal).await?
    {
        return Ok(Exit::Error);
    }
    let repaired = locked.repair_journal()?;
    let aside = aside_words(&repaired.aside);
    let Some(journal) = repaired.now else {
        terminal.note(&format!("The journal is removed.{aside}"));
        return Ok(Exit::Done);
    };
    let count = journal.kept.len();
    terminal.note(&format!(
        "{count} records are kept.{aside} Plan or apply the stack next, which asks the \
         cloud for the outcome of every operation whose end is not recorded."
    ));
    Ok(Exit::Done)
}
