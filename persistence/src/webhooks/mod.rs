//! Webhooks: the endpoints to which accounts have their events sent, and the deliveries to them.

mod deliveries;
mod endpoints;
mod work;

pub use deliveries::{Attempt, Delivery, DeliveryFilter, attempts, deliveries, delivery, redeliver, replay};
pub(crate) use endpoints::remove_all;
pub use endpoints::{
    Listening, NewSecret, any_exists, by_id, count, disable, hold, insert, list, listening, owner, remove, rotate,
    secrets, update,
};
pub use work::{Conclusion, Leased, NewDelivery, Work, conclude, due, lease, queue};
