//! A receiver of webhooks on loopback, which answers as it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use serde_json::Value;

/// How it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// With a status.
    Status(u16),
    /// With a status and a header.
    With(u16, &'static str, String),
    /// Not at all.
    Silence,
}

/// What it was sent.
#[derive(Debug, Clone)]
pub struct Received {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`.
    pub timestamp: String,
    /// `webhook-signature`.
    pub signature: String,
    /// The body as it came.
    pub body: String,
}

impl Received {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

#[derive(Default)]
struct Desk {
    received: Vec<Received>,
    replies: VecDeque<Reply>,
    always: Option<Reply>,
}

/// A receiver. It ends with the test.
pub struct Receiver {
    /// Where it is.
    pub url: String,
    desk: Arc<Mutex<Desk>>,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Receiver {
    /// Starts one that takes everything.
    #[must_use]
    pub fn start() -> Self {
        let desk = Arc::<Mutex<Desk>>::default();
        let shared = Data::from(Arc::clone(&desk));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .app_data(web::PayloadConfig::new(1 << 20))
                .default_service(web::to(take))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").expect("a loopback port");
        let url = format!("http://{}/hook", server.addrs()[0]);
        Self { url, desk, server: tokio::spawn(server.run()) }
    }

    /// Lets it answer the next requests so, one after the other, and take the others.
    pub fn reply(&self, replies: impl IntoIterator<Item = Reply>) {
        self.desk().replies.extend(replies);
    }

    /// Lets it answer all requests so from now on.
    pub fn always(&self, reply: Reply) {
        self.desk().always = Some(reply);
    }

    /// What it was sent, in the order in which it came.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.desk().received.clone()
    }

    /// The same, which it forgets.
    #[must_use]
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.desk().received)
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn take(request: HttpRequest, body: Bytes, desk: Data<Mutex<Desk>>) -> HttpResponse {
    let header =
        |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let received = Received {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let reply = {
        let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
        desk.received.push(received);
        desk.replies.pop_front().or_else(|| desk.always.clone()).unwrap_or(Reply::Status(204))
    };
    let status = |status: u16| StatusCode::from_u16(status).expect("a status");
    match reply {
        Reply::Status(code) => HttpResponse::build(status(code)).body("Thank you."),
        Reply::With(code, name, value) => HttpResponse::build(status(code)).insert_header((name, value)).finish(),
        Reply::Silence => {
            // For longer than any test runs.
            tokio::time::sleep(Duration::from_hours(1)).await;
            HttpResponse::Ok().finish()
        }
    }
}
