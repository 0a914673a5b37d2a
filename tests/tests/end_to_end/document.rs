//! The OpenAPI document is checked in, and it is the one that the code makes.

use api::http::ErrorCode;
use end_to_end::App;
use end_to_end::Database::Sqlite;

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
    let conventions = include_str!("../../../docs/api-conventions.md");
    for code in ErrorCode::ALL {
        let (name, status, title) = (code.as_str(), code.status(), code.title());
        // These come before any operation is found.
        let before = matches!(code, ErrorCode::BadRequest | ErrorCode::MethodNotAllowed | ErrorCode::UriTooLong);
        assert!(before || document.contains(&format!("`{name}`")), "{name} is in no operation");
        assert!(conventions.contains(&format!("| {status} | `{name}` | {title} |")), "{name} is not in the table");
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
    assert!(script.text.contains("/openapi.json") && script.text.contains("persistAuthorization"), "{}", script.text);
    // It shows what is drawn, which Swagger UI alone prints as text.
    assert!(script.text.contains("image/svg") && script.text.contains("responseBody"), "{}", script.text);
    assert_eq!(script.header("content-type"), "text/javascript");
}
