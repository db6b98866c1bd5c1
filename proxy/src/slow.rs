//! Answers that take long, of which a person has been told with a page meanwhile. They are on their way still, and are there for whoever
//! loads that page anew: nothing is asked for twice.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use hyper::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderValue};
use hyper::http::uri::PathAndQuery;
use hyper::{Response, Uri};
use tokio::sync::oneshot;
use tokio::time::{Duration, Instant, sleep_until, timeout};

use crate::failure::Failure;
use crate::host::HostName;
use crate::reply::Reply;

/// The most that are kept at once; whoever asks beyond them just waits.
const MAX: usize = 64;
/// How long one is kept that nobody looks for. Browsers wake the page of a tab in the background once a minute.
const ABANDONED: Duration = Duration::from_secs(150);

/// What comes of a request.
pub(crate) type Answer = Result<Response<Reply>, Failure>;

/// What tells whose answer it is: who asks for the same in the same way is who was told to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    host: HostName,
    /// The path, with its query; `None`: that of the root.
    path: Option<PathAndQuery>,
    cookies: Vec<HeaderValue>,
    authorization: Option<HeaderValue>,
}

/// The answers that are on their way.
#[derive(Default)]
pub(crate) struct Slow(Mutex<Vec<Entry>>);

struct Entry {
    key: Key,
    answer: oneshot::Receiver<Answer>,
    /// When somebody has last looked for it.
    seen: Instant,
}

/// How far an answer has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    OnItsWay,
    Here,
}

impl Key {
    pub(crate) fn new(host: &HostName, uri: &Uri, headers: &HeaderMap) -> Self {
        Self {
            host: host.clone(),
            path: uri.path_and_query().cloned(),
            cookies: headers.get_all(COOKIE).iter().cloned().collect(),
            authorization: headers.get(AUTHORIZATION).cloned(),
        }
    }
}

impl Slow {
    /// Waits for an answer as long as `patience`. `None`: it is not here by then, and goes on.
    pub(crate) async fn wait(
        self: &Arc<Self>,
        key: Key,
        patience: Duration,
        answer: impl Future<Output = Answer> + Send + 'static,
    ) -> Option<Answer> {
        let mut answer = Box::pin(answer);
        if let Ok(answer) = timeout(patience, answer.as_mut()).await {
            return Some(answer);
        }
        if self.lock().len() >= MAX {
            return Some(answer.await);
        }
        let (mut tell, told) = oneshot::channel();
        tokio::spawn(async move {
            tokio::select! {
                answer = answer => drop(tell.send(answer)),
                // Nobody wants it any more, which the back end learns.
                () = tell.closed() => {}
            }
        });
        self.keep(key, told);
        None
    }

    /// How far an answer to whoever asks so has got, if there is one.
    pub(crate) fn progress(&self, key: &Key) -> Option<Progress> {
        let mut entries = self.lock();
        let entry = entries.iter_mut().find(|entry| entry.key == *key)?;
        entry.seen = Instant::now();
        Some(if entry.answer.is_empty() && !entry.answer.is_terminated() { Progress::OnItsWay } else { Progress::Here })
    }

    /// Whether an answer is on its way to whoever asks so, or here.
    pub(crate) fn has(&self, key: &Key) -> bool {
        self.lock().iter().any(|entry| entry.key == *key)
    }

    /// An answer that is on its way to whoever asks so, if there is one; as [`Self::wait`] then.
    pub(crate) async fn wait_on(self: &Arc<Self>, key: &Key, patience: Duration) -> Option<Option<Answer>> {
        let mut answer = {
            let mut entries = self.lock();
            let place = entries.iter().position(|entry| entry.key == *key)?;
            entries.swap_remove(place).answer
        };
        match timeout(patience, &mut answer).await {
            Ok(Ok(answer)) => Some(Some(answer)),
            // It was given up in this very moment.
            Ok(Err(_)) => None,
            Err(_) => {
                self.keep(key.clone(), answer);
                Some(None)
            }
        }
    }

    fn keep(self: &Arc<Self>, key: Key, answer: oneshot::Receiver<Answer>) {
        let mut entries = self.lock();
        if entries.is_empty() {
            tokio::spawn(forget(Arc::downgrade(self)));
        }
        entries.push(Entry { key, answer, seen: Instant::now() });
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slow").field("entries", &self.lock().len()).finish()
    }
}

/// Drops answers that nobody looks for, as long as there are any.
async fn forget(slow: Weak<Slow>) {
    while let Some(next) = slow.upgrade().and_then(|slow| {
        let mut entries = slow.lock();
        entries.retain(|entry| entry.seen.elapsed() < ABANDONED);
        entries.iter().map(|entry| entry.seen + ABANDONED).min()
    }) {
        sleep_until(next).await;
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    struct Flag(Arc<AtomicBool>);

    impl Drop for Flag {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    fn key(path: &'static str) -> Key {
        Key::new(&"shop.localhost".parse().unwrap(), &Uri::from_static(path), &HeaderMap::new())
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_looks_for_is_given_up() {
        let (slow, is_dropped) = (Arc::new(Slow::default()), Arc::new(AtomicBool::new(false)));
        let flag = Flag(is_dropped.clone());
        let answer = async move {
            let _flag = flag;
            pending().await
        };
        assert!(slow.wait(key("/a"), Duration::from_secs(1), answer).await.is_none());
        for _ in 0..10 {
            tokio::time::sleep(ABANDONED / 2).await;
            assert_eq!(slow.progress(&key("/a")), Some(Progress::OnItsWay), "somebody looks");
        }
        assert!(slow.progress(&key("/b")).is_none());
        tokio::time::sleep(ABANDONED * 2).await;
        assert!(slow.progress(&key("/a")).is_none() && is_dropped.load(Ordering::SeqCst));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_some_are_kept() {
        let slow = Arc::new(Slow::default());
        for _ in 0..MAX {
            assert!(slow.wait(key("/"), Duration::from_secs(1), pending()).await.is_none());
        }
        let answer = async {
            tokio::time::sleep(Duration::from_mins(1)).await;
            Ok(Response::new(Reply::empty()))
        };
        assert!(slow.wait(key("/"), Duration::from_secs(1), answer).await.is_some());
    }
}
