//! The daemon: what supervises services, keeps their logs and answers clients.

pub mod logs;
