//! `rstack validate`: checks templates without a cloud, several at a time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rstack_model::state::Environment;
use rstack_model::{Code, Region, Severity, StackName};
use rstack_ops::cross_stack_values;
use rstack_template::{Inputs, Outside, Reading, limits};

use super::graph::nowhere;
use super::validate_report::Report;
use crate::args::{Global, LintArguments, ReportFormat};
use crate::assembly::{self, is_assembly};
use crate::error::CliError;
use crate::exit::Exit;
use crate::lint::Checks;
use crate::parallel::each_in_order;
use crate::session;
use crate::stack::{self, STACKS, templates_in};
use crate::template::Loaded;
use crate::terminal::Terminal;

/// What to check, and how.
pub(crate) struct Options {
    pub(crate) templates: Vec<String>,
    pub(crate) parameter: Vec<(String, String)>,
    pub(crate) format: Option<ReportFormat>,
    pub(crate) strict: bool,
    pub(crate) lint: LintArguments,
}

/// Checks templates, several at a time; fails if one of them has errors.
pub(crate) fn run(
    global: &Global,
    options: Options,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let paths = paths(&options.templates)?;
    let name = StackName::parse("stack").map_err(CliError::Name)?;
    let mut report = Report::new(options.format, terminal);
    let subjects = Subjects {
        given: options.parameter.into_iter().collect(),
        only: paths.len() == 1,
        strict: options.strict,
        outside: cross_stack_values(&session::store(global)?, &name, None)?,
        name,
        environment: nowhere(global),
        region: session::chosen_region(global),
        checks: Checks::new(&options.lint, terminal)?,
    };
    let mut failed = 0;
    let told = |result: Result<Loaded, CliError>| {
        match result {
            Ok(loaded) => {
                report.add(&loaded, terminal)?;
                failed += usize::from(loaded.failed());
            }
            Err(error) if paths.len() > 1 && error.is_of_a_file() => {
                terminal.error(&error, global);
                failed += 1;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    };
    each_in_order(&paths, |path| subjects.check(path), told)?;
    report.finish(terminal)?;
    match (failed, paths.len()) {
        (0, _) => Ok(Exit::Done),
        (_, 1) => Err(CliError::Template("the template is not valid".to_owned())),
        (failed, all) => {
            Err(CliError::Template(format!("{failed} of {all} templates are not valid")))
        }
    }
}

/// What all templates are checked with.
struct Subjects {
    given: BTreeMap<String, String>,
    only: bool,
    strict: bool,
    outside: Outside,
    name: StackName,
    environment: Environment,
    region: Option<Region>,
    checks: Checks,
}

impl Subjects {
    fn check(&self, path: &Path) -> Result<Loaded, CliError> {
        let place = Reading::place(&self.environment, &self.name);
        let mut loaded = Loaded::read(path, &self.given, place)?;
        let used = loaded.template.as_ref().map(|template| &template.parameters);
        // With several templates each takes the parameters it has.
        let takes = |name: &str| self.only || used.is_some_and(|used| used.contains_key(name));
        let own = self.given.iter().filter(|(name, _)| takes(name));
        let own: BTreeMap<String, String> =
            own.map(|(name, value)| (name.clone(), value.clone())).collect();
        loaded.evaluate(&Inputs {
            stack: &self.name,
            environment: &self.environment,
            parameters: &own,
            outside: &self.outside,
        });
        let region = self.region.as_ref().map(Region::as_str);
        let pending = self.checks.start(&loaded, &own, region);
        for diagnostic in &mut loaded.diagnostics {
            // A template may be valid although nobody has said yet what it is applied with, and
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
        self.checks.finish(pending, &mut loaded)?;
        Ok(loaded)
    }
}

/// The templates that are meant: files, folders, cloud assemblies, stacks.
fn paths(templates: &[String]) -> Result<Vec<PathBuf>, CliError> {
    let mut paths = Vec::new();
    if templates.is_empty() {
        paths = templates_in(Path::new(STACKS));
    }
    for text in templates {
        let path = Path::new(text);
        if path.is_dir() && is_assembly(path) {
            paths.extend(assembly::stacks(path)?.into_iter().map(|stack| stack.path));
        } else if path.is_dir() {
            let inside = templates_in(path);
            if inside.is_empty() {
                return Err(CliError::Folder { path: path.to_owned(), templates: inside });
            }
            paths.extend(inside);
        } else {
            paths.push(stack::template(text)?);
        }
    }
    if paths.is_empty() {
        return Err(CliError::NoStack { known: Vec::new() });
    }
    Ok(paths)
}
