//! Faults of what the service stands on: full disks, databases that die, freeze and come back, clocks that jump, no more
//! descriptors, mail servers and receivers that hang. Each test says what stays true. They take minutes, so `make
//! faults` runs them; slow clients and a log that nobody reads are in `end_to_end`.

mod clock;
mod databases;
mod others;
mod resources;

use std::time::Duration;

use end_to_end::{Answer, Client, reseller_body};
use reqwest::Method;
use serde_json::json;

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");

/// What became of creations that were tried one after the other.
#[derive(Debug, Default)]
struct Tried {
    /// The addresses of accounts whose creation was acknowledged.
    acknowledged: Vec<String>,
    /// How many were refused because the service can't do it now.
    unavailable: usize,
}

impl Tried {
    /// Creates a reseller. Every answer is 201 or 503.
    async fn create(&mut self, client: &Client, master: &str, email: String) -> u16 {
        let mut body = reseller_body(&email);
        body["master_reseller_id"] = json!(master);
        let answer: Answer = client.request(Method::POST, "/resellers").json(&body).send().await;
        if answer.status == 201 {
            self.acknowledged.push(email);
        } else {
            answer.clone().problem(503, "unavailable");
            self.unavailable += 1;
        }
        answer.status
    }

    /// Checks that everything that was acknowledged is there, once.
    async fn are_kept(&self, client: &Client) {
        for email in &self.acknowledged {
            let found = client.get(&format!("/resellers?q={email}")).await.expect(200).json();
            assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{email}");
        }
    }
}

/// Waits until the service is ready, or isn't, for at most a minute.
async fn until_ready(client: &Client, status: u16) {
    let waiting = async {
        while client.get("/readyz").await.status != status {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waiting).await.unwrap_or_else(|_| panic!("/readyz is not {status}"));
}
