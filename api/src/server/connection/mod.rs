//! Connections between the listener and HTTP: how many there may be, how much each may hold, and the answers to what
//! can't be parsed.
//!
//! Actix reads ahead and queues whatever a client sends, and keeps whatever the client does not take. A client that
//! sends many requests and reads no answer would therefore use up the memory. [`Connection`] reads from its socket only
//! when the request can be carried out, and gives up a client that does not take what is waiting for it.

mod head;
mod refusal;
mod socket;
mod stream;
mod traffic;

pub(super) use stream::{Connection, Door};
pub(super) use traffic::{BodyLength, Traffic, Turn};
