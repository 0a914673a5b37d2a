//! From a support ticket to enterprises: how accounts begin, sign in, change and end.

use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Database, PASSWORD, Person, enterprise_body, reseller_body};
use rstest::rstest;
use serde_json::{Value, json};

use super::story::{NOBODY, Story};

fn ticket(email: &str) -> Value {
    json!({
        "subject": "Add to TeamMate Portal", "partner_company_name": "Contoso Telecom",
        "first_name": "Ann", "last_name": "Example", "email": email,
    })
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn support_tickets(#[values(Sqlite, Postgresql)] database: Database) {
    let mut story = Story::begin(database).await;
    let operator = story.app.operator().await;
    let bad = json!({"subject": "Hello", "partner_company_name": "", "first_name": 1, "email": "x", "colour": "red"});
    story.post("/support-tickets", &NOBODY, bad).await;
    let first = story.post("/support-tickets", &NOBODY, ticket("Ann@Contoso.example")).await;
    story.post("/support-tickets", &NOBODY, ticket("ann@contoso.example")).await;
    let second = story.post("/support-tickets", &NOBODY, ticket("bob@fabrikam.example")).await;
    story.get("/support-tickets", &NOBODY).await;
    story.get("/support-tickets?status=open&limit=1", &operator).await;
    let path = format!("/support-tickets/{}", first.text_of("id"));
    story.get(&path, &operator).await;
    story.act(&format!("{path}/approve"), &operator).await;
    story.act(&format!("{path}/approve"), &operator).await;
    let path = format!("/support-tickets/{}", second.text_of("id"));
    story.post(&format!("{path}/reject"), &operator, json!({"reason": "Not a partner."})).await;
    story.get("/support-tickets", &operator).await;
    story.end("support_tickets");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn activation(#[values(Sqlite, Postgresql)] database: Database) {
    let mut story = Story::begin(database).await;
    let master = story.app.master_reseller("ann@contoso.example").await;
    let created = story.post("/resellers", &master, reseller_body("Office@Nordwind.example")).await;
    let path = format!("/resellers/{}", created.text_of("id"));
    story.act(&format!("{path}/resend-activation"), &master).await;
    let token = story.app.token_for("office@nordwind.example").await;
    story.get(&path, &master).await;
    story.post("/activations/preview", &NOBODY, json!({"token": token})).await;
    story.post("/activations", &NOBODY, json!({"token": token, "password": "short"})).await;
    story.post("/activations", &NOBODY, json!({"token": token, "password": PASSWORD})).await;
    story.post("/activations/preview", &NOBODY, json!({"token": token})).await;
    story.get(&path, &master).await;
    story.act(&format!("{path}/resend-activation"), &master).await;
    story.end("activation");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sign_in(#[values(Sqlite, Postgresql)] database: Database) {
    let mut story = Story::begin(database).await;
    let email = "ann@contoso.example";
    story.app.master_reseller(email).await;
    story.post("/auth/login", &NOBODY, json!({"email": email, "password": "wrong wrong wrong"})).await;
    let tokens = story.post("/auth/login", &NOBODY, json!({"email": email, "password": PASSWORD})).await;
    let ann = Person { account: String::new(), token: tokens.text_of("access_token") };
    story.get("/me", &ann).await;
    let refresh = json!({"refresh_token": tokens.text_of("refresh_token")});
    let tokens = story.post("/auth/refresh", &NOBODY, refresh).await;
    let logout = json!({"refresh_token": tokens.text_of("refresh_token")});
    story.post("/auth/logout", &NOBODY, logout.clone()).await;
    story.post("/auth/refresh", &NOBODY, logout).await;
    story.get("/me", &ann).await;
    story.post("/auth/password-resets", &NOBODY, json!({"email": email})).await;
    let token = story.app.token_for(email).await;
    let reset = json!({"token": token, "password": "a new and better passphrase"});
    story.post("/auth/password-resets/redeem", &NOBODY, reset.clone()).await;
    story.post("/auth/password-resets/redeem", &NOBODY, reset).await;
    story.end("sign_in");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn master_resellers(#[values(Sqlite, Postgresql)] database: Database) {
    let mut story = Story::begin(database).await;
    let operator = story.app.operator().await;
    let master = story.app.master_reseller("ann@contoso.example").await;
    story.app.master_reseller("bob@fabrikam.example").await;
    let path = format!("/master-resellers/{}", master.account);
    story.get("/master-resellers", &operator).await;
    story.get("/master-resellers?q=contoso&limit=1", &operator).await;
    story.get(&path, &master).await;
    story.patch(&path, &operator, json!({"name": "Contoso Voice", "services": ["pbx"]})).await;
    story.patch(&path, &operator, json!({"name": "", "services": ["fax"], "colour": "red"})).await;
    story.patch(&path, &master, json!({"name": "Mine"})).await;
    story.act(&format!("{path}/suspend"), &operator).await;
    story.get(&path, &master).await;
    story.act(&format!("{path}/resume"), &operator).await;
    story.get(&format!("{path}/closing-blockers"), &operator).await;
    story.delete(&path, &operator).await;
    story.get(&path, &operator).await;
    story.end("master_resellers");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn resellers(#[values(Sqlite, Postgresql)] database: Database) {
    let mut story = Story::begin(database).await;
    let master = story.app.master_reseller("ann@contoso.example").await;
    let created = story.post("/resellers", &master, reseller_body("office@nordwind.example")).await;
    let bad = json!({"name": "", "email": "x", "services": ["pbx", "fax"], "billing_reference": "", "colour": "red"});
    story.post("/resellers", &master, bad).await;
    story.post("/resellers", &master, reseller_body("Office@Nordwind.example")).await;
    let reseller = story.app.activate(&created.text_of("id"), "office@nordwind.example").await;
    let path = format!("/resellers/{}", reseller.account);
    story.get(&path, &reseller).await;
    story.post("/resellers", &master, reseller_body("office@alpenblick.example")).await;
    story.get("/resellers", &master).await;
    story.get("/resellers?status=pending&sort=-created_at&limit=1", &master).await;
    story.get("/resellers?sort=colour", &master).await;
    story.patch(&path, &master, json!({"name": "Nordwind Telefonie", "billing_reference": "CUST-2"})).await;
    story.act(&format!("{path}/suspend"), &master).await;
    story.get(&path, &reseller).await;
    story.act(&format!("{path}/resume"), &master).await;
    let below = story.post("/enterprises", &reseller, enterprise_body("admin@kiosk.example")).await;
    story.get(&format!("{path}/closing-blockers"), &master).await;
    story.delete(&path, &master).await;
    story.delete(&format!("/enterprises/{}", below.text_of("id")), &reseller).await;
    story.delete(&path, &master).await;
    story.get(&path, &master).await;
    story.patch(&path, &master, json!({"name": "Late"})).await;
    story.end("resellers");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn enterprises(#[values(Sqlite, Postgresql)] database: Database) {
    let mut story = Story::begin(database).await;
    let master = story.app.master_reseller("ann@contoso.example").await;
    let reseller = story.app.reseller(&master, "office@nordwind.example").await;
    let mut body = enterprise_body("Admin@Kiosk.example");
    (body["user_limit"], body["billing_reference"]) = (json!(10), json!("K-0815"));
    let created = story.post("/enterprises", &reseller, body).await;
    let bad = json!({
        "name": "", "email": "x", "country": "de", "sbc_regions": ["emea", "mars", "emea"], "services": [],
        "user_limit": -1, "billing_reference": "", "pbx_music_on_hold": "yes", "access_sip_data": null, "colour": "red",
    });
    story.post("/enterprises", &reseller, bad).await;
    let admin = story.app.activate(&created.text_of("id"), "admin@kiosk.example").await;
    let path = format!("/enterprises/{}", admin.account);
    story.get(&path, &admin).await;
    story.post("/enterprises", &reseller, enterprise_body("admin@bakery.example")).await;
    story.get("/enterprises", &reseller).await;
    story.get("/enterprises?country=DE&sbc_region=emea&service=pbx&q=kiosk&limit=1", &master).await;
    story.patch(&path, &admin, json!({"name": "Mine"})).await;
    story.patch(&path, &reseller, json!({"country": "AT", "sbc_regions": ["apac", "noam"], "user_limit": null})).await;
    story.act(&format!("{path}/suspend"), &reseller).await;
    story.get(&path, &admin).await;
    story.act(&format!("{path}/resume"), &reseller).await;
    story.get(&format!("{path}/closing-blockers"), &reseller).await;
    story.delete(&path, &reseller).await;
    story.get(&path, &reseller).await;
    story.end("enterprises");
}
