//! The socket of a connection, with limits on what it holds and how long it takes.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::head::Head;
use super::refusal::Refused;
use super::socket::Socket;
use super::traffic::Traffic;
use crate::places::{Place, Places};

/// Time limit for the head of a request, from its first octet; for the first one, from the connection's begin.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// Time limit for the client to take what is in the buffer, which is about 16 KiB.
const SEND_TIME: Duration = Duration::from_secs(30);
/// Time limit for sending a last answer and for the client to read it.
const FAREWELL_TIME: Duration = Duration::from_secs(5);
/// Octets that are read at a time while no request is being carried out: enough for a few ordinary heads.
const HEADS_AT_ONCE: usize = 2_048;
/// Octets of a body that are read at a time.
const BODY_AT_ONCE: usize = 16_384;

/// Maximum number of connections that are told why they were refused, at a time. Further ones are only closed.
const FAREWELLS_AT_ONCE: usize = 256;

/// What connections have in common: their places, and those for last answers.
#[derive(Clone)]
pub(crate) struct Door {
    connections: Arc<Places<IpAddr>>,
    farewells: Arc<Semaphore>,
    tls: Option<TlsAcceptor>,
}

impl Door {
    /// Admits connections as long as there are places, with TLS if there is an acceptor.
    pub(crate) fn new(connections: Arc<Places<IpAddr>>, tls: Option<TlsAcceptor>) -> Self {
        Self { connections, farewells: Arc::new(Semaphore::new(FAREWELLS_AT_ONCE)), tls }
    }
}

/// One connection of a client.
pub(crate) struct Connection {
    /// `None` only while it is dropped.
    stream: Option<Socket>,
    traffic: Rc<Traffic>,
    /// Its place among the connections; `None` if there was none.
    place: Option<Place<IpAddr>>,
    farewells: Arc<Semaphore>,
    secure: fn(&mut HeaderMap),
    /// Octets that were read since everything was sent.
    read: usize,
    /// Whether these end a head.
    has_head: bool,
    /// Octets that were read but are not passed on yet.
    rest: VecDeque<u8>,
    /// Whether octets may be waiting in the socket that nobody else will ask for.
    withheld: bool,
    /// The number of requests that had begun when octets of a further head were read.
    head_after: Option<u64>,
    head_timer: Option<Pin<Box<Sleep>>>,
    /// Runs while the client does not take what is to be sent.
    send_timer: Option<Pin<Box<Sleep>>>,
    head: Head,
    refused: Option<Refused>,
}

impl Connection {
    /// Admits a connection, or refuses it with an answer. The TLS handshake has as much time as a head.
    pub(crate) async fn open(
        stream: TcpStream,
        door: &Door,
        holder: Option<IpAddr>,
        secure: fn(&mut HeaderMap),
    ) -> Option<Self> {
        let place = door.connections.take(holder).ok();
        let refused = place.is_none().then_some(Refused::TooMany);
        // An answer goes out in several pieces. Otherwise, the system would hold the last one back until the client has
        // confirmed those before, which may take it 40 ms.
        let _ = stream.set_nodelay(true);
        let socket = match &door.tls {
            None => Socket::Plain(stream),
            // A handshake would cost more than the refusal is worth.
            Some(_) if refused.is_some() => return None,
            Some(tls) => {
                let handshake = timeout(HEAD_TIME, tls.accept(stream)).await;
                let Some(secured) = handshake.ok().and_then(Result::ok) else {
                    metrics::counter!("teammate_tls_handshakes_failed_total").increment(1);
                    return None;
                };
                Socket::Tls(Box::new(secured))
            }
        };
        let connection = Self {
            stream: Some(socket),
            traffic: Rc::default(),
            place,
            farewells: Arc::clone(&door.farewells),
            secure,
            read: 0,
            has_head: false,
            rest: VecDeque::new(),
            withheld: false,
            head_after: None,
            head_timer: Some(Box::pin(sleep(HEAD_TIME))),
            send_timer: None,
            head: Head::default(),
            refused,
        };
        refused.is_none().then_some(connection)
    }

    /// The state that the requests of this connection share with it.
    pub(crate) fn traffic(&self) -> Rc<Traffic> {
        Rc::clone(&self.traffic)
    }

    fn stream(&mut self) -> io::Result<Pin<&mut Socket>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Whether a head has begun to arrive and its time is over.
    fn is_too_slow(&mut self, cx: &mut Context<'_>) -> bool {
        if self.traffic.is_running.get() {
            self.head_timer = None;
        }
        self.head_timer.as_mut().is_some_and(|timer| timer.as_mut().poll(cx).is_ready())
    }

    /// Waits for the client to take what is to be sent, for a while.
    fn wait_to_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let timer = self.send_timer.get_or_insert_with(|| Box::pin(sleep(SEND_TIME)));
        timer.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Reads what was read too much before, or else from the socket.
    fn poll_octets(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.rest.is_empty() {
            let mut part = ReadBuf::new(into);
            ready!(self.stream()?.poll_read(cx, &mut part))?;
            return Poll::Ready(Ok(part.filled().len()));
        }
        let count = into.len().min(self.rest.len());
        for (place, octet) in into.iter_mut().zip(self.rest.drain(..count)) {
            *place = octet;
        }
        Poll::Ready(Ok(count))
    }

    /// Notes octets that were read while no request was carried out. Returns how many of them end the first head; the
    /// others are kept back, because actix would parse and queue all the requests in them.
    fn read_head(&mut self, octets: &[u8]) -> usize {
        self.head_after = Some(self.traffic.begun.get());
        let end = self.head.end_in(octets);
        self.has_head = end.is_some();
        let (octets, rest) = octets.split_at_checked(end.unwrap_or(octets.len())).unwrap_or((octets, &[]));
        for octet in rest.iter().rev() {
            self.rest.push_front(*octet);
        }
        self.head.read(octets);
        octets.len()
    }

    /// Starts the time limit of a head that has arrived only in part, and stops that of a complete one.
    fn watch_head(&mut self, cx: &mut Context<'_>) {
        let begun = self.traffic.begun.get();
        match self.head_after {
            // It is complete, and waits for the answer before it.
            Some(after) if after == begun && self.head.is_complete() => self.head_timer = None,
            Some(after) if after == begun => {
                let timer = self.head_timer.get_or_insert_with(|| Box::pin(sleep(HEAD_TIME)));
                // Registers this task; whether the time is over is asked at the next read.
                let _ = timer.as_mut().poll(cx);
            }
            Some(_) => {
                self.head.next();
                (self.head_after, self.head_timer) = (None, None);
            }
            None => {}
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.refused.is_some() {
            return Poll::Ready(Ok(()));
        }
        if this.is_too_slow(cx) {
            this.refused = Some(Refused::TooSlow);
            return Poll::Ready(Ok(()));
        }
        let is_running = this.traffic.is_running.get();
        let is_body = is_running || this.traffic.is_draining();
        let limit = if is_body { this.traffic.body_part(BODY_AT_ONCE) } else { HEADS_AT_ONCE };
        let is_enough = this.read >= limit || this.has_head;
        if this.send_timer.is_some() || !this.traffic.wants_octets() || is_enough {
            // The octets stay in the socket, which slows the client down.
            this.withheld |= !this.rest.is_empty() || this.stream()?.poll_read_ready(cx)?.is_ready();
            if this.send_timer.is_none() && this.traffic.is_draining() {
                // Actix discards what follows, and does not flush before it reads again.
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        }
        let most = buffer.remaining().min(limit - this.read);
        let part = buffer.initialize_unfilled_to(most);
        let read = ready!(this.poll_octets(cx, part))?;
        this.read += read;
        let mut count = read;
        if is_body {
            this.traffic.read_body(count);
        } else if read > 0 {
            let before = this.head.before(part.get(..read).unwrap_or_default());
            part.copy_within(before..read, 0);
            if before == read {
                // An empty result would mean the end of the connection.
                this.withheld = true;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            count = this.read_head(part.get(..read - before).unwrap_or_default());
        }
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let mut octets = octets;
        if let Some((at, refused)) = Refused::find(octets) {
            if at == 0 {
                // Sent when the connection is dropped, which actix does next.
                this.refused = Some(if this.head.has_long_uri() { Refused::UriTooLong } else { refused });
                return Poll::Ready(Ok(octets.len()));
            }
            octets = octets.get(..at).unwrap_or_default();
        }
        let written = this.stream()?.poll_write(cx, octets);
        if written.is_pending() {
            ready!(this.wait_to_send(cx))?;
        }
        written
    }

    /// Called after everything was written, also if there was nothing.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // With TLS, what was written may still wait to be sent.
        if this.stream()?.poll_flush(cx)?.is_pending() {
            return this.wait_to_send(cx);
        }
        (this.send_timer, this.read, this.has_head) = (None, 0, false);
        let is_waited_for = this.traffic.sent();
        if !this.traffic.is_running.get() {
            this.watch_head(cx);
        }
        let goes_on = this.withheld && this.traffic.wants_octets();
        if goes_on {
            this.withheld = false;
        }
        if goes_on || is_waited_for {
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.refused.is_some() { Poll::Ready(Ok(())) } else { this.stream()?.poll_shutdown(cx) }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let (Some(refused), Some(stream)) = (self.refused, self.stream.take()) {
            let answer = refused.answer(self.secure);
            let place = self.place.take();
            if let Ok(farewell) = Arc::clone(&self.farewells).try_acquire_owned() {
                actix_web::rt::spawn(async move {
                    let _ = timeout(FAREWELL_TIME, bid_farewell(stream, &answer)).await;
                    drop((farewell, place));
                });
            }
        }
    }
}

/// Sends a last answer and reads until the client closes. If the socket were closed with octets unread, the system
/// would discard the answer.
async fn bid_farewell(mut stream: Socket, answer: &[u8]) -> io::Result<()> {
    stream.write_all(answer).await?;
    stream.shutdown().await?;
    let mut discarded = [0; 4096];
    while stream.read(&mut discarded).await? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn the_end_of_an_answer_does_not_wait_for_a_confirmation() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        let door = Door::new(Places::new(1, 1), None);
        let connection = Connection::open(stream, &door, Some(peer.ip()), |_| {}).await.unwrap();
        assert!(matches!(&connection.stream, Some(Socket::Plain(stream)) if stream.nodelay().unwrap()));
    }
}
