//! The outbox: letters that are waiting to be sent.

use std::sync::Arc;

use domain::Timestamp;
use domain::id::{AccountId, MessageId};
use persistence::{StoreConnection, outbox};

use super::letter::Letter;
use crate::error::{Error, ErrorCode, Result};
use crate::security::seal::Seal;

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
        id: MessageId,
        account: AccountId,
        letter: &Letter,
        now: Timestamp,
    ) -> Result<()> {
        let failed = |_| {
            Error::new(
                ErrorCode::Internal,
                "The service failed. Nothing was changed. Report the `request_id` to support.",
            )
        };
        let text = serde_json::to_vec(letter).map_err(|error| failed(error.to_string()))?;
        let sealed = self.seal.seal(id.uuid(), &text).map_err(|error| failed(error.to_string()))?;
        Ok(outbox::enqueue(tx, id, account, &sealed, now)?)
    }

    /// Opens the letter of a message. Fails with the reason if it can't be opened.
    pub fn open(&self, id: MessageId, sealed: &[u8]) -> Result<Letter, String> {
        let text = self.seal.unseal(id.uuid(), sealed).map_err(|error| error.to_string())?;
        serde_json::from_slice(&text).map_err(|error| error.to_string())
    }
}
