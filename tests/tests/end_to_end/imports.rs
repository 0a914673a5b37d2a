//! Imports: many at once from a file, each row as if it had been sent alone, safe to send again.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::Duration;

use chrono::TimeDelta;
use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, App, Database, Person};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");

async fn owner(app: &App) -> Person {
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    app.member(&master, Role::Owner).await
}

async fn send(app: &App, person: &Person, path: &str, media: &str, file: impl Into<Vec<u8>>) -> Answer {
    app.post(path).bearer(&person.token).raw(media, file.into()).send().await
}

async fn resellers(app: &App, person: &Person, query: &str, file: &str) -> Value {
    send(app, person, &format!("/resellers/import{query}"), "text/csv", file).await.expect(200).json()
}

/// What has become of each row: its line, its status, and the pointers and codes of what was wrong with it.
fn rows(result: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = result["rows"].as_array().expect("rows").iter().map(|row| {
        let faults: Vec<_> = row["errors"].as_array().expect("errors").iter().collect();
        let faults = faults.iter().map(|fault| format!(" {}:{}", text(&fault["pointer"]), text(&fault["code"])));
        format!("{} {}{}", row["line"], text(&row["status"]), faults.collect::<String>())
    });
    rows.collect()
}

async fn count(app: &App, person: &Person) -> usize {
    let list = app.get("/resellers?limit=200").bearer(&person.token).send().await.expect(200).json();
    list["items"].as_array().unwrap().len()
}

const FILE: &str = "name,email,services,billing_reference\n\
                    Nordwind,a@wind.example,pbx trunk,CUST-1\n\
                    Südwind,b@wind.example,pbx,\"CUST, 2\"\n\
                    ,not an address,fax,CUST-3\n\
                    Same,A@Wind.Example,pbx,CUST-4\n";

/// Begins an import and never sends its file. Gives the start of the answer, if there is one within a moment.
async fn begin_upload(app: &App, person: &Person) -> (TcpStream, Option<String>) {
    let mut stream = TcpStream::connect(app.address()).await.expect("a connection");
    let head = format!(
        "POST /resellers/import HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: text/csv\r\n\
         Content-Length: 1000\r\n\r\nname",
        person.token
    );
    stream.write_all(head.as_bytes()).await.expect("it is taken");
    let mut answer = [0; 64];
    let read = timeout(Duration::from_millis(500), stream.read(&mut answer)).await;
    let answer = read.ok().map(|read| String::from_utf8_lossy(&answer[..read.expect("an answer")]).into_owned());
    (stream, answer)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_never_end_stop_nobody_else(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let first = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let (viewer, slow) = (app.member(&first, Role::Viewer).await, app.member(&first, Role::Provisioner).await);
    let other = app.plant(Tier::MasterReseller, &[], "m@fabrikam.example").await;
    let other = app.member(&other, Role::Owner).await;
    // Who may not import gets no place.
    let refused = join_all((0..20).map(|_| begin_upload(&app, &viewer))).await;
    for (_, answer) in &refused {
        assert!(answer.as_ref().is_some_and(|answer| answer.starts_with("HTTP/1.1 403 ")), "{answer:?}");
    }
    // An account has four.
    let begun = join_all((0..20).map(|_| begin_upload(&app, &slow))).await;
    let waiting = begun.iter().filter(|(_, answer)| answer.is_none()).count();
    let told = begun.iter().filter_map(|(_, answer)| answer.as_ref()).all(|answer| answer.starts_with("HTTP/1.1 429 "));
    assert!(waiting == 4 && told, "{waiting}");
    let result = resellers(&app, &other, "", FILE).await;
    assert_eq!(result["rows"].as_array().map(Vec::len), Some(4));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_row_stands_by_itself(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    // A dry run is carried out in parts, too, and knows what earlier ones would have created.
    let mut long = "name,email,services,billing_reference\n".to_owned();
    for number in 0..=500 {
        let _ = writeln!(long, "R,r{}@wind.example,pbx,1", number % 500);
    }
    let twice = resellers(&app, &owner, "?dry_run=true", &long).await;
    assert_eq!((twice["created"].as_i64(), twice["failed"].as_i64()), (Some(500), Some(1)));
    assert_eq!(rows(&twice)[500], "502 failed /email:email_taken");
    let would = resellers(&app, &owner, "?dry_run=true", FILE).await;
    assert_eq!((would["created"].as_i64(), would["rows"][0]["id"].as_str()), (Some(2), None));
    assert_eq!(count(&app, &owner).await, 0, "nothing was really done");
    assert_eq!(app.mail_to("a@wind.example").await.len(), 0);
    assert_eq!(app.get("/events").bearer(&owner.token).send().await.expect(200).json()["items"], json!([]));

    let result = resellers(&app, &owner, "", FILE).await;
    let expected = [
        "2 created",
        "3 created",
        "4 failed /name:required /email:invalid_email /services/0:unknown_service",
        "5 failed /email:email_taken",
    ];
    assert_eq!(rows(&result), expected);
    assert_eq!((&result["total"], &result["created"], &result["failed"]), (&json!(4), &json!(2), &json!(2)));
    assert_eq!(rows(&would), expected, "the dry run said so");
    let second = result["rows"][1]["id"].as_str().unwrap();
    let seen = app.get(&format!("/resellers/{second}")).bearer(&owner.token).send().await.expect(200);
    assert_eq!((seen.text_of("name"), seen.text_of("billing_reference")), ("Südwind".into(), "CUST, 2".into()));
    assert_eq!(app.mail_to("b@wind.example").await.len(), 1, "each gets its e-mail");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn all_or_nothing_leaves_nothing(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let refused = send(&app, &owner, "/resellers/import?atomic=true", "text/csv", FILE).await;
    let problem = refused.problem(422, "import_refused");
    let pointers: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|fault| &fault["pointer"]).collect();
    assert_eq!(pointers, ["/lines/4/name", "/lines/4/email", "/lines/4/services/0", "/lines/5/email"]);
    assert!(problem["errors"][3]["detail"].as_str().unwrap().starts_with("Line 5: "));
    assert_eq!(count(&app, &owner).await, 0);
    assert_eq!(app.mail_to("a@wind.example").await.len(), 0);
    let good = FILE.lines().take(3).collect::<Vec<_>>().join("\n");
    assert_eq!(resellers(&app, &owner, "?atomic=true", &good).await["created"], 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_skipped_updated_or_refused(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let first = resellers(&app, &owner, "", FILE).await;
    let file = "name;email;services;billing_reference\nNordwind;a@wind.example;pbx,trunk;CUST-1\nOst;b@wind.example;pbx;NEW-2\nNew;c@wind.example;pbx;CUST-5\n";
    let failed = resellers(&app, &owner, "?dry_run=true", file).await;
    assert_eq!(rows(&failed), ["2 failed /email:email_taken", "3 failed /email:email_taken", "4 created"]);
    let skipped = resellers(&app, &owner, "?on_existing=skip&dry_run=true", file).await;
    assert_eq!(rows(&skipped), ["2 skipped", "3 skipped", "4 created"]);
    let updated = resellers(&app, &owner, "?on_existing=update", file).await;
    assert_eq!(rows(&updated), ["2 unchanged", "3 updated", "4 created"]);
    assert_eq!(updated["rows"][1]["id"], first["rows"][1]["id"]);
    let path = format!("/resellers/{}", first["rows"][1]["id"].as_str().unwrap());
    let seen = app.get(&path).bearer(&owner.token).send().await.expect(200);
    assert_eq!((seen.text_of("name"), seen.text_of("billing_reference")), ("Ost".into(), "NEW-2".into()));
    // An address that somebody else has is no more than taken (R8).
    let rival = app.plant(Tier::MasterReseller, &[], "rival@contoso.example").await;
    let rival = app.member(&rival, Role::Owner).await;
    let foreign = resellers(&app, &rival, "?on_existing=update", file).await;
    let taken = "failed /email:email_taken";
    assert_eq!(rows(&foreign), [format!("2 {taken}"), format!("3 {taken}"), format!("4 {taken}")]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w5_a_file_that_is_sent_again_is_imported_once(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let mut file = "name,email,services,billing_reference\n".to_owned();
    for number in 0..450 {
        let _ = writeln!(file, "R{number},r{number}@wind.example,pbx,CUST-{number}");
    }
    let post = |query: &str| {
        let request = app.post(&format!("/resellers/import{query}")).bearer(&owner.token);
        request.header("idempotency-key", "file-1").raw("text/csv", file.clone()).send()
    };
    let first = post("").await.expect(200);
    assert_eq!(first.json()["created"], 450);
    assert_eq!(post("").await.expect(200).text, first.text, "the same answer again");
    post("?on_existing=skip").await.problem(422, "idempotency_key_reused");
    // Of a file whose import was cut off, what was done is done, and the rest follows: here by a second one with the same rows.
    let again = resellers(&app, &owner, "?on_existing=skip", &file).await;
    assert_eq!((again["skipped"].as_i64(), again["created"].as_i64()), (Some(450), Some(0)));
    let same = ["", "", ""].map(post);
    for answer in futures_util::future::join_all(same).await {
        assert!(answer.status == 200 && answer.text == first.text || answer.status == 409, "{}", answer.text);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_rows_with_one_bad(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let mut file = String::new();
    for number in 0..10_000 {
        let services = if number == 7_777 { "fax" } else { "pbx" };
        let row = json!({"name": format!("R{number}"), "email": format!("r{number}@wind.example"),
            "services": [services], "billing_reference": format!("CUST-{number}")});
        let _ = writeln!(file, "{row}");
    }
    let path = "/resellers/import";
    let refused = send(&app, &owner, &format!("{path}?atomic=true"), "application/x-ndjson", file.clone()).await;
    let problem = refused.problem(422, "import_refused");
    assert_eq!(problem["errors"][0]["pointer"], "/lines/7778/services/0");
    assert_eq!(count(&app, &owner).await, 0);
    let result = send(&app, &owner, path, "application/x-ndjson", file.clone()).await.expect(200).json();
    assert_eq!((result["created"].as_i64(), result["failed"].as_i64()), (Some(9_999), Some(1)));
    assert_eq!(result["rows"][7_777]["line"], 7_778);
    file.push_str("{}\n");
    let many = send(&app, &owner, path, "application/x-ndjson", file).await;
    assert_eq!(many.problem(422, "import_refused")["errors"][0]["code"], "too_many_rows");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn half_broken_files_are_read_as_far_as_they_go(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let import = async |media: &str, file: &[u8]| send(&app, &owner, "/resellers/import", media, file).await;
    let file = "{\"name\":\"A\",\"email\":\"a@wind.example\",\"services\":[\"pbx\"],\"billing_reference\":\"1\",\"price\":1}\n[]\n{\"name\n";
    let result = import("application/x-ndjson", file.as_bytes()).await.expect(200).json();
    assert_eq!(rows(&result), ["1 failed /price:unknown_member", "2 failed :wrong_type", "3 failed :malformed_json"]);
    let cut = "name,email,services,billing_reference\nA,a@wind.example,pbx,1\nB,b@wind";
    let result = import("text/csv", cut.as_bytes()).await.expect(200).json();
    assert_eq!(rows(&result), ["2 created", "3 failed :wrong_number_of_cells"]);

    let code = |answer: Answer| answer.problem(422, "import_refused")["errors"][0]["code"].as_str().unwrap().to_owned();
    let wide: Vec<u8> = FILE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(code(import("text/csv", &wide).await), "unsupported_encoding");
    assert_eq!(code(import("text/csv", b"").await), "no_rows");
    assert_eq!(code(import("text/csv", b"name,price\nA,1\n").await), "unknown_column");
    let marked = format!("\u{feff}{}", "name,email,services,billing_reference\nC,c@wind.example,pbx,1\n");
    assert_eq!(import("text/csv", marked.as_bytes()).await.expect(200).json()["created"], 1);
    // A row is no larger than a request.
    let wide = format!("name,email,services,billing_reference\nA,a@wind.example,{},1\n", "pbx ".repeat(20_000));
    assert_eq!(rows(&import("text/csv", wide.as_bytes()).await.expect(200).json()), ["2 failed :too_long"]);
    import("application/json", b"[]").await.problem(415, "unsupported_media_type");
    import("text/csv", &vec![b'a'; 11 << 20]).await.problem(413, "body_too_large");
    let unknown = app.post("/resellers/import?dry_run=maybe").bearer(&owner.token).raw("text/csv", FILE);
    unknown.send().await.problem(400, "invalid_parameter");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn enterprises_and_users_are_imported_likewise(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let house = app.connected("kiosk", json!({"user_limit": 3})).await;
    let by_ip = json!({"name": "Main", "host": "192.0.2.1", "authentication": "ip", "addresses": ["192.0.2.1"]});
    let path = format!("/enterprises/{}", house.account);
    let trunk = app.post(&format!("{path}/trunks")).bearer(&operator.token).json(&by_ip);
    let trunk = trunk.send().await.expect(201).text_of("id");
    let file = format!(
        "teams_user;trunk_id;default_number;forwarded_numbers;voice_route;tag\n\
         anna@kiosk.example;{trunk};+4930901820;+4930901821 +4930901822;emea;Reception\n\
         bert@kiosk.example;{trunk};4930901823;;emea;\n\
         carl@kiosk.example;{trunk};4.93091E+11;;emea;\n\
         dora@kiosk.example;{trunk};+4930901821;;emea;\n\
         emil@kiosk.example;{trunk};+4930901824;;apac;\n\
         finn@kiosk.example;{trunk};+4930901825;;emea;\n\
         gina@kiosk.example;{trunk};+4930901826;;emea;\n\
         hans@kiosk.example;{trunk};+4930901827;;emea;\n"
    );
    let users = format!("{path}/users/import");
    let result = send(&app, &operator, &users, "text/csv", file.clone()).await.expect(200).json();
    let expected = [
        "2 created",
        "3 failed /default_number:plus_missing",
        "4 failed /default_number:scientific_notation",
        "5 failed /default_number:number_taken",
        "6 failed :direct_routing_not_established",
        "7 created",
        "8 created",
        "9 failed :user_limit_reached",
    ];
    assert_eq!(rows(&result), expected);
    let changed = file.replace("Reception", "Office");
    let updated = send(&app, &operator, &format!("{users}?on_existing=update"), "text/csv", changed).await;
    let updated = rows(&updated.expect(200).json());
    assert_eq!((updated[0].as_str(), updated[5].as_str()), ("2 updated", "7 unchanged"));
    send(&app, &house, &users, "text/csv", file).await.problem(403, "extensions_not_allowed");

    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let reseller = app.plant(Tier::Reseller, &[&master], "r@contoso.example").await;
    let owner = app.member(&reseller, Role::Provisioner).await;
    let file = "name,email,country,sbc_regions,services,user_limit,pbx_music_on_hold\n\
                Kiosk,k@wind.example,DE,emea noam,pbx trunk,25,TRUE\n\
                Bar,b@wind.example,Germany,mars,pbx,many,perhaps\n";
    let result = send(&app, &owner, "/enterprises/import", "text/csv", file).await.expect(200).json();
    let bad = "3 failed /user_limit:wrong_type /pbx_music_on_hold:wrong_type /country:unknown_country /sbc_regions/0:unknown_sbc_region";
    assert_eq!(rows(&result), ["2 created", bad]);
}

/// The command, in a terminal, against a service that goes away in between.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_command_goes_on_after_a_broken_connection(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let (_, secret) = app.client(&owner.account, Role::Provisioner).await;
    let clients = app.get("/api-clients").bearer(&owner.token).send().await.expect(200).json();
    let client = clients["items"][0]["id"].as_str().unwrap().to_owned();
    let mut file = "name,email,services,billing_reference\n".to_owned();
    for number in 0..1_200 {
        let services = if number == 1_100 { "fax" } else { "pbx" };
        let _ = writeln!(file, "R{number},r{number}@wind.example,{services},\"CUST\n{number}\"");
    }
    let path = app.database.directory.path().join("resellers.csv");
    std::fs::write(&path, &file).unwrap();
    // A proxy that breaks every second connection once the request is through.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, target) = (listener.local_addr().unwrap(), app.address());
    let proxy = tokio::spawn(async move {
        for number in 0.. {
            let (mut near, _) = listener.accept().await.unwrap();
            let target = target.clone();
            tokio::spawn(async move {
                let mut far = tokio::net::TcpStream::connect(&target).await.unwrap();
                if number % 2 == 0 {
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                } else {
                    let mut answer = [0];
                    tokio::select! {
                        _ = tokio::io::copy(&mut near, &mut far) => {}
                        () = tokio::time::sleep(std::time::Duration::from_millis(300)) => {}
                    }
                    // The answer is on its way when the connection breaks.
                    let _ = tokio::io::AsyncReadExt::read(&mut far, &mut answer).await;
                }
            });
        }
    });
    let run_again = |flags: &[&str]| {
        let mut command = Command::new(BINARY);
        command.arg("import").arg(&path).args([
            "--what",
            "resellers",
            "--client-id",
            &client,
            "--client-secret",
            &secret,
        ]);
        command.args(["--url", &format!("http://{address}")]).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.args(flags).output()
    };
    let run = || run_again(&[]);
    let first = run().await.unwrap();
    let printed = String::from_utf8_lossy(&first.stdout).into_owned();
    assert!(printed.contains("1200 rows: 1199 created, 0 updated, 0 unchanged, 0 skipped, 1 refused."), "{printed}");
    assert!(printed.contains("line 2202, services/0: "), "{printed}");
    assert!(!first.status.success(), "a refused row shows in the exit status");
    let second = run().await.unwrap();
    assert_eq!(String::from_utf8_lossy(&second.stdout), printed, "run again, it imports nothing twice");
    let again = run_again(&["--again", "--on-existing", "skip"]).await.unwrap();
    let printed = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(printed.contains("0 created, 0 updated, 0 unchanged, 1199 skipped, 1 refused."), "{printed}");
    proxy.abort();
}

/// A file whose every row has 20 errors, the most that a row of this kind can have.
fn bad_file(rows: usize) -> String {
    let services = vec!["fax"; 20];
    let row = |number: usize| json!({"name": "R", "email": format!("r{number}@wind.example"), "services": services, "billing_reference": "1"});
    (0..rows).map(|number| row(number).to_string()).collect::<Vec<_>>().join("\n")
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_many_errors_is_short_and_the_others_can_be_downloaded(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let owner = app.master_reseller("m@contoso.example").await;
    let import = async |query: &str| {
        let request = app.post(&format!("/resellers/import{query}")).bearer(&owner.token);
        let request = request.header("idempotency-key", &format!("file{query}"));
        request.raw("application/x-ndjson", bad_file(1_000)).send().await.expect(200)
    };
    for query in ["", "?dry_run=true"] {
        let answer = import(query).await;
        assert!(answer.text.len() < 500_000, "{}", answer.text.len());
        let result = answer.json();
        let rows = result["rows"].as_array().unwrap();
        let listed: usize = rows.iter().map(|row| row["errors"].as_array().unwrap().len()).sum();
        let omitted: u64 = rows.iter().map(|row| row["errors_omitted"].as_u64().unwrap()).sum();
        assert_eq!((rows.len(), listed, omitted, result["failed"].as_u64()), (1_000, 1_000, 19_000, Some(1_000)));
        let path = result["report"].as_str().unwrap();
        let report = app.get(path).bearer(&owner.token).send().await.expect(200);
        assert_eq!(report.header("content-type"), "application/x-ndjson");
        let lines: Vec<Value> = report.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((lines.len(), &lines[999]["line"]), (1_000, &json!(1_000)));
        assert!(lines.iter().all(|line| line["errors"].as_array().unwrap().len() == 20));
        // It is for whoever imported the file.
        let other = app.member(&owner.account, Role::Owner).await;
        app.get(path).bearer(&other.token).send().await.problem(404, "not_found");
        if query.is_empty() {
            let again = import(query).await.json();
            assert_eq!((&again["report"], &again["rows"]), (&result["report"], &result["rows"]));
        }
    }
    let path = import("").await.json()["report"].as_str().unwrap().to_owned();
    app.clock.advance(TimeDelta::hours(24));
    let token = app.login("m@contoso.example").await["access_token"].as_str().unwrap().to_owned();
    app.get(&path).bearer(&token).send().await.problem(404, "not_found");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_of_one_caller_s_imports_is_limited(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = app.master_reseller("m@contoso.example").await;
    let other = app.member(&owner.account, Role::Owner).await;
    let import = async |owner: &Person| send(&app, owner, "/resellers/import", "text/csv", FILE).await;
    let _ = import(&owner).await.expect(200);
    let caller = app.get("/me").bearer(&owner.token).send().await.expect(200).text_of("id");
    let (id, body, now) = match database {
        Sqlite => ("randomblob(16)", "zeroblob(67108864)", "strftime('%Y-%m-%d %H:%M:%f', 'now')"),
        Postgresql => ("gen_random_uuid()", "decode(repeat('00', 67108864), 'hex')", "now() AT TIME ZONE 'UTC'"),
    };
    let keep = format!("INSERT INTO import_reports VALUES ({id}, '{caller}', NULL, {now}, {body})");
    app.database.run(&keep).unwrap();
    let refused = import(&owner).await;
    assert_eq!(refused.header("retry-after"), "3600");
    refused.problem(429, "quota_exceeded");
    let _ = import(&other).await.expect(200);
    app.clock.advance(TimeDelta::hours(25));
    let token = app.login("m@contoso.example").await["access_token"].as_str().unwrap().to_owned();
    let owner = Person { token, ..owner };
    let _ = import(&owner).await.expect(200);
}
