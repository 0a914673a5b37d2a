//! `teammate report`: writes a billing report, as the platform sees it, to a file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use domain::Timestamp;
use domain::account::Scope;
use domain::billing::Period;
use indicatif::{ProgressBar, ProgressStyle};
use persistence::Database;
use persistence::billing::LineFilter;

use crate::error::{Error, ErrorCode};
use crate::resources::billing::report::{Reader, Report};
use crate::resources::billing::wire::frame;
use crate::resources::billing::{Format, written};

/// The report and its destination.
#[derive(Debug, Clone, Args)]
pub(super) struct Arguments {
    /// Calendar month in UTC, such as 2026-10.
    #[arg(long, value_parser = |text: &str| Period::parse(text).ok_or("expected a month such as 2026-10"))]
    period: Period,
    /// File format.
    #[arg(long, value_enum, default_value = "csv")]
    format: FileFormat,
    /// File to write; standard output if unset. An existing file is replaced once the report is complete.
    #[arg(long)]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FileFormat {
    /// Comma-separated values (RFC 4180).
    Csv,
    /// JSON, one object per line.
    Ndjson,
}

/// Writes the report and shows the progress.
pub(super) async fn run(database: &Database, arguments: &Arguments, now: Timestamp) -> Result<(), String> {
    let Arguments { period, format, output } = arguments;
    let (period, format) = match format {
        FileFormat::Csv => (*period, Format::Csv),
        FileFormat::Ndjson => (*period, Format::Ndjson),
    };
    let find = move |tx: &mut _| Report::find(tx, period, LineFilter::all(Scope::Platform), now);
    let report = database.read(find).await.map_err(|error: Error| match error.code() {
        ErrorCode::NotFound => format!("there is no report of {period}"),
        _ => error.to_string(),
    })?;
    // Readers of the file find either the complete report or none.
    let unfinished = output.as_ref().map(|path| path.with_added_extension("part"));
    let failed = |error: std::io::Error| format!("the report could not be written: {error}");
    let created = unfinished.as_ref().map(File::create).transpose().map_err(failed)?;
    let mut file: Box<dyn Write> = match &created {
        Some(created) => Box::new(BufWriter::new(created)),
        None => Box::new(std::io::stdout().lock()),
    };
    let progress = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {pos} lines, {per_sec}");
    progress.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    let frame = frame(&report);
    let mut reader = Reader::new(database.clone(), report, None).ahead();
    file.write_all(&format.header(&frame).map_err(|error| error.to_string())?).map_err(failed)?;
    while let Some(lines) = reader.next().await.map_err(|error| error.to_string())? {
        progress.inc(lines.len() as u64);
        file.write_all(&written(&frame, lines, format).map_err(|error| error.to_string())?).map_err(failed)?;
    }
    file.flush().map_err(failed)?;
    drop(file);
    progress.finish_and_clear();
    if let (Some(created), Some(from), Some(to)) = (created, unfinished, output) {
        created.sync_all().map_err(failed)?;
        std::fs::rename(from, to).map_err(failed)?;
    }
    Ok(())
}
