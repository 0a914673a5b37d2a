//! E-mails: what they say, how they wait in the outbox, and how they leave (S5).

pub mod letter;
pub mod outbox;
pub mod texts;
pub mod transport;
pub mod worker;

pub use letter::Letter;
pub use outbox::Outbox;
