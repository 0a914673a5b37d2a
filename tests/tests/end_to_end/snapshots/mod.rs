//! The main story of each resource, with all that is answered on the way, as `stories/` keeps it. Both databases give the same.
//!
//! After a change that was meant, `INSTA_UPDATE=always cargo test --package end-to-end --test end_to_end snapshots:: -- --skip
//! Postgresql` writes them anew; read the difference before you commit it.

mod access;
mod accounts;
mod billing;
mod events;
mod mask;
mod story;
mod system;
mod telephony;
