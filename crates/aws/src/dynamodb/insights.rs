//! Contributor insights of a table and of its indexes.

use std::collections::BTreeSet;

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::contents::GLOBAL;
use super::indexes;
use super::prior::{Declared, index};
use super::settings::{READ, Settings, UPDATE, failed};
use crate::iam::{Fields, arguments, text_in};

const PROPERTY: &str = "ContributorInsightsSpecification";

/// The mode of insights that were given none.
///
/// Source: DynamoDB developer guide, CloudWatch contributor insights modes.
const MODE: &str = "ACCESSED_AND_THROTTLED_KEYS";

/// The insights of a table, or of one of its indexes.
struct Insights<'a> {
    settings: &'a Settings<'a>,
    index: Option<&'a str>,
}

impl Insights<'_> {
    fn named(&self) -> KnownMap {
        let mut input = self.settings.named();
        input.extend(self.index.map(|name| ("IndexName".to_owned(), name.into())));
        input
    }

    fn noun(&self) -> String {
        let name = self.settings.name;
        match self.index {
            Some(index) => format!("contributor insights of index `{index}` of table `{name}`"),
            None => format!("contributor insights of table `{name}`"),
        }
    }

    async fn described(&self) -> Result<KnownMap, DriverError> {
        self.settings.api.call("DescribeContributorInsights", self.named()).await
    }

    /// Makes them as declared; says what is to be waited for.
    async fn change(
        &self,
        declared: Declared<'_>,
        asked: &mut BTreeSet<String>,
    ) -> Result<Option<String>, DriverError> {
        let (on, mode) = match Fields::new(declared.wanted, UPDATE).tree(PROPERTY)? {
            Some(given) => (given.boolean("Enabled")?.unwrap_or(false), given.text("Mode")?),
            None if declared.dropped(PROPERTY) => (false, None),
            None => return Ok(None),
        };
        let held = self.described().await?;
        let status = text_in(&held, "ContributorInsightsStatus");
        let waits = || Ok(Some(self.noun()));
        match status {
            Some("ENABLING" | "DISABLING") => return waits(),
            Some("FAILED") if on && asked.contains(&self.noun()) => {
                let reason = held.get("FailureException").and_then(KnownValue::as_map);
                let reason = reason.and_then(|it| text_in(it, "ExceptionDescription"));
                return Err(failed("dynamodb:UpdateContributorInsights", &self.noun(), reason));
            }
            Some(_) | None => {}
        }
        let back = declared.dropped_in(PROPERTY, "Mode").then(|| KnownValue::from(MODE));
        let mode = mode.or(back).filter(|_| on);
        let same_mode = mode
            .as_ref()
            .and_then(KnownValue::expose_str)
            .is_none_or(|mode| text_in(&held, "ContributorInsightsMode").unwrap_or(MODE) == mode);
        if on == (status == Some("ENABLED")) && same_mode {
            return Ok(None);
        }
        let mut input = self.named();
        let action = if on { "ENABLE" } else { "DISABLE" };
        input.insert("ContributorInsightsAction".to_owned(), action.into());
        input.extend(mode.map(|mode| ("ContributorInsightsMode".to_owned(), mode)));
        self.settings.api.call("UpdateContributorInsights", input).await?;
        asked.insert(self.noun());
        waits()
    }

    /// The property, as the service has it.
    async fn shown(&self, given: &KnownMap) -> Result<KnownValue, DriverError> {
        let held = self.described().await?;
        let status = text_in(&held, "ContributorInsightsStatus");
        let on = matches!(status, Some("ENABLED" | "ENABLING"));
        // The mode of what is turned off means nothing.
        let mode = match on {
            true => Some(text_in(&held, "ContributorInsightsMode").unwrap_or(MODE).into()),
            false => given.get("Mode").cloned(),
        };
        let mut shown = arguments([("Enabled", on.into())]);
        shown.extend(mode.map(|mode| ("Mode".to_owned(), mode)));
        Ok(shown.into())
    }
}

/// Makes the insights of a table and its indexes as declared; says what is to be waited for.
pub(super) async fn change(
    settings: &Settings<'_>,
    asked: &mut BTreeSet<String>,
) -> Result<Option<String>, DriverError> {
    let own = Insights { settings, index: None };
    let mut waits = own.change(settings.declared, asked).await?;
    let empty = KnownMap::new();
    for name in indexes::names(settings.table) {
        let of_index = Insights { settings, index: Some(name) };
        let declared = settings.declared.of_index(GLOBAL, name, &empty);
        waits = of_index.change(declared, asked).await?.or(waits);
    }
    Ok(waits)
}

/// Adds the declared insights to the properties of a table that was read.
pub(super) async fn show(
    settings: &Settings<'_>,
    properties: &mut KnownMap,
) -> Result<(), DriverError> {
    let declared = settings.declared.wanted;
    if let Some(given) = Fields::new(declared, READ).tree(PROPERTY)? {
        let shown = Insights { settings, index: None }.shown(given.all()).await?;
        properties.insert(PROPERTY.to_owned(), shown);
    }
    let Some(KnownValue::List(list)) = properties.get_mut(GLOBAL) else { return Ok(()) };
    for shown in list {
        let KnownValue::Map(shown) = shown else { continue };
        let name = text_in(shown, "IndexName").unwrap_or_default().to_owned();
        let given = index(declared, GLOBAL, &name).and_then(|index| index.get(PROPERTY)?.as_map());
        let Some(given) = given else { continue };
        let insights = Insights { settings, index: Some(&name) };
        shown.insert(PROPERTY.to_owned(), insights.shown(given).await?);
    }
    Ok(())
}
