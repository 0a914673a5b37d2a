//! The format of a report, chosen by the `format` parameter or the `Accept` header (RFC 9110 section 12.5.1).

use actix_web::HttpRequest;
use actix_web::http::header;
use domain::billing::Line;

use super::csv::{self, Frame};
use super::wire::BillingLine;
use crate::error::{Error, ErrorCode, Result};

/// The format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One page as JSON.
    Json,
    /// The whole report as CSV.
    Csv,
    /// The whole report as NDJSON: one JSON object per line.
    Ndjson,
}

impl Format {
    const ALL: [Self; 3] = [Self::Json, Self::Csv, Self::Ndjson];

    /// The media type of the format.
    #[must_use]
    pub const fn media(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    /// The name of the format, for the `format` parameter and as a file extension.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// The format with this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }

    /// The bytes before the first line of the report.
    pub fn header(self, frame: &Frame) -> Result<Vec<u8>> {
        if self == Self::Csv { csv::header(frame.csv_form) } else { Ok(Vec::new()) }
    }

    /// The format that the `Accept` headers of a request prefer; JSON if they name none that is supported.
    pub fn accepted(request: &HttpRequest) -> Self {
        let accepted = request.headers().get_all(header::ACCEPT).filter_map(|value| value.to_str().ok());
        best(accepted.flat_map(|value| value.split(',')))
    }
}

/// Serialises lines of a report as CSV without its header, or as NDJSON.
pub fn written(frame: &Frame, lines: Vec<Line>, format: Format) -> Result<Vec<u8>> {
    if format == Format::Csv {
        return csv::lines(frame, &lines);
    }
    let mut octets = Vec::with_capacity(lines.len() * 600);
    for line in lines {
        serde_json::to_writer(&mut octets, &BillingLine::new(frame, line))
            .map_err(|error| Error::new(ErrorCode::Internal, format!("A line could not be written: {error}")))?;
        octets.push(b'\n');
    }
    Ok(octets)
}

/// The supported format with the highest quality; of several, the first one.
fn best<'a>(ranges: impl Iterator<Item = &'a str>) -> Format {
    let mut best = (0.0, Format::Json);
    for range in ranges {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
        let named = match media.as_str() {
            "*/*" | "application/*" => Some(Format::Json),
            "text/*" => Some(Format::Csv),
            media => Format::ALL.into_iter().find(|format| format.media() == media),
        };
        if let Some(format) = named
            && quality > best.0
        {
            best = (quality, format);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_the_one_that_is_preferred() {
        for (accept, expected) in [
            ("", Format::Json),
            ("*/*", Format::Json),
            ("text/csv", Format::Csv),
            ("TEXT/CSV; charset=utf-8", Format::Csv),
            ("application/x-ndjson", Format::Ndjson),
            ("text/html, text/csv;q=0.9, */*;q=0.8", Format::Csv),
            ("application/json;q=0.5, application/x-ndjson", Format::Ndjson),
            ("text/csv;q=0", Format::Json),
            ("image/png", Format::Json),
        ] {
            assert_eq!(best(accept.split(',')), expected, "{accept:?}");
        }
    }
}
