//! R8, R9: every operation of the OpenAPI document, by every kind of caller. One table says the status.
//!
//! Changes are asked for with an `If-Match` that no account has, or with a body that is not valid: so 412, 422 and 409
//! stand for "allowed", and nothing changes between two rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, Person};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

/// What each kind of caller gets.
struct Row {
    operation: &'static str,
    /// Nobody, a bad token, an expired one, and somebody whose account is closed.
    stranger: u16,
    /// Owner, provisioner, billing and viewer of each tier: the platform, the master reseller of the target (a
    /// parent), the reseller, an enterprise below it (a child).
    platform: [u16; 4],
    master: [u16; 4],
    reseller: [u16; 4],
    enterprise: [u16; 4],
    /// The owner of another reseller below the same master reseller, and of another master reseller.
    siblings: [u16; 2],
    /// The owner of a suspended account.
    suspended: u16,
}

const fn same(operation: &'static str, status: u16) -> Row {
    let all = [status; 4];
    Row {
        operation,
        stranger: status,
        platform: all,
        master: all,
        reseller: all,
        enterprise: all,
        siblings: [status; 2],
        suspended: status,
    }
}

const fn row(
    operation: &'static str,
    platform: [u16; 4],
    master: [u16; 4],
    reseller: [u16; 4],
    enterprise: [u16; 4],
    siblings: [u16; 2],
) -> Row {
    Row { operation, stranger: 401, platform, master, reseller, enterprise, siblings, suspended: 403 }
}

/// Who provisions may; who only reads may not.
const fn provisions(status: u16) -> [u16; 4] {
    [status, status, 403, 403]
}

const SEEN: [u16; 4] = [200; 4];
const BILLS: [u16; 4] = [200, 403, 200, 403];
const OWNS: [u16; 4] = [200, 403, 403, 403];
const OWNS_NONE: [u16; 4] = [404, 403, 403, 403];
const NO: [u16; 4] = [403; 4];
const UNSEEN: [u16; 4] = [404; 4];

/// The table. `/resellers/{id}` is tried on a reseller, `/master-resellers/{id}` on its master reseller, `/enterprises/{id}` on an enterprise below it,
/// `/support-tickets/{id}` on a decided ticket.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    same("file_support_ticket", 422),
    row("list_support_tickets", SEEN, NO, NO, NO, [403, 403]),
    row("get_support_ticket", SEEN, UNSEEN, UNSEEN, UNSEEN, [404, 404]),
    row("approve_support_ticket", provisions(409), UNSEEN, UNSEEN, UNSEEN, [404, 404]),
    row("reject_support_ticket", provisions(422), UNSEEN, UNSEEN, UNSEEN, [404, 404]),
    same("preview_activation", 422),
    same("redeem_activation", 422),
    same("login", 422),
    same("refresh", 422),
    same("logout", 422),
    same("request_password_reset", 422),
    same("redeem_password_reset", 422),
    row("change_my_email", [422; 4], [422; 4], [422; 4], [422; 4], [422, 422]),
    row("cancel_my_email_change", [404; 4], [404; 4], [404; 4], [404; 4], [404, 404]),
    row("change_my_password", [422; 4], [422; 4], [422; 4], [422; 4], [422, 422]),
    row("list_my_sessions", SEEN, SEEN, SEEN, SEEN, [200, 200]),
    row("end_my_other_sessions", [204; 4], [204; 4], [204; 4], [204; 4], [204, 204]),
    row("end_my_session", UNSEEN, UNSEEN, UNSEEN, UNSEEN, [404, 404]),
    row("prepare_second_factor", [422; 4], [422; 4], [422; 4], [422; 4], [422, 422]),
    row("enable_second_factor", [422; 4], [422; 4], [422; 4], [422; 4], [422, 422]),
    row("renew_recovery_codes", [422; 4], [422; 4], [422; 4], [422; 4], [422, 422]),
    row("disable_second_factor", [422; 4], [422; 4], [422; 4], [422; 4], [422, 422]),
    same("confirm_email_change", 422),
    same("answer_email_change", 422),
    row("get_me", SEEN, SEEN, SEEN, SEEN, [200, 200]),
    row("update_me", [412; 4], [412; 4], [412; 4], [412; 4], [412, 412]),
    row("create_reseller", provisions(422), provisions(422), NO, NO, [403, 422]),
    row("import_resellers", provisions(415), provisions(415), NO, NO, [403, 415]),
    row("list_resellers", SEEN, SEEN, SEEN, NO, [200, 200]),
    row("get_reseller", SEEN, SEEN, SEEN, UNSEEN, [404, 404]),
    row("update_reseller", provisions(412), provisions(412), NO, UNSEEN, [404, 404]),
    row("suspend_reseller", provisions(412), provisions(412), NO, UNSEEN, [404, 404]),
    row("resume_reseller", provisions(412), provisions(412), NO, UNSEEN, [404, 404]),
    row("resend_reseller_activation", provisions(412), provisions(412), NO, UNSEEN, [404, 404]),
    row("get_reseller_closing_blockers", SEEN, SEEN, SEEN, UNSEEN, [404, 404]),
    row("close_reseller", provisions(412), provisions(412), NO, UNSEEN, [404, 404]),
    row("create_enterprise", provisions(422), provisions(422), provisions(422), NO, [422, 422]),
    row("import_enterprises", provisions(415), provisions(415), provisions(415), NO, [415, 415]),
    row("list_enterprises", SEEN, SEEN, SEEN, SEEN, [200, 200]),
    row("get_enterprise", SEEN, SEEN, SEEN, SEEN, [404, 404]),
    row("update_enterprise", provisions(412), provisions(412), provisions(412), NO, [404, 404]),
    row("suspend_enterprise", provisions(412), provisions(412), provisions(412), NO, [404, 404]),
    row("resume_enterprise", provisions(412), provisions(412), provisions(412), NO, [404, 404]),
    row("resend_enterprise_activation", provisions(412), provisions(412), provisions(412), NO, [404, 404]),
    row("get_enterprise_closing_blockers", SEEN, SEEN, SEEN, SEEN, [404, 404]),
    row("close_enterprise", provisions(412), provisions(412), provisions(412), NO, [404, 404]),
    row("get_direct_routing", SEEN, SEEN, SEEN, SEEN, [404, 404]),
    row("get_voice_routing_scripts", SEEN, SEEN, SEEN, SEEN, [404, 404]),
    row("start_route", provisions(422), provisions(422), provisions(422), provisions(422), [404, 404]),
    // Whether those between staff and enterprise may confirm is the enterprise's consent; here it is not given.
    row("confirm_route", provisions(422), NO, NO, provisions(422), [404, 404]),
    row("retry_route", provisions(412), provisions(412), provisions(412), provisions(412), [404, 404]),
    row("remove_route", provisions(412), provisions(412), provisions(412), provisions(412), [404, 404]),
    row("create_consent_link", provisions(422), provisions(422), provisions(422), provisions(422), [404, 404]),
    row("give_management_consent", NO, NO, NO, provisions(412), [404, 404]),
    row("withdraw_management_consent", NO, NO, NO, provisions(412), [404, 404]),
    row("list_pbx_types", SEEN, SEEN, SEEN, SEEN, [200, 200]),
    row("create_pbx", provisions(422), provisions(422), provisions(422), provisions(422), [404, 404]),
    row("list_pbxes", SEEN, SEEN, SEEN, SEEN, [404, 404]),
    row("get_pbx", SEEN, SEEN, SEEN, SEEN, [404, 404]),
    row("update_pbx", provisions(412), provisions(412), provisions(412), provisions(412), [404, 404]),
    row("delete_pbx", provisions(412), provisions(412), provisions(412), provisions(412), [404, 404]),
    row("create_trunk", provisions(422), provisions(422), provisions(422), provisions(422), [404, 404]),
    row("list_trunks", SEEN, SEEN, SEEN, SEEN, [404, 404]),
    row("get_trunk", SEEN, SEEN, SEEN, SEEN, [404, 404]),
    row("update_trunk", provisions(412), provisions(412), provisions(412), provisions(412), [404, 404]),
    row("delete_trunk", provisions(412), provisions(412), provisions(412), provisions(412), [404, 404]),
    // Whether the enterprise may add extensions itself is a switch; here it is off.
    row("create_user", provisions(422), provisions(422), provisions(422), NO, [404, 404]),
    row("import_users", provisions(415), provisions(415), provisions(415), NO, [404, 404]),
    row("list_users", SEEN, SEEN, SEEN, SEEN, [404, 404]),
    row("get_user", SEEN, SEEN, SEEN, SEEN, [404, 404]),
    row("update_user", provisions(412), provisions(412), provisions(412), provisions(412), [404, 404]),
    row("delete_user", provisions(412), provisions(412), provisions(412), provisions(412), [404, 404]),
    row("list_teams_users", SEEN, SEEN, SEEN, SEEN, [404, 404]),
    row("get_teams_users_sync", SEEN, SEEN, SEEN, SEEN, [404, 404]),
    // There is no Microsoft Graph here.
    row("sync_teams_users", provisions(409), provisions(409), provisions(409), provisions(409), [404, 404]),
    row("count_users_in_teams", SEEN, SEEN, SEEN, SEEN, [404, 404]),
    row("apply_all_users_in_teams", provisions(422), provisions(422), provisions(422), provisions(422), [404, 404]),
    row("apply_user_in_teams", provisions(412), provisions(412), provisions(412), provisions(412), [404, 404]),
    row("release_user_in_teams", provisions(412), provisions(412), provisions(412), provisions(412), [404, 404]),
    // As with the steps of a route, consent to being managed is needed here, which is not given.
    row("confirm_user_in_teams", provisions(412), NO, NO, provisions(412), [404, 404]),
    row("search_accounts", SEEN, SEEN, SEEN, SEEN, [200, 200]),
    row("get_account_tree", SEEN, SEEN, SEEN, SEEN, [404, 404]),
    row("list_sbc_regions", SEEN, SEEN, SEEN, SEEN, [200, 200]),
    row("list_billing_reports", BILLS, BILLS, BILLS, BILLS, [200, 200]),
    row("get_billing_report", BILLS, BILLS, BILLS, BILLS, [200, 200]),
    row("get_billing_summary", BILLS, BILLS, BILLS, BILLS, [200, 200]),
    row("get_billing_chart", BILLS, BILLS, BILLS, BILLS, [200, 200]),
    // The period is the present one.
    row("finalise_billing_report", [409, 403, 409, 403], NO, NO, NO, [403, 403]),
    row("create_billing_adjustment", [422, 403, 422, 403], NO, NO, NO, [403, 403]),
    row("list_billing_adjustments", BILLS, BILLS, BILLS, BILLS, [200, 200]),
    // There is no such correction.
    row("get_billing_adjustment", [404, 403, 404, 403], [404, 403, 404, 403], [404, 403, 404, 403], [404, 403, 404, 403], [404, 404]),
    row("change_reseller_email", provisions(422), provisions(422), NO, UNSEEN, [404, 404]),
    row("change_enterprise_email", provisions(422), provisions(422), provisions(422), NO, [404, 404]),
    row("change_master_reseller_email", provisions(422), NO, UNSEEN, UNSEEN, [404, 404]),
    row("cancel_reseller_email_change", provisions(404), provisions(404), NO, UNSEEN, [404, 404]),
    row("cancel_enterprise_email_change", provisions(404), provisions(404), provisions(404), NO, [404, 404]),
    row("cancel_master_reseller_email_change", provisions(404), NO, UNSEEN, UNSEEN, [404, 404]),
    row("move_reseller", provisions(422), provisions(422), NO, UNSEEN, [404, 404]),
    row("move_enterprise", provisions(422), provisions(422), provisions(422), NO, [404, 404]),
    row("list_moves", SEEN, SEEN, SEEN, SEEN, [200, 200]),
    // There is no such move.
    row("get_import_report", UNSEEN, UNSEEN, UNSEEN, UNSEEN, [404, 404]),
    row("get_move", UNSEEN, UNSEEN, UNSEEN, UNSEEN, [404, 404]),
    row("accept_move", UNSEEN, UNSEEN, UNSEEN, UNSEEN, [404, 404]),
    row("decline_move", UNSEEN, UNSEEN, UNSEEN, UNSEEN, [404, 404]),
    row("cancel_move", UNSEEN, UNSEEN, UNSEEN, UNSEEN, [404, 404]),
    row("invite_member", [422, 403, 403, 403], [422, 403, 403, 403], [422, 403, 403, 403], [422, 403, 403, 403], [422, 422]),
    row("list_members", OWNS, OWNS, OWNS, OWNS, [200, 200]),
    // There is no such member.
    row("get_member", OWNS_NONE, OWNS_NONE, OWNS_NONE, OWNS_NONE, [404, 404]),
    row("update_member", OWNS_NONE, OWNS_NONE, OWNS_NONE, OWNS_NONE, [404, 404]),
    row("remove_member", OWNS_NONE, OWNS_NONE, OWNS_NONE, OWNS_NONE, [404, 404]),
    row("end_member_sessions", OWNS_NONE, OWNS_NONE, OWNS_NONE, OWNS_NONE, [404, 404]),
    row("reset_second_factor", OWNS_NONE, OWNS_NONE, OWNS_NONE, OWNS_NONE, [404, 404]),
    row("get_sign_in_policy", OWNS, OWNS, OWNS, OWNS, [200, 200]),
    row("update_sign_in_policy", [422, 403, 403, 403], [422, 403, 403, 403], [422, 403, 403, 403], [422, 403, 403, 403], [422, 422]),
    row("resend_invitation", OWNS_NONE, OWNS_NONE, OWNS_NONE, OWNS_NONE, [404, 404]),
    row("create_api_client", [422, 403, 403, 403], [422, 403, 403, 403], [422, 403, 403, 403], [422, 403, 403, 403], [422, 422]),
    row("list_api_clients", OWNS, OWNS, OWNS, OWNS, [200, 200]),
    // There is no such API client.
    row("get_api_client", OWNS_NONE, OWNS_NONE, OWNS_NONE, OWNS_NONE, [404, 404]),
    row("update_api_client", OWNS_NONE, OWNS_NONE, OWNS_NONE, OWNS_NONE, [404, 404]),
    row("revoke_api_client", OWNS_NONE, OWNS_NONE, OWNS_NONE, OWNS_NONE, [404, 404]),
    row("rotate_api_client_secret", OWNS_NONE, OWNS_NONE, OWNS_NONE, OWNS_NONE, [404, 404]),
    same("sign_in_for_program", 422),
    same("issue_client_token", 400),
    same("get_authorization_server", 200),
    row("create_webhook", [422, 403, 403, 403], [422, 403, 403, 403], [422, 403, 403, 403], [422, 403, 403, 403], [422, 422]),
    row("list_webhooks", OWNS, OWNS, OWNS, OWNS, [200, 200]),
    // There is no such webhook.
    row("get_webhook", OWNS_NONE, OWNS_NONE, OWNS_NONE, OWNS_NONE, [404, 404]),
    row("update_webhook", OWNS_NONE, OWNS_NONE, OWNS_NONE, OWNS_NONE, [404, 404]),
    row("delete_webhook", OWNS_NONE, OWNS_NONE, OWNS_NONE, OWNS_NONE, [404, 404]),
    row("rotate_webhook_secret", OWNS_NONE, OWNS_NONE, OWNS_NONE, OWNS_NONE, [404, 404]),
    row("list_webhook_deliveries", OWNS_NONE, OWNS_NONE, OWNS_NONE, OWNS_NONE, [404, 404]),
    row("get_webhook_delivery", OWNS_NONE, OWNS_NONE, OWNS_NONE, OWNS_NONE, [404, 404]),
    row("redeliver_webhook_delivery", OWNS_NONE, OWNS_NONE, OWNS_NONE, OWNS_NONE, [404, 404]),
    row("test_webhook", OWNS_NONE, OWNS_NONE, OWNS_NONE, OWNS_NONE, [404, 404]),
    row("replay_webhook_events", OWNS_NONE, OWNS_NONE, OWNS_NONE, OWNS_NONE, [404, 404]),
    row("list_events", OWNS, OWNS, OWNS, OWNS, [200, 200]),
    row("get_event", OWNS, OWNS, OWNS, OWNS, [404, 404]),
    row("list_master_resellers", SEEN, SEEN, NO, NO, [403, 200]),
    row("get_master_reseller", SEEN, SEEN, UNSEEN, UNSEEN, [404, 404]),
    row("update_master_reseller", provisions(412), NO, UNSEEN, UNSEEN, [404, 404]),
    row("suspend_master_reseller", provisions(412), NO, UNSEEN, UNSEEN, [404, 404]),
    row("resume_master_reseller", provisions(412), NO, UNSEEN, UNSEEN, [404, 404]),
    row("resend_master_reseller_activation", provisions(412), NO, UNSEEN, UNSEEN, [404, 404]),
    row("get_master_reseller_closing_blockers", SEEN, SEEN, UNSEEN, UNSEEN, [404, 404]),
    row("close_master_reseller", provisions(412), NO, UNSEEN, UNSEEN, [404, 404]),
    same("get_liveness", 200),
    same("get_readiness", 200),
    same("get_metrics", 200),
    same("get_jwks", 200),
];

/// What no API client may do.
const FOR_PEOPLE: &[&str] = &[
    "invite_member",
    "update_member",
    "remove_member",
    "resend_invitation",
    "change_my_email",
    "change_my_password",
    "list_my_sessions",
    "end_my_other_sessions",
    "end_my_session",
    "end_member_sessions",
    "cancel_my_email_change",
    "change_reseller_email",
    "change_enterprise_email",
    "change_master_reseller_email",
    "update_me",
    "reset_second_factor",
    "update_sign_in_policy",
    "prepare_second_factor",
    "enable_second_factor",
    "renew_recovery_codes",
    "disable_second_factor",
];

struct Operation {
    id: String,
    method: Method,
    path: String,
    has_body: bool,
}

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(api::openapi::document()).expect("the document");
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            found.push(Operation {
                id: operation["operationId"].as_str().expect("an id").to_owned(),
                method: Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method"),
                path: path.clone(),
                has_body: operation["requestBody"].is_object(),
            });
        }
    }
    found
}

#[test]
fn r8_every_operation_is_in_the_table() {
    let documented: BTreeSet<_> = operations().into_iter().map(|operation| operation.id).collect();
    let listed: BTreeSet<_> = TABLE.iter().map(|row| row.operation.to_owned()).collect();
    assert_eq!(documented, listed);
    assert_eq!(listed.len(), TABLE.len());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r8_every_caller_gets_what_the_table_says(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let expired = app.operator().await;
    app.clock.advance(TimeDelta::seconds(601));
    let operator_again = app.operator().await;
    drop(operator);

    let platform = app.platform().await;
    let master = app.plant(Tier::MasterReseller, &[], "master@contoso.example").await;
    let reseller = app.plant(Tier::Reseller, &[&master], "reseller@contoso.example").await;
    let enterprise = app.plant(Tier::Enterprise, &[&master, &reseller], "enterprise@contoso.example").await;
    let sibling = app.plant(Tier::Reseller, &[&master], "sibling@contoso.example").await;
    let rival = app.plant(Tier::MasterReseller, &[], "rival@contoso.example").await;
    let stopped = app.plant(Tier::MasterReseller, &[], "stopped@contoso.example").await;
    let gone = app.plant(Tier::MasterReseller, &[], "gone@contoso.example").await;
    let suspended = app.member(&stopped, Role::Owner).await;
    let closed = app.member(&gone, Role::Owner).await;
    let suspend = app.post(&format!("/master-resellers/{stopped}/suspend")).bearer(&operator_again.token);
    let _ = suspend.send().await.expect(200);
    let close = app.delete(&format!("/master-resellers/{gone}")).bearer(&operator_again.token);
    let _ = close.send().await.expect(204);
    let ticket = json!({
        "subject": "Add to TeamMate Portal", "partner_company_name": "C", "first_name": "A", "last_name": "E",
        "email": "ticket@contoso.example",
    });
    let ticket = app.post("/support-tickets").json(&ticket).send().await.expect(201).text_of("id");
    let reject = app.post(&format!("/support-tickets/{ticket}/reject")).bearer(&operator_again.token);
    let _ = reject.json(&json!({"reason": "No."})).send().await.expect(200);

    // What the enterprise has.
    app.establish(&operator_again, &enterprise, "emea", "kiosk").await;
    let add = async |what: &str, body: serde_json::Value| {
        let request = app.post(&format!("/enterprises/{enterprise}/{what}")).bearer(&operator_again.token).json(&body);
        request.send().await.expect(201).text_of("id")
    };
    let pbx = add("pbxes", json!({"type": "generic", "location": "Berlin", "sip_domain": "sip.kiosk.example"})).await;
    let by_ip = json!({"name": "Main", "host": "192.0.2.1", "authentication": "ip", "addresses": ["192.0.2.1"]});
    let trunk = add("trunks", by_ip).await;
    let anna = json!({"teams_user": "anna@kiosk.example", "pbx_id": pbx, "sip_user": "1", "voice_route": "emea"});
    let user = add("users", anna).await;

    let created = app.get(&format!("/events?type=user.created&subject={user}")).bearer(&operator_again.token);
    let event = created.send().await.expect(200).json()["items"][0]["id"].as_str().expect("an event").to_owned();

    let mut callers: Vec<(String, Option<Person>)> = vec![("nobody".to_owned(), None)];
    let bad = Person { account: String::new(), token: "bad.token.here".to_owned() };
    callers.extend([("bad token".to_owned(), Some(bad)), ("expired token".to_owned(), Some(expired))]);
    callers.push(("closed".to_owned(), Some(closed)));
    for (name, account) in
        [("platform", &platform), ("master", &master), ("reseller", &reseller), ("enterprise", &enterprise)]
    {
        for role in Role::ALL {
            callers.push((format!("{name} {}", role.as_str()), Some(app.member(account, role).await)));
        }
    }
    callers.push(("sibling reseller".to_owned(), Some(app.member(&sibling, Role::Owner).await)));
    callers.push(("rival master".to_owned(), Some(app.member(&rival, Role::Owner).await)));
    callers.push(("suspended".to_owned(), Some(suspended)));
    for (name, account) in
        [("platform", &platform), ("master", &master), ("reseller", &reseller), ("enterprise", &enterprise)]
    {
        for role in Role::ALL {
            let client = app.client(account, role).await.0;
            callers.push((format!("the {} client of {name}", role.as_str()), Some(client)));
        }
    }

    let period = app.clock.now().format("%Y-%m").to_string();
    let table: BTreeMap<_, _> = TABLE.iter().map(|row| (row.operation, row)).collect();
    for operation in operations() {
        let row = table[operation.id.as_str()];
        let path = operation
            .path
            .replace("{ticket_id}", &ticket)
            .replace("{reseller_id}", &reseller)
            .replace("{enterprise_id}", &enterprise)
            .replace("{master_reseller_id}", &master)
            .replace("{account_id}", &enterprise)
            .replace("{region}", "emea")
            .replace("{pbx_id}", &pbx)
            .replace("{trunk_id}", &trunk)
            .replace("{user_id}", &user)
            .replace("{event_id}", &event)
            .replace("{move_id}", "move_01h455vb4pex5vsknk084sn02q")
            .replace("{member_id}", "member_01h455vb4pex5vsknk084sn02q")
            .replace("{client_id}", "client_01h455vb4pex5vsknk084sn02q")
            .replace("{webhook_id}", "webhook_01h455vb4pex5vsknk084sn02q")
            .replace("{delivery_id}", "delivery_01h455vb4pex5vsknk084sn02q")
            .replace("{period}", &period)
            .replace("{session_id}", "session_01h455vb4pex5vsknk084sn02q")
            .replace("{adjustment_id}", "adjustment_01h455vb4pex5vsknk084sn02q");
        let mut expected = vec![row.stranger; 4];
        for tier in [row.platform, row.master, row.reseller, row.enterprise] {
            expected.extend(tier);
        }
        expected.extend(row.siblings);
        expected.push(row.suspended);
        // An API client may do what a member of its role may, but for what is for people to do.
        for tier in [row.platform, row.master, row.reseller, row.enterprise] {
            let for_people = FOR_PEOPLE.contains(&row.operation);
            // What a client can't see is not there for it, also where only people act.
            let is_hidden = tier == UNSEEN && !path.starts_with("/me");
            let of_client = |status| if for_people && !is_hidden { 403 } else { status };
            expected.extend(tier.map(of_client));
        }
        assert_eq!(callers.len(), expected.len());
        for ((name, caller), status) in callers.iter().zip(expected) {
            let query = if operation.id == "search_accounts" { "?q=contoso" } else { "" };
            let mut request = app.request(operation.method.clone(), &format!("{path}{query}"));
            if let Some(person) = caller {
                request = request.bearer(&person.token);
            }
            let has_version = ["resellers/", "enterprises/", "/pbxes/", "/trunks/", "/users/"];
            let has_version = path == "/me" || has_version.iter().any(|part| path.contains(part));
            if has_version && operation.method != Method::GET {
                request = request.header("if-match", "\"999999.000000000000\"");
            }
            if operation.has_body {
                // Members that are valid where a patch must get as far as its condition, and unknown ones elsewhere.
                let body = match operation.id.as_str() {
                    "update_pbx" => json!({"location": "New"}),
                    "update_user" => json!({"tag": "New"}),
                    _ if operation.method == Method::PATCH => json!({"name": "New"}),
                    _ => json!({"zzz": 1}),
                };
                request = request.json(&body);
            }
            let answer = request.send().await;
            assert_eq!(answer.status, status, "{} by {name}: {}", operation.id, answer.text);
        }
    }
}
