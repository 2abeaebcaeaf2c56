//! Who is at the other end of a request's connection.

use std::net::SocketAddr;

/// The address a request's connection came from, an extension of every request.
///
/// Behind a load balancer this is the load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PeerAddr(pub SocketAddr);
