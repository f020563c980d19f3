//! The partitions of AWS and their Regions.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex_lite::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};

const DATA: &str = include_str!("../../data/partitions.json");

#[derive(Deserialize)]
struct File {
    partitions: Vec<Partition>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Partition {
    outputs: Map<String, Value>,
    region_regex: String,
    /// The outputs of each Region that replace the partition's.
    regions: BTreeMap<String, Map<String, Value>>,
}

/// The attributes of the partition of a Region: that which lists it, else that whose Regions have
/// names of its form, else the first.
pub(super) fn of_region(region: &str) -> Option<Value> {
    static PARTITIONS: OnceLock<Vec<Partition>> = OnceLock::new();
    let partitions = PARTITIONS.get_or_init(|| {
        let read = serde_json::from_str::<File>(DATA);
        read.map(|file| file.partitions)
            .inspect_err(|error| tracing::error!(%error, "the partitions are damaged"))
            .unwrap_or_default()
    });
    let listed = partitions.iter().find(|partition| partition.regions.contains_key(region));
    let equivalent = || partitions.iter().find(|partition| partition.is_like(region));
    let partition = listed.or_else(equivalent).or_else(|| partitions.first())?;
    let mut outputs = partition.outputs.clone();
    outputs.extend(partition.regions.get(region).cloned().unwrap_or_default());
    Some(Value::Object(outputs))
}

impl Partition {
    fn is_like(&self, region: &str) -> bool {
        Regex::new(&self.region_regex).is_ok_and(|regex| regex.is_match(region))
    }
}
