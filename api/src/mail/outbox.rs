//! Puts letters into the outbox, sealed, and takes them out again.

use std::sync::Arc;

use domain::Timestamp;
use domain::id::{AccountId, MessageId};
use persistence::{StoreConnection, outbox};

use super::letter::Letter;
use crate::error::{Error, ErrorCode};
use crate::security::seal::Seal;

/// Seals what waits, because the links in it open doors.
pub struct Outbox {
    seal: Arc<Seal>,
}

impl Outbox {
    /// Seals with these keys.
    #[must_use]
    pub fn new(seal: Arc<Seal>) -> Self {
        Self { seal }
    }

    /// Puts a letter into the outbox of an account, to leave when the transaction is committed.
    pub fn enqueue(
        &self,
        tx: &mut StoreConnection,
        id: MessageId,
        account: AccountId,
        letter: &Letter,
        now: Timestamp,
    ) -> Result<(), Error> {
        let failed = |_| Error::new(ErrorCode::Internal, "This is our fault. Nothing was changed.");
        let text = serde_json::to_vec(letter).map_err(|error| failed(error.to_string()))?;
        let sealed = self.seal.seal(id.uuid(), &text).map_err(|error| failed(error.to_string()))?;
        Ok(outbox::enqueue(tx, id, account, &sealed, now)?)
    }

    /// The letter of a message, or why it can't be read.
    pub fn open(&self, id: MessageId, sealed: &[u8]) -> Result<Letter, String> {
        let text = self.seal.unseal(id.uuid(), sealed).map_err(|error| error.to_string())?;
        serde_json::from_slice(&text).map_err(|error| error.to_string())
    }
}
