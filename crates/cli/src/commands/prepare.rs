//! The shared part of `plan` and `apply`: a template that is prepared for its account and Region.

use std::collections::{BTreeMap, BTreeSet};

use rstack_apply::SecretParameters;
use rstack_driver::{DEFAULT_QUALIFIER, DriverError};
use rstack_model::desired::Desired;
use rstack_model::plan::Plan;
use rstack_model::value::Lookup;
use rstack_model::{Address, Code, Diagnostic, ErrorCode, GivenValues, Region, StackName, Value};
use rstack_ops::{
    Deploy, Evaluated, LastParameters, MissingSecret, Operations, OpsError, PlannedOutputs,
    StackTags, Unanswered, add_stack_tags, cross_stack_values, last_state, missing_secrets,
    parameters_of_evaluation, preflight, record_given,
};
use rstack_plan::PlanOptions;
use rstack_render::escape;
use rstack_template::{Evaluation, ExternalValues, Inputs, Reading, Template, Templates};

use super::managed_stacks::{note_not_read, refuse_managed};
use super::nowhere::nowhere;
use super::plan_request::PlanRequest;
use super::response_bucket;
use super::runtimes::Runtimes;
use super::update_policies::UpdatePolicies;
use crate::args::PlanArguments;
use crate::assets;
use crate::context::Context;
use crate::error::{CommandError, PUT, cloud_hint, put_words};
use crate::known_handlers;
use crate::lint::{Checks, Pending};
use crate::parameters::{GivenParameters, RunParameters};
use crate::remote_template::RemoteTemplate;
use crate::session::{self, Session};
use crate::stack::StackFile;
use crate::template::{Files, Loaded, Offline, invalid_template};
use crate::terminal::Terminal;

/// A template evaluated for the place it is going to live in.
pub(crate) struct Wanted {
    desired: Desired,
    parameters: SecretParameters,
    /// The values that the last apply was given, when they were kept.
    last_given: GivenValues,
    /// The exports that the states of other stacks have.
    exports: BTreeMap<String, Value>,
}

impl Wanted {
    /// The deploy that leads to it.
    pub(super) fn deploy<'a>(
        &'a self,
        options: &'a PlanOptions,
        arguments: &PlanArguments,
    ) -> Deploy<'a> {
        let Self { desired, parameters, last_given, exports } = self;
        let (refresh, last_given) = (!arguments.no_refresh, Some(last_given));
        Deploy { desired, parameters, options, refresh, last_given, imported: Some(exports) }
    }
}

/// A template on its way to a plan, with the checks that run beside it.
pub(crate) struct PreparedTemplate {
    loaded: Loaded,
    given: GivenParameters,
    checks: Checks,
    runtimes: Runtimes,
    /// The update policies of its resources, unless they are ignored.
    update_policies: Option<UpdatePolicies>,
    /// The tags of the stack.
    tags: StackTags,
    pending: Option<Pending>,
    /// True if the findings were shown.
    reported: bool,
}

/// The most rounds in which files of nested stacks lead to further ones. Nested stacks are less deep.
const ROUNDS: usize = 64;

/// Findings that depend on the account, the Region or other stacks.
const DECIDED_IN_PLACE: [Code; 7] = [
    Code::ConditionalReference,
    Code::Lookup,
    Code::MappingKey,
    Code::MappingRegion,
    Code::Rule,
    Code::UnknownExport,
    Code::UnknownStackOutput,
];

impl PreparedTemplate {
    /// Reads the template; mistakes that need no cloud are reported before any call.
    pub(crate) async fn load(
        request: PlanRequest<'_>,
        file: &StackFile,
        Values { parameters, several }: Values<'_>,
    ) -> Result<Self, CommandError> {
        let PlanRequest { context, plan, lint, .. } = request;
        if let Some(note) = file.note() {
            context.terminal.note(&note);
        }
        file.settings.check_app(&file.template)?;
        note_settings(context, file);
        let mut tags = file.settings.tags.clone();
        tags.extend(parameters.tags().clone());
        tags.extend(plan.tag.iter().cloned());
        let checks = Checks::new(lint, context)?;
        let last = last_parameters(context, &file.name).await;
        let names = file.names();
        let mut given = parameters.for_stack(&names, last, several);
        given.give_if_absent(&file.settings.parameters);
        let runtimes = Runtimes::new(context, lint)?;
        let mut loaded =
            Loaded::read(&context.env, &file.template, &given.texts(), BTreeMap::new())?;
        loaded.sources.set_assets(&file.settings.assets);
        let has = |name: &str| {
            let template = loaded.template.as_ref();
            template.is_none_or(|template| template.parameters.contains_key(name))
        };
        match several {
            true => {
                parameters.note_taken(&names, has);
                let alone = parameters.of_stack_alone(&names);
                given.retain(|name| has(name) || alone.contains(name));
            }
            false => parameters.note_taken(&names, |_| true),
        }
        if let Some(template) = &loaded.template {
            given.fit(template, false)?;
        }
        if loaded.failed() && !loaded.needs_place {
            given.complete_all(context, loaded.template.as_ref(), false)?;
            evaluate_nowhere(context, file, &given, &mut loaded);
            let texts = given.texts();
            checks.run(&mut loaded, &texts, None)?;
            runtimes.judge(&mut loaded.diagnostics, None);
            loaded.checked(&context.terminal)?;
        }
        let (pending, reported) = (None, false);
        let update_policies = (!plan.ignore_update_policy).then(UpdatePolicies::default);
        Ok(Self { loaded, given, checks, runtimes, update_policies, tags, pending, reported })
    }

    /// Evaluates the template, and starts what else is checked: beside all that follows. `others` are the
    /// outputs that other stacks of the same run are going to have. It can be evaluated again, when they
    /// have them.
    pub(crate) async fn evaluate(
        &mut self,
        session: &Session,
        file: &StackFile,
        context: &Context,
        others: &PlannedOutputs,
    ) -> Result<Wanted, CommandError> {
        let terminal = &context.terminal;
        if self.loaded.needs_place || self.reported {
            let place = Reading::place(&session.ops.environment, &file.name);
            self.loaded.place(&self.given.texts(), place);
        }
        if let Some(template) = &self.loaded.template {
            self.runtimes.locate(template, self.loaded.sources.serverless());
        }
        self.given.complete_all(context, self.loaded.template.as_ref(), true)?;
        if let Some(template) = &self.loaded.template {
            self.given.fit(template, true)?;
        }
        let parameters = &self.given.texts();
        let Operations { engine, environment, backend, .. } = &session.ops;
        let mut external =
            cross_stack_values(backend.as_ref(), &file.name, Some(environment)).await?;
        others.put_into(&mut external, environment);
        external.asks_account = engine.cloud.managed_stacks().is_some();
        let mut evaluation = None;
        let mut rounds = 0;
        while let (Some(template), None) = (&self.loaded.template, &evaluation) {
            rounds += 1;
            if rounds > ROUNDS {
                return Err(OpsError::Questions.into());
            }
            self.loaded.sources.put_nested(&mut external);
            let inputs = Inputs { stack: &file.name, environment, parameters, external: &external };
            let evaluated = rstack_ops::evaluate(engine, template, &inputs).await?;
            let Evaluated { evaluation: mut found, unanswered, not_read } = evaluated;
            if let Files::Again(remote) = self.loaded.files(&found) {
                self.fetch(context, session, &remote).await;
                if self.loaded.failed() {
                    self.checked(terminal, None)?;
                }
                continue;
            }
            let sources = &self.loaded.sources;
            if let Some(desired) = &mut found.desired {
                let fetched = found.locations.iter();
                let fetched = fetched.filter_map(|(stack, location)| {
                    Some((stack.clone(), sources.fetched(location)?.clone()))
                });
                desired.templates = fetched.collect();
            }
            let Some(template) = &self.loaded.template else { break };
            self.given.explain(template, &mut found.diagnostics);
            if let Some(desired) = &mut found.desired {
                record_given(desired, template, parameters, &self.given.kept());
            }
            let unanswered = unanswered.iter().map(|it| no_answer(context, it));
            self.loaded.add(found.diagnostics.iter().cloned().chain(unanswered));
            if !self.reported {
                let note = |error| note_not_read(terminal, error, &BTreeSet::new());
                not_read.iter().for_each(note);
            }
            self.loaded.presence = std::mem::take(&mut found.presence);
            evaluation = Some(found);
        }
        // Not before: what evaluation finds too large is not given to the validator either.
        let region = session.chosen_region();
        if !self.reported {
            self.pending = Some(self.checks.start(&self.loaded, parameters, region));
        }
        let (nested, nested_tags) = evaluation.as_mut().map(nested_stacks).unwrap_or_default();
        if let Some(template) = &self.loaded.template
            && let Some(desired) = evaluation.as_mut().and_then(|e| e.desired.as_mut())
        {
            let cloud = engine.cloud.as_ref();
            let templates = Templates { own: template, nested: &nested };
            if let Some(policies) = &mut self.update_policies {
                *policies = UpdatePolicies::of(templates, desired);
            }
            let tags = (&self.tags, &nested_tags);
            let former = match self.tags.is_empty() && nested_tags.is_empty() {
                // A state that cannot be read is refused when the stack is opened.
                false => backend.read(&file.name).await.ok().and_then(|it| last_state(&it)),
                true => None,
            };
            let untagged = add_stack_tags(tags, cloud, templates, desired, former.as_ref());
            self.loaded.diagnostics.extend(untagged);
            self.loaded.diagnostics.extend(preflight(
                cloud,
                &session.ops.environment,
                templates,
                desired,
            ));
        }
        if let Some(template) = &self.loaded.template
            && let Some(desired) = evaluation.as_ref().and_then(|e| e.desired.as_ref())
            && !self.loaded.failed()
        {
            let templates = Templates { own: template, nested: &nested };
            let missing = missing_secrets(engine, templates, desired).await?;
            self.loaded.diagnostics.extend(missing.iter().map(|it| no_secret(context, it)));
        }
        if self.loaded.failed() {
            self.checked(terminal, None)?;
        }
        let name = self.loaded.sources.name().to_owned();
        let failed = || invalid_template(format!("`{name}` cannot be evaluated"), None);
        let evaluation = evaluation.ok_or_else(failed)?;
        let parameters =
            parameters_of_evaluation(&session.ops, &file.name, &evaluation.secrets).await?;
        let mut desired = evaluation.desired.ok_or_else(failed)?;
        desired.awaits = others.placeholders();
        let code = self.loaded.sources.local_code();
        desired.assets = assets::planned(context, session, &file.settings.assets, code).await?;
        // A state that cannot be read is refused when the stack is opened.
        let former = backend.read(&file.name).await.ok().and_then(|record| last_state(&record));
        if former.is_none() {
            refuse_managed(engine.cloud.as_ref(), &file.name, terminal).await?;
        }
        let asks_all = context.global.no_builtin_custom_resources;
        known_handlers::settle(&context.env, &mut desired, former.as_ref(), asks_all);
        desired.images = assets::planned_images(context, session, &file.settings.assets).await?;
        let (cloud, environment) = (engine.cloud.as_ref(), &session.ops.environment);
        response_bucket::look_for_it(cloud, environment, &desired).await?;
        self.loaded.forget_template();
        let last_given = self.given.last_given().clone();
        let mut exports = external.exports;
        exports.retain(|export, _| desired.imports.contains_key(export));
        Ok(Wanted { desired, parameters, last_given, exports })
    }

    /// Fetches templates of nested stacks, each once. Those that the cloud does not give are findings.
    async fn fetch(&mut self, context: &Context, session: &Session, remote: &[RemoteTemplate]) {
        for template in remote {
            self.loaded.add(template.beyond_cloudformation());
            let fetched = match context.fetched.get(&session.ops, template).await {
                Ok(bytes) => self.loaded.sources.add_fetched(template, &bytes),
                Err(error) => Err(template.not_given(&error, &context.global)),
            };
            self.loaded.add(fetched.err());
        }
    }

    /// Waits for the checks and shows what all of them found, in the light of the plan if there is
    /// one.
    ///
    /// # Errors
    /// [`invalid_template`] if there are errors.
    pub(crate) fn checked(
        &mut self,
        terminal: &Terminal,
        plan: Option<&Plan>,
    ) -> Result<(), CommandError> {
        if let Some(pending) = self.pending.take() {
            self.checks.finish(pending, &mut self.loaded)?;
        }
        self.runtimes.judge(&mut self.loaded.diagnostics, plan);
        if let (Some(policies), Some(plan)) = (&self.update_policies, plan) {
            self.loaded.add(policies.governed(plan));
        }
        if self.reported && !self.loaded.failed() {
            return Ok(());
        }
        self.reported = true;
        self.loaded.checked(terminal)
    }
}

/// The templates of the nested stacks of an evaluation, and the tags of these.
fn nested_stacks(
    evaluation: &mut Evaluation,
) -> (BTreeMap<Address, Template>, BTreeMap<Address, StackTags>) {
    (std::mem::take(&mut evaluation.nested), std::mem::take(&mut evaluation.nested_tags))
}

/// The values for the parameters of a stack.
pub(crate) struct Values<'a> {
    /// Those that the command gives.
    pub(crate) parameters: &'a mut RunParameters,
    /// True if the stack is one of several, and takes the values of the parameters that it has.
    pub(crate) several: bool,
}

/// The parameters of a stack as its last run leaves them. A state that cannot be read is refused when the
/// stack is opened, and so is a plan if the stack has other parameters by then.
async fn last_parameters(context: &Context, stack: &StackName) -> LastParameters {
    let Ok(states) = session::states(context) else { return LastParameters::default() };
    let stored = states.backend.read(stack).await;
    stored.map(|stored| LastParameters::of(&stored)).unwrap_or_default()
}

/// Evaluates a template that has errors, to find all the others that need no cloud: what only the
/// place of the stack decides is left out.
fn evaluate_nowhere(
    context: &Context,
    file: &StackFile,
    given: &GivenParameters,
    loaded: &mut Loaded,
) {
    let parameters = &given.texts();
    let environment = nowhere(context, &file.settings.environment);
    let external = ExternalValues::default();
    let inputs =
        Inputs { stack: &file.name, environment: &environment, parameters, external: &external };
    let before = std::mem::take(&mut loaded.diagnostics);
    loaded.evaluate(&inputs, Offline::Silent);
    let mut found = std::mem::replace(&mut loaded.diagnostics, before);
    let Some(template) = &loaded.template else { return };
    given.explain(template, &mut found);
    found.retain(|finding| !DECIDED_IN_PLACE.iter().any(|code| finding.code == *code));
    if context.terminal.interactive && !context.terminal.json {
        // The user is asked for them once the template can be evaluated.
        let secret = |at| template.parameters.values().any(|p| p.no_echo && p.name_span == at);
        found.retain(|finding| {
            let is_missing = finding.code == Code::MissingParameter;
            !(is_missing && finding.labels.first().is_some_and(|label| secret(label.span)))
        });
    }
    loaded.add(found);
}

/// Says what of an app is not done as it says.
fn note_settings(context: &Context, file: &StackFile) {
    let (terminal, stack) = (&context.terminal, &file.name);
    let chosen = context.global.region.as_deref();
    let region = file.settings.environment.region.as_ref().map(Region::as_str);
    if let (Some(chosen), Some(region)) = (chosen, region)
        && chosen != region
    {
        terminal.note(&format!(
            "note: `{stack}` lives in {region}, as its app says: `--region {chosen}` does not change that."
        ));
    }
    for warning in file.settings.warnings() {
        let code = ErrorCode::AppWarning;
        let text = format!("`{}`: {}", warning.construct, warning.text);
        terminal.note(&format!("warning[{code}]: {}", escape(&text)));
    }
    if !file.settings.notification_arns.is_empty() {
        let code = ErrorCode::NotificationArns;
        let topics = file.settings.notification_arns.join(", ");
        terminal.note(&format!(
            "warning[{code}]: the app of `{stack}` wants {} to be notified, which rstack does not do.",
            escape(&topics)
        ));
    }
}

/// The options of a plan that the user and the stack's app choose.
pub(super) fn plan_options(arguments: &PlanArguments, file: &StackFile) -> PlanOptions {
    let protection = arguments.protection().or(file.settings.termination_protection);
    let addresses = |given: &[String]| given.iter().map(|id| Address::new(id.as_str())).collect();
    let (delete_first, replace) = (&arguments.delete_first, &arguments.replace);
    PlanOptions {
        delete_first: addresses(delete_first),
        replace: addresses(replace),
        termination_protection: protection,
    }
}

/// The finding about a question to which the cloud has no answer.
fn no_answer(context: &Context, unanswered: &Unanswered) -> Diagnostic {
    let Unanswered { lookup, error, at } = unanswered;
    let message = format!("the cloud does not give the {lookup}: {error}");
    let diagnostic = Diagnostic::error(Code::Lookup, message).at(*at, "");
    let reference = match lookup {
        Lookup::Parameter(parameter) => format!("{{{{resolve:ssm:{parameter}}}}}"),
        Lookup::Zones(_)
        | Lookup::Attribute { .. }
        | Lookup::Exports
        | Lookup::StackOutputs { .. } => String::new(),
    };
    with_help(context, diagnostic, (error, &reference))
}

/// The finding about a secret that does not exist.
fn no_secret(context: &Context, missing: &MissingSecret) -> Diagnostic {
    let MissingSecret { address, reference, error, at } = missing;
    let message = format!("`{address}` refers to `{reference}`: {error}");
    let diagnostic = Diagnostic::error(Code::Lookup, message).at(*at, "");
    with_help(context, diagnostic, (error, reference))
}

/// The qualifier in a reference to the parameter with the version of a bootstrap stack.
fn bootstrap_of(reference: &str) -> Option<&str> {
    let name = reference.strip_prefix("{{resolve:ssm:/cdk-bootstrap/")?;
    name.strip_suffix("/version}}").filter(|qualifier| !qualifier.contains('/'))
}

/// A finding with a way to put into the sandbox what is missing there, or else the hint for the error.
fn with_help(
    context: &Context,
    diagnostic: Diagnostic,
    (error, reference): (&DriverError, &str),
) -> Diagnostic {
    if let Some(qualifier) = bootstrap_of(reference) {
        let mut words = vec!["bootstrap"];
        if qualifier != DEFAULT_QUALIFIER {
            words.extend(["--qualifier", qualifier]);
        }
        let line = context.global.line(&words);
        return diagnostic.help(format!("`{line}` makes it, and the bucket for assets"));
    }
    if let Some(words) = put_words(error, reference) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        return diagnostic.help(format!("`{}`{PUT}", context.global.line(&words)));
    }
    match cloud_hint(error) {
        Some(hint) => diagnostic.help(hint),
        None => diagnostic,
    }
}
