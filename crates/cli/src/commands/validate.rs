//! `rstack validate`: checks templates without a cloud and without a state.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rstack_model::{Code, Severity, StackName};
use rstack_template::Inputs;

use super::graph::nowhere;
use super::validate_report::Report;
use crate::args::{Global, ReportFormat};
use crate::assembly::{self, is_assembly};
use crate::error::CliError;
use crate::exit::Exit;
use crate::outside::outside;
use crate::session;
use crate::stack::{self, STACKS, templates_in};
use crate::template::Loaded;
use crate::terminal::Terminal;

/// Checks templates; fails if one of them has errors.
pub(crate) fn run(
    global: &Global,
    templates: &[String],
    parameters: Vec<(String, String)>,
    format: Option<ReportFormat>,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let paths = paths(templates)?;
    let given: BTreeMap<String, String> = parameters.into_iter().collect();
    let environment = nowhere(global);
    let name = StackName::parse("stack").map_err(CliError::Name)?;
    let mut report = Report::new(format, terminal);
    let mut failed = 0;
    for path in &paths {
        let mut loaded = match Loaded::read(path, &given) {
            Ok(loaded) => loaded,
            Err(error) if paths.len() > 1 => {
                terminal.error(&error);
                failed += 1;
                continue;
            }
            Err(error) => return Err(error),
        };
        let used = loaded.template.as_ref().map(|template| &template.parameters);
        // With several templates each takes the parameters it has.
        let own: BTreeMap<String, String> = given
            .iter()
            .filter(|(name, _)| {
                paths.len() == 1 || used.is_some_and(|used| used.contains_key(*name))
            })
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let outside = outside(&session::store(global)?, &name, None)?;
        let inputs =
            Inputs { stack: &name, environment: &environment, parameters: &own, outside: &outside };
        loaded.evaluate(&inputs);
        for diagnostic in &mut loaded.diagnostics {
            // A template may be valid although nobody has said yet what it is applied with, and
            // although what it imports does not exist yet.
            let open = [Code::MissingParameter, Code::UnknownExport, Code::UnknownStackOutput];
            if open.iter().any(|code| diagnostic.code == *code) {
                diagnostic.severity = Severity::Warning;
            }
        }
        report.add(&loaded, terminal)?;
        failed += usize::from(loaded.failed());
    }
    report.finish(terminal)?;
    match (failed, paths.len()) {
        (0, _) => Ok(Exit::Done),
        (_, 1) => Err(CliError::Template("the template is not valid".to_owned())),
        (failed, all) => {
            Err(CliError::Template(format!("{failed} of {all} templates are not valid")))
        }
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
