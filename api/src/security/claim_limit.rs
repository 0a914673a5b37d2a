//! Limits how many phone numbers and SIP users an account can try that others have. Both are unique in the whole service,
//! so a refusal tells that somebody has the value; nobody is to find out in this way what others have.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;
use domain::Timestamp;
use domain::id::AccountId;
use domain::limits::TAKEN_CLAIMS_PER_DAY;
use domain::refusal::Refusal;
use persistence::taken_claims::TakenClaims;

use crate::error::Result;

/// Claims that were refused because somebody else has the value and that are not counted in the database yet: the
/// transaction that finds this out is rolled back, and another one counts them. Until then they count here.
#[derive(Debug, Default)]
pub struct Uncounted(Mutex<Refused>);

#[derive(Debug, Default)]
struct Refused {
    noted: BTreeMap<AccountId, u32>,
    /// Those that a transaction is counting.
    being_counted: BTreeMap<AccountId, u32>,
}

impl Uncounted {
    /// Refuses a claim, before it is known whether somebody has the value, if too many of the account were refused today:
    /// those counted in the database, `more` that the operation itself was refused, and the others that are not counted
    /// yet.
    pub fn check(&self, account: AccountId, today: Option<TakenClaims>, more: u32, now: Timestamp) -> Result<()> {
        let counted = today.map_or(0, |today| today.refused);
        let uncounted = self.with(|refused| {
            [&refused.noted, &refused.being_counted].iter().filter_map(|map| map.get(&account)).sum::<u32>()
        });
        if counted + more + uncounted < TAKEN_CLAIMS_PER_DAY {
            return Ok(());
        }
        let until = today.map_or(now + TimeDelta::days(1), |today| today.until);
        let seconds = (until - now).num_seconds().unsigned_abs() + 1;
        Err(Refusal::TooManyTakenClaims { seconds }.into())
    }

    /// Notes refused claims of the account.
    pub fn note(&self, account: AccountId, refused: u32) {
        self.with(|uncounted| *uncounted.noted.entry(account).or_default() += refused);
    }

    /// What is to be counted now; `None` if there is nothing.
    pub fn take(&self) -> Option<BTreeMap<AccountId, u32>> {
        self.with(|refused| {
            let taken = std::mem::take(&mut refused.noted);
            add(&mut refused.being_counted, &taken);
            (!taken.is_empty()).then_some(taken)
        })
    }

    /// Notes that what was taken has been counted, or else could not be.
    pub fn done(&self, taken: &BTreeMap<AccountId, u32>, is_counted: bool) {
        self.with(|refused| {
            for (account, count) in taken {
                if let Some(left) = refused.being_counted.get_mut(account) {
                    *left = left.saturating_sub(*count);
                }
            }
            refused.being_counted.retain(|_, left| *left > 0);
            if !is_counted {
                add(&mut refused.noted, taken);
            }
        });
    }

    fn with<T>(&self, change: impl FnOnce(&mut Refused) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn add(to: &mut BTreeMap<AccountId, u32>, more: &BTreeMap<AccountId, u32>) {
    for (account, count) in more {
        *to.entry(*account).or_default() += count;
    }
}
