//! The Serverless Application Model: AWS's own translator, run as a program beside this one.
//!
//! The translator is the package `aws-sam-translator` of the Python Package Index. It is looked for in a
//! virtual environment of the user, then in the `python3` on the path; not in the project, whose files
//! may be those of others. It gets the template and the values of parameters that are no secrets, and
//! neither credentials nor environment variables of the user.

mod applications;
mod find;
mod local_code;
mod run;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rstack_model::{Code, Diagnostic, Span};
use rstack_template::Serverless;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use self::local_code::Unusable;
use crate::assets::LocalCode;
use crate::env::Env;

/// The version of the translator. Another one may make other resources of the same template.
const VERSION: &str = "1.115.0";
/// The Region that decides about a template whose own is not known yet.
const ANY_REGION: &str = "us-east-1";
/// The number of mistakes that are shown.
const SHOWN: usize = 50;

/// Why a template was not translated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SamError {
    /// There is no Python.
    #[error("the transform needs AWS's translator, and there is no `python3` on the path")]
    NoPython,
    /// The Python has no translator.
    #[error("the transform needs AWS's translator, and `{}` does not have it", program.display())]
    NoTranslator {
        /// The Python.
        program: PathBuf,
    },
    /// The Python has another version of it.
    #[error("`{}` has version {found} of AWS's translator; rstack needs {VERSION}", program.display())]
    OtherVersion {
        /// The Python.
        program: PathBuf,
        /// The version it has.
        found: String,
    },
    /// It could not be run, or did not answer.
    #[error("AWS's translator failed: {0}")]
    Failed(String),
    /// Its local code cannot be used.
    #[error("the code of the template cannot be used")]
    Code(Vec<Unusable>),
    /// It refuses the template.
    #[error("AWS's translator refuses the template")]
    Refused(Vec<Refusal>),
}

/// A mistake that the translator found.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Refusal {
    /// The resource, if it names one.
    id: Option<Json>,
    message: String,
}

/// The answer of the translator.
#[derive(Debug, Deserialize)]
struct Answer {
    template: Option<Json>,
    errors: Option<Vec<Refusal>>,
    version: Option<String>,
    absent: Option<String>,
}

/// A translated template.
#[derive(Clone, Debug)]
pub(crate) struct Translation {
    /// Its text.
    pub(crate) text: Arc<str>,
    /// The local code that is uploaded for it.
    pub(crate) code: Vec<LocalCode>,
    /// Templates that stand for applications which are not looked up, by location.
    pub(crate) stand_ins: BTreeMap<String, Arc<str>>,
}

/// Translates a template in a folder for a Region.
///
/// # Errors
/// If there is no translator, it refuses the template, or local code cannot be read.
pub(crate) fn translate(
    env: &Env,
    folder: &Path,
    serverless: &Serverless,
    parameters: &BTreeMap<String, String>,
    region: Option<&str>,
) -> Result<Translation, SamError> {
    let mut serverless = serverless.clone();
    let document = &mut serverless.document;
    let stand_ins = applications::replace(document);
    let code = local_code::take(env, folder, document).map_err(SamError::Code)?;
    let program = find::python(env).ok_or(SamError::NoPython)?;
    let known = parameters.iter().filter(|(name, _)| !serverless.secrets.contains(*name));
    let request = json!({
        "version": VERSION,
        "template": serverless.document,
        "transforms": serverless.transforms,
        "parameters": known.collect::<BTreeMap<_, _>>(),
        "secrets": serverless.secrets,
        "region": region.unwrap_or(ANY_REGION),
    });
    let answer = run::run(&program, request.to_string().into_bytes())?;
    let answer: Answer = serde_json::from_slice(&answer)
        .map_err(|error| SamError::Failed(format!("its answer cannot be read: {error}")))?;
    match answer {
        Answer { version: Some(found), .. } => Err(SamError::OtherVersion { program, found }),
        Answer { absent: Some(_), .. } => Err(SamError::NoTranslator { program }),
        Answer { errors: Some(errors), .. } => Err(SamError::Refused(errors)),
        Answer { template: Some(mut template), .. } => {
            local_code::put_addresses(&mut template);
            serde_json::to_string_pretty(&template)
                .map(|text| Translation { text: text.into(), code, stand_ins })
                .map_err(|error| SamError::Failed(error.to_string()))
        }
        _ => Err(SamError::Failed("its answer is empty".to_owned())),
    }
}

/// The findings about the applications of a template that are not looked up.
pub(crate) fn unknown_applications(serverless: &Serverless) -> Vec<Diagnostic> {
    let found = applications::of(&serverless.document).into_iter().take(SHOWN).map(|id| {
        let at = serverless.resources.get(id).copied().unwrap_or(serverless.at);
        let message = format!(
            "`{id}` is an application of the Serverless Application Repository, which is not looked up"
        );
        let help = "put the application's template beside this one and name the file, `Location: FILE`; \
                    `aws serverlessrepo create-cloud-formation-template` prints its `TemplateUrl`";
        Diagnostic::error(Code::Serverless, message).at(at, "").help(help)
    });
    found.collect()
}

/// Warnings of the keys of resources that the translator drops.
pub(crate) fn dropped_keys(serverless: &Serverless) -> Vec<Diagnostic> {
    let found = serverless.dropped_keys().into_iter().take(SHOWN).map(|(id, key, at)| {
        let message =
            format!("`{key}` of `{id}` has no effect: AWS's translator of serverless templates drops it");
        let help = "a property belongs under `Properties`; a note belongs into a comment or into `Metadata`";
        Diagnostic::warning(Code::NoEffect, message).at(at, "").help(help)
    });
    found.collect()
}

impl SamError {
    /// The findings for a template that was not translated, at the places of its own text.
    pub(crate) fn findings(&self, env: &Env, serverless: &Serverless) -> Vec<Diagnostic> {
        let error =
            |message: String, at: Span| Diagnostic::error(Code::Serverless, message).at(at, "");
        if let Self::Refused(refusals) = self {
            let found = refusals.iter().take(SHOWN).map(|refusal| {
                let id = refusal.id.as_ref().and_then(Json::as_str);
                let at = id.and_then(|id| serverless.resource_of(id));
                error(refusal.message.clone(), at.unwrap_or(serverless.at))
            });
            return found.collect();
        }
        if let Self::Code(all) = self {
            let found = all.iter().take(SHOWN).map(|Unusable { pointer, error: reason }| {
                let mut message = reason.to_string();
                if let Some(source) = std::error::Error::source(reason) {
                    message.push_str(&format!(": {source}"));
                }
                let help =
                    "local code lies in the project of the template, relative to the template";
                error(message, serverless.place(pointer).unwrap_or(serverless.at)).help(help)
            });
            return found.collect();
        }
        let finding = error(self.to_string(), serverless.at);
        vec![match self {
            Self::Failed(_) => finding,
            Self::NoPython | Self::NoTranslator { .. } | Self::OtherVersion { .. } => {
                finding.help(find::how_to_install(env, VERSION))
            }
            Self::Code(_) | Self::Refused(_) => finding,
        }]
    }
}
