//! The page to which Microsoft leads an administrator back who was asked for consent.

use actix_web::web::{Data, Query};
use actix_web::{HttpResponse, get};

use super::pages::page;
use crate::app::App;
use crate::error::Result;
use crate::mail::letter::escape;
use crate::resources::direct_routing::consent::{Answered, Ending, Outcome, take_answer};

/// Takes Microsoft's answer and says what happened.
#[get("/consent/callback")]
pub(super) async fn consent_callback(app: Data<App>, answered: Query<Answered>) -> Result<HttpResponse> {
    let Ending { outcome, enterprise, return_url } = take_answer(&app, &answered).await?;
    let (title, text) = words(&outcome, &enterprise);
    let back = return_url.map_or_else(
        || "<p class=\"hint\">You can close this page.</p>".to_owned(),
        |url| format!("<p><a href=\"{}\">Back to {}</a></p>", escape(url.as_str()), escape(url.host())),
    );
    let (title, text) = (escape(title), escape(&text));
    Ok(page(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n  <meta charset=\"utf-8\">\n  <meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n  <meta name=\"referrer\" content=\"no-referrer\">\n  \
         <title>{title} · TeamMate Portal</title>\n  <link rel=\"stylesheet\" href=\"/assets/link.css\">\n</head>\n\
         <body>\n  <main>\n    <h1>{title}</h1>\n    <p role=\"status\">{text}</p>\n    {back}\n  </main>\n</body>\n\
         </html>\n"
    )))
}

/// What happened, as a title and a text.
fn words(outcome: &Outcome, enterprise: &str) -> (&'static str, String) {
    match outcome {
        Outcome::NoLink => (
            "This link can't be used",
            "It is not a link of this service, or it is too old. Ask for a new one, and open it within three days."
                .to_owned(),
        ),
        Outcome::NotActivated => (
            "Thank you",
            format!(
                "The service looks at the permissions once {enterprise} has activated its account with the link in its \
                 e-mail."
            ),
        ),
        Outcome::Refused(said) => {
            let said = said.trim_end_matches('.');
            let said = if said.is_empty() { String::new() } else { format!(" Microsoft says: {said}.") };
            (
                "Nothing was granted",
                format!(
                    "The permissions for {enterprise} were not granted.{said} Open the link again to grant them; it takes a \
                     Global Administrator."
                ),
            )
        }
        Outcome::OtherTenant => (
            "That was another tenant",
            format!(
                "The permissions were granted in another Microsoft 365 tenant than that of {enterprise}. Open the link \
                 again, and sign in with an administrator of {enterprise}."
            ),
        ),
        Outcome::Unconfirmed => (
            "Not confirmed yet",
            format!(
                "Microsoft does not confirm yet that {enterprise} has granted the permissions. That can take some minutes. \
                 Open the link again if the set-up does not go on."
            ),
        ),
        Outcome::Granted(missing) if missing.is_empty() => {
            ("Thank you", format!("The permissions for {enterprise} were granted. The set-up goes on by itself."))
        }
        Outcome::Granted(missing) => (
            "Some permissions are missing",
            format!(
                "The permissions for {enterprise} were granted, except for {}. Open the link again after the operator of \
                 this service has added them to its registration.",
                missing.join(", ")
            ),
        ),
    }
}
