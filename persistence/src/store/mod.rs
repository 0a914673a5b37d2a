//! The machinery that runs queries: connections, the threads that own them, groups of operations, and shared column
//! types.

pub(crate) mod error;
pub(crate) mod database_file;
pub(crate) mod health;
pub(crate) mod postgresql_url;
pub(crate) mod connection;
pub(crate) mod key;
pub(crate) mod time;
pub(crate) mod text;
pub(crate) mod page;
pub(crate) mod rows;
pub(crate) mod savepoint;
pub(crate) mod lock;
pub(crate) mod known;
pub(crate) mod job;
pub(crate) mod reply_batch;
pub(crate) mod set;
pub(crate) mod threads;
pub(crate) mod checkpoints;
pub(crate) mod migrations;
pub(crate) mod group;
pub(crate) mod pool;
pub(crate) mod postgresql;
pub(crate) mod database;
