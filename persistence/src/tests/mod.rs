//! Tests of the store itself, on SQLite, which is available everywhere. The behaviour of both databases is tested end
//! to end.

mod answers;
mod group_commit;
mod known;
mod plans;
