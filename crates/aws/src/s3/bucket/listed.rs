//! The settings of a bucket that S3 keeps several of, each with an ID.

use std::collections::BTreeMap;

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use super::calls::passing;
use super::form::{Row, members, properties};
use super::same::same;
use super::setting::{KEYS, Place};
use super::tables;
use super::wire::FILTERED;
use crate::iam::{Fields, arguments, text_in};
use crate::mapping::in_declared_order;

/// The most pages that are read: S3 keeps a thousand configurations of a kind, a hundred a page.
///
/// Source: S3 API reference, ListBucketInventoryConfigurations.
const MOST_PAGES: usize = 100;

/// A kind of configurations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed {
    /// The property.
    pub(super) property: &'static str,
    rows: &'static [Row],
    list: &'static str,
    /// The member of the answer.
    items: &'static str,
    put: &'static str,
    /// The member of the input.
    member: &'static str,
    remove: &'static str,
}

/// The kinds.
///
/// Source: S3 API reference, the operations that are named.
pub(super) const LISTED: [Listed; 4] = [
    Listed {
        property: "AnalyticsConfigurations",
        rows: tables::ANALYTICS,
        list: "ListBucketAnalyticsConfigurations",
        items: "AnalyticsConfigurationList",
        put: "PutBucketAnalyticsConfiguration",
        member: "AnalyticsConfiguration",
        remove: "DeleteBucketAnalyticsConfiguration",
    },
    Listed {
        property: "IntelligentTieringConfigurations",
        rows: tables::TIERING,
        list: "ListBucketIntelligentTieringConfigurations",
        items: "IntelligentTieringConfigurationList",
        put: "PutBucketIntelligentTieringConfiguration",
        member: "IntelligentTieringConfiguration",
        remove: "DeleteBucketIntelligentTieringConfiguration",
    },
    Listed {
        property: "InventoryConfigurations",
        rows: tables::INVENTORY,
        list: "ListBucketInventoryConfigurations",
        items: "InventoryConfigurationList",
        put: "PutBucketInventoryConfiguration",
        member: "InventoryConfiguration",
        remove: "DeleteBucketInventoryConfiguration",
    },
    Listed {
        property: "MetricsConfigurations",
        rows: tables::METRICS,
        list: "ListBucketMetricsConfigurations",
        items: "MetricsConfigurationList",
        put: "PutBucketMetricsConfiguration",
        member: "MetricsConfiguration",
        remove: "DeleteBucketMetricsConfiguration",
    },
];

/// Configurations as requests take them, by ID.
pub(super) type ById = BTreeMap<String, KnownMap>;

fn flat(members: &KnownMap) -> KnownMap {
    (FILTERED.from)(members.clone(), "")
}

impl Listed {
    /// The declared configurations; `None` if none are declared.
    ///
    /// # Errors
    /// If a property has another form.
    pub(super) fn declared(&self, fields: Fields<'_>) -> Result<Option<ById>, DriverError> {
        if fields.value(self.property).is_none() {
            return Ok(None);
        }
        let operation = format!("s3:{}", self.put);
        let mut all = ById::new();
        for (index, tree) in fields.trees(self.property)?.into_iter().enumerate() {
            let path = PropertyPath::root().name(self.property).index(index);
            let id = tree.required_name("Id")?;
            let made = members(self.rows, tree.all(), (&operation, &path))?;
            if all.insert(id.clone(), (FILTERED.to)(made, "")).is_some() {
                return Err(fields.invalid(self.property, "holds an `Id` twice"));
            }
        }
        Ok(Some(all))
    }

    /// The IDs of those that were declared before; `None` if none were. Secrets are empty.
    ///
    /// # Errors
    /// If the property has another form.
    pub(super) fn before(&self, fields: Fields<'_>) -> Result<Option<ById>, DriverError> {
        if fields.value(self.property).is_none() {
            return Ok(None);
        }
        let ids = fields.trees(self.property)?.into_iter().map(|tree| tree.required_name("Id"));
        ids.map(|id| Ok((id?, KnownMap::new()))).collect::<Result<_, _>>().map(Some)
    }

    /// The configurations that the bucket has.
    async fn current(&self, place: Place<'_>) -> Result<ById, DriverError> {
        let (mut all, mut input) = (ById::new(), place.named());
        for _ in 0..MOST_PAGES {
            let answer = place.part(self.list, input.clone()).await?.unwrap_or_default();
            let items = answer.get(self.items).and_then(KnownValue::as_list).unwrap_or_default();
            for item in items.iter().filter_map(KnownValue::as_map) {
                let id = text_in(item, "Id").unwrap_or_default().to_owned();
                all.insert(id, item.clone());
            }
            let next = text_in(&answer, "NextContinuationToken").filter(|next| !next.is_empty());
            let Some(next) = next else { break };
            input.insert("ContinuationToken".to_owned(), next.into());
        }
        Ok(all)
    }

    /// The configurations in the vocabulary of the template; `None` if the bucket has none, or none are
    /// declared.
    ///
    /// # Errors
    /// If they cannot be read.
    pub(super) async fn shown(
        &self,
        place: Place<'_>,
        fields: Fields<'_>,
    ) -> Result<Option<KnownValue>, DriverError> {
        let Some(wanted) = self.declared(fields)? else { return Ok(None) };
        let current = self.current(place).await?;
        let given = fields.trees(self.property)?;
        let mut found = Vec::new();
        for (id, members) in &current {
            let declared = given
                .iter()
                .find(|tree| tree.value("Id").is_some_and(|given| given.expose_str() == Some(id)));
            let is_same = wanted.get(id).is_some_and(|it| same(&flat(it), &flat(members)));
            found.push(match declared {
                Some(tree) if is_same => KnownValue::Map(tree.all().clone()),
                Some(_) | None => properties(self.rows, &flat(members)).into(),
            });
        }
        if found.is_empty() && !wanted.is_empty() {
            return Ok(None);
        }
        let found = arguments([(self.property, KnownValue::List(found))]);
        Ok(in_declared_order(found, fields.all(), &KEYS).remove(self.property))
    }

    /// Gives the bucket the declared configurations. Others are removed while some are declared; when none
    /// are any longer, those that were.
    ///
    /// # Errors
    /// If a call fails.
    pub(super) async fn change(
        &self,
        place: Place<'_>,
        [prior, wanted]: [Option<&ById>; 2],
    ) -> Result<(), DriverError> {
        if prior.is_none() && wanted.is_none() {
            return Ok(());
        }
        let current = self.current(place).await?;
        let goes = |id: &&String| match (wanted, prior) {
            (Some(wanted), _) => !wanted.contains_key(*id),
            (None, prior) => prior.is_some_and(|prior| prior.contains_key(*id)),
        };
        for id in current.keys().filter(goes) {
            let mut input = place.named();
            input.insert("Id".to_owned(), id.as_str().into());
            place.part(self.remove, input).await.map_err(passing)?;
        }
        for (id, members) in wanted.into_iter().flatten() {
            if current.get(id).is_some_and(|there| same(&flat(members), &flat(there))) {
                continue;
            }
            let mut input = place.named();
            input.insert("Id".to_owned(), id.as_str().into());
            input.insert(self.member.to_owned(), members.clone().into());
            place.change(self.put, input).await?;
        }
        Ok(())
    }
}
