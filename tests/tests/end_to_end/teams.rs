//! R14: users get their numbers and policies in Teams, keep them, and lose them, whatever Microsoft Graph does meanwhile.

use api::resources::{direct_routing, teams};
use chrono::{DateTime, TimeDelta, Utc};
use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, App, Database, Fault, Graph, Person, Tenant, add};
use rstest::rstest;
use serde_json::{Value, json};
use std::sync::MutexGuard;

const DOMAIN: &str = "kiosk.emea.teammate.example";
const POLICY: &str = "TeamMate kiosk.emea.teammate.example";
const NUMBER: &str = "+4930901820";

/// An enterprise with an established route and a trunk, in a tenant where Anna has a licence.
struct Story {
    app: App,
    graph: Graph,
    reseller: Person,
    enterprise: String,
    trunk: String,
}

impl Story {
    async fn start(database: Database) -> Self {
        let graph = Graph::start();
        let flags = graph.flags();
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        let app = App::start_with(database, &flags).await;
        let master = app.plant(Tier::MasterReseller, &[], "master@contoso.example").await;
        let reseller = app.plant(Tier::Reseller, &[&master], "reseller@contoso.example").await;
        let enterprise = app.plant(Tier::Enterprise, &[&master, &reseller], "admin@kiosk.example").await;
        let reseller = app.member(&reseller, Role::Owner).await;
        {
            let mut tenant = graph.tenant();
            tenant.voice_policies.insert(POLICY.to_owned(), "J93PmFHwFcLZ".to_owned());
            tenant.add_user("anna@kiosk.example", "Anna", true);
        }
        let mut story = Self { app, graph, reseller, enterprise, trunk: String::new() };
        let path = format!("/enterprises/{}/direct-routing/routes/emea/start", story.enterprise);
        let _ = story.post(&path, &json!({"label": "kiosk"})).await.expect(200);
        while direct_routing::worker::advance_due(story.app.service()).await.expect("the routes can be read") > 0 {}
        let trunk = json!({"name": "Main", "host": "192.0.2.1", "authentication": "ip", "addresses": ["192.0.2.1"]});
        let at = Person { account: story.enterprise.clone(), ..story.reseller.clone() };
        story.trunk = add(&story.app, &at, "trunks", &trunk).await.expect(201).text_of("id");
        story
    }

    fn tenant(&self) -> MutexGuard<'_, Tenant> {
        self.graph.tenant()
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        let person = self.app.member(&self.reseller.account, Role::Owner).await;
        self.app.post(path).bearer(&person.token).json(body).send().await
    }

    async fn get(&self, path: &str) -> Value {
        let person = self.app.member(&self.reseller.account, Role::Owner).await;
        self.app.get(path).bearer(&person.token).send().await.expect(200).json()
    }

    async fn patch(&self, user: &str, body: &Value) -> Answer {
        let person = self.app.member(&self.reseller.account, Role::Owner).await;
        self.app.patch(&format!("/users/{user}")).bearer(&person.token).json(body).send().await
    }

    async fn delete(&self, path: &str) -> Answer {
        let person = self.app.member(&self.reseller.account, Role::Owner).await;
        self.app.delete(path).bearer(&person.token).send().await
    }

    async fn try_add(&self, name: &str, number: &str) -> Answer {
        let body = json!({"teams_user": format!("{name}@kiosk.example"), "trunk_id": self.trunk, "default_number": number, "voice_route": "emea"});
        self.post(&format!("/enterprises/{}/users", self.enterprise), &body).await
    }

    async fn add(&self, name: &str, number: &str) -> String {
        self.try_add(name, number).await.expect(201).text_of("id")
    }

    async fn apply(&self, user: &str) -> Value {
        self.post(&format!("/users/{user}/teams/apply"), &json!({})).await.expect(200).json()["teams"].clone()
    }

    async fn release(&self, user: &str) -> Value {
        self.post(&format!("/users/{user}/teams/release"), &json!({})).await.expect(200).json()["teams"].clone()
    }

    async fn teams(&self, user: &str) -> Value {
        self.get(&format!("/users/{user}")).await["teams"].clone()
    }

    /// Does whatever is due now.
    async fn serve(&self) {
        while teams::worker::serve_next(self.app.service()).await.expect("the users can be read") {}
    }

    /// Lets time pass and does what is due then.
    async fn wait(&self, pause: TimeDelta) {
        self.app.clock.advance(pause);
        self.serve().await;
    }

    /// Lets time pass from one attempt to the next until a user is in a state.
    async fn until(&self, user: &str, state: &str) -> Value {
        for _ in 0..60 {
            let teams = self.teams(user).await;
            if teams["state"] == state {
                return teams;
            }
            let due = teams["next_attempt_at"].as_str().unwrap_or_else(|| panic!("nothing comes: {teams}"));
            let due = due.parse::<DateTime<Utc>>().unwrap();
            self.wait((due - self.app.clock.now()).max(TimeDelta::seconds(1))).await;
        }
        panic!("not {state}: {}", self.teams(user).await);
    }

    async fn events(&self) -> Vec<String> {
        let found = self.get("/events?limit=200&type=user.*").await;
        let all = found["items"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned());
        all.filter(|kind| kind.contains("teams")).collect()
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r14_a_user_gets_its_number_and_policy_and_loses_them_again(#[values(Sqlite, Postgresql)] database: Database) {
    let story = Story::start(database).await;
    story.tenant().lag = 3;
    let anna = story.add("anna", NUMBER).await;
    let teams = story.teams(&anna).await;
    assert_eq!((&teams["state"], &teams["next"]["step"]), (&json!("not_requested"), &json!("apply")));
    let teams = story.apply(&anna).await;
    assert_eq!((&teams["state"], &teams["next"]["by"]), (&json!("pending"), &json!("microsoft")));
    story.serve().await;
    let teams = story.teams(&anna).await;
    assert_eq!((&teams["state"], &teams["number"]), (&json!("pending"), &json!(NUMBER)), "{teams}");
    let teams = story.until(&anna, "applied").await;
    let id = story.tenant().id_of("anna@kiosk.example").to_string();
    assert_eq!(teams["teams_user_id"], json!(id));
    assert_eq!((&teams["number"], &teams["policy"]), (&json!(NUMBER), &json!(POLICY)));
    assert_eq!((&teams["next"], &teams["failure"]), (&json!(null), &json!(null)));
    assert_eq!(story.tenant().assignments.len(), 1);
    // The number comes back first, then the policy.
    let teams = story.release(&anna).await;
    assert_eq!((&teams["state"], &teams["number"]), (&json!("releasing"), &json!(NUMBER)));
    let teams = story.until(&anna, "released").await;
    assert_eq!(
        (&teams["number"], &teams["policy"], &teams["teams_user_id"]),
        (&json!(null), &json!(null), &json!(null))
    );
    {
        let tenant = story.tenant();
        assert!(tenant.assigned().is_empty() && tenant.users.values().all(|user| user.policy.is_none()));
    }
    assert_eq!(
        story.events().await,
        [
            "user.teams_requested",
            "user.teams_applied",
            "user.teams_releasing",
            "user.teams_number_released",
            "user.teams_released"
        ]
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r14_what_others_have_to_do_first_is_said_and_waited_for(#[values(Sqlite, Postgresql)] database: Database) {
    let story = Story::start(database).await;
    let ben = story.add("ben", NUMBER).await;
    let waits = async |step: &str, by: &str| {
        let teams = story.teams(&ben).await;
        assert_eq!((&teams["state"], &teams["failure"]), (&json!("pending"), &json!(null)));
        assert_eq!((&teams["next"]["step"], &teams["next"]["by"]), (&json!(step), &json!(by)), "{teams}");
        assert!(teams["next_attempt_at"].is_string());
    };
    story.apply(&ben).await;
    story.serve().await;
    waits("create_user", "enterprise").await;
    story.tenant().add_user("ben@kiosk.example", "Ben", false);
    story.wait(TimeDelta::minutes(10)).await;
    waits("assign_licence", "enterprise").await;
    {
        let mut tenant = story.tenant();
        tenant.voice_policies.clear();
        let id = tenant.id_of("ben@kiosk.example");
        tenant.users.get_mut(&id).unwrap().is_licensed = true;
    }
    // A policy that goes is noticed by the route within a day; here it was never seen again.
    story.app.clock.advance(TimeDelta::hours(30));
    while direct_routing::worker::advance_due(story.app.service()).await.unwrap() > 0 {}
    story.serve().await;
    waits("run_script", "enterprise").await;
    story.tenant().voice_policies.insert(POLICY.to_owned(), "J93PmFHwFcLZ".to_owned());
    story.app.clock.advance(TimeDelta::minutes(20));
    while direct_routing::worker::advance_due(story.app.service()).await.unwrap() > 0 {}
    story.tenant().refuses_policies = true;
    story.wait(TimeDelta::hours(1)).await;
    story.wait(TimeDelta::minutes(1)).await;
    let teams = story.teams(&ben).await;
    assert_eq!((&teams["state"], &teams["failure"]["code"]), (&json!("pending"), &json!("policy_refused")), "{teams}");
    assert_eq!(teams["failure"]["request_id"], json!("7a5f"));
    assert_eq!(teams["next"]["step"], json!("grant_policy"));
    let line = format!("Grant-CsOnlineVoiceRoutingPolicy -Identity 'ben@kiosk.example' -PolicyName '{POLICY}'");
    assert!(teams["next"]["detail"].as_str().unwrap().ends_with(&line), "{teams}");
    {
        let mut tenant = story.tenant();
        let id = tenant.id_of("ben@kiosk.example");
        tenant.users.get_mut(&id).unwrap().policy = Some("J93PmFHwFcLZ".to_owned());
    }
    story.wait(TimeDelta::hours(1)).await;
    assert_eq!(story.teams(&ben).await["state"], json!("applied"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r14_what_the_service_did_not_give_is_only_taken_away_if_asked(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let story = Story::start(database).await;
    let id = story.tenant().id_of("anna@kiosk.example");
    story.tenant().set_number("+4930901899", Some(id));
    let anna = story.add("anna", NUMBER).await;
    story.apply(&anna).await;
    story.serve().await;
    let teams = story.teams(&anna).await;
    assert_eq!((&teams["state"], &teams["failure"]["code"]), (&json!("failed"), &json!("other_number")));
    assert!(teams["failure"]["detail"].as_str().unwrap().contains("+4930901899"), "{teams}");
    assert_eq!(story.tenant().assigned()["+4930901899"], "anna@kiosk.example");
    let replace = json!({"replace": true});
    let _ = story.post(&format!("/users/{anna}/teams/apply"), &replace).await.expect(200);
    story.until(&anna, "applied").await;
    assert_eq!(story.tenant().assigned().into_keys().collect::<Vec<_>>(), [NUMBER]);
    // Somebody changes it in Teams: that is noticed, and stays.
    {
        let mut tenant = story.tenant();
        tenant.set_number(NUMBER, None);
        tenant.set_number("+4930901877", Some(id));
    }
    story.wait(TimeDelta::hours(30)).await;
    let teams = story.teams(&anna).await;
    assert_eq!(teams["state"], json!("drifted"), "{teams}");
    assert_eq!(teams["found"], json!({"number": "+4930901877", "policy": POLICY}));
    assert_eq!((&teams["number"], &teams["next"]["step"]), (&json!(NUMBER), &json!("decide")));
    assert_eq!(story.tenant().assigned().into_keys().collect::<Vec<_>>(), ["+4930901877"]);
    let _ = story.post(&format!("/users/{anna}/teams/apply"), &replace).await.expect(200);
    story.until(&anna, "applied").await;
    assert_eq!(story.tenant().assigned().into_keys().collect::<Vec<_>>(), [NUMBER]);
    // What is put back is no longer changed.
    story.tenant().set_number(NUMBER, None);
    story.wait(TimeDelta::hours(30)).await;
    assert_eq!(story.teams(&anna).await["state"], json!("drifted"));
    story.tenant().set_number(NUMBER, Some(id));
    story.wait(TimeDelta::hours(30)).await;
    assert_eq!(story.teams(&anna).await["state"], json!("applied"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r14_a_number_never_belongs_to_two(#[values(Sqlite, Postgresql)] database: Database) {
    let story = Story::start(database).await;
    story.tenant().lag = 4;
    story.tenant().add_user("ben@kiosk.example", "Ben", true);
    let anna = story.add("anna", NUMBER).await;
    story.apply(&anna).await;
    story.until(&anna, "applied").await;
    // Deleted here, and still Anna's at Microsoft.
    let _ = story.delete(&format!("/users/{anna}")).await.expect(204);
    let refused = story.try_add("ben", NUMBER).await;
    assert_eq!(refused.pointers(), ["/default_number"]);
    refused.problem(409, "number_being_released");
    let ben = story.add("ben", "+4930901821").await;
    let swap = json!({"default_number": NUMBER});
    story.patch(&ben, &swap).await.problem(409, "number_being_released");
    let blockers = story.get(&format!("/enterprises/{}/closing-blockers", story.enterprise)).await;
    let released = blockers["items"].as_array().into_iter().flatten().find(|one| one["id"] == json!(anna)).cloned();
    assert_eq!(released.expect("a blocker")["status"], json!("releasing"), "{blockers}");
    for _ in 0..6 {
        story.wait(TimeDelta::minutes(1)).await;
    }
    assert!(story.tenant().assigned().is_empty());
    let _ = story.patch(&ben, &swap).await.expect(200);
    story.apply(&ben).await;
    let teams = story.until(&ben, "applied").await;
    assert_eq!(teams["number"], json!(NUMBER));
    assert_eq!(story.tenant().assigned()[NUMBER], "ben@kiosk.example");
    // A changed number follows in Teams: the old one is given back first.
    let _ = story.patch(&ben, &json!({"default_number": "+4930901822"})).await.expect(200);
    assert_eq!(story.teams(&ben).await["number"], json!(NUMBER));
    story.try_add("carl", NUMBER).await.problem(409, "number_being_released");
    story.until(&ben, "applied").await;
    assert_eq!(story.tenant().assigned().into_keys().collect::<Vec<_>>(), ["+4930901822"]);
    let carl = story.add("carl", NUMBER).await;
    // Another person behind the user: what the one had is taken back before the other gets it.
    story.tenant().add_user("berta@kiosk.example", "Berta", true);
    let _ = story.patch(&ben, &json!({"teams_user": "berta@kiosk.example"})).await.expect(200);
    story.until(&ben, "applied").await;
    {
        let tenant = story.tenant();
        assert_eq!(tenant.assigned()["+4930901822"], "berta@kiosk.example");
        let given: Vec<_> = tenant.users.values().filter(|user| user.policy.is_some()).map(|user| &user.name).collect();
        assert_eq!(given, ["berta@kiosk.example"]);
    }
    let _ = story.delete(&format!("/users/{carl}")).await.expect(204);
}

#[rstest]
#[case::operations_are_forgotten(|tenant: &mut Tenant| tenant.forgets_operations = true)]
#[case::everything_takes_long(|tenant: &mut Tenant| tenant.lag = 12)]
#[case::one_of_five_is_throttled(|tenant: &mut Tenant| tenant.throttles_one_of = 5)]
#[case::an_assignment_is_not_answered(|tenant: &mut Tenant| {
    tenant.fault_at = Some(("POST /v1.0/admin/teams/telephoneNumberManagement".to_owned(), Fault::Silent));
})]
#[case::a_policy_passes(|tenant: &mut Tenant| {
    tenant.fault_at = Some(("POST /v1.0/admin/teams/policy".to_owned(), Fault::Passing));
})]
#[case::the_token_ends(|tenant: &mut Tenant| {
    tenant.fault_at = Some(("GET /v1.0/admin/teams/userConf".to_owned(), Fault::TokenEnded));
})]
#[case::half_an_answer(|tenant: &mut Tenant| {
    tenant.fault_at = Some(("GET /v1.0/admin/teams/userConf".to_owned(), Fault::Broken));
})]
#[case::a_fresh_user(|tenant: &mut Tenant| {
    let id = tenant.id_of("anna@kiosk.example");
    tenant.users.get_mut(&id).unwrap().misses = 2;
})]
#[tokio::test(flavor = "multi_thread")]
async fn r14_trouble_at_microsoft_is_waited_out(
    #[values(Sqlite, Postgresql)] database: Database,
    #[case] trouble: fn(&mut Tenant),
) {
    let story = Story::start(database).await;
    story.tenant().lag = 2;
    trouble(&mut story.tenant());
    let anna = story.add("anna", NUMBER).await;
    story.apply(&anna).await;
    let teams = story.until(&anna, "applied").await;
    assert_eq!(teams["failure"], json!(null));
    assert_eq!(story.tenant().assigned()[NUMBER], "anna@kiosk.example");
    story.release(&anna).await;
    story.until(&anna, "released").await;
    let tenant = story.tenant();
    assert!(tenant.assigned().is_empty() && tenant.users.values().all(|user| user.policy.is_none()));
}

#[rstest]
#[case::somebody_has_it("number_taken", |tenant: &mut Tenant| {
    tenant.add_user("zoe@kiosk.example", "Zoe", true);
    let id = tenant.id_of("zoe@kiosk.example");
    tenant.set_number(NUMBER, Some(id));
})]
#[case::it_is_on_premises("number_on_premises", |tenant: &mut Tenant| {
    tenant.set_number(NUMBER, None);
    tenant.numbers.get_mut(NUMBER).unwrap().is_on_premises = true;
})]
#[case::the_operation_succeeds_and_the_number_fails("refused", |tenant: &mut Tenant| {
    tenant.unlucky.insert(NUMBER.to_owned());
})]
#[tokio::test(flavor = "multi_thread")]
async fn r14_a_number_that_can_t_be_had_is_said_so(
    #[values(Sqlite, Postgresql)] database: Database,
    #[case] code: &str,
    #[case] trouble: fn(&mut Tenant),
) {
    let story = Story::start(database).await;
    trouble(&mut story.tenant());
    let anna = story.add("anna", NUMBER).await;
    story.apply(&anna).await;
    let teams = story.until(&anna, "failed").await;
    assert_eq!((&teams["failure"]["code"], &teams["next"]["step"]), (&json!(code), &json!("apply_again")), "{teams}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_a_removed_route_leaves_nothing_in_the_tenant(#[values(Sqlite, Postgresql)] database: Database) {
    let story = Story::start(database).await;
    let advance = async || {
        while direct_routing::worker::advance_due(story.app.service()).await.expect("the routes can be read") > 0 {}
    };
    let route = async |command: &str| {
        let path = format!("/enterprises/{}/direct-routing/routes/emea/{command}", story.enterprise);
        story.post(&path, &json!({"label": "kiosk"})).await
    };
    let _ = story.delete(&format!("/trunks/{}", story.trunk)).await.expect(204);
    let anchor = format!("teammate@{DOMAIN}");
    assert!(story.tenant().users.values().any(|user| user.name == anchor));
    // Removed and started again, it keeps what it has.
    let _ = route("remove").await.expect(200);
    let _ = route("start").await.expect(200);
    story.app.clock.advance(TimeDelta::minutes(5));
    advance().await;
    assert!(story.tenant().domains.contains_key(DOMAIN));
    // Removed for good, it takes its user and its domain along, as soon as Microsoft lets it.
    let _ = route("remove").await.expect(200);
    story.tenant().fault_at = Some((format!("DELETE /v1.0/domains/{DOMAIN}"), Fault::Status(503)));
    story.app.clock.advance(TimeDelta::minutes(5));
    advance().await;
    assert!(story.tenant().domains.contains_key(DOMAIN));
    story.app.clock.advance(TimeDelta::minutes(5));
    advance().await;
    {
        let tenant = story.tenant();
        assert!(tenant.domains.is_empty() && tenant.users.values().all(|user| user.name != anchor));
        assert_eq!(tenant.spare_licences, 1);
    }
    let events = story.get("/events?type=direct_routing.domain_removed").await;
    assert_eq!(events["items"][0]["before"], json!({"domain": DOMAIN, "tenant": "kiosk.example"}));
    assert_eq!(events["items"].as_array().unwrap().len(), 1);
    // A user with that name that somebody else made stays, and the domain with it.
    story.tenant().add_user(&anchor, "Anna Kiosk", true);
    let _ = route("start").await.expect(200);
    advance().await;
    let operator = story.app.operator().await;
    let close = story.app.delete(&format!("/enterprises/{}", story.enterprise)).bearer(&operator.token);
    let _ = close.send().await.expect(204);
    for _ in 0..40 {
        story.app.clock.advance(TimeDelta::days(1));
        advance().await;
    }
    let asked = {
        let tenant = story.tenant();
        assert!(tenant.domains.contains_key(DOMAIN) && tenant.users.values().any(|user| user.name == anchor));
        tenant.requests.len()
    };
    story.app.clock.advance(TimeDelta::days(1));
    advance().await;
    assert_eq!(story.tenant().requests.len(), asked, "it is given up after a month");
    let events = story.get("/events?type=direct_routing.domain_left").await;
    assert!(events["items"][0]["after"]["last_error"].as_str().unwrap().contains("depend on it"), "{events}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r14_what_was_done_by_hand_is_confirmed_by_an_operator(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let office = end_to_end::Office::open(&app, "kiosk", "pbx.kiosk.example").await;
    let user = add(&app, &office.admin, "users", &office.on_trunk("anna", NUMBER)).await.expect(201).text_of("id");
    let operator = app.operator().await;
    let give = |person: &Person, command: &str| {
        app.post(&format!("/users/{user}/teams/{command}")).bearer(&person.token).json(&json!({})).send()
    };
    give(&operator, "confirm").await.problem(409, "wrong_teams_state");
    let teams = give(&office.admin, "apply").await.expect(200).json()["teams"].clone();
    assert_eq!((&teams["next"]["step"], &teams["next"]["by"]), (&json!("confirm"), &json!("platform")));
    assert_eq!(teams["next_attempt_at"], json!(null));
    let teams = give(&operator, "confirm").await.expect(200).json();
    assert_eq!((&teams["state"], &teams["number"]), (&json!("applied"), &json!(NUMBER)));
    let _ = app.delete(&format!("/users/{user}")).bearer(&office.admin.token).send().await.expect(204);
    let again = office.on_trunk("anna", NUMBER);
    add(&app, &office.admin, "users", &again).await.problem(409, "number_being_released");
    // A stranger does not see it.
    let stranger = app.connected("stranger", json!({})).await;
    give(&stranger, "confirm").await.problem(404, "not_found");
    let teams = give(&operator, "confirm").await.expect(200).json();
    assert_eq!((&teams["state"], &teams["number"]), (&json!("released"), &json!(null)));
    give(&operator, "confirm").await.problem(404, "not_found");
    let _ = add(&app, &office.admin, "users", &again).await.expect(201);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r14_all_users_are_applied_and_counted(#[values(Sqlite, Postgresql)] database: Database) {
    let story = Story::start(database).await;
    let all = format!("/enterprises/{}/users", story.enterprise);
    story.tenant().add_user("ben@kiosk.example", "Ben", true);
    let anna = story.add("anna", NUMBER).await;
    for (name, number) in [("ben", "+4930901821"), ("carl", "+4930901822")] {
        story.add(name, number).await;
    }
    let counts = |pending: i64, applied: i64| json!({"not_requested": 3 - pending - applied, "pending": pending, "applied": applied, "failed": 0, "drifted": 0, "releasing": 0, "released": 0});
    assert_eq!(story.get(&format!("{all}/teams")).await, counts(0, 0));
    let etag = async || {
        let person = story.app.member(&story.reseller.account, Role::Owner).await;
        story.app.get(&format!("/users/{anna}")).bearer(&person.token).send().await.header("etag").to_owned()
    };
    let first = etag().await;
    let asked = story.post(&format!("{all}/teams/apply"), &json!({})).await.expect(200).json();
    assert_eq!(asked, json!({"requested": 3, "counts": counts(3, 0)}));
    let second = etag().await;
    assert_ne!(first, second);
    let asked = story.post(&format!("{all}/teams/apply"), &json!({})).await.expect(200).json();
    assert_eq!(asked["requested"], json!(0));
    story.serve().await;
    story.wait(TimeDelta::seconds(10)).await;
    assert_eq!(story.get(&format!("{all}/teams")).await, counts(1, 2));
    assert_ne!(second, etag().await, "who asks whether it has changed is told");
    let names = async |state: &str| {
        let found = story.get(&format!("{all}?teams_state={state}")).await;
        let all = found["items"].as_array().unwrap().iter().map(|user| user["teams_user"].as_str().unwrap().to_owned());
        all.collect::<Vec<_>>()
    };
    assert_eq!(names("applied").await, ["anna@kiosk.example", "ben@kiosk.example"]);
    assert_eq!((names("pending").await.len(), names("not_requested").await.len()), (1, 0));
    let events = story.get("/events?type=enterprise.teams_requested").await;
    assert_eq!(events["items"][0]["after"], json!({"users": 3, "replaces": false}));
    // A removed user goes on being released although its enterprise is suspended; nobody gets anything there.
    let operator = story.app.operator().await;
    let suspend = story.app.post(&format!("/enterprises/{}/suspend", story.enterprise)).bearer(&operator.token);
    let _ = story.delete(&format!("/users/{anna}")).await.expect(204);
    let _ = suspend.send().await.expect(200);
    story.tenant().add_user("carl@kiosk.example", "Carl", true);
    story.wait(TimeDelta::hours(2)).await;
    story.wait(TimeDelta::minutes(1)).await;
    let assigned = story.tenant().assigned();
    assert_eq!(assigned.into_values().collect::<Vec<_>>(), ["ben@kiosk.example"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r14_what_was_given_by_hand_is_taken_back_at_microsoft(#[values(Sqlite, Postgresql)] database: Database) {
    let story = Story::start(database).await;
    story.tenant().refuses_policies = true;
    let anna = story.add("anna", NUMBER).await;
    story.apply(&anna).await;
    // Somebody does it in the Teams admin center before the service looks, and staff confirm it.
    {
        let mut tenant = story.tenant();
        let id = tenant.id_of("anna@kiosk.example");
        tenant.set_number(NUMBER, Some(id));
        tenant.users.get_mut(&id).unwrap().policy = Some("J93PmFHwFcLZ".to_owned());
    }
    let operator = story.app.operator().await;
    let confirm = story.app.post(&format!("/users/{anna}/teams/confirm")).bearer(&operator.token);
    let confirmed = confirm.send().await.expect(200).json();
    assert_eq!((&confirmed["state"], &confirmed["teams_user_id"]), (&json!("applied"), &json!(null)));
    // Deleted, it loses its number there, too; the policy is another matter, because Graph refuses it.
    let _ = story.delete(&format!("/users/{anna}")).await.expect(204);
    for _ in 0..10 {
        story.wait(TimeDelta::hours(1)).await;
    }
    assert!(story.tenant().assigned().is_empty());
    let blockers = story.get(&format!("/enterprises/{}/closing-blockers", story.enterprise)).await;
    assert!(blockers.to_string().contains(&anna), "{blockers}");
    story.tenant().users.values_mut().for_each(|user| user.policy = None);
    story.wait(TimeDelta::hours(2)).await;
    let blockers = story.get(&format!("/enterprises/{}/closing-blockers", story.enterprise)).await;
    assert!(!blockers.to_string().contains(&anna), "{blockers}");
    let events = story.get("/events?type=user.teams_number_released").await;
    assert_eq!(events["items"][0]["before"]["teams_number"], json!(NUMBER));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r14_a_name_that_passes_to_somebody_else_takes_nothing_along(#[values(Sqlite, Postgresql)] database: Database) {
    let story = Story::start(database).await;
    let anna = story.add("anna", NUMBER).await;
    story.apply(&anna).await;
    story.until(&anna, "applied").await;
    {
        let mut tenant = story.tenant();
        tenant.change_user("anna@kiosk.example", |user| user.name = "anna.old@kiosk.example".to_owned());
        tenant.add_user("anna@kiosk.example", "Anna Neu", true);
    }
    let _ = story.patch(&anna, &json!({"default_number": "+4930901825"})).await.expect(200);
    story.until(&anna, "applied").await;
    let tenant = story.tenant();
    let assigned: Vec<_> = tenant.assigned().into_iter().collect();
    assert_eq!(assigned, [("+4930901825".to_owned(), "anna@kiosk.example".to_owned())]);
    let given: Vec<_> = tenant.users.values().filter(|user| user.policy.is_some()).map(|user| &user.name).collect();
    assert_eq!(given, ["anna@kiosk.example"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r8_where_enterprises_share_a_tenant_none_touches_another_one_s_users(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let story = Story::start(database).await;
    story.tenant().add_user("boss@victim.example", "Boss", true);
    let id = story.tenant().id_of("boss@victim.example");
    story.tenant().set_number("+4930901888", Some(id));
    let body = json!({"teams_user": "boss@victim.example", "trunk_id": story.trunk, "default_number": NUMBER, "voice_route": "emea"});
    let user = story.post(&format!("/enterprises/{}/users", story.enterprise), &body).await.expect(201).text_of("id");
    let _ = story.post(&format!("/users/{user}/teams/apply"), &json!({"replace": true})).await.expect(200);
    story.serve().await;
    let teams = story.teams(&user).await;
    assert_eq!((&teams["state"], &teams["failure"]["code"]), (&json!("failed"), &json!("other_domain")));
    assert_eq!(story.tenant().assigned()["+4930901888"], "boss@victim.example");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r14_a_policy_of_somebody_else_stays_unless_it_may_be_replaced(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let story = Story::start(database).await;
    story.tenant().lag = 3;
    let give = |name: &str, id: &str| {
        let mut tenant = story.tenant();
        tenant.voice_policies.insert(name.to_owned(), id.to_owned());
        tenant.change_user("anna@kiosk.example", |user| user.policy = Some(id.to_owned()));
    };
    let has = || story.tenant().users.values().find(|user| user.name.starts_with("anna")).unwrap().policy.clone();
    give("Own Routing", "T3duUm91dGluZw");
    let anna = story.add("anna", NUMBER).await;
    story.apply(&anna).await;
    let teams = story.until(&anna, "failed").await;
    assert_eq!(teams["failure"]["code"], json!("other_policy"));
    assert!(teams["failure"]["detail"].as_str().unwrap().contains("Own Routing"), "{teams}");
    assert_eq!(has().as_deref(), Some("T3duUm91dGluZw"));
    let _ = story.post(&format!("/users/{anna}/teams/apply"), &json!({"replace": true})).await.expect(200);
    story.until(&anna, "applied").await;
    assert_eq!(has().as_deref(), Some("J93PmFHwFcLZ"));
    // The one of another route of this service is replaced without more ado.
    give("TeamMate kiosk.apac.teammate.example", "QXBhYw");
    story.wait(TimeDelta::hours(30)).await;
    assert_eq!(story.teams(&anna).await["state"], json!("drifted"));
    story.apply(&anna).await;
    story.until(&anna, "applied").await;
    assert_eq!(has().as_deref(), Some("J93PmFHwFcLZ"));
}
