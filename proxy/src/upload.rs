//! The body of a request on its way to a back end.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep};

use crate::activity::Activity;

/// How long a back end may take to ask for a body whose sender waits for that. Many never ask and expect it all the same
/// (RFC 9110 §10.1.1 tells clients not to wait for ever); what curl waits.
const UNASKED: Duration = Duration::from_secs(1);

/// What goes wrong with a body.
pub(crate) type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// A body that is passed on as it comes. If its sender waits to be asked for it, nothing is read before the back end asks.
pub(crate) struct Upload {
    body: Option<Incoming>,
    gate: Option<Gate>,
    /// Set once everything has been passed on; `None`: there is nothing.
    is_done: Option<Arc<AtomicBool>>,
    activity: Option<Arc<Activity>>,
}

struct Gate {
    opened: oneshot::Receiver<()>,
    unasked: Pin<Box<Sleep>>,
}

/// Opens the way for a body that waits, or, dropped, closes it for good.
#[derive(Clone)]
pub(crate) struct Opener(Arc<Mutex<Option<oneshot::Sender<()>>>>);

/// How far a body has got.
pub(crate) struct Progress(Option<Arc<AtomicBool>>);

impl Progress {
    /// Whether everything of it has been passed on.
    pub(crate) fn is_done(&self) -> bool {
        self.0.as_ref().is_none_or(|is_done| is_done.load(Ordering::Acquire))
    }
}

impl Upload {
    pub(crate) fn new(body: Incoming, activity: Option<Arc<Activity>>) -> Self {
        let is_done = (!body.is_end_stream()).then(Arc::default);
        Self { body: Some(body), gate: None, is_done, activity }
    }

    /// No body at all.
    pub(crate) fn none() -> Self {
        Self { body: None, gate: None, is_done: None, activity: None }
    }

    /// Has the body wait until it is asked for.
    pub(crate) fn wait(&mut self) -> Opener {
        let (open, opened) = oneshot::channel();
        self.gate = Some(Gate { opened, unasked: Box::pin(sleep(UNASKED)) });
        Opener(Arc::new(Mutex::new(Some(open))))
    }

    /// Tells when everything of it has been passed on.
    pub(crate) fn progress(&self) -> Progress {
        Progress(self.is_done.clone())
    }
}

impl Opener {
    pub(crate) fn open(&self) {
        if let Some(open) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = open.send(());
        }
    }

    /// The answer has come without it.
    pub(crate) fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        if let Some(gate) = &mut this.gate {
            match Pin::new(&mut gate.opened).poll(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(Some(Err("answered without the body".into()))),
                Poll::Pending => ready!(gate.unasked.as_mut().poll(cx)),
            }
            this.gate = None;
        }
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(&mut *body).poll_frame(cx));
        if let Some(activity) = &this.activity {
            activity.note();
        }
        if let Some(is_done) = &this.is_done
            && (frame.is_none() || body.is_end_stream())
        {
            is_done.store(true, Ordering::Release);
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
