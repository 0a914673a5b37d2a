//! The bare handler that the service is measured against: it answers the bytes that the service answered, headers and
//! all, and does nothing else. `bare PORT DIRECTORY`, where the directory holds a `.headers` and a `.json` for each of
//! `read`, `list` and `create`.

use std::future::ready;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer, Route};

/// An answer of the service.
#[derive(Clone)]
struct Captured {
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let port = arguments.next().and_then(|port| port.parse::<u16>().ok());
    let (Some(port), Some(directory)) = (port, arguments.next().map(PathBuf::from)) else {
        return Err(io::Error::other("usage: bare PORT DIRECTORY"));
    };
    let captured = |name: &str| captured(&directory.join(name));
    let (read, list, create) = (captured("read")?, captured("list")?, captured("create")?);
    HttpServer::new(move || {
        App::new().route("/read", get(&read)).route("/list", get(&list)).route("/create", post(&create))
    })
    .bind(("127.0.0.1", port))?
    .run()
    .await
}

fn captured(path: &Path) -> io::Result<Captured> {
    let headers = fs::read_to_string(path.with_extension("headers"))?.lines().map(header).collect::<io::Result<_>>()?;
    Ok(Captured { headers, body: fs::read(path.with_extension("json"))?.into() })
}

fn header(line: &str) -> io::Result<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_once(": ").ok_or_else(|| io::Error::other(format!("not a header: {line}")))?;
    Ok((name.parse().map_err(io::Error::other)?, value.parse().map_err(io::Error::other)?))
}

fn get(captured: &Captured) -> Route {
    let captured = captured.clone();
    web::get().to(move || ready(answer(StatusCode::OK, &captured)))
}

/// Takes the request's body as a whole, as the service has to.
fn post(captured: &Captured) -> Route {
    let captured = captured.clone();
    web::post().to(move |_: Bytes| ready(answer(StatusCode::CREATED, &captured)))
}

fn answer(status: StatusCode, captured: &Captured) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    for header in &captured.headers {
        response.append_header(header.clone());
    }
    response.body(captured.body.clone())
}
