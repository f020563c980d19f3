//! Reading an assembly and those nested in it, and the order of its stacks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rstack_template::{Annotation, Manifest, ManifestError, MissingContext, annotations};

use super::{
    AssemblyError, AssemblyStack, MANIFEST, StackAssets, StackSettings, exports, is_assembly,
};
use crate::env::Env;
use crate::files::{MEBIBYTE, Project, TemplateFile};

/// The largest manifest, in bytes.
const MAX_MANIFEST: u64 = 16 * MEBIBYTE;

/// The depth to which assemblies may be nested.
const MAX_DEPTH: usize = 8;

/// The most stacks of an assembly with all that is nested in it.
const MAX_STACKS: usize = 2_000;

/// The stacks of an assembly and of those nested in it: each behind all that it needs, and by name where
/// the order is free. The numbers of `needs` are those of this list.
///
/// # Errors
/// If a manifest cannot be read or understood, or stacks need each other.
pub(crate) fn stacks(env: &Env, folder: &Path) -> Result<Vec<AssemblyStack>, AssemblyError> {
    let project = Project::of(env, folder)?;
    let mut reader = Reader { env, folder, project, stacks: Vec::new() };
    reader.assembly(Path::new(""), &[], MAX_DEPTH)?;
    let mut stacks = reader.stacks;
    exports::add_needs(env, &mut stacks);
    in_order(folder, stacks)
}

struct Reader<'a> {
    env: &'a Env,
    folder: &'a Path,
    project: Project,
    stacks: Vec<AssemblyStack>,
}

impl Reader<'_> {
    /// Reads the assembly in a folder of the outermost one; the numbers of its stacks. `missing` are the
    /// look-ups of the assemblies around it.
    fn assembly(
        &mut self,
        inside: &Path,
        missing: &[MissingContext],
        depth: usize,
    ) -> Result<BTreeSet<usize>, AssemblyError> {
        let too_large = || AssemblyError::TooLarge { folder: self.folder.to_owned() };
        let depth = depth.checked_sub(1).ok_or_else(too_large)?;
        let Manifest { stacks, nested, missing: own, assets } = self.manifest(inside)?;
        let missing: Arc<[MissingContext]> = [missing, &own].concat().into();
        if self.stacks.len() + stacks.len() > MAX_STACKS {
            return Err(too_large());
        }
        // The numbers of the stacks of each artifact, and what the artifact needs.
        let mut members: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        let mut needs: Vec<(String, Vec<String>)> = Vec::new();
        for stack in stacks {
            members.entry(stack.id.clone()).or_default().insert(self.stacks.len());
            needs.push((stack.id.clone(), stack.dependencies));
            let manifests = needs.last().into_iter().flat_map(|(_, needs)| needs);
            let manifests = manifests.filter_map(|id| assets.get(id)).map(PathBuf::from);
            let assets = self.assets(inside, &stack.template, manifests.collect());
            let mut annotations = stack.annotations;
            if let Some(name) = &stack.more_metadata {
                annotations.extend(self.annotations(&inside.join(name))?);
            }
            let settings = StackSettings {
                assets,
                environment: stack.environment,
                tags: stack.tags,
                // An app that does not protect a stack, or no longer does, leaves it unprotected, as
                // with `cdk deploy`.
                termination_protection: Some(stack.termination_protection.unwrap_or(false)),
                notification_arns: stack.notification_arns,
                missing: Arc::clone(&missing),
                parameters: stack.parameters,
                annotations,
                asset_parameters: stack.asset_parameters,
            };
            let (folder, name) = (self.folder.to_owned(), inside.join(stack.template));
            self.stacks.push(AssemblyStack {
                id: stack.id,
                path: stack.path,
                name: stack.name,
                template: TemplateFile::Below { folder, name },
                settings,
                needs: BTreeSet::new(),
                needed: BTreeSet::new(),
            });
        }
        for assembly in nested {
            let numbers = self.assembly(&inside.join(&assembly.folder), &missing, depth)?;
            members.entry(assembly.id.clone()).or_default().extend(numbers);
            needs.push((assembly.id, assembly.dependencies));
        }
        for (id, dependencies) in needs {
            let before = dependencies.iter().filter_map(|dependency| members.get(dependency));
            let before: BTreeSet<usize> = before.flatten().copied().collect();
            for number in members.get(&id).into_iter().flatten() {
                if let Some(stack) = self.stacks.get_mut(*number) {
                    stack.needs.extend(before.iter().filter(|it| *it != number));
                }
            }
        }
        Ok(members.into_values().flatten().collect())
    }

    /// The assets of a stack, in the outermost assembly: that of the CDK's name for a stage's folder is in
    /// another one, which has its assets.
    fn assets(&self, inside: &Path, template: &str, manifests: Vec<PathBuf>) -> StackAssets {
        let name = self.folder.file_name().filter(|name| {
            let is_stage = name.to_str().is_some_and(|name| name.starts_with("assembly-"));
            is_stage && self.folder.parent().is_some_and(|around| is_assembly(self.env, around))
        });
        let (assembly, inside) = match (name, self.folder.parent()) {
            (Some(name), Some(around)) => (around.to_owned(), Path::new(name).join(inside)),
            (_, _) => (self.folder.to_owned(), inside.to_owned()),
        };
        StackAssets { assembly, inside, template: PathBuf::from(template), manifests }
    }

    fn manifest(&self, inside: &Path) -> Result<Manifest, AssemblyError> {
        self.parsed(&inside.join(MANIFEST), Manifest::parse)
    }

    /// The findings of the app in a file of metadata.
    fn annotations(&self, name: &Path) -> Result<Vec<Annotation>, AssemblyError> {
        self.parsed(name, annotations)
    }

    /// A file of the assembly.
    fn parsed<T>(
        &self,
        name: &Path,
        parse: impl Fn(&str) -> Result<T, ManifestError>,
    ) -> Result<T, AssemblyError> {
        let bytes = self.project.read(self.env, name, MAX_MANIFEST)?;
        let path: PathBuf = self.folder.join(name);
        parse(&String::from_utf8_lossy(&bytes)).map_err(|source| match source {
            ManifestError::Newer { .. } => AssemblyError::Newer { path, source },
            ManifestError::Account { .. } => AssemblyError::Account { path, source },
            ManifestError::Json { .. }
            | ManifestError::Form { .. }
            | ManifestError::Dependency { .. } => AssemblyError::Manifest { path, source },
        })
    }
}

/// The stacks in an order in which they can be deployed.
fn in_order(
    folder: &Path,
    stacks: Vec<AssemblyStack>,
) -> Result<Vec<AssemblyStack>, AssemblyError> {
    let mut waiting: BTreeMap<(String, usize), AssemblyStack> = BTreeMap::new();
    for (number, stack) in stacks.into_iter().enumerate() {
        waiting.insert((stack.name.clone(), number), stack);
    }
    // The new numbers of those that have one.
    let mut placed: BTreeMap<usize, usize> = BTreeMap::new();
    let mut out: Vec<AssemblyStack> = Vec::new();
    while !waiting.is_empty() {
        let is_next = |stack: &AssemblyStack| stack.needs.iter().all(|it| placed.contains_key(it));
        let next = waiting.iter().find(|(_, stack)| is_next(stack)).map(|(key, _)| key.clone());
        let Some(mut stack) = next.as_ref().and_then(|key| waiting.remove(key)) else {
            let (folder, names) = (folder.to_owned(), waiting.into_keys().map(|(name, _)| name));
            return Err(AssemblyError::Circle { folder, names: names.collect() });
        };
        let direct: BTreeSet<usize> =
            stack.needs.iter().filter_map(|it| placed.get(it).copied()).collect();
        stack.needs.clone_from(&direct);
        for needed in direct.iter().filter_map(|number| out.get(*number)) {
            stack.needs.extend(&needed.needs);
            stack.needed.insert(needed.name.clone());
            stack.needed.extend(needed.needed.iter().cloned());
        }
        placed.extend(next.map(|(_, number)| (number, out.len())));
        out.push(stack);
    }
    Ok(out)
}
