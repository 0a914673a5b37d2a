//! An operator at work on a service that is a process of its own.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Answer, PASSWORD, Process, Request, enterprise_body, reseller_body};

/// The first operator, signed in.
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Client {
    /// Signs in.
    pub async fn sign_in(process: &Process) -> Self {
        let mut client = Self { http: reqwest::Client::new(), url: process.url.clone(), token: String::new() };
        let body = json!({"email": "operator@teammate.local", "password": PASSWORD});
        client.token = client.post("/auth/login", &body).await.expect(200).text_of("access_token");
        client
    }

    /// A request.
    pub fn request(&self, method: Method, path: &str) -> Request {
        Request::new(&self.http, method, &format!("{}{path}", self.url)).bearer(&self.token)
    }

    /// The answer to a GET request.
    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).send().await
    }

    /// The answer to a POST request.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.request(Method::POST, path).json(body).send().await
    }

    /// The id of a new master reseller, made of a ticket.
    pub async fn master_reseller(&self, email: &str) -> String {
        let ticket = json!({
            "subject": "Add to TeamMate Portal", "partner_company_name": "C", "first_name": "A", "last_name": "E",
            "email": email,
        });
        let ticket = self.post("/support-tickets", &ticket).await.expect(201).text_of("id");
        let approved = self.post(&format!("/support-tickets/{ticket}/approve"), &json!({})).await.expect(200);
        approved.text_of("master_reseller_id")
    }

    /// The id of a new enterprise below a new reseller and a new master reseller.
    pub async fn enterprise(&self, name: &str) -> String {
        let mut reseller = reseller_body(&format!("{name}-r@contoso.example"));
        reseller["master_reseller_id"] = json!(self.master_reseller(&format!("{name}-m@contoso.example")).await);
        let mut enterprise = enterprise_body(&format!("{name}@contoso.example"));
        enterprise["services"] = json!(["pbx", "trunk"]);
        enterprise["reseller_id"] = json!(self.post("/resellers", &reseller).await.expect(201).text_of("id"));
        self.post("/enterprises", &enterprise).await.expect(201).text_of("id")
    }
}
