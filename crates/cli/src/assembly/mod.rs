//! Cloud assemblies: the folder `cdk.out` that `cdk synth` writes, and the stacks in it and in the
//! assemblies nested in it.
//!
//! Source: "Cloud assembly schema", `@aws-cdk/cloud-assembly-schema`.

mod error;
mod exports;
mod read;
mod select;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rstack_template::{Annotation, MissingContext, StackEnvironment};

pub(crate) use self::error::{AssemblyError, assembly_file_hint};
pub(crate) use self::read::stacks;
pub(crate) use self::select::{Beside, select};
use crate::env::Env;
use crate::files::TemplateFile;

/// The name of the manifest in the assembly's folder.
pub(crate) const MANIFEST: &str = "manifest.json";

/// One stack of an assembly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AssemblyStack {
    /// The name its artifact has in the manifest.
    id: String,
    /// Its path in the app, such as `Prod/Network`.
    pub(crate) path: Option<String>,
    /// The name it is deployed under.
    pub(crate) name: String,
    /// Its template.
    pub(crate) template: TemplateFile,
    /// The settings of the app for it, beside the template.
    pub(crate) settings: StackSettings,
    /// All stacks that come before it, by their numbers in the assembly.
    needs: BTreeSet<usize>,
    /// The names of these.
    pub(crate) needed: BTreeSet<String>,
}

/// The settings of an app for a stack, beside its template. A template that is in no assembly has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StackSettings {
    /// The place that it is to live in.
    pub(crate) environment: StackEnvironment,
    /// The tags of the stack.
    pub(crate) tags: BTreeMap<String, String>,
    /// True if it must not be destroyed.
    pub(crate) termination_protection: Option<bool>,
    /// The topics that CloudFormation would notify.
    pub(crate) notification_arns: Vec<String>,
    /// The look-ups that `cdk synth` has not made. All stacks of a manifest share them: a manifest is
    /// untrusted, and may have many of both.
    missing: Arc<[MissingContext]>,
    /// The files and images that are published for it.
    pub(crate) assets: StackAssets,
    /// The values that the app gives its parameters.
    pub(crate) parameters: BTreeMap<String, String>,
    /// The findings of the app about it.
    annotations: Vec<Annotation>,
    /// The parameters by which its template would get assets.
    asset_parameters: Vec<String>,
}

/// The asset manifests of a stack. A template that is in no assembly has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StackAssets {
    /// The folder of the outermost assembly, as the user names it: no asset lies elsewhere.
    pub(crate) assembly: PathBuf,
    /// The folder of the stack's own assembly, relative to that.
    pub(crate) inside: PathBuf,
    /// The stack's template, relative to its assembly. It is an asset, too, which needs no upload.
    pub(crate) template: PathBuf,
    /// The asset manifests, relative to its assembly.
    pub(crate) manifests: Vec<PathBuf>,
}

impl StackSettings {
    /// Refuses a template with placeholders, or in which the app itself has found an error.
    ///
    /// # Errors
    /// [`AssemblyError::MissingContext`] if `cdk synth` has not made a look-up;
    /// [`AssemblyError::AssetParameters`]; [`AssemblyError::Annotated`].
    pub(crate) fn check_app(&self, template: &TemplateFile) -> Result<(), AssemblyError> {
        let errors = self.annotations.iter().filter(|it| it.is_error).cloned();
        let errors: Vec<Annotation> = errors.collect();
        if !errors.is_empty() {
            return Err(AssemblyError::Annotated { template: template.shown(), errors });
        }
        let given = |name: &&String| self.parameters.contains_key(*name);
        if let Some(parameter) = self.asset_parameters.iter().find(|name| !given(name)) {
            let (template, parameter) = (template.shown(), parameter.clone());
            return Err(AssemblyError::AssetParameters { template, parameter });
        }
        if self.missing.is_empty() {
            return Ok(());
        }
        let (template, missing) = (template.shown(), Arc::clone(&self.missing));
        Err(AssemblyError::MissingContext { template, missing })
    }

    /// The findings of the app that are warnings.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = &Annotation> {
        self.annotations.iter().filter(|it| !it.is_error)
    }
}

/// The folder of an app's stacks, if none is named.
pub(crate) const ASSEMBLY: &str = "cdk.out";

/// True if a folder is a cloud assembly.
pub(crate) fn is_assembly(env: &Env, folder: &Path) -> bool {
    env.path(&folder.join(MANIFEST)).is_file()
}

/// The stack with this name, or the only one.
///
/// # Errors
/// If there is no such stack, or several and none was named.
pub(crate) fn stack(
    env: &Env,
    folder: &Path,
    wanted: Option<&str>,
) -> Result<AssemblyStack, AssemblyError> {
    let mut meant = select(env, folder, wanted, Beside::Nothing)?;
    match (meant.pop(), meant.is_empty()) {
        (Some(only), true) => Ok(only),
        (last, _) => {
            meant.extend(last);
            let names = meant.into_iter().map(|stack| stack.name).collect();
            Err(AssemblyError::Stacks { folder: folder.to_owned(), names })
        }
    }
}

impl AssemblyStack {
    /// The names that values of parameters can be given under.
    pub(crate) fn names(&self) -> Vec<String> {
        std::iter::once(&self.name).chain(&self.path).cloned().collect()
    }

    /// Its path in the app; its name where the app says none.
    pub(crate) fn app_path(&self) -> &str {
        self.path.as_deref().unwrap_or(&self.name)
    }

    /// True if the stack is meant by a text: its name, its artifact or its path in the app.
    fn is_called(&self, text: &str) -> bool {
        text == self.name || text == self.id || self.path.as_deref() == Some(text)
    }
}
