//! E-mails: their texts, the outbox, and how they are sent (S5).

pub mod letter;
pub mod outbox;
pub mod texts;
pub mod transport;
pub mod worker;

pub use letter::{Letter, News, SecondFactorNotice, SecretLink};
pub use outbox::{Limits, Outbox, Permit};
