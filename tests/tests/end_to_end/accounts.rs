//! R6, R8, R16: what is kept exactly, what strangers see, and what is recorded.

use domain::account::Tier;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, reseller_body};
use persistence::events;
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r6_references_and_names_come_back_byte_for_byte(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let longest = "☎".repeat(255);
    let texts =
        ["  CUST 1 ", "ref\twith\ttabs\nand lines", "نور-٤٧١١", "👩🏽‍💻\u{200d}", "e\u{301} ≠ é", "'; --", &longest];
    for (number, text) in texts.into_iter().enumerate() {
        let mut body = reseller_body(&format!("r{number}@nordwind.example"));
        body["billing_reference"] = json!(text);
        let name: String = text.chars().filter(|c| !c.is_control()).take(120).collect();
        body["name"] = json!(name);
        let created = app.post("/resellers").bearer(&master.token).json(&body).send().await.expect(201);
        let path = format!("/resellers/{}", created.text_of("id"));
        let seen = app.get(&path).bearer(&master.token).send().await.expect(200);
        assert_eq!(seen.text_of("billing_reference"), text);
        assert_eq!(seen.text_of("name"), name);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r8_a_foreign_id_and_a_made_up_id_get_the_same_bytes(
    #[values(Sqlite, Postgresql)] database: Database,
    #[values(Tier::Reseller, Tier::Enterprise)] tier: Tier,
) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let rival = app.master_reseller("bob@rival.example").await;
    let reseller = app.reseller(&rival, "office@nordwind.example").await.account;
    let enterprise = app.plant(Tier::Enterprise, &[&rival.account, &reseller], "admin@kiosk.example").await;
    let (foreign, other) = if tier == Tier::Reseller { (reseller, enterprise) } else { (enterprise, reseller) };
    let ids = [
        foreign.as_str(),
        &format!("{}_01h455vb4pex5vsknk084sn02q", tier.as_str()),
        &format!("{}_x", tier.as_str()),
        "..",
        "%2e%2e%2fetc",
        &other,
        "%00",
    ];
    let bodies = [r#"{"name":"New"}"#, r#"{"name":"#, r#"{"zzz":1}"#, "", "[]"];
    let mut answers = Vec::new();
    for id in ids {
        let path = format!("/{}s/{id}", tier.as_str());
        let mut of_id = vec![
            app.get(&path).bearer(&master.token).send().await,
            app.delete(&path).bearer(&master.token).send().await,
            app.get(&format!("{path}/closing-blockers")).bearer(&master.token).send().await,
        ];
        for body in bodies {
            let patch = app.patch(&path).bearer(&master.token).raw("application/json", body.to_owned());
            of_id.push(patch.send().await);
        }
        for step in ["suspend", "resume", "resend-activation"] {
            of_id.push(app.post(&format!("{path}/{step}")).bearer(&master.token).send().await);
        }
        // A client may fold `..` away before it sends the request; then it asks for something else.
        if id == ".." {
            continue;
        }
        let bare = of_id.into_iter().map(|answer| {
            let id = answer.text_of("request_id");
            (answer.status, answer.text.replace(&id, ""))
        });
        answers.push(bare.collect::<Vec<_>>());
    }
    assert!(answers[0].iter().all(|(status, _)| *status == 404), "{:?}", answers[0]);
    for other in &answers[1..] {
        assert_eq!(other, &answers[0]);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r16_every_change_is_recorded_and_nothing_secret_is(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let reseller = app.reseller(&master, "office@nordwind.example").await;
    let path = format!("/resellers/{}", reseller.account);
    let _ = app.patch(&path).bearer(&master.token).json(&json!({"name": "New"})).send().await.expect(200);
    let _ = app.patch(&path).bearer(&master.token).json(&json!({"name": "New"})).send().await.expect(200);
    for step in ["suspend", "resume"] {
        let _ = app.post(&format!("{path}/{step}")).bearer(&master.token).send().await.expect(200);
    }
    let taken = app.patch(&path).bearer(&master.token).json(&json!({"email": "x@nordwind.example"}));
    taken.send().await.problem(409, "email_change_needs_confirmation");
    let _ = app.delete(&path).bearer(&master.token).send().await.expect(204);
    let subject = reseller.account.clone();
    let read = move |tx: &mut _| events::of_subject(tx, &subject);
    let actions: Vec<String> = app.service().database.read(read).await.unwrap();
    assert_eq!(
        actions,
        ["created", "activated", "updated", "suspended", "resumed", "closed"].map(|done| format!("reseller.{done}"))
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn support_sees_how_the_activation_e_mail_fares(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let master = app.master_reseller("ann@contoso.example").await;
    let request = app.post("/resellers").bearer(&master.token).json(&reseller_body("office@nordwind.example"));
    let path = format!("/resellers/{}", request.send().await.expect(201).text_of("id"));
    let activation = || async {
        let seen: Value = app.get(&path).bearer(&operator.token).send().await.expect(200).json();
        seen["activation"].clone()
    };
    assert_eq!((&activation().await["delivery"], &activation().await["sent_at"]), (&json!("queued"), &json!(null)));
    app.deliver_mail().await;
    assert_eq!(activation().await["delivery"], "sent");
    assert!(activation().await["sent_at"].as_str().unwrap().ends_with('Z'));
}
