//! Billing reports: periods, how lines are computed from the recorded history, and which reports may be finalised or
//! adjusted (R15).

mod count;
mod days;
mod line;
mod period;

pub use count::{AccountState, Facts, Span, UserSpan, count};
pub use days::Days;
pub use line::{Amended, Line, Numbers, Totals, UsersPerDay};
pub use period::Period;

use crate::Timestamp;
use crate::limits::FINALISE_AFTER_MINUTES;
use crate::refusal::Refusal;

/// The state of the report of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportState {
    /// Not final: computed on every request.
    Open,
    /// Being finalised by a request that has a lease on it.
    Finalising {
        /// When the lease expires unless it is renewed.
        leased_until: Timestamp,
    },
    /// Final: it never changes again.
    Final,
}

/// Checks that the report of a period may be finalised at `now`: it is not final, nobody else is finalising it, and the
/// period ended long enough ago that no change from it can still be running.
pub fn check_finalisable(period: Period, state: ReportState, now: Timestamp) -> Result<(), Refusal> {
    match state {
        ReportState::Final => Err(Refusal::ReportFinal),
        ReportState::Finalising { leased_until } if leased_until > now => Err(Refusal::ReportBeingFinalised),
        _ if now < period.end() + chrono::TimeDelta::minutes(FINALISE_AFTER_MINUTES) => Err(Refusal::PeriodNotOver),
        ReportState::Open | ReportState::Finalising { .. } => Ok(()),
    }
}

/// Checks that an adjustment of a line of period `amended` may be booked in `period`: the line's report is final, and
/// `period` is a later one that has begun and whose report is open.
pub fn check_adjustable(
    period: Period,
    state: ReportState,
    amended: Period,
    amended_state: ReportState,
    now: Timestamp,
) -> Result<(), Refusal> {
    match state {
        ReportState::Open => {}
        ReportState::Finalising { .. } => return Err(Refusal::ReportBeingFinalised),
        ReportState::Final => return Err(Refusal::ReportFinal),
    }
    if amended_state != ReportState::Final {
        return Err(Refusal::AmendedReportOpen);
    }
    if amended >= period || period.start() > now {
        return Err(Refusal::AmendedReportLater);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn r15_a_report_is_made_final_once_and_not_too_early() {
        let period = Period::parse("2026-10").unwrap();
        let (early, late) = (at("2026-11-01T00:04:59.999Z"), at("2026-11-01T00:05:00Z"));
        let held = ReportState::Finalising { leased_until: at("2026-11-01T00:10:00Z") };
        for (state, now, expected) in [
            (ReportState::Open, early, Err(Refusal::PeriodNotOver)),
            (ReportState::Open, late, Ok(())),
            (held, late, Err(Refusal::ReportBeingFinalised)),
            (held, at("2026-11-01T00:10:00Z"), Ok(())),
            (ReportState::Final, early, Err(Refusal::ReportFinal)),
            (ReportState::Final, late, Err(Refusal::ReportFinal)),
        ] {
            assert_eq!(check_finalisable(period, state, now), expected, "{state:?} at {now}");
        }
    }

    #[test]
    fn r15_a_correction_is_booked_in_a_later_open_period() {
        use ReportState::{Final, Open};
        let [october, november, december] = ["2026-10", "2026-11", "2026-12"].map(|text| Period::parse(text).unwrap());
        let now = at("2026-11-24T00:00:00Z");
        let held = ReportState::Finalising { leased_until: now };
        for (period, state, amended, amended_state, expected) in [
            (november, Open, october, Final, Ok(())),
            (november, Final, october, Final, Err(Refusal::ReportFinal)),
            (november, held, october, Final, Err(Refusal::ReportBeingFinalised)),
            (november, Open, october, Open, Err(Refusal::AmendedReportOpen)),
            (november, Open, october, held, Err(Refusal::AmendedReportOpen)),
            (october, Open, october, Final, Err(Refusal::AmendedReportLater)),
            (october, Open, november, Final, Err(Refusal::AmendedReportLater)),
            (december, Open, october, Final, Err(Refusal::AmendedReportLater)),
        ] {
            let judged = check_adjustable(period, state, amended, amended_state, now);
            assert_eq!(judged, expected, "{period} {state:?} {amended} {amended_state:?}");
        }
    }

    #[test]
    fn r15_a_correction_can_be_booked_from_the_first_moment_of_a_period_on() {
        let [october, november] = ["2026-10", "2026-11"].map(|text| Period::parse(text).unwrap());
        for (now, expected) in
            [("2026-10-31T23:59:59.999Z", Err(Refusal::AmendedReportLater)), ("2026-11-01T00:00:00Z", Ok(()))]
        {
            let judged = check_adjustable(november, ReportState::Open, october, ReportState::Final, at(now));
            assert_eq!(judged, expected, "{now}");
        }
    }
}
