//! Requests as the tests send them, and answers as they look at them.

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// A request that is being put together.
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    builder: reqwest::RequestBuilder,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub text: String,
}

impl Request {
    /// A request for a path of a service.
    pub fn new(http: &reqwest::Client, method: Method, url: &str) -> Self {
        Self { builder: http.request(method, url) }
    }

    /// Carries an access token.
    pub fn bearer(self, token: &str) -> Self {
        Self { builder: self.builder.bearer_auth(token) }
    }

    /// Carries a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("a header's name");
        Self { builder: self.builder.header(name, HeaderValue::from_str(value).expect("a header's value")) }
    }

    /// Carries a form.
    pub fn form(self, body: &[(&str, &str)]) -> Self {
        let encoded: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(body).finish();
        self.raw("application/x-www-form-urlencoded", encoded)
    }

    /// Carries HTTP Basic authentication.
    pub fn basic(self, name: &str, password: &str) -> Self {
        Self { builder: self.builder.basic_auth(name, Some(password)) }
    }

    /// Carries JSON.
    pub fn json(self, body: &Value) -> Self {
        self.raw("application/json", body.to_string())
    }

    /// Carries octets of a media type.
    pub fn raw(self, media: &str, body: impl Into<reqwest::Body>) -> Self {
        Self { builder: self.builder.header("content-type", media).body(body) }
    }

    /// Sends it.
    pub async fn send(self) -> Answer {
        self.try_send().await.expect("an answer")
    }

    /// Sends it to a service that may be gone.
    pub async fn try_send(self) -> Result<Answer, reqwest::Error> {
        let response = self.builder.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, text: response.text().await? })
    }
}

impl Answer {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} is no JSON: {:?}", self.status, self.text))
    }

    /// A member of the body as text; empty when it is not there.
    #[must_use]
    pub fn text_of(&self, member: &str) -> String {
        self.json()[member].as_str().unwrap_or_default().to_owned()
    }

    /// A header; empty when it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The answer, which must have this status.
    #[must_use]
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The answer, which must be a problem with this status and code.
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "its asserts are often all that is wanted")]
    pub fn problem(self, status: u16, code: &str) -> Value {
        let answer = self.expect(status);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["request_id"], answer.header("x-request-id"), "{problem}");
        problem
    }

    /// The pointers of a validation problem.
    #[must_use]
    pub fn pointers(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["pointer"].as_str().unwrap_or_default().to_owned()).collect()
    }
}
