//! Request and response bodies of corrections.

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
use crate::http::field::{self, Field};
use crate::http::page::{Listed, Page};
use crate::http::validation::field_wrong;
use crate::resources::billing::wire::line_name_of;
use crate::shown;

/// A correction of a line of a final report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"period": "2026-11", "amends": "2026-10/reseller_01h455vb4pex5vsknk084sn02q/enterprise_01h455vb4pex5vsknk084sn02q/pbx", "users_at_end": 0, "users_peak": 0, "user_days": -30, "active_days": 0, "suspended_days": 0, "reason": "The user was added by mistake."}))]
pub struct BillingAdjustment {
    /// The id of the correction.
    #[schema(example = "adjustment_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// The period in which the correction is booked.
    #[schema(value_type = shown::Period)]
    pub period: String,
    /// The line that it corrects, as `period/reseller/enterprise/service`.
    #[schema(value_type = shown::LineName)]
    pub amends: String,
    /// The number to add to the line's `users_at_end`; can be negative.
    #[schema(value_type = shown::Correction)]
    pub users_at_end: i64,
    /// The number to add to the line's `users_peak`; can be negative.
    #[schema(value_type = shown::Correction)]
    pub users_peak: i64,
    /// The number to add to the line's `user_days`; can be negative.
    #[schema(value_type = shown::Correction)]
    pub user_days: i64,
    /// The number to add to the line's `active_days`; can be negative.
    #[schema(value_type = shown::Correction)]
    pub active_days: i64,
    /// The number to add to the line's `suspended_days`; can be negative.
    #[schema(value_type = shown::Correction)]
    pub suspended_days: i64,
    /// The reason for the correction.
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

/// A correction to book. Numbers that are left out are 0; at least one number must not be 0.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields, schema(function = changes_something))]
#[schema(example = json!({"amends": "2026-10/reseller_01h455vb4pex5vsknk084sn02q/enterprise_01h455vb4pex5vsknk084sn02q/pbx", "users_at_end": 0, "users_peak": 0, "user_days": -30, "active_days": 0, "suspended_days": 0, "reason": "The user was added by mistake."}))]
pub struct CreateBillingAdjustment {
    /// The line of a final report to correct, as `period/reseller/enterprise/service`.
    #[validate(required)]
    amends: LineNameField,
    /// The number to add to the line's `users_at_end`; can be negative.
    users_at_end: CorrectionField,
    /// The number to add to the line's `users_peak`; can be negative.
    users_peak: CorrectionField,
    /// The number to add to the line's `user_days`; can be negative.
    user_days: CorrectionField,
    /// The number to add to the line's `active_days`; can be negative.
    active_days: CorrectionField,
    /// The number to add to the line's `suspended_days`; can be negative.
    suspended_days: CorrectionField,
    /// The reason for the correction, 1–500 characters.
    #[validate(required)]
    reason: field::AdjustmentReason,
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

/// Refuses a correction that changes nothing.
fn changes_something(request: &CreateBillingAdjustment) -> Result<(), ValidationError> {
    let CreateBillingAdjustment { users_at_end, users_peak, user_days, active_days, suspended_days, .. } = request;
    if [users_at_end, users_peak, user_days, active_days, suspended_days].into_iter().all(|field| number(field) == 0) {
        let fault = Fault::new("nothing_to_change", "Give at least one number that is not 0.");
        return Err(field_wrong("", fault));
    }
    Ok(())
}

/// The value of a number field; 0 if it is left out.
fn number(field: &CorrectionField) -> i64 {
    field.clone().given().unwrap_or_default().0
}

/// The number that a correction adds: from -`ADJUSTMENT_MAX` to `ADJUSTMENT_MAX`.
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

/// The name of a line of a report, `period/reseller/enterprise/service`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineName {
    /// The period of the report.
    pub period: Period,
    /// The reseller that sold the service.
    pub reseller: AccountId,
    /// The enterprise that had the service.
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
