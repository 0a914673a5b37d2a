//! R12, R13, R14: secrets go in and never come out, and are encrypted wherever they stay.

use std::fmt::Write as _;

use api::security::rotation::{Renewed, renew_all};
use api::security::seal::Seal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diesel::prelude::*;
use diesel::sql_types::Text;
use domain::id::{TrunkId, UserId};
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Client, Database, FreshDatabase, Graph, Process, enterprise_body};
use persistence::DatabaseUrl;
use persistence::secrets::{Holder, sealed};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");
const PLANTED: &str = "Pl4nted-S1P-Secret";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// All that is stored, as far as it is not in files of the data directory.
fn stored(database: &FreshDatabase) -> String {
    let DatabaseUrl::Postgresql(url) = &database.url else { return String::new() };
    let mut connection = PgConnection::establish(url).unwrap();
    let tables: Vec<Line> = diesel::sql_query(
        "SELECT quote_ident(table_name) AS line FROM information_schema.tables WHERE table_schema = 'public'",
    )
    .load(&mut connection)
    .unwrap();
    assert!(tables.len() > 15);
    let rows = |table: &Line| {
        let query = format!("SELECT t::text AS line FROM {} t", table.line);
        diesel::sql_query(query).load::<Line>(&mut connection).unwrap()
    };
    tables.iter().flat_map(rows).map(|row| row.line + "\n").collect()
}

/// How a text can lie about: as it is, in hexadecimal digits, in base64.
fn spellings(secret: &str) -> Vec<String> {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).expect("a digit");
    let hex = secret.bytes().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]).collect();
    vec![secret.to_owned(), hex, STANDARD.encode(secret).trim_end_matches('=').to_owned()]
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_planted_secret_is_in_no_answer_no_log_no_event_and_nowhere_stored(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let (fresh, graph) = (database.fresh(), Graph::start());
    // A service with Graph, whose client secret is one more of them.
    let log = fresh.directory.path().join("log.json");
    let process = Process::start_with_log(BINARY, &fresh, &log, &graph.flags());
    let client = Client::sign_in(&process).await;
    let enterprise = client.enterprise("kiosk").await;
    let path = format!("/enterprises/{enterprise}");
    let mut answers = String::new();
    let mut send = async |method: Method, path: &str, body: Value, status: u16| {
        let request = client.request(method, path).header("idempotency-key", &Uuid::now_v7().to_string());
        let request = if body.is_null() { request } else { request.json(&body) };
        let answer = request.send().await.expect(status);
        answers.push_str(&answer.text);
        let _ = write!(answers, "{:?}", answer.headers);
        answer
    };
    send(Method::POST, &format!("{path}/direct-routing/routes/emea/start"), json!({"label": "kiosk"}), 200).await;
    for _ in 0..1000 {
        if send(Method::GET, &format!("{path}/direct-routing"), json!(null), 200).await.json()["established"] == true {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let pbx = json!({"type": "generic", "location": "Berlin", "sip_domain": "sip.kiosk.example"});
    let pbx = send(Method::POST, &format!("{path}/pbxes"), pbx, 201).await.text_of("id");
    let trunk = json!({
        "name": "Main", "host": "192.0.2.1", "authentication": "registration", "user_name": "kiosk", "password": PLANTED,
    });
    let trunk = send(Method::POST, &format!("{path}/trunks"), trunk, 201).await.text_of("id");
    let user = |secret: &str| json!({"teams_user": "anna@kiosk.example", "pbx_id": pbx, "sip_user": "1", "voice_route": "emea", "password": secret});
    let added = send(Method::POST, &format!("{path}/users"), user(PLANTED), 201).await.text_of("id");
    // Where secrets don't belong, they come back in no message either.
    send(Method::POST, &format!("{path}/users"), user(PLANTED), 409).await;
    send(Method::POST, &format!("{path}/users"), user(&PLANTED.repeat(20)), 422).await;
    send(Method::POST, &format!("{path}/users"), json!({"password": [PLANTED]}), 422).await;
    send(Method::POST, &format!("{path}/trunks"), json!({"password": {"a": PLANTED}}), 422).await;
    send(Method::PATCH, &format!("/trunks/{trunk}"), json!({"password": PLANTED, "codecs": ["x"]}), 422).await;
    send(Method::PATCH, &format!("/trunks/{trunk}"), json!({"password": PLANTED}), 200).await;
    send(Method::PATCH, &format!("/users/{added}"), json!({"password": PLANTED}), 200).await;
    let lists = [format!("{path}/users"), format!("{path}/trunks"), format!("/accounts?q={PLANTED}")];
    let things = [format!("/trunks/{trunk}"), format!("/users/{added}"), format!("/accounts/{enterprise}/tree")];
    for read in lists.iter().chain(&things) {
        send(Method::GET, read, json!(null), 200).await;
    }
    assert!(process.terminate(), "the service stops in order, with all that it logs written");

    let mut texts = vec![("the answers".to_owned(), answers.into_bytes())];
    texts.push(("the database".to_owned(), stored(&fresh).into_bytes()));
    for folder in [fresh.directory.path().to_owned(), fresh.directory.path().join("mail")] {
        for entry in std::fs::read_dir(folder).unwrap().flatten().filter(|entry| entry.path().is_file()) {
            texts.push((entry.path().display().to_string(), std::fs::read(entry.path()).unwrap()));
        }
    }
    let logged = String::from_utf8(std::fs::read(&log).unwrap()).unwrap();
    assert!(logged.contains("a step of a route was tried"), "the log is the one of this service");
    for secret in [PLANTED, "s3cret~graph~client~secret"] {
        for spelling in spellings(secret) {
            for (place, octets) in &texts {
                let found = octets.windows(spelling.len()).any(|window| window == spelling.as_bytes());
                assert!(!found, "{place} holds {spelling}");
            }
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn keys_are_rotated_while_the_service_runs(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let admin = app.connected("kiosk", json!({"can_add_extensions": true})).await;
    let directory = app.database.directory.path().to_owned();
    let path = format!("/enterprises/{}", admin.account);
    let pbx = json!({"type": "generic", "location": "Berlin", "sip_domain": "sip.kiosk.example"});
    let pbx = app.post(&format!("{path}/pbxes")).bearer(&admin.token).json(&pbx).send().await.expect(201).text_of("id");
    let add_user = |index: usize| {
        let user = json!({
            "teams_user": format!("u{index}@kiosk.example"), "pbx_id": pbx, "sip_user": index.to_string(),
            "voice_route": "emea", "password": format!("{PLANTED}-{index}"),
        });
        app.post(&format!("{path}/users")).bearer(&admin.token).json(&user).send()
    };
    let mut users = Vec::new();
    for index in 0..5 {
        users.push(add_user(index).await.expect(201).text_of("id"));
    }
    let trunk = json!({
        "name": "Main", "host": "192.0.2.1", "authentication": "registration", "user_name": "kiosk", "password": PLANTED,
    });
    let trunk = app.post(&format!("{path}/trunks")).bearer(&admin.token).json(&trunk).send().await.expect(201);
    let trunk = TrunkId::parse(&trunk.text_of("id")).unwrap();
    // An e-mail that has not left is sealed, too.
    let reseller = app.get(&path).bearer(&admin.token).send().await.text_of("reseller_id");
    let operator = app.operator().await;
    let mut invited = enterprise_body("late@contoso.example");
    invited["reseller_id"] = json!(reseller);
    let _ = app.post("/enterprises").bearer(&operator.token).json(&invited).send().await.expect(201);

    let old: Vec<_> = std::fs::read_dir(directory.join("keys")).unwrap().flatten().map(|entry| entry.path()).collect();
    let old = old.into_iter().find(|path| path.to_string_lossy().contains("sealing-")).unwrap();
    Seal::add_key(&directory, app.clock.now()).unwrap();
    let seal = std::sync::Arc::new(Seal::open(&directory, app.clock.now()).unwrap());
    // The service has not taken the key up yet, and users are added all the while.
    let adding = futures_util::future::join_all((5..15).map(add_user));
    let (renewed, added) = futures_util::future::join(renew_all(&app.service().database, &seal), adding).await;
    assert!(renewed.unwrap().renewed >= 7);
    users.extend(added.into_iter().map(|answer| answer.expect(201).text_of("id")));
    app.service().tools.seal.reload().unwrap();
    renew_all(&app.service().database, &seal).await.unwrap();
    assert_eq!(renew_all(&app.service().database, &seal).await.unwrap(), Renewed::default(), "all of it is done");

    // The command does the same until nothing is left, and leaves a newest key that is in use.
    assert!(Process::run_command(BINARY, &app.database, &["rotate-keys", "--wait-seconds", "0"]));
    app.service().tools.seal.reload().unwrap();
    assert_eq!(renew_all(&app.service().database, &app.service().tools.seal).await.unwrap(), Renewed::default());

    // Nothing needs the old key any more.
    std::fs::remove_file(old).unwrap();
    let app = app.restart().await;
    let all = app.service().database.read(|tx| {
        let all = Holder::ALL.map(|holder| sealed(tx, holder, Uuid::nil(), 1000));
        all.into_iter().collect::<Result<Vec<_>, persistence::Error>>()
    });
    let seal = &app.service().tools.seal;
    let open = |(id, sealed): &(Uuid, Vec<u8>)| String::from_utf8(seal.unseal(*id, sealed).unwrap()).unwrap();
    let all = all.await.unwrap();
    let passwords: Vec<_> = all[0].iter().map(open).collect();
    assert_eq!(passwords.len(), users.len());
    for (index, user) in users.iter().enumerate() {
        let user = UserId::parse(user).unwrap().uuid();
        let found = all[0].iter().find(|(id, _)| *id == user).map(open);
        assert_eq!(found, Some(format!("{PLANTED}-{index}")));
    }
    assert_eq!(
        all[1].iter().map(|sealed| (sealed.0, open(sealed))).collect::<Vec<_>>(),
        [(trunk.uuid(), PLANTED.to_owned())]
    );
    assert_eq!(app.mail_to("late@contoso.example").await.len(), 1);
}

/// The permissions of a directory and of everything in it that others have.
fn open_to_others(directory: &std::path::Path) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt;
    let mut found = Vec::new();
    let mut left = vec![directory.to_owned()];
    while let Some(path) = left.pop() {
        let mode = std::fs::metadata(&path).expect("it exists").permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            found.push(format!("{} {mode:o}", path.display()));
        }
        if path.is_dir() {
            left.extend(std::fs::read_dir(&path).expect("a directory").flatten().map(|entry| entry.path()));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_service_s_user_can_read_its_files_and_keys() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let app = App::start(Sqlite).await;
    let _ = app.master_reseller("ann@contoso.example").await;
    app.deliver_mail().await;
    let directory = app.database.directory.path().to_owned();
    let files = std::fs::read_dir(&directory).unwrap().flatten().map(|entry| entry.file_name()).collect::<Vec<_>>();
    for name in ["teammate.db", "teammate.db-wal", "teammate.db-shm", "teammate.db.lock", "keys", "mail"] {
        assert!(files.iter().any(|file| file == name), "{name} is not in {files:?}");
    }
    assert_eq!(open_to_others(&directory), Vec::<String>::new());
    // What an older version left is corrected.
    let database = app.stop().await;
    set_permissions(&directory, Permissions::from_mode(0o755)).unwrap();
    set_permissions(directory.join("teammate.db"), Permissions::from_mode(0o644)).unwrap();
    let app = App::start_on(database).await;
    assert_eq!(open_to_others(&directory), Vec::<String>::new());
    // A key that others could read is not used.
    let database = app.stop().await;
    let mut keys = std::fs::read_dir(directory.join("keys")).unwrap().flatten().map(|entry| entry.path());
    let key = keys.find(|path| path.to_string_lossy().contains("sealing")).expect("a key");
    set_permissions(&key, Permissions::from_mode(0o640)).unwrap();
    assert!(!Process::run_command(BINARY, &database, &["rotate-keys", "--wait-seconds", "0"]));
}
