//! The assets that the manifests of a stack declare, with the places they are uploaded to.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use rstack_model::state::Environment;
use rstack_model::{AssetPlace, ImagePlace, Packaging};
use rstack_template::{AssetManifest, AssetSourceKind, ImageSource};

use super::AssetsError;
use crate::assembly::StackAssets;
use crate::env::Env;
use crate::files::{MEBIBYTE, Project};

/// The largest asset manifest, in bytes.
const MAX_MANIFEST: u64 = 16 * MEBIBYTE;

/// The end of the name of a nested stack's template. Its stack is read from the file.
const NESTED: &str = ".nested.template.json";

/// A declared asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declared {
    /// The place of the object.
    pub(super) place: AssetPlace,
    /// The source, relative to the outermost assembly.
    pub(super) source: PathBuf,
    /// The form in which it is uploaded.
    pub(super) packaging: Packaging,
}

/// The assets of a stack, by place. The templates of stacks are none: they are read from their files.
///
/// # Errors
/// [`AssetsError`] if a manifest cannot be read or understood, names a path outside of the assembly, or
/// has an asset of a kind that is not published.
pub(super) fn read(
    env: &Env,
    assets: &StackAssets,
    environment: &Environment,
) -> Result<Vec<Declared>, AssetsError> {
    let mut out: BTreeMap<AssetPlace, Declared> = BTreeMap::new();
    for name in &assets.manifests {
        let (path, manifest) = manifest(env, assets, name)?;
        let wrong = |source| AssetsError::Manifest { path: path.clone(), source };
        for file in manifest.files {
            let AssetSourceKind::Path { path: source, packaging } = file.source else {
                return Err(AssetsError::Command { path, name: file.id });
            };
            if Path::new(&source) == assets.template || source.ends_with(NESTED) {
                continue;
            }
            let source = inside(assets, Path::new(&source))?;
            for destination in &file.destinations {
                let place = destination.place(environment).map_err(wrong)?;
                let declared = Declared { place: place.clone(), source: source.clone(), packaging };
                out.entry(place).or_insert(declared);
            }
        }
    }
    Ok(out.into_values().collect())
}

/// A declared image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DeclaredImage {
    /// The place of the image.
    pub(super) place: ImagePlace,
    /// The folder that it is built from, relative to the outermost assembly.
    pub(super) source: PathBuf,
    /// The options of the build.
    pub(super) options: Vec<String>,
}

/// The container images of a stack, by place.
///
/// # Errors
/// As [`read`].
pub(super) fn images(
    env: &Env,
    assets: &StackAssets,
    environment: &Environment,
) -> Result<Vec<DeclaredImage>, AssetsError> {
    let mut out: BTreeMap<ImagePlace, DeclaredImage> = BTreeMap::new();
    for name in &assets.manifests {
        let (path, manifest) = manifest(env, assets, name)?;
        for image in manifest.images {
            let ImageSource::Folder { path: source, options } = image.source else {
                return Err(AssetsError::Command { path, name: image.name });
            };
            let source = inside(assets, Path::new(&source))?;
            for destination in &image.destinations {
                let wrong = |source| AssetsError::Manifest { path: path.clone(), source };
                let place = destination.place(environment).map_err(wrong)?;
                let (source, options) = (source.clone(), options.clone());
                let declared = DeclaredImage { place: place.clone(), source, options };
                out.entry(place).or_insert(declared);
            }
        }
    }
    Ok(out.into_values().collect())
}

/// The template of a nested stack by its address, whose end is the key of an asset: the path, relative to
/// the outermost assembly; `None` if no asset has the key.
///
/// # Errors
/// [`AssetsError`] if a manifest cannot be read or understood, or names a path outside of the assembly.
pub(super) fn template(
    env: &Env,
    assets: &StackAssets,
    address: &str,
) -> Result<Option<PathBuf>, AssetsError> {
    for name in &assets.manifests {
        for file in manifest(env, assets, name)?.1.files {
            if let AssetSourceKind::Path { path, packaging: Packaging::File } = file.source
                && file.destinations.iter().any(|it| {
                    let before = address.strip_suffix(it.key());
                    !it.key().is_empty() && before.is_some_and(|before| before.ends_with('/'))
                })
            {
                return inside(assets, Path::new(&path)).map(Some);
            }
        }
    }
    Ok(None)
}

/// An asset manifest of a stack, and its path.
fn manifest(
    env: &Env,
    assets: &StackAssets,
    name: &Path,
) -> Result<(PathBuf, AssetManifest), AssetsError> {
    let project = Project::alone(env, &assets.assembly)?;
    let name = inside(assets, name)?;
    let path = assets.assembly.join(&name);
    let bytes = project.read(env, &name, MAX_MANIFEST)?;
    match AssetManifest::parse(&String::from_utf8_lossy(&bytes)) {
        Ok(manifest) => Ok((path, manifest)),
        Err(source) => Err(AssetsError::Manifest { path, source }),
    }
}

/// A path of a stack's assembly, relative to the outermost one, without `..`.
///
/// # Errors
/// [`AssetsError::Outside`] if it leads out of that.
fn inside(assets: &StackAssets, name: &Path) -> Result<PathBuf, AssetsError> {
    let outside =
        || AssetsError::Outside { path: name.to_owned(), assembly: assets.assembly.clone() };
    let mut out = PathBuf::new();
    for part in assets.inside.join(name).components() {
        match part {
            Component::Normal(part) => out.push(part),
            Component::CurDir => {}
            Component::ParentDir if out.pop() => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(outside());
            }
        }
    }
    match out.as_os_str().is_empty() {
        true => Err(outside()),
        false => Ok(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_in_the_outermost_assembly() {
        let stage =
            StackAssets { inside: PathBuf::from("assembly-Prod"), ..StackAssets::default() };
        let of = |name: &str| inside(&stage, Path::new(name)).ok();
        assert_eq!(of("../asset.a"), Some(PathBuf::from("asset.a")));
        assert_eq!(of("./asset.b/c"), Some(PathBuf::from("assembly-Prod/asset.b/c")));
        for outside in ["../../x", "/etc/passwd", "..", "../asset.a/../../x"] {
            assert_eq!(of(outside), None, "{outside}");
        }
    }
}
