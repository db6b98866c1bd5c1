//! The proxy on real sockets, between real clients and back ends that do on purpose what real ones do by accident.

mod absent;
mod back_end;
mod bridge;
mod constraints;
mod curl;
mod forwarding;
mod grpc;
mod http2;
mod listed;
mod pages;
mod refused;
mod reuse;
mod secure;
mod silence;
mod slow;
mod uploads;
mod websockets;
mod world;
