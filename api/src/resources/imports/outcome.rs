//! The outcome of an import while its rows are executed: bounded for the answer, complete for the report.

use std::io::{self, Read, Write};
use std::mem;

use actix_web::web::Bytes;
use domain::limits::IMPORT_ERRORS_MAX;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use futures_util::stream::{self, Stream};

use super::wire::ImportRow;
use crate::error::{Error, ErrorCode, Result};
use crate::http::pieces::PIECE;

/// The outcomes of the rows so far.
pub struct Outcome {
    rows: Vec<ImportRow>,
    listed: usize,
    omitted: usize,
    report: GzEncoder<Vec<u8>>,
}

/// The outcomes of all rows.
pub struct Outcomes {
    /// For the answer: every row, with the first errors.
    pub rows: Vec<ImportRow>,
    /// The compressed report with all errors; `None` if the answer has them all.
    pub report: Option<Vec<u8>>,
}

impl Default for Outcome {
    fn default() -> Self {
        let report = GzEncoder::new(Vec::new(), Compression::fast());
        Self { rows: Vec::new(), listed: 0, omitted: 0, report }
    }
}

impl Outcome {
    /// Adds the outcomes of the next rows.
    pub fn add(&mut self, rows: Vec<ImportRow>) -> Result<()> {
        for mut row in rows {
            serde_json::to_writer(&mut self.report, &row).map_err(|error| failed(&error.into()))?;
            self.report.write_all(b"\n").map_err(|error| failed(&error))?;
            let all = row.errors.len();
            row.errors.truncate(IMPORT_ERRORS_MAX - self.listed);
            self.listed += row.errors.len();
            row.errors_omitted = all - row.errors.len();
            self.omitted += row.errors_omitted;
            self.rows.push(row);
        }
        Ok(())
    }

    /// The rows so far, as the answer will list them.
    #[must_use]
    pub fn rows(&self) -> &[ImportRow] {
        &self.rows
    }

    /// Ends the import.
    pub fn finish(self) -> Result<Outcomes> {
        let Self { rows, omitted, report, .. } = self;
        let report = if omitted > 0 { Some(report.finish().map_err(|error| failed(&error))?) } else { None };
        Ok(Outcomes { rows, report })
    }
}

/// Unpacks a report while it is sent, piece by piece. `held` is kept until the end.
pub fn unpack<T: 'static>(content: Vec<u8>, held: T) -> impl Stream<Item = Result<Bytes>> + 'static {
    let reader = GzDecoder::new(io::Cursor::new(content));
    stream::try_unfold((reader, vec![0; PIECE], held), |(mut reader, mut piece, held)| async move {
        let mut length = 0;
        while length < piece.len() {
            match reader.read(&mut piece[length..]).map_err(|error| failed(&error))? {
                0 => break,
                octets => length += octets,
            }
        }
        piece.truncate(length);
        let sent = Bytes::from(mem::replace(&mut piece, vec![0; PIECE]));
        Ok((!sent.is_empty()).then_some((sent, (reader, piece, held))))
    })
}

fn failed(error: &io::Error) -> Error {
    tracing::error!(%error, "the report of an import can't be packed or unpacked");
    Error::new(ErrorCode::Internal, "The service failed. Report the `request_id` to support.")
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::super::wire::ImportStatus;
    use super::*;
    use crate::error::value_error;

    fn row(line: u64, errors: usize) -> ImportRow {
        let fault = domain::fault::Fault::new("too_long", "Give at most 3 characters.");
        let errors = vec![value_error("/name", fault); errors];
        ImportRow { line, status: ImportStatus::Failed, id: None, errors, errors_omitted: 0 }
    }

    async fn lines(report: Vec<u8>) -> Vec<ImportRow> {
        let pieces: Vec<_> = unpack(report, ()).collect().await;
        assert!(pieces.iter().all(|piece| piece.as_ref().unwrap().len() <= PIECE));
        let text: Vec<u8> = pieces.into_iter().flat_map(|piece| piece.unwrap().to_vec()).collect();
        let text = String::from_utf8(text).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[tokio::test]
    async fn an_answer_has_the_first_thousand_errors_and_the_report_all() {
        let mut outcome = Outcome::default();
        outcome.add((1..=30).map(|line| row(line, 40)).collect()).unwrap();
        outcome.add(vec![row(31, 1)]).unwrap();
        let Outcomes { rows, report } = outcome.finish().unwrap();
        assert_eq!(rows.iter().map(|row| row.errors.len()).sum::<usize>(), 1_000);
        assert_eq!(rows.iter().map(|row| row.errors_omitted).sum::<usize>(), 201);
        assert_eq!((rows[24].errors_omitted, rows[25].errors_omitted, rows[30].errors_omitted), (0, 40, 1));
        let all = lines(report.unwrap()).await;
        assert_eq!(all.iter().map(|row| row.errors.len()).sum::<usize>(), 1_201);
        assert_eq!(all.iter().map(|row| row.line).collect::<Vec<_>>(), (1..=31).collect::<Vec<_>>());
    }

    #[test]
    fn without_many_errors_there_is_no_report() {
        let mut outcome = Outcome::default();
        outcome.add(vec![row(1, 999), row(2, 1)]).unwrap();
        assert!(outcome.finish().unwrap().report.is_none());
    }
}
