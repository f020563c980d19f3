//! Where the translator is looked for.

use std::path::{Path, PathBuf};

use crate::env::Env;

/// The variable that names the Python with the translator.
pub(crate) const VARIABLE: &str = "RSTACK_SAM_PYTHON";
/// The folder of the virtual environment, in the user's data.
const FOLDER: &str = "rstack/sam";

/// The Python that is used: that of the variable, of the virtual environment, or on the path. Folders of
/// the path that are relative are passed over: they would be the project's without the user's doing.
pub(super) fn python(env: &Env) -> Option<PathBuf> {
    if let Some(named) = env.variable(VARIABLE).filter(|named| !named.is_empty()) {
        return Some(env.path(Path::new(named)));
    }
    let own = folder(env).map(|folder| folder.join("bin/python"));
    let path = env.variable("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    own.into_iter().chain(on_path.map(|folder| folder.join("python3"))).find(|it| it.is_file())
}

/// The folder of the virtual environment.
fn folder(env: &Env) -> Option<PathBuf> {
    let absolute = |path: &str| Path::new(path).is_absolute().then(|| PathBuf::from(path));
    let data = env.variable("XDG_DATA_HOME").and_then(absolute);
    let home = || env.variable("HOME").and_then(absolute).map(|home| home.join(".local/share"));
    Some(data.or_else(home)?.join(FOLDER))
}

/// The commands that make the virtual environment.
pub(super) fn how_to_install(env: &Env, version: &str) -> String {
    let folder = folder(env).unwrap_or_else(|| PathBuf::from(FOLDER));
    let folder = folder.display();
    format!(
        "python3 -m venv {folder} && {folder}/bin/pip install aws-sam-translator=={version}\n\
         `{VARIABLE}` names another Python that has it"
    )
}
