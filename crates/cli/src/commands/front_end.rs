//! The terminal as the front end of an operation: what is shown of it, and what is asked.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rstack_apply::GivenSecret;
use rstack_driver::DriverError;
use rstack_model::Address;
use rstack_model::plan::{Change, Plan, PlanMode, Reason};
use rstack_model::state::State;
use rstack_ops::{FrontEnd, Lease, Review, Verdict, Work};
use rstack_plan::CheckedPlan;
use rstack_render::{escape, plan_text};

use super::agreed::as_shown;
use super::managed_stacks::note_not_read;
use super::prepare::PreparedTemplate;
use crate::args::DetailArguments;
use crate::assets::{AssetFiles, AssetsError, Docker};
use crate::context::Context;
use crate::error::CommandError;
use crate::outputs_file::OutputsFile;
use crate::session::{Session, note_dead_holder};
use crate::signals;
use crate::terminal::{Terminal, no_terminal};
use crate::waiting::WaitArguments;

/// The way in which a plan is shown, and the condition for carrying it out.
#[derive(Clone, Debug, Default)]
pub(super) struct ReviewOptions {
    pub(super) detail: DetailArguments,
    pub(super) yes: bool,
    pub(super) rollback: bool,
    pub(super) wait: WaitArguments,
    /// The plan that was shown and agreed to before, among those of other stacks.
    pub(super) agreed: Option<Arc<CheckedPlan>>,
    /// The file that the outputs go to, too.
    pub(super) outputs: Option<Arc<OutputsFile>>,
}

/// The terminal while an operation is under way.
pub(super) struct TerminalFrontEnd<'a> {
    pub(super) context: &'a Context,
    pub(super) session: &'a Session,
    pub(super) options: ReviewOptions,
    /// The changes of the plan that was reviewed which hints after a failure are about: those that the
    /// service may refuse to make in place, and custom resources.
    pub(super) hinted: RefCell<BTreeMap<Address, Change>>,
    /// The template whose checks run beside the operation, if there is one.
    pub(super) template: Option<RefCell<&'a mut PreparedTemplate>>,
}

impl TerminalFrontEnd<'_> {
    /// Shows a plan, and the secrets that a rollback gives to objects. A reader that went away
    /// changes nothing: `--yes` was a consent, and everybody else is asked on a terminal.
    fn show(&self, review: &Review<'_>) -> Result<(), CommandError> {
        self.session.display.pause();
        self.options.wait.of(review.plan)?;
        if !self.context.terminal.json {
            let text = plan_text(review.plan, &self.context.terminal.view(self.options.detail));
            match self.context.terminal.text(&text) {
                Err(error) if error.is_gone() => {}
                shown => shown?,
            }
        }
        for secret in &review.secrets {
            let (id, name) = (escape(secret.address.as_str()), escape(&secret.parameter));
            match secret.given {
                GivenSecret::Same => {}
                GivenSecret::Other => self.context.terminal.note(&format!(
                    "note: the value given for `{name}` differs from the former one of `{id}`, \
                     which gets the given value."
                )),
                GivenSecret::Missing => self.context.terminal.note(&format!(
                    "`{id}` needs the value of secret parameter `{name}`, which is not stored."
                )),
            }
        }
        Ok(())
    }
}

impl FrontEnd for TerminalFrontEnd<'_> {
    type Error = CommandError;

    fn recovering(&self, lease: &dyn Lease) {
        self.session.display.pause();
        note_dead_holder(lease, &self.context.terminal);
        let stack = lease.stack();
        self.context.terminal.note(&format!(
            "An earlier run of `{stack}` was interrupted. Asking the cloud for the outcome …"
        ));
    }

    fn opened(&self, state: Option<&State>, recovered: bool) -> Result<(), CommandError> {
        if recovered {
            let objects = state.map_or(0, |state| state.resources.len() + state.deposed.len());
            self.session.display.pause();
            let noun = if objects == 1 { "object" } else { "objects" };
            self.context.terminal.note(&format!("Recovered: the state records {objects} {noun}."));
        }
        Ok(())
    }

    fn planned(&self, plan: Option<&Plan>) -> Result<(), CommandError> {
        self.session.display.pause();
        match &self.template {
            Some(template) => template.borrow_mut().checked(&self.context.terminal, plan),
            None => Ok(()),
        }
    }

    fn managed_stacks_not_read(&self, error: &DriverError, exports: &BTreeSet<&str>) {
        self.session.display.pause();
        note_not_read(&self.context.terminal, error, exports);
    }

    fn refused(&self, review: &Review<'_>) -> Result<(), CommandError> {
        self.show(review)
    }

    async fn review(&self, review: &Review<'_>) -> Result<Verdict, CommandError> {
        let agreed = self.options.agreed.as_deref();
        match agreed {
            Some(agreed) => as_shown(agreed, review.plan)?,
            None => self.show(review)?,
        }
        let proceeds = match review.work {
            Work::Nothing => false,
            Work::Record => true,
            Work::Changes if agreed.is_some() => true,
            Work::Changes => consent(review.plan, self.options.yes, &self.context.terminal).await?,
        };
        let hinted = |change: &&Change| {
            change.resource_type.is_custom()
                || change.reasons.iter().any(|reason| matches!(reason, Reason::MayReplace(_)))
        };
        let hinted = review.plan.changes.values().filter(hinted);
        self.hinted.borrow_mut().extend(hinted.map(|it| (it.address.clone(), it.clone())));
        if !proceeds {
            return Ok(Verdict::Stop);
        }
        if self.context.env.signals && !self.session.listens.replace(true) {
            signals::listen(&self.session.ops.engine.cancel, &self.session.display);
        }
        let waiting = self.options.wait.of(review.plan)?;
        Ok(Verdict::Proceed { waiting, rollback: self.options.rollback })
    }

    async fn publish(&self, plan: &CheckedPlan) -> Result<(), CommandError> {
        let engine = &self.session.ops.engine;
        let owner = &plan.environment.account;
        // Images come first: without the program that builds them nothing is uploaded.
        if !plan.images.is_empty() {
            let docker = Docker::of(self.context, &engine.cancel);
            let published = engine.publish_images(owner, &plan.images, &docker).await;
            published.map_err(AssetsError::from)?;
        }
        if !plan.assets.is_empty() {
            let files = AssetFiles::of(self.context, plan)?;
            let published = engine.publish(owner, &plan.assets, &files).await;
            published.map_err(AssetsError::from)?;
        }
        Ok(())
    }
}

/// The user's consent to a plan.
async fn consent(plan: &Plan, yes: bool, terminal: &Terminal) -> Result<bool, CommandError> {
    if yes {
        return Ok(true);
    }
    if !terminal.interactive || terminal.json {
        return Err(no_terminal());
    }
    let question = match plan.mode {
        PlanMode::Deploy => format!("Apply these changes to `{}`?", plan.stack),
        PlanMode::Rollback => format!("Roll `{}` back?", plan.stack),
        PlanMode::Destroy => format!("Really destroy `{}`?", plan.stack),
    };
    let agreed = terminal.confirm(&question).await?;
    if !agreed {
        terminal.note("Nothing was changed.");
    }
    Ok(agreed)
}
