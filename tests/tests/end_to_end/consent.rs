//! R11: an administrator of the tenant grants the service its permissions with a link.

use api::resources::direct_routing::worker;
use chrono::TimeDelta;
use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, Graph, Person, TENANT_ID};
use rstest::rstest;
use serde_json::{Value, json};
use url::Url;

/// An enterprise whose route waits for the consent of its tenant.
struct Story {
    app: App,
    graph: Graph,
    enterprise: String,
}

impl Story {
    async fn start(database: Database) -> Self {
        let graph = Graph::start();
        let flags = graph.flags_for_own_tenants();
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        let app = App::start_with(database, &flags).await;
        let master = app.plant(Tier::MasterReseller, &[], "master@contoso.example").await;
        let reseller = app.plant(Tier::Reseller, &[&master], "reseller@contoso.example").await;
        let enterprise = app.plant(Tier::Enterprise, &[&master, &reseller], "admin@kiosk.example").await;
        graph.tenant().consents = false;
        let story = Self { app, graph, enterprise };
        let _ = story.post("routes/emea/start", &json!({"label": "kiosk"})).await;
        story.advance().await;
        story
    }

    async fn person(&self) -> Person {
        self.app.member(&self.enterprise, Role::Owner).await
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let path = format!("/enterprises/{}/direct-routing/{path}", self.enterprise);
        self.app.post(&path).bearer(&self.person().await.token).json(body).send().await.expect(200).json()
    }

    async fn routing(&self) -> Value {
        let path = format!("/enterprises/{}/direct-routing", self.enterprise);
        self.app.get(&path).bearer(&self.person().await.token).send().await.expect(200).json()
    }

    async fn advance(&self) {
        while worker::advance_due(self.app.service()).await.expect("the routes can be read") > 0 {}
    }

    /// The state of a new link, and the link.
    async fn link(&self, return_url: Value) -> (String, Url) {
        let made = self.post("consent-links", &json!({"return_url": return_url})).await;
        let url: Url = made["url"].as_str().unwrap().parse().unwrap();
        let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        (state, url)
    }

    /// The page that an administrator sees whom Microsoft leads back.
    async fn callback(&self, query: &[(&str, &str)]) -> String {
        self.app.clock.advance(TimeDelta::seconds(2));
        let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let page = self.app.get(&format!("/consent/callback?{query}")).send().await.expect(200);
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
        page.text
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_an_administrator_consents_with_a_link_and_the_route_goes_on(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let story = Story::start(database).await;
    let routing = story.routing().await;
    assert_eq!(routing["routes"][0]["state"], json!("consent_requested"));
    let granted = |routing: &Value| {
        let all = routing["consents"].as_array().unwrap().iter();
        all.map(|consent| consent["granted"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(granted(&routing), vec![json!(false); 6]);
    let (state, url) = story.link(json!("https://portal.contoso.example/kiosk?a=1&b=2")).await;
    assert_eq!(url.path(), "/kiosk.example/v2.0/adminconsent");
    let parameter = |name: &str| url.query_pairs().find(|(own, _)| own == name).unwrap().1.into_owned();
    assert_eq!(parameter("client_id"), "3fa85f64-5717-4562-b3fc-2c963f66afa6");
    assert_eq!(parameter("scope"), "https://graph.microsoft.com/.default");
    assert!(parameter("redirect_uri").ends_with("/consent/callback"));
    // The administrator declines, and is in the wrong tenant; nothing goes on.
    let refused = [("error", "access_denied"), ("error_description", "<b>No</b>"), ("state", &state)];
    let page = story.callback(&refused).await;
    assert!(page.contains("Nothing was granted") && page.contains("&lt;b&gt;No&lt;/b&gt;"), "{page}");
    assert!(page.contains("href=\"https://portal.contoso.example/kiosk?a=1&amp;b=2\">Back to portal.contoso.example"));
    let elsewhere = [("admin_consent", "True"), ("tenant", "00000000-0000-4000-8000-000000000001"), ("state", &state)];
    assert!(story.callback(&elsewhere).await.contains("another tenant"));
    story.advance().await;
    assert_eq!(story.routing().await["routes"][0]["state"], json!("consent_requested"));
    // Then it is granted, but for a permission that the registration lacks.
    let granted_it = [("admin_consent", "True"), ("tenant", TENANT_ID), ("state", &state)];
    {
        let mut tenant = story.graph.tenant();
        (tenant.consents, tenant.lacks) = (true, Some("TeamsTelephoneNumber.ReadWrite.All"));
    }
    let page = story.callback(&granted_it).await;
    assert!(page.contains("except for TeamsTelephoneNumber.ReadWrite.All"), "{page}");
    let expected: Vec<_> = (0..6).map(|index| json!(index != 4)).collect();
    assert_eq!(granted(&story.routing().await), expected);
    story.graph.tenant().lacks = None;
    assert!(story.callback(&granted_it).await.contains("The set-up goes on by itself"));
    // At once, although the next attempt was due in minutes and the token was new.
    story.advance().await;
    assert_eq!(story.routing().await["routes"][0]["state"], json!("established"));
    // Whoever opens it once more changes nothing.
    assert!(story.callback(&granted_it).await.contains("The set-up goes on by itself"));
    let events = story.app.get("/events?type=direct_routing.*").bearer(&story.person().await.token).send().await;
    let kinds = events.expect(200).text.matches("direct_routing.tenant_consented").count();
    assert_eq!(kinds, 2, "once without and once with the last permission");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_a_link_that_is_none_changes_nothing(#[values(Sqlite, Postgresql)] database: Database) {
    let story = Story::start(database).await;
    let (state, _) = story.link(json!(null)).await;
    let answer = |state: &str| {
        [("admin_consent", "True".to_owned()), ("tenant", TENANT_ID.to_owned()), ("state", state.to_owned())]
    };
    let page = async |state: &str| {
        let answer = answer(state);
        let answer: Vec<_> = answer.iter().map(|(name, value)| (*name, value.as_str())).collect();
        story.callback(&answer).await
    };
    let middle = if &state[60..61] == "A" { "B" } else { "A" };
    let changed = format!("{}{middle}{}", &state[..60], &state[61..]);
    for bad in ["", "x", "%00", &changed, &state[..40]] {
        assert!(page(bad).await.contains("This link can&#39;t be used"), "{bad}");
    }
    assert!(story.callback(&[]).await.contains("This link can&#39;t be used"));
    // Microsoft does not confirm it: it is asked again later.
    assert!(page(&state).await.contains("Not confirmed yet"));
    story.advance().await;
    assert_eq!(story.routing().await["routes"][0]["state"], json!("consent_requested"));
    // An enterprise that has not activated its account gets no answer about the tenant that its address names.
    let operator = story.app.operator().await;
    let mut invited = end_to_end::enterprise_body("admin@victim.example");
    let seen = story.app.get(&format!("/enterprises/{}", story.enterprise)).bearer(&operator.token).send().await;
    invited["reseller_id"] = seen.expect(200).json()["reseller_id"].clone();
    let create = story.app.post("/enterprises").bearer(&operator.token).json(&invited);
    let pending = create.send().await.expect(201).text_of("id");
    let path = format!("/enterprises/{pending}/direct-routing");
    let made = story.app.post(&format!("{path}/consent-links")).bearer(&operator.token).json(&json!({})).send().await;
    let url: Url = made.expect(200).text_of("url").parse().unwrap();
    let of_pending = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let asked = story.graph.tenant().requests.len();
    assert!(page(&of_pending).await.contains("has activated its account"));
    assert_eq!(story.graph.tenant().requests.len(), asked);
    let shown = story.app.get(&path).bearer(&operator.token).send().await.expect(200).json();
    assert_eq!(shown["consents"][0]["granted"], json!(null));
    // Nor does one whose address names another tenant by now, with the link of before.
    let patch = story.app.patch(&format!("/enterprises/{pending}")).bearer(&operator.token);
    let _ = patch.json(&json!({"email": "admin@other.example"})).send().await.expect(200);
    assert!(page(&of_pending).await.contains("This link can&#39;t be used"));
    story.app.clock.advance(TimeDelta::hours(73));
    assert!(page(&state).await.contains("This link can&#39;t be used"));
    let person = story.person().await;
    let path = format!("/enterprises/{}/direct-routing/consent-links", story.enterprise);
    for bad in ["http://portal.example", "javascript:alert(1)", "https://a:b@portal.example/"] {
        let body = json!({"return_url": bad});
        let refused = story.app.post(&path).bearer(&person.token).json(&body).send().await;
        assert_eq!(refused.pointers(), ["/return_url"], "{bad}");
    }
    let other = App::start(database).await;
    let kiosk = other.connected("kiosk", json!({})).await;
    let path = format!("/enterprises/{}/direct-routing/consent-links", kiosk.account);
    other.post(&path).bearer(&kiosk.token).json(&json!({})).send().await.problem(409, "no_microsoft_graph");
}
