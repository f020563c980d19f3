//! The test of docs/first-driver.md: its parts are a file of `crates/aws/data`, and each step is one
//! that builds.

use crate::models::{data, files, format::TypeFile};

/// The blocks of YAML on the page, in their order.
fn parts() -> Vec<String> {
    let page =
        std::fs::read_to_string(data().unwrap().join("../../../docs/first-driver.md")).unwrap();
    let blocks = page.split("```yaml\n").skip(1);
    blocks.map(|block| block.split("```\n").next().unwrap().to_owned()).collect()
}

#[test]
fn the_walk_through_writes_the_file_of_a_type() {
    let name = "AWS-MediaPackage-PackagingGroup.yaml";
    let folder = data().unwrap().join("mediapackage-vod");
    let file = std::fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(parts().concat(), file, "docs/first-driver.md and {name} differ");
}

#[test]
fn every_step_of_the_walk_through_is_a_file_that_builds() {
    let folders = files::read(&data().unwrap()).unwrap();
    let folder = folders.iter().find(|folder| folder.name == "mediapackage-vod").unwrap();
    let mut text = String::new();
    for part in parts() {
        text.push_str(&part);
        let file: TypeFile = yaml_serde::from_str(&text).unwrap();
        assert_eq!(file.problem(&folder.service), None, "{text}");
        assert_eq!(file.file_name(), "AWS-MediaPackage-PackagingGroup.yaml");
        assert!(file.calls(&folder.service).contains("DescribePackagingGroup"));
    }
    assert!(parts().len() > 2);
}
