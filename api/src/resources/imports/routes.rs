//! The import operations. Each one is registered in the scope of the resource that it imports.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::TimeDelta;
use domain::account::Tier;
use domain::id::ImportReportId;
use domain::limits::IDEMPOTENCY_HOURS;
use domain::refusal::Refusal;
use persistence::import_reports;
use utoipa::IntoParams;

use super::kinds::{Enterprises, Importable, OnExisting, Resellers, Users};
use super::outcome::unpack;
use super::read::read;
use super::run::{Options, check_quota, run};
use super::upload::Upload;
use super::wire::{ImportResult, ImportRow, OnExistingView};
use crate::access::{Create, Read};
use crate::app::Call;
use crate::error::{Error, Result};
use crate::http::params::IdempotencyKeyHeader;
use crate::http::query::{Query, flag};
use crate::http::{Answer, Id, IdempotencyKey};

/// The query parameters of an import, as the OpenAPI document shows them.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by name; this is what the document shows")]
struct ImportQuery {
    /// Whether to only simulate the import: nothing is changed, and the response says what would happen. The default is
    /// `false`.
    #[param(example = true)]
    dry_run: Option<bool>,
    /// Whether to import either all rows or none. By default (`false`), rows are imported independently of each other.
    #[param(example = false)]
    atomic: Option<bool>,
    /// What to do with rows whose resource already exists, which is recognised by its `email` or `teams_user`. The
    /// default is `fail`.
    #[param(inline, example = "skip")]
    on_existing: Option<OnExistingView>,
}

/// Import resellers
///
/// Imports resellers from a CSV or NDJSON file of at most 10,000 rows and 10 MiB, and returns the outcome of every row.
/// CSV must be UTF-8. Its first line names the columns, which are the fields of the body of `POST /resellers`. Columns
/// are separated by commas, semicolons or tabs; the items of a list within a cell by spaces. NDJSON has one such body
/// on each line.
///
/// Each row is processed like a single request, with the same checks, and sends the same activation e-mail. A row
/// counts as existing if an open reseller that you can see already has this `email`. `on_existing` decides what happens
/// with such rows. Without `atomic`, refused rows do not affect the others. Send an `Idempotency-Key`. If you lose the
/// response, send the same file with the same key again: rows that were imported are not imported twice.
#[utoipa::path(
    params(ImportQuery, IdempotencyKeyHeader),
    request_body(content(
        (String = "text/csv", examples(
            ("as_a_master_reseller" = (summary = "As a master reseller", value = json!("name,email,services,billing_reference\nSeeblick,office@seeblick.example,pbx trunk,CUST-4713\n"))),
            ("as_an_operator" = (summary = "As an operator, who names the master reseller", value = json!("master_reseller_id,name,email,services,billing_reference\nmaster_reseller_01h455vb4pex5vsknk084sn02q,Fernblick,office@fernblick.example,trunk,CUST-4714\n"))),
        )),
        (String = "application/x-ndjson", example = "{\"name\":\"Nordwind\",\"email\":\"office@nordwind.example\",\"services\":[\"pbx\"],\"billing_reference\":\"CUST-4711\"}\n"),
    )),
    responses(
        (status = 200, description = "The outcome of every row.", body = ImportResult),
        (status = 415, description = "`unsupported_media_type`: send CSV or NDJSON."),
        (status = 429, description = "`quota_exceeded`: too much is kept of your imports of the last 24 hours. `rate_limited`: too many requests, or your account is already importing 4 files."),
        (status = 422, description = "`import_refused`: the file can't be read, or `atomic` is set and a row was refused; see `errors`."),
    ),
)]
#[post("/import")]
pub(crate) async fn import_resellers(
    call: Call<Create>,
    request: HttpRequest,
    key: IdempotencyKey,
    upload: Upload,
) -> Result<Answer> {
    import(call, Resellers, request.query_string(), key, upload).await
}

/// Import enterprises
///
/// Imports enterprises from a CSV or NDJSON file of at most 10,000 rows and 10 MiB, and returns the outcome of every
/// row. CSV must be UTF-8. Its first line names the columns, which are the fields of the body of `POST /enterprises`.
/// Columns are separated by commas, semicolons or tabs; the items of a list within a cell by spaces. NDJSON has one
/// such body on each line.
///
/// Each row is processed like a single request, with the same checks, and sends the same activation e-mail. A row
/// counts as existing if an open enterprise that you can see already has this `email`. `on_existing` decides what
/// happens with such rows. Without `atomic`, refused rows do not affect the others. Send an `Idempotency-Key`. If you
/// lose the response, send the same file with the same key again: rows that were imported are not imported twice.
#[utoipa::path(
    params(ImportQuery, IdempotencyKeyHeader),
    request_body(content(
        (String = "text/csv", examples(
            ("as_a_reseller" = (summary = "As a reseller", value = json!("name,email,country,sbc_regions,services,user_limit\nFlorist,admin@florist.example,DE,emea,pbx,25\n"))),
            ("from_above_it" = (summary = "As a master reseller or an operator, who name the reseller", value = json!("reseller_id,name,email,country,sbc_regions,services,user_limit\nreseller_01h455vb4pex5vsknk084sn02q,Bookshop,admin@bookshop.example,DE,emea,pbx,25\n"))),
        )),
        (String = "application/x-ndjson", example = "{\"name\":\"Kiosk am Tor\",\"email\":\"admin@kiosk.example\",\"country\":\"DE\",\"sbc_regions\":[\"emea\"],\"services\":[\"pbx\"]}\n"),
    )),
    responses(
        (status = 200, description = "The outcome of every row.", body = ImportResult),
        (status = 415, description = "`unsupported_media_type`: send CSV or NDJSON."),
        (status = 429, description = "`quota_exceeded`: too much is kept of your imports of the last 24 hours. `rate_limited`: too many requests, or your account is already importing 4 files."),
        (status = 422, description = "`import_refused`: the file can't be read, or `atomic` is set and a row was refused; see `errors`."),
    ),
)]
#[post("/import")]
pub(crate) async fn import_enterprises(
    call: Call<Create>,
    request: HttpRequest,
    key: IdempotencyKey,
    upload: Upload,
) -> Result<Answer> {
    import(call, Enterprises, request.query_string(), key, upload).await
}

/// Import users
///
/// Imports users of an enterprise from a CSV or NDJSON file of at most 10,000 rows and 10 MiB, and returns the outcome
/// of every row. CSV must be UTF-8. Its first line names the columns, which are the fields of the body of `POST
/// /enterprises/{enterprise_id}/users`. Columns are separated by commas, semicolons or tabs; the items of a list within
/// a cell by spaces. NDJSON has one such body on each line. In spreadsheets, format columns of telephone numbers as
/// text; otherwise the leading `+` is lost.
///
/// Each row is processed like a single request, with the same checks. A row counts as existing if the enterprise
/// already has a user with this `teams_user`. `on_existing` decides what happens with such rows. Without `atomic`,
/// refused rows do not affect the others. Send an `Idempotency-Key`. If you lose the response, send the same file with
/// the same key again: rows that were imported are not imported twice.
#[utoipa::path(
    params(ImportQuery, IdempotencyKeyHeader),
    request_body(content(
        (String = "text/csv", example = "teams_user,trunk_id,default_number,voice_route\nanna@kiosk.example,trunk_01h455vb4pex5vsknk084sn02q,+4930901820,emea\n"),
        (String = "application/x-ndjson", example = "{\"teams_user\":\"anna@kiosk.example\",\"pbx_id\":\"pbx_01h455vb4pex5vsknk084sn02q\",\"sip_user\":\"1001\",\"voice_route\":\"emea\"}\n"),
    )),
    responses(
        (status = 200, description = "The outcome of every row.", body = ImportResult),
        (status = 403, description = "`extensions_not_allowed`: the enterprise may not add users itself. `forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
        (status = 415, description = "`unsupported_media_type`: send CSV or NDJSON."),
        (status = 429, description = "`quota_exceeded`: too much is kept of your imports of the last 24 hours. `rate_limited`: too many requests, or your account is already importing 4 files."),
        (status = 422, description = "`import_refused`: the file can't be read, or `atomic` is set and a row was refused; see `errors`."),
    ),
)]
#[post("/import")]
pub(crate) async fn import_users(
    call: Call<Create>,
    id: Id,
    request: HttpRequest,
    key: IdempotencyKey,
    upload: Upload,
) -> Result<Answer> {
    import(call, Users(id.into_inner()), request.query_string(), key, upload).await
}

/// Download the report of an import
///
/// Returns the result of every row of an import with all errors, one JSON object per line. The answer to an import lists
/// only the first 1,000 errors, and `report` leads here if there are more. Reports are kept for 24 hours, for the caller
/// who imported the file.
#[utoipa::path(responses(
    (status = 200, description = "The report.", content((ImportRow = "application/x-ndjson"))),
    (status = 429, description = "`rate_limited`: too many requests, or you are already downloading 4 whole reports."),
    (status = 503, description = "`unavailable`: too many whole reports are being downloaded, or the service can't reach its database."),
))]
#[get("/import-reports/{import_report_id}")]
pub(crate) async fn get_import_report(call: Call<Read>, id: Id) -> Result<HttpResponse> {
    let id = id.into_inner();
    let found = call.read(move |tx, actor| {
        let since = tx.now - TimeDelta::hours(IDEMPOTENCY_HOURS);
        let id = ImportReportId::parse(&id).ok_or(Refusal::NotFound)?;
        let report = import_reports::by_id(tx, &actor.name(), id, since)?.ok_or(Refusal::NotFound)?;
        if let Some(enterprise) = report.enterprise {
            actor.load_enterprise(tx, &Tier::Enterprise.format_id(enterprise))?;
        }
        Ok(report.content)
    });
    let content = found.await?;
    let place = call.app.take_download(call.claims().principal)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/x-ndjson"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"import-report.ndjson\""))
        .streaming(unpack(content, place)))
}

async fn import<I: Importable>(
    call: Call<Create>,
    import: I,
    text: &str,
    key: IdempotencyKey,
    upload: Upload,
) -> Result<Answer> {
    // Authorization comes before validation (R8).
    let asked = import.clone();
    let own = call.write(move |tx, actor| {
        asked.reach(tx, actor)?;
        Ok(actor.account())
    });
    let account = own.await?;
    let mut query = Query::read(text)?;
    let options = Options {
        dry_run: query.parameter("dry_run", "true or false", flag)?.unwrap_or_default(),
        atomic: query.parameter("atomic", "true or false", flag)?.unwrap_or_default(),
        on_existing: query
            .parameter("on_existing", "skip, update or fail", OnExistingView::parse)?
            .unwrap_or(OnExisting::Fail),
    };
    query.finish()?;
    // A place for the file is taken only by those who may import.
    let received = upload.receive(&call.app.uploads, account).await?;
    let (form, octets, columns) = (received.form, received.octets.clone(), I::COLUMNS);
    let repeatable = key.with_query(text, &octets);
    let asked = repeatable.clone();
    call.write(move |tx, actor| check_quota(tx, actor, &asked)).await?;
    // Parsing ten thousand rows would block the async thread for too long.
    let reading = tokio::task::spawn_blocking(move || read(form, &octets, columns)).await;
    let failed = |_| Error::new(crate::error::ErrorCode::Internal, "This is our fault. Nothing was changed.");
    let rows = reading.map_err(failed)??;
    let _turn = call.app.imports.acquire().await;
    run(&call, import, rows, options, repeatable).await
}
