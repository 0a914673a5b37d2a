//! R6: references survive CSV, Python and spreadsheets.

use std::io::Write;
use std::process::{Command, Stdio};

use domain::account::Tier;
use end_to_end::Database;
use end_to_end::Database::{Postgresql, Sqlite};
use rstest::rstest;
use serde_json::{Value, json};

use super::World;

/// Names and references that have broken spreadsheets.
const HOSTILE: [&str; 18] = [
    "=1+1",
    "+4930901820",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "a,b;c",
    "say \"hi\"",
    "two\r\nlines",
    "☎ نور 🇩🇪",
    "00815",
    " x ",
    "x;=HYPERLINK(\"http://evil.example\")",
    "x\t=1+1",
    "  =1+1",
    "\u{3000}=1+1",
    "\u{200b}@SUM(A1)",
    "＝1+1",
];

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r6_whatever_references_hold_survives_csv_and_spreadsheets(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin(database).await;
    let operator = world.app.operator().await;
    let mut expected = Vec::new();
    for (index, reference) in HOSTILE.iter().enumerate() {
        let above = [world.master.as_str(), world.reseller.as_str()];
        let enterprise = world.app.plant(Tier::Enterprise, &above, &format!("h{index}@contoso.example")).await;
        let patch = json!({"billing_reference": reference, "services": ["pbx"]});
        world.patch(&operator, &format!("/enterprises/{enterprise}"), patch).await;
        expected.push((enterprise, (*reference).to_owned()));
    }
    // JSON has them as they are.
    let ndjson = world.app.get(&format!("/billing-reports/{}?format=ndjson", world.period)).bearer(&operator.token);
    let ndjson = ndjson.send().await.expect(200).text;
    let json_lines: Vec<Value> = ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (enterprise, reference) in &expected {
        let line = json_lines.iter().find(|line| line["enterprise_id"] == **enterprise).expect("a line");
        assert_eq!(line["enterprise_billing_reference"], **reference);
    }
    // So has CSV, but for the mark before what would be a formula.
    let csv = world.csv(&operator, "").await;
    let marked = |reference: &str| {
        let mut lines = reference.split_inclusive(['\r', '\n', ';', '\t']);
        let marked = lines.by_ref().map(|line| {
            let start = line.trim_start_matches([' ', '\u{3000}', '\u{200b}', '\t']);
            let is_formula = start.starts_with(['=', '+', '-', '@', '＝']) || line.starts_with(['\t', '\r']);
            if is_formula { format!("'{line}") } else { line.to_owned() }
        });
        marked.collect::<String>()
    };
    let script = "import csv, io, json, sys\n\
                  text = io.TextIOWrapper(sys.stdin.buffer, encoding='utf-8', newline='')\n\
                  print(json.dumps(list(csv.DictReader(text, strict=True))))";
    let read: Vec<Value> = serde_json::from_str(&piped("python3", &["-c", script], &csv)).expect("rows");
    for (enterprise, reference) in &expected {
        let row = read.iter().find(|row| row["enterprise_id"] == **enterprise).expect("a row");
        assert_eq!(row["enterprise_billing_reference"], marked(reference));
        assert_eq!(row["users_peak"], "0");
    }
    assert_eq!(read.len(), json_lines.len());
    // Whatever separator a spreadsheet takes, no cell begins like a formula.
    for separator in [',', ';', '\t'] {
        let cells = format!(
            "import csv, io, json, sys\ntext = io.TextIOWrapper(sys.stdin.buffer, encoding='utf-8', newline='')\n\
             print(json.dumps([cell for row in csv.reader(text, delimiter={separator:?}) for cell in row]))"
        );
        let cells: Vec<String> = serde_json::from_str(&piped("python3", &["-c", &cells], &csv)).expect("cells");
        for cell in cells.iter().filter(|cell| !cell.starts_with('\'')) {
            assert!(!cell.trim_start().starts_with(['=', '+', '@', '＝']), "{separator:?}: {cell:?}");
        }
    }
    // Through LibreOffice and back, with the references' columns as text, as docs/billing.md says.
    if database == Sqlite {
        let back: Vec<Value> =
            serde_json::from_str(&piped("python3", &["-c", script], &through_libreoffice(&csv))).unwrap();
        // It keeps no tab and no lone carriage return in a cell.
        for (enterprise, reference) in
            expected.iter().filter(|(_, text)| !text.contains('\t') && !text.starts_with('\r'))
        {
            let row = back.iter().find(|row| row["enterprise_id"] == **enterprise).expect("a row");
            // A cell knows one kind of line break.
            let found = row["enterprise_billing_reference"].as_str().unwrap().replace("\r\n", "\n");
            assert_eq!(found, marked(reference).replace("\r\n", "\n"));
        }
        assert_eq!(back.len(), read.len());
    }
}

fn piped(program: &str, arguments: &[&str], input: &str) -> String {
    let mut command = Command::new(program);
    let command = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program} failed");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Opens CSV in `LibreOffice`, saves it as a spreadsheet, opens that and saves it as CSV again.
fn through_libreoffice(csv: &str) -> String {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = |name: &str| directory.path().join(name);
    std::fs::write(file("report.csv"), csv).unwrap();
    let profile = format!("-env:UserInstallation=file://{}", file("profile").display());
    let convert = |input: &str, filter: Option<&str>, to: &str| {
        let mut command = Command::new("soffice");
        command.args([profile.as_str(), "--headless", "--norestore"]).args(filter).args(["--convert-to", to]);
        command.arg("--outdir").arg(directory.path()).arg(file(input)).stdout(Stdio::null()).stderr(Stdio::null());
        let run = command.status().unwrap_or_else(|error| {
            panic!("these tests need LibreOffice: install the Debian package `libreoffice-calc-nogui` ({error})")
        });
        assert!(run.success(), "LibreOffice failed");
    };
    // Commas, quotes, UTF-8, from the first line on; names and references are text (2).
    let columns: Vec<_> =
        (1..=16).map(|column| format!("{column}/{}", if (4..=10).contains(&column) { 2 } else { 1 })).collect();
    let filter = format!("--infilter=CSV:44,34,76,1,{}", columns.join("/"));
    convert("report.csv", Some(&filter), "ods");
    std::fs::remove_file(file("report.csv")).unwrap();
    convert("report.ods", None, "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false");
    std::fs::read_to_string(file("report.csv")).expect("what LibreOffice wrote")
}
