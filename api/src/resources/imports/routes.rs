//! The operations of imports. Each belongs to the scope of what it imports, which adds it.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, post};
use utoipa::IntoParams;

use super::kinds::{Enterprises, Importable, OnExisting, Resellers, Users};
use super::read::read;
use super::run::{Options, run};
use super::upload::Upload;
use super::wire::{ImportResult, OnExistingView};
use crate::access::Create;
use crate::app::App;
use crate::error::Error;
use crate::http::params::IdempotencyKeyHeader;
use crate::http::query::Query;
use crate::http::{Answer, Caller, IdempotencyKey};

/// How an import is carried out, as the document shows it.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by name; this is what the document shows")]
struct ImportQuery {
    /// Whether nothing is really done, and the answer only says what would be.
    #[param(example = true)]
    dry_run: Option<bool>,
    /// Whether all rows are imported or none. Otherwise each row stands by itself.
    #[param(example = false)]
    atomic: Option<bool>,
    /// What is done about rows whose thing is there already, by its address or Teams user. Without it, they are refused.
    #[param(inline, example = "skip")]
    on_existing: Option<OnExistingView>,
}

/// Import resellers
///
/// Creates resellers from a file of at most 10,000 rows and 10 MiB: CSV in UTF-8, whose first line names the members, separated by commas, semicolons or
/// tabs, lists within a cell by blanks; or NDJSON, a body of `POST /resellers` on each line. Each row gets what one request would get, its e-mail too. Send
/// an `Idempotency-Key`, and send the file again when the answer was lost: what was imported is not imported again. A reseller is there already when an open one that you
/// see has the address.
#[utoipa::path(
    tag = "Resellers",
    operation_id = "import_resellers",
    params(ImportQuery, IdempotencyKeyHeader),
    request_body(content(
        (String = "text/csv", examples(
            ("as_a_master_reseller" = (summary = "As a master reseller", value = json!("name,email,services,billing_reference\nSeeblick,office@seeblick.example,pbx trunk,CUST-4713\n"))),
            ("as_an_operator" = (summary = "As an operator, who names the master reseller", value = json!("master_reseller_id,name,email,services,billing_reference\nmaster_reseller_01h455vb4pex5vsknk084sn02q,Fernblick,office@fernblick.example,trunk,CUST-4714\n"))),
        )),
        (String = "application/x-ndjson", example = "{\"name\":\"Nordwind\",\"email\":\"office@nordwind.example\",\"services\":[\"pbx\"],\"billing_reference\":\"CUST-4711\"}\n"),
    )),
    responses(
        (status = 200, description = "What has become of every row.", body = ImportResult),
        (status = 409, description = "`idempotency_key_in_use`: the first request with this key still runs."),
        (status = 415, description = "`unsupported_media_type`: send CSV or NDJSON."),
        (status = 422, description = "`import_refused`: the file can't be read, or, with `atomic`, a row was refused: see `errors`. `idempotency_key_reused`."),
    ),
    security(("bearer" = []))
)]
#[post("/import")]
pub(crate) async fn import_resellers(
    app: Data<App>,
    caller: Caller<Create>,
    request: HttpRequest,
    key: IdempotencyKey,
    upload: Upload,
) -> Result<Answer, Error> {
    import(&app, caller, Resellers, request.query_string(), key, upload).await
}

/// Import enterprises
///
/// The same for enterprises: CSV with the members of `POST /enterprises` as columns, or NDJSON. An enterprise is there already when an open one that you
/// see has the address.
#[utoipa::path(
    tag = "Enterprises",
    operation_id = "import_enterprises",
    params(ImportQuery, IdempotencyKeyHeader),
    request_body(content(
        (String = "text/csv", examples(
            ("as_a_reseller" = (summary = "As a reseller", value = json!("name,email,country,sbc_regions,services,user_limit\nFlorist,admin@florist.example,DE,emea,pbx,25\n"))),
            ("from_above_it" = (summary = "As a master reseller or an operator, who name the reseller", value = json!("reseller_id,name,email,country,sbc_regions,services,user_limit\nreseller_01h455vb4pex5vsknk084sn02q,Bookshop,admin@bookshop.example,DE,emea,pbx,25\n"))),
        )),
        (String = "application/x-ndjson", example = "{\"name\":\"Kiosk am Tor\",\"email\":\"admin@kiosk.example\",\"country\":\"DE\",\"sbc_regions\":[\"emea\"],\"services\":[\"pbx\"]}\n"),
    )),
    responses(
        (status = 200, description = "What has become of every row.", body = ImportResult),
        (status = 409, description = "`idempotency_key_in_use`: the first request with this key still runs."),
        (status = 415, description = "`unsupported_media_type`: send CSV or NDJSON."),
        (status = 422, description = "`import_refused`: the file can't be read, or, with `atomic`, a row was refused: see `errors`. `idempotency_key_reused`."),
    ),
    security(("bearer" = []))
)]
#[post("/import")]
pub(crate) async fn import_enterprises(
    app: Data<App>,
    caller: Caller<Create>,
    request: HttpRequest,
    key: IdempotencyKey,
    upload: Upload,
) -> Result<Answer, Error> {
    import(&app, caller, Enterprises, request.query_string(), key, upload).await
}

/// Import users
///
/// The same for users of an enterprise: CSV with the members of `POST /enterprises/{enterprise_id}/users` as columns, or NDJSON. A user is there already
/// when the enterprise has the Teams user. Format columns of numbers as text, or spreadsheets take off the `+`.
#[utoipa::path(
    tag = "Users",
    operation_id = "import_users",
    params(("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"), ImportQuery, IdempotencyKeyHeader),
    request_body(content(
        (String = "text/csv", example = "teams_user,trunk_id,default_number,voice_route\nanna@kiosk.example,trunk_01h455vb4pex5vsknk084sn02q,+4930901820,emea\n"),
        (String = "application/x-ndjson", example = "{\"teams_user\":\"anna@kiosk.example\",\"pbx_id\":\"pbx_01h455vb4pex5vsknk084sn02q\",\"sip_user\":\"1001\",\"voice_route\":\"emea\"}\n"),
    )),
    responses(
        (status = 200, description = "What has become of every row.", body = ImportResult),
        (status = 403, description = "`extensions_not_allowed`: the enterprise may not add users itself. `forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
        (status = 409, description = "`idempotency_key_in_use`: the first request with this key still runs."),
        (status = 415, description = "`unsupported_media_type`: send CSV or NDJSON."),
        (status = 422, description = "`import_refused`: the file can't be read, or, with `atomic`, a row was refused: see `errors`. `idempotency_key_reused`."),
    ),
    security(("bearer" = []))
)]
#[post("/import")]
pub(crate) async fn import_users(
    app: Data<App>,
    caller: Caller<Create>,
    id: Path<String>,
    request: HttpRequest,
    key: IdempotencyKey,
    upload: Upload,
) -> Result<Answer, Error> {
    import(&app, caller, Users(id.into_inner()), request.query_string(), key, upload).await
}

async fn import<I: Importable>(
    app: &App,
    caller: Caller<Create>,
    import: I,
    text: &str,
    key: IdempotencyKey,
    upload: Upload,
) -> Result<Answer, Error> {
    // Authority comes before validation.
    let asked = import.clone();
    app.write(caller.clone_for_next_transaction(), move |tx, actor, _| asked.reach(tx, actor).map(drop)).await?;
    let mut query = Query::read(text)?;
    let flag = |text: &str| text.parse::<bool>().ok();
    let options = Options {
        dry_run: query.parameter("dry_run", "true or false", flag)?.unwrap_or_default(),
        atomic: query.parameter("atomic", "true or false", flag)?.unwrap_or_default(),
        on_existing: query
            .parameter("on_existing", "skip, update or fail", OnExistingView::parse)?
            .unwrap_or(OnExisting::Fail),
    };
    query.finish()?;
    let (form, octets, columns) = (upload.form()?, upload.octets.clone(), I::COLUMNS);
    let repeatable = key.with_query(text, &octets);
    // Reading ten thousand rows takes longer than others should wait for this thread.
    let reading = tokio::task::spawn_blocking(move || read(form, &octets, columns)).await;
    let failed = |_| Error::new(crate::error::ErrorCode::Internal, "This is our fault. Nothing was changed.");
    let rows = reading.map_err(failed)??;
    let _turn = app.imports.acquire().await;
    run(app, &caller, import, rows, options, repeatable).await
}
