//! The arguments that give parameters their values.

use std::path::{Path, PathBuf};

use clap::Args;

/// The values of a template's parameters.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ParameterArguments {
    /// Set a template parameter; with `STACK:KEY=VALUE` that of one stack of a `cdk.out` folder. Can be
    /// repeated.
    #[arg(long, short, value_name = "KEY=VALUE", value_parser = literal)]
    pub(crate) parameter: Vec<(String, String)>,
    /// Read the value of a template parameter from a file, or from standard input (`-`), without the
    /// final line end. Can be repeated. Secret (`NoEcho`) parameters are also read from the variable
    /// `RSTACK_PARAMETER_<KEY>`, or requested on the terminal.
    #[arg(long, value_name = "KEY=FILE", value_parser = key_path)]
    pub(crate) parameter_from: Vec<(String, PathBuf)>,
    /// Read parameter values from a JSON or YAML file: a map, CloudFormation's list of `ParameterKey` and
    /// `ParameterValue`, or CodePipeline's `Parameters` and `Tags`. Values of the other options win. Can be
    /// repeated: the last file wins.
    #[arg(long, value_name = "FILE")]
    pub(crate) parameters_file: Vec<PathBuf>,
}

/// The values of the secret parameters of a stack that exists.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SecretArguments {
    /// Set the former value of a secret (`NoEcho`) parameter, which is not stored. It can be needed to
    /// return an object to its former properties or to recover an interrupted create. Can be repeated.
    #[arg(long, short, value_name = "KEY=VALUE", value_parser = literal)]
    pub(crate) parameter: Vec<(String, String)>,
    /// Read the value of a secret (`NoEcho`) parameter from a file, or from standard input (`-`),
    /// without the final line end. Can be repeated. The variable `RSTACK_PARAMETER_<KEY>` is read, too.
    #[arg(long, value_name = "KEY=FILE", value_parser = key_path)]
    pub(crate) parameter_from: Vec<(String, PathBuf)>,
}

fn key_path(text: &str) -> Result<(String, PathBuf), String> {
    let (key, path) = key_value(text).map_err(|_| "expected KEY=FILE".to_owned())?;
    if path.is_empty() { Err("expected KEY=FILE".to_owned()) } else { Ok((key, path.into())) }
}

/// A key and a value with `=` between them.
pub(crate) fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

/// A value on the command line. Forms of other programs are refused with the form that it has here.
fn literal(text: &str) -> Result<(String, String), String> {
    let is_file = |path: &str| {
        let extension = Path::new(path).extension().and_then(|it| it.to_str());
        extension.is_some_and(|it| ["json", "yaml", "yml"].contains(&it))
    };
    let file = match text.strip_prefix("file://") {
        Some(path) => Some(path),
        None => Some(text).filter(|text| !text.contains('=') && is_file(text)),
    };
    if let Some(path) = file {
        return Err(format!("a file of values is given with `--parameters-file {path}`"));
    }
    let pair =
        text.strip_prefix("ParameterKey=").and_then(|rest| rest.split_once(",ParameterValue="));
    match pair {
        Some((key, value)) => Err(format!("write `{key}={value}`")),
        None => key_value(text),
    }
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn forms_of_other_programs_are_refused_with_the_form_that_is_read() {
        for (text, hint) in [
            (
                "file://params.json",
                "a file of values is given with `--parameters-file params.json`",
            ),
            ("params.yaml", "a file of values is given with `--parameters-file params.yaml`"),
            ("ParameterKey=Env,ParameterValue=a=b", "write `Env=a=b`"),
            ("Env", "expected KEY=VALUE"),
            ("=x", "expected KEY=VALUE"),
        ] {
            assert_eq!(literal(text).unwrap_err(), hint, "{text}");
        }
        for (text, key, value) in [
            ("Url=file://x.json", "Url", "file://x.json"),
            ("Net:Size=3", "Net:Size", "3"),
            ("ParameterKey=x", "ParameterKey", "x"),
            ("Empty=", "Empty", ""),
        ] {
            assert_eq!(literal(text).unwrap(), (key.to_owned(), value.to_owned()));
        }
    }
}
