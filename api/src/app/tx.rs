//! The transaction of an operation.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use domain::Timestamp;
use domain::account::Ancestry;
use domain::id::{AccountId, MessageId};
use persistence::{StoreConnection, savepoint, taken_claims};

use crate::access::Origin;
use crate::error::Result;
use crate::ids::new_id;
use crate::mail::{Letter, Outbox};
use crate::security::claim_limit::Uncounted;
use crate::security::seal::Seal;

/// What operations need besides the store.
#[derive(Clone)]
pub struct Tools {
    /// Queues e-mails.
    pub outbox: Arc<Outbox>,
    /// Seals secrets before they are stored.
    pub seal: Arc<Seal>,
    /// The refused claims of values that others have, until they are counted.
    pub taken_claims: Arc<Uncounted>,
}

/// The transaction of one operation: its connection, to which it dereferences, its time, and who acts.
pub struct Tx<'a> {
    connection: &'a mut StoreConnection,
    /// The time of the operation, which all of its changes have.
    pub now: Timestamp,
    /// Who acts and with which request, as events record it.
    pub origin: &'a Origin,
    tools: &'a Tools,
    /// Seals secrets before they are stored.
    pub seal: &'a Seal,
    /// The account that the last recorded event was about, if the caller can see it.
    changed: Option<AccountId>,
}

impl Tools {
    /// Creates the tools that seal with these keys.
    #[must_use]
    pub fn new(seal: Seal) -> Self {
        let seal = Arc::new(seal);
        Self { outbox: Arc::new(Outbox::new(Arc::clone(&seal))), seal, taken_claims: Arc::default() }
    }

    /// The transaction of an operation on this connection.
    pub fn tx<'a>(&'a self, connection: &'a mut StoreConnection, origin: &'a Origin, now: Timestamp) -> Tx<'a> {
        Tx { connection, now, origin, tools: self, seal: &self.seal, changed: None }
    }
}

impl<'a> Tx<'a> {
    /// Queues a letter for an account and returns the id of its message. It is sent after the transaction has been
    /// committed.
    pub fn send(&mut self, account: AccountId, letter: &Letter) -> Result<MessageId> {
        let message = new_id(self.now);
        self.tools.outbox.enqueue(self.connection, (message, account), letter, self.now)?;
        Ok(message)
    }

    /// Queues a letter that its recipient may not expect, such as an invitation. Refused if others have caused too many
    /// letters to this address today; sent later if the caller's account has caused many. Operators are not limited.
    pub fn send_limited(&mut self, account: AccountId, letter: &Letter) -> Result<MessageId> {
        let message = new_id(self.now);
        self.send_limited_as(message, account, letter)?;
        Ok(message)
    }

    /// Like [`Self::send_limited`], with a given id of the message.
    pub fn send_limited_as(&mut self, message: MessageId, account: AccountId, letter: &Letter) -> Result<()> {
        let outbox = &self.tools.outbox;
        if !self.origin.is_limited() {
            return outbox.enqueue(self.connection, (message, account), letter, self.now);
        }
        outbox.enqueue_limited(self.connection, (message, account), (self.origin.account, letter), self.now)
    }

    /// What operations need besides the store.
    #[must_use]
    pub fn tools(&self) -> &'a Tools {
        self.tools
    }

    /// Runs a part of the operation whose changes are rolled back if it fails.
    pub fn savepoint<T, E: From<persistence::Error>>(
        &mut self,
        part: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let Self { connection, now, origin, tools, seal, changed } = self;
        savepoint(connection, |connection| {
            let mut inner = Tx { connection, now: *now, origin, tools, seal, changed: *changed };
            let done = part(&mut inner)?;
            *changed = inner.changed;
            Ok(done)
        })
    }

    /// Checks that the caller's account may claim something that is unique in the whole service: it may not have tried
    /// too many values of others today. Operators may always.
    pub fn check_may_claim(&mut self) -> Result<()> {
        let Some(account) = self.limited_claimant() else { return Ok(()) };
        let today = taken_claims::today(self.connection, account, self.now)?;
        self.tools.taken_claims.check(account, today, 0, self.now)
    }

    /// Counts that somebody else has what the caller's account tried to claim.
    pub fn note_taken(&self) {
        if let Some(account) = self.limited_claimant() {
            self.tools.taken_claims.note(account, 1);
        }
    }

    fn limited_claimant(&self) -> Option<AccountId> {
        self.origin.account.filter(|_| self.origin.is_limited())
    }

    /// Notes what a recorded event is about.
    pub fn note_change(&mut self, ancestry: &Ancestry) {
        if self.origin.scope().is_some_and(|scope| ancestry.is_in(scope)) {
            self.changed = ancestry.account();
        }
    }

    /// Forgets what was changed, for an operation whose answer is about many accounts and shows none of them.
    pub fn forget_changes(&mut self) {
        self.changed = None;
    }

    /// The account that the operation has changed; `None` if it has changed nothing below the platform.
    #[must_use]
    pub fn changed(&self) -> Option<AccountId> {
        self.changed
    }
}

impl Deref for Tx<'_> {
    type Target = StoreConnection;

    fn deref(&self) -> &StoreConnection {
        self.connection
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut StoreConnection {
        self.connection
    }
}
