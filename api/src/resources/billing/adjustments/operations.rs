//! Corrections of lines of final reports.

use domain::account::Ancestry;
use domain::billing::{Numbers, Period, check_adjustable};
use domain::fault::Fault;
use domain::values::text::AdjustmentReason;
use persistence::billing::adjustments::Adjustment;
use persistence::billing::{adjustments, lines, periods};
use serde_json::Value;

use super::wire::{BillingAdjustment, LineName};
use crate::app::Tx;
use crate::error::{Error, Result, value_error};
use crate::events::record::{NewEvent, record};
use crate::ids::new_id;

/// The command to book a correction.
#[derive(Debug, Clone)]
pub struct CreateAdjustment {
    /// The line to correct.
    pub amends: LineName,
    /// The numbers to add to those of the line.
    pub numbers: Numbers,
    /// The reason for the correction.
    pub reason: AdjustmentReason,
}

/// Books a correction of a line of a final report in a later, open period (R15).
pub fn adjust(tx: &mut Tx<'_>, period: Period, command: &CreateAdjustment) -> Result<Adjustment> {
    let now = tx.now;
    let CreateAdjustment { amends, numbers, reason } = command;
    let LineName { period: amended, reseller, enterprise, service } = *amends;
    // Locks out finalising: it starts either before, so that it is seen here, or after, so that it sees the correction.
    periods::hold_open(tx)?;
    let (state, amended_state) = (periods::state(tx, period)?, periods::state(tx, amended)?);
    check_adjustable(period, state, amended, amended_state, now)?;
    let unknown = || {
        let fault = Fault::new("unknown_line", "The report of that period has no such line.");
        Error::validation(vec![value_error("/amends", fault)])
    };
    let line = lines::find(tx, amended, enterprise, service, reseller)?.ok_or_else(unknown)?;
    let adjustment = Adjustment {
        id: new_id(now),
        period,
        amended,
        master_reseller_id: line.master_reseller_id,
        reseller_id: reseller,
        enterprise_id: enterprise,
        service,
        numbers: *numbers,
        reason: reason.as_str().to_owned(),
        created_at: now,
    };
    adjustments::insert(tx, &adjustment)?;
    let after = serde_json::to_value(BillingAdjustment::from(adjustment.clone())).unwrap_or_default();
    let what = NewEvent {
        action: "billing_adjustment.created".to_owned(),
        subject: adjustment.id.to_string(),
        ancestry: Ancestry {
            master_reseller: Some(line.master_reseller_id),
            reseller: Some(reseller),
            enterprise: Some(enterprise),
        },
        before: Value::Null,
        after,
    };
    record(tx, &what)?;
    Ok(adjustment)
}
