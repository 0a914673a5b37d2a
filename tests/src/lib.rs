//! The harness of the end-to-end tests: a service on a fresh database of either kind, people who use it, and the mail
//! that they get.

use std::path::{Path, PathBuf};

mod app;
mod browser;
mod client;
mod cluster;
mod contract;
mod demo;
mod graph;
mod group;
mod http;
mod mail_server;
mod own_cluster;
mod office;
mod people;
mod process;
mod receiver;

pub use app::{App, PUBLIC};
pub use browser::Browser;
pub use client::Client;
pub use cluster::{Database, FreshDatabase, postgresql_programs};
pub use contract::breaks;
pub use demo::Demo;
pub use graph::{Fault, Graph, Held, TENANT_ID, Tenant, When};
pub use group::Group;
pub use http::{Answer, Request};
pub use mail_server::mail_server;
pub use office::{Office, add};
pub use own_cluster::OwnCluster;
pub use people::{Person, enterprise_body, reseller_body};
pub use process::Process;
pub use receiver::{Received, Receiver, Reply};

/// The root of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The password of everybody in the tests.
pub const PASSWORD: &str = "correct horse battery staple";
