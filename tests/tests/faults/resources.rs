//! The disk is full, or there are no more descriptors: changes are refused with 503, what was acknowledged stays, and the
//! service goes on once there is room.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use end_to_end::Database::{self, Postgresql, Sqlite};
use end_to_end::{Client, FreshDatabase, OwnCluster, Process};
use persistence::DatabaseUrl;
use rstest::rstest;

use super::{BINARY, Tried, until_ready};

/// A small disk of its own, in memory. Needs root.
struct Disk(tempfile::TempDir);

impl Disk {
    fn mount(size: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder.path());
        assert!(mount.status().is_ok_and(|status| status.success()), "a disk can be mounted only by root");
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut file = fs::File::create(self.path().join("filler")).expect("a file");
        let part = vec![0; 64 * 1024];
        while file.write_all(&part).is_ok() {}
        while file.write_all(&[0; 512]).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.path().join("filler")).expect("the file is there");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long and needs root: make faults"]
async fn the_disk_is_full(#[values(Sqlite, Postgresql)] database: Database) {
    let disk = Disk::mount(if database == Sqlite { "16m" } else { "200m" });
    let folder = disk.path().join("data");
    fs::create_dir(&folder).expect("a folder");
    let (cluster, url, directory) = match database {
        Sqlite => {
            let directory = tempfile::tempdir_in(&folder).expect("a folder");
            (None, DatabaseUrl::Sqlite(directory.path().join("teammate.db")), directory)
        }
        Postgresql => {
            let cluster = OwnCluster::start_in(&folder);
            let url = DatabaseUrl::Postgresql(cluster.url.clone());
            (Some(cluster), url, tempfile::tempdir().expect("a folder"))
        }
    };
    let fresh = FreshDatabase { url, directory };
    let process = Process::start(BINARY, &fresh);
    let client = Client::sign_in(&process).await;
    let master = client.master_reseller("m@contoso.example").await;
    let mut tried = Tried::default();
    assert_eq!(tried.create(&client, &master, "before@nordwind.example".to_owned()).await, 201);
    disk.fill();
    let mut number = 0;
    // The databases have some room in files that they have already.
    while tried.unavailable < 5 {
        tried.create(&client, &master, format!("full{number}@nordwind.example")).await;
        number += 1;
        assert!(number < 100_000, "the disk never filled up");
    }
    if database == Sqlite {
        until_ready(&client, 503).await;
        let _ = client.get("/livez").await.expect(200);
        let _ = client.get("/resellers").await.expect(200);
    }
    disk.make_room();
    until_ready(&client, 200).await;
    assert_eq!(tried.create(&client, &master, "after@nordwind.example".to_owned()).await, 201);
    tried.are_kept(&client).await;
    drop((process, cluster));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long and needs root: make faults"]
async fn s11_the_disk_with_the_mail_folder_is_full() {
    let disk = Disk::mount("4m");
    let directory = tempfile::tempdir_in(disk.path()).expect("a folder");
    let database = Postgresql.fresh();
    let fresh = FreshDatabase { url: database.url.clone(), directory };
    let process = Process::start(BINARY, &fresh);
    let client = Client::sign_in(&process).await;
    let master = client.master_reseller("m@contoso.example").await;
    disk.fill();
    let mut tried = Tried::default();
    for number in 0..20 {
        // Mail waits; nothing else does.
        assert_eq!(tried.create(&client, &master, format!("r{number}@nordwind.example")).await, 201);
    }
    until_delivery(&client, "retrying").await;
    let _ = client.get("/readyz").await.expect(200);
    disk.make_room();
    until_delivery(&client, "sent").await;
    tried.are_kept(&client).await;
}

/// Waits until the e-mail of the newest reseller has this state, for at most two minutes.
async fn until_delivery(client: &Client, state: &str) {
    let waiting = async {
        loop {
            let list = client.get("/resellers?sort=-created_at&limit=1").await.expect(200).json();
            if list["items"][0]["activation"]["delivery"] == state {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(2), waiting).await.unwrap_or_else(|_| panic!("it is never {state}"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long: make faults"]
async fn there_are_no_more_descriptors(#[values(Sqlite, Postgresql)] database: Database) {
    let fresh = database.fresh();
    let process = Process::start(BINARY, &fresh);
    let client = Client::sign_in(&process).await;
    let master = client.master_reseller("m@contoso.example").await;
    let mut tried = Tried::default();
    assert_eq!(tried.create(&client, &master, "before@nordwind.example".to_owned()).await, 201);
    let used = fs::read_dir(format!("/proc/{}/fd", process.id())).expect("its descriptors").count();
    let limit = format!("--nofile={}", used + 10);
    let set = Command::new("prlimit").args(["--pid", &process.id().to_string(), &limit]).status();
    assert!(set.is_ok_and(|status| status.success()));
    let address = process.url.trim_start_matches("http://");
    let hoard: Vec<_> = (0..100).map(|_| TcpStream::connect(address).expect("the system takes it")).collect();
    // The connection that is there goes on.
    assert_eq!(tried.create(&client, &master, "meanwhile@nordwind.example".to_owned()).await, 201);
    drop(hoard);
    let other = Client::sign_in(&process).await;
    assert_eq!(tried.create(&other, &master, "after@nordwind.example".to_owned()).await, 201);
    tried.are_kept(&other).await;
    assert!(process.terminate(), "it stops as always");
}
