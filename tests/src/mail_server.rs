//! A mail server that keeps what it is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// Starts a mail server that refuses the first messages for now and takes the others, over any number of connections.
/// Returns its port, and the messages that it takes.
pub async fn mail_server(refused: usize) -> (u16, UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let port = listener.local_addr().expect("its address").port();
    let (taken, messages) = mpsc::unbounded_channel();
    let refused = Arc::new(AtomicUsize::new(refused));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream, Arc::clone(&refused), taken.clone()));
        }
    });
    (port, messages)
}

async fn talk(stream: TcpStream, refused: Arc<AtomicUsize>, taken: UnboundedSender<String>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let _ = write.write_all(b"220 mail.example\r\n").await;
    let mut message = None::<String>;
    while let Ok(Some(line)) = lines.next_line().await {
        let answer: &[u8] = match (&mut message, line.as_str()) {
            (Some(text), ".") => {
                let _ = taken.send(std::mem::take(text));
                message = None;
                b"250 taken\r\n"
            }
            (Some(text), line) => {
                text.push_str(line);
                text.push('\n');
                continue;
            }
            (None, "DATA") => {
                message = Some(String::new());
                b"354 go on\r\n"
            }
            (None, line) if line.starts_with("MAIL") && is_one_more(&refused) => b"451 later\r\n",
            (None, "QUIT") => break,
            (None, _) => b"250 mail.example\r\n",
        };
        let _ = write.write_all(answer).await;
    }
}

/// Whether one more message is to be refused.
fn is_one_more(refused: &AtomicUsize) -> bool {
    refused.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}
