//! R1: one address, one open account, over all tiers and spellings, under any concurrency.

use chrono::TimeDelta;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, App, Database, PASSWORD, Person, reseller_body};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r1_200_concurrent_creations_make_one_account(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let master = app.master_reseller("ann@contoso.example").await;
    for spellings in [
        ["A@Ex.com", "a@ex.COM", "ａ@ex.com", "a@EX.com"],
        ["i@bücher.example", "I@BÜCHER.example", "i@xn--bcher-kva.example", "ｉ@bücher.example"],
    ] {
        // One of the tickets for the address can be open, so that approving it competes on another tier.
        let ticket = json!({
            "subject": "Add to TeamMate Portal", "partner_company_name": "Rival",
            "first_name": "R", "last_name": "R", "email": spellings[0],
        });
        let ticket = app.post("/support-tickets").json(&ticket).send().await.expect(201).text_of("id");
        let approve = app.post(&format!("/support-tickets/{ticket}/approve")).bearer(&operator.token);
        let mut requests = vec![approve];
        for number in 0..199 {
            let mut body = reseller_body(spellings[number % spellings.len()]);
            let mut token = &master.token;
            if number % 2 == 0 {
                body["master_reseller_id"] = json!(master.account);
                token = &operator.token;
            }
            requests.push(app.post("/resellers").bearer(token).json(&body));
        }
        let answers = join_all(requests.into_iter().map(end_to_end::Request::send)).await;
        let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status < 300);
        assert_eq!(made.len(), 1, "{:?}", made.iter().map(|answer| &answer.text).collect::<Vec<_>>());
        for answer in refused {
            let problem = answer.problem(409, "email_taken");
            assert_eq!(problem["errors"][0]["pointer"], "/email");
            assert!(!problem.to_string().contains(&master.account), "nothing of the other account is told");
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r1_a_closed_account_frees_its_address(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let reseller = app.reseller(&master, "office@nordwind.example").await;
    let create = || app.post("/resellers").bearer(&master.token).json(&reseller_body("OFFICE@nordwind.example"));
    create().send().await.problem(409, "email_taken");
    let path = format!("/resellers/{}", reseller.account);
    let _ = app.delete(&path).bearer(&master.token).send().await.expect(204);
    let again = create().send().await.expect(201).text_of("id");
    assert_ne!(again, reseller.account);
    app.activate(&again, "office@nordwind.example").await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r9_a_member_s_address_is_an_account_s_address(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let request = app.post("/resellers").bearer(&master.token).json(&reseller_body("operator@teammate.local"));
    request.send().await.problem(409, "email_taken");
}

/// Asks for another address of an account, as somebody who may do that.
async fn ask(app: &App, person: &Person, path: &str, email: &str) -> Answer {
    let body = json!({"email": email, "password": PASSWORD});
    app.post(&format!("{path}/change-email")).bearer(&person.token).json(&body).send().await
}

async fn confirm(app: &App, token: &str) -> Answer {
    app.post("/activations/email-changes").json(&json!({"token": token})).send().await
}

async fn answer(app: &App, token: &str, agree: bool) -> Answer {
    app.post("/activations/email-changes/answer").json(&json!({"token": token, "agree": agree})).send().await
}

async fn signs_in(app: &App, email: &str) -> bool {
    app.post("/auth/login").json(&json!({"email": email, "password": PASSWORD})).send().await.status == 200
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r1_an_activated_account_s_address_changes_when_both_addresses_agree(
    #[values(Sqlite, Postgresql)] database: Database,
    #[values(true, false)] old_first: bool,
) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let reseller = app.reseller(&master, "old@nordwind.example").await;
    let path = format!("/resellers/{}", reseller.account);
    let patch = app.patch(&path).bearer(&master.token).json(&json!({"email": "new@nordwind.example"}));
    patch.send().await.problem(409, "email_change_needs_confirmation");
    ask(&app, &master, &path, "ann@contoso.example").await.problem(409, "email_taken");
    let _ = ask(&app, &master, &path, "first@nordwind.example").await.expect(200);
    let first = (app.token_for("first@nordwind.example").await, app.token_for("old@nordwind.example").await);
    let asked = ask(&app, &master, &path, "New@nordwind.example").await.expect(200).json();
    assert_eq!((&asked["email"], &asked["needs_consent"]), (&json!("New@nordwind.example"), &json!(true)));
    assert_eq!(asked["effective_from"], json!(null));
    let notice = app.mail_to("old@nordwind.example").await.pop().unwrap();
    assert!(!notice.to_lowercase().contains("new@nordwind.example"), "the new address is not told: {notice}");
    let reset = app.post("/auth/password-resets").json(&json!({"email": "old@nordwind.example"}));
    let _ = reset.send().await.expect(202);
    let reset = app.mail_to("old@nordwind.example").await.pop().unwrap();
    let reset = reset.split("#token=").nth(1).unwrap()[..43].to_owned();

    // A newer request replaces the links of the earlier one.
    confirm(&app, &first.0).await.problem(422, "invalid_token");
    answer(&app, &first.1, true).await.problem(422, "invalid_token");
    let token = app.token_for("new@nordwind.example").await;
    let notices = app.mail_to("old@nordwind.example").await;
    let notice = notices.iter().rev().find(|mail| mail.contains("/email-change#token=")).expect("a notice");
    let consent = notice.split("#token=").nth(1).unwrap()[..43].to_owned();
    // A link works only for its own side.
    confirm(&app, &consent).await.problem(422, "invalid_token");
    answer(&app, &token, true).await.problem(422, "invalid_token");
    let states = if old_first {
        let agreed = answer(&app, &consent, true).await.expect(200);
        assert!(!agreed.text.contains("New@nordwind.example"), "{}", agreed.text);
        assert!(signs_in(&app, "old@nordwind.example").await, "one side is not enough");
        [agreed.text_of("state"), confirm(&app, &token).await.expect(200).text_of("state")]
    } else {
        let confirmed = confirm(&app, &token).await.expect(200);
        assert!(!signs_in(&app, "new@nordwind.example").await, "one side is not enough");
        [confirmed.text_of("state"), answer(&app, &consent, true).await.expect(200).text_of("state")]
    };
    let first_state = if old_first { "waits_for_confirmation" } else { "waits_for_consent" };
    assert_eq!(states, [first_state, "changed"]);
    confirm(&app, &token).await.problem(422, "invalid_token");
    let seen = app.get(&path).bearer(&master.token).send().await.expect(200);
    assert_eq!(seen.text_of("email"), "New@nordwind.example");
    assert!(signs_in(&app, "new@nordwind.example").await && !signs_in(&app, "old@nordwind.example").await);
    // What belonged to the old address has ended.
    app.get("/me").bearer(&reseller.token).send().await.problem(401, "not_signed_in");
    let redeem = json!({"token": reset, "password": "another correct horse"});
    app.post("/auth/password-resets/redeem").json(&redeem).send().await.problem(422, "invalid_token");
    let found = app.get("/accounts?q=new@nordwind").bearer(&master.token).send().await.expect(200).json();
    assert_eq!(found["items"][0]["id"], reseller.account, "it is found by its new address");
    let free = app.post("/resellers").bearer(&master.token).json(&reseller_body("old@nordwind.example"));
    let pending = free.send().await.expect(201).text_of("id");
    ask(&app, &master, &format!("/resellers/{pending}"), "x@nordwind.example").await.problem(409, "not_activated");
    let events = app.get("/events?type=reseller.email_changed,member.email_changed").bearer(&master.token);
    let events = events.send().await.expect(200).json();
    assert_eq!(events["items"].as_array().unwrap().len(), 2, "the account's and its member's");
    for (page, script) in [("/confirm-email", "/assets/confirm.js"), ("/email-change", "/assets/answer.js")] {
        let page = app.get(page).send().await.expect(200);
        assert!(page.text.contains(script) && !page.text.contains("http"), "{}", page.text);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r1_nobody_above_takes_an_account_from_its_owner(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let reseller = app.reseller(&master, "old@nordwind.example").await;
    let path = format!("/resellers/{}", reseller.account);
    // A program can't even ask, whatever its role.
    let (client, _) = app.client(&master.account, Role::Owner).await;
    ask(&app, &client, &path, "mallory@evil.example").await.problem(403, "forbidden");
    // A person needs the password again, so that an open browser is not enough.
    for body in [
        json!({"email": "mallory@evil.example"}),
        json!({"email": "mallory@evil.example", "password": "a wrong password"}),
    ] {
        for path in [path.as_str(), "/me"] {
            let asked = app.post(&format!("{path}/change-email")).bearer(&master.token).json(&body).send().await;
            assert_eq!(asked.expect(422).pointers(), ["/password"]);
        }
    }
    // Who confirms the new address alone has nothing, for as long as the link lives.
    let _ = ask(&app, &master, &path, "mallory@evil.example").await.expect(200);
    let token = app.token_for("mallory@evil.example").await;
    for _ in 0..3 {
        assert_eq!(confirm(&app, &token).await.expect(200).text_of("state"), "waits_for_consent");
        app.clock.advance(TimeDelta::hours(7));
    }
    app.clock.advance(TimeDelta::hours(4));
    confirm(&app, &token).await.problem(422, "invalid_token");
    assert!(!signs_in(&app, "mallory@evil.example").await && signs_in(&app, "old@nordwind.example").await);
    // The owner stops it.
    let master =
        Person { token: app.login("ann@contoso.example").await["access_token"].as_str().unwrap().to_owned(), ..master };
    let _ = ask(&app, &master, &path, "mallory@evil.example").await.expect(200);
    let (token, consent) = (app.token_for("mallory@evil.example").await, app.token_for("old@nordwind.example").await);
    assert_eq!(answer(&app, &consent, false).await.expect(200).text_of("state"), "cancelled");
    confirm(&app, &token).await.problem(422, "invalid_token");
    answer(&app, &consent, true).await.problem(422, "invalid_token");
    let events = app.get("/events?type=reseller.email_change_cancelled").bearer(&master.token).send().await.expect(200);
    assert_eq!(events.json()["items"].as_array().map(Vec::len), Some(1));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r1_an_operator_s_change_waits_until_the_owner_had_time_to_stop_it(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let path = format!("/master-resellers/{}", master.account);
    let operator = app.operator().await;
    let asked = ask(&app, &operator, &path, "new@contoso.example").await.expect(200).json();
    assert!(asked["effective_from"].is_string(), "{asked}");
    let token = app.token_for("new@contoso.example").await;
    let waits = confirm(&app, &token).await.expect(200);
    assert_eq!(
        (waits.text_of("state"), &waits.json()["effective_from"]),
        ("waits_for_pause".to_owned(), &asked["effective_from"])
    );
    app.clock.advance(TimeDelta::hours(71));
    assert_eq!(confirm(&app, &token).await.expect(200).text_of("state"), "waits_for_pause");
    app.clock.advance(TimeDelta::hours(2));
    assert_eq!(confirm(&app, &token).await.expect(200).text_of("state"), "changed");
    assert!(signs_in(&app, "new@contoso.example").await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r1_a_pending_change_ends_with_a_reset_a_cancellation_and_its_member(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let token_of = async |person: &Person| {
        let _ = ask(&app, person, "/me", "new@contoso.example").await.expect(200);
        app.token_for("new@contoso.example").await
    };
    // Cancelled.
    let token = token_of(&master).await;
    let cancel = || app.delete("/me/change-email").bearer(&master.token).send();
    let _ = cancel().await.expect(204);
    cancel().await.problem(404, "not_found");
    confirm(&app, &token).await.problem(422, "invalid_token");
    // Stopped from the old mailbox, which does not learn the new address.
    let token = token_of(&master).await;
    let notice = app.mail_to("ann@contoso.example").await.pop().unwrap();
    assert!(!notice.contains("new@contoso.example"), "{notice}");
    let _ = answer(&app, &app.token_for("ann@contoso.example").await, false).await.expect(200);
    confirm(&app, &token).await.problem(422, "invalid_token");
    // Ended by a new password.
    let token = token_of(&master).await;
    let reset = app.post("/auth/password-resets").json(&json!({"email": "ann@contoso.example"}));
    let _ = reset.send().await.expect(202);
    let redeem = json!({"token": app.token_for("ann@contoso.example").await, "password": PASSWORD});
    let _ = app.post("/auth/password-resets/redeem").json(&redeem).send().await.expect(204);
    confirm(&app, &token).await.problem(422, "invalid_token");
    // Ended with the member.
    let operator = app.operator().await;
    let bea = app.member(&app.platform().await, Role::Provisioner).await;
    let me = app.get("/me").bearer(&bea.token).send().await.expect(200).json();
    let (id, email) = (me["id"].as_str().unwrap(), me["email"].as_str().unwrap());
    let _ = app.post("/auth/password-resets").json(&json!({"email": email})).send().await.expect(202);
    let redeem = json!({"token": app.token_for(email).await, "password": PASSWORD});
    let _ = app.post("/auth/password-resets/redeem").json(&redeem).send().await.expect(204);
    let bea = Person { token: app.login(email).await["access_token"].as_str().unwrap().to_owned(), ..bea };
    let token = token_of(&bea).await;
    let _ = app.delete(&format!("/members/{id}")).bearer(&operator.token).send().await.expect(204);
    confirm(&app, &token).await.problem(422, "invalid_token");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r1_a_new_address_that_somebody_took_meanwhile_stays_theirs(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let _ = ask(&app, &master, "/me", "new@contoso.example").await.expect(200);
    let token = app.token_for("new@contoso.example").await;
    let create = app.post("/resellers").bearer(&master.token).json(&reseller_body("new@contoso.example"));
    let taken = create.send().await.expect(201).text_of("id");
    confirm(&app, &token).await.problem(409, "email_taken");
    let close = app.delete(&format!("/resellers/{taken}")).bearer(&master.token);
    let _ = close.send().await.expect(204);
    // Ten at the same time: one of them counts.
    let answers = join_all((0..10).map(|_| confirm(&app, &token))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    app.get("/me").bearer(&master.token).send().await.problem(401, "not_signed_in");
    assert!(signs_in(&app, "new@contoso.example").await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r16_the_first_operator_changes_its_address_or_thinks_better_of_it(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let ask = async || {
        let body = json!({"email": "desk@teammate.local", "password": PASSWORD});
        app.post("/me/change-email").bearer(&operator.token).json(&body).send().await.expect(200)
    };
    let _ = ask().await;
    let _ = app.delete("/me/change-email").bearer(&operator.token).send().await.expect(204);
    let _ = ask().await;
    let token = app.token_for("desk@teammate.local").await;
    let confirm = app.post("/activations/email-changes").json(&json!({"token": token}));
    let _ = confirm.send().await.expect(200);
    let token = app.login("desk@teammate.local").await["access_token"].as_str().unwrap().to_owned();
    let events = app.get("/events?type=platform.*").bearer(&token).send().await.expect(200).json();
    let types: Vec<_> = events["items"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    assert_eq!(types, ["platform.created", "platform.email_change_cancelled", "platform.email_changed"]);
}
