//! `rstack validate`: checks templates without a cloud and without a state.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rstack_model::{Severity, StackName};
use rstack_render::tally;
use rstack_template::Inputs;

use super::graph::nowhere;
use crate::args::Global;
use crate::error::CliError;
use crate::exit::Exit;
use crate::stack::{STACKS, templates_in};
use crate::template::Loaded;
use crate::terminal::Terminal;

/// Checks templates; fails if one of them has errors.
pub(crate) fn run(
    global: &Global,
    templates: &[PathBuf],
    parameters: Vec<(String, String)>,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let paths = paths(templates)?;
    let given: BTreeMap<String, String> = parameters.into_iter().collect();
    let environment = nowhere(global);
    let stack = StackName::parse("stack").map_err(CliError::Name)?;
    let mut failed = 0;
    for path in &paths {
        let mut loaded = match Loaded::read(path) {
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
        let inputs = Inputs { stack: &stack, environment: &environment, parameters: &own };
        loaded.evaluate(&inputs);
        for diagnostic in &mut loaded.diagnostics {
            // A template may be valid although nobody has said yet what it is applied with.
            if diagnostic.code == "missing-parameter" {
                diagnostic.severity = Severity::Warning;
            }
        }
        loaded.show(terminal)?;
        if loaded.failed() {
            failed += 1;
        } else if !terminal.json {
            let tally = tally(&loaded.diagnostics).map_or_else(String::new, |t| format!(" ({t})"));
            terminal.line(&format!("{} is valid{tally}", loaded.name))?;
        }
    }
    match (failed, paths.len()) {
        (0, _) => Ok(Exit::Done),
        (_, 1) => Err(CliError::Template("the template is not valid".to_owned())),
        (failed, all) => {
            Err(CliError::Template(format!("{failed} of {all} templates are not valid")))
        }
    }
}

fn paths(templates: &[PathBuf]) -> Result<Vec<PathBuf>, CliError> {
    let mut paths = Vec::new();
    if templates.is_empty() {
        paths = templates_in(Path::new(STACKS));
    }
    for path in templates {
        if !path.is_dir() {
            paths.push(path.clone());
            continue;
        }
        let inside = templates_in(path);
        if inside.is_empty() {
            return Err(CliError::Folder { path: path.clone(), templates: inside });
        }
        paths.extend(inside);
    }
    if paths.is_empty() {
        return Err(CliError::NoStack { known: Vec::new() });
    }
    Ok(paths)
}
