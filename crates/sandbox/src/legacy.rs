//! Formats 1 and 2 of a sandbox file: one JSON document, which is read and never written.

use rstack_model::Digest;

use crate::inventory::Inventory;
use crate::log::Flaw;

const DIGEST: &str = ",\"sha256\":\"";
const BODY: &str = "\",\"world\":";
const CLOSE: &str = "}\n";

/// The bytes of such a file that tell it from every other one: all before the inventory.
pub(crate) fn head_of(bytes: &[u8]) -> Option<&[u8]> {
    let at = bytes.windows(BODY.len()).position(|part| part == BODY.as_bytes())?;
    bytes.get(..at)
}

/// The inventory of a file of these formats. `rest` is what follows the number of the format.
pub(crate) fn read(rest: &str) -> Result<Inventory, Flaw> {
    let damaged = |problem: &str| Flaw::Damaged(problem.to_owned());
    let rest = rest.strip_prefix(DIGEST);
    let Some((digest, rest)) = rest.and_then(|rest| rest.split_once(BODY)) else {
        return Err(damaged("it does not begin as a sandbox file does"));
    };
    let body = rest.strip_suffix(CLOSE).ok_or_else(|| damaged("its end is missing"))?;
    if Digest::of(body.as_bytes()).as_str() != digest {
        return Err(damaged("its digest does not fit"));
    }
    let inventory: Result<Inventory, _> = serde_json::from_str(body);
    let mut inventory =
        inventory.map_err(|_| damaged("it does not hold what a sandbox file holds"))?;
    inventory.identify();
    Ok(inventory)
}

/// A file of format 2, for tests.
#[cfg(test)]
pub(crate) fn write(inventory: &Inventory) -> String {
    let body = serde_json::to_string_pretty(inventory).unwrap();
    let digest = Digest::of(body.as_bytes());
    format!("{}2{DIGEST}{digest}{BODY}{body}{CLOSE}", crate::log::OPEN)
}
