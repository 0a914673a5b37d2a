//! Limits how many phone numbers and SIP users an account can try that others have. Both are unique in the whole service,
//! so a refusal tells that somebody has the value; nobody is to find out in this way what others have.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;
use domain::Timestamp;
use domain::id::AccountId;
use domain::limits::TAKEN_CLAIMS_PER_DAY;
use domain::refusal::Refusal;

/// Counts refused claims by account. Each replica counts for itself.
#[derive(Debug, Default)]
pub struct ClaimLimit(Mutex<HashMap<AccountId, Refused>>);

#[derive(Debug, Clone, Copy)]
struct Refused {
    count: u32,
    since: Timestamp,
}

impl Refused {
    fn is_over(&self, now: Timestamp) -> bool {
        now - self.since >= TimeDelta::days(1)
    }
}

impl ClaimLimit {
    /// Refuses a claim, before it is known whether somebody has the value, if too many of the account were refused today.
    pub fn check(&self, account: AccountId, now: Timestamp) -> Result<(), Refusal> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.get(&account).filter(|refused| !refused.is_over(now)) {
            Some(refused) if refused.count >= TAKEN_CLAIMS_PER_DAY => {
                let left = (refused.since + TimeDelta::days(1) - now).num_seconds();
                Err(Refusal::TooManyTakenClaims { seconds: u64::try_from(left).unwrap_or_default() + 1 })
            }
            _ => Ok(()),
        }
    }

    /// Counts a claim of the account that was refused because somebody has the value.
    pub fn note_taken(&self, account: AccountId, now: Timestamp) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.retain(|_, refused| !refused.is_over(now));
        counts.entry(account).or_insert(Refused { count: 0, since: now }).count += 1;
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_account_tries_so_many_values_of_others_a_day() {
        let (limit, now) = (ClaimLimit::default(), DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let [one, other] = [1, 2].map(|number| AccountId::from_uuid(Uuid::from_u128(number)));
        for _ in 0..TAKEN_CLAIMS_PER_DAY {
            assert_eq!(limit.check(one, now), Ok(()));
            limit.note_taken(one, now);
        }
        assert_eq!(limit.check(one, now), Err(Refusal::TooManyTakenClaims { seconds: 86_401 }));
        assert_eq!(limit.check(other, now), Ok(()));
        let tomorrow = now + TimeDelta::days(1);
        assert_eq!(limit.check(one, tomorrow), Ok(()));
        limit.note_taken(one, tomorrow);
        assert_eq!(limit.check(one, tomorrow), Ok(()));
    }
}
