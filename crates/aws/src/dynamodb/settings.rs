//! The settings of a table that operations of their own change and show: how long items live, and its
//! backups. They are taken while the table is active.

use std::collections::BTreeSet;

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use super::prior::Declared;
use super::{insights, policies, streaming};
use crate::api::Api;
use crate::iam::{Fields, arguments, text_in};

pub(super) const UPDATE: &str = "dynamodb:UpdateTable";
pub(super) const READ: &str = "dynamodb:DescribeTable";

const TIME_TO_LIVE: &str = "TimeToLiveSpecification";
const BACKUPS: &str = "PointInTimeRecoverySpecification";

/// The days that a table without a number of its own can be restored to.
///
/// Source: DynamoDB API reference, PointInTimeRecoverySpecification.
const DAYS: i64 = 35;

/// A table whose settings are changed or shown.
#[derive(Clone, Copy)]
pub(super) struct Settings<'a> {
    pub(super) api: &'a dyn Api,
    /// The table as it is described.
    pub(super) table: &'a KnownMap,
    pub(super) name: &'a str,
    pub(super) declared: Declared<'a>,
}

impl<'a> Settings<'a> {
    pub(super) fn wanted(&self) -> Fields<'a> {
        Fields::new(self.declared.wanted, UPDATE)
    }

    pub(super) fn named(&self) -> KnownMap {
        arguments([("TableName", self.name.into())])
    }

    /// Makes everything as declared; says what is to be waited for. `asked` has the settings that were
    /// asked for by this operation and may have failed since; `fresh` says that the call that created
    /// was given the tags.
    ///
    /// # Errors
    /// If a call fails, or a setting was asked for and failed.
    pub(super) async fn change(
        &self,
        asked: &mut BTreeSet<String>,
        fresh: bool,
    ) -> Result<Option<String>, DriverError> {
        self.change_time_to_live().await?;
        self.change_backups().await?;
        policies::change(self, fresh).await?;
        let first = insights::change(self, asked).await?;
        let second = streaming::change(self, asked).await?;
        Ok(first.or(second))
    }

    /// The declared settings, as the service has them.
    ///
    /// # Errors
    /// If one cannot be read.
    pub(super) async fn show(&self, properties: &mut KnownMap) -> Result<(), DriverError> {
        let declared = self.wanted();
        if let Some(given) = declared.tree(TIME_TO_LIVE)? {
            let shown = self.time_to_live_shown(given).await?;
            properties.insert(TIME_TO_LIVE.to_owned(), shown.into());
        }
        if let Some(given) = declared.tree(BACKUPS)? {
            let shown = self.backups_shown(given).await?;
            properties.insert(BACKUPS.to_owned(), shown.into());
        }
        policies::show(self, properties).await?;
        insights::show(self, properties).await?;
        streaming::show(self, properties).await
    }

    async fn described(
        &self,
        operation: &'static str,
        member: &str,
    ) -> Result<KnownMap, DriverError> {
        let answer = self.api.call(operation, self.named()).await?;
        Ok(answer.get(member).and_then(KnownValue::as_map).cloned().unwrap_or_default())
    }

    /// True if items of the table expire, and the attribute that says when.
    async fn time_to_live(&self) -> Result<(bool, KnownMap), DriverError> {
        let held = self.described("DescribeTimeToLive", "TimeToLiveDescription").await?;
        let is_on = matches!(text_in(&held, "TimeToLiveStatus"), Some("ENABLED" | "ENABLING"));
        Ok((is_on, held))
    }

    async fn change_time_to_live(&self) -> Result<(), DriverError> {
        let (on, attribute) = match self.wanted().tree(TIME_TO_LIVE)? {
            Some(given) => {
                (given.boolean("Enabled")?.unwrap_or(false), given.text("AttributeName")?)
            }
            None if self.declared.dropped(TIME_TO_LIVE) => (false, None),
            None => return Ok(()),
        };
        let (is_on, held) = self.time_to_live().await?;
        let there = held.get("AttributeName").cloned();
        let same = |one: &KnownValue, other: &KnownValue| one.expose_str() == other.expose_str();
        if on && is_on {
            return match (&attribute, &there) {
                (Some(wanted), Some(there)) if !same(wanted, there) => Err(self.other_attribute()),
                (_, _) => Ok(()),
            };
        }
        if on == is_on {
            return Ok(());
        }
        // What is turned off has an attribute, too.
        let attribute = if on { attribute } else { there.or(attribute) };
        let Some(attribute) = attribute else {
            return Err(self.wanted().invalid(TIME_TO_LIVE, "has no `AttributeName`"));
        };
        let setting = arguments([("Enabled", on.into()), ("AttributeName", attribute)]);
        let mut input = self.named();
        input.insert(TIME_TO_LIVE.to_owned(), setting.into());
        self.api.call("UpdateTimeToLive", input).await.map(drop)
    }

    /// Source: CloudFormation user guide, AWS::DynamoDB::Table TimeToLiveSpecification,
    /// `AttributeName`; DynamoDB API reference, UpdateTimeToLive.
    fn other_attribute(&self) -> DriverError {
        let problem = "names another attribute than the one by which items expire: declare \
             `Enabled: false` first, and the new attribute an hour after that was applied";
        self.wanted().invalid(TIME_TO_LIVE, problem)
    }

    async fn time_to_live_shown(&self, given: Fields<'_>) -> Result<KnownMap, DriverError> {
        let (is_on, held) = self.time_to_live().await?;
        let mut shown = arguments([("Enabled", is_on.into())]);
        let there = held.get("AttributeName");
        // The attribute of what is turned off is not shown.
        let attribute = if is_on { there } else { there.or(given.value("AttributeName")) };
        shown.extend(attribute.map(|name| ("AttributeName".to_owned(), name.clone())));
        Ok(shown)
    }

    /// True if the table can be restored, and for how many days.
    async fn backups(&self) -> Result<(bool, Option<i64>), DriverError> {
        let answer =
            self.described("DescribeContinuousBackups", "ContinuousBackupsDescription").await?;
        let held = Fields::new(&answer, READ).tree("PointInTimeRecoveryDescription")?;
        let Some(held) = held else { return Ok((false, None)) };
        let is_on = text_in(held.all(), "PointInTimeRecoveryStatus") == Some("ENABLED");
        Ok((is_on, held.integer("RecoveryPeriodInDays")?))
    }

    async fn change_backups(&self) -> Result<(), DriverError> {
        let (on, days) = match self.wanted().tree(BACKUPS)? {
            Some(given) => (
                given.boolean("PointInTimeRecoveryEnabled")?.unwrap_or(false),
                given.integer("RecoveryPeriodInDays")?,
            ),
            None if self.declared.dropped(BACKUPS) => (false, None),
            None => return Ok(()),
        };
        let back = self.declared.dropped_in(BACKUPS, "RecoveryPeriodInDays").then_some(DAYS);
        let days = days.or(back).filter(|_| on);
        let (is_on, there) = self.backups().await?;
        if on == is_on && days.is_none_or(|days| there.unwrap_or(DAYS) == days) {
            return Ok(());
        }
        let mut setting = arguments([("PointInTimeRecoveryEnabled", on.into())]);
        setting.extend(days.map(|days| ("RecoveryPeriodInDays".to_owned(), days.into())));
        let mut input = self.named();
        input.insert(BACKUPS.to_owned(), setting.into());
        self.api.call("UpdateContinuousBackups", input).await.map(drop)
    }

    async fn backups_shown(&self, given: Fields<'_>) -> Result<KnownMap, DriverError> {
        let (is_on, days) = self.backups().await?;
        let mut shown = arguments([("PointInTimeRecoveryEnabled", is_on.into())]);
        // The days of what is turned off mean nothing.
        let days = if is_on {
            Some(days.unwrap_or(DAYS).into())
        } else {
            given.value("RecoveryPeriodInDays").cloned()
        };
        shown.extend(days.map(|days| ("RecoveryPeriodInDays".to_owned(), days)));
        Ok(shown)
    }
}

/// The error of a setting that was asked for and failed in the service.
pub(super) fn failed(operation: &'static str, what: &str, reason: Option<&str>) -> DriverError {
    let reason = reason.unwrap_or("DynamoDB gives no reason");
    let kind = ErrorKind::Invalid { property: None };
    DriverError::new(kind, operation, format!("{what} failed: {reason}"))
}
