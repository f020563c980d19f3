//! The container images of a stack: read from its asset manifests, and looked for in their repositories.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rstack_model::{Image, ImageBuild, ImagePlace};

use super::{AssetsError, digest, manifest};
use crate::assembly::StackAssets;
use crate::context::Context;
use crate::files::Project;
use crate::session::Session;
use rstack_model::Packaging;

/// The images of a stack, and which of them their repositories do not have: of these the files are read.
///
/// # Errors
/// [`AssetsError`] if a manifest or a file cannot be read, a command makes an image, or a repository cannot be
/// used.
pub(crate) async fn planned_images(
    context: &Context,
    session: &Session,
    assets: &StackAssets,
) -> Result<Vec<Image>, AssetsError> {
    let environment = &session.ops.environment;
    if assets.manifests.is_empty() {
        return Ok(Vec::new());
    }
    let declared = manifest::images(&context.env, assets, environment)?;
    let places: BTreeSet<ImagePlace> = declared.iter().map(|it| it.place.clone()).collect();
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let missing = session.ops.engine.missing_images(&environment.account, &places).await?;
    for note in &missing.notes {
        session.display.note(&format!("note: {note}"));
    }
    let project = Project::alone(&context.env, &assets.assembly)?;
    let mut builds: BTreeMap<(PathBuf, Vec<String>), ImageBuild> = BTreeMap::new();
    let mut out = Vec::new();
    for manifest::DeclaredImage { place, source, options } in declared {
        let mut build = None;
        if missing.places.contains(&place) {
            let key = (source.clone(), options.clone());
            if !builds.contains_key(&key) {
                let found = digest(&project, &source, Packaging::Zip).await?;
                let (digest, files, bytes) = (found.digest, found.files, found.bytes);
                builds.insert(key.clone(), ImageBuild { digest, files, bytes, options });
            }
            build = builds.get(&key).cloned();
        }
        let text = |path: &Path| path.to_str().map(str::to_owned);
        let (Some(assembly), Some(source)) = (text(&assets.assembly), text(&source)) else {
            return Err(AssetsError::NotText { path: assets.assembly.join(source) });
        };
        out.push(Image { place, assembly, source, build });
    }
    Ok(out)
}
