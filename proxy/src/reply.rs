//! The body of an answer: what a back end sends, passed on as it comes, or a text of ours.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use crate::activity::Activity;
use crate::upload::{BodyError, Progress};
use crate::upstream::{Line, Upstream};

/// The body of an answer.
pub(crate) struct Reply(Kind);

enum Kind {
    Text(Option<Bytes>),
    Stream {
        body: Incoming,
        lease: Option<Lease>,
        activity: Option<Arc<Activity>>,
    },
    /// What came before this is to be written first.
    Broken(Option<BodyError>),
}

/// The connection that an answer comes over. It is kept for another request once the answer is whole; if nobody wants the rest of
/// the answer, it is dropped, by which the back end learns that.
pub(crate) struct Lease {
    pub(crate) line: Line,
    pub(crate) upstream: Arc<Upstream>,
    /// A request that was answered before it was passed on whole has left its connection in the middle of a body.
    pub(crate) upload: Progress,
}

impl Reply {
    pub(crate) fn text(text: impl Into<Bytes>) -> Self {
        Self(Kind::Text(Some(text.into())))
    }

    pub(crate) fn empty() -> Self {
        Self(Kind::Text(None))
    }

    /// What comes from a back end. `lease`: the connection, if only one answer at a time comes over it.
    pub(crate) fn stream(body: Incoming, mut lease: Option<Lease>, activity: Option<Arc<Activity>>) -> Self {
        if body.is_end_stream() {
            give_back(&mut lease);
        }
        Self(Kind::Stream { body, lease, activity })
    }
}

fn give_back(lease: &mut Option<Lease>) {
    let uploaded = lease.take().filter(|lease| lease.upload.is_done());
    if let Some(Lease { line, upstream, .. }) = uploaded {
        upstream.keep(line);
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.0 {
            Kind::Text(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Kind::Broken(error) => Poll::Ready(error.take().map(Err)),
            Kind::Stream { body, lease, activity } => {
                let frame = match lease {
                    Some(lease) => lease.line.poll_frame(body, cx),
                    None => Pin::new(&mut *body).poll_frame(cx),
                };
                if let Some(activity) = activity.as_ref().filter(|_| frame.is_ready()) {
                    activity.note();
                }
                match &frame {
                    Poll::Ready(None) => give_back(lease),
                    Poll::Ready(Some(Ok(_))) if body.is_end_stream() => give_back(lease),
                    _ => {}
                }
                if let Poll::Ready(Some(Err(error))) = frame {
                    // A server drops what it has not written yet when a body fails.
                    self.0 = Kind::Broken(Some(error.into()));
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                frame.map(|frame| frame.map(|frame| frame.map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Text(text) => text.is_none(),
            Kind::Stream { body, .. } => body.is_end_stream(),
            Kind::Broken(error) => error.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Text(text) => SizeHint::with_exact(text.as_ref().map_or(0, |text| text.len() as u64)),
            Kind::Stream { body, .. } => body.size_hint(),
            Kind::Broken(_) => SizeHint::default(),
        }
    }
}
