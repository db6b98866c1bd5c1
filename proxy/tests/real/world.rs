//! A proxy with one route, `shop.localhost`, whose back end the test decides on.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use locald_proxy::{Authority, Backend, HostName, Kept, Operator, Pattern, Proxy, Route, Routes, Scope, Upstream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::back_end::BackEnd;

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Whoever looks after the back end: has printed two lines, and counts how often it was started.
#[derive(Default)]
pub(crate) struct Keeper {
    pub(crate) started: AtomicUsize,
    pub(crate) woken: AtomicUsize,
    pub(crate) distrusts: AtomicBool,
}

impl Operator for Keeper {
    fn last_lines(&self) -> Vec<String> {
        vec!["one".to_owned(), "<b>two".to_owned()]
    }

    fn start(&self) {
        self.started.fetch_add(1, Ordering::SeqCst);
    }

    fn wake(&self) {
        self.woken.fetch_add(1, Ordering::SeqCst);
    }

    fn trusts(&self, client: SocketAddr, _: SocketAddr) -> bool {
        client.ip().is_loopback() && !self.distrusts.load(Ordering::SeqCst)
    }
}

pub(crate) struct World {
    pub(crate) keeper: Arc<Keeper>,
    /// The port of the proxy.
    pub(crate) port: u16,
    pub(crate) backend: watch::Sender<Backend>,
    pub(crate) proxy: Arc<Proxy>,
    runtime: Runtime,
}

impl World {
    /// A proxy whose back end is this one.
    pub(crate) fn before(back_end: &BackEnd) -> Self {
        Self::with(ready(back_end.port))
    }

    pub(crate) fn with(backend: Backend) -> Self {
        Self::patient(backend, PATIENCE)
    }

    /// A proxy that waits so long for a back end.
    pub(crate) fn patient(backend: Backend, patience: Duration) -> Self {
        Self::new(Proxy::default(), backend, patience, None)
    }

    /// A proxy that soon tells people what they wait for.
    pub(crate) fn talkative(backend: Backend) -> Self {
        Self::new(Proxy::showing_pages_after(Duration::from_millis(100)), backend, PATIENCE, None)
    }

    fn new(proxy: Proxy, backend: Backend, patience: Duration, authority: Option<Arc<Authority>>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let backend = watch::Sender::new(backend);
        let keeper = Arc::new(Keeper::default());
        let proxy = leading_to(proxy, &backend, patience, keeper.clone());
        let listener = runtime.block_on(tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        match authority {
            Some(authority) => drop(runtime.spawn(proxy.clone().serve_https(listener, authority, Arc::new(())))),
            None => drop(runtime.spawn(proxy.clone().serve_http(listener))),
        }
        Self { keeper, port, backend, proxy, runtime }
    }

    /// Has the back end be addressed by this name and port from now on.
    pub(crate) fn address_as(&self, name: &str, port: Option<u16>) {
        let (home, backend) = ("shop.localhost".parse().unwrap(), self.backend.subscribe());
        let route = Route::new("shop".to_owned(), home, backend, PATIENCE, self.keeper.clone());
        self.proxy.set_routes(routes(route.addressed_as(&name.parse().unwrap(), port)));
    }

    /// Leaves the back end this beginning of paths, and nothing else.
    pub(crate) fn lead_only(&self, prefix: &str) {
        let home: HostName = "shop.localhost".parse().unwrap();
        let (backend, keeper) = (self.backend.subscribe(), self.keeper.clone());
        let route = Route::new("shop".to_owned(), home.clone(), backend, PATIENCE, keeper);
        let mut routes = Routes::default();
        routes.add_at(Pattern::Exact(home), prefix.parse().unwrap(), Arc::new(route)).unwrap();
        self.proxy.set_routes(routes);
    }

    /// Has the proxy let nobody in any more; what comes back is whether everybody has gone by themselves.
    pub(crate) fn leave(&self) -> JoinHandle<bool> {
        let proxy = self.proxy.clone();
        self.runtime.spawn(async move { proxy.leave(PATIENCE).await })
    }

    /// What comes of a task of the proxy.
    pub(crate) fn result<T>(&self, task: JoinHandle<T>) -> T {
        self.runtime.block_on(task).unwrap()
    }

    /// A connection to the proxy.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// What the proxy says to these octets on a connection of their own.
    pub(crate) fn says(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // A connection that is cut has said what it had to say.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// A proxy whose one route leads to this back end, for which it waits so long.
pub(crate) fn proxy(backend: &watch::Sender<Backend>, patience: Duration, keeper: Arc<Keeper>) -> Arc<Proxy> {
    leading_to(Proxy::default(), backend, patience, keeper)
}

fn leading_to(proxy: Proxy, backend: &watch::Sender<Backend>, patience: Duration, keeper: Arc<Keeper>) -> Arc<Proxy> {
    let home = "shop.localhost".parse().unwrap();
    let proxy = Arc::new(proxy);
    proxy.set_routes(routes(Route::new("shop".to_owned(), home, backend.subscribe(), patience, keeper)));
    proxy
}

/// This route alone, at its name and all below.
fn routes(route: Route) -> Routes<Arc<Route>> {
    let (home, route) = (route.home().clone(), Arc::new(route));
    let mut routes = Routes::default();
    routes.add(Pattern::Exact(home.clone()), route.clone()).unwrap();
    routes.add(Pattern::Below(home), route).unwrap();
    routes
}

/// A proxy that speaks TLS, and the file of the certificate to trust for that.
pub(crate) struct SecureWorld {
    pub(crate) world: World,
    pub(crate) root: PathBuf,
    _scratch: tempfile::TempDir,
}

impl SecureWorld {
    pub(crate) fn before(back_end: &BackEnd) -> Self {
        Self::with(ready(back_end.port))
    }

    pub(crate) fn with(backend: Backend) -> Self {
        let kept = Kept::create("me@here", Scope::Machine).unwrap();
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().join("root.pem");
        std::fs::write(&root, &kept.root).unwrap();
        let authority = Arc::new(Authority::new(&[kept]).unwrap());
        Self { world: World::new(Proxy::default(), backend, PATIENCE, Some(authority)), root, _scratch: scratch }
    }
}

/// One back end on this port, in a new life.
pub(crate) fn ready(port: u16) -> Backend {
    Backend::Ready(Arc::from([Arc::new(Upstream::new(port))]))
}

/// Reads up to and with `end`.
pub(crate) fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(end.as_bytes()) {
        match stream.read(&mut byte) {
            Ok(1) => text.push(byte[0]),
            other => panic!("no `{end}` in {}: {other:?}", String::from_utf8_lossy(&text)),
        }
    }
    String::from_utf8(text).unwrap()
}
