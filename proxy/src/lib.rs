//! A reverse proxy on loopback: host names lead to back ends, by routes that are handed to it.
//!
//! It knows no configuration, reads no file, starts nothing and never heard of a service. Sockets, routes and what becomes of a back
//! end come from whoever uses it.

mod activity;
mod answer;
mod bridge;
mod directory;
mod ear;
mod exchange;
mod failure;
mod framing;
mod headers;
mod host;
mod limits;
mod own;
mod page;
mod path;
mod preface;
mod proxy;
mod reply;
mod route;
mod routes;
mod serve;
mod slow;
mod tap;
mod target;
mod tls;
mod upload;
mod upstream;
mod wait;
mod websocket;

pub use activity::Activity;
pub use directory::DIRECTORY;
pub use host::{HostError, HostName, Pattern};
pub use path::{PathError, PathPrefix};
pub use proxy::Proxy;
pub use route::{Backend, Operator, Route};
pub use routes::{Found, Routes, Taken};
pub use tls::{Authority, AuthorityError, Certificates, Certified, CertifiedError, Kept, Scope};
pub use upstream::Upstream;
