//! Objects whose names the service chooses: they are looked for in its listing, by the token in
//! their tags.

use rstack_driver::DriverError;
use rstack_model::{Identifier, KnownMap, KnownValue, Token};

use super::RestDriver;
use super::describing::{MOST_PAGES, says_something};
use super::identity::identifier;
use super::states::{Stage, stage};
use super::tags;
use crate::definition::Listing;

impl RestDriver {
    /// The object that the operation with this token made, if a listing shows it. What is being
    /// deleted is no object of an operation that goes on.
    ///
    /// # Errors
    /// If the list cannot be read to its end.
    pub(super) async fn listed(
        &self,
        listing: &'static Listing,
        token: &Token,
    ) -> Result<Option<Identifier>, DriverError> {
        let mut input = KnownMap::new();
        for _ in 0..MOST_PAGES {
            let answer = self.api.call(&listing.operation, input).await?;
            let items = answer.get(&listing.items).and_then(KnownValue::as_list);
            let ours = items.unwrap_or_default().iter().filter_map(KnownValue::as_map).find(|it| {
                let there = !matches!(stage(self.kind, it), Stage::Deleting | Stage::Gone);
                there && self.kind.tags.is_some_and(|tags| tags::made_by(tags, it, token))
            });
            if let Some(members) = ours {
                return Ok(identifier(self.kind, members));
            }
            let next = answer.get(&listing.next).filter(|next| says_something(next));
            let Some(next) = next else { return Ok(None) };
            input = KnownMap::from([(listing.next.clone(), next.clone())]);
        }
        Err(self.endless(&listing.operation))
    }
}
