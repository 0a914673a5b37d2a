//! The OpenAPI document is checked in, and it is the one that the code makes.

use std::collections::BTreeSet;

use api::error::ErrorCode;
use api::site::problems;
use end_to_end::Database::Sqlite;
use end_to_end::{Answer, App};
use serde_json::{Value, json};

#[test]
fn the_document_that_is_checked_in_is_the_one_that_the_code_makes() {
    let made = api::openapi::document().to_yaml().unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.yaml");
    let checked_in = std::fs::read_to_string(path).expect("openapi.yaml");
    assert!(made == checked_in, "openapi.yaml is out of date: run `make openapi` and look at what changed");
}

#[test]
fn w2_every_code_is_declared_where_it_can_come_from() {
    let document = api::openapi::document().to_yaml().unwrap();
    for code in ErrorCode::ALL {
        let name = code.as_str();
        // These come before any operation is found.
        let before = matches!(
            code,
            ErrorCode::BadRequest | ErrorCode::MethodNotAllowed | ErrorCode::UriTooLong | ErrorCode::TooManyConnections
        );
        assert!(before || document.contains(&format!("`{name}`")), "{name} is in no operation");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_shows_its_document_and_swagger_ui_without_another_host() {
    let app = App::start(Sqlite).await;
    let yaml = app.get("/openapi.yaml").send().await.expect(200);
    assert_eq!(yaml.text, api::openapi::document().to_yaml().unwrap());
    let json = app.get("/openapi.json").send().await.expect(200).json();
    assert_eq!(json["openapi"], "3.1.0");
    let page = app.get("/swagger-ui/").send().await.expect(200);
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    assert!(!page.text.contains("//unpkg") && !page.text.contains("https://"), "{}", page.text);
    let script = app.get("/swagger-ui/swagger-initializer.js").send().await.expect(200);
    assert!(script.text.contains("/openapi.json"), "{}", script.text);
    // It shows what is drawn, which Swagger UI alone prints as text.
    assert!(script.text.contains("image/svg") && script.text.contains("responseBody"), "{}", script.text);
    assert!(script.header("content-type").starts_with("text/javascript"));
    let local = app.get("/swagger-ui/environment.json").send().await.expect(200).json();
    assert_eq!(local["environment"], "local");
    assert_eq!((&local["mail"], &local["examples"]), (&Value::Null, &Value::Null));
    let app = App::start_with(Sqlite, &["--public-url", "https://portal.contoso.example"]).await;
    let production = app.get("/swagger-ui/environment.json").send().await.expect(200).json();
    assert_eq!(production["environment"], "production");
    app.get("/demo/mail").send().await.problem(404, "not_found");
}

/// Every operation of the document, with its path and method.
#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_the_same_for_everybody_are_compressed_and_not_sent_twice() {
    let app = App::start(Sqlite).await;
    for path in ["/openapi.yaml", "/openapi.json", "/swagger-ui/swagger-ui-bundle.js"] {
        let plain = app.get(path).send().await.expect(200);
        assert_eq!(plain.header("content-encoding"), "", "{path}");
        assert!(plain.header("vary").contains("Accept-Encoding"), "{path}");
        let gzip = app.get(path).header("accept-encoding", "br, gzip;q=0.5").send().await.expect(200);
        assert_eq!(gzip.header("content-encoding"), "gzip", "{path}");
        let length = |answer: &Answer| answer.header("content-length").parse::<usize>().expect("a length");
        assert!(length(&gzip) < length(&plain) / 2, "{path}");
        assert_ne!(gzip.header("etag"), plain.header("etag"), "{path}");
        let again = app.get(path).header("if-none-match", plain.header("etag")).send().await.expect(304);
        assert_eq!((again.text.as_str(), again.header("etag")), ("", plain.header("etag")), "{path}");
        let refused = app.get(path).header("accept-encoding", "gzip;q=0, identity").send().await.expect(200);
        assert_eq!(refused.header("content-encoding"), "", "{path}");
    }
    app.get("/swagger-ui/no-such-file.js").send().await.problem(404, "not_found");
}

fn operations() -> Vec<(String, Value)> {
    let document = serde_json::to_value(api::openapi::document()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let named = |path: &str, method: &str| format!("{} {path}", method.to_uppercase());
    paths
        .flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |(method, own)| (named(path, method), own)))
        .map(|(name, operation)| (name, operation.clone()))
        .collect()
}

#[test]
fn every_operation_that_needs_a_token_says_so() {
    for (name, operation) in operations() {
        let needs_one = operation["security"] == json!([{"bearer": []}]);
        let is_open = operation["security"].as_array().is_some_and(|ways| ways.contains(&json!({})));
        assert!(needs_one != is_open, "{name} either needs a token or is open to anybody");
        for status in ["401", "403"] {
            assert!(!needs_one || operation["responses"][status].is_object(), "{name} has no {status}");
        }
    }
}

#[test]
fn every_operation_is_described_with_examples() {
    for (name, operation) in operations() {
        for member in ["operationId", "summary", "description"] {
            assert!(operation[member].as_str().is_some_and(|text| !text.is_empty()), "{name} has no {member}");
        }
        let answers = operation["responses"].as_object().unwrap().values();
        for content in answers.chain([&operation["requestBody"]]).filter_map(|holder| holder["content"].as_object()) {
            for (media, content) in content {
                let shown = ["example", "examples"].iter().any(|member| !content[member].is_null());
                assert!(shown, "{name} has no example for {media}");
            }
        }
    }
}

#[test]
fn what_is_created_is_linked_with_what_can_be_done_with_it() {
    let linked = |name: &str| {
        let found = operations().into_iter().find(|(own, _)| own == name).expect("the operation").1;
        found["responses"]["201"]["links"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert!(linked("POST /resellers").contains(&"suspend_reseller".to_owned()));
    assert!(linked("POST /enterprises").contains(&"create_pbx".to_owned()));
    assert!(linked("POST /enterprises/{enterprise_id}/users").contains(&"delete_user".to_owned()));
    let without = operations().into_iter().filter(|(_, operation)| {
        operation["responses"]["201"].is_object() && operation["responses"]["201"]["links"].is_null()
    });
    assert_eq!(without.map(|(name, _)| name).collect::<Vec<_>>(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn w2_the_type_of_a_problem_is_a_page_that_says_what_to_do() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md");
    let checked_in = std::fs::read_to_string(path).expect("docs/errors.md");
    assert!(problems::markdown() == checked_in, "docs/errors.md is out of date: run `make openapi`");
    let app = App::start(Sqlite).await;
    for code in ErrorCode::ALL {
        let page = app.get(&format!("/problems/{}", code.as_str())).send().await.expect(200);
        assert!(page.header("content-type").starts_with("text/html"));
        assert!(page.text.contains(code.as_str()) && page.text.contains("What to do"), "{}", page.text);
    }
    let shown = app.get("/me").send().await.problem(401, "not_signed_in");
    let _ = app.get(shown["type"].as_str().unwrap()).send().await.expect(200);
    app.get("/problems/made_up").send().await.problem(404, "not_found");
}

#[test]
fn the_map_of_urls_says_beside_every_handler_where_it_is() {
    let map = std::fs::read_to_string(end_to_end::root().join("api/src/routes.rs")).expect("the map");
    let lines = map.lines().filter_map(|line| line.trim().strip_prefix(".service(")?.split_once("// "));
    let written: BTreeSet<(String, String)> = lines
        .map(|(handler, place)| {
            let name = handler.trim().trim_end_matches([')', ';']).rsplit("::").next().unwrap_or_default();
            (place.trim().to_owned(), name.to_owned())
        })
        .collect();
    let documented: BTreeSet<(String, String)> = operations()
        .into_iter()
        .map(|(place, operation)| {
            // The handler of the token endpoint serves people as well, whatever the contract calls it.
            let name = operation["operationId"].as_str().unwrap().replace("issue_client_token", "issue_token");
            (place, name)
        })
        .collect();
    assert_eq!(written, documented);
}
