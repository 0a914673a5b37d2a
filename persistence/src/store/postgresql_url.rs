//! The URL of a PostgreSQL server as it is given to libpq: with a verified certificate, unless it says otherwise.

use std::net::IpAddr;
use std::path::Path;

/// Parameters that say how the server is to be verified.
const OWN_WORD: [&str; 3] = ["sslmode=", "requiressl=", "sslrootcert="];

/// The URL to connect with. To a server on another machine, TLS is used and its certificate and name are verified
/// (`sslmode=verify-full`), unless the URL or `PGSSLMODE` says something about it. libpq by itself sends everything in
/// clear if the server, or somebody between, says that it has no TLS.
pub(crate) fn verified(url: &str, environment_decides: bool, authorities: Option<&Path>) -> String {
    if environment_decides || says_how(url) || !is_remote(url) {
        return url.to_owned();
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    // The bundled OpenSSL does not know where the system keeps its certificate authorities.
    let authorities = authorities.map(|path| format!("&sslrootcert={}", path.display())).unwrap_or_default();
    format!("{url}{separator}sslmode=verify-full{authorities}")
}

/// Whether a URL leads to another machine without verifying its certificate.
pub(crate) fn is_unverified(url: &str, environment_decides: bool) -> bool {
    is_remote(url) && (environment_decides || says_how(url)) && !url.contains("sslmode=verify-full")
}

fn says_how(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query.split('&').any(|parameter| OWN_WORD.iter().any(|name| parameter.starts_with(name)))
}

/// Whether a URL names a host that is neither this machine nor a socket in the file system.
fn is_remote(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let address = address.split('/').next().unwrap_or_default();
    let hosts = address.rsplit_once('@').map_or(address, |(_, hosts)| hosts);
    let in_query = query
        .split('&')
        .filter_map(|parameter| parameter.strip_prefix("host=").or_else(|| parameter.strip_prefix("hostaddr=")));
    hosts.split(',').map(without_port).chain(in_query.flat_map(|hosts| hosts.split(','))).any(is_remote_host)
}

fn without_port(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    }
}

fn is_remote_host(host: &str) -> bool {
    let is_socket = host.is_empty() || host.starts_with('/') || host.to_ascii_lowercase().starts_with("%2f");
    let is_loopback = host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    !is_socket && !is_loopback
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_another_machine_is_verified_unless_the_url_says_otherwise() {
        let of = |url: &str| verified(url, false, Some(Path::new("/etc/ssl/certs.pem")));
        for local in [
            "postgres://teammate@localhost/teammate",
            "postgres://teammate:a@b@127.0.0.1:5432/teammate",
            "postgres://[::1]:5432/teammate",
            "postgres:///teammate",
            "postgres:///teammate?host=/var/run/postgresql",
            "postgres://%2Fvar%2Frun%2Fpostgresql/teammate",
        ] {
            assert_eq!(of(local), local);
            assert!(!is_unverified(local, false), "{local}");
        }
        let suffix = "sslmode=verify-full&sslrootcert=/etc/ssl/certs.pem";
        for (remote, separator) in [
            ("postgres://teammate:secret@db.example.com/teammate", '?'),
            ("postgresql://db.example.com", '?'),
            ("postgres://127.0.0.1,db.example.com:5433/teammate?target_session_attrs=read-write", '&'),
            ("postgres:///teammate?host=db.example.com", '&'),
            ("postgres://192.0.2.1/teammate", '?'),
        ] {
            assert_eq!(of(remote), format!("{remote}{separator}{suffix}"));
            assert_eq!(verified(remote, true, None), remote, "PGSSLMODE decides");
            assert!(!is_unverified(remote, false) && is_unverified(remote, true), "{remote}");
        }
        for (explicit, unverified) in [
            ("postgres://db.example.com/teammate?sslmode=disable", true),
            ("postgres://db.example.com/teammate?connect_timeout=3&sslmode=require", true),
            ("postgres://db.example.com/teammate?sslmode=verify-full&sslrootcert=/etc/own.pem", false),
        ] {
            assert_eq!(of(explicit), explicit);
            assert_eq!(is_unverified(explicit, false), unverified, "{explicit}");
        }
    }
}
