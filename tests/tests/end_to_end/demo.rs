//! `teammate demo --serve`: a sign-in for every tier, mail that is read in the browser, examples that work, and nothing left behind.

use end_to_end::Demo;
use reqwest::{Client, Method};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");

/// What can't be tried out with its example: it takes a token or code that only its user has, or something that has to happen first, or what
/// the operation before it has just done. All else can.
const NEED_SOMETHING_ELSE: [&str; 29] = [
    "reject_support_ticket",
    // Tokens of e-mails and sessions.
    "confirm_email_change",
    "answer_email_change",
    "preview_activation",
    "redeem_activation",
    "refresh",
    "redeem_password_reset",
    // Codes of an app.
    "enable_second_factor",
    "renew_recovery_codes",
    "disable_second_factor",
    // The accounts are active, and the route is established and in use.
    "resend_reseller_activation",
    "start_route",
    "confirm_route",
    "retry_route",
    "remove_route",
    // There is no Microsoft Graph, and nothing waits for somebody in Teams.
    "create_consent_link",
    "sync_teams_users",
    "confirm_user_in_teams",
    "resend_enterprise_activation",
    // One move is pending, and accepting it decides it.
    "move_enterprise",
    // The example of a change of password was taken, so the one before no longer signs in.
    "change_master_reseller_email",
    "resend_master_reseller_activation",
    "decline_move",
    "cancel_move",
    // Who asks for second factors has one.
    "update_sign_in_policy",
    "sign_in_for_program",
    // Nothing was delivered yet.
    "get_webhook_delivery",
    "redeliver_webhook_delivery",
    // No import had many errors.
    "get_import_report",
];

/// A request as Swagger UI fills it in.
struct Example {
    method: Method,
    path: String,
    media: String,
    body: Option<String>,
}

impl Example {
    /// Whether the service does all that is asked for, and what it answers.
    async fn send(&self, http: &Client, url: &str, token: &str) -> (bool, String) {
        let request = http.request(self.method.clone(), format!("{url}{}", self.path)).bearer_auth(token);
        let request = request.header("content-type", &self.media).body(self.body.clone().unwrap_or_default());
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        // An import answers 200 whatever becomes of its rows.
        let refused = serde_json::from_str::<Value>(&text).is_ok_and(|body| body["failed"].as_i64() > Some(0));
        (status.is_success() && !refused, format!("{status} {}", text.chars().take(300).collect::<String>()))
    }
}

/// The requests that the operations of a path show, but for those that remove something.
fn examples(path: &str, item: &Value) -> Vec<(String, Vec<Example>)> {
    let operations = item
        .as_object()
        .unwrap()
        .iter()
        .filter(|(method, _)| ["get", "post", "patch", "put"].contains(&method.as_str()));
    let of_operation = |(method, operation): (&String, &Value)| {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let (mut filled, mut query) = (path.to_owned(), Vec::new());
        for one in parameters.iter().filter(|one| !one["example"].is_null()) {
            let (name, value) = (one["name"].as_str().unwrap(), &one["example"]);
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            match one["in"].as_str() {
                Some("path") => filled = filled.replace(&format!("{{{name}}}"), &value),
                Some("query") => query.push(format!("{name}={value}")),
                _ => {}
            }
        }
        if !query.is_empty() {
            filled = format!("{filled}?{}", query.join("&"));
        }
        let example = |media: &str, body: Option<&Value>| Example {
            method: method.to_uppercase().parse().unwrap(),
            path: filled.clone(),
            media: media.to_owned(),
            body: body.map(|body| body.as_str().map_or_else(|| body.to_string(), str::to_owned)),
        };
        let mut requests = Vec::new();
        for (media, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            let several =
                content["examples"].as_object().into_iter().flat_map(serde_json::Map::values).map(|one| &one["value"]);
            let one = content.get("example").into_iter();
            requests
                .extend(one.chain(several).filter(|_| !media.contains("form")).map(|body| example(media, Some(body))));
        }
        if operation["requestBody"].is_null() {
            requests.push(example("application/json", None));
        }
        (operation["operationId"].as_str().unwrap().to_owned(), requests)
    };
    operations.map(of_operation).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_has_sign_ins_mail_and_examples_that_work_and_leaves_nothing_behind() {
    let mut demo = tokio::task::spawn_blocking(|| Demo::start(BINARY)).await.unwrap();
    let (http, url) = (Client::new(), demo.url.clone());
    let get = async |path: &str, token: &str| http.get(format!("{url}{path}")).bearer_auth(token).send().await.unwrap();
    let mut tokens = Vec::new();
    for email in &demo.signs_in {
        let login = http.post(format!("{url}/auth/login")).json(&json!({"email": email, "password": demo.password}));
        let session: Value = login.send().await.unwrap().json().await.unwrap();
        tokens.push(session["access_token"].as_str().expect(email).to_owned());
    }
    let mut tiers = Vec::new();
    for token in &tokens {
        let me: Value = get("/me", token).await.json().await.unwrap();
        tiers.push(me["account"]["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(tiers, ["platform", "master_reseller", "reseller", "enterprise"]);

    let place: Value = get("/swagger-ui/environment.json", "").await.json().await.unwrap();
    assert_eq!(place["environment"], "demo");
    // Swagger UI does the same with the document.
    let mut document = get("/openapi.json", "").await.text().await.unwrap();
    for (shown, real) in place["examples"].as_object().unwrap() {
        document = document.replace(shown, real.as_str().unwrap());
    }
    let document: Value = serde_json::from_str(&document).unwrap();
    let mut not_taken = Vec::new();
    for (name, requests) in document["paths"].as_object().unwrap().iter().flat_map(|(path, item)| examples(path, item))
    {
        for request in requests {
            let mut outcomes = Vec::new();
            while outcomes.len() < tokens.len() && !outcomes.iter().any(|(taken, _)| *taken) {
                outcomes.push(request.send(&http, &url, &tokens[outcomes.len()]).await);
            }
            if !outcomes.iter().any(|(taken, _)| *taken) {
                println!("{name} {outcomes:?}");
                not_taken.push(name.clone());
            }
        }
    }
    not_taken.dedup();
    assert_eq!(not_taken, NEED_SOMETHING_ELSE);

    let mail = get("/demo/mail", "").await.text().await.unwrap();
    assert!(mail.contains("Join ") && mail.contains("bea@demo.example"), "{mail}");
    let one = get("/demo/mail/0", "").await;
    assert!(one.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    let one = one.text().await.unwrap();
    assert!(one.contains("/activate#token=") && !one.contains("production"), "{one}");

    assert!(tokio::task::block_in_place(|| demo.stop()));
    assert_eq!(
        std::fs::read_dir(demo.directory.path()).unwrap().count(),
        0,
        "nothing is left, and nothing else was touched"
    );
}
