//! R14: many users of one enterprise are applied in Teams at once, with Microsoft throttling every fifth request, and hold
//! nobody else up.

use std::fmt::Write as _;

use api::resources::{direct_routing, teams};
use chrono::TimeDelta;
use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, Graph, Person, add};
use rstest::rstest;
use serde_json::{Value, json};

/// How many users are applied, unless the environment says otherwise.
const USERS: usize = 300;

/// How many users of another enterprise are applied one after the other, alone and then beside the large one.
const OTHERS: usize = 20;

/// The number that only one of twenty exceeds.
fn p95(mut turns: Vec<u32>) -> u32 {
    turns.sort_unstable();
    turns[turns.len() * 95 / 100]
}

/// An enterprise with a tenant, a route and a trunk of its own.
struct Kiosk {
    admin: Person,
    trunk: String,
    name: &'static str,
}

struct Story {
    app: App,
    graph: Graph,
}

impl Story {
    async fn start(database: Database) -> Self {
        let graph = Graph::start();
        let flags = graph.flags_for_own_tenants();
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        Self { app: App::start_with(database, &flags).await, graph }
    }

    async fn kiosk(&self, name: &'static str) -> Kiosk {
        let master = self.app.plant(Tier::MasterReseller, &[], &format!("master@{name}.example")).await;
        let reseller = self.app.plant(Tier::Reseller, &[&master], &format!("reseller@{name}.example")).await;
        let email = format!("admin@{name}.example");
        let enterprise = self.app.plant(Tier::Enterprise, &[&master, &reseller], &email).await;
        let person = self.app.member(&reseller, Role::Owner).await;
        let admin = Person { account: enterprise, ..person };
        let policy = format!("TeamMate {name}.emea.teammate.example");
        self.graph.tenant().voice_policies.insert(policy, format!("Policy{name}"));
        self.graph.tenant().spare_licences += 1;
        let path = format!("/enterprises/{}/direct-routing/routes/emea/start", admin.account);
        let start = self.app.post(&path).bearer(&admin.token).json(&json!({"label": name}));
        let _ = start.send().await.expect(200);
        while direct_routing::worker::advance_due(self.app.service()).await.expect("the routes can be read") > 0 {}
        let trunk = json!({"name": "Main", "host": "192.0.2.1", "authentication": "ip", "addresses": ["192.0.2.1"]});
        let trunk = add(&self.app, &admin, "trunks", &trunk).await.expect(201).text_of("id");
        Kiosk { admin, trunk, name }
    }

    async fn add(&self, kiosk: &Kiosk, user: &str, number: &str) -> String {
        let name = format!("{user}@{}.example", kiosk.name);
        self.graph.tenant().add_user(&name, user, true);
        let body =
            json!({"teams_user": name, "trunk_id": kiosk.trunk, "default_number": number, "voice_route": "emea"});
        add(&self.app, &kiosk.admin, "users", &body).await.expect(201).text_of("id")
    }

    async fn teams(&self, kiosk: &Kiosk, user: &str) -> Value {
        let person = self.app.member(&kiosk.admin.account, Role::Viewer).await;
        self.app.get(&format!("/users/{user}")).bearer(&person.token).send().await.expect(200).json()["teams"].clone()
    }

    async fn counts(&self, kiosk: &Kiosk) -> Value {
        let person = self.app.member(&kiosk.admin.account, Role::Viewer).await;
        let path = format!("/enterprises/{}/users/teams", kiosk.admin.account);
        self.app.get(&path).bearer(&person.token).send().await.expect(200).json()
    }

    /// Has a user applied, and counts the turns that pass until it is, over all enterprises.
    async fn turns_of(&self, kiosk: &Kiosk, user: &str, number: &str) -> u32 {
        let id = self.add(kiosk, user, number).await;
        let person = self.app.member(&kiosk.admin.account, Role::Owner).await;
        let apply = self.app.post(&format!("/users/{id}/teams/apply")).bearer(&person.token).json(&json!({}));
        let _ = apply.send().await.expect(200);
        for turns in 0..200 {
            if self.teams(kiosk, &id).await["state"] == "applied" {
                return turns;
            }
            if !teams::worker::serve_next(self.app.service()).await.unwrap() {
                self.app.clock.advance(TimeDelta::seconds(6));
            }
        }
        panic!("never applied: {}", self.teams(kiosk, &id).await);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r14_many_users_are_applied_and_hold_nobody_up(#[values(Sqlite, Postgresql)] database: Database) {
    let users: usize = std::env::var("TEAMMATE_BULK_USERS").map_or(USERS, |text| text.parse().expect("a number"));
    let story = Story::start(database).await;
    let (large, small) = (story.kiosk("large").await, story.kiosk("small").await);
    let mut rows = "teams_user,trunk_id,default_number,voice_route\n".to_owned();
    for number in 0..users {
        let name = format!("u{number}@large.example");
        story.graph.tenant().add_user(&name, "U", true);
        let _ = writeln!(rows, "{name},{},+493022{number:06},emea", large.trunk);
    }
    let path = format!("/enterprises/{}/users", large.admin.account);
    let import = story.app.post(&format!("{path}/import")).bearer(&large.admin.token).raw("text/csv", rows);
    assert_eq!(import.send().await.expect(200).json()["created"], json!(users));
    let mut alone = Vec::new();
    for number in 0..OTHERS {
        alone.push(story.turns_of(&small, &format!("first{number}"), &format!("+493011111{number:02}")).await);
    }
    let before = story.graph.tenant().requests.len();
    {
        let mut tenant = story.graph.tenant();
        (tenant.throttles_one_of, tenant.throttled) = (5, Some("large.example".to_owned()));
    }
    let person = story.app.member(&large.admin.account, Role::Owner).await;
    let apply = story.app.post(&format!("{path}/teams/apply")).bearer(&person.token).json(&json!({}));
    assert_eq!(apply.send().await.expect(200).json()["requested"], json!(users));
    // Another enterprise has every second turn, whatever waits before it.
    let mut beside = Vec::new();
    for number in 0..OTHERS {
        beside.push(story.turns_of(&small, &format!("second{number}"), &format!("+493011112{number:02}")).await);
    }
    let (alone, beside) = (p95(alone), p95(beside));
    assert!(beside <= 2 * alone, "{beside} turns beside a large enterprise, {alone} alone");
    let mut seconds = 0;
    loop {
        for _ in 0..20 {
            while teams::worker::serve_next(story.app.service()).await.unwrap() {}
            story.app.clock.advance(TimeDelta::seconds(1));
            seconds += 1;
        }
        let counts = story.counts(&large).await;
        if counts["applied"] == json!(users) {
            break;
        }
        assert_eq!(counts["failed"], json!(0), "{counts}");
        assert!(seconds < 100_000, "{counts}");
    }
    let requests = story.graph.tenant().requests.len() - before;
    assert!(requests <= 8 * (users + OTHERS), "{requests} requests for {users} users");
    assert_eq!(story.graph.tenant().assigned().len(), users + 2 * OTHERS);
    eprintln!(
        "{users} users: {requests} requests, {seconds} s; another enterprise: {alone} turns alone, {beside} beside"
    );
}
