//! The bare handler that the service is measured against: it answers the bytes that the service answered, and does
//! nothing else. `bare PORT DIRECTORY`, where the directory holds `read.json`, `list.json` and `create.json`.

use std::future::ready;
use std::path::PathBuf;
use std::{env, fs, io};

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer, Route};

#[actix_web::main]
async fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let port = arguments.next().and_then(|port| port.parse::<u16>().ok());
    let (Some(port), Some(directory)) = (port, arguments.next().map(PathBuf::from)) else {
        return Err(io::Error::other("usage: bare PORT DIRECTORY"));
    };
    let captured = |name: &str| fs::read(directory.join(name)).map(Bytes::from);
    let (read, list, create) = (captured("read.json")?, captured("list.json")?, captured("create.json")?);
    HttpServer::new(move || {
        App::new().route("/read", get(&read)).route("/list", get(&list)).route("/create", post(&create))
    })
    .bind(("127.0.0.1", port))?
    .run()
    .await
}

fn get(captured: &Bytes) -> Route {
    let captured = captured.clone();
    web::get().to(move || ready(answer(StatusCode::OK, &captured)))
}

/// Takes the request's body as a whole, as the service has to.
fn post(captured: &Bytes) -> Route {
    let captured = captured.clone();
    web::post().to(move |_: Bytes| ready(answer(StatusCode::CREATED, &captured)))
}

fn answer(status: StatusCode, captured: &Bytes) -> HttpResponse {
    HttpResponse::build(status).content_type("application/json").body(captured.clone())
}
