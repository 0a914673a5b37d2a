//! The product's main job from end to end: a partner is taken on, creates a reseller, and the reseller signs in.

use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, PASSWORD, Person, enterprise_body, reseller_body};
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_partner_is_taken_on_and_its_reseller_signs_in(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;

    // Anybody files a ticket; support approves it.
    let ticket = json!({
        "subject": "Add to TeamMate Portal", "partner_company_name": "Contoso Telecom",
        "first_name": "Ann", "last_name": "Example", "email": "Ann@Contoso.example",
    });
    let filed = app.post("/support-tickets").json(&ticket).send().await.expect(201);
    assert_eq!(filed.header("location"), format!("/support-tickets/{}", filed.text_of("id")));
    let operator = app.operator().await;
    let open = app.get("/support-tickets?status=open").bearer(&operator.token).send().await.expect(200).json();
    assert_eq!(open["items"][0]["id"], filed.json()["id"]);
    let path = format!("/support-tickets/{}/approve", filed.text_of("id"));
    let approved = app.post(&path).bearer(&operator.token).send().await.expect(200).json();
    let master_id = approved["master_reseller_id"].as_str().unwrap().to_owned();
    assert_eq!(approved["status"], "approved");

    // The partner opens the link, which consumes nothing, and activates.
    let token = app.token_for("ann@contoso.example").await;
    for _ in 0..2 {
        let preview = app.post("/activations/preview").json(&json!({"token": token})).send().await.expect(200).json();
        assert_eq!(preview["account_id"], master_id.as_str());
        assert_eq!(preview["email"], "Ann@Contoso.example");
    }
    let redeem = json!({"token": token, "password": PASSWORD});
    let activated = app.post("/activations").json(&redeem).send().await.expect(200).json();
    assert_eq!(activated["status"], "active");
    let tokens = app.login("ann@contoso.example").await;
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 600);
    let master = tokens["access_token"].as_str().unwrap();
    let me = app.get("/me").bearer(master).send().await.expect(200).json();
    assert_eq!(me["account"]["id"], master_id.as_str());
    assert_eq!(me["role"], "owner");

    // It creates a reseller, which gets its own e-mail.
    let request = app.post("/resellers").bearer(master).json(&reseller_body("Office@Nordwind.example"));
    let created = request.send().await.expect(201);
    let mut reseller = created.json();
    let id = created.text_of("id");
    assert_eq!(created.header("location"), format!("/resellers/{id}"));
    assert!(created.header("etag").starts_with("\"1."));
    assert!(reseller["activation"]["expires_at"].is_string());
    let times = (reseller["created_at"].take(), reseller["updated_at"].take());
    assert_eq!(times.0, times.1);
    reseller["activation"].take();
    assert_eq!(
        reseller,
        json!({
            "id": id, "master_reseller_id": master_id, "name": "Nordwind", "email": "Office@Nordwind.example",
            "services": ["pbx", "trunk"], "billing_reference": "CUST-1", "status": "pending", "operates": false,
            "activation": null, "activated_at": null, "closed_at": null, "created_at": null, "updated_at": null,
        })
    );

    // The reseller activates, signs in, and sees itself and nothing else.
    let person = app.activate(&id, "office@nordwind.example").await;
    let seen = app.get(&format!("/resellers/{id}")).bearer(&person.token).send().await.expect(200).json();
    assert_eq!((&seen["status"], &seen["operates"]), (&json!("active"), &json!(true)));
    assert_eq!(seen["activation"]["delivery"], "sent");
    let _ =
        app.post("/resellers").bearer(master).json(&reseller_body("other@nordwind.example")).send().await.expect(201);
    let list = app.get("/resellers").bearer(&person.token).send().await.expect(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let path = format!("/master-resellers/{master_id}");
    app.get(&path).bearer(&person.token).send().await.problem(404, "not_found");
    app.get("/support-tickets").bearer(&person.token).send().await.problem(403, "forbidden");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn staff_does_the_same_for_a_master_reseller_that_it_names(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let operator = app.operator().await;
    let create = |body: serde_json::Value, token: String| {
        let request = app.post("/resellers").bearer(&token).json(&body);
        async move { request.send().await }
    };
    let mut body = reseller_body("office@nordwind.example");
    let missing = create(body.clone(), operator.token.clone()).await;
    assert_eq!(missing.pointers(), ["/master_reseller_id"]);
    body["master_reseller_id"] = json!(master.account);
    let refused = create(body.clone(), master.token.clone()).await;
    assert_eq!(refused.pointers(), ["/master_reseller_id"]);
    let created = create(body.clone(), operator.token.clone()).await.expect(201);
    assert_eq!(created.text_of("master_reseller_id"), master.account);
    body["master_reseller_id"] = json!("master_reseller_01h455vb4pex5vsknk084sn02q");
    assert_eq!(create(body, operator.token.clone()).await.pointers(), ["/master_reseller_id"]);
    let path = format!("/master-resellers/{}", master.account);
    let patched = app.patch(&path).bearer(&operator.token).json(&json!({"name": "Contoso Voice"})).send().await;
    assert_eq!(patched.expect(200).text_of("name"), "Contoso Voice");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_enterprise_goes_from_its_invitation_to_working_users_and_back(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let reseller = app.reseller(&master, "office@nordwind.example").await;
    let create = async |email: &str| {
        let mut body = enterprise_body(email);
        (body["user_limit"], body["can_add_extensions"]) = (json!(2), json!(true));
        let request = app.post("/enterprises").bearer(&reseller.token).json(&body);
        let id = request.send().await.expect(201).text_of("id");
        app.activate(&id, email).await
    };
    // The administrator is invited, activates, and connects the tenant, seeing each time what to do.
    let admin = create("admin@kiosk.example").await;
    let path = format!("/enterprises/{}", admin.account);
    let post = |person: &Person, path: &str, body: Value| app.post(path).bearer(&person.token).json(&body).send();
    let route = |command: &str| format!("{path}/direct-routing/routes/emea/{command}");
    let started = post(&admin, &route("start"), json!({"label": "kiosk"})).await.expect(200).json();
    assert_eq!(started["routes"][0]["next"]["step"], "give_consent");
    let pbx = json!({"type": "3cx", "location": "Tor", "sip_domain": "sip.kiosk.example"});
    post(&admin, &format!("{path}/pbxes"), pbx.clone()).await.problem(409, "direct_routing_not_established");
    let pending = post(&admin, &route("confirm"), json!({"verification_txt": "MS=ms42"})).await.expect(200).json();
    let record = json!({"type": "TXT", "name": "kiosk.emea.teammate.example", "value": "MS=ms42", "ttl": 3600});
    assert_eq!(pending["routes"][0]["dns_record"], record);
    for _ in 0..3 {
        let _ = post(&admin, &route("confirm"), json!({})).await.expect(200);
    }
    // It adds a PBX, and users as far as the limit goes.
    let pbx = post(&admin, &format!("{path}/pbxes"), pbx).await.expect(201).text_of("id");
    let user = |number: usize| {
        json!({
            "teams_user": format!("u{number}@kiosk.example"), "pbx_id": pbx, "sip_user": number.to_string(),
            "password": "s3cret", "voice_route": "emea",
        })
    };
    let mut users = Vec::new();
    for number in 0..2 {
        users.push(post(&admin, &format!("{path}/users"), user(number)).await.expect(201).text_of("id"));
    }
    post(&admin, &format!("{path}/users"), user(2)).await.problem(409, "user_limit_reached");

    // Its reseller stops it, lets it go on, and closes it once it is empty.
    let _ = post(&reseller, &format!("{path}/suspend"), json!({})).await.expect(200);
    app.get(&path).bearer(&admin.token).send().await.problem(403, "account_not_operating");
    let _ = post(&reseller, &format!("{path}/resume"), json!({})).await.expect(200);
    let delete = |path: &str| app.delete(path).bearer(&reseller.token).send();
    assert_eq!(delete(&path).await.problem(409, "has_open_children")["blockers"]["total"], 3);
    for user in &users {
        let _ = delete(&format!("/users/{user}")).await.expect(204);
    }
    let _ = delete(&format!("/pbxes/{pbx}")).await.expect(204);
    let _ = delete(&path).await.expect(204);

    // Everything that it had, another one has at once: address, domain, SIP domain and users.
    let next = create("admin@kiosk.example").await;
    app.establish(&next, &next.account, "emea", "kiosk").await;
    let path = format!("/enterprises/{}", next.account);
    let pbx = json!({"type": "3cx", "location": "Tor", "sip_domain": "sip.kiosk.example"});
    let pbx = post(&next, &format!("{path}/pbxes"), pbx).await.expect(201).text_of("id");
    let user = json!({"teams_user": "u0@kiosk.example", "pbx_id": pbx, "sip_user": "0", "voice_route": "emea"});
    let _ = post(&next, &format!("{path}/users"), user).await.expect(201);
}
