//! The OpenAPI document, made from the handlers' own annotations.

mod bounds;
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

/// What the document says apart from its operations. Tags stand in the order of the journey.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "TeamMate Portal API",
        description = "Provisions the accounts through which telephony partners connect their customers' phone systems to Microsoft Teams.\n\nSign in at `POST /auth/login`, send the access token as `Authorization: Bearer …`, and start with `POST /resellers`. Errors are `application/problem+json` with a stable `code`; lists are paged by `cursor`; requests that create or send take an `Idempotency-Key`.",
        contact(name = "TeamMate support", email = "support@teammate.example"),
        license(name = "Proprietary", identifier = "LicenseRef-Proprietary"),
    ),
    servers((url = "/", description = "The service that shows this document, in production or a local demo.")),
    tags(
        (name = "Support tickets", description = "How a partner is taken on: a ticket, approved by staff."),
        (name = "Activation", description = "Redeeming the link of an activation e-mail."),
        (name = "Sign-in", description = "Access tokens, and who is signed in."),
        (name = "Accounts", description = "All accounts that you see, whatever their tiers."),
        (name = "Resellers", description = "The organisations that sell the service."),
        (name = "Enterprises", description = "The customers that are connected with Teams."),
        (name = "Direct Routing", description = "The link between an enterprise's Microsoft 365 tenant and the SBCs, one route per SBC region."),
        (name = "PBXs", description = "SIP configuration templates of an enterprise (\"PBX Connector\")."),
        (name = "Trunks", description = "SIP trunks of an enterprise (\"SIP Trunk\")."),
        (name = "Users", description = "Teams users of an enterprise, each on a PBX or a trunk."),
        (name = "Master resellers", description = "Partners' accesses into the portal."),
        (name = "Billing reports", description = "What enterprises had of each service in a month, for those who send bills. See docs/billing.md for how it is counted."),
        (name = "Moves", description = "Handing a reseller or an enterprise over to another account, which accepts it."),
        (name = "Members", description = "The people who sign in to your account, and what each may do."),
        (name = "API clients", description = "The programs that sign in to your account with a client id and a secret (OAuth 2.0)."),
        (name = "Events", description = "What happened to the accounts that you see: complete, and in an order in which a reader misses nothing."),
        (name = "Webhooks", description = "Where your events are sent as they happen, signed after the Standard Webhooks specification."),
        (name = "System", description = "Health, metrics and keys."),
    ),
    // Enumerations that value types name stand here, because nothing else refers to them.
    components(schemas(Problem, CodecView)),
)]
struct Frame;

/// What the handlers' annotations say, and nothing more.
#[must_use]
pub fn annotated() -> Document {
    let app = actix_web::App::new().into_utoipa_app().openapi(Frame::openapi()).configure(routes::configure);
    app.split_for_parts().1
}

/// Writes a text about the document on a thread of its own. The parts of the document take ten times the room of its text; as only a
/// copy of the text is kept, all of the thread's memory goes back to the system.
///
/// # Panics
/// If writing does.
#[must_use]
pub fn aside(write: impl FnOnce() -> String + Send + 'static) -> String {
    let written = std::thread::spawn(write).join().expect("it is written");
    written.as_str().to_owned()
}

/// The document as it is served and checked in.
///
/// # Panics
/// If what is put together is no OpenAPI document, which a test would show.
#[must_use]
pub fn document() -> Document {
    let mut document = annotated();
    complete::complete(&mut document);
    webhooks::add(&mut document);
    // What concerns the whole document whatever a thing in it is, such as every text, is done on its JSON form.
    let mut json = serde_json::to_value(document).expect("a document is JSON");
    values::write_out(&mut json);
    // It is for partners, too.
    json["servers"][0]["x-internal"] = false.into();
    requests::complete(&mut json);
    examples::add(&mut json);
    links::add(&mut json);
    shared::share(&mut json);
    bounds::complete(&mut json);
    serde_json::from_value(json).expect("and it is still a document")
}
