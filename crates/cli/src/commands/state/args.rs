//! The command line of `rstack state`.

use std::path::PathBuf;

use clap::Subcommand;

/// What to do with a state. What changes one takes the stack's lock, keeps a copy of what was
/// there, and refuses while a run is open.
#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// List the resources of a state.
    List {
        /// The stack. With only one it may be left out.
        #[arg(value_name = "STACK")]
        stack: Option<String>,
    },
    /// Show everything that is known of one resource.
    Show {
        /// The stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// The resource.
        #[arg(value_name = "LOGICAL_ID")]
        address: String,
    },
    /// Give a resource another logical ID, or move it to another stack: renamed in the template,
    /// too, it is not replaced.
    Mv {
        /// The stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// The resource.
        #[arg(value_name = "FROM")]
        from: String,
        /// Its new logical ID.
        #[arg(value_name = "TO")]
        to: String,
        /// The stack that it is to belong to; else it stays in its own.
        #[arg(long, value_name = "STACK")]
        to_stack: Option<String>,
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
    },
    /// Forget resources without deleting their objects.
    Rm {
        /// The stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// The resources.
        #[arg(value_name = "LOGICAL_ID", required = true)]
        addresses: Vec<String>,
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
    },
    /// Write the state to a file, or to standard output.
    Pull {
        /// The stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// The file.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Put the state of a file in the place of a stack's own.
    Push {
        /// The stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// The file, as `state pull` writes it.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
        /// Replace a state of another lineage, or a newer one; takes the name of the stack.
        #[arg(long, value_name = "STACK")]
        force: Option<String>,
    },
    /// List the states that are kept, or show one.
    History {
        /// The stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// The serial of the one to show.
        #[arg(value_name = "SERIAL")]
        serial: Option<u64>,
    },
    /// Go back to a state that is kept: only what rstack knows goes back, no object is changed.
    Restore {
        /// The stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// Its serial, as `state history` lists it.
        #[arg(value_name = "SERIAL")]
        serial: u64,
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
    },
    /// Say what is wrong with a state or a journal that is refused, and mend it.
    #[command(group(clap::ArgGroup::new("mend")))]
    Repair {
        /// The stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// Accept a state that was edited by hand.
        #[arg(long, group = "mend")]
        accept_edit: bool,
        /// Put the state of this serial, of which a copy is kept, in the place of the damaged one.
        #[arg(long, group = "mend", value_name = "SERIAL")]
        restore: Option<u64>,
        /// Keep of a damaged journal what is whole.
        #[arg(long, group = "mend")]
        cut_journal: bool,
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
    },
    /// Remove what a dead process left in the lock file. The lock of a living one is never broken.
    Unlock {
        /// The stack.
        #[arg(value_name = "STACK")]
        stack: String,
        /// The ID of the lock, as the message names it.
        #[arg(value_name = "LOCK_ID")]
        lock_id: String,
    },
}
