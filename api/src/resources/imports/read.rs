//! Parses an import file into rows. A row is a JSON object like the request body that creates a single resource. Damage
//! that spreadsheets typically do to files is repaired where the intent is clear, and otherwise reported as an error.

use domain::fault::Fault;
use domain::limits::{BODY_MAX, IMPORT_ROWS_MAX};
use serde_json::{Map, Value};

use super::upload::Form;
use crate::error::{Error, ErrorCode, Result, ValueError, value_error};

/// The type of the values in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A telephone number in international format. Spreadsheets may have damaged it.
    Phone,
    /// An integer.
    Number,
    /// A boolean: `true`, `1`, `yes`, `false`, `0` or `no`.
    Flag,
    /// A list of texts, separated by spaces, commas, semicolons or vertical bars.
    Texts,
    /// A list of telephone numbers, with the same separators as [`Kind::Texts`].
    Phones,
}

/// A column that a file can have: the name of a request field and the type of its values.
pub type Column = (&'static str, Kind);

/// A row of a file.
#[derive(Debug, Clone)]
pub struct Row {
    /// The line on which it starts, counted from 1.
    pub line: u64,
    /// Its fields.
    pub members: Map<String, Value>,
    /// Errors found while parsing it.
    pub faults: Vec<ValueError>,
}

/// Parses a file into at most `IMPORT_ROWS_MAX` rows. Errors in single rows are kept in the rows. The file as a whole
/// is refused if it is empty, has too many rows, is not UTF-8 or has an invalid header line.
pub fn read(form: Form, octets: &[u8], columns: &[Column]) -> Result<Vec<Row>> {
    let text = decode(octets)?;
    let rows = match form {
        Form::Csv => csv_rows(text, columns)?,
        Form::Ndjson => json_rows(text),
    };
    if rows.len() > IMPORT_ROWS_MAX {
        let detail = format!("The file has {} rows; send at most {IMPORT_ROWS_MAX} at a time.", rows.len());
        return Err(refused("too_many_rows", detail));
    }
    if rows.is_empty() {
        return Err(refused("no_rows", "The file has no rows.".to_owned()));
    }
    Ok(rows)
}

/// The error that refuses the whole file.
fn refused(code: &'static str, detail: String) -> Error {
    let fault = value_error("", Fault::new(code, detail));
    Error::about(ErrorCode::ImportRefused, "The file can't be read; see `errors`.", vec![fault])
}

/// Decodes UTF-8 with or without a byte order mark. UTF-16 is recognised in order to give a helpful error.
fn decode(octets: &[u8]) -> Result<&str> {
    let wide = octets.starts_with(&[0xff, 0xfe]) || octets.starts_with(&[0xfe, 0xff]);
    // In UTF-16, every second byte of Latin text is zero.
    if wide || octets.iter().take(200).any(|octet| *octet == 0) {
        let detail = "This is UTF-16, which spreadsheets call Unicode text. Save the file as \"CSV UTF-8\".";
        return Err(refused("unsupported_encoding", detail.to_owned()));
    }
    let octets = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets);
    std::str::from_utf8(octets).map_err(|error| {
        let line = octets[..error.valid_up_to()].split(|octet| *octet == b'\n').count();
        let detail = format!("Line {line} is not UTF-8. Save the file as \"CSV UTF-8\".");
        refused("unsupported_encoding", detail)
    })
}

fn json_rows(text: &str) -> Vec<Row> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let row = |(index, line): (usize, &str)| {
        if line.len() > BODY_MAX {
            return Row { line: index as u64 + 1, members: Map::new(), faults: vec![too_long()] };
        }
        let (members, faults) = match serde_json::from_str(line) {
            Ok(Value::Object(members)) => (members, Vec::new()),
            Ok(_) => {
                (Map::new(), vec![value_error("", Fault::new("wrong_type", "Give one JSON object on each line."))])
            }
            Err(error) => {
                let detail = format!("Column {}: this is not JSON.", error.column());
                (Map::new(), vec![value_error("", Fault::new("malformed_json", detail))])
            }
        };
        Row { line: index as u64 + 1, members, faults }
    };
    lines.map(row).take(IMPORT_ROWS_MAX + 1).collect()
}

fn csv_rows(text: &str, columns: &[Column]) -> Result<Vec<Row>> {
    let (skipped, separator) = separator(text);
    let text = &text[skipped.len()..];
    let skipped = u64::from(!skipped.is_empty());
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut records = reader.records();
    let Some(header) = records.next() else { return Err(refused("no_rows", "The file is empty.".to_owned())) };
    let header = header.map_err(|error| refused("malformed_csv", error.to_string()))?;
    let known = named_columns(&header, columns)?;
    let (mut rows, mut at, mut line) = (Vec::new(), 0, skipped + 1);
    for record in records.take(IMPORT_ROWS_MAX + 1) {
        let record = record.map_err(|error| refused("malformed_csv", error.to_string()))?;
        // The CSV reader's own line count is one too low for files with CRLF line ends, so lines are counted here.
        let start = record.position().map_or(at, |position| usize::try_from(position.byte()).unwrap_or(at));
        let start = text[start..].find(|c| !matches!(c, '\r' | '\n')).map_or(start, |blank| start + blank);
        line += text[at..start].matches('\n').count() as u64;
        at = start;
        // Spreadsheets often append rows of empty cells.
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        rows.push(csv_row(line, &record, &known));
    }
    Ok(rows)
}

/// The error for a row that is larger than `BODY_MAX`, the limit of a request body.
fn too_long() -> ValueError {
    value_error("", Fault::new("too_long", format!("A row has at most {BODY_MAX} bytes.")))
}

/// Detects the separator of a CSV file. Also returns the leading `sep=;` line that some spreadsheets write, or an empty
/// text if there is none.
#[must_use]
pub fn separator(text: &str) -> (&str, u8) {
    let first = text.split_inclusive('\n').next().unwrap_or_default();
    if let ([b's', b'e', b'p', b'=', separator], true) = (first.trim_end().as_bytes(), first.ends_with('\n')) {
        return (first, *separator);
    }
    let count = |separator: u8| first.bytes().filter(|octet| *octet == separator).count();
    let likely = [b',', b';', b'\t'].into_iter().max_by_key(|separator| (count(*separator), *separator == b','));
    ("", likely.unwrap_or(b','))
}

fn named_columns(header: &csv::StringRecord, columns: &[Column]) -> Result<Vec<Column>> {
    let mut known: Vec<Column> = Vec::new();
    for name in header {
        let name = name.trim().to_ascii_lowercase();
        let names = || columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let found = columns.iter().find(|(own, _)| *own == name).ok_or_else(|| {
            let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
            refused(
                "unknown_column",
                format!("There is no column {name:?}. The first line names columns of: {}.", names()),
            )
        })?;
        if known.contains(found) {
            return Err(refused("duplicate_column", format!("The column {:?} is there twice.", found.0)));
        }
        known.push(*found);
    }
    Ok(known)
}

fn csv_row(line: u64, record: &csv::StringRecord, columns: &[Column]) -> Row {
    let mut row = Row { line, members: Map::new(), faults: Vec::new() };
    if record.as_slice().len() > BODY_MAX {
        row.faults.push(too_long());
        return row;
    }
    if record.len() != columns.len() {
        let detail = format!("The row has {} cells, and the first line {}.", record.len(), columns.len());
        row.faults.push(value_error("", Fault::new("wrong_number_of_cells", detail)));
        return row;
    }
    for ((name, kind), cell) in columns.iter().zip(record) {
        // An empty cell is a missing field.
        if cell.is_empty() {
            continue;
        }
        match value(*kind, cell) {
            Ok(value) => {
                row.members.insert((*name).to_owned(), value);
            }
            Err(fault) => row.faults.push(value_error(format!("/{name}"), fault)),
        }
    }
    row
}

fn value(kind: Kind, cell: &str) -> Result<Value, Fault> {
    let words = || cell.split([' ', ',', ';', '|']).map(str::trim).filter(|word| !word.is_empty());
    match kind {
        Kind::Text => Ok(cell.into()),
        Kind::Phone => phone(cell).map(Value::from),
        Kind::Number => {
            let number = cell.trim().parse::<i64>();
            number.map(Value::from).map_err(|_| Fault::new("wrong_type", "Give a whole number."))
        }
        Kind::Flag => match cell.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Ok(true.into()),
            "false" | "0" | "no" => Ok(false.into()),
            _ => Err(Fault::new("wrong_type", "Give true or false.")),
        },
        Kind::Texts => Ok(words().map(Value::from).collect()),
        Kind::Phones => words().map(|word| phone(word).map(Value::from)).collect(),
    }
}

/// Checks a telephone number for damage by spreadsheets: scientific notation, which lost digits, and a missing `+`.
fn phone(cell: &str) -> Result<&str, Fault> {
    let cell = cell.trim();
    let upper = cell.to_ascii_uppercase();
    if upper.contains("E+") && upper.parse::<f64>().is_ok() {
        let detail = "A spreadsheet has rounded the number: format the column as text and enter the number again.";
        return Err(Fault::new("scientific_notation", detail));
    }
    if cell.len() >= 6 && cell.bytes().all(|octet| octet.is_ascii_digit()) && !cell.starts_with('0') {
        let detail = "The + is missing, which spreadsheets take off: format the column as text and enter it again.";
        return Err(Fault::new("plus_missing", detail));
    }
    Ok(cell)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: &[Column] = &[
        ("name", Kind::Text),
        ("services", Kind::Texts),
        ("limit", Kind::Number),
        ("flag", Kind::Flag),
        ("number", Kind::Phone),
    ];

    fn rows(text: &str) -> Vec<(u64, Value, Vec<String>)> {
        let rows = read(Form::Csv, text.as_bytes(), COLUMNS).expect("a file that can be read");
        let faults = |row: &Row| row.faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect();
        rows.into_iter().map(|row| (row.line, Value::from(row.members.clone()), faults(&row))).collect()
    }

    fn code(form: Form, octets: &[u8]) -> String {
        read(form, octets, COLUMNS).expect_err("a refusal").faults().remove(0).code.into_owned()
    }

    #[test]
    fn what_spreadsheets_do_to_files_is_undone_or_named() {
        let same = |text: &str, line| {
            let expected = json!({"name": "Söhne, & Co", "services": ["pbx", "trunk"], "flag": true});
            assert_eq!(rows(text), [(line, expected, Vec::<String>::new())], "{text:?}");
        };
        same("name,services,flag\n\"Söhne, & Co\",pbx trunk,TRUE\n", 2);
        same("\u{feff}name;services;flag\r\nSöhne, & Co;pbx,trunk;1\r\n;;\r\n", 2);
        same("sep=;\nNAME;Services;flag\nSöhne, & Co;pbx|trunk;yes\n", 3);
        same("name\tservices\tflag\nSöhne, & Co\tpbx; trunk\ttrue", 2);
        let damaged = rows("name,number,limit\nA,4930901820,x\nB,4.93091E+11,7\nC,+4930901820,\nD\n");
        assert_eq!(damaged[0].2, ["/number plus_missing", "/limit wrong_type"]);
        assert_eq!(damaged[1].2, ["/number scientific_notation"]);
        assert_eq!(damaged[2], (4, json!({"name": "C", "number": "+4930901820"}), Vec::new()));
        assert_eq!(damaged[3].2, [" wrong_number_of_cells"]);
        // A quoted cell can contain line breaks, so the next row starts further down.
        assert_eq!(rows("name,limit\n\"a\nb\",1\nc,2\n").iter().map(|row| row.0).collect::<Vec<_>>(), [2, 4]);
    }

    #[test]
    fn files_that_can_t_be_read_are_refused_as_a_whole() {
        let wide: Vec<u8> = "name\nA\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(code(Form::Csv, &wide), "unsupported_encoding");
        assert_eq!(code(Form::Csv, &[&[0xff, 0xfe][..], &wide].concat()), "unsupported_encoding");
        assert_eq!(code(Form::Csv, b"name\nS\xf6hne\n"), "unsupported_encoding");
        assert_eq!(code(Form::Csv, b""), "no_rows");
        assert_eq!(code(Form::Csv, b"name\n"), "no_rows");
        assert_eq!(code(Form::Csv, b"name,price\nA,1\n"), "unknown_column");
        assert_eq!(code(Form::Csv, b"name,name\nA,B\n"), "duplicate_column");
        assert_eq!(code(Form::Ndjson, b"\n\n"), "no_rows");
        let many = format!("name\n{}", "A\n".repeat(IMPORT_ROWS_MAX + 1));
        assert_eq!(code(Form::Csv, many.as_bytes()), "too_many_rows");
    }

    #[test]
    fn json_lines_are_read_one_by_one() {
        let text = "{\"name\":\"A\"}\n\n[1]\n{\"name\n";
        let rows = read(Form::Ndjson, text.as_bytes(), COLUMNS).expect("rows");
        let found: Vec<_> = rows.iter().map(|row| (row.line, row.faults.first().map(|fault| &*fault.code))).collect();
        assert_eq!(found, [(1, None), (3, Some("wrong_type")), (4, Some("malformed_json"))]);
    }
}
