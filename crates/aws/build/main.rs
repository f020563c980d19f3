//! Compiles the files in `data` into tables of the program: no YAML is read at run time.
//!
//! A file that has another form than `src/definition/format.rs` says fails the build with its path.
#![expect(clippy::print_stdout, reason = "cargo reads it")]

#[path = "files.rs"]
mod files;
#[expect(dead_code, reason = "the crate and xtask read them")]
#[path = "../src/definition/format.rs"]
mod format;

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;

use files::Folder;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=data");
    println!("cargo::rerun-if-changed=build/files.rs");
    println!("cargo::rerun-if-changed=src/definition/format.rs");
    println!("cargo::rerun-if-changed=src/definition/format/calls.rs");
    println!("cargo::rerun-if-changed=src/definition/format/object.rs");
    let home = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let folders = files::read(&home.join("data"))?;
    let output = PathBuf::from(std::env::var("OUT_DIR")?).join("definitions.rs");
    std::fs::write(output, tables(&folders)?)?;
    Ok(())
}

/// The Rust source of the tables.
fn tables(folders: &[Folder]) -> Result<String, Box<dyn Error>> {
    let mut out = String::from("impl Service {\n");
    let constants: Vec<String> = folders.iter().map(constant).collect();
    for (folder, constant) in folders.iter().zip(&constants) {
        let bytes = |file: &str| format!("include_bytes!({:?})", folder.path.join(file));
        writeln!(
            out,
            "/// {}.\npub(crate) const {constant}: Self = Self(&ServiceData {{ name: {:?}, file: \
             {:?}, model: {}, endpoints: {} }});",
            folder.service.title,
            folder.name,
            serde_json::to_string(&folder.service)?,
            bytes("model.bin"),
            bytes("endpoints.bin"),
        )?;
    }
    let all: Vec<String> = constants.iter().map(|name| format!("Self::{name}")).collect();
    writeln!(
        out,
        "/// Every service, by name.\npub(crate) const ALL: &'static [Self] = &[{}];\n}}",
        all.join(", ")
    )?;
    out.push_str("static TYPES: &[TypeData] = &[\n");
    for (folder, constant) in folders.iter().zip(&constants) {
        for file in &folder.types {
            writeln!(
                out,
                "TypeData {{ name: {:?}, service: Service::{constant}, file: {:?} }},",
                file.type_name,
                serde_json::to_string(file)?,
            )?;
        }
    }
    out.push_str("];\n");
    Ok(out)
}

/// `MEDIAPACKAGE_VOD` of `mediapackage-vod`.
fn constant(folder: &Folder) -> String {
    folder.name.replace('-', "_").to_uppercase()
}
