//! The assets of a stack: read from the manifests of its assembly, looked for in their buckets, packed
//! and uploaded before the first change.
//!
//! Manifests and paths are untrusted: only what lies in the outermost assembly is read, and no link is
//! followed out of it.

mod docker;
mod error;
mod folder;
mod images;
mod local_code;
mod manifest;
mod pack;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use rstack_apply::{AssetSource, SourceError};
use rstack_driver::{AssetContent, default_asset_bucket};
use rstack_model::plan::Plan;
use rstack_model::state::Environment;
use rstack_model::{Asset, AssetPlace, AssetUpload, ErrorCode, Packaging};

pub(crate) use self::docker::Docker;
pub(crate) use self::error::AssetsError;
use self::folder::Files;
pub(crate) use self::images::planned_images;
pub(crate) use self::local_code::{LocalCode, folder_of};
use self::manifest::Declared;
use crate::assembly::StackAssets;
use crate::context::Context;
use crate::env::Env;
use crate::files::Project;
use crate::session::Session;

/// The assets of a stack, and which of them its buckets do not have: of these the files are read.
///
/// # Errors
/// [`AssetsError`] if a manifest or a file cannot be read, an asset is of a kind that is not published, or
/// a bucket cannot be used.
pub(crate) async fn planned(
    context: &Context,
    session: &Session,
    assets: &StackAssets,
    code: &[LocalCode],
) -> Result<Vec<Asset>, AssetsError> {
    let environment = &session.ops.environment;
    let declared = match assets.manifests.is_empty() {
        true => Vec::new(),
        false => manifest::read(&context.env, assets, environment)?,
    };
    let places = declared.iter().map(|it| it.place.clone());
    let of_code = code.iter().map(|it| place_of(it, environment));
    let places: BTreeSet<AssetPlace> = places.chain(of_code).collect();
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let missing = session.ops.engine.missing_assets(&environment.account, &places).await?;
    for note in &missing.notes {
        session.display.note(&format!("note: {note}"));
    }
    let mut out = local(code, environment, &missing.places)?;
    if declared.is_empty() {
        return Ok(out);
    }
    let project = Project::alone(&context.env, &assets.assembly)?;
    let mut digested: BTreeMap<PathBuf, AssetUpload> = BTreeMap::new();
    for Declared { place, source, packaging } in declared {
        let mut upload = None;
        if missing.places.contains(&place) {
            let known = digested.get(&source).cloned();
            let found = match known {
                Some(found) => found,
                None => digest(&project, &source, packaging).await?,
            };
            digested.insert(source.clone(), found.clone());
            upload = Some(found);
        }
        let text = |path: &Path| path.to_str().map(str::to_owned);
        let (Some(assembly), Some(source)) = (text(&assets.assembly), text(&source)) else {
            return Err(AssetsError::NotText { path: assets.assembly.join(source) });
        };
        out.push(Asset { place, assembly, source, packaging, upload });
    }
    Ok(out)
}

/// The text of the template of a nested stack, by its address, and its path; `None` if the app has none of
/// that address.
///
/// # Errors
/// [`AssetsError`] if it, or a manifest, cannot be read.
pub(crate) fn nested_template(
    env: &Env,
    assets: &StackAssets,
    address: &str,
) -> Result<Option<(PathBuf, Vec<u8>)>, AssetsError> {
    let Some(path) = manifest::template(env, assets, address)? else { return Ok(None) };
    let project = Project::alone(env, &assets.assembly)?;
    let limit = u64::try_from(rstack_template::MAX_SIZE).unwrap_or(u64::MAX);
    let bytes = project.read(env, &path, limit)?;
    Ok(Some((project.shown(&path), bytes)))
}

/// The place of the local code of a template.
fn place_of(code: &LocalCode, environment: &Environment) -> AssetPlace {
    let Environment { account, region, .. } = environment;
    AssetPlace {
        region: region.clone(),
        bucket: default_asset_bucket(account.as_str(), region.as_str()),
        key: code.key.clone(),
        role: None,
    }
}

/// The local code of a template, by place.
fn local(
    code: &[LocalCode],
    environment: &Environment,
    missing: &BTreeSet<AssetPlace>,
) -> Result<Vec<Asset>, AssetsError> {
    let mut out: BTreeMap<AssetPlace, Asset> = BTreeMap::new();
    for code in code {
        let place = place_of(code, environment);
        let text = |path: &Path| path.to_str().map(str::to_owned);
        let (Some(assembly), Some(source)) = (text(&code.folder), text(&code.source)) else {
            return Err(AssetsError::NotText { path: code.folder.join(&code.source) });
        };
        let upload = missing.contains(&place).then(|| code.upload.clone());
        let packaging = code.packaging;
        out.insert(place.clone(), Asset { place, assembly, source, packaging, upload });
    }
    Ok(out.into_values().collect())
}

/// The digest and the size of the files of an asset.
///
/// # Errors
/// [`AssetsError`] if they cannot be read, or lie outside of the project.
pub(crate) fn digest_of(
    project: &Project,
    source: &Path,
    packaging: Packaging,
) -> Result<AssetUpload, AssetsError> {
    pack::digest(project, &Files::of(project, source, packaging)?)
}

/// The digest and the size of the files of an asset.
async fn digest(
    project: &Project,
    source: &Path,
    packaging: Packaging,
) -> Result<AssetUpload, AssetsError> {
    let (project, source) = (project.clone(), source.to_owned());
    let work = move || digest_of(&project, &source, packaging);
    tokio::task::spawn_blocking(work).await.map_err(|_| AssetsError::CutOff)?
}

/// The files of the assets of a plan.
pub(crate) struct AssetFiles {
    /// The folders of the assets, by the assembly and the asset as the plan names them.
    projects: BTreeMap<(String, String), Project>,
}

impl AssetFiles {
    /// The files of a plan's assets: they are read when they are uploaded.
    ///
    /// # Errors
    /// [`AssetsError`] if the folder of an assembly cannot be resolved.
    pub(crate) fn of(context: &Context, plan: &Plan) -> Result<Self, AssetsError> {
        let mut projects = BTreeMap::new();
        for asset in &plan.assets {
            let (assembly, source) = (Path::new(&asset.assembly), Path::new(&asset.source));
            let project = folder_of(&context.env, assembly, source)?;
            projects.insert((asset.assembly.clone(), asset.source.clone()), project);
        }
        Ok(Self { projects })
    }
}

#[async_trait]
impl AssetSource for AssetFiles {
    async fn open(&self, asset: &Asset) -> Result<Box<dyn AssetContent>, SourceError> {
        let folder = (asset.assembly.clone(), asset.source.clone());
        let project = self.projects.get(&folder).cloned();
        let planned = asset.upload.clone();
        let (Some(project), Some(planned)) = (project, planned) else {
            return Err(SourceError {
                code: ErrorCode::Internal,
                message: format!("the plan does not have the files of `{}`", asset.source),
                hint: None,
            });
        };
        let (source, packaging) = (PathBuf::from(&asset.source), asset.packaging);
        let work = move || {
            let files = Files::of(&project, &source, packaging)?;
            pack::packed(&project, &files, &planned)
        };
        let packed = tokio::task::spawn_blocking(work).await;
        let packed = packed.map_err(|_| AssetsError::CutOff).and_then(|packed| packed);
        Ok(Box::new(packed.map_err(|error| error.of_source())?))
    }
}
