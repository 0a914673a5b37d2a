//! Files that are the same for everybody: kept once, compressed once, shared by all answers.

use std::io::Write;

use actix_web::http::header::{self, AcceptEncoding, ContentEncoding, Encoding, Header, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::http::pieces::Pieces;

/// Files below this size are sent as they are.
const COMPRESSED_FROM: usize = 2_048;

/// A file with its media type, and what is derived from it once.
pub(super) struct StaticFile {
    media: String,
    cache_control: &'static str,
    /// A hash of the content, for `ETag`.
    hash: String,
    plain: Bytes,
    /// `None` if it would hardly be smaller.
    gzip: Option<Bytes>,
}

impl StaticFile {
    /// Prepares a file. Compressing takes some hundredths of a second for a large one.
    pub(super) fn new(media: impl Into<String>, content: impl Into<Bytes>, cache_control: &'static str) -> Self {
        let plain = content.into();
        let hash = digest::digest(&digest::SHA256, &plain);
        let hash = URL_SAFE_NO_PAD.encode(hash);
        let gzip = (plain.len() >= COMPRESSED_FROM).then(|| compressed(&plain)).flatten();
        Self { media: media.into(), cache_control, hash, plain, gzip }
    }

    /// Answers a request for the file: compressed if the client accepts it, or 304 if the client already has it.
    pub(super) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let gzip = self.gzip.as_ref().filter(|_| accepts_gzip(request));
        let etag = if gzip.is_some() { format!("\"{}-gzip\"", self.hash) } else { format!("\"{}\"", self.hash) };
        let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        if known.is_some_and(|known| known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)) {
            return self.headers(&mut HttpResponse::NotModified(), &etag).finish();
        }
        let mut response = HttpResponse::Ok();
        response.insert_header((header::CONTENT_TYPE, self.media.as_str()));
        if gzip.is_some() {
            response.insert_header(ContentEncoding::Gzip);
        }
        self.headers(&mut response, &etag).body(Pieces(gzip.unwrap_or(&self.plain).clone()))
    }

    fn headers<'a>(&self, response: &'a mut HttpResponseBuilder, etag: &str) -> &'a mut HttpResponseBuilder {
        response.insert_header((header::ETAG, etag)).insert_header((header::CACHE_CONTROL, self.cache_control));
        if self.gzip.is_some() {
            response.insert_header((header::VARY, HeaderValue::from_static("Accept-Encoding")));
        }
        response
    }
}

fn accepts_gzip(request: &HttpRequest) -> bool {
    let supported = [Encoding::gzip(), Encoding::identity()];
    let accepted = AcceptEncoding::parse(request).ok().filter(|accepted| !accepted.is_empty());
    accepted.and_then(|accepted| accepted.negotiate(supported.iter())) == Some(Encoding::gzip())
}

fn compressed(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let gzip = encoder.write_all(plain).and_then(|()| encoder.finish()).ok()?;
    (gzip.len() < plain.len() / 10 * 9).then(|| gzip.into())
}
