//! A successful response before it becomes HTTP, so that it can be stored for an idempotency key in the same
//! transaction.

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};
use aws_lc_rs::digest;
use serde::Serialize;

use super::pieces::{PIECE, Pieces};
use crate::error::{Error, ErrorCode, Result};

/// Initial buffer size for a response. Most resources fit, so that the buffer does not have to grow.
const RESOURCE_OCTETS: usize = 512;

/// A successful response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The `Location` header.
    pub location: Option<String>,
    /// The `ETag` header.
    pub etag: Option<String>,
    /// The `Link` header.
    pub link: Option<String>,
    /// The JSON body, or empty. Clones share it.
    pub body: Bytes,
    /// Whether this is the stored response of an earlier request with the same idempotency key.
    pub replayed: bool,
}

impl Answer {
    /// Creates a 200 response with a JSON body.
    pub fn ok(view: &impl Serialize) -> Result<Self> {
        let mut body = Vec::with_capacity(RESOURCE_OCTETS);
        serde_json::to_writer(&mut body, view)
            .map_err(|error| Error::new(ErrorCode::Internal, format!("The answer could not be written: {error}")))?;
        Ok(Self { status: 200, location: None, etag: None, link: None, body: body.into(), replayed: false })
    }

    /// Creates a 200 response with a resource and its entity tag. The first part of the tag is the version, which
    /// `If-Match` compares. The second is a hash of the body, which also has derived data: whether ancestors are
    /// operating, the delivery status of an e-mail.
    pub fn resource(view: &impl Serialize, version: i64) -> Result<Self> {
        let answer = Self::ok(view)?;
        let hash = digest::digest(&digest::SHA256, &answer.body);
        let hash = hash.as_ref().iter().take(6).fold(0_u64, |number, octet| (number << 8) | u64::from(*octet));
        Ok(Self { etag: Some(format!("\"{version}.{hash:012x}\"")), ..answer })
    }

    /// Turns this response into the 201 response of a creation.
    #[must_use]
    pub fn created(self, location: String) -> Self {
        Self { status: 201, location: Some(location), ..self }
    }

    /// Creates a 204 response without a body.
    #[must_use]
    pub const fn no_content() -> Self {
        Self { status: 204, location: None, etag: None, link: None, body: Bytes::new(), replayed: false }
    }

    /// Replaces the status.
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
        if self.body.len() > PIECE { response.body(Pieces(self.body)) } else { response.body(self.body) }
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.build()
    }
}
