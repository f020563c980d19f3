//! Builds the catalog's data files, and reports what changed since the last build.

mod attributes;
mod changes;
mod definition;
mod documentation;
mod names;
mod overlay;
mod pack;
mod sources;
mod updates;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use rstack_catalog::Registry;

use self::sources::Specification;

/// Rebuilds `schemas.bin` and `documentation.bin` from the unpacked packages and the overlays.
///
/// # Errors
/// If a source cannot be read or has another form, or an overlay names a path that its type lacks.
pub(crate) fn run(lint: &Path, spec: &Path) -> Result<String, Box<dyn Error>> {
    let home = home()?;
    let spec = Specification::read(spec)?;
    let registry = sources::resource_schemas(lint)?;
    let mut overlays = overlay::read(&home.join("overlays"))?;
    let parents = names::Parents::of(registry.keys().map(String::as_str));
    let mut schemas = BTreeMap::new();
    let mut documentation = BTreeMap::new();
    for (name, schema) in &registry {
        let overlay = overlays.remove(name).unwrap_or_default();
        overlay.check(name, schema)?;
        let definition = definition::of(name, schema, &spec, &overlay, &parents);
        schemas.insert(name.clone(), serde_json::to_vec(&definition)?);
        let document = documentation::of(&spec, name, schema);
        documentation.insert(name.clone(), serde_json::to_vec(&document)?);
    }
    if let Some(unknown) = overlays.keys().next() {
        return Err(format!("the overlay of `{unknown}`: the registry has no such type").into());
    }
    let (schemas, documentation) = (pack::file(&schemas)?, pack::file(&documentation)?);
    let written = [("schemas.bin", &schemas), ("documentation.bin", &documentation)];
    let before = std::fs::read(home.join("data/schemas.bin")).unwrap_or_default();
    let mut report = changes::report(
        &Registry::open(Vec::leak(before)),
        &Registry::open(Vec::leak(schemas.clone())),
    )?;
    for (file, bytes) in written {
        std::fs::write(home.join("data").join(file), bytes)?;
        report.push_str(&format!("\n{file}: {} types, {} bytes", registry.len(), bytes.len()));
    }
    Ok(report)
}

/// The folder of the crate `rstack-catalog`.
fn home() -> Result<PathBuf, Box<dyn Error>> {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").ok_or("run this with `cargo xtask`")?;
    Ok(Path::new(&own).join("../crates/catalog"))
}
