//! The settings of a service, one in each file: its type, what may be written for it, and what counts where nothing is said.
//!
//! `choice` and `time` are what several of them are made of.

pub(crate) mod choice;
pub(crate) mod time;

pub(crate) mod backoff;
pub(crate) mod certificates;
pub(crate) mod command;
pub(crate) mod concurrency;
pub(crate) mod cwd;
pub(crate) mod depends_on;
pub(crate) mod env;
pub(crate) mod escape;
pub(crate) mod health;
pub(crate) mod host_header;
pub(crate) mod hosts;
pub(crate) mod kind;
pub(crate) mod paths;
pub(crate) mod plain_http;
pub(crate) mod port;
pub(crate) mod ports;
pub(crate) mod probe;
pub(crate) mod protocol;
pub(crate) mod proxy;
pub(crate) mod requests;
pub(crate) mod restart;
pub(crate) mod signal;
pub(crate) mod size;
pub(crate) mod start;
pub(crate) mod suffixes;
pub(crate) mod timeout;
