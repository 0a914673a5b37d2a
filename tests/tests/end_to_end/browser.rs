//! What support staff and customers see, in a browser: Swagger UI with its sign-in, the pages of e-mail links. Pictures of it are
//! kept in `target/screenshots/`.

use api::mail::{Letter, News, SecondFactorNotice, SecretLink};
use chrono::{DateTime, TimeDelta};
use domain::account::Tier;
use domain::values::email::EmailAddress;
use end_to_end::Database::Sqlite;
use end_to_end::{App, Browser, Demo, PASSWORD};
use rstest::rstest;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

/// Keys as `WebDriver` writes them.
const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const BACKSPACE: &str = "\u{e003}";

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");
const OPERATOR: &str = "operator@teammate.local";

/// A reseller that has been invited, by the token of its activation link.
async fn invited(app: &App) -> String {
    let operator = app.operator().await;
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let body = json!({
        "master_reseller_id": master, "name": "Nordwind", "email": "office@nordwind.example", "services": ["pbx"],
        "billing_reference": "CUST-1",
    });
    let _ = app.post("/resellers").bearer(&operator.token).json(&body).send().await.expect(201);
    app.token_for("office@nordwind.example").await
}

/// Gives address and password from Swagger UI.
async fn begin_sign_in(browser: &Browser, url: &str, email: &str, password: &str) {
    browser.open(&format!("{url}/swagger-ui/")).await;
    browser.wait_for("#session", "Sign in").await;
    browser.click("#session").await;
    browser.type_into("#email", email).await;
    browser.type_into("#password", password).await;
    browser.click("button[type=submit]").await;
}

/// Signs in from Swagger UI.
async fn sign_in(browser: &Browser, url: &str, email: &str, password: &str) {
    begin_sign_in(browser, url, email, password).await;
    browser.wait_for("#who", email).await;
}

/// Sends the request of an operation as its form stands; gives the status of the answer.
async fn execute(browser: &Browser, url: &str, tag: &str, operation: &str) -> String {
    let block = format!("#operations-{tag}-{operation}");
    browser.open(&format!("{url}/swagger-ui/#/{tag}/{operation}")).await;
    browser.refresh().await;
    browser.find(&format!("{block} .execute")).await;
    browser.wait_for("#session", "Sign out").await;
    browser.click(&format!("{block} .execute")).await;
    let status = browser.find(&format!("{block} .live-responses-table tr.response .response-col_status")).await;
    status.text().await.unwrap()
}

/// "In the browser" of the README, step by step.
#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_takes_a_reseller_from_its_creation_to_its_sign_in() {
    let demo = tokio::task::spawn_blocking(|| Demo::start(BINARY)).await.unwrap();
    let browser = Browser::start(1280, 900, false).await;
    sign_in(&browser, &demo.url, "master-reseller-0@demo.example", &demo.password).await;
    browser.wait_for("#place", "Demo").await;
    browser.screenshot("swagger-ui-signed-in").await;
    let loaded = "return performance.getEntriesByType('resource').map((one) => one.name)\
                  .filter((name) => !name.startsWith(location.origin) && !name.startsWith('data:'));";
    assert_eq!(browser.run(loaded).await, json!([]), "nothing comes from another host");
    let address = browser.address().await;
    assert!(address.query().is_none() && !address.as_str().contains("code"), "{address}");

    let status = execute(&browser, &demo.url, "Resellers", "create_reseller").await;
    assert!(status.starts_with("201"), "{status}");
    let answer = "#operations-Resellers-create_reseller .live-responses-table";
    browser.wait_for(answer, "x-request-id").await;
    browser.wait_for(answer, "\"status\": \"pending\"").await;
    browser.screenshot("swagger-ui-reseller-created").await;

    browser.click("#bar a").await;
    browser.switch_to(true).await;
    browser.wait_for("main", "Activate \"Nordwind").await;
    browser.screenshot("demo-mail").await;
    browser.click("main li a").await;
    browser.click("a").await;
    browser.wait_for("#about", "Nordwind").await;
    browser.screenshot("activation").await;
    browser.type_into("#password", PASSWORD).await;
    browser.type_into("#repeat", PASSWORD).await;
    browser.click("button[type=submit]").await;
    browser.wait_for("#about", "Done").await;
    browser.screenshot("activated").await;

    browser.switch_to(false).await;
    browser.click("#session").await;
    browser.wait_for("#session", "Sign in").await;
    sign_in(&browser, &demo.url, "office@nordwind.example", PASSWORD).await;
    let status = execute(&browser, &demo.url, "Sign-in", "get_me").await;
    assert!(status.starts_with("200"), "{status}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_swagger_ui_is_refreshed_and_asks_for_a_code_where_there_is_a_second_factor() {
    let app = App::start(Sqlite).await;
    let browser = Browser::start(1280, 900, false).await;
    let token = app.login(OPERATOR).await["access_token"].as_str().unwrap().to_owned();
    let post =
        |what: &str, body: Value| app.post(&format!("/me/second-factor{what}")).bearer(&token).json(&body).send();
    let begun = post("", json!({"password": PASSWORD})).await.expect(200).json();
    let secret = Secret::try_from_base32(begun["secret"].as_str().unwrap()).unwrap();
    let authenticator = Builder::new().with_secret(secret).build().unwrap();
    let code = || authenticator.generate(u64::try_from(app.clock.now().timestamp()).unwrap()).to_string();
    let _ = post("/enable", json!({"code": code()})).await.expect(200);
    app.clock.advance(TimeDelta::seconds(30));

    let url = format!("http://{}", app.address());
    browser.open(&format!("{url}/swagger-ui/")).await;
    browser.wait_for("#place", "A service on this machine").await;
    begin_sign_in(&browser, &url, OPERATOR, PASSWORD).await;
    browser.find("#second:not([hidden])").await;
    browser.type_into("#code", "000000").await;
    browser.click("button[type=submit]").await;
    browser.wait_for("#fault", "not the code").await;
    browser.screenshot("sign-in-wrong-code").await;
    browser.find("#code").await.clear().await.unwrap();
    browser.type_into("#code", &code()).await;
    browser.click("button[type=submit]").await;
    browser.wait_for("#who", OPERATOR).await;

    // The access token is over, as Swagger UI is told by its clock.
    app.clock.advance(TimeDelta::seconds(601));
    let over = "const kept = JSON.parse(localStorage['teammate.session']); kept.ends = Date.now(); \
                localStorage['teammate.session'] = JSON.stringify(kept); return kept.access_token;";
    let before = browser.run(over).await;
    let status = execute(&browser, &url, "Sign-in", "get_me").await;
    assert!(status.starts_with("200"), "{status}");
    let kept = "return JSON.parse(localStorage['teammate.session']).access_token;";
    assert_ne!(browser.run(kept).await, before);
    browser.close().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_pages_keep_nobody_out(#[values(1280, 360)] width: u32, #[values(false, true)] dark: bool) {
    let app = App::start(Sqlite).await;
    let browser = Browser::start(width, 800, dark).await;
    let token = invited(&app).await;
    let reset = app.post("/auth/password-resets").json(&json!({"email": OPERATOR}));
    let _ = reset.send().await.expect(202);
    let reset = app.token_for(OPERATOR).await;
    let asked = "response_type=code&client_id=swagger-ui&code_challenge_method=S256&state=s";
    let (kind, size) = (if dark { "dark" } else { "light" }, if width < 500 { "narrow" } else { "wide" });
    for (name, path, ready) in [
        ("sign-in", format!("/sign-in?{asked}"), "#email"),
        ("sign-in-unasked", "/sign-in".to_owned(), "#about.bad"),
        ("activate", format!("/activate#token={token}"), "#form:not([hidden]) #password"),
        ("activate-dead-link", "/activate#token=dead".to_owned(), "#about.bad"),
        ("reset-password", format!("/reset-password#token={reset}"), "#form:not([hidden]) #password"),
        ("confirm-email", "/confirm-email#token=dead".to_owned(), "#about"),
        ("email-change", "/email-change#token=dead".to_owned(), "#about"),
        ("problem", "/problems/email_taken".to_owned(), "h1"),
    ] {
        browser.open(&format!("http://{}{path}", app.address())).await;
        browser.find(ready).await;
        browser.is_accessible(&format!("{name} {kind} {size}")).await;
        let overflow = "return document.documentElement.scrollWidth > document.documentElement.clientWidth;";
        assert_eq!(browser.run(overflow).await, false, "{name} is wider than {width}");
        let background = "return getComputedStyle(document.body).backgroundColor;";
        let is_dark = browser.run(background).await == "rgb(20, 23, 31)";
        assert_eq!(is_dark, dark, "{name} is {kind}");
        browser.screenshot(&format!("{name}-{kind}-{size}")).await;
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_activated_and_signed_in_to_by_keyboard_alone() {
    let app = App::start(Sqlite).await;
    let browser = Browser::start(1280, 800, false).await;
    let token = invited(&app).await;
    browser.open(&format!("http://{}/activate#token={token}", app.address())).await;
    browser.find("#form:not([hidden]) #password:focus").await;
    browser.press(&format!("{PASSWORD}{TAB}")).await;
    browser.press(&format!("something else{ENTER}")).await;
    browser.wait_for("#fault", "differ").await;
    browser.press(BACKSPACE.repeat(14).as_str()).await;
    browser.press(&format!("{PASSWORD}{ENTER}")).await;
    browser.wait_for("#about", "Done").await;
    let address = browser.address().await;
    assert_eq!(address.fragment(), None, "the token is not in the history");

    browser.open(&format!("http://{}/swagger-ui/", app.address())).await;
    browser.wait_for("#session", "Sign in").await;
    browser.press(TAB).await;
    browser.find("#session:focus").await;
    browser.press(ENTER).await;
    browser.find("#email:focus").await;
    browser.press(&format!("office@nordwind.example{TAB}")).await;
    browser.press(&format!("{PASSWORD}{ENTER}")).await;
    browser.wait_for("#who", "office@nordwind.example").await;
    browser.close().await;
}

/// One letter of each kind, with names and addresses that are hard to lay out.
fn letters() -> Vec<(&'static str, Letter)> {
    let to = EmailAddress::parse("ann@contoso.example").unwrap();
    let letter = |news| Letter::new(&to, "Donaudampfschifffahrtsgesellschaft <Süd> & Söhne", news);
    let expires_at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let link = || SecretLink { token: "t".repeat(43), expires_at };
    let activation = |kind: &str| letter(News::Activation { account_kind: kind.to_owned(), link: link() });
    let second_factor = |notice| letter(News::SecondFactor { notice });
    let url = format!("https://hooks.contoso.example/{}", "a".repeat(200));
    let webhook = |gone| letter(News::WebhookDisabled { url: url.clone(), gone });
    let (account_kind, role) = ("reseller".to_owned(), "viewer".to_owned());
    vec![
        ("activation", activation("reseller")),
        ("activation-of-an-enterprise", activation("enterprise")),
        ("invitation", letter(News::Invitation { account_kind, role, link: link() })),
        ("email-change", letter(News::EmailChange(link()))),
        ("email-change-notice", letter(News::EmailChangeNotice { link: Some(link()) })),
        ("email-change-consent", letter(News::EmailChangeConsent(link()))),
        ("email-change-by-operator", letter(News::EmailChangeByOperator { link: link(), effective_from: expires_at })),
        ("password-reset", letter(News::PasswordReset(link()))),
        ("second-factor-enabled", second_factor(SecondFactorNotice::Enabled)),
        ("second-factor-disabled", second_factor(SecondFactorNotice::Disabled)),
        ("second-factor-reset", second_factor(SecondFactorNotice::Reset)),
        ("wrong-codes", second_factor(SecondFactorNotice::WrongCodes)),
        ("wrong-passwords", second_factor(SecondFactorNotice::WrongPasswords)),
        ("webhook-failing", webhook(false)),
        ("webhook-gone", webhook(true)),
    ]
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_e_mail_can_be_read_and_trusted(#[values(800, 360)] width: u32) {
    let (browser, folder) = (Browser::start(width, 800, false).await, tempfile::tempdir().unwrap());
    for (name, letter) in letters() {
        let words = letter.words("https://portal.contoso.example");
        assert!(words.subject.len() < 100 && !words.subject.contains('{'), "{}", words.subject);
        assert!(
            !words.text.contains("{account}") && words.text.contains("Donaudampfschifffahrtsgesellschaft"),
            "{}",
            words.text
        );
        let file = folder.path().join("mail.html");
        std::fs::write(&file, &words.html).unwrap();
        browser.open(&format!("file://{}", file.display())).await;
        browser.find("body").await;
        let overflow = "return document.documentElement.scrollWidth > document.documentElement.clientWidth;";
        assert_eq!(browser.run(overflow).await, false, "{name} is wider than {width}");
        browser.screenshot(&format!("mail-{name}-{}", if width < 500 { "narrow" } else { "wide" })).await;
        // Every link leads to the service, and the same address can be read.
        let links = "return [...document.links].map((link) => link.href);";
        for link in browser.run(links).await.as_array().unwrap() {
            let link = link.as_str().unwrap();
            assert!(link.starts_with("https://portal.contoso.example/") && words.text.contains(link), "{link}");
            assert!(browser.text("body").await.contains(link), "{link} is not shown");
        }
        let loaded = "return performance.getEntriesByType('resource').length + document.images.length;";
        assert_eq!(browser.run(loaded).await, 0, "{name} loads nothing");
    }
    browser.close().await;
}
