//! Events (R16): recorded in the transaction of the change, read in commit order.

mod find;
mod publish;
mod record;

pub use find::{Event, Filter, by_id, list, of_subject};
pub use publish::{Batch, any_waiting, handed_on, latest, publish};
pub use record::{Actor, EventRow, record_all};
