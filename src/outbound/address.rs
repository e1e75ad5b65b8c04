//! Protection against server-side request forgery: URLs that users provide may lead to public addresses only.
//!
//! Names are resolved here, and the connection uses the addresses that were checked, so that DNS rebinding has no effect.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Timeout of a DNS lookup.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// An address that is not public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Private;

impl fmt::Display for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the address is not public")
    }
}

impl std::error::Error for Private {}

/// Whether an address belongs to the public internet: not loopback, private, link-local, multicast or reserved, and not
/// an IPv6 form that embeds an IPv4 address.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network, loopback, private use.
        (0 | 10 | 127, ..) => true,
        // Shared by carriers.
        (100, 64..=127, _) => true,
        // Link-local; clouds keep credentials there.
        (169, 254, _) => true,
        (172, 16..=31, _) | (192, 168, _) => true,
        // Protocol assignments, documentation, 6to4 relays, benchmarks.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113) => true,
        // Multicast, reserved, broadcast.
        (224.., ..) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let part = address.segments();
    // Only 2000::/3 is allocated as global unicast; that excludes loopback, mapped and compatible addresses, NAT64,
    // link-local, unique local and multicast.
    let global = part[0] & 0xe000 == 0x2000;
    let special = match (part[0], part[1]) {
        // Teredo and other protocol assignments; documentation.
        (0x2001, 0..=0x01ff | 0x0db8) | (0x3fff, 0..=0x0fff) => true,
        // 6to4 holds an IPv4 address.
        (0x2002, _) => true,
        _ => false,
    };
    global && !special
}

/// The literal address in a URL. The parser has normalized spellings like `2130706433` and `0x7f.1` to `127.0.0.1`.
fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Parses a URL to call. The error states the rule that it breaks.
pub fn parse(text: &str, private_allowed: bool) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "must be a whole URL like https://example.org/hook")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("must begin with https:// or http://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user or password");
    }
    if url.host_str().is_none_or(str::is_empty) || url.port() == Some(0) {
        return Err("must name a host and a port that exist");
    }
    if !private_allowed && literal(&url).is_some_and(|address| !is_public(address)) {
        return Err("must not lead to a loopback, private or link-local address");
    }
    Ok(url)
}

/// Whether the host of a URL has only public addresses now. A name that cannot be resolved passes: it may exist later,
/// and the connection checks again.
pub async fn is_reachable_publicly(url: &Url) -> bool {
    match (literal(url), url.host_str()) {
        (Some(address), _) => is_public(address),
        (None, Some(host)) => !matches!(lookup(host, false).await, Err(Fault::Private(_))),
        (None, None) => false,
    }
}

enum Fault {
    Private(Private),
    Unknown(std::io::Error),
}

async fn lookup(host: &str, private_allowed: bool) -> Result<Vec<SocketAddr>, Fault> {
    let late = || Fault::Unknown(std::io::ErrorKind::TimedOut.into());
    let found = tokio::time::timeout(LOOKUP_TIMEOUT, tokio::net::lookup_host((host, 0)))
        .await
        .map_err(|_| late())?
        .map_err(Fault::Unknown)?;
    let found: Vec<SocketAddr> = found.collect();
    // A private address among public ones indicates an attack.
    if !private_allowed && found.iter().any(|address| !is_public(address.ip())) {
        return Err(Fault::Private(Private));
    }
    Ok(found)
}

/// Resolves names for an HTTP client, to public addresses only. Literal addresses bypass it; [`parse`] checks those.
#[derive(Debug, Clone, Copy)]
pub struct Resolver {
    /// Whether private addresses are allowed too.
    pub private_allowed: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let private_allowed = self.private_allowed;
        Box::pin(async move {
            match lookup(name.as_str(), private_allowed).await {
                Ok(found) => Ok(Box::new(found.into_iter()) as Addrs),
                Err(Fault::Private(private)) => Err(private.into()),
                Err(Fault::Unknown(error)) => Err(error.into()),
            }
        })
    }
}

/// Whether a request failed because its host is not public.
pub fn is_private(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<Private>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_ranges_are_not_public() {
        for address in ["8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2606:4700::1111"]
        {
            assert!(is_public(address.parse().expect("an address")), "{address}");
        }
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "127.0.0.1",
            "127.255.255.254",
            "100.64.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.88.99.1",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "100::1",
            "5f00::1",
        ] {
            assert!(!is_public(address.parse().expect("an address")), "{address}");
        }
    }

    #[test]
    fn disguised_addresses_are_rejected() {
        for url in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0x7f000001/",
            "http://017700000001/",
            "http://0177.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[0:0:0:0:0:ffff:127.0.0.1]:8080/",
            "http://0/",
            "http://①②⑦.0.0.1/",
            "http://169.254.169.254/latest/meta-data/",
            "http://[fe80::1]/",
            "http://192.168.0.1:80/",
            "http://127.0.0.1./",
        ] {
            assert!(parse(url, false).is_err(), "{url}");
        }
        for url in [
            "ftp://example.org/",
            "file:///etc/passwd",
            "gopher://x",
            "http://",
            "example.org",
            "",
            "http://user:secret@example.org/",
            "http://user@example.org/",
            "http://example.org:0/",
            "javascript:alert(1)",
        ] {
            assert!(parse(url, true).is_err(), "{url}");
        }
        for url in ["https://example.org/hook?x=1", "http://93.184.216.34:8080/", "https://[2606:4700::1111]/"] {
            assert!(parse(url, false).is_ok(), "{url}");
        }
        assert!(parse("http://127.0.0.1:1/", true).is_ok());
    }

    #[tokio::test]
    async fn names_that_resolve_to_this_machine_are_rejected() {
        let url = parse("http://localhost:8080/", false).expect("a name");
        assert!(!is_reachable_publicly(&url).await);
        let client = reqwest::Client::builder()
            .use_preconfigured_tls(crate::outbound::tls().expect("TLS"))
            .no_proxy()
            .dns_resolver(std::sync::Arc::new(Resolver { private_allowed: false }))
            .build()
            .expect("a client");
        let error = client.get(url).send().await.expect_err("refused");
        assert!(is_private(&error), "{error:?}");
    }
}
