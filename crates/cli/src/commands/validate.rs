//! `rstack validate`: checks templates without a cloud, several at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Args;
use rstack_model::state::Environment;
use rstack_model::{Code, Diagnostic, Partition, Region, Severity, StackName};
use rstack_ops::{LastParameters, cross_stack_values};
use rstack_template::{ExternalValues, Inputs, Reading, StackEnvironment, limits};

use super::app_values::add_app_values;
use super::named_places::{accounts, regions};
use super::nowhere::nowhere;
use super::runtimes::Runtimes;
use super::validate_report::{Report, ReportFormat};
use crate::args::LintArguments;
use crate::assembly::{self, StackAssets, StackSettings, is_assembly};
use crate::context::Context;
use crate::env::Env;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::files::TemplateFile;
use crate::lint::Checks;
use crate::parallel::each_in_order;
use crate::parameter_args::ParameterArguments;
use crate::parameters::RunParameters;
use crate::session;
use crate::sources::SourceError;
use crate::stack::{self, STACKS, StackError, below, templates_in};
use crate::template::{Loaded, Offline, invalid_template};

/// The arguments of `rstack validate`.
#[derive(Args, Debug)]
pub(crate) struct ValidateArgs {
    /// Templates, stacks, or folders of templates. Defaults to those under `stacks/`.
    #[arg(value_name = "TEMPLATE")]
    templates: Vec<String>,
    #[command(flatten)]
    parameters: ParameterArguments,
    /// The format of the report. `--json` is short for `--format json`.
    #[arg(long, value_enum, conflicts_with = "json")]
    format: Option<ReportFormat>,
    /// Warn about limits of CloudFormation that the template exceeds, and fail if AWS's validator has
    /// not checked a template.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    lint: LintArguments,
}

/// Checks templates, several at a time; fails if one of them has errors.
pub(crate) async fn run(context: &Context, options: ValidateArgs) -> Result<Exit, CommandError> {
    let Context { global, terminal, env, .. } = context;
    let subjects = templates(env, &options.templates)?;
    let name = StackName::parse("stack").map_err(StackError::Name)?;
    let parameters = RunParameters::read(context, &options.parameters)?;
    let known: Vec<&str> = subjects.iter().flat_map(|it| &it.names).map(String::as_str).collect();
    parameters.check_stacks(&known)?;
    let mut report = Report::new(options.format, terminal);
    let environment = nowhere(context, &StackEnvironment::default());
    let mut external =
        cross_stack_values(session::states(context)?.backend.as_ref(), &name, None).await?;
    let apps = options.templates.iter().filter_map(|text| stack::app_of(env, text));
    for folder in apps.collect::<BTreeSet<_>>() {
        add_app_values(env, folder, &parameters, &environment, &mut external)?;
    }
    let mut surroundings = Subjects {
        parameters,
        only: subjects.len() == 1,
        strict: options.strict,
        external,
        env: env.clone(),
        name,
        environment,
        region: session::chosen_region(context),
        checks: checks(&options.lint, options.strict, context, subjects.len())?,
        runtimes: Runtimes::new(context, &options.lint)?,
    };
    let (mut failed, mut code) = (0, None);
    // The parameters that the templates have; `None` if one of them cannot be read.
    let mut declared = Some(BTreeSet::new());
    let told = |result: Result<Loaded, SubjectError>| {
        let template = result.as_ref().ok().and_then(|loaded| loaded.template.as_ref());
        declared = declared.take().zip(template).map(|(mut names, template)| {
            names.extend(template.parameters.keys().cloned());
            names
        });
        match result {
            Ok(loaded) => {
                report.add(&loaded, terminal)?;
                failed += usize::from(loaded.failed());
                code = loaded.error_code().map(str::to_owned);
            }
            Err(SubjectError::File(error)) if subjects.len() > 1 => {
                terminal.error(&error.into(), &|words| global.line(words));
                failed += 1;
            }
            Err(SubjectError::File(error)) => return Err(error.into()),
            Err(SubjectError::Checks(error)) => return Err(error),
        }
        Ok(())
    };
    each_in_order(&subjects, |subject| surroundings.check(subject), told)?;
    report.finish(terminal)?;
    if let (Some(declared), 2..) = (declared, subjects.len()) {
        surroundings.parameters.note_taken(&known, |name| declared.contains(name));
        surroundings.parameters.all_taken(&known)?;
    }
    match (failed, subjects.len()) {
        (0, _) => Ok(Exit::Done),
        (_, 1) => Err(invalid_template("the template is not valid".to_owned(), code.as_deref())),
        (failed, all) => {
            Err(invalid_template(format!("{failed} of {all} templates are not valid"), None))
        }
    }
}

/// The checks of a number of templates. With `--strict` one that AWS's validator has not checked is not
/// valid.
fn checks(
    arguments: &LintArguments,
    strict: bool,
    context: &Context,
    templates: usize,
) -> Result<Checks, CommandError> {
    let mut arguments = arguments.clone();
    if strict {
        arguments.deny.push(Code::NotValidated.name().to_owned());
    }
    let checks = Checks::new(&arguments, context)?;
    Ok(if templates > 1 { checks.for_several() } else { checks })
}

/// Why a template cannot be checked.
enum SubjectError {
    /// Its file cannot be used. Others can be checked nevertheless.
    File(SourceError),
    /// The checks cannot be made.
    Checks(CommandError),
}

/// The surroundings that all templates are checked in.
struct Subjects {
    parameters: RunParameters,
    only: bool,
    strict: bool,
    external: ExternalValues,
    env: Env,
    name: StackName,
    /// The account and Region where neither a stack nor the command line says one.
    environment: Environment,
    region: Option<Region>,
    checks: Checks,
    runtimes: Runtimes,
}

/// The largest template, in texts, lists and maps, that is evaluated for several places.
const MOST_NODES: usize = 20_000;

/// A template, and what its app says of it.
struct Subject {
    file: TemplateFile,
    settings: StackSettings,
    /// The names of its stack in its app.
    names: Vec<String>,
}

/// The surroundings of one template: its app may say the account and the Region.
struct Placed<'a> {
    all: &'a Subjects,
    environment: Environment,
    region: Option<Region>,
    /// True if the app says the account.
    has_account: bool,
    /// The values that are given for the parameters of the template.
    given: BTreeMap<String, String>,
    /// The parameters that values are given to for this stack alone.
    alone: BTreeSet<String>,
}

impl std::ops::Deref for Placed<'_> {
    type Target = Subjects;

    fn deref(&self) -> &Subjects {
        self.all
    }
}

impl Subjects {
    fn check(&self, subject: &Subject) -> Result<Loaded, SubjectError> {
        let Subject { file, settings, names } = subject;
        let context = settings.check_app(file);
        context.map_err(|error| SubjectError::Checks(error.into()))?;
        let StackEnvironment { account, region } = settings.environment.clone();
        let mut environment = self.environment.clone();
        let has_account = account.is_some();
        environment.account = account.unwrap_or(environment.account);
        if let Some(region) = &region {
            environment.partition = Partition::of_region(region);
            environment.region = region.clone();
        }
        let region = region.or_else(|| self.region.clone());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut given = self.parameters.for_stack(&names, LastParameters::default(), false);
        given.give_if_absent(&settings.parameters);
        let given = given.texts();
        let alone = self.parameters.of_stack_alone(&names);
        let placed = Placed { all: self, environment, region, has_account, given, alone };
        placed.check(file, &settings.assets)
    }
}

impl Placed<'_> {
    fn check(&self, file: &TemplateFile, assets: &StackAssets) -> Result<Loaded, SubjectError> {
        let place = Reading::place(&self.environment, &self.name);
        let loaded = Loaded::read(&self.env, file, &self.given, place);
        let mut loaded = loaded.map_err(SubjectError::File)?;
        loaded.sources.set_assets(assets);
        let mut own = self.evaluate(&mut loaded, &self.environment);
        let has_errors = loaded.diagnostics.iter().any(Diagnostic::is_error);
        if has_errors && loaded.extent.nodes <= MOST_NODES {
            own = self.evaluate_elsewhere(&mut loaded, own);
        }
        let region = self.region.as_ref().map(Region::as_str);
        let pending = self.checks.start(&loaded, &own, region);
        for diagnostic in &mut loaded.diagnostics {
            // A template may be valid although its parameters have no values yet, and
            // although what it imports does not exist yet.
            let open = [Code::MissingParameter, Code::UnknownExport, Code::UnknownStackOutput];
            if open.iter().any(|code| diagnostic.code == *code) {
                diagnostic.severity = Severity::Warning;
            }
            // Nor has anybody said where, unless a Region was chosen.
            if self.region.is_none() && diagnostic.code == Code::MappingRegion {
                diagnostic.severity = Severity::Warning;
                let region = &self.environment.region;
                let help =
                    format!("no Region was chosen, {region} was taken: `--region` says another");
                diagnostic.help = Some(help);
            }
        }
        if let (true, Some(template)) = (self.strict, &loaded.template) {
            loaded.diagnostics.extend(limits(template, loaded.sources.text()));
        }
        self.checks
            .finish(pending, &mut loaded)
            .map_err(|error| SubjectError::Checks(error.into()))?;
        // Only the account knows which functions exist.
        self.runtimes.judge(&mut loaded.diagnostics, None);
        Ok(loaded)
    }

    /// Evaluates a template for a place, with the parameters that it takes, which are returned.
    fn evaluate(&self, loaded: &mut Loaded, environment: &Environment) -> BTreeMap<String, String> {
        let used = loaded.template.as_ref().map(|template| &template.parameters);
        // With several templates each takes the parameters it has, and those that are for it alone.
        let takes = |name: &str| {
            self.only
                || self.alone.contains(name)
                || used.is_some_and(|used| used.contains_key(name))
        };
        let own = self.given.iter().filter(|(name, _)| takes(name));
        let parameters = own.map(|(name, value)| (name.clone(), value.clone())).collect();
        let inputs = Inputs {
            stack: &self.name,
            environment,
            parameters: &parameters,
            external: &self.external,
        };
        loaded.evaluate(&inputs, Offline::Warns);
        parameters
    }

    /// Evaluates a template that has errors for the places that it names itself, and leaves it as
    /// the one has it where the fewest things are wrong. What is wrong only where it was evaluated
    /// first becomes a warning: neither account nor Region is known here.
    fn evaluate_elsewhere(
        &self,
        loaded: &mut Loaded,
        own: BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let text = loaded.sources.text().to_owned();
        let first: Vec<Diagnostic> =
            loaded.diagnostics.iter().filter(|d| d.is_error()).cloned().collect();
        let mut best = (wrong(loaded), self.environment.clone());
        let any_account = !self.has_account;
        let accounts = any_account.then(|| accounts(&text, &self.environment));
        for place in accounts.into_iter().flatten() {
            let found = self.wrong_in(loaded, &place);
            // A place that the template names says more than one that it does not.
            if found < best.0 || (found == best.0 && best.1 == self.environment) {
                best = (found, place);
            }
        }
        let any_region = self.region.is_none();
        for place in any_region.then(|| regions(&text, &best.1)).into_iter().flatten() {
            let found = self.wrong_in(loaded, &place);
            if found < best.0 {
                best = (found, place);
            }
        }
        let (_, place) = best;
        if place == self.environment {
            // It may have been evaluated elsewhere meanwhile.
            self.wrong_in(loaded, &place);
            return own;
        }
        loaded.place(&self.given, Reading::place(&place, &self.name));
        let own = self.evaluate(loaded, &place);
        let only_there = first.into_iter().filter(|error| !loaded.diagnostics.contains(error));
        let only_there: Vec<Diagnostic> =
            only_there.map(|error| self.decided_in_place(error)).collect();
        loaded.add(only_there);
        own
    }

    /// Evaluates a template for a place; how much is wrong with it there.
    fn wrong_in(&self, loaded: &mut Loaded, place: &Environment) -> usize {
        loaded.place(&self.given, Reading::place(place, &self.name));
        self.evaluate(loaded, place);
        wrong(loaded)
    }

    /// Makes a warning of what is an error in one place and none in another.
    fn decided_in_place(&self, mut finding: Diagnostic) -> Diagnostic {
        finding.severity = Severity::Warning;
        let Environment { account, region, .. } = &self.environment;
        let help = match self.region {
            _ if self.has_account => {
                format!("the Region decides it, and none is known here: {region} was taken")
            }
            Some(_) => {
                format!("the account decides it, and none is known here: {account} was taken")
            }
            None => format!(
                "the account or Region decides it, and neither is known here: {account} and {region} \
                 were taken"
            ),
        };
        finding.help = Some(match finding.help.take() {
            Some(first) => format!("{first}\n{help}"),
            None => help,
        });
        finding
    }
}

/// The number of errors of a template that was evaluated; of one that was not, more than any has.
fn wrong(loaded: &Loaded) -> usize {
    match loaded.template {
        Some(_) => loaded.diagnostics.iter().filter(|finding| finding.is_error()).count(),
        None => usize::MAX,
    }
}

/// The templates that are meant: files, folders, cloud assemblies, stacks.
fn templates(env: &Env, templates: &[String]) -> Result<Vec<Subject>, StackError> {
    let alone = |file| {
        let (settings, names) = (StackSettings::default(), Vec::new());
        Subject { file, settings, names }
    };
    let mut paths = Vec::new();
    if templates.is_empty() {
        let inside = templates_in(env, Path::new(STACKS));
        paths.extend(inside.iter().map(|path| alone(below(path))));
    }
    for text in templates {
        let path = Path::new(text);
        if env.path(path).is_dir() && is_assembly(env, path) {
            paths.extend(assembly::stacks(env, path)?.into_iter().map(|stack| Subject {
                names: stack.names(),
                file: stack.template,
                settings: stack.settings,
            }));
        } else if env.path(path).is_dir() {
            let inside = templates_in(env, path);
            if inside.is_empty() {
                return Err(StackError::Folder { path: path.to_owned(), templates: inside });
            }
            paths.extend(inside.iter().map(|path| alone(below(path))));
        } else {
            let (file, settings, names) = stack::template(env, text)?;
            paths.push(Subject { file, settings, names });
        }
    }
    if paths.is_empty() {
        return Err(StackError::NoStack { known: Vec::new() });
    }
    Ok(paths)
}
