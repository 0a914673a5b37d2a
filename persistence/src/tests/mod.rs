//! The store's own promises, on SQLite, which every machine has. What both databases promise is tested end to end.

mod answers;
mod group_commit;
mod known;
mod plans;
