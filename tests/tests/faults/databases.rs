//! PostgreSQL is killed, frozen, and gone for half a minute: changes are made or refused with 503, none that was
//! acknowledged is lost, nothing is said not to exist (S7), and the service goes on without a restart.

use std::time::{Duration, Instant};

use end_to_end::{Client, FreshDatabase, OwnCluster, Process};
use persistence::DatabaseUrl;
use tempfile::TempDir;

use super::{BINARY, Tried, until_ready};

struct Story {
    cluster: OwnCluster,
    client: Client,
    master: String,
    tried: Tried,
    /// The process, its keys, which it reads again and again, and the folder of the cluster.
    _kept: (Process, FreshDatabase, TempDir),
}

impl Story {
    async fn begin() -> Self {
        let folder = TempDir::new().expect("a folder");
        let cluster = OwnCluster::start_in(folder.path());
        let directory = TempDir::new().expect("a folder");
        let database = FreshDatabase { url: DatabaseUrl::Postgresql(cluster.url.clone()), directory };
        let process = Process::start(BINARY, &database);
        let client = Client::sign_in(&process).await;
        let master = client.master_reseller("m@contoso.example").await;
        let kept = (process, database, folder);
        let mut story = Self { cluster, client, master, tried: Tried::default(), _kept: kept };
        assert_eq!(story.create("before").await, 201);
        story
    }

    async fn create(&mut self, name: &str) -> u16 {
        self.tried.create(&self.client, &self.master, format!("{name}@nordwind.example")).await
    }

    /// Creates for a while.
    async fn create_for(&mut self, name: &str, time: Duration) {
        let started = Instant::now();
        for number in 0.. {
            if started.elapsed() > time {
                break;
            }
            self.create(&format!("{name}{number}")).await;
        }
    }

    async fn end(mut self) {
        until_ready(&self.client, 200).await;
        assert_eq!(self.create("after").await, 201);
        self.tried.are_kept(&self.client).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long: make faults"]
async fn s7_postgresql_is_killed_and_started_again() {
    let mut story = Story::begin().await;
    for round in 0..3 {
        story.create_for(&format!("a{round}-"), Duration::from_secs(1)).await;
        story.cluster.kill();
        assert_eq!(story.create(&format!("gone{round}")).await, 503);
        let master = story.master.clone();
        story.client.get(&format!("/master-resellers/{master}")).await.problem(503, "unavailable");
        until_ready(&story.client, 503).await;
        story.cluster.start();
        until_ready(&story.client, 200).await;
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long: make faults"]
async fn s7_postgresql_is_gone_for_half_a_minute() {
    let mut story = Story::begin().await;
    story.cluster.kill();
    story.create_for("gone", Duration::from_secs(30)).await;
    assert_eq!(story.tried.acknowledged.len(), 1, "nothing is acknowledged without a database");
    assert!(story.tried.unavailable > 0);
    story.cluster.start();
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long: make faults"]
async fn s7_postgresql_freezes_and_goes_on() {
    let mut story = Story::begin().await;
    story.cluster.freeze();
    // Answers come although the database gives none.
    let waiting = story.create("frozen");
    let status = tokio::time::timeout(Duration::from_mins(2), waiting).await.expect("the request is answered");
    assert_eq!(status, 503);
    let master = story.master.clone();
    story.client.get(&format!("/master-resellers/{master}")).await.problem(503, "unavailable");
    until_ready(&story.client, 503).await;
    story.cluster.thaw();
    until_ready(&story.client, 200).await;
    story.create_for("later", Duration::from_secs(1)).await;
    story.end().await;
}
