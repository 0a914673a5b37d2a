//! `teammate import`: sends a file of resellers, enterprises or users to a service in parts, and continues after a
//! broken connection. The idempotency key of each part is derived from its content, so nothing is imported twice, even
//! if the command is run again.

use std::path::PathBuf;
use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::say;
use crate::resources::imports::read::separator;
use crate::resources::imports::wire::{ImportResult, ImportRow, ImportStatus};

/// Rows per request, unless the import is atomic.
const PART: usize = 500;
/// Number of attempts after a broken connection.
const TRIES: u32 = 60;
const PAUSE: Duration = Duration::from_secs(2);
/// Longest accepted `Retry-After`.
const PAUSE_MAX: Duration = Duration::from_mins(1);
/// Maximum number of refused rows that are printed.
const PRINTED: usize = 100;

/// What to import and where.
#[derive(Debug, Clone, Args)]
pub(super) struct Arguments {
    /// File to import: CSV in UTF-8, or JSON lines if its name ends with `.ndjson` or `.jsonl`.
    file: PathBuf,
    /// What the rows are.
    #[arg(long, value_enum)]
    what: What,
    /// Id of the enterprise to which the users belong.
    #[arg(long, required_if_eq("what", "users"))]
    enterprise: Option<String>,
    /// Base URL of the service.
    #[arg(long, env = "TEAMMATE_URL", default_value = "http://127.0.0.1:8080")]
    url: Url,
    /// Client id of the API client.
    #[arg(long, env = "TEAMMATE_CLIENT_ID")]
    client_id: String,
    /// Secret of the API client.
    #[arg(long, env = "TEAMMATE_CLIENT_SECRET", hide_env_values = true)]
    client_secret: SecretString,
    /// Only show what would be done.
    #[arg(long)]
    dry_run: bool,
    /// Import all rows or none.
    #[arg(long)]
    atomic: bool,
    /// What to do with rows that already exist.
    #[arg(long, value_enum, default_value = "fail")]
    on_existing: Existing,
    /// Send the file as a new import. Otherwise, importing the same file again within 24 hours returns the same
    /// results, including refused rows. Combine it with `--on-existing skip` to leave rows that were already imported
    /// unchanged.
    #[arg(long)]
    again: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Resellers.
    Resellers,
    /// Enterprises.
    Enterprises,
    /// Users of an enterprise.
    Users,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Existing {
    /// Leave the existing object unchanged.
    Skip,
    /// Update the existing object with the row.
    Update,
    /// Refuse the row.
    Fail,
}

/// A part of the file: the request body, and the line numbers of its rows.
struct Part {
    body: Vec<u8>,
    lines: Vec<u64>,
}

/// Imports the file and shows the progress. Fails if a row was refused.
pub(super) async fn run(arguments: &Arguments) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", arguments.file.display());
    let octets = std::fs::read(&arguments.file).map_err(failed)?;
    let extension = arguments.file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let media = if matches!(extension, "ndjson" | "jsonl") { "application/x-ndjson" } else { "text/csv" };
    let whole = arguments.dry_run || arguments.atomic;
    let parts = if whole { vec![] } else { split(&octets, media == "text/csv") };
    // A file that can't be split, such as an empty one, is sent as it is, and the service reports its faults.
    let parts = if parts.is_empty() { vec![Part { body: octets, lines: Vec::new() }] } else { parts };
    let rows: usize = parts.iter().map(|part| part.lines.len()).sum();

    let progress = ProgressBar::new(rows as u64);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} rows, {eta} left {msg}");
    progress.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let sender = Sender { arguments, media, client: Client::new(), progress: &progress, run: uuid::Uuid::now_v7() };
    let mut done: Vec<ImportRow> = Vec::new();
    for part in parts {
        let mut answered = sender.send(&part).await?.rows;
        for (row, line) in answered.iter_mut().zip(&part.lines) {
            row.line = *line;
        }
        progress.inc(answered.len() as u64);
        done.extend(answered);
    }
    progress.finish_and_clear();
    report(&ImportResult::new(done, arguments.dry_run))
}

/// Splits a file into parts of whole rows, each with the file's header line.
fn split(octets: &[u8], is_csv: bool) -> Vec<Part> {
    if !is_csv {
        let text = String::from_utf8_lossy(octets);
        let rows: Vec<(u64, &str)> = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index as u64 + 1, line))
            .filter(|(_, line)| !line.trim().is_empty())
            .collect();
        let part = |rows: &[(u64, &str)]| Part {
            body: rows.iter().flat_map(|(_, line)| [line.as_bytes(), b"\n"].concat()).collect(),
            lines: rows.iter().map(|(line, _)| *line).collect(),
        };
        return rows.chunks(PART).map(part).collect();
    }
    // A file that is not UTF-8 can't be split. The service reports the fault.
    let Ok(text) = std::str::from_utf8(octets) else { return Vec::new() };
    let mark = text.len() - text.trim_start_matches('\u{feff}').len();
    let (named, separator) = separator(&text[mark..]);
    let start = mark + named.len();
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(false).from_reader(&octets[start..]);
    let mut starts = Vec::new();
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).unwrap_or(false) {
        let at = start + record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
        // The reader counts a line end as part of the next row.
        let at = at + octets[at..].iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
        starts.push((at, record.iter().all(<[u8]>::is_empty)));
    }
    let ends = starts.iter().skip(1).map(|(at, _)| *at).chain([octets.len()]);
    let mut rows = starts.iter().zip(ends).map(|((at, is_empty), end)| (*at, *is_empty, &octets[*at..end]));
    let header: Vec<u8> = rows.next().map_or_else(Vec::new, |(at, _, row)| [&octets[..at], row].concat());
    let line = |at: usize| octets[..at].split(|octet| *octet == b'\n').count() as u64;
    let filled: Vec<_> = rows.filter(|(_, is_empty, _)| !is_empty).map(|(at, _, row)| (line(at), row)).collect();
    let part = |rows: &[(u64, &[u8])]| Part {
        body: header.iter().copied().chain(rows.iter().flat_map(|(_, row)| row.iter().copied())).collect(),
        lines: rows.iter().map(|(line, _)| *line).collect(),
    };
    filled.chunks(PART).map(part).collect()
}

struct Sender<'a> {
    arguments: &'a Arguments,
    media: &'static str,
    client: Client,
    progress: &'a ProgressBar,
    /// Distinguishes this run from others.
    run: uuid::Uuid,
}

impl Sender<'_> {
    /// Sends a part and retries until there is a response.
    async fn send(&self, part: &Part) -> Result<ImportResult, String> {
        let Arguments { enterprise, dry_run, atomic, on_existing, .. } = self.arguments;
        let path = match self.arguments.what {
            What::Resellers => "/resellers/import".to_owned(),
            What::Enterprises => "/enterprises/import".to_owned(),
            What::Users => format!("/enterprises/{}/users/import", enterprise.as_deref().unwrap_or_default()),
        };
        let existing = match on_existing {
            Existing::Skip => "skip",
            Existing::Update => "update",
            Existing::Fail => "fail",
        };
        let url = self.url_of(&format!("{path}?dry_run={dry_run}&atomic={atomic}&on_existing={existing}"));
        // The same part of the same file with the same options is the same request.
        let mut named = digest::Context::new(&digest::SHA256);
        named.update(url.as_bytes());
        named.update(&part.body);
        if self.arguments.again {
            named.update(self.run.as_bytes());
        }
        let key = URL_SAFE_NO_PAD.encode(named.finish());
        let mut token = self.token().await?;
        for attempt in 1.. {
            let request = self.client.post(&url).bearer_auth(token.expose_secret()).header("idempotency-key", &key);
            let request = request.header("content-type", self.media).body(part.body.clone());
            let answer = self.try_again(request, attempt).await?;
            match answer {
                None => {}
                // The token has expired in the meantime.
                Some(answer) if answer.status() == StatusCode::UNAUTHORIZED && attempt < TRIES => {
                    token = self.token().await?;
                }
                Some(answer) if answer.status().is_success() => {
                    return answer.json().await.map_err(|error| format!("the response can't be parsed: {error}"));
                }
                Some(answer) => return Err(problem(answer).await),
            }
        }
        Err("the service can't be reached".to_owned())
    }

    async fn token(&self) -> Result<SecretString, String> {
        let Arguments { client_id, client_secret, .. } = self.arguments;
        for attempt in 1.. {
            let request = self.client.post(self.url_of("/oauth/token"));
            let request = request.basic_auth(client_id, Some(client_secret.expose_secret()));
            let request = request.form(&[("grant_type", "client_credentials")]);
            let Some(answer) = self.try_again(request, attempt).await? else { continue };
            if !answer.status().is_success() {
                return Err(problem(answer).await);
            }
            let token: Value = answer.json().await.map_err(|error| format!("the response can't be parsed: {error}"))?;
            return Ok(SecretString::from(token["access_token"].as_str().unwrap_or_default().to_owned()));
        }
        Err("the service can't be reached".to_owned())
    }

    /// Sends a request once. Returns the response, or `None`, after a pause, if the request has to be sent again.
    async fn try_again(&self, request: RequestBuilder, attempt: u32) -> Result<Option<Response>, String> {
        let sent = request.timeout(Duration::from_mins(5)).send().await;
        let (cause, pause) = match sent {
            Ok(answer) => {
                let status = answer.status();
                let busy = matches!(status.as_u16(), 408 | 429 | 502 | 503 | 504) || is_running(&answer);
                if !busy {
                    return Ok(Some(answer));
                }
                let seconds = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
                (format!("the service answered {}", status.as_u16()), seconds.map_or(PAUSE, Duration::from_secs))
            }
            Err(error) => (format!("no response: {}", error.without_url()), PAUSE),
        };
        if attempt >= TRIES {
            return Err(cause);
        }
        self.progress.set_message(format!("({cause}; retrying)"));
        tokio::time::sleep(pause.min(PAUSE_MAX)).await;
        self.progress.set_message("");
        Ok(None)
    }

    fn url_of(&self, path: &str) -> String {
        format!("{}{path}", self.arguments.url.as_str().trim_end_matches('/'))
    }
}

/// Whether an earlier request with the same key is still running, because the connection broke while it ran.
fn is_running(answer: &Response) -> bool {
    answer.status() == StatusCode::CONFLICT
}

async fn problem(answer: Response) -> String {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap_or_default();
    let detail = body["detail"].as_str().unwrap_or("no reason was given");
    let mut text = format!("{} ({status}): {detail}", body["code"].as_str().unwrap_or("error"));
    for fault in body["errors"].as_array().into_iter().flatten() {
        text.push_str("\n  ");
        text.push_str(fault["detail"].as_str().unwrap_or_default());
    }
    text
}

fn report(result: &ImportResult) -> Result<(), String> {
    let ImportResult { dry_run, total, created, updated, unchanged, skipped, failed, rows, report: _ } = result;
    let refused = rows.iter().filter(|row| row.status == ImportStatus::Failed);
    for row in refused.take(PRINTED) {
        for fault in &row.errors {
            say(&format!("line {}{}: {}", row.line, fault.pointer.replacen('/', ", ", 1), fault.detail));
        }
    }
    let would = if *dry_run { "would be " } else { "" };
    say(&format!(
        "{total} rows: {created} {would}created, {updated} {would}updated, {unchanged} unchanged, {skipped} skipped, {failed} refused."
    ));
    if *failed > 0 { Err(format!("{failed} row(s) were refused")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn a_file_is_cut_between_rows_and_each_part_has_the_header() {
        let mut file = "name;note\r\n".to_owned();
        for number in 0..=PART {
            let _ = write!(file, "\"n{number}\n\"\"x\"\"\";a\r\n");
        }
        file.push_str(";\r\n");
        let parts = split(file.as_bytes(), true);
        assert_eq!(parts.iter().map(|part| part.lines.len()).collect::<Vec<_>>(), [PART, 1]);
        assert_eq!((parts[0].lines[0], parts[0].lines[1]), (2, 4));
        assert_eq!(parts[1].lines, [2 + 2 * PART as u64]);
        assert_eq!(parts[1].body, format!("name;note\r\n\"n{PART}\n\"\"x\"\"\";a\r\n").as_bytes());
        let lines = split(b"{\"a\":1}\n\n{\"a\":2}\n", false);
        assert_eq!((lines.len(), lines[0].lines.as_slice()), (1, &[1, 3][..]));
    }
}
