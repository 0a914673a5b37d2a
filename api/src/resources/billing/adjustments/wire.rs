//! Corrections on the wire.

use chrono::{DateTime, Utc};
use domain::account::Tier;
use domain::billing::{Numbers, Period};
use domain::fault::{Fault, ItemFaults};
use domain::id::AccountId;
use domain::limited::{Limited, Limits, whole};
use domain::limits::{ADJUSTMENT_MAX, LINE_NAME_MAX};
use domain::services::Service;
use persistence::billing::adjustments::Adjustment;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::operations::CreateAdjustment as Command;
use crate::http::Valid;
use crate::http::field::{self, Field, Unknown};
use crate::http::page::{Listed, Page};
use crate::http::validation::member_wrong;
use crate::resources::billing::wire::line_name_of;
use crate::shown;

/// A correction of a line of a final report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"period": "2026-11", "amends": "2026-10/reseller_01h455vb4pex5vsknk084sn02q/enterprise_01h455vb4pex5vsknk084sn02q/pbx", "users_at_end": 0, "users_peak": 0, "user_days": -30, "active_days": 0, "suspended_days": 0, "reason": "The user was added by mistake."}))]
pub struct BillingAdjustment {
    /// Its id.
    #[schema(example = "adjustment_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// The period that it is booked in.
    #[schema(value_type = shown::Period)]
    pub period: String,
    /// The line that it corrects, as `period/reseller/enterprise/service`.
    #[schema(value_type = shown::LineName)]
    pub amends: String,
    /// What is added to the line's `users_at_end`.
    #[schema(value_type = shown::Correction)]
    pub users_at_end: i64,
    /// What is added to its `users_peak`.
    #[schema(value_type = shown::Correction)]
    pub users_peak: i64,
    /// What is added to its `user_days`.
    #[schema(value_type = shown::Correction)]
    pub user_days: i64,
    /// What is added to its `active_days`.
    #[schema(value_type = shown::Correction)]
    pub active_days: i64,
    /// What is added to its `suspended_days`.
    #[schema(value_type = shown::Correction)]
    pub suspended_days: i64,
    /// Why.
    #[schema(value_type = field::AdjustmentReason)]
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

impl Listed for BillingAdjustment {
    const PLURAL: &str = "corrections";
}

/// A page of corrections.
pub type BillingAdjustmentPage = Page<BillingAdjustment>;

/// A correction to be booked. What is left out is not changed; at least one number is.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields, schema(function = changes_something))]
#[schema(example = json!({"amends": "2026-10/reseller_01h455vb4pex5vsknk084sn02q/enterprise_01h455vb4pex5vsknk084sn02q/pbx", "users_at_end": 0, "users_peak": 0, "user_days": -30, "active_days": 0, "suspended_days": 0, "reason": "The user was added by mistake."}))]
pub struct CreateBillingAdjustment {
    /// The line to correct, of a final report, as `period/reseller/enterprise/service`.
    #[serde(default)]
    #[validate(required)]
    amends: LineNameField,
    /// What is added to the line's `users_at_end`.
    #[serde(default)]
    users_at_end: CorrectionField,
    /// What is added to its `users_peak`.
    #[serde(default)]
    users_peak: CorrectionField,
    /// What is added to its `user_days`.
    #[serde(default)]
    user_days: CorrectionField,
    /// What is added to its `active_days`.
    #[serde(default)]
    active_days: CorrectionField,
    /// What is added to its `suspended_days`.
    #[serde(default)]
    suspended_days: CorrectionField,
    /// Why: 1–500 characters.
    #[serde(default)]
    #[validate(required)]
    reason: field::AdjustmentReason,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<CreateBillingAdjustment>> for Command {
    fn from(request: Valid<CreateBillingAdjustment>) -> Self {
        let CreateBillingAdjustment {
            amends,
            users_at_end,
            users_peak,
            user_days,
            active_days,
            suspended_days,
            reason,
            unknown: _,
        } = request.into_inner();
        let numbers = Numbers {
            users_at_end: number(&users_at_end),
            users_peak: number(&users_peak),
            user_days: number(&user_days),
            active_days: number(&active_days),
            suspended_days: number(&suspended_days),
        };
        Self { amends: amends.required(), numbers, reason: reason.required() }
    }
}

/// A correction changes something.
fn changes_something(request: &CreateBillingAdjustment) -> Result<(), ValidationError> {
    let CreateBillingAdjustment { users_at_end, users_peak, user_days, active_days, suspended_days, .. } = request;
    if [users_at_end, users_peak, user_days, active_days, suspended_days].into_iter().all(|field| number(field) == 0) {
        let fault = Fault::new("nothing_to_change", "Give at least one number that is not 0.");
        return Err(member_wrong("", fault));
    }
    Ok(())
}

/// What is added to a number.
fn number(field: &CorrectionField) -> i64 {
    field.clone().given().unwrap_or_default().0
}

/// What a correction adds to a number of a line.
#[derive(Debug, Clone, Copy, Default)]
struct Correction(i64);

impl Limited for Correction {
    type Given = i64;
    const LIMITS: Limits = Limits::Number { min: -ADJUSTMENT_MAX, max: ADJUSTMENT_MAX, format: "int64" };
    fn read(given: &i64) -> Result<Self, ItemFaults> {
        if (-ADJUSTMENT_MAX..=ADJUSTMENT_MAX).contains(given) {
            return Ok(Self(*given));
        }
        let detail = format!("Give a whole number from -{ADJUSTMENT_MAX} to {ADJUSTMENT_MAX}.");
        Err(whole(Fault::new("out_of_range", detail)))
    }
}

type CorrectionField = Field<Correction>;

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

impl Limited for LineName {
    type Given = str;
    const LIMITS: Limits = Limits::text(0, LINE_NAME_MAX);
    fn read(given: &str) -> Result<Self, ItemFaults> {
        let mut parts = given.split('/');
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
            _ => Err(whole(Fault::new(
                "invalid_line",
                "Name a line as period/reseller/enterprise/service, such as 2026-10/reseller_…/enterprise_…/pbx.",
            ))),
        }
    }
}

type LineNameField = Field<LineName>;
