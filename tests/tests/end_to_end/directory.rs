//! R14: a front end picks users from the directory of the tenant, which the service keeps current.

use api::resources::directory::worker;
use chrono::TimeDelta;
use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, Fault, Graph, Office, add};
use rstest::rstest;
use serde_json::{Value, json};

struct Story {
    app: App,
    graph: Graph,
    enterprise: String,
}

impl Story {
    async fn start(database: Database, flags: impl Fn(&Graph) -> Vec<String>) -> Self {
        let graph = Graph::start();
        let flags = flags(&graph);
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        let app = App::start_with(database, &flags).await;
        let master = app.plant(Tier::MasterReseller, &[], "master@contoso.example").await;
        let reseller = app.plant(Tier::Reseller, &[&master], "reseller@contoso.example").await;
        let enterprise = app.plant(Tier::Enterprise, &[&master, &reseller], "admin@kiosk.example").await;
        {
            let mut tenant = graph.tenant();
            for (name, licensed) in [("anna", true), ("ben", false), ("carl", true), ("dora", true), ("emil", true)] {
                tenant.add_user(&format!("{name}@kiosk.example"), &format!("{name} Kiosk"), licensed);
            }
            tenant.add_user("guest_contoso.example#EXT#@kiosk.example", "Gast", true);
            tenant.change_user("guest_contoso.example#EXT#@kiosk.example", |user| user.is_guest = true);
            tenant.change_user("emil@kiosk.example", |user| user.is_disabled = true);
            tenant.add_user("frieda@other.example", "Frieda", true);
            tenant.add_user("two words@kiosk.example", "Odd", true);
        }
        Self { app, graph, enterprise }
    }

    async fn get(&self, path: &str) -> Value {
        let person = self.app.member(&self.enterprise, Role::Viewer).await;
        let path = format!("/enterprises/{}/teams-users{path}", self.enterprise);
        self.app.get(&path).bearer(&person.token).send().await.expect(200).json()
    }

    async fn sync(&self) -> Value {
        let person = self.app.member(&self.enterprise, Role::Owner).await;
        let path = format!("/enterprises/{}/teams-users/sync", self.enterprise);
        let answer = self.app.post(&path).bearer(&person.token).send().await.expect(200).json();
        self.read().await;
        answer
    }

    async fn read(&self) {
        while worker::read_next(self.app.service()).await.expect("the directories can be read") {}
    }

    async fn names(&self, query: &str) -> Vec<String> {
        let found = self.get(query).await;
        let all = found["items"].as_array().unwrap().iter();
        let mut names: Vec<_> = all
            .map(|user| user["user_principal_name"].as_str().unwrap().split('@').next().unwrap().to_owned())
            .collect();
        names.sort();
        names
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r14_the_users_of_a_tenant_can_be_picked_and_stay_current(#[values(Sqlite, Postgresql)] database: Database) {
    let story = Story::start(database, Graph::flags_for_own_tenants).await;
    assert_eq!(story.get("/sync").await["state"], json!("never"));
    assert_eq!(story.sync().await["state"], json!("reading"));
    let sync = story.get("/sync").await;
    assert_eq!((&sync["state"], &sync["users"], &sync["licensed"]), (&json!("current"), &json!(5), &json!(4)));
    let left_out = json!({"guests": 1, "disabled": 1, "unusable_names": 1, "other_domains": 0});
    assert_eq!(sync["left_out"], left_out);
    assert_eq!(story.names("").await, ["anna", "ben", "carl", "dora", "frieda"]);
    assert_eq!(story.names("?licensed=false").await, ["ben"]);
    assert_eq!(story.names("?q=CARL").await, ["carl"]);
    assert_eq!(story.names("?assigned=true").await, Vec::<String>::new());
    let person = story.app.member(&story.enterprise, Role::Viewer).await;
    let (mut pages, mut seen) = (format!("/enterprises/{}/teams-users?limit=2", story.enterprise), 0);
    let first = pages.clone();
    loop {
        let page = story.app.get(&pages).bearer(&person.token).send().await.expect(200).json();
        seen += page["items"].as_array().unwrap().len();
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        pages = format!("{first}&cursor={cursor}");
    }
    assert_eq!(seen, 5);
    // Changes are read, and only they.
    let asked = story.graph.tenant().requests.len();
    {
        let mut tenant = story.graph.tenant();
        tenant.change_user("ben@kiosk.example", |user| user.is_licensed = true);
        tenant.remove_user("dora@kiosk.example");
        tenant.change_user("carl@kiosk.example", |user| user.name = "karl@kiosk.example".to_owned());
    }
    story.app.clock.advance(TimeDelta::hours(25));
    story.read().await;
    assert_eq!(story.names("").await, ["anna", "ben", "frieda", "karl"]);
    assert_eq!(story.names("?licensed=false").await, Vec::<String>::new());
    let karl = story.get("?q=karl").await["items"][0].clone();
    assert_eq!(karl["display_name"], json!("carl Kiosk"), "what was not mentioned stays");
    let requests = story.graph.tenant().requests[asked..].iter().filter(|line| line.contains("/delta")).count();
    assert_eq!(requests, 2, "two pages of changes");
    // Microsoft forgets the place, in either way: all are read again, and who is gone since is forgotten.
    for status in [410, 400] {
        {
            let mut tenant = story.graph.tenant();
            let who = if status == 410 { "anna" } else { "ben" };
            tenant.remove_user(&format!("{who}@kiosk.example"));
            tenant.forgets_places = Some(status);
        }
        story.sync().await;
        let left = if status == 410 { vec!["ben", "frieda", "karl"] } else { vec!["frieda", "karl"] };
        assert_eq!(story.names("").await, left);
    }
    // Also in the middle of a reading.
    story.graph.tenant().forgets_places = None;
    story.graph.tenant().add_user("gina@kiosk.example", "Gina", true);
    story.graph.tenant().add_user("hans@kiosk.example", "Hans", true);
    story.graph.tenant().add_user("ida@kiosk.example", "Ida", true);
    story.graph.tenant().forgets_page = true;
    story.sync().await;
    assert!(!story.graph.tenant().forgets_page);
    assert_eq!(story.names("").await, ["frieda", "gina", "hans", "ida", "karl"]);
    assert_eq!(story.get("/sync").await["users"], json!(5));
    // Trouble is said, and waited out.
    story.graph.tenant().forgets_places = None;
    story.graph.tenant().fault_at = Some(("GET /v1.0/users/delta".to_owned(), Fault::Status(503)));
    story.sync().await;
    assert!(story.get("/sync").await["error"].as_str().unwrap().contains("503"));
    story.app.clock.advance(TimeDelta::minutes(1));
    story.read().await;
    let sync = story.get("/sync").await;
    assert_eq!((&sync["state"], &sync["error"]), (&json!("current"), &json!(null)));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r14_a_teams_user_that_is_not_there_is_told_at_once(#[values(Sqlite, Postgresql)] database: Database) {
    let graph = Graph::start();
    let flags = graph.flags_for_own_tenants();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    graph.tenant().add_user("anna@kiosk.example", "Anna", true);
    // Made without Graph, so that the route was established by hand.
    let app = App::start(database).await;
    let office = Office::open(&app, "kiosk", "pbx.kiosk.example").await;
    let app = app.restart_with(&flags).await;
    let admin = app.member(&office.admin.account, Role::Owner).await;
    let before = add(&app, &admin, "users", &office.on_trunk("zoe", "+4930901829")).await.expect(201).json();
    assert_eq!(before["teams"]["in_directory"], json!(null));
    let path = format!("/enterprises/{}/teams-users", admin.account);
    let _ = app.post(&format!("{path}/sync")).bearer(&admin.token).send().await.expect(200);
    while worker::read_next(app.service()).await.unwrap() {}
    let anna = add(&app, &admin, "users", &office.on_trunk("Anna", "+4930901820")).await.expect(201).json();
    let ben = add(&app, &admin, "users", &office.on_trunk("ben", "+4930901821")).await.expect(201).json();
    assert_eq!((&anna["teams"]["in_directory"], &ben["teams"]["in_directory"]), (&json!(true), &json!(false)));
    let listed = app.get(&format!("{path}?assigned=true")).bearer(&admin.token).send().await.expect(200).json();
    assert_eq!(listed["items"][0]["user_id"], anna["id"]);
    let users = format!("/enterprises/{}/users", admin.account);
    let users = app.get(&users).bearer(&admin.token).send().await.expect(200).json();
    let known: Vec<_> = users["items"].as_array().unwrap().iter().map(|user| &user["teams"]["in_directory"]).collect();
    assert_eq!(known, [&json!(false), &json!(true), &json!(false)]);
    // A stranger sees nothing of it.
    let other = app.plant(Tier::MasterReseller, &[], "other@contoso.example").await;
    let other = app.member(&other, Role::Owner).await;
    app.get(&path).bearer(&other.token).send().await.problem(404, "not_found");
    app.get(&format!("{path}/sync")).bearer(&other.token).send().await.problem(404, "not_found");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r8_enterprises_that_share_a_tenant_see_their_own_domain_only(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let story = Story::start(database, Graph::flags).await;
    story.sync().await;
    assert_eq!(story.names("").await, ["anna", "ben", "carl", "dora"]);
    assert_eq!(story.get("/sync").await["left_out"]["other_domains"], json!(1));
}
