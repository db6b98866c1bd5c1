//! A connection of HTTP/1.1: one request at a time, and whoever asks on it keeps it going.
//!
//! A connection with a task of its own would have to be woken for each request, and wake whoever asks for each answer. So it has none
//! unless something must go on that nobody waits for.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::limits::{BUFFER, MAX_HEAD};
use crate::upload::Upload;

/// Reads and writes while it is polled.
type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

/// A connection of HTTP/1.1.
pub(crate) struct Line {
    sender: http1::SendRequest<Upload>,
    /// `None`: it is over, or goes on by itself.
    driver: Option<Driver>,
}

impl Line {
    pub(super) async fn open(stream: TcpStream) -> hyper::Result<Self> {
        let (sender, connection) = http1::Builder::new()
            .max_header_size(MAX_HEAD)
            .max_buf_size(BUFFER)
            .handshake(TokioIo::new(stream))
            .await?;
        Ok(Self { sender, driver: Some(Box::pin(connection.with_upgrades())) })
    }

    /// Asks, and waits for the head of the answer.
    pub(crate) async fn send(
        &mut self,
        request: Request<Upload>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Upload>>> {
        let Self { sender, driver } = self;
        let mut answer = pin!(sender.try_send_request(request));
        std::future::poll_fn(|cx| {
            drive(driver, cx);
            answer.as_mut().poll(cx)
        })
        .await
    }

    /// The next piece of the answer, which came on this connection.
    pub(crate) fn poll_frame(
        &mut self,
        answer: &mut Incoming,
        cx: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<bytes::Bytes>>>> {
        match Pin::new(&mut *answer).poll_frame(cx) {
            Poll::Pending if self.driver.is_some() => {
                drive(&mut self.driver, cx);
                Pin::new(answer).poll_frame(cx)
            }
            other => other,
        }
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
        drive(&mut self.driver, cx);
        self.sender.poll_ready(cx).map(|ready| ready.is_ok())
    }

    /// Lets it see what has come while nobody asked; whoever `cx` is of is woken when more comes. Says whether it is still good.
    pub(super) fn look(&mut self, cx: &mut Context<'_>) -> bool {
        drive(&mut self.driver, cx);
        !self.sender.is_closed()
    }

    /// [`Self::look`], without being woken.
    pub(super) fn glance(&mut self) -> bool {
        self.look(&mut Context::from_waker(Waker::noop()))
    }
}

fn drive(driver: &mut Option<Driver>, cx: &mut Context<'_>) {
    if let Some(going) = driver
        && going.as_mut().poll(cx).is_ready()
    {
        *driver = None;
    }
}
