//! Limits how many phone numbers and SIP users an account can try that others have. Both are unique in the whole service,
//! so a refusal tells that somebody has the value; nobody is to find out in this way what others have.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;
use domain::id::AccountId;
use domain::limits::TAKEN_CLAIMS_PER_DAY;
use domain::refusal::Refusal;
use persistence::{StoreConnection, taken_claims};

use crate::error::Result;

/// Refuses a claim, before it is known whether somebody has the value, if too many of the account were refused today.
pub fn check(tx: &mut StoreConnection, account: AccountId, now: Timestamp) -> Result<()> {
    match taken_claims::today(tx, account, now)? {
        Some(today) if today.refused >= TAKEN_CLAIMS_PER_DAY => {
            let seconds = (today.until - now).num_seconds().unsigned_abs() + 1;
            Err(Refusal::TooManyTakenClaims { seconds }.into())
        }
        _ => Ok(()),
    }
}

/// Claims that were refused because somebody else has the value. The transaction that finds this out is rolled back, so
/// another one counts them, before the refusal is sent.
#[derive(Debug, Default)]
pub struct Uncounted(Mutex<BTreeMap<AccountId, u32>>);

impl Uncounted {
    /// Notes a refused claim of the account.
    pub fn note(&self, account: AccountId) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(account).or_default() += 1;
    }

    /// Takes what is to be counted.
    pub fn take(&self) -> BTreeMap<AccountId, u32> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
