//! Being woken, and knowing by what: what is polled beside other things need not be polled each time those have moved.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// A waker that remembers whether it was called, and passes calls on to whoever listened last.
pub(crate) struct Ear {
    waker: Waker,
    calls: Arc<Calls>,
}

struct Calls {
    has_come: AtomicBool,
    is_muted: AtomicBool,
    listener: AtomicWaker,
}

impl Ear {
    /// One that has something to tell already: nobody has polled yet.
    pub(crate) fn new() -> Self {
        let (has_come, is_muted) = (AtomicBool::new(true), AtomicBool::new(false));
        let calls = Arc::new(Calls { has_come, is_muted, listener: AtomicWaker::new() });
        Self { waker: calls.clone().into(), calls }
    }

    /// Whoever `cx` is of is woken from now on. Says whether there has been a call since the last time.
    pub(crate) fn listen(&self, cx: &Context<'_>) -> bool {
        self.calls.listener.register(cx.waker());
        self.calls.has_come.swap(false, Ordering::AcqRel)
    }

    /// What to poll with.
    pub(crate) fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Does something whose calls are noted and wake nobody. Whoever does it must [listen](Self::listen) before it waits for anything.
    pub(crate) fn muted<T>(&self, work: impl FnOnce() -> T) -> T {
        self.calls.is_muted.store(true, Ordering::Release);
        let result = work();
        self.calls.is_muted.store(false, Ordering::Release);
        result
    }
}

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // A swap, as `listen` has one: whoever swaps later sees what the other did before. After a mere store, this could miss the end
        // of what is muted, and `listen` the call.
        self.has_come.swap(true, Ordering::AcqRel);
        if !self.is_muted.load(Ordering::Acquire) {
            self.listener.wake();
        }
    }
}

/// A future that costs next to nothing beside others that move more often.
pub(crate) async fn seldom<F: Future>(future: F) -> F::Output {
    let ear = Ear::new();
    let mut future = pin!(future);
    poll_fn(
        |cx| {
            if ear.listen(cx) { future.as_mut().poll(&mut Context::from_waker(ear.waker())) } else { Poll::Pending }
        },
    )
    .await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::Notify;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_call_is_told_once_and_wakes_who_listens_unless_muted() {
        let (ear, count) = (Ear::new(), Arc::new(Count::default()));
        let waker = Waker::from(count.clone());
        let cx = Context::from_waker(&waker);
        assert_eq!((ear.listen(&cx), ear.listen(&cx)), (true, false), "the first time, there is all to be told");
        ear.muted(|| ear.waker().wake_by_ref());
        assert_eq!((count.0.load(Ordering::SeqCst), ear.listen(&cx), ear.listen(&cx)), (0, true, false));
        ear.waker().wake_by_ref();
        assert_eq!((count.0.load(Ordering::SeqCst), ear.listen(&cx)), (1, true));
    }

    #[tokio::test]
    async fn what_is_seldom_polled_ends_all_the_same() {
        let (notify, polls) = (Notify::new(), AtomicUsize::new(0));
        let mut notified = pin!(notify.notified());
        let counted = poll_fn(|cx| {
            polls.fetch_add(1, Ordering::SeqCst);
            notified.as_mut().poll(cx)
        });
        let busy = async {
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            notify.notify_one();
        };
        tokio::join!(seldom(counted), busy);
        assert_eq!(polls.into_inner(), 2);
    }
}
