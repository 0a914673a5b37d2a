//! Fresh databases: SQLite files, and databases of a PostgreSQL cluster that ends with the process.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, QueryResult, SqliteConnection};
use persistence::DatabaseUrl;
use tempfile::TempDir;

/// Which kind of database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// The embedded one.
    Sqlite,
    /// A server.
    Postgresql,
}

/// A database that nobody has used yet, and a directory for keys and mail.
pub struct FreshDatabase {
    /// Where it is.
    pub url: DatabaseUrl,
    /// The data directory.
    pub directory: TempDir,
}

impl Database {
    /// A new database of this kind.
    #[must_use]
    pub fn fresh(self) -> FreshDatabase {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let url = match self {
            Self::Sqlite => DatabaseUrl::Sqlite(directory.path().join("teammate.db")),
            Self::Postgresql => DatabaseUrl::Postgresql(Cluster::shared().create_database()),
        };
        FreshDatabase { url, directory }
    }
}

impl FreshDatabase {
    /// The URL as the configuration takes it.
    #[must_use]
    pub fn url_text(&self) -> String {
        match &self.url {
            DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
            DatabaseUrl::Postgresql(url) => url.clone(),
        }
    }

    /// Ends all connections to a PostgreSQL database and admits no more, as if its server were gone.
    pub fn forbid_connections(&self) {
        let DatabaseUrl::Postgresql(url) = &self.url else { panic!("a file has no connections") };
        let (server, name) = url.rsplit_once('/').expect("a name");
        let mut connection = PgConnection::establish(&format!("{server}/postgres")).expect("a connection");
        let end = format!(
            "ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false; \
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        );
        connection.batch_execute(&end).expect("the connections end");
    }

    /// Runs SQL as somebody would who has the database open.
    pub fn run(&self, sql: &str) -> QueryResult<()> {
        match &self.url {
            DatabaseUrl::Sqlite(path) => {
                let mut connection = SqliteConnection::establish(path.to_str().unwrap()).expect("a connection");
                connection.batch_execute("PRAGMA busy_timeout = 10000").expect("a pragma");
                connection.batch_execute(sql)
            }
            DatabaseUrl::Postgresql(url) => PgConnection::establish(url).expect("a connection").batch_execute(sql),
        }
    }
}

/// Runs until its standard input closes, which it does however the process of the tests ends.
const WATCH: &str = r#"
    set -e
    directory=$(mktemp -d)
    "$1/initdb" --pgdata="$directory/data" --username=postgres --auth=trust --encoding=UTF8 --no-sync >/dev/null
    "$1/postgres" -D "$directory/data" -c port="$2" -c listen_addresses=127.0.0.1 -c fsync=off \
        -c unix_socket_directories="$directory" -c max_connections=400 >"$directory/log" 2>&1 </dev/null &
    server=$!
    until "$1/pg_isready" --quiet --host=127.0.0.1 --port="$2"; do kill -0 "$server"; sleep 0.05; done
    echo ready
    cat >/dev/null || true
    kill -INT "$server"
    wait "$server" || true
    rm -rf "$directory"
"#;

struct Cluster {
    binaries: PathBuf,
    port: u16,
    databases: AtomicUsize,
    _watch: Child,
}

impl Cluster {
    fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    fn start() -> Self {
        let binaries = postgresql_programs();
        let port = free_port();
        let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
        // PostgreSQL refuses to run as root.
        let mut command = Command::new(if root { "setpriv" } else { "sh" });
        if root {
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"]);
        }
        let mut watch = command
            .args(["-c", WATCH, "sh"])
            .arg(&binaries)
            .arg(port.to_string())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the cluster's shell starts");
        let mut line = String::new();
        let output = watch.stdout.take().expect("a pipe");
        BufReader::new(output).read_line(&mut line).expect("the cluster answers");
        assert_eq!(line, "ready\n", "the PostgreSQL cluster did not start");
        Self { binaries, port, databases: AtomicUsize::new(0), _watch: watch }
    }

    fn create_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let created = Command::new(self.binaries.join("createdb"))
            .args(["--host=127.0.0.1", "--username=postgres", &format!("--port={}", self.port), &name])
            .status();
        assert!(created.is_ok_and(|status| status.success()), "the database could not be created");
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }
}

/// The folder of the newest installed server's programs: Debian keeps them out of the path.
#[must_use]
pub fn postgresql_programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut found: Vec<PathBuf> = versions
        .flatten()
        .map(|version| version.path().join("bin"))
        .filter(|path| path.join("initdb").exists())
        .collect();
    found.sort();
    let in_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|path: &PathBuf| Path::new(path).join("postgres").exists())
    };
    let newest = found.pop().or_else(in_path);
    newest.expect("these tests need PostgreSQL's server: install the Debian package `postgresql`")
}

/// A port that nobody listens on.
#[must_use]
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    listener.local_addr().expect("its address").port()
}
