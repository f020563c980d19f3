//! The files of nested stacks: which were read, where their places begin, and which are missing.

use rstack_model::{Address, Span};

use super::super::finding::Reported;
use super::location;
use crate::Parsed;
use crate::include::Included;

/// A file that an evaluation needs: with its text in `ExternalValues::templates` the template is to be
/// evaluated again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedFile {
    /// Its path, relative to the stack's own template; or its address, which may be signed and is shown with
    /// [`rstack_model::shown_address`] only.
    pub location: String,
    /// The nested stack.
    pub stack: Address,
    /// The place that names it.
    pub at: Span,
    /// True if it is the template of a nested stack; else it is included in one.
    pub is_template: bool,
}

/// The files of the nested stacks of a stack.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct NestedFiles {
    /// The place behind all files so far.
    end: usize,
    /// The files, in the order of their places.
    placed: Vec<Included>,
    wanted: Vec<WantedFile>,
    /// The templates that are not fetched.
    left_out: Vec<WantedFile>,
    /// The number of nested stacks so far.
    stacks: usize,
    /// The bytes of their templates.
    read: usize,
    /// There may be no more of them, which has been reported.
    pub(super) full: Option<Reported>,
}

/// True if a file is a template, whatever is wrong with it: its text may be shown.
pub(super) fn is_template(parsed: &Parsed) -> bool {
    parsed.template.as_ref().is_some_and(|template| !template.resources.is_empty())
}

impl NestedFiles {
    /// None yet; their places begin behind the stack's own template and what that includes.
    pub(in super::super) fn behind(end: usize) -> Self {
        Self { end, ..Self::default() }
    }

    pub(super) fn stacks(&self) -> usize {
        self.stacks
    }

    pub(super) fn read(&self) -> usize {
        self.read
    }

    /// Notes that a template is missing, or a file that is included in one.
    pub(super) fn want(&mut self, file: WantedFile) {
        if self.wanted.iter().all(|known| known.location != file.location) {
            self.wanted.push(file);
        }
    }

    /// Notes that a nested stack is left out, as its template is not fetched.
    pub(super) fn leave_out(&mut self, file: WantedFile) {
        self.left_out.push(file);
    }

    /// The place at which the text of a template begins: the same one at each use.
    pub(super) fn base(&self, location: &str) -> usize {
        let known = self.placed.iter().find(|file| file.location == location);
        known.map_or(self.end, |file| file.base)
    }

    /// Notes a template that was parsed, with the files that it includes.
    pub(super) fn parsed(&mut self, location: &str, length: usize, parsed: &Parsed) {
        self.stacks += 1;
        self.read = self.read.saturating_add(length);
        let base = self.base(location);
        let folder = location::folder(location);
        if base < self.end {
            return;
        }
        let is_template = is_template(parsed);
        self.placed.push(Included { location: location.to_owned(), base, is_template });
        for file in &parsed.included {
            let location = location::beside(folder, &file.location);
            self.placed.push(Included { location, ..file.clone() });
        }
        let end = parsed.template.as_ref().map_or(base + length, |template| template.end);
        self.end = end.max(base + length) + 1;
    }

    /// The files, the missing ones, and the templates that are not fetched.
    pub(in super::super) fn into_parts(self) -> (Vec<Included>, [Vec<WantedFile>; 2]) {
        (self.placed, [self.wanted, self.left_out])
    }
}
