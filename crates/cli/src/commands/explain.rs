//! `rstack explain`: the page of a code, with its meaning and what to do.

use clap::Args;
use rstack_catalog::nearest;
use rstack_explain::{ExampleKind, Page};
use rstack_model::{Code, ErrorCode, Severity};
use rstack_render::{markdown, terms};
use serde_json::{Value, json};

use crate::args::DetailArguments;
use crate::context::Context;
use crate::error::{CommandError, exit_codes};
use crate::exit::Exit;
use crate::terminal::Terminal;

/// The arguments of `rstack explain`.
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// The code of a finding, error or warning, such as `unknown-property`. Without one, all are listed.
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

/// No page has the code.
#[derive(Debug, thiserror::Error)]
#[error("no code `{text}` exists")]
struct NoCode {
    text: String,
    near: Option<String>,
}

impl From<NoCode> for CommandError {
    fn from(error: NoCode) -> Self {
        let hint = match &error.near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`rstack explain` lists all codes".to_owned(),
        };
        Self::of(ErrorCode::UnknownCode, &error).with_hint(Some(hint))
    }
}

/// Explains a code or a rule of the validator, or lists the codes.
pub(crate) fn run(context: &Context, args: &ExplainArgs) -> Result<Exit, CommandError> {
    let terminal = &context.terminal;
    let Some(text) = args.code.as_deref() else { return list(terminal) };
    let inner = text.split_once('[').and_then(|(_, rest)| rest.strip_suffix(']'));
    let name = inner.unwrap_or(text).trim();
    if let Some(code) = Code::parse(&name.to_lowercase()) {
        show(&Page::of(code), None, terminal)
    } else if let Some(code) = ErrorCode::parse(&name.to_lowercase()) {
        show(&Page::of_error(code), Some(&exit_codes(code)), terminal)
    } else if let Some(description) = rule(&name.to_uppercase()) {
        show_rule(&name.to_uppercase(), description, terminal)
    } else {
        let near = nearest(name, Page::all().into_iter().map(|page| page.name).chain(rules()));
        Err(NoCode { text: text.to_owned(), near: near.map(str::to_owned) }.into())
    }
}

fn show(page: &Page, exit_codes: Option<&str>, terminal: &Terminal) -> Result<Exit, CommandError> {
    if terminal.json {
        terminal.line(&page_json(page, exit_codes).to_string())?;
    } else {
        let view = terminal.view(DetailArguments::default());
        let text = match exit_codes {
            None => page.markdown.to_owned(),
            Some(exit_codes) => format!("{}\n{exit_codes}\n", page.markdown),
        };
        terminal.text(&markdown(&text, &view))?;
    }
    Ok(Exit::Done)
}

/// A rule of AWS's validator, of which its catalogue says one sentence.
fn show_rule(id: &str, description: &str, terminal: &Terminal) -> Result<Exit, CommandError> {
    let severity = severity(id);
    if terminal.json {
        let rule =
            json!({"code": id, "title": description, "severity": severity, "docs": CATALOGUE});
        terminal.line(&rule.to_string())?;
    } else {
        let (what, wishes) = match severity {
            Some(Severity::Error) => ("an error", ""),
            Some(Severity::Warning) => ("a warning", ", `--deny` makes it an error"),
            Some(Severity::Information) => {
                ("a remark, shown with `-v`", ", `--deny` makes it an error")
            }
            None => ("not shown", ""),
        };
        let text = format!(
            "# {id}\n\n{description}\n\nThis is a rule of AWS's validator. What it finds is {what}; \
             `--allow {id}` leaves it out{wishes}.\n\nThe validator: {CATALOGUE}"
        );
        terminal.text(&markdown(&text, &terminal.view(DetailArguments::default())))?;
    }
    Ok(Exit::Done)
}

/// Where the validator's rules are listed.
const CATALOGUE: &str = "https://github.com/aws-cloudformation/cloudformation-validate";

#[cfg(feature = "lint")]
fn severity(id: &str) -> Option<Severity> {
    rstack_lint::severity(id)
}

#[cfg(not(feature = "lint"))]
fn severity(_: &str) -> Option<Severity> {
    None
}

#[cfg(feature = "lint")]
fn rule(id: &str) -> Option<&'static str> {
    rstack_lint::description(id)
}

#[cfg(feature = "lint")]
fn rules() -> impl Iterator<Item = &'static str> {
    rstack_lint::rules()
}

#[cfg(not(feature = "lint"))]
fn rule(_: &str) -> Option<&'static str> {
    None
}

#[cfg(not(feature = "lint"))]
fn rules() -> impl Iterator<Item = &'static str> {
    std::iter::empty()
}

fn list(terminal: &Terminal) -> Result<Exit, CommandError> {
    let pages = Page::all().into_iter();
    if terminal.json {
        let list: Vec<Value> =
            pages.map(|page| json!({"code": page.name, "title": page.title})).collect();
        terminal.line(&Value::from(list).to_string())?;
    } else {
        let rows: Vec<(&str, &str)> = pages.map(|page| (page.name, page.title)).collect();
        terminal.text(&terms(&rows, &terminal.view(DetailArguments::default())))?;
    }
    Ok(Exit::Done)
}

fn page_json(page: &Page, exit_codes: Option<&str>) -> Value {
    let examples = page.examples();
    let examples: Vec<Value> = examples
        .iter()
        .map(|example| {
            let kind = match example.kind {
                ExampleKind::Mistake => "mistake",
                ExampleKind::Fixed => "fixed",
            };
            let parameters: serde_json::Map<String, Value> = example
                .parameters
                .iter()
                .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
                .collect();
            json!({"kind": kind, "template": example.template, "parameters": parameters})
        })
        .collect();
    let mut json = json!({"code": page.name, "title": page.title, "markdown": page.markdown,
                          "examples": examples});
    if let (Some(object), Some(exit_codes)) = (json.as_object_mut(), exit_codes) {
        object.insert("exitCodes".to_owned(), exit_codes.into());
    }
    json
}
