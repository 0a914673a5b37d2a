//! R11: the steps that the service takes by itself through Microsoft Graph, whatever Graph does meanwhile.

use api::resources::direct_routing::worker;
use chrono::TimeDelta;
use diesel::prelude::*;
use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Client, Database, Fault, FreshDatabase, Graph, Person, Process, When};
use persistence::DatabaseUrl;
use rstest::rstest;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");
const DOMAIN: &str = "kiosk.emea.teammate.example";

struct Story {
    app: App,
    graph: Graph,
    administrator: Person,
}

impl Story {
    async fn start(database: Database) -> Self {
        Self::start_with(database, Graph::flags).await
    }

    async fn start_with(database: Database, flags: impl Fn(&Graph) -> Vec<String>) -> Self {
        let graph = Graph::start();
        let flags = flags(&graph);
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        let app = App::start_with(database, &flags).await;
        let master = app.plant(Tier::MasterReseller, &[], "master@contoso.example").await;
        let reseller = app.plant(Tier::Reseller, &[&master], "reseller@contoso.example").await;
        let enterprise = app.plant(Tier::Enterprise, &[&master, &reseller], "admin@kiosk.example").await;
        let administrator = app.member(&enterprise, Role::Owner).await;
        let story = Self { app, graph, administrator };
        story.give("start").await;
        story
    }

    fn path(&self) -> String {
        format!("/enterprises/{}/direct-routing", self.administrator.account)
    }

    async fn give(&self, command: &str) {
        let path = format!("{}/routes/emea/{command}", self.path());
        let request = self.app.post(&path).bearer(&self.administrator.token).json(&json!({"label": "kiosk"}));
        let _ = request.send().await.expect(200);
    }

    /// What the route says of itself. Members sign in again, because time passes in these stories.
    async fn route(&self) -> Value {
        let person = self.app.member(&self.administrator.account, Role::Viewer).await;
        self.app.get(&self.path()).bearer(&person.token).send().await.expect(200).json()["routes"][0].clone()
    }

    async fn state(&self) -> String {
        self.route().await["state"].as_str().unwrap().to_owned()
    }

    /// Takes whatever steps are due now.
    async fn advance(&self) {
        while worker::advance_due(self.app.service()).await.expect("the routes can be read") > 0 {}
    }

    /// Lets time pass until the route is due again, and takes its step.
    async fn wait(&self) {
        let due =
            self.route().await["next_attempt_at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        self.app.clock.advance((due - self.app.clock.now()).max(TimeDelta::zero()));
        self.advance().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_the_service_takes_every_step_by_itself(#[values(Sqlite, Postgresql)] database: Database) {
    let story = Story::start(database).await;
    {
        let mut tenant = story.graph.tenant();
        (tenant.consents, tenant.publishes, tenant.spare_licences, tenant.activates) = (false, false, 0, false);
    }
    let waits = async |state: &str, error: &str| {
        story.advance().await;
        let route = story.route().await;
        let detail = route["last_error"]["detail"].as_str().unwrap_or_default();
        assert_eq!(route["state"], state);
        assert!(detail.contains(error), "{route}");
        assert!(route["next_attempt_at"].is_string(), "{route}");
    };
    waits("consent_requested", "Insufficient privileges").await;
    story.graph.tenant().consents = true;
    story.wait().await;
    waits("domain_pending", "Cannot find the TXT record").await;
    let record = json!({"type": "TXT", "name": DOMAIN, "value": "MS=ms46111223", "ttl": 3600});
    assert_eq!(story.route().await["dns_record"], record);
    story.graph.tenant().published.insert(DOMAIN.to_owned());
    story.wait().await;
    let shows_anchor = async |state: &str, held: bool, next: Option<&str>| {
        let shown = story.route().await["anchor_user"].clone();
        assert_eq!(shown["user_principal_name"], format!("teammate@{DOMAIN}"));
        assert_eq!((&shown["state"], &shown["licence_held"]), (&json!(state), &json!(held)));
        assert_eq!(shown["next"]["step"], json!(next), "{shown}");
    };
    waits("domain_verified", "no unassigned licence with Teams Phone").await;
    shows_anchor("created", false, Some("provide_licence")).await;
    story.graph.tenant().spare_licences = 1;
    story.wait().await;
    waits("activating", "Teams does not know the licensed user").await;
    shows_anchor("licensed", true, Some("wait")).await;
    assert_eq!(story.graph.tenant().spare_licences, 0);
    story.graph.tenant().activates = true;
    story.wait().await;
    let route = story.route().await;
    assert_eq!((&route["state"], &route["last_error"]), (&json!("established"), &json!(null)));
    assert_eq!(route["next_attempt_at"], json!(null));
    // The licence comes back; the user stays.
    shows_anchor("known", false, None).await;
    let tenant = story.graph.tenant();
    assert_eq!((tenant.spare_licences, tenant.users.len()), (1, 1));
    drop(tenant);
    let tokens = story.graph.tenant().requests.iter().filter(|line| line.contains("/token")).count();
    assert_eq!(tokens, 2, "a token is used for as long as it works; one without the permission is not");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_what_was_just_made_is_waited_for(#[values(Sqlite, Postgresql)] database: Database) {
    let story = Story::start(database).await;
    {
        let mut tenant = story.graph.tenant();
        (tenant.fresh_misses, tenant.slow_teams, tenant.late_domains) = (2, 3, 1);
    }
    story.advance().await;
    for _ in 0..10 {
        if story.state().await == "established" {
            break;
        }
        assert_ne!(story.state().await, "failed", "{}", story.route().await);
        story.wait().await;
    }
    assert_eq!(story.state().await, "established");
    let tenant = story.graph.tenant();
    assert_eq!((tenant.spare_licences, tenant.users.len()), (1, 1));
    drop(tenant);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_an_anchor_user_that_was_deleted_is_made_again(#[values(Sqlite, Postgresql)] database: Database) {
    let story = Story::start(database).await;
    // While Teams has to take notice of it.
    story.graph.tenant().activates = false;
    story.advance().await;
    assert_eq!(story.state().await, "activating");
    {
        let mut tenant = story.graph.tenant();
        tenant.users.clear();
        (tenant.activates, tenant.spare_licences) = (true, 1);
        tenant.voice_policies.insert(format!("TeamMate {DOMAIN}"), "J93PmFHwFcLZ".to_owned());
    }
    story.wait().await;
    assert_eq!(story.state().await, "established");
    let first = story.graph.tenant().users.keys().next().copied();
    // And later, when the route is looked after once a day.
    let requests = story.graph.tenant().requests.len();
    story.app.clock.advance(TimeDelta::hours(23));
    story.advance().await;
    assert_eq!(story.graph.tenant().requests.len(), requests);
    story.graph.tenant().users.clear();
    story.graph.tenant().fault_at = Some(("POST /v1.0/users".to_owned(), Fault::Status(503)));
    story.app.clock.advance(TimeDelta::hours(3));
    story.advance().await;
    assert_eq!(story.route().await["anchor_user"]["state"], json!("created"));
    assert_eq!(story.graph.tenant().users.len(), 0);
    story.app.clock.advance(TimeDelta::minutes(1));
    story.advance().await;
    let route = story.route().await;
    assert_eq!((&route["state"], &route["last_error"]), (&json!("established"), &json!(null)));
    let again = story.graph.tenant().users.keys().next().copied();
    assert!(again.is_some() && again != first, "{again:?}");
    assert_eq!(story.route().await["anchor_user"]["licence_held"], json!(false));
    assert_eq!(story.graph.tenant().spare_licences, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_trouble_with_the_anchor_user_is_waited_out(
    #[values(Sqlite, Postgresql)] database: Database,
    #[values(
        "POST /v1.0/users",
        "GET /v1.0/subscribedSkus",
        "POST /v1.0/users/",
        "GET /v1.0/admin/teams/userConfigurations/",
        "GET /v1.0/admin/teams/policy/"
    )]
    request: &str,
    #[values(Fault::Status(503), Fault::Passing, Fault::Broken, Fault::TokenEnded)] fault: Fault,
) {
    let story = Story::start(database).await;
    story.graph.tenant().fault_at = Some((request.to_owned(), fault));
    story.advance().await;
    for _ in 0..3 {
        if story.state().await == "established" {
            break;
        }
        story.wait().await;
    }
    assert_eq!(story.state().await, "established");
    story.app.clock.advance(TimeDelta::minutes(20));
    story.advance().await;
    let route = story.route().await;
    assert_eq!((&route["last_error"], &route["anchor_user"]["licence_held"]), (&json!(null), &json!(false)));
    let tenant = story.graph.tenant();
    assert_eq!(tenant.fault_at, None, "the request was made");
    assert_eq!((tenant.spare_licences, tenant.users.len()), (1, 1), "nothing was made or given twice");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_a_licence_that_is_taken_by_others_is_waited_for(#[values(Sqlite, Postgresql)] database: Database) {
    let story = Story::start(database).await;
    story.graph.tenant().is_sold_out = true;
    story.advance().await;
    let route = story.route().await;
    assert_eq!((&route["state"], &route["next"]["step"]), (&json!("domain_verified"), &json!("provide_licence")));
    assert_eq!(route["anchor_user"]["licence_held"], json!(false));
    story.graph.tenant().is_sold_out = false;
    // The licence is taken away while Teams has to take notice of the user: it says so, and is given another one.
    story.graph.tenant().activates = false;
    story.wait().await;
    assert_eq!(story.state().await, "activating");
    {
        let mut tenant = story.graph.tenant();
        tenant.is_sold_out = true;
        tenant.users.values_mut().for_each(|user| user.is_licensed = false);
    }
    story.wait().await;
    let route = story.route().await;
    assert_eq!((&route["state"], &route["next"]["step"]), (&json!("activating"), &json!("provide_licence")));
    {
        let mut tenant = story.graph.tenant();
        (tenant.is_sold_out, tenant.activates, tenant.spare_licences) = (false, true, 1);
    }
    story.wait().await;
    assert_eq!(story.state().await, "established");
    assert_eq!(story.graph.tenant().spare_licences, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_a_lent_licence_comes_back_whatever_becomes_of_the_route(#[values(Sqlite, Postgresql)] database: Database) {
    let story = Story::start(database).await;
    story.graph.tenant().activates = false;
    let spare = || story.graph.tenant().spare_licences;
    let give = async |command: &str| {
        let person = story.app.member(&story.administrator.account, Role::Owner).await;
        let path = format!("{}/routes/emea/{command}", story.path());
        let request = story.app.post(&path).bearer(&person.token).json(&json!({"label": "kiosk"}));
        let _ = request.send().await.expect(200);
    };
    story.advance().await;
    assert_eq!((story.state().await.as_str(), spare()), ("activating", 0));
    // It is removed, while Microsoft has trouble.
    story.graph.tenant().faults.extend([Fault::Status(503); 2]);
    give("remove").await;
    for spare_then in [0, 0, 1] {
        story.advance().await;
        assert_eq!(spare(), spare_then);
        story.app.clock.advance(TimeDelta::minutes(3));
    }
    // It fails.
    give("start").await;
    story.advance().await;
    assert_eq!((story.state().await.as_str(), spare()), ("activating", 0));
    story.app.clock.advance(TimeDelta::days(4));
    story.advance().await;
    assert_eq!((story.state().await.as_str(), spare()), ("failed", 0));
    story.app.clock.advance(TimeDelta::minutes(3));
    story.advance().await;
    assert_eq!(spare(), 1);
    // Its enterprise is closed.
    give("retry").await;
    story.advance().await;
    assert_eq!((story.state().await.as_str(), spare()), ("activating", 0));
    let operator = story.app.operator().await;
    let close = story.app.delete(&format!("/enterprises/{}", story.administrator.account)).bearer(&operator.token);
    let _ = close.send().await.expect(204);
    story.app.clock.advance(TimeDelta::minutes(3));
    story.advance().await;
    assert_eq!(spare(), 1);
    assert!(story.graph.tenant().users.values().all(|user| !user.is_licensed));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_a_licence_that_is_given_while_the_route_is_removed_comes_back(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let story = Story::start(database).await;
    story.graph.tenant().activates = false;
    let mut held = story.graph.hold("POST /v1.0/users/", When::After);
    let remove = async {
        held.recv().await.unwrap();
        story.give("remove").await;
        // Another replica has nothing to do yet.
        story.advance().await;
    };
    futures_util::future::join(story.advance(), remove).await;
    assert_eq!((story.state().await.as_str(), story.graph.tenant().spare_licences), ("not_started", 0));
    story.app.clock.advance(TimeDelta::minutes(3));
    story.advance().await;
    assert_eq!(story.graph.tenant().spare_licences, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_an_anchor_user_that_is_not_found_for_a_moment_keeps_no_licence(
    #[values(Sqlite, Postgresql)] database: Database,
    #[values(2, 4)] misses: u32,
) {
    let story = Story::start(database).await;
    while story.state().await != "established" {
        let _ = worker::advance_due(story.app.service()).await.unwrap();
    }
    assert_eq!(story.graph.tenant().spare_licences, 0);
    // Neither by its id nor by its name, once or twice.
    story.graph.tenant().users.values_mut().for_each(|user| user.misses = misses);
    story.advance().await;
    story.app.clock.advance(TimeDelta::minutes(6));
    story.advance().await;
    assert_eq!(story.state().await, "established");
    let tenant = story.graph.tenant();
    assert_eq!((tenant.users.len(), tenant.spare_licences), (1, 1));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_the_script_makes_a_policy_that_the_service_finds(#[values(Sqlite, Postgresql)] database: Database) {
    let story = Story::start(database).await;
    story.advance().await;
    let voice_routing = story.route().await["voice_routing"].clone();
    assert_eq!((&voice_routing["policy_id"], &voice_routing["next"]["step"]), (&json!(null), &json!("run_script")));
    let person = story.app.member(&story.administrator.account, Role::Owner).await;
    let path = format!("{}/routes/emea/powershell", story.path());
    let scripts = story.app.get(&path).bearer(&person.token).send().await.expect(200).json();
    assert_eq!(scripts["policy_name"], voice_routing["policy_name"]);
    let name = scripts["policy_name"].as_str().unwrap();
    assert_eq!(name, format!("TeamMate {DOMAIN}"));
    for script in ["set_up", "remove"] {
        let text = scripts[script].as_str().unwrap();
        assert!(text.contains(&format!("$name = '{name}'")) && text.contains("-TenantId 'contoso.example'"), "{text}");
    }
    // Somebody runs it.
    story.graph.tenant().voice_policies.insert(name.to_owned(), "J93PmFHwFcLZ".to_owned());
    story.app.clock.advance(TimeDelta::minutes(15));
    story.advance().await;
    let found = story.route().await["voice_routing"].clone();
    assert_eq!((&found["policy_id"], &found["next"]), (&json!("J93PmFHwFcLZ"), &json!(null)));
    let found_at = found["found_at"].clone();
    // It stays found, and is noticed when it is gone.
    story.app.clock.advance(TimeDelta::hours(26));
    story.advance().await;
    assert_eq!(story.route().await["voice_routing"]["found_at"], found_at);
    story.graph.tenant().voice_policies.clear();
    story.app.clock.advance(TimeDelta::hours(26));
    story.advance().await;
    assert_eq!(story.route().await["voice_routing"]["policy_id"], json!(null));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_a_licence_that_somebody_else_gave_stays(#[values(Sqlite, Postgresql)] database: Database) {
    let story = Story::start(database).await;
    story.graph.tenant().add_user(&format!("teammate@{DOMAIN}"), "Anna Kiosk", true);
    story.graph.tenant().spare_licences = 0;
    story.advance().await;
    assert_eq!(story.state().await, "established");
    story.app.clock.advance(TimeDelta::days(1));
    story.advance().await;
    assert!(story.graph.tenant().users.values().all(|user| user.is_licensed));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_each_enterprise_has_its_own_tenant_unless_one_is_configured(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let story = Story::start_with(database, Graph::flags_for_own_tenants).await;
    story.graph.tenant().is_stranger = true;
    story.advance().await;
    let route = story.route().await;
    assert_eq!((&route["state"], &route["tenant"]), (&json!("consent_requested"), &json!("kiosk.example")));
    let detail = route["last_error"]["detail"].as_str().unwrap();
    assert!(detail.contains("/kiosk.example/adminconsent?client_id=3fa85f64-"), "{detail}");
    story.graph.tenant().is_stranger = false;
    story.wait().await;
    assert_eq!(story.state().await, "established");
    // Staff can name another tenant; who could point the service at somebody else's does not.
    let person = story.app.member(&story.administrator.account, Role::Owner).await;
    let operator = story.app.operator().await;
    let give = |person: &Person, command: &str, body: Value| {
        let path = format!("{}/routes/emea/{command}", story.path());
        story.app.post(&path).bearer(&person.token).json(&body).send()
    };
    let _ = give(&person, "remove", json!({})).await.expect(200);
    let named = |tenant: &str| json!({"label": "kiosk", "tenant": tenant});
    for bad in ["kiosk", "a/b.example", ""] {
        assert_eq!(give(&operator, "start", named(bad)).await.pointers(), ["/tenant"]);
    }
    assert_eq!(give(&person, "start", named("victim.example")).await.pointers(), ["/tenant"]);
    let _ = give(&operator, "start", named("Kiosk.onmicrosoft.com")).await.expect(200);
    story.advance().await;
    let tokens = |tenant: &str| {
        let line = format!("POST /{tenant}/oauth2/v2.0/token");
        story.graph.tenant().requests.iter().filter(|request| **request == line).count()
    };
    assert_eq!((tokens("kiosk.example"), tokens("kiosk.onmicrosoft.com")), (2, 1));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_the_service_enters_no_tenant_for_an_enterprise_that_is_pending_or_suspended(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let story = Story::start_with(database, Graph::flags_for_own_tenants).await;
    let operator = story.app.operator().await;
    let enterprise = format!("/enterprises/{}", story.administrator.account);
    let step = |path: String| story.app.post(&path).bearer(&operator.token).send();
    let _ = step(format!("{enterprise}/suspend")).await.expect(200);
    // Whoever creates an enterprise with somebody else's address gets no further than the invitation.
    let seen = story.app.get(&enterprise).bearer(&operator.token).send().await.expect(200).json();
    let mut invited = end_to_end::enterprise_body("admin@victim.example");
    invited["reseller_id"] = seen["reseller_id"].clone();
    let create = story.app.post("/enterprises").bearer(&operator.token).json(&invited);
    let pending = create.send().await.expect(201).text_of("id");
    let start = format!("/enterprises/{pending}/direct-routing/routes/emea/start");
    let start = story.app.post(&start).bearer(&operator.token).json(&json!({"label": "victim"}));
    let _ = start.send().await.expect(200);
    story.advance().await;
    assert_eq!(story.graph.tenant().requests, Vec::<String>::new());
    let _ = step(format!("{enterprise}/resume")).await.expect(200);
    story.advance().await;
    assert_eq!(story.state().await, "established");
    assert!(story.graph.tenant().requests.iter().all(|line| !line.contains("victim")));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_where_steps_are_automatic_only_staff_confirm_one(#[values(Sqlite, Postgresql)] database: Database) {
    let story = Story::start(database).await;
    let path = format!("{}/routes/emea/confirm", story.path());
    let body = json!({"verification_txt": "MS=ms1"});
    let confirm = |token: &str| story.app.post(&path).bearer(token).json(&body).send();
    confirm(&story.administrator.token).await.problem(409, "steps_are_automatic");
    let operator = story.app.operator().await;
    let confirmed = confirm(&operator.token).await.expect(200).json();
    assert_eq!((&confirmed["automatic"], &confirmed["routes"][0]["state"]), (&json!(true), &json!("domain_pending")));
}

#[rstest]
#[case::throttled(Fault::Throttled(90), Some(90), "429")]
#[case::unavailable(Fault::Status(503), None, "503")]
#[case::failing(Fault::Status(500), None, "500")]
#[case::broken(Fault::Broken, None, "makes no sense")]
#[case::slow(Fault::Silent, None, "took too long")]
#[case::redirected(Fault::Redirected, None, "302")]
#[case::passing(Fault::Passing, None, "400")]
#[tokio::test(flavor = "multi_thread")]
async fn r11_trouble_in_any_request_is_waited_out(
    #[values(Sqlite, Postgresql)] database: Database,
    #[case] fault: Fault,
    #[case] asked: Option<i64>,
    #[case] error: &str,
) {
    let story = Story::start(database).await;
    // The first request of each attempt meets the fault once: signing in, verifying, and three times the anchor user.
    let mut met = 0;
    while story.state().await != "established" {
        let since = story.app.clock.now();
        let before = story.graph.tenant().requests.len();
        // The requests that went well before are repeated; the fault meets the next new one.
        story.graph.tenant().faults.clear();
        story.graph.tenant().faults.push_back(fault);
        worker::advance_due(story.app.service()).await.unwrap();
        assert!(story.graph.tenant().requests.len() > before);
        let route = story.route().await;
        // The first request is the one that signs in, of whose answers only operators learn.
        let error = if met == 0 && !error.contains(' ') { "could not sign in" } else { error };
        assert!(route["last_error"]["detail"].as_str().unwrap().contains(error), "{route}");
        let due = route["next_attempt_at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        let pause = (due - since).num_seconds();
        assert!(asked.map_or((5..=7).contains(&pause), |asked| pause == asked), "{pause}");
        met += 1;
        // Then one step goes well.
        story.app.clock.advance(due - since);
        story.graph.tenant().faults.clear();
        worker::advance_due(story.app.service()).await.unwrap();
        assert_eq!(story.route().await["last_error"], json!(null), "trouble that passed is forgotten");
    }
    assert_eq!(met, 5, "every attempt met it");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_a_token_that_ended_early_is_replaced(#[values(Sqlite, Postgresql)] database: Database) {
    let story = Story::start(database).await;
    story.advance().await;
    story.give("remove").await;
    story.graph.tenant().domains.clear();
    story.give("start").await;
    story.graph.tenant().faults.push_back(Fault::TokenEnded);
    story.advance().await;
    assert_eq!(story.state().await, "established");
    let tokens = story.graph.tenant().requests.iter().filter(|line| line.contains("/token")).count();
    assert_eq!(tokens, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_what_can_t_succeed_fails_readably_and_has_a_way_back(#[values(Sqlite, Postgresql)] database: Database) {
    let story = Story::start(database).await;
    let failed = async |failure: &str, failed_in: &str, next: &str| {
        let route = story.route().await;
        assert_eq!((&route["state"], &route["failure"]), (&json!("failed"), &json!(failure)), "{route}");
        assert_eq!((&route["failed_in"], &route["next"]["step"]), (&json!(failed_in), &json!(next)), "{route}");
        assert!(route["last_error"]["detail"].is_string(), "{route}");
    };
    // Another tenant has the domain.
    story.graph.tenant().elsewhere.insert(DOMAIN.to_owned());
    story.advance().await;
    failed("domain_taken", "consent_requested", "start_anew").await;
    story.graph.tenant().elsewhere.clear();

    // Nobody publishes the record in time.
    story.graph.tenant().publishes = false;
    story.give("retry").await;
    story.advance().await;
    assert_eq!(story.state().await, "domain_pending");
    story.app.clock.advance(TimeDelta::days(7));
    story.advance().await;
    failed("timed_out", "domain_pending", "retry").await;
    let person = story.app.member(&story.administrator.account, Role::Owner).await;
    let retry = story.app.post(&format!("{}/routes/emea/retry", story.path())).bearer(&person.token);
    let _ = retry.send().await.expect(200);

    // The administrator takes the domain out of the tenant: it has to be added again.
    story.graph.tenant().domains.clear();
    story.advance().await;
    failed("domain_gone", "consent_requested", "retry").await;
    story.graph.tenant().publishes = true;
    let person = story.app.member(&story.administrator.account, Role::Owner).await;
    let retry = || story.app.post(&format!("{}/routes/emea/retry", story.path())).bearer(&person.token).send();
    let _ = retry().await.expect(200);
    // Also when the anchor user is to be made in it.
    story.graph.tenant().domains.clear();
    story.graph.tenant().faults.clear();
    story.graph.tenant().spare_licences = 0;
    story.advance().await;
    assert_eq!(story.state().await, "domain_verified");
    story.graph.tenant().domains.clear();
    story.graph.tenant().users.clear();
    story.wait().await;
    failed("domain_gone", "consent_requested", "retry").await;
    let person = story.app.member(&story.administrator.account, Role::Owner).await;
    let retry = || story.app.post(&format!("{}/routes/emea/retry", story.path())).bearer(&person.token).send();
    let _ = retry().await.expect(200);
    story.graph.tenant().spare_licences = 1;

    // Graph is gone for good.
    story.graph.tenant().faults.extend([Fault::Status(503); 100]);
    story.advance().await;
    story.app.clock.advance(TimeDelta::days(14));
    story.advance().await;
    failed("unreachable", "consent_requested", "retry").await;
    story.graph.tenant().faults.clear();
    let person = story.app.member(&story.administrator.account, Role::Owner).await;
    let retry = story.app.post(&format!("{}/routes/emea/retry", story.path())).bearer(&person.token);
    let _ = retry.send().await.expect(200);
    story.advance().await;
    assert_eq!(story.state().await, "established");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_a_route_that_was_removed_during_an_attempt_stays_removed(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let story = Story::start(database).await;
    let mut held = story.graph.hold("POST /v1.0/domains", When::After);
    let remove = async {
        held.recv().await.unwrap();
        story.give("remove").await;
    };
    let (taken, ()) = futures_util::future::join(worker::advance_due(story.app.service()), remove).await;
    assert_eq!(taken.unwrap(), 1);
    assert_eq!(story.state().await, "not_started");
}

/// Lets the time for which a process that died had leased routes be over.
fn end_leases(database: &FreshDatabase) {
    let sql = "UPDATE direct_routing_routes SET leased_until = NULL";
    match &database.url {
        DatabaseUrl::Sqlite(path) => {
            let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
            diesel::sql_query(sql).execute(&mut connection).unwrap();
        }
        DatabaseUrl::Postgresql(url) => {
            diesel::sql_query(sql).execute(&mut PgConnection::establish(url).unwrap()).unwrap();
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_killed_in_any_step_it_carries_on(#[values(Sqlite, Postgresql)] database: Database) {
    let graph = Graph::start();
    let fresh = database.fresh();
    // The tree, made without Graph.
    let process = Process::start(BINARY, &fresh);
    let client = Client::sign_in(&process).await;
    let path = format!("/enterprises/{}/direct-routing", client.enterprise("kiosk").await);
    let _ = client.post(&format!("{path}/routes/emea/start"), &json!({"label": "kiosk"})).await.expect(200);
    assert!(process.terminate());

    for request in [
        "POST /contoso.example/oauth2",
        "POST /v1.0/domains",
        &format!("GET /v1.0/domains/{DOMAIN}/verificationDnsRecords"),
        &format!("POST /v1.0/domains/{DOMAIN}/verify"),
        &format!("GET /v1.0/users/teammate@{DOMAIN}"),
        "POST /v1.0/users",
        "GET /v1.0/subscribedSkus",
        // It is given a licence, and this is taken back.
        "POST /v1.0/users/",
        "GET /v1.0/admin/teams/userConfigurations/",
        "POST /v1.0/users/",
    ] {
        for when in [When::Before, When::After] {
            let mut held = graph.hold(request, when);
            let process = Process::start_with(BINARY, &fresh, &graph.flags());
            held.recv().await.unwrap_or_else(|| panic!("{request} {when:?}"));
            process.kill();
            end_leases(&fresh);
            if request.ends_with("/verify") && when == When::After {
                assert!(graph.tenant().domains[DOMAIN], "it was verified, and nobody was told");
            }
        }
    }
    let process = Process::start_with(BINARY, &fresh, &graph.flags());
    let client = Client::sign_in(&process).await;
    for _ in 0..1000 {
        let routing = client.get(&path).await.expect(200).json();
        let anchor_user = &routing["routes"][0]["anchor_user"];
        if routing["established"] == true && anchor_user["licence_held"] == false {
            let tenant = graph.tenant();
            assert_eq!((tenant.users.len(), tenant.spare_licences), (1, 1), "nothing was made or given twice");
            assert_eq!(anchor_user["state"], "known");
            return;
        }
        assert_ne!(routing["routes"][0]["state"], "failed", "{routing}");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the route never was established");
}
