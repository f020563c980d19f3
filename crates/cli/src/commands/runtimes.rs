//! Findings about Lambda runtimes that AWS takes no longer. They stop the plan that would create or
//! update such a function, and not the plan of one that exists and does not change.
//!
//! Source: "Lambda runtimes", runtime deprecation policy, AWS Lambda Developer Guide: at one date
//! functions can no longer be created, at a later one no longer be updated; they go on running.

use rstack_model::plan::{Action, Plan};
use rstack_model::{Address, Diagnostic, LogicalId, Severity, Span};
use rstack_template::{Serverless, Template};

use crate::args::LintArguments;
use crate::context::Context;
use crate::error::CommandError;
use crate::project;

/// The rule about runtimes with which functions cannot be created.
const NO_CREATE: &str = "E2531";

/// The rule about runtimes with which functions cannot be created or updated.
const NO_UPDATE: &str = "E2533";

/// The resources and the choices of the user that decide about findings of these rules.
#[derive(Debug, Default)]
pub(super) struct Runtimes {
    /// The rules that the user made errors, whatever is planned.
    denied: Vec<String>,
    /// Where the name of each resource begins.
    places: Vec<(usize, Address)>,
    /// The place of `Globals` of a serverless template, and the functions that have their runtime there.
    globals: Option<(Span, Vec<Address>)>,
}

impl Runtimes {
    /// The choices of the command line and the project file.
    ///
    /// # Errors
    /// If the project file cannot be read.
    pub(super) fn new(context: &Context, arguments: &LintArguments) -> Result<Self, CommandError> {
        let project = project::find(&context.env)?.deny.into_iter().map(|named| named.name);
        let denied = project.chain(arguments.deny.iter().cloned()).collect();
        Ok(Self { denied, ..Self::default() })
    }

    /// Notes where the resources of a template are: in the text that the validator has read.
    pub(super) fn locate(&mut self, template: &Template, serverless: Option<&Serverless>) {
        let resources = template.resources.iter();
        let place = |id: &LogicalId, own: Span| match serverless {
            // What AWS's translator makes of a resource has the ID of it.
            Some(serverless) => serverless.resources.get(id.as_str()).copied(),
            None => Some(own),
        };
        let places = resources.filter_map(|(id, resource)| {
            place(id, resource.name_span).map(|at| (at.start, Address::from(id)))
        });
        self.places = places.collect();
        self.places.sort();
        let globals = serverless.and_then(Serverless::functions_of_globals);
        self.globals = globals.map(|(place, functions)| {
            let of = |id: &str| Address::from(&LogicalId::new(id));
            (place, functions.into_iter().map(of).collect())
        });
    }

    /// Leaves as errors the findings about functions that a plan creates or updates, and makes
    /// warnings of the others: of all, if there is no plan.
    pub(super) fn judge(&self, diagnostics: &mut [Diagnostic], plan: Option<&Plan>) {
        for finding in diagnostics.iter_mut().filter(|finding| finding.is_error()) {
            let rule = finding.code.as_str();
            if ![NO_CREATE, NO_UPDATE].contains(&rule) || self.denied.iter().any(|d| d == rule) {
                continue;
            }
            let at = finding.labels.first().map_or(0, |label| label.span.start);
            let stops = |address: &Address| {
                let change = plan.and_then(|plan| plan.changes.get(address));
                change.is_some_and(|change| match change.action {
                    Action::Create | Action::Replace(_) => true,
                    Action::Update => rule == NO_UPDATE,
                    Action::NoOp
                    | Action::Record
                    | Action::Delete
                    | Action::Retain
                    | Action::Forget
                    | Action::Restore => false,
                })
            };
            if !self.at(at).any(stops) {
                finding.severity = Severity::Warning;
                let help = "a function that has it keeps running; only a plan that creates or updates one is refused";
                finding.help.get_or_insert_with(|| help.to_owned());
            }
        }
    }

    /// The resources whose text a place is in, of which a loop makes several, and those that take it from
    /// `Globals`.
    fn at(&self, place: usize) -> impl Iterator<Item = &Address> {
        let globals = self.globals.iter();
        let globals = globals.filter(move |(at, _)| (at.start..at.end).contains(&place));
        let of_globals = globals.flat_map(|(_, functions)| functions);
        self.around(place).chain(of_globals)
    }

    fn around(&self, place: usize) -> impl Iterator<Item = &Address> {
        let end = self.places.partition_point(|(start, _)| *start <= place);
        let before = self.places.get(..end).unwrap_or_default();
        let start = before.last().map(|(start, _)| *start);
        before.iter().filter(move |(at, _)| Some(*at) == start).map(|(_, address)| address)
    }
}
