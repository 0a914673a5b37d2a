//! After any sequence of operations nothing dangles, and whatever is claimed is somebody's who is there.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Client, Database, FreshDatabase, Person, Process};
use persistence::DatabaseUrl;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRng, TestRunner};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");

/// Something that is done, with numbers by which it chooses among what is there.
#[derive(Debug, Clone)]
enum Step {
    AddPbx(u8, u8),
    AddTrunk(u8),
    AddUser { enterprise: u8, on: u8, sip_user: u8, number: u8, forwarded: u8 },
    ChangeUser { user: u8, on: u8, sip_user: u8, number: u8 },
    MovePbx(u8, u8),
    Remove(u8, u8),
    StartRoute(u8, u8),
    ConfirmRoute(u8),
    RemoveRoute(u8),
    Close(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => any::<(u8, u8)>().prop_map(|(a, b)| Step::AddPbx(a, b)),
        1 => any::<u8>().prop_map(Step::AddTrunk),
        6 => any::<(u8, u8, u8, u8, u8)>().prop_map(|(enterprise, on, sip_user, number, forwarded)| Step::AddUser {
            enterprise, on, sip_user, number, forwarded
        }),
        3 => any::<(u8, u8, u8, u8)>().prop_map(|(user, on, sip_user, number)| Step::ChangeUser {
            user, on, sip_user, number
        }),
        1 => any::<(u8, u8)>().prop_map(|(a, b)| Step::MovePbx(a, b)),
        3 => any::<(u8, u8)>().prop_map(|(a, b)| Step::Remove(a, b)),
        1 => any::<(u8, u8)>().prop_map(|(a, b)| Step::StartRoute(a, b)),
        3 => any::<u8>().prop_map(Step::ConfirmRoute),
        1 => any::<u8>().prop_map(Step::RemoveRoute),
        1 => any::<u8>().prop_map(Step::Close),
    ];
    prop::collection::vec(step, 250)
}

/// A few of each, so that sequences collide.
struct World {
    app: App,
    operator: Person,
    enterprises: Vec<String>,
    /// Paths of PBXs, trunks and users, whether they are still there or not.
    things: [Vec<String>; 3],
    done: usize,
    refused: usize,
}

const PBXES: usize = 0;
const TRUNKS: usize = 1;
const USERS: usize = 2;

fn pick(list: &[String], by: u8) -> String {
    list.get(usize::from(by) % list.len().max(1)).cloned().unwrap_or_default()
}

impl World {
    async fn begin(database: Database) -> Self {
        let app = App::start(database).await;
        let operator = app.operator().await;
        let mut enterprises = Vec::new();
        for name in ["one", "two"] {
            let switches = json!({"allow_external_numbers": true, "user_limit": 8, "sbc_regions": ["emea", "noam"]});
            enterprises.push(app.connected(name, switches).await.account);
        }
        Self { app, operator, enterprises, things: Default::default(), done: 0, refused: 0 }
    }

    /// Asks for something that may be done or be refused, but never fails.
    async fn ask(&mut self, method: Method, path: &str, body: Value) -> Option<Value> {
        let mut request = self.app.request(method, path).bearer(&self.operator.token);
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await;
        match answer.status {
            200 | 201 => {
                self.done += 1;
                Some(answer.json())
            }
            204 => {
                self.done += 1;
                None
            }
            404 | 409 | 422 => {
                self.refused += 1;
                None
            }
            status => panic!("{path}: {status}: {}", answer.text),
        }
    }

    async fn add(&mut self, kind: usize, enterprise: u8, body: Value) {
        let what = ["pbxes", "trunks", "users"][kind];
        let path = format!("/enterprises/{}/{what}", pick(&self.enterprises, enterprise));
        if let Some(added) = self.ask(Method::POST, &path, body).await {
            self.things[kind].push(format!("/{what}/{}", added["id"].as_str().unwrap()));
        }
    }

    /// What connects a user: one of the PBXs or trunks that ever were.
    fn on(&self, on: u8, sip_user: u8, number: u8) -> Value {
        let kind = usize::from(on.is_multiple_of(3));
        let thing = pick(&self.things[kind], on / 3);
        let id = thing.rsplit('/').next().unwrap_or_default().to_owned();
        let number = format!("+493090100{:02}", number % 12);
        if kind == PBXES {
            json!({"pbx_id": id, "sip_user": (sip_user % 6).to_string(), "default_number": number})
        } else {
            json!({"trunk_id": id, "default_number": number})
        }
    }

    async fn take(&mut self, step: Step) {
        let domains = ["sip.one.example", "sip.two.example"];
        match step {
            Step::AddPbx(enterprise, by) => {
                let location = format!("Place {}", by % 3);
                let sip_domain = domains[usize::from(by / 3 % 2)];
                let body = json!({"type": "generic", "location": location, "sip_domain": sip_domain});
                self.add(PBXES, enterprise, body).await;
            }
            Step::AddTrunk(enterprise) => {
                let body =
                    json!({"name": "T", "host": "192.0.2.1", "authentication": "ip", "addresses": ["192.0.2.1"]});
                self.add(TRUNKS, enterprise, body).await;
            }
            Step::AddUser { enterprise, on, sip_user, number, forwarded } => {
                let mut body = self.on(on, sip_user, number);
                body["teams_user"] = json!(format!("u{}@kiosk.example", sip_user % 20));
                body["voice_route"] = json!(if number.is_multiple_of(4) { "noam" } else { "emea" });
                body["forwarded_numbers"] = json!([format!("+493090100{:02}", forwarded % 12)]);
                self.add(USERS, enterprise, body).await;
            }
            Step::ChangeUser { user, on, sip_user, number } => {
                let (path, body) = (pick(&self.things[USERS], user), self.on(on, sip_user, number));
                self.ask(Method::PATCH, &path, body).await;
            }
            Step::MovePbx(pbx, by) => {
                let (path, body) =
                    (pick(&self.things[PBXES], pbx), json!({"sip_domain": domains[usize::from(by % 2)]}));
                self.ask(Method::PATCH, &path, body).await;
            }
            Step::Remove(kind, by) => {
                let path = pick(&self.things[usize::from(kind % 3)], by);
                self.ask(Method::DELETE, &path, json!(null)).await;
            }
            Step::StartRoute(enterprise, by) => {
                let body = json!({"label": format!("label-{}", by % 3)});
                self.route(enterprise, "noam/start", body).await;
            }
            Step::ConfirmRoute(enterprise) => {
                self.route(enterprise, "noam/confirm", json!({"verification_txt": "MS=ms1"})).await;
            }
            Step::RemoveRoute(enterprise) => {
                let region = if enterprise.is_multiple_of(7) { "emea/remove" } else { "noam/remove" };
                self.route(enterprise, region, json!(null)).await;
            }
            // Seldom, because a closed enterprise takes part in nothing more.
            Step::Close(by) if by < 250 => {}
            Step::Close(enterprise) => {
                let path = format!("/enterprises/{}", pick(&self.enterprises, enterprise));
                self.ask(Method::DELETE, &path, json!(null)).await;
            }
        }
    }

    async fn route(&mut self, enterprise: u8, command: &str, body: Value) {
        let path = format!("/enterprises/{}/direct-routing/routes/{command}", pick(&self.enterprises, enterprise));
        self.ask(Method::POST, &path, body).await;
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct ForeignKey {
    #[diesel(sql_type = Text)]
    query: String,
}

/// Counts the rows of a query.
fn count(database: &FreshDatabase, query: &str) -> i64 {
    let counted = diesel::sql_query(format!("SELECT count(*) AS count FROM ({query}) AS found"));
    let found: Count = match &database.url {
        DatabaseUrl::Sqlite(path) => {
            counted.get_result(&mut SqliteConnection::establish(path.to_str().unwrap()).unwrap()).unwrap()
        }
        DatabaseUrl::Postgresql(url) => counted.get_result(&mut PgConnection::establish(url).unwrap()).unwrap(),
    };
    found.count
}

/// Every row that refers to one that is not there, found without relying on the constraints themselves.
fn nothing_dangles(database: &FreshDatabase) {
    let DatabaseUrl::Postgresql(url) = &database.url else {
        return assert_eq!(count(database, "SELECT * FROM pragma_foreign_key_check"), 0);
    };
    // A query for each foreign key: rows whose columns are all there, and have no match.
    let keys = diesel::sql_query(
        "SELECT format('SELECT 1 FROM %s c WHERE %s AND NOT EXISTS (SELECT 1 FROM %s p WHERE %s)', conrelid::regclass, \
         string_agg(format('c.%I IS NOT NULL', a.attname), ' AND '), confrelid::regclass, \
         string_agg(format('p.%I = c.%I', f.attname, a.attname), ' AND ')) AS query FROM pg_constraint, \
         LATERAL unnest(conkey, confkey) AS pair (own, other), pg_attribute a, pg_attribute f \
         WHERE contype = 'f' AND a.attrelid = conrelid AND a.attnum = own AND f.attrelid = confrelid AND f.attnum = other \
         GROUP BY pg_constraint.oid, conrelid, confrelid",
    );
    let keys: Vec<ForeignKey> = keys.load(&mut PgConnection::establish(url).unwrap()).unwrap();
    assert!(keys.len() > 20);
    for key in keys {
        assert_eq!(count(database, &key.query), 0, "{}", key.query);
    }
}

/// Claims that are nobody's, that are not what their holder says, or that are missing.
const CLAIMS: [(&str, &str); 9] = [
    (
        "a SIP user whose user, PBX or domain is another",
        "SELECT 1 FROM sip_users s LEFT JOIN users u ON u.id = s.user_id LEFT JOIN pbxes p ON p.id = u.pbx_id \
         WHERE p.sip_domain IS NULL OR p.sip_domain <> s.sip_domain OR u.sip_user <> s.sip_user",
    ),
    (
        "a user of a PBX without its claim",
        "SELECT 1 FROM users u LEFT JOIN sip_users s ON s.user_id = u.id WHERE u.pbx_id IS NOT NULL AND s.user_id IS NULL",
    ),
    (
        "a user of a trunk without a number",
        "SELECT 1 FROM users u WHERE u.trunk_id IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM phone_numbers n WHERE n.user_id = u.id AND n.position = 0)",
    ),
    ("a number twice", "SELECT number FROM phone_numbers GROUP BY number HAVING count(*) > 1"),
    ("a SIP user twice", "SELECT 1 FROM sip_users GROUP BY sip_domain, sip_user HAVING count(*) > 1"),
    ("a domain twice", "SELECT domain FROM direct_routing_routes GROUP BY domain HAVING count(*) > 1"),
    (
        "a user on a route that is not established",
        "SELECT 1 FROM users u LEFT JOIN direct_routing_routes r ON r.account_id = u.account_id AND r.region = u.voice_route \
         WHERE r.state IS NULL OR r.state <> 'established'",
    ),
    (
        "something of an enterprise that is closed",
        "SELECT 1 FROM accounts a WHERE a.status = 'closed' AND (EXISTS (SELECT 1 FROM users x WHERE x.account_id = a.id) \
         OR EXISTS (SELECT 1 FROM pbxes x WHERE x.account_id = a.id) OR EXISTS (SELECT 1 FROM trunks x WHERE x.account_id = a.id) \
         OR EXISTS (SELECT 1 FROM direct_routing_routes x WHERE x.account_id = a.id) \
         OR EXISTS (SELECT 1 FROM email_addresses x WHERE x.account_id = a.id))",
    ),
    (
        "more users than an enterprise may have",
        "SELECT e.account_id FROM enterprises e JOIN users u ON u.account_id = e.account_id \
         GROUP BY e.account_id, e.user_limit HAVING count(*) > e.user_limit",
    ),
];

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn after_any_sequence_of_operations_nothing_dangles(#[values(Sqlite, Postgresql)] database: Database) {
    for seed in 0..3_u8 {
        let rng = TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &[seed; 32]);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let sequence = steps().new_tree(&mut runner).unwrap().current();
        let mut world = World::begin(database).await;
        for step in sequence {
            world.take(step).await;
        }
        let holds = |world: &World| {
            nothing_dangles(&world.app.database);
            for (what, query) in CLAIMS {
                assert_eq!(count(&world.app.database, query), 0, "{what}");
            }
        };
        holds(&world);
        assert!(world.done > 40 && world.refused > 20, "seed {seed}: {} done, {} refused", world.done, world.refused);

        // Everything can be taken down again, and then nothing is claimed any more.
        for kind in [USERS, TRUNKS, PBXES] {
            for path in world.things[kind].clone() {
                world.ask(Method::DELETE, &path, json!(null)).await;
            }
        }
        for index in 0..2 {
            let path = format!("/enterprises/{}", world.enterprises[index]);
            world.ask(Method::DELETE, &path, json!(null)).await;
            let seen = world.app.get(&path).bearer(&world.operator.token).send().await.expect(200);
            assert_eq!(seen.text_of("status"), "closed");
        }
        holds(&world);
        for table in ["users", "trunks", "pbxes", "sip_users", "phone_numbers", "direct_routing_routes"] {
            assert_eq!(count(&world.app.database, &format!("SELECT 1 FROM {table}")), 0, "{table}");
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_example_tree_is_one_that_the_service_could_have_made(#[values(Sqlite, Postgresql)] database: Database) {
    let fresh = database.fresh();
    let command = ["demo", "--resellers", "10", "--enterprises", "100", "--users", "350"];
    assert!(Process::run_command(BINARY, &fresh, &command));
    nothing_dangles(&fresh);
    for (what, query) in CLAIMS {
        assert_eq!(count(&fresh, query), 0, "{what}");
    }
    let process = Process::start(BINARY, &fresh);
    let client = Client::sign_in(&process).await;
    let list = client.get("/enterprises?limit=200").await.expect(200).json();
    let (mut states, mut users) = (std::collections::BTreeSet::new(), 0);
    for enterprise in list["items"].as_array().unwrap() {
        let path = format!("/enterprises/{}", enterprise["id"].as_str().unwrap());
        let routing = client.get(&format!("{path}/direct-routing")).await.expect(200).json();
        states.insert(routing["routes"][0]["state"].as_str().unwrap().to_owned());
        let parts = usize::from(routing["established"] == true);
        for what in ["pbxes", "trunks"] {
            let page = client.get(&format!("{path}/{what}")).await.expect(200).json();
            assert_eq!(page["items"].as_array().unwrap().len(), parts, "{path}");
        }
        users += client.get(&format!("{path}/users")).await.expect(200).json()["items"].as_array().unwrap().len();
    }
    assert_eq!(
        states.into_iter().collect::<Vec<_>>(),
        ["consent_requested", "domain_pending", "established", "failed", "not_started"]
    );
    assert!((250..350).contains(&users), "{users}");
}
