//! Computes the report lines of an enterprise from the recorded history of the enterprise, its users and the accounts
//! above it.
//!
//! Time spans are half-open: they don't include their end. A day counts if the condition was true at any moment of it.

use std::collections::HashMap;

use super::{Days, Line, Numbers, Period, UsersPerDay};
use crate::Timestamp;
use crate::account::Scope;
use crate::id::{AccountId, UserId};
use crate::services::{Service, Services};
use crate::status::Status;

/// A half-open span of time. A span without an end is still running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first instant of the span.
    pub since: Timestamp,
    /// The first instant after the span; `None` if it is still running.
    pub until: Option<Timestamp>,
}

impl Span {
    /// The part of the span inside a window; `None` if there is none.
    fn within(self, (from, to): Window) -> Option<Window> {
        let since = self.since.max(from);
        let until = self.until.map_or(to, |until| until.min(to));
        (since < until).then_some((since, until))
    }
}

/// A half-open window of time: start (included) and end (excluded).
type Window = (Timestamp, Timestamp);

/// The state of an account during a span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountState {
    /// The span of time.
    pub span: Span,
    /// The master reseller above it, if there is one.
    pub master_reseller_id: Option<AccountId>,
    /// The reseller above it, if there is one.
    pub reseller_id: Option<AccountId>,
    /// Its name.
    pub name: String,
    /// Its billing reference (R6).
    pub billing_reference: Option<String>,
    /// Its own status. Closed accounts have no states.
    pub status: Status,
    /// Its services.
    pub services: Services,
}

/// A span of time in which a user used a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserSpan {
    /// The user.
    pub user: UserId,
    /// The service.
    pub service: Service,
    /// The span of time.
    pub span: Span,
}

/// The recorded history of an enterprise.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The enterprise.
    pub enterprise: AccountId,
    /// Its states, oldest first.
    pub states: &'a [AccountState],
    /// The spans of its users, grouped by service and within each service by user.
    pub users: &'a [UserSpan],
    /// The states of each account above it, oldest first.
    pub above: &'a HashMap<AccountId, Vec<AccountState>>,
}

/// Computes the report lines of an enterprise for the part of a period before `as_of`: one line for each service and
/// each reseller in the scope. If `per_day` is given, adds the number of users of each day to it.
#[must_use]
pub fn count(
    period: Period,
    as_of: Timestamp,
    scope: &Scope,
    facts: Facts<'_>,
    mut per_day: Option<&mut UsersPerDay>,
) -> Vec<Line> {
    let window = (period.start(), period.end().min(as_of));
    let mut lines = Vec::new();
    for service in Service::ALL {
        for tenure in tenures(period, window, scope, service, facts) {
            let users = facts.users.iter().filter(|user| user.service == service);
            let per_day = per_day.as_deref_mut().map(|per_day| per_day.of_mut(service).as_mut_slice());
            let (users_at_end, users_peak, user_days) = count_users(period, window, &tenure.stretches, users, per_day);
            let reseller = facts.above.get(&tenure.reseller).and_then(|states| last_within(states, window, |_| true));
            // Names from after a move are only visible to the next reseller.
            let own = last_within(facts.states, window, |state| state.reseller_id == Some(tenure.reseller));
            lines.push(Line {
                enterprise_id: facts.enterprise,
                service,
                reseller_id: tenure.reseller,
                master_reseller_id: tenure.master_reseller,
                reseller_name: reseller.map(|reseller| reseller.name.clone()).unwrap_or_default(),
                reseller_billing_reference: reseller.and_then(|reseller| reseller.billing_reference.clone()),
                enterprise_name: own.map(|own| own.name.clone()).unwrap_or_default(),
                enterprise_billing_reference: own.and_then(|own| own.billing_reference.clone()),
                numbers: Numbers {
                    users_at_end,
                    users_peak,
                    user_days,
                    active_days: tenure.active.count(),
                    suspended_days: tenure.suspended.count(),
                },
                amends: None,
            });
        }
    }
    lines
}

/// The last state in a window that meets a condition. It has the name of the account at the end of the period.
fn last_within(states: &[AccountState], window: Window, kind: impl Fn(&AccountState) -> bool) -> Option<&AccountState> {
    states.iter().rfind(|state| kind(state) && state.span.within(window).is_some())
}

/// The time during which one reseller sold a service to the enterprise.
struct Tenure {
    reseller: AccountId,
    master_reseller: AccountId,
    /// Sorted, with gaps between them.
    stretches: Vec<Window>,
    active: Days,
    suspended: Days,
}

fn tenures(period: Period, window: Window, scope: &Scope, service: Service, facts: Facts<'_>) -> Vec<Tenure> {
    let mut tenures = Vec::<Tenure>::new();
    for state in facts.states.iter().filter(|state| state.services.has(service)) {
        let (Some(stretch), Some(master_reseller), Some(reseller)) =
            (state.span.within(window), state.master_reseller_id, state.reseller_id)
        else {
            continue;
        };
        let seen = match *scope {
            Scope::Platform => true,
            Scope::MasterReseller(id) => id == master_reseller,
            Scope::Reseller(id) => id == reseller,
            Scope::Enterprise(id) => id == facts.enterprise,
        };
        if !seen {
            continue;
        }
        let (active, suspended) = count_days(period, stretch, state, master_reseller, reseller, facts.above);
        let Some(tenure) = tenures.iter_mut().find(|tenure| tenure.reseller == reseller) else {
            let stretches = vec![stretch];
            tenures.push(Tenure { reseller, master_reseller, stretches, active, suspended });
            continue;
        };
        tenure.master_reseller = master_reseller;
        tenure.active = tenure.active.union(active);
        tenure.suspended = tenure.suspended.union(suspended);
        match tenure.stretches.last_mut() {
            Some(last) if last.1 == stretch.0 => last.1 = stretch.1,
            _ => tenure.stretches.push(stretch),
        }
    }
    tenures.sort_by_key(|tenure| tenure.reseller.uuid());
    tenures
}

/// Returns the days on which an enterprise in this state was operating, and those on which it was suspended. An
/// activated enterprise counts as suspended if it or an account above it is (R7).
fn count_days(
    period: Period,
    stretch: Window,
    state: &AccountState,
    master_reseller: AccountId,
    reseller: AccountId,
    above: &HashMap<AccountId, Vec<AccountState>>,
) -> (Days, Days) {
    let (mut active, mut suspended) = (Days::default(), Days::default());
    match state.status {
        Status::Pending | Status::Closed => {}
        Status::Suspended => suspended = Days::touched(period, stretch.0, stretch.1),
        Status::Active => {
            let of = |id: AccountId| above.get(&id).map(Vec::as_slice).unwrap_or_default();
            for reseller in of(reseller) {
                let Some(shared) = reseller.span.within(stretch) else { continue };
                for master in of(master_reseller) {
                    let Some((since, until)) = master.span.within(shared) else { continue };
                    let days = Days::touched(period, since, until);
                    match (reseller.status, master.status) {
                        (Status::Active, Status::Active) => active = active.union(days),
                        (Status::Suspended, _) | (_, Status::Suspended) => suspended = suspended.union(days),
                        _ => {}
                    }
                }
            }
        }
    }
    (active, suspended)
}

/// Returns the number of users at the end, the highest number at the same time, and the total of user days, each within
/// the given stretches.
fn count_users<'a>(
    period: Period,
    window: Window,
    stretches: &[Window],
    users: impl Iterator<Item = &'a UserSpan>,
    per_day: Option<&mut [i64]>,
) -> (i64, i64, i64) {
    let mut tally = UserTally { at_end: 0, days: 0, user: None, per_day };
    let first = stretches.first().map(|stretch| stretch.0);
    // Changes of the number of users over time. Users who exist from the start are only counted.
    let (mut from_start, mut moments) = (0, Vec::<(Timestamp, i64)>::new());
    for user in users {
        for (since, until) in stretches.iter().filter_map(|stretch| user.span.within(*stretch)) {
            tally.note(user.user, Days::touched(period, since, until));
            if Some(since) == first {
                from_start += 1;
            } else {
                moments.push((since, 1));
            }
            if until == window.1 {
                tally.at_end += 1;
            } else {
                moments.push((until, -1));
            }
        }
    }
    tally.finish_user();
    // Sorts removals before additions at the same instant, because spans don't include their end.
    moments.sort_unstable();
    let (mut now, mut peak) = (from_start, from_start);
    for (_, change) in moments {
        now += change;
        peak = peak.max(now);
    }
    (tally.at_end, peak, tally.days)
}

/// Adds up user days. The stretches of each user must be noted one after the other.
struct UserTally<'a> {
    at_end: i64,
    days: i64,
    user: Option<(UserId, Days)>,
    per_day: Option<&'a mut [i64]>,
}

impl UserTally<'_> {
    fn note(&mut self, user: UserId, days: Days) {
        match &mut self.user {
            Some((same, so_far)) if *same == user => *so_far = so_far.union(days),
            _ => {
                self.finish_user();
                self.user = Some((user, days));
            }
        }
    }

    fn finish_user(&mut self) {
        let Some((_, days)) = self.user.take() else { return };
        self.days += days.count();
        if let Some(per_day) = self.per_day.as_deref_mut() {
            for (index, users) in per_day.iter_mut().enumerate() {
                *users += i64::from(days.has(index));
            }
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
