//! R2: one open ticket an address; a decided ticket never changes again.

use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

fn ticket(email: &str) -> Value {
    json!({
        "subject": "Add to TeamMate Portal", "partner_company_name": "Contoso",
        "first_name": "Ann", "last_name": "Example", "email": email,
    })
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r2_one_open_ticket_an_address(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let file = |email: &str| app.post("/support-tickets").json(&ticket(email)).send();
    let answers = join_all(["ann@contoso.example", "Ann@Contoso.example", "ＡＮＮ@contoso.example"].map(file)).await;
    let filed: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(filed.len(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.clone().problem(409, "ticket_already_open");
    }
    let path = format!("/support-tickets/{}", filed[0].text_of("id"));
    let reject = app.post(&format!("{path}/reject")).bearer(&operator.token).json(&json!({"reason": "A double."}));
    let rejected = reject.send().await.expect(200).json();
    assert_eq!((&rejected["status"], &rejected["rejection_reason"]), (&json!("rejected"), &json!("A double.")));
    assert!(rejected["decided_by"].as_str().unwrap().starts_with("member_"));
    for step in ["approve", "reject"] {
        let again = app.post(&format!("{path}/{step}")).bearer(&operator.token).json(&json!({"reason": "Again."}));
        again.send().await.problem(409, "ticket_decided");
    }
    let _ = file("ann@contoso.example").await.expect(201);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r2_of_many_decisions_one_holds(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let id = app.post("/support-tickets").json(&ticket("ann@contoso.example")).send().await.expect(201).text_of("id");
    let decide = |number: usize| {
        let step = if number.is_multiple_of(2) { "approve" } else { "reject" };
        let request = app.post(&format!("/support-tickets/{id}/{step}")).bearer(&operator.token);
        request.json(&json!({"reason": "No."})).send()
    };
    let answers = join_all((0..20).map(decide)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        answer.problem(409, "ticket_decided");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r2_a_ticket_for_a_taken_address_can_t_be_approved(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    app.master_reseller("ann@contoso.example").await;
    let filed = app.post("/support-tickets").json(&ticket("ann@contoso.example")).send().await.expect(201);
    let path = format!("/support-tickets/{}", filed.text_of("id"));
    let approve = app.post(&format!("{path}/approve")).bearer(&operator.token).send().await;
    approve.problem(409, "email_taken");
    let still = app.get(&path).bearer(&operator.token).send().await.expect(200);
    assert_eq!(still.text_of("status"), "open");
}
