//! Corrections on the wire.

use chrono::{DateTime, Utc};
use domain::account::Tier;
use domain::billing::{Numbers, Period};
use domain::fault::Fault;
use domain::id::AccountId;
use domain::limits::ADJUSTMENT_MAX;
use domain::services::Service;
use domain::values::text::AdjustmentReason;
use persistence::billing::adjustments::Adjustment;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::operations::CreateAdjustment as Command;
use crate::error::Error;
use crate::http::{Field, Members, Unknown};
use crate::resources::billing::wire::line_name_of;

/// A correction of a line of a final report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BillingAdjustment {
    /// Its id.
    #[schema(example = "adjustment_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub id: String,
    /// The period that it is booked in.
    #[schema(example = "2026-11", pattern = "^[0-9]{4}-[0-9]{2}$", max_length = 7)]
    pub period: String,
    /// The line that it corrects, as `period/reseller/enterprise/service`.
    #[schema(
        example = "2026-10/reseller_01h455vb4pex5vsknk084sn02q/enterprise_01h455vb4pex5vsknk084sn02q/pbx",
        max_length = 100
    )]
    pub amends: String,
    /// What is added to the line's `users_at_end`.
    #[schema(example = 0, minimum = -100_000_000, maximum = 100_000_000)]
    pub users_at_end: i64,
    /// What is added to its `users_peak`.
    #[schema(example = 0, minimum = -100_000_000, maximum = 100_000_000)]
    pub users_peak: i64,
    /// What is added to its `user_days`.
    #[schema(example = -30, minimum = -100_000_000, maximum = 100_000_000)]
    pub user_days: i64,
    /// What is added to its `active_days`.
    #[schema(example = 0, minimum = -100_000_000, maximum = 100_000_000)]
    pub active_days: i64,
    /// What is added to its `suspended_days`.
    #[schema(example = 0, minimum = -100_000_000, maximum = 100_000_000)]
    pub suspended_days: i64,
    /// Why.
    #[schema(example = "The user was added by mistake.", min_length = 1, max_length = 500)]
    pub reason: String,
    /// When it was booked.
    pub created_at: DateTime<Utc>,
}

impl From<Adjustment> for BillingAdjustment {
    fn from(adjustment: Adjustment) -> Self {
        let Adjustment {
            id,
            period,
            amended,
            master_reseller_id: _,
            reseller_id,
            enterprise_id,
            service,
            numbers,
            reason,
            created_at,
        } = adjustment;
        let Numbers { users_at_end, users_peak, user_days, active_days, suspended_days } = numbers;
        Self {
            id: id.to_string(),
            period: period.to_string(),
            amends: line_name_of(amended, reseller_id, enterprise_id, service),
            users_at_end,
            users_peak,
            user_days,
            active_days,
            suspended_days,
            reason,
            created_at,
        }
    }
}

/// A page of corrections.
#[derive(Debug, Serialize, ToSchema)]
pub struct BillingAdjustmentPage {
    /// The corrections of this page, in the list's order.
    #[schema(max_items = 200)]
    pub items: Vec<BillingAdjustment>,
    /// Give it as `cursor` to get the next page; `null` on the last one.
    #[schema(max_length = 60)]
    pub next_cursor: Option<String>,
}

/// A correction to be booked. What is left out is not changed; at least one number is.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct CreateBillingAdjustment {
    /// The line to correct, of a final report, as `period/reseller/enterprise/service`.
    #[schema(
        value_type = String,
        example = "2026-10/reseller_01h455vb4pex5vsknk084sn02q/enterprise_01h455vb4pex5vsknk084sn02q/pbx",
        max_length = 100
    )]
    #[serde(default)]
    amends: Field<String>,
    /// What is added to the line's `users_at_end`.
    #[schema(value_type = i64, required = false, example = 0, minimum = -100_000_000, maximum = 100_000_000)]
    #[serde(default)]
    users_at_end: Field<i64>,
    /// What is added to its `users_peak`.
    #[schema(value_type = i64, required = false, example = 0, minimum = -100_000_000, maximum = 100_000_000)]
    #[serde(default)]
    users_peak: Field<i64>,
    /// What is added to its `user_days`.
    #[schema(value_type = i64, required = false, example = -30, minimum = -100_000_000, maximum = 100_000_000)]
    #[serde(default)]
    user_days: Field<i64>,
    /// What is added to its `active_days`.
    #[schema(value_type = i64, required = false, example = 0, minimum = -100_000_000, maximum = 100_000_000)]
    #[serde(default)]
    active_days: Field<i64>,
    /// What is added to its `suspended_days`.
    #[schema(value_type = i64, required = false, example = 0, minimum = -100_000_000, maximum = 100_000_000)]
    #[serde(default)]
    suspended_days: Field<i64>,
    /// Why: 1–500 characters.
    #[schema(value_type = String, example = "The user was added by mistake.", min_length = 1, max_length = 500)]
    #[serde(default)]
    reason: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl CreateBillingAdjustment {
    /// Parses it.
    pub fn command(self) -> Result<Command, Error> {
        let Self { amends, users_at_end, users_peak, user_days, active_days, suspended_days, reason, unknown } = self;
        let mut members = Members::new(unknown);
        let amends = members.required("/amends", amends, LineName::parse);
        let mut number =
            |pointer: &str, field| members.optional(pointer, field, |number| in_range(*number)).unwrap_or_default();
        let numbers = Numbers {
            users_at_end: number("/users_at_end", users_at_end),
            users_peak: number("/users_peak", users_peak),
            user_days: number("/user_days", user_days),
            active_days: number("/active_days", active_days),
            suspended_days: number("/suspended_days", suspended_days),
        };
        let reason = members.required("/reason", reason, AdjustmentReason::parse);
        let command = amends.zip(reason).map(|(amends, reason)| Command { amends, numbers, reason });
        let command = members.finish(command)?;
        if numbers == Numbers::default() {
            let mut members = Members::new(Unknown::default());
            members.fault::<()>("", Fault::new("nothing_to_change", "Give at least one number that is not 0."));
            return members.finish(None);
        }
        Ok(command)
    }
}

fn in_range(number: i64) -> Result<i64, Fault> {
    if (-ADJUSTMENT_MAX..=ADJUSTMENT_MAX).contains(&number) {
        return Ok(number);
    }
    Err(Fault::new("out_of_range", format!("Give a whole number from -{ADJUSTMENT_MAX} to {ADJUSTMENT_MAX}.")))
}

/// What names a line of a report: its period, reseller, enterprise and service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineName {
    /// The period.
    pub period: Period,
    /// The reseller.
    pub reseller: AccountId,
    /// The enterprise.
    pub enterprise: AccountId,
    /// The service.
    pub service: Service,
}

impl LineName {
    fn parse(text: &str) -> Result<Self, Fault> {
        let mut parts = text.split('/');
        let mut next = || parts.next().unwrap_or_default();
        let read = (
            Period::parse(next()),
            Tier::Reseller.parse_id(next()),
            Tier::Enterprise.parse_id(next()),
            Service::parse(next()),
        );
        match (read, parts.next()) {
            ((Some(period), Some(reseller), Some(enterprise), Some(service)), None) => {
                Ok(Self { period, reseller, enterprise, service })
            }
            _ => Err(Fault::new(
                "invalid_line",
                "Name a line as period/reseller/enterprise/service, such as 2026-10/reseller_…/enterprise_…/pbx.",
            )),
        }
    }
}
