//! The URL of a PostgreSQL server as it is given to libpq: with a verified certificate, unless it says otherwise.

use std::net::IpAddr;
use std::path::Path;

/// What libpq reads from the environment about the server and how to verify it, unless the URL says it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// `PGSSLMODE`.
    ssl_mode: Option<String>,
    /// Whether `PGSSLROOTCERT` names the certificate authorities.
    has_authorities: bool,
    /// `PGHOST` or `PGHOSTADDR`, for a URL without a host.
    host: Option<String>,
    /// Whether `PGSERVICE` names an entry of libpq's file of services.
    has_service: bool,
}

impl Environment {
    /// The environment of this process.
    pub(crate) fn read() -> Self {
        let text = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            ssl_mode: text("PGSSLMODE"),
            has_authorities: text("PGSSLROOTCERT").is_some(),
            host: text("PGHOSTADDR").or_else(|| text("PGHOST")),
            has_service: text("PGSERVICE").is_some(),
        }
    }
}

/// The URL to connect with. To a server on another machine, TLS is used and its certificate and name are verified
/// (`sslmode=verify-full`), unless the URL or `PGSSLMODE` names another mode. libpq by itself sends everything in clear
/// if the server, or somebody between, says that it has no TLS.
pub(crate) fn verified(url: &str, environment: &Environment, authorities: Option<&Path>) -> String {
    if mode(url, environment).is_some() || !is_remote(url, environment) {
        return url.to_owned();
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    // The bundled OpenSSL does not know where the system keeps its certificate authorities.
    let has_authorities = environment.has_authorities || parameter(url, "sslrootcert").is_some();
    let authorities = authorities.filter(|_| !has_authorities);
    let authorities = authorities.map(|path| format!("&sslrootcert={}", path.display())).unwrap_or_default();
    format!("{url}{separator}sslmode=verify-full{authorities}")
}

/// What limits the time that libpq waits, each in the unit of its parameter: seconds, and milliseconds for the last.
/// Without them, a host that vanishes without a word is waited for until the system gives up, after many minutes.
const LIMITS: [(&str, u32); 5] = [
    ("connect_timeout", 5),
    ("keepalives_idle", 30),
    ("keepalives_interval", 10),
    ("keepalives_count", 3),
    ("tcp_user_timeout", 30_000),
];

/// The URL with limits of time for what it says nothing about.
pub(crate) fn limited(url: &str) -> String {
    let mut limited = url.to_owned();
    for (name, limit) in LIMITS.into_iter().filter(|(name, _)| parameter(url, name).is_none()) {
        let separator = if limited.contains('?') { '&' } else { '?' };
        limited = format!("{limited}{separator}{name}={limit}");
    }
    limited
}

/// Whether a URL leads to another machine without verifying its certificate.
pub(crate) fn is_unverified(url: &str, environment: &Environment) -> bool {
    is_remote(url, environment) && mode(url, environment).is_some_and(|mode| mode != "verify-full")
}

/// The mode that the URL or the environment names.
fn mode<'a>(url: &'a str, environment: &'a Environment) -> Option<&'a str> {
    let named = parameter(url, "sslmode").or_else(|| parameter(url, "requiressl").map(|_| "require"));
    named.or(environment.ssl_mode.as_deref())
}

/// The value of a parameter of the URL.
fn parameter<'a>(url: &'a str, name: &str) -> Option<&'a str> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query.split('&').find_map(|parameter| parameter.strip_prefix(name)?.strip_prefix('='))
}

/// Whether the server may be on another machine: neither on this one nor at a socket in the file system.
fn is_remote(url: &str, environment: &Environment) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (address, _) = rest.split_once('?').unwrap_or((rest, ""));
    let address = address.split('/').next().unwrap_or_default();
    let hosts = address.rsplit_once('@').map_or(address, |(_, hosts)| hosts);
    let in_query = [parameter(url, "host"), parameter(url, "hostaddr")].into_iter().flatten();
    let mut named: Vec<&str> =
        hosts.split(',').map(without_port).chain(in_query.flat_map(|hosts| hosts.split(','))).collect();
    named.retain(|host| !host.is_empty());
    if named.is_empty() {
        // What a service says is not known here.
        if environment.has_service || parameter(url, "service").is_some() {
            return true;
        }
        named.extend(environment.host.iter().flat_map(|hosts| hosts.split(',')));
    }
    named.into_iter().any(is_remote_host)
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
        let nothing = &Environment::default();
        let of = |url: &str| verified(url, nothing, Some(Path::new("/etc/ssl/certs.pem")));
        for local in [
            "postgres://teammate@localhost/teammate",
            "postgres://teammate:a@b@127.0.0.1:5432/teammate",
            "postgres://[::1]:5432/teammate",
            "postgres:///teammate",
            "postgres:///teammate?host=/var/run/postgresql",
            "postgres://%2Fvar%2Frun%2Fpostgresql/teammate",
        ] {
            assert_eq!(of(local), local);
            assert!(!is_unverified(local, nothing), "{local}");
        }
        let suffix = "sslmode=verify-full&sslrootcert=/etc/ssl/certs.pem";
        for (remote, separator) in [
            ("postgres://teammate:secret@db.example.com/teammate", '?'),
            ("postgresql://db.example.com", '?'),
            ("postgres://127.0.0.1,db.example.com:5433/teammate?target_session_attrs=read-write", '&'),
            ("postgres:///teammate?host=db.example.com", '&'),
            ("postgres:///teammate?service=production", '&'),
            ("postgres://192.0.2.1/teammate", '?'),
        ] {
            assert_eq!(of(remote), format!("{remote}{separator}{suffix}"));
            assert!(!is_unverified(remote, nothing), "{remote}");
        }
        for (explicit, unverified) in [
            ("postgres://db.example.com/teammate?sslmode=disable", true),
            ("postgres://db.example.com/teammate?connect_timeout=3&sslmode=require", true),
            ("postgres://db.example.com/teammate?requiressl=1", true),
            ("postgres://db.example.com/teammate?sslmode=verify-full&sslrootcert=/etc/own.pem", false),
        ] {
            assert_eq!(of(explicit), explicit);
            assert_eq!(is_unverified(explicit, nothing), unverified, "{explicit}");
        }
        let own = "postgres://db.example.com/teammate?sslrootcert=/etc/own.pem";
        assert_eq!(of(own), format!("{own}&sslmode=verify-full"));
    }

    #[test]
    fn what_the_url_does_not_limit_is_limited() {
        let limits = "keepalives_idle=30&keepalives_interval=10&keepalives_count=3&tcp_user_timeout=30000";
        assert_eq!(limited("postgres://a/b"), format!("postgres://a/b?connect_timeout=5&{limits}"));
        let own = "postgres://a/b?connect_timeout=2";
        assert_eq!(limited(own), format!("{own}&{limits}"));
    }

    #[test]
    fn the_environment_says_what_the_url_does_not() {
        let certificates = Some(Path::new("/etc/ssl/certs.pem"));
        let remote = "postgres://db.example.com/teammate";
        for (mode, unverified) in [("require", true), ("verify-full", false)] {
            let environment = &Environment { ssl_mode: Some(mode.to_owned()), ..Environment::default() };
            assert_eq!(verified(remote, environment, certificates), remote);
            assert_eq!(is_unverified(remote, environment), unverified, "{mode}");
        }
        let environment = &Environment { has_authorities: true, ..Environment::default() };
        assert_eq!(verified(remote, environment, certificates), format!("{remote}?sslmode=verify-full"));
        let elsewhere = &Environment { host: Some("db.example.com".to_owned()), ..Environment::default() };
        let with_service = &Environment { has_service: true, ..Environment::default() };
        for environment in [elsewhere, with_service] {
            assert!(verified("postgres:///teammate", environment, None).ends_with("?sslmode=verify-full"));
            assert_eq!(verified("postgres://localhost/teammate", environment, None), "postgres://localhost/teammate");
        }
    }
}
