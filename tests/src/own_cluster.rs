//! A PostgreSQL cluster of a test's own, which the test kills and freezes.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::cluster::{free_port, postgresql_programs};

/// Does what it is told on standard input, and ends the cluster when that closes, however the process of the tests ends.
const SERVE: &str = r#"
    set -e
    bin=$1 port=$2 directory=$3
    start() {
        until "$bin/pg_isready" --quiet --host=127.0.0.1 --port="$port"; do
            "$bin/postgres" -D "$directory/data" -c port="$port" -c listen_addresses=127.0.0.1 \
                -c unix_socket_directories="$directory" -c shared_buffers=16MB >>"$directory/log" 2>&1 </dev/null &
            server=$!
            # Processes of a killed server may still be about to end; then the new one gives up and is tried again.
            while kill -0 "$server" 2>/dev/null && ! "$bin/pg_isready" --quiet --host=127.0.0.1 --port="$port"; do sleep 0.05; done
        done
    }
    # The children first: those of a process that has ended are no longer its own.
    signal() { pkill "-$1" -P "$server" || true; kill "-$1" "$server"; }
    "$bin/initdb" --pgdata="$directory/data" --username=postgres --auth=trust --encoding=UTF8 --no-sync >/dev/null
    start
    echo done
    while read -r word; do
        case $word in
            kill) signal KILL; wait "$server" || true ;;
            start) start ;;
            freeze) signal STOP ;;
            thaw) signal CONT ;;
        esac
        echo done
    done
    signal CONT
    kill -INT "$server"
    wait "$server" || true
"#;

/// The cluster. It ends with the test.
pub struct OwnCluster {
    /// The URL of its database.
    pub url: String,
    shell: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl OwnCluster {
    /// Starts a cluster in a folder, which has to be empty.
    #[must_use]
    pub fn start_in(folder: &Path) -> Self {
        let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
        let mut command = Command::new(if root { "setpriv" } else { "sh" });
        if root {
            // PostgreSQL refuses to run as root.
            let owned = Command::new("chown").arg("postgres:postgres").arg(folder).status();
            assert!(owned.is_ok_and(|status| status.success()), "the folder could not be given to postgres");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"]);
        }
        let port = free_port();
        let mut shell = command
            .args(["-c", SERVE, "sh"])
            .arg(postgresql_programs())
            .arg(port.to_string())
            .arg(folder)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the cluster's shell starts");
        let answers = BufReader::new(shell.stdout.take().expect("a pipe"));
        let orders = shell.stdin.take();
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        let mut cluster = Self { url, shell, orders, answers };
        cluster.wait_until_done();
        cluster
    }

    /// Kills the server and its processes as a crash would.
    pub fn kill(&mut self) {
        self.tell("kill");
    }

    /// Starts the server again after it was killed, and waits until it answers.
    pub fn start(&mut self) {
        self.tell("start");
    }

    /// Stops all processes of the server where they are. Connections stay, and nothing answers.
    pub fn freeze(&mut self) {
        self.tell("freeze");
    }

    /// Lets them go on.
    pub fn thaw(&mut self) {
        self.tell("thaw");
    }

    fn tell(&mut self, word: &str) {
        let orders = self.orders.as_mut().expect("the cluster is there");
        writeln!(orders, "{word}").expect("the cluster's shell listens");
        self.wait_until_done();
    }

    fn wait_until_done(&mut self) {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the cluster's shell answers");
        assert_eq!(line, "done\n", "the PostgreSQL cluster did not do what it was told");
    }
}

impl Drop for OwnCluster {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.shell.wait();
    }
}
