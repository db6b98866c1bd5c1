//! A connection of HTTP/1.1: one request at a time, and whoever asks on it keeps it going.
//!
//! A connection with a task of its own would have to be woken for each request, and wake whoever asks for each answer. So it has none
//! unless something must go on that nobody waits for.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::ear::Ear;
use crate::limits::{BUFFER, MAX_HEAD};
use crate::upload::Upload;

/// Reads and writes while it is polled.
type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

/// A connection of HTTP/1.1.
pub(crate) struct Line {
    sender: http1::SendRequest<Upload>,
    /// `None`: it is over, or goes on by itself.
    driver: Option<Driver>,
    /// What the driver is polled with: it is called when there is something to read, room to write, or something new to do.
    ear: Ear,
}

impl Line {
    pub(super) async fn open(stream: TcpStream) -> hyper::Result<Self> {
        let (sender, connection) = http1::Builder::new()
            .max_header_size(MAX_HEAD)
            .max_buf_size(BUFFER)
            .handshake(TokioIo::new(stream))
            .await?;
        Ok(Self { sender, driver: Some(Box::pin(connection.with_upgrades())), ear: Ear::new() })
    }

    /// Asks, and waits for the head of the answer.
    pub(crate) async fn send(
        &mut self,
        request: Request<Upload>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Upload>>> {
        let Self { sender, driver, ear } = self;
        let mut answer = pin!(ear.muted(|| sender.try_send_request(request)));
        poll_fn(|cx| {
            drive(driver, ear, cx);
            answer.as_mut().poll(&mut outcome(driver.as_ref(), ear))
        })
        .await
    }

    /// The next piece of the answer, which came on this connection.
    pub(crate) fn poll_frame(
        &mut self,
        answer: &mut Incoming,
        cx: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<bytes::Bytes>>>> {
        let Self { driver, ear, .. } = self;
        while driver.is_some() {
            // The driver has room for another one then, and is polled when that is asked for.
            if let ready @ Poll::Ready(_) = ear.muted(|| Pin::new(&mut *answer).poll_frame(&mut unheard())) {
                return ready;
            }
            if !drive(driver, ear, cx) {
                return Poll::Pending;
            }
        }
        ear.listen(cx);
        Pin::new(answer).poll_frame(&mut Context::from_waker(ear.waker()))
    }

    /// Has it go on by itself from now on: it is no HTTP any more, or a request is not passed on whole though the answer is here.
    pub(crate) fn detach(&mut self) {
        if let Some(driver) = self.driver.take() {
            tokio::spawn(async move {
                // What ends it is told to whoever waits for its answer.
                let _ = driver.await;
            });
        }
    }

    /// Whether it can take a request, once it is done with the last one; `false` if never again.
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let Self { sender, driver, ear } = self;
        drive(driver, ear, cx);
        sender.poll_ready(&mut outcome(driver.as_ref(), ear)).map(|ready| ready.is_ok())
    }

    /// Whether it can take a request now, without being woken when it can; `None` if that is not known yet.
    pub(super) fn is_ready(&mut self) -> Option<bool> {
        match self.poll_ready(&mut unheard()) {
            Poll::Ready(is_ready) => Some(is_ready),
            Poll::Pending => None,
        }
    }

    /// Lets it see what has come while nobody asked; whoever `cx` is of is woken when more comes. Says whether it is still good.
    pub(super) fn look(&mut self, cx: &mut Context<'_>) -> bool {
        drive(&mut self.driver, &self.ear, cx);
        !self.sender.is_closed()
    }

    /// [`Self::look`], without being woken.
    pub(super) fn glance(&mut self) -> bool {
        self.look(&mut unheard())
    }
}

/// Reads and writes, if there is anything to do, and says whether there was; whoever `cx` is of is woken when there is more. What comes
/// of it is there as soon as this returns.
fn drive(driver: &mut Option<Driver>, ear: &Ear, cx: &Context<'_>) -> bool {
    let is_called = ear.listen(cx);
    if is_called
        && let Some(going) = driver
        && going.as_mut().poll(&mut Context::from_waker(ear.waker())).is_ready()
    {
        *driver = None;
    }
    is_called
}

/// What to look with for what comes of a driver that was just polled: it wakes nobody, as all is there already. One that goes on by
/// itself has more at any time.
fn outcome<'a>(driver: Option<&Driver>, ear: &'a Ear) -> Context<'a> {
    Context::from_waker(if driver.is_some() { Waker::noop() } else { ear.waker() })
}

/// Wakes nobody.
fn unheard() -> Context<'static> {
    Context::from_waker(Waker::noop())
}
