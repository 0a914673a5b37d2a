//! From a reseller's creation until a phone rings in Teams, whenever the service is killed meanwhile (R11, R14).

use std::path::PathBuf;
use std::time::Duration;

use diesel::prelude::*;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Client, Database, FreshDatabase, Graph, PASSWORD, Process, enterprise_body, reseller_body};
use persistence::DatabaseUrl;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");
const DOMAIN: &str = "kiosk.emea.teammate.example";
const NUMBER: &str = "+4930901820";
const KILLS: u32 = 50;

/// Lets the two minutes be over after which others take over what a process that died was doing.
fn pass_minutes(database: &FreshDatabase, graph: &Graph) {
    graph.tenant().pass_minutes();
    let statements = [
        "UPDATE direct_routing_routes SET leased_until = NULL, due_at = '2026-01-01 00:00:00'",
        "UPDATE lent_licences SET leased_until = NULL, due_at = '2026-01-01 00:00:00'",
        "UPDATE teams_queues SET leased_until = NULL, due_at = '2026-01-01 00:00:00'",
        "UPDATE teams_users SET due_at = '2026-01-01 00:00:00', assigning_until = NULL",
    ];
    for sql in statements {
        match &database.url {
            DatabaseUrl::Sqlite(path) => {
                let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
                diesel::sql_query("PRAGMA busy_timeout = 5000").execute(&mut connection).unwrap();
                diesel::sql_query(sql).execute(&mut connection).unwrap();
            }
            DatabaseUrl::Postgresql(url) => {
                diesel::sql_query(sql).execute(&mut PgConnection::establish(url).unwrap()).unwrap();
            }
        }
    }
}

/// What a partner's program does. It may be interrupted anywhere and begins again: each creation has a key of its own, by
/// which it is carried out once.
struct Journey {
    key: String,
    /// Where the e-mails are.
    mail: PathBuf,
}

impl Journey {
    async fn create(&self, client: &Client, path: &str, body: &Value) -> String {
        let key = format!("{}-{}", self.key, path.replace('/', "-"));
        let request = client.request(Method::POST, path).header("Idempotency-Key", &key).json(body);
        request.send().await.expect(201).text_of("id")
    }

    /// Goes as far as an established route, and returns the enterprise.
    async fn establish(&self, client: &Client) -> String {
        let ticket = json!({
            "subject": "Add to TeamMate Portal", "partner_company_name": "Contoso", "first_name": "Ann",
            "last_name": "Example", "email": "ann@contoso.example",
        });
        let ticket = self.create(client, "/support-tickets", &ticket).await;
        let path = format!("/support-tickets/{ticket}");
        let _ = client.post(&format!("{path}/approve"), &json!({})).await;
        let master = client.get(&path).await.expect(200).text_of("master_reseller_id");
        self.activate(client, &format!("/master-resellers/{master}"), "ann@contoso.example").await;
        let mut reseller = reseller_body("office@nordwind.example");
        reseller["master_reseller_id"] = json!(master);
        let mut enterprise = enterprise_body("admin@kiosk.example");
        let reseller = self.create(client, "/resellers", &reseller).await;
        self.activate(client, &format!("/resellers/{reseller}"), "office@nordwind.example").await;
        enterprise["reseller_id"] = json!(reseller);
        enterprise["services"] = json!(["pbx", "trunk"]);
        let enterprise = self.create(client, "/enterprises", &enterprise).await;
        self.activate(client, &format!("/enterprises/{enterprise}"), "admin@kiosk.example").await;
        let routing = format!("/enterprises/{enterprise}/direct-routing");
        let _ = client.post(&format!("{routing}/routes/emea/start"), &json!({"label": "kiosk"})).await;
        loop {
            let shown = client.get(&routing).await.expect(200).json();
            assert_ne!(shown["routes"][0]["state"], "failed", "{shown}");
            if shown["established"] == true && shown["routes"][0]["voice_routing"]["policy_id"].is_string() {
                return enterprise;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Activates an account with the link in its e-mail, unless it is active.
    async fn activate(&self, client: &Client, path: &str, address: &str) {
        while client.get(path).await.expect(200).json()["status"] != "active" {
            if let Some(token) = self.token(address) {
                let _ = client.post("/activations", &json!({"token": token, "password": PASSWORD})).await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The token of the link in the e-mail to an address, once it is there.
    fn token(&self, address: &str) -> Option<String> {
        let files = std::fs::read_dir(&self.mail).ok()?.flatten();
        let mails = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
        let mail = mails.filter(|mail| mail.contains(&format!("To: {address}"))).last()?;
        let mail = mail.replace("=\r\n", "").replace("=3D", "=");
        let (_, rest) = mail.split_once("#token=")?;
        Some(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect())
    }

    async fn user(&self, client: &Client) -> String {
        let enterprise = self.establish(client).await;
        let trunk = json!({"name": "Main", "host": "192.0.2.1", "authentication": "ip", "addresses": ["192.0.2.1"]});
        let trunk = self.create(client, &format!("/enterprises/{enterprise}/trunks"), &trunk).await;
        let user = json!({
            "teams_user": "anna@kiosk.example", "trunk_id": trunk, "default_number": NUMBER, "voice_route": "emea",
        });
        self.create(client, &format!("/enterprises/{enterprise}/users"), &user).await
    }

    /// Has the user applied or released, and waits until it is.
    async fn until(&self, client: &Client, command: &str, state: &str) {
        let user = self.user(client).await;
        let path = format!("/users/{user}");
        loop {
            let teams = client.get(&path).await.expect(200).json()["teams"].clone();
            assert_ne!(teams["state"], "failed", "{teams}");
            if teams["state"] == state {
                return;
            }
            if !["pending", "releasing"].contains(&teams["state"].as_str().unwrap()) {
                let _ = client.post(&format!("{path}/teams/{command}"), &json!({})).await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Applies and releases the user again and again.
    async fn go_on(&self, client: &Client) {
        loop {
            self.until(client, "apply", "applied").await;
            self.until(client, "release", "released").await;
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r14_killed_at_any_moment_it_rings_in_the_end(#[values(Sqlite, Postgresql)] database: Database) {
    let graph = Graph::start();
    {
        let mut tenant = graph.tenant();
        tenant.voice_policies.insert(format!("TeamMate {DOMAIN}"), "J93PmFHwFcLZ".to_owned());
        tenant.add_user("anna@kiosk.example", "Anna", true);
        tenant.lag = 2;
    }
    let fresh = database.fresh();
    let journey = Journey { key: Uuid::now_v7().to_string(), mail: fresh.directory.path().join("mail") };
    for _ in 0..KILLS {
        let process = Process::start_with(BINARY, &fresh, &graph.flags());
        let client = Client::sign_in(&process).await;
        let moment = Duration::from_millis(20 + (Uuid::now_v7().as_u128() % 380) as u64);
        let interrupted = tokio::time::timeout(moment, journey.go_on(&client)).await;
        assert!(interrupted.is_err());
        process.kill();
        pass_minutes(&fresh, &graph);
    }
    let process = Process::start_with(BINARY, &fresh, &graph.flags());
    let client = Client::sign_in(&process).await;
    // Whatever it was doing, it comes to an end, and nothing is there twice.
    let ends = async |command: &str, state: &str| {
        for _ in 0..100 {
            let until = journey.until(&client, command, state);
            if tokio::time::timeout(Duration::from_millis(600), until).await.is_ok() {
                return;
            }
            pass_minutes(&fresh, &graph);
        }
        let user = journey.user(&client).await;
        panic!("the user never was {state}: {}", client.get(&format!("/users/{user}")).await.text);
    };
    ends("apply", "applied").await;
    {
        let tenant = graph.tenant();
        let assigned: Vec<_> = tenant.assigned().into_iter().collect();
        assert_eq!(assigned, [(NUMBER.to_owned(), "anna@kiosk.example".to_owned())]);
        let given: Vec<_> = tenant.users.values().filter(|user| user.policy.is_some()).map(|user| &user.name).collect();
        assert_eq!(given, ["anna@kiosk.example"]);
        assert_eq!((tenant.domains.len(), tenant.users.len(), tenant.spare_licences), (1, 2, 1));
    }
    ends("release", "released").await;
    let tenant = graph.tenant();
    assert!(tenant.assigned().is_empty() && tenant.users.values().all(|user| user.policy.is_none()));
    assert!(tenant.assignments.len() > 1, "it was applied more than once");
    drop(tenant);
}
