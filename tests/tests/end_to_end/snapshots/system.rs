//! Imports, SBC regions, and the service itself.

use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database;
use end_to_end::Database::{Postgresql, Sqlite};
use rstest::rstest;

use super::story::{NOBODY, Story};

const FILE: &str = "name,email,services,billing_reference\n\
                    Nordwind,a@wind.example,pbx trunk,CUST-1\n\
                    Südwind,b@wind.example,pbx,\"CUST, 2\"\n\
                    ,not an address,fax,CUST-3\n\
                    Same,A@Wind.Example,pbx,CUST-4\n";

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn imports(#[values(Sqlite, Postgresql)] database: Database) {
    let mut story = Story::begin(database).await;
    let master = story.app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let owner = story.app.member(&master, Role::Owner).await;
    for (query, media, file) in [
        ("?dry_run=true", "text/csv", FILE),
        ("?atomic=true", "text/csv", FILE),
        ("", "text/csv", FILE),
        ("?on_existing=skip", "text/csv", FILE),
        ("", "application/x-ndjson", "{\"name\":\"A\",\"price\":1}\n[]\n{\"name\n"),
        ("", "text/csv", "name,price\nA,1\n"),
        ("", "application/json", "[]"),
    ] {
        let path = format!("/resellers/import{query}");
        let request = story.app.post(&path).bearer(&owner.token).raw(media, file);
        story.send(&format!("POST {path} {media}"), request).await;
    }
    story.get("/resellers", &owner).await;
    story.end("imports");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sbc_regions(#[values(Sqlite, Postgresql)] database: Database) {
    let mut story = Story::begin(database).await;
    let master = story.app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let viewer = story.app.member(&master, Role::Viewer).await;
    story.get("/sbc-regions", &viewer).await;
    story.get("/sbc-regions", &NOBODY).await;
    story.end("sbc_regions");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn health(#[values(Sqlite, Postgresql)] database: Database) {
    let mut story = Story::begin(database).await;
    story.get("/livez", &NOBODY).await;
    story.get("/readyz", &NOBODY).await;
    story.get("/.well-known/oauth-authorization-server", &NOBODY).await;
    story.get("/nothing", &NOBODY).await;
    story.delete("/livez", &NOBODY).await;
    story.end("health");
}
