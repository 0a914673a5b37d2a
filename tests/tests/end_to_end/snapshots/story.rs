//! A story: requests one after the other, and what was answered to each.

use chrono::TimeDelta;
use end_to_end::{Answer, App, Database, Person, Request};
use reqwest::Method;
use serde_json::{Value, json};

use super::mask::Mask;

/// Whoever has not signed in.
pub(super) static NOBODY: Person = Person { account: String::new(), token: String::new() };

/// A service, and what it has answered so far.
pub(super) struct Story {
    /// The service; what is asked of it directly is not part of the story.
    pub(super) app: App,
    mask: Mask,
    steps: Vec<Value>,
}

impl Story {
    /// Begins one with a new service.
    pub(super) async fn begin(database: Database) -> Self {
        Self::begin_with(database, &[]).await
    }

    /// The same, with further flags.
    pub(super) async fn begin_with(database: Database, flags: &[&str]) -> Self {
        let app = App::start_with(database, flags).await;
        let mut mask = Mask::default();
        mask.hide(&app.address(), "[service]");
        Self { app, mask, steps: Vec::new() }
    }

    /// From now on shows a label in place of a text.
    pub(super) fn hide(&mut self, text: &str, label: &'static str) {
        self.mask.hide(text, label);
    }

    /// A GET request.
    pub(super) async fn get(&mut self, path: &str, who: &Person) -> Answer {
        self.tell(Method::GET, path, who, None).await
    }

    /// A POST request.
    pub(super) async fn post(&mut self, path: &str, who: &Person, body: Value) -> Answer {
        self.tell(Method::POST, path, who, Some(body)).await
    }

    /// A POST request without a body.
    pub(super) async fn act(&mut self, path: &str, who: &Person) -> Answer {
        self.tell(Method::POST, path, who, None).await
    }

    /// A PATCH request.
    pub(super) async fn patch(&mut self, path: &str, who: &Person, body: Value) -> Answer {
        self.tell(Method::PATCH, path, who, Some(body)).await
    }

    /// A DELETE request.
    pub(super) async fn delete(&mut self, path: &str, who: &Person) -> Answer {
        self.tell(Method::DELETE, path, who, None).await
    }

    async fn tell(&mut self, method: Method, path: &str, who: &Person, body: Option<Value>) -> Answer {
        let label = format!("{method} {path}");
        let mut request = self.app.request(method, path);
        if !who.token.is_empty() {
            request = request.bearer(&who.token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.send(&label, request).await
    }

    /// A request of any other kind.
    pub(super) async fn send(&mut self, label: &str, request: Request) -> Answer {
        // So that nothing happens at the same time as something else.
        self.app.clock.advance(TimeDelta::seconds(1));
        let answer = request.send().await;
        let body = match answer.text.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        };
        self.note(label, answer.status, &body);
        answer
    }

    /// Something else that belongs to the story.
    pub(super) fn note(&mut self, request: &str, status: u16, body: &Value) {
        let mut step = json!({"request": request, "status": status, "body": body});
        self.mask.apply(&mut step);
        self.steps.push(step);
    }

    /// Compares the story with the one that is kept under this name.
    pub(super) fn end(self, name: &str) {
        let steps = self.steps;
        insta::with_settings!(
            {snapshot_path => "stories", prepend_module_to_snapshot => false, omit_expression => true},
            { insta::assert_json_snapshot!(name, steps); }
        );
    }
}
