//! An answer before it becomes HTTP, so that it can be kept for an idempotency key in the transaction that made it.

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};
use aws_lc_rs::digest;
use serde::Serialize;

use crate::error::{Error, ErrorCode};

/// What most resources need at most, so that writing one need not look for more memory.
const RESOURCE_OCTETS: usize = 512;

/// A successful answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its `Location`.
    pub location: Option<String>,
    /// Its `ETag`.
    pub etag: Option<String>,
    /// Its `Link`.
    pub link: Option<String>,
    /// Its body, JSON, or empty. Copies share it.
    pub body: Bytes,
    /// Whether it was first given to an earlier request with the same idempotency key.
    pub replayed: bool,
}

impl Answer {
    /// 200 with a body.
    pub fn ok(view: &impl Serialize) -> Result<Self, Error> {
        let mut body = Vec::with_capacity(RESOURCE_OCTETS);
        serde_json::to_writer(&mut body, view)
            .map_err(|error| Error::new(ErrorCode::Internal, format!("The answer could not be written: {error}")))?;
        Ok(Self { status: 200, location: None, etag: None, link: None, body: body.into(), replayed: false })
    }

    /// 200 with a resource and its entity tag. The tag's first part is the version that `If-Match` compares, the
    /// second stands for the rest, which others can change: whether ancestors operate, how the e-mail fares.
    pub fn resource(view: &impl Serialize, version: i64) -> Result<Self, Error> {
        let answer = Self::ok(view)?;
        let hash = digest::digest(&digest::SHA256, &answer.body);
        let hash = hash.as_ref().iter().take(6).fold(0_u64, |number, octet| (number << 8) | u64::from(*octet));
        Ok(Self { etag: Some(format!("\"{version}.{hash:012x}\"")), ..answer })
    }

    /// The same as the answer to a creation.
    #[must_use]
    pub fn created(self, location: String) -> Self {
        Self { status: 201, location: Some(location), ..self }
    }

    /// 204 without a body.
    #[must_use]
    pub const fn no_content() -> Self {
        Self { status: 204, location: None, etag: None, link: None, body: Bytes::new(), replayed: false }
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    fn build(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        if let Some(location) = self.location {
            response.insert_header((header::LOCATION, location));
        }
        if let Some(etag) = self.etag {
            response.insert_header((header::ETAG, etag));
        }
        if let Some(link) = self.link {
            response.insert_header((header::LINK, link));
        }
        if self.replayed {
            response.insert_header(("Idempotent-Replayed", "true"));
        }
        if self.body.is_empty() {
            return response.finish();
        }
        response.insert_header((header::CONTENT_TYPE, "application/json"));
        response.body(self.body)
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.build()
    }
}
