//! Access tokens: only what one of our keys signed for us, now, opens anything; keys rotate without a failed request.

use std::collections::BTreeSet;

use api::security::access_token;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rstest::rstest;
use serde_json::{Value, json};

struct Forge {
    header: Value,
    claims: Value,
    own: EncodingKey,
    public: String,
}

impl Forge {
    /// A good token taken apart, with the key that signed it.
    async fn of(app: &App) -> Self {
        let tokens = app.login("operator@teammate.local").await;
        let parts: Vec<&str> = tokens["access_token"].as_str().unwrap().split('.').collect();
        let part = |text: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
        let keys = std::fs::read_dir(app.database.directory.path().join("keys")).unwrap();
        let file = keys.flatten().find(|entry| entry.file_name().to_str().unwrap().starts_with("signing-")).unwrap();
        let pkcs8 = std::fs::read(file.path()).unwrap();
        let public = URL_SAFE_NO_PAD.encode(Ed25519KeyPair::from_pkcs8(&pkcs8).unwrap().public_key());
        Self { header: part(parts[0]), claims: part(parts[1]), own: EncodingKey::from_ed_der(&pkcs8), public }
    }

    fn sign(header: &Value, claims: &Value, key: &EncodingKey) -> String {
        let header: Header = serde_json::from_value(header.clone()).unwrap();
        jsonwebtoken::encode(&header, claims, key).unwrap()
    }

    fn with_header(&self, member: &str, value: Value) -> String {
        let mut header = self.header.clone();
        header[member] = value;
        Self::sign(&header, &self.claims, &self.own)
    }

    fn with_claim(&self, member: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[member] = value;
        Self::sign(&self.header, &claims, &self.own)
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn only_our_own_tokens_open_anything(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let forge = Forge::of(&app).await;
    let me = |token: String| app.get("/me").bearer(&token).send();
    let good = Forge::sign(&forge.header, &forge.claims, &forge.own);
    let _ = me(good.clone()).await.expect(200);

    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let none = format!(
        "{}.{}.",
        encode(&json!({"typ": "at+jwt", "alg": "none", "kid": forge.header["kid"]})),
        encode(&forge.claims)
    );
    let mut hs256 = Header::new(Algorithm::HS256);
    hs256.typ = Some("at+jwt".to_owned());
    hs256.kid = forge.header["kid"].as_str().map(str::to_owned);
    let hmac = |secret: &[u8]| jsonwebtoken::encode(&hs256, &forge.claims, &EncodingKey::from_secret(secret)).unwrap();
    let other = Ed25519KeyPair::generate().unwrap().to_pkcs8().unwrap();
    let other = EncodingKey::from_ed_der(other.as_ref());
    let now = app.clock.now().timestamp();
    let (body, signature) = good.rsplit_once('.').unwrap();
    let bad = [
        ("alg none", none),
        ("HS256 with the public key's text", hmac(forge.public.as_bytes())),
        ("HS256 with the public key", hmac(&URL_SAFE_NO_PAD.decode(&forge.public).unwrap())),
        ("another key", Forge::sign(&forge.header, &forge.claims, &other)),
        ("typ JWT", forge.with_header("typ", json!("JWT"))),
        ("unknown kid", forge.with_header("kid", json!("01890a5d-ac96-774b-bcce-b302099a8057"))),
        ("odd kid", forge.with_header("kid", json!("../../etc/passwd"))),
        ("aud", forge.with_claim("aud", json!("another-api"))),
        ("iss", forge.with_claim("iss", json!("https://evil.example"))),
        ("expired", forge.with_claim("exp", json!(now - 1))),
        ("not yet valid", forge.with_claim("nbf", json!(now + 60))),
        ("another member", forge.with_claim("sub", json!("member_01h455vb4pex5vsknk084sn02q"))),
        ("another session", forge.with_claim("sid", json!("01890a5d-ac96-774b-bcce-b302099a8057"))),
        ("no signature", format!("{body}.")),
        ("cut signature", format!("{body}.{}", &signature[1..])),
        ("nothing", String::new()),
        ("text", "x".repeat(3_000)),
    ];
    for (what, token) in bad {
        let answer = me(token).await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.text);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    let basic = app.get("/me").header("authorization", &format!("Basic {good}")).send().await;
    basic.problem(401, "not_signed_in");
    app.clock.advance(TimeDelta::seconds(600));
    me(good).await.problem(401, "not_signed_in");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn keys_rotate_without_a_failed_request(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let before = app.login("operator@teammate.local").await;
    let mut tokens = before.clone();
    let mut kids = BTreeSet::new();
    for minute in 0..8 {
        if minute == 2 {
            access_token::rotate(app.database.directory.path(), app.clock.now()).unwrap();
        }
        app.service().access_tokens.reload().unwrap();
        let jwks = app.get("/.well-known/jwks.json").send().await.expect(200).json();
        let access = tokens["access_token"].as_str().unwrap();
        let header =
            serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(access.split('.').next().unwrap()).unwrap());
        let kid = header.unwrap()["kid"].clone();
        assert!(jwks["keys"].as_array().unwrap().iter().any(|key| key["kid"] == kid), "minute {minute}");
        kids.insert(kid.to_string());
        for token in [&tokens, &before] {
            let _ = app.get("/me").bearer(token["access_token"].as_str().unwrap()).send().await.expect(200);
        }
        let refresh = app.post("/auth/refresh").json(&json!({"refresh_token": tokens["refresh_token"]}));
        tokens = refresh.send().await.expect(200).json();
        app.clock.advance(TimeDelta::seconds(61));
    }
    assert_eq!(kids.len(), 2, "the new key has taken over");
    app.clock.advance(TimeDelta::hours(25));
    access_token::rotate(app.database.directory.path(), app.clock.now()).unwrap();
    app.service().access_tokens.reload().unwrap();
    assert_eq!(app.service().access_tokens.public_keys().len(), 2, "the first key has retired");
}
