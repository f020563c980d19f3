//! Listings that come in pages.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use super::service::{action, map};
use crate::api::Api;

/// More pages than any account has; a service that never comes to an end is not followed further.
const MOST_PAGES: usize = 1000;

/// All items of a listing. `list` is the member of the answer that holds `Items` and `NextMarker`.
pub(super) async fn all(
    api: &dyn Api,
    operation: &'static str,
    input: &KnownMap,
    list: &str,
) -> Result<Vec<KnownMap>, DriverError> {
    let mut items = Vec::new();
    let mut marker: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let mut input = input.clone();
        if let Some(marker) = marker {
            input.insert("Marker".to_owned(), KnownValue::from(marker));
        }
        let answer = api.call(operation, input).await?;
        let page = map(&answer, list, operation)?;
        let found = page.get("Items").and_then(KnownValue::as_list).unwrap_or_default();
        items.extend(found.iter().filter_map(KnownValue::as_map).cloned());
        let next = page.get("NextMarker").and_then(KnownValue::as_str);
        match next.filter(|next| !next.is_empty()) {
            None => return Ok(items),
            Some(next) => marker = Some(next.to_owned()),
        }
    }
    let message = format!("the listing does not end after {MOST_PAGES} pages");
    Err(DriverError::new(ErrorKind::Unsupported, action(operation), message))
}
