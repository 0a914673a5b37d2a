//! The outbox: letters that are waiting to be sent.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::TimeDelta;
use domain::Timestamp;
use domain::delivery::Pace;
use domain::id::{AccountId, MessageId};
use domain::limits::EMAILS_PER_RECIPIENT;
use domain::refusal::Refusal;
use persistence::outbox::{Caused, CausedTo, NewMessage};
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
        let mut limits = Limits::load(tx, &[recipient_hash], &sender.into_iter().collect(), now)?;
        let Permit { due_at, sender } = limits.pass(recipient_hash, sender, now)?;
        let payload = self.seal(id, letter)?;
        let caused = Some(Caused { recipient_hash, sender });
        Ok(outbox::enqueue(tx, &NewMessage { id, account, payload: &payload, due_at, caused, now })?)
    }

    /// Seals a letter.
    pub fn seal(&self, id: MessageId, letter: &Letter) -> Result<Vec<u8>> {
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

/// How many letters may be caused, to some recipients and by some senders.
pub struct Limits {
    to: CausedTo,
    by: HashMap<AccountId, Timestamp>,
}

/// When a letter may be sent, and when the next one of its sender.
pub struct Permit {
    /// When it may be sent.
    pub due_at: Timestamp,
    /// The sender, and when its next letter may follow.
    pub sender: Option<(AccountId, Timestamp)>,
}

impl Limits {
    /// Loads the limits for the hashes of some recipients and for some senders.
    pub fn load(
        tx: &mut StoreConnection,
        recipients: &[&[u8]],
        senders: &BTreeSet<AccountId>,
        now: Timestamp,
    ) -> Result<Self> {
        let to = outbox::caused_to(tx, recipients, now - TimeDelta::days(1))?;
        Ok(Self { to, by: outbox::next_at(tx, senders)? })
    }

    /// Counts a letter. Refused if others have caused too many to this recipient today.
    pub fn pass(&mut self, recipient_hash: &[u8], sender: Option<AccountId>, now: Timestamp) -> Result<Permit> {
        let (count, first) = self.to.entry(recipient_hash.to_vec()).or_insert((0, now));
        if *count >= EMAILS_PER_RECIPIENT {
            let left = (*first + TimeDelta::days(1) - now).num_seconds();
            return Err(Refusal::TooManyEmails { seconds: u64::try_from(left).unwrap_or_default() + 1 }.into());
        }
        *count += 1;
        let Some(sender) = sender else { return Ok(Permit { due_at: now, sender: None }) };
        let pace = Pace::after(self.by.get(&sender).copied(), now);
        self.by.insert(sender, pace.next_at);
        Ok(Permit { due_at: pace.due_at, sender: Some((sender, pace.next_at)) })
    }
}
