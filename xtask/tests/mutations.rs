//! The defects of `scripts/mutations` fit the sources, so that `make mutations` can put each in.

use std::path::Path;
use std::process::Command;

#[test]
fn every_defect_fits_the_sources() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/mutations");
    let ran = Command::new("python3").arg(script).arg("--check").output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}
