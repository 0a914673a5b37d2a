//! Reports as CSV (RFC 4180), safe to open in a spreadsheet.

use chrono::SecondsFormat;
use csv::{QuoteStyle, Terminator, Writer, WriterBuilder};
use domain::account::Tier;
use domain::billing::{Line, Numbers, Period};
use domain::id::AccountId;
use domain::values::characters::is_visible;

use super::wire::line_name;
use crate::error::{Error, ErrorCode, Result};

/// The form of new reports: everything is quoted, so that a spreadsheet that takes `;` or a tab as the separator does not
/// split a text.
pub const FORM: i32 = 2;
/// The form of reports that were finalised before version 2 existed: only what has to be quoted is quoted.
const MINIMAL: i32 = 1;

/// The columns, named like the fields of a line in JSON.
pub const COLUMNS: [&str; 16] = [
    "period_start",
    "period_end",
    "status",
    "reseller_id",
    "reseller_name",
    "reseller_billing_reference",
    "enterprise_id",
    "enterprise_name",
    "enterprise_billing_reference",
    "service",
    "users_at_end",
    "users_peak",
    "user_days",
    "active_days",
    "suspended_days",
    "amends",
];

/// The values that all lines of a report share, and whether the caller may see the names of resellers.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The first instant of the period.
    pub period_start: String,
    /// The end of the period, exclusive: the first instant of the next month.
    pub period_end: String,
    /// `open` or `final`.
    pub status: &'static str,
    /// Whether names and billing references of resellers are shown. Enterprises don't see those of the accounts above
    /// them.
    pub shows_reseller: bool,
    /// The form of the CSV. A final report keeps its own, because its hash depends on it.
    pub csv_form: i32,
}

impl Frame {
    /// The frame of a report.
    #[must_use]
    pub fn new(period: Period, is_final: bool, shows_reseller: bool, csv_form: i32) -> Self {
        let text = |instant: domain::Timestamp| instant.to_rfc3339_opts(SecondsFormat::Secs, true);
        let status = if is_final { "final" } else { "open" };
        Self { period_start: text(period.start()), period_end: text(period.end()), status, shows_reseller, csv_form }
    }
}

/// The header line.
pub fn header(csv_form: i32) -> Result<Vec<u8>> {
    let mut writer = writer(0, csv_form);
    writer.write_record(COLUMNS).map_err(|error| failed(&error))?;
    finish(writer)
}

/// Serialises lines of a report, without the header line.
pub fn lines(frame: &Frame, lines: &[Line]) -> Result<Vec<u8>> {
    let mut writer = writer(lines.len() * 320, frame.csv_form);
    let (mut resellers, mut enterprises) = (Ids::for_tier(Tier::Reseller), Ids::for_tier(Tier::Enterprise));
    for line in lines {
        let ids = [resellers.text(line.reseller_id), enterprises.text(line.enterprise_id)];
        write(&mut writer, frame, line, ids).map_err(|error| failed(&error))?;
    }
    finish(writer)
}

/// Formats ids and keeps the last one, because consecutive lines often have the same id.
struct Ids {
    tier: Tier,
    last: Option<(AccountId, String)>,
}

impl Ids {
    const fn for_tier(tier: Tier) -> Self {
        Self { tier, last: None }
    }

    fn text(&mut self, id: AccountId) -> &str {
        if self.last.as_ref().is_none_or(|(last, _)| *last != id) {
            self.last = Some((id, self.tier.format_id(id)));
        }
        self.last.as_ref().map_or("", |(_, text)| text)
    }
}

fn write(
    writer: &mut Writer<Vec<u8>>,
    frame: &Frame,
    line: &Line,
    [reseller_id, enterprise_id]: [&str; 2],
) -> Result<(), csv::Error> {
    let Line {
        enterprise_id: _,
        service,
        reseller_id: _,
        master_reseller_id: _,
        reseller_name,
        reseller_billing_reference,
        enterprise_name,
        enterprise_billing_reference,
        numbers,
        amends,
    } = line;
    let Numbers { users_at_end, users_peak, user_days, active_days, suspended_days } = *numbers;
    let (name, reference) = if frame.shows_reseller {
        (reseller_name.as_str(), reseller_billing_reference.as_deref().unwrap_or_default())
    } else {
        ("", "")
    };
    for text in [&frame.period_start, &frame.period_end, frame.status] {
        writer.write_field(text)?;
    }
    writer.write_field(reseller_id)?;
    let write_text = |writer: &mut Writer<Vec<u8>>, text: &str| write_text(writer, text, frame.csv_form);
    write_text(writer, name)?;
    write_text(writer, reference)?;
    writer.write_field(enterprise_id)?;
    write_text(writer, enterprise_name)?;
    write_text(writer, enterprise_billing_reference.as_deref().unwrap_or_default())?;
    writer.write_field(service.as_str())?;
    for number in [users_at_end, users_peak, user_days, active_days, suspended_days] {
        writer.write_field(number.to_string())?;
    }
    writer.write_field(amends.map(|amended| line_name(amended.period, line)).unwrap_or_default())?;
    writer.write_record(None::<&[u8]>)
}

/// Writes a text that users entered, so that no spreadsheet takes it for a formula: each part of it that is like one gets
/// a leading `'`. Parts are separated by what a spreadsheet can take for the end of a cell, if it is told of another
/// separator than the comma.
fn write_text(writer: &mut Writer<Vec<u8>>, text: &str, csv_form: i32) -> Result<(), csv::Error> {
    if csv_form == MINIMAL {
        let mark = if text.starts_with(PLAIN_SIGNS) { "'" } else { "" };
        return writer.write_field(format!("{mark}{text}"));
    }
    if !text.contains(ENDS) && !is_formula(text) {
        return writer.write_field(text);
    }
    let parts = text.split_inclusive(ENDS);
    let marked = parts.map(|part| if is_formula(part) { format!("'{part}") } else { part.to_owned() });
    writer.write_field(marked.collect::<String>())
}

/// What can end a cell.
const ENDS: [char; 4] = ['\r', '\n', ';', '\t'];

/// What a text began with to be marked in the first form.
const PLAIN_SIGNS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Whether a spreadsheet may take a text for a formula. Some skip blanks before it, and some read full-width signs as the
/// ordinary ones.
fn is_formula(text: &str) -> bool {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || !is_visible(c));
    text.starts_with(['\t', '\r']) || start.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '−'])
}

fn writer(capacity: usize, csv_form: i32) -> Writer<Vec<u8>> {
    let quotes = if csv_form == MINIMAL { QuoteStyle::Necessary } else { QuoteStyle::Always };
    let mut builder = WriterBuilder::new();
    builder.terminator(Terminator::CRLF).quote_style(quotes).from_writer(Vec::with_capacity(capacity))
}

fn finish(writer: Writer<Vec<u8>>) -> Result<Vec<u8>> {
    writer.into_inner().map_err(|error| failed(&error))
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    tracing::error!(%error, "CSV could not be written");
    Error::new(ErrorCode::Internal, "This is our fault. Tell support the request id.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_a_spreadsheet_would_calculate_is_marked() {
        let form = |text: &str, csv_form| {
            let mut writer = writer(0, csv_form);
            write_text(&mut writer, text, csv_form).expect("a field");
            writer.write_record(None::<&[u8]>).expect("a row");
            String::from_utf8(finish(writer).expect("a row")).expect("UTF-8")
        };
        for text in
            ["=1", "+1", "-1", "@A1", " =1", "\u{3000}=1", "\u{200b}=1", "＝1", "＋1", "－1", "＠A1", "−1", "\t1"]
        {
            assert_eq!(form(text, FORM), format!("\"'{text}\"\r\n"), "{text:?}");
        }
        for text in ["CUST-1", "a=b", "x;y", "1", "a\r\nb", "a\n\nb"] {
            assert_eq!(form(text, FORM), format!("\"{text}\"\r\n"), "{text:?}");
        }
        assert_eq!(form("x;=1;y\t@A", FORM), "\"x;'=1;y\t'@A\"\r\n");
        assert_eq!(form("a\n=1\r\n +2", FORM), "\"a\n'=1\r\n' +2\"\r\n");
        // Reports that were final before this form existed keep theirs.
        for (text, written) in [("x;=1", "x;=1"), (" =1", " =1"), ("=1", "'=1"), ("a,b", "\"a,b\"")] {
            assert_eq!(form(text, MINIMAL), format!("{written}\r\n"), "{text:?}");
        }
    }
}
