//! The OpenAPI document, generated from the annotations of the handlers.

mod bounds;
mod parameters;
mod headers;
mod tags;
mod complete;
mod examples;
mod links;
mod requests;
mod shared;
mod values;
mod webhooks;

use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_actix_web::AppExt;

use crate::error::Problem;
use crate::resources::trunks::wire::CodecView;
use crate::routes;

/// The document without its operations. Tags are in the order in which a partner uses them.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "TeamMate Portal API",
        description = "Provisions accounts with which telephony partners connect their customers' phone systems to \
                       Microsoft Teams.\n\nSign in at `POST /auth/login`, send the access token as `Authorization: \
                       Bearer …`, and start with `POST /resellers`. Errors are `application/problem+json` with a \
                       stable `code`; lists are paged by `cursor`; requests that create or send take an \
                       `Idempotency-Key`.",
        contact(name = "TeamMate support", email = "support@teammate.example"),
        license(name = "Proprietary", identifier = "LicenseRef-Proprietary"),
    ),
    servers((url = "/", description = "The service that serves this document, in production or as a local demo.")),
    tags(
        (name = "Support tickets", description = "Onboarding of partners: a partner files a ticket, and staff approve \
                                                  it."),
        (name = "Activation", description = "Redeeming the link in an activation e-mail."),
        (name = "Sign-in", description = "Access tokens, passwords, second factors and the signed-in member."),
        (name = "Accounts", description = "Search across all accounts that you can see, of any tier, and reports of imports."),
        (name = "Resellers", description = "The organisations that sell the service."),
        (name = "Enterprises", description = "The customers that are connected to Teams."),
        (name = "Direct Routing", description = "The link between an enterprise's Microsoft 365 tenant and the SBCs, one route per SBC region."),
        (name = "PBXs", description = "PBX configurations of an enterprise (\"PBX Connector\")."),
        (name = "Trunks", description = "SIP trunks of an enterprise (\"SIP Trunk\")."),
        (name = "Users", description = "Teams users of an enterprise, each assigned to a PBX or a trunk."),
        (name = "Master resellers", description = "The partners of the portal, with resellers below them."),
        (name = "Billing reports", description = "What each enterprise used of each service in a month, as the basis \
                                                  of invoices. docs/billing.md explains how usage is counted."),
        (name = "Moves", description = "Moving a reseller or an enterprise to another account, which has to accept \
                                        it."),
        (name = "Members", description = "The people who sign in to your account, and their roles."),
        (name = "API clients", description = "The programs that sign in to your account with a client id and a secret (OAuth 2.0)."),
        (name = "Events", description = "Everything that happened to the accounts that you can see, in an order in \
                                         which a reader misses nothing."),
        (name = "Webhooks", description = "URLs to which your events are sent as they happen, signed according to the \
                                           Standard Webhooks specification."),
        (name = "System", description = "Health, metrics and keys."),
    ),
    // Schemas that only value types refer to by name have to be listed here.
    components(schemas(Problem, CodecView)),
)]
struct Frame;

/// The document as the annotations of the handlers define it, without the additions of this module.
#[must_use]
pub fn annotated() -> Document {
    let app = actix_web::App::new().into_utoipa_app().openapi(Frame::openapi()).configure(routes::configure);
    app.split_for_parts().1
}

/// Runs `write` on a thread of its own and returns its text. The document in memory is ten times as large as its text;
/// when the thread ends, that memory is returned to the operating system.
///
/// # Panics
/// If `write` panics.
#[must_use]
pub fn aside(write: impl FnOnce() -> String + Send + 'static) -> String {
    let written = std::thread::spawn(write).join().expect("it is written");
    written.as_str().to_owned()
}

/// The complete document, as it is served and checked in.
///
/// # Panics
/// If the result is not a valid OpenAPI document, which a test would detect.
#[must_use]
pub fn document() -> Document {
    let mut document = annotated();
    parameters::complete(&mut document);
    headers::add(&mut document);
    tags::add(&mut document);
    complete::complete(&mut document);
    webhooks::add(&mut document);
    // Changes that concern the whole document, such as all texts, are made on its JSON form.
    let mut json = serde_json::to_value(document).expect("a document is JSON");
    values::write_out(&mut json);
    // The server is for partners too.
    json["servers"][0]["x-internal"] = false.into();
    requests::complete(&mut json);
    examples::add(&mut json);
    links::add(&mut json);
    shared::share(&mut json);
    bounds::complete(&mut json);
    serde_json::from_value(json).expect("and it is still a document")
}
