//! Under which addresses a running server says that it can be reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// The two ports and what they are called.
pub(super) struct Names {
    /// How URLs begin.
    pub(super) scheme: &'static str,
    /// The host name that the certificate is for: under another one no browser believes it.
    pub(super) host: Option<String>,
    /// Where the API listens.
    pub(super) api: SocketAddr,
    /// Where the store listens.
    pub(super) store: SocketAddr,
}

impl Names {
    /// The origin at which a program on this machine reaches a port.
    pub(super) fn local_origin(&self, port: SocketAddr) -> String {
        self.origin(SocketAddr::new(local_ip(port), port.port()))
    }

    /// The origin of the API for people: where the server listens everywhere, this machine's address on its network.
    pub(super) fn reachable_origin(&self) -> String {
        match (self.api.ip().is_unspecified(), lan_address()) {
            (true, Some(lan)) => self.origin(SocketAddr::new(lan, self.api.port())),
            _ => self.local_origin(self.api),
        }
    }

    fn origin(&self, address: SocketAddr) -> String {
        let (scheme, port) = (self.scheme, address.port());
        match &self.host {
            Some(host) if scheme == "https" && port == 443 => format!("https://{host}"),
            Some(host) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{address}"),
        }
    }
}

/// The address at which this machine reaches a port: one that listens everywhere answers on loopback.
pub(super) fn local_ip(port: SocketAddr) -> IpAddr {
    match port.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

/// The address from which this machine would reach others. Connecting a UDP socket sends nothing; 192.0.2.1 is
/// reserved for documentation (RFC 5737).
fn lan_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_unspecified() && !ip.is_loopback()).then_some(ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_named_by_its_certificate_or_by_its_address() {
        let names = |host: Option<&str>, api: &str| Names {
            scheme: if host.is_some() { "https" } else { "http" },
            host: host.map(str::to_owned),
            api: api.parse().unwrap(),
            store: "[::]:9000".parse().unwrap(),
        };
        for (host, api, wanted) in [
            (None, "127.0.0.1:8080", "http://127.0.0.1:8080"),
            (None, "[::1]:8080", "http://[::1]:8080"),
            (Some("photos.example.com"), "0.0.0.0:443", "https://photos.example.com"),
            (Some("photos.example.com"), "10.0.0.5:8443", "https://photos.example.com:8443"),
        ] {
            assert_eq!(names(host, api).reachable_origin(), wanted);
        }
        let names = names(None, "0.0.0.0:8080");
        assert_eq!(names.local_origin(names.api), "http://127.0.0.1:8080");
        assert_eq!(names.local_origin(names.store), "http://[::1]:9000");
    }
}
