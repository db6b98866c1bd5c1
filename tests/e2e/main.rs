//! End to end: the real binary in private homes, with real terminals, sockets and processes.
//!
//! One test binary for all of it, because linking is what takes time. Each test has a [`home::TestHome`] of its own.

mod answering;
mod boot;
mod browser;
mod commands;
mod config;
mod config_edit;
mod conformance;
mod containment;
mod disk;
mod fake;
mod helper;
mod home;
mod hostile;
mod idle;
mod keys;
mod kills;
mod lazy;
mod lifecycle;
mod look;
mod machine;
mod named;
mod namespace;
mod notify;
mod orphans;
mod panes;
mod pointing;
mod projects;
mod random;
mod reload;
mod restore;
mod routes;
mod sandbox;
mod screen;
mod slow;
mod stage;
mod strangers;
mod supervise;
mod trusting;
mod trying;
mod wait;
mod waiting;
mod windows;
mod wire;
mod workspace;
