//! Reports as CSV (RFC 4180), safe to open in a spreadsheet.

use chrono::SecondsFormat;
use csv::{Terminator, Writer, WriterBuilder};
use domain::account::Tier;
use domain::billing::{Line, Numbers, Period};
use domain::id::AccountId;

use super::wire::line_name;
use crate::error::{Error, ErrorCode, Result};

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
}

impl Frame {
    /// The frame of a report.
    #[must_use]
    pub fn new(period: Period, is_final: bool, shows_reseller: bool) -> Self {
        let text = |instant: domain::Timestamp| instant.to_rfc3339_opts(SecondsFormat::Secs, true);
        let status = if is_final { "final" } else { "open" };
        Self { period_start: text(period.start()), period_end: text(period.end()), status, shows_reseller }
    }
}

/// The header line.
pub fn header() -> Result<Vec<u8>> {
    let mut writer = writer(0);
    writer.write_record(COLUMNS).map_err(|error| failed(&error))?;
    finish(writer)
}

/// Serialises lines of a report, without the header line.
pub fn lines(frame: &Frame, lines: &[Line]) -> Result<Vec<u8>> {
    let mut writer = writer(lines.len() * 320);
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

/// Writes a text that users entered, so that no spreadsheet takes it for a formula: such a text gets a leading `'`.
fn write_text(writer: &mut Writer<Vec<u8>>, text: &str) -> Result<(), csv::Error> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        writer.write_field(format!("'{text}"))
    } else {
        writer.write_field(text)
    }
}

fn writer(capacity: usize) -> Writer<Vec<u8>> {
    WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::with_capacity(capacity))
}

fn finish(writer: Writer<Vec<u8>>) -> Result<Vec<u8>> {
    writer.into_inner().map_err(|error| failed(&error))
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    tracing::error!(%error, "CSV could not be written");
    Error::new(ErrorCode::Internal, "This is our fault. Tell support the request id.")
}
