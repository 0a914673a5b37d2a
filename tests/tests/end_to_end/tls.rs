//! HTTPS by the service itself: TLS 1.3 and 1.2, a certificate that is loaded again, and no passwords in clear by mistake.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use end_to_end::App;
use end_to_end::Database::Sqlite;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::{Certificate, Client, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");

/// Writes a new certificate for this machine, and gives it to be trusted.
fn certificate(directory: &Path) -> Certificate {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    fs::write(directory.join("key.pem"), signing_key.serialize_pem()).expect("a key");
    fs::write(directory.join("certificate.pem"), cert.pem()).expect("a certificate");
    Certificate::from_pem(cert.pem().as_bytes()).expect("a certificate")
}

fn trusting(certificate: Certificate, most: reqwest::tls::Version) -> Client {
    let client = Client::builder().tls_certs_only([certificate]).tls_version_max(most);
    client.build().expect("a client")
}

#[tokio::test(flavor = "multi_thread")]
async fn https_is_spoken_and_a_new_certificate_is_used_without_a_restart() {
    use reqwest::tls::Version;
    let files = tempfile::tempdir().expect("a directory");
    let first = certificate(files.path());
    let path = |name: &str| files.path().join(name).display().to_string();
    let (chain, key) = (path("certificate.pem"), path("key.pem"));
    let app = App::start_with(Sqlite, &["--tls-certificate", &chain, "--tls-key", &key]).await;
    let url = format!("https://{}/livez", app.address());
    for version in [Version::TLS_1_3, Version::TLS_1_2] {
        let client = trusting(first.clone(), version);
        // Several requests on one connection, and one with a body.
        for _ in 0..3 {
            let answer = client.get(&url).send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::OK, "{version:?}");
            assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000; includeSubDomains");
        }
        let login = format!("https://{}/auth/login", app.address());
        let body = format!("{{\"email\":\"operator@teammate.local\",\"password\":\"{}\"}}", end_to_end::PASSWORD);
        let login = client.post(login).header("content-type", "application/json").body(body);
        assert_eq!(login.send().await.expect("an answer").status(), StatusCode::OK, "{version:?}");
        let document = format!("https://{}/openapi.yaml", app.address());
        let document = client.get(document).send().await.expect("an answer").text().await.expect("all of it");
        assert!(document.len() > 500_000, "{version:?}");
    }
    // In clear there is no answer.
    let mut clear = TcpStream::connect(app.address()).await.expect("a connection");
    clear.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("it is taken");
    let mut answer = Vec::new();
    let _ = timeout(Duration::from_secs(20), clear.read_to_end(&mut answer)).await.expect("the service closes");
    assert!(!answer.starts_with(b"HTTP/"), "{}", String::from_utf8_lossy(&answer));
    // The files are looked at every ten seconds.
    let second = trusting(certificate(files.path()), Version::TLS_1_3);
    let used = async {
        while second.get(&url).send().await.is_err() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(Duration::from_secs(30), used).await.expect("the new certificate is used");
    let stale = trusting(first, Version::TLS_1_3);
    assert!(stale.get(&url).send().await.is_err(), "the old one is not");
}

/// Starts the service with flags that have to be refused, and gives what it says.
fn refused(flags: &[&str]) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    let mut command = Command::new(BINARY);
    command.args(flags).env("TEAMMATE_DATA_DIR", directory.path()).stdout(Stdio::null());
    let output = command.output().expect("it runs");
    assert!(!output.status.success(), "{flags:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn nothing_is_served_or_sent_in_clear_by_mistake() {
    for address in ["0.0.0.0:0", "[::]:0"] {
        let said = refused(&["--listen", address]);
        assert!(said.contains("--tls-certificate") && said.contains("--insecure-http"), "{said}");
    }
    let graph = ["--microsoft-graph-client-id", "a", "--microsoft-graph-client-secret", "b"];
    let said = refused(&[&["--microsoft-graph-url", "http://graph.example.com/v1.0"], graph.as_slice()].concat());
    assert!(said.contains("give an https URL"), "{said}");
    let said = refused(&["--tls-certificate", "/nowhere.pem", "--tls-key", "/nowhere.key"]);
    assert!(said.contains("/nowhere.pem"), "{said}");
}
