//! The outbox: letters that are waiting to be sent.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::Timestamp;
use domain::delivery::Pace;
use domain::id::{AccountId, MessageId};
use domain::limits::EMAILS_PER_RECIPIENT;
use domain::refusal::Refusal;
use persistence::outbox::{Caused, NewMessage};
use persistence::{StoreConnection, outbox};

use super::letter::Letter;
use crate::error::{Error, ErrorCode, Result};
use crate::security::seal::Seal;
use crate::security::secret_token::hash;

/// Stores letters sealed, because they contain links with secret tokens.
pub struct Outbox {
    seal: Arc<Seal>,
}

impl Outbox {
    /// Creates an outbox that seals with these keys.
    #[must_use]
    pub fn new(seal: Arc<Seal>) -> Self {
        Self { seal }
    }

    /// Queues a letter for an account. It is sent after the transaction has been committed.
    pub fn enqueue(
        &self,
        tx: &mut StoreConnection,
        (id, account): (MessageId, AccountId),
        letter: &Letter,
        now: Timestamp,
    ) -> Result<()> {
        let payload = self.seal(id, letter)?;
        let message = NewMessage { id, account, payload: &payload, due_at: now, caused: None, now };
        Ok(outbox::enqueue(tx, &message)?)
    }

    /// Queues a letter that its recipient may not expect, which `sender` has caused. Refused if others have caused too
    /// many to this address today. If the sender has caused many, it is sent later.
    pub fn enqueue_limited(
        &self,
        tx: &mut StoreConnection,
        (id, account): (MessageId, AccountId),
        (sender, letter): (Option<AccountId>, &Letter),
        now: Timestamp,
    ) -> Result<()> {
        let recipient_hash = &hash(&letter.to);
        let day = TimeDelta::days(1);
        let (count, first) = outbox::caused_to(tx, recipient_hash, now - day)?;
        if count >= EMAILS_PER_RECIPIENT {
            let left = first.map_or(day, |first| first + day - now).num_seconds();
            return Err(Refusal::TooManyEmails { seconds: u64::try_from(left).unwrap_or_default() + 1 }.into());
        }
        let mut due_at = now;
        let sender = match sender {
            None => None,
            Some(sender) => {
                let pace = Pace::after(outbox::next_at(tx, sender)?, now);
                due_at = pace.due_at;
                Some((sender, pace.next_at))
            }
        };
        let payload = self.seal(id, letter)?;
        let caused = Some(Caused { recipient_hash, sender });
        Ok(outbox::enqueue(tx, &NewMessage { id, account, payload: &payload, due_at, caused, now })?)
    }

    fn seal(&self, id: MessageId, letter: &Letter) -> Result<Vec<u8>> {
        let failed = |_| {
            Error::new(
                ErrorCode::Internal,
                "The service failed. Nothing was changed. Report the `request_id` to support.",
            )
        };
        let text = serde_json::to_vec(letter).map_err(|error| failed(error.to_string()))?;
        self.seal.seal(id.uuid(), &text).map_err(|error| failed(error.to_string()))
    }

    /// Opens the letter of a message. Fails with the reason if it can't be opened.
    pub fn open(&self, id: MessageId, sealed: &[u8]) -> Result<Letter, String> {
        let text = self.seal.unseal(id.uuid(), sealed).map_err(|error| error.to_string())?;
        serde_json::from_slice(&text).map_err(|error| error.to_string())
    }
}
