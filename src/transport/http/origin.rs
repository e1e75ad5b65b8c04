//! Where a request comes from: the client's address, whether it used TLS, and whether a browser sent it from one of our
//! own pages. Headers of proxies count only if the proxy is trusted.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderMap, ORIGIN};

use crate::config::Config;
use crate::{Error, Result};

fn text(headers: &HeaderMap, name: impl actix_web::http::header::AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

fn is_trusted(config: &Config, address: IpAddr) -> bool {
    config.trusted_proxies.iter().any(|proxies| proxies.contains(&plain(address)))
}

/// The client's address. `X-Forwarded-For` is read from the right, past trusted proxies only: entries that the client
/// forged are further left.
pub fn address(config: &Config, peer: Option<IpAddr>, headers: &HeaderMap) -> IpAddr {
    let mut address = plain(peer.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)));
    if !is_trusted(config, address) {
        return address;
    }
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").filter_map(|value| value.to_str().ok()).collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        match hop.trim().parse::<IpAddr>() {
            Ok(hop) => address = plain(hop),
            Err(_) => break,
        }
        if !is_trusted(config, address) {
            break;
        }
    }
    address
}

/// The client's address of a request.
pub fn address_of(config: &Config, request: &HttpRequest) -> IpAddr {
    address(config, request.peer_addr().map(|peer| peer.ip()), request.headers())
}

/// Whether the client uses TLS, with this server or with a trusted proxy before it.
pub fn is_secure(config: &Config, request: &HttpRequest) -> bool {
    if config.public_url.as_deref().is_some_and(|url| url.to_ascii_lowercase().starts_with("https://")) {
        return true;
    }
    let peer = request.peer_addr().map(|peer| peer.ip());
    peer.is_some_and(|peer| is_trusted(config, plain(peer)))
        && text(request.headers(), "x-forwarded-proto")
            .is_some_and(|proto| proto.rsplit(',').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("https")))
}

/// The scheme and `host[:port]` of a URL, in lower case, without the default port; `None` if it is not an origin.
fn origin_of(url: &str) -> Option<(String, String)> {
    let url = url.trim().to_ascii_lowercase();
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty() && !host.contains('@'))?;
    let host = match scheme {
        "http" => host.strip_suffix(":80").unwrap_or(host),
        "https" => host.strip_suffix(":443").unwrap_or(host),
        _ => return None,
    };
    Some((scheme.to_owned(), host.to_owned()))
}

/// Whether the `Origin` of a request is this server's. Requests without `Origin` pass: browsers always send it on POST
/// and on sockets.
pub fn is_own(config: &Config, headers: &HeaderMap) -> bool {
    if headers.get_all(ORIGIN).count() > 1 {
        return false;
    }
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let Some((scheme, host)) = origin.to_str().ok().and_then(origin_of) else { return false };
    if let Some((own_scheme, own_host)) = config.public_url.as_deref().and_then(origin_of)
        && own_scheme == scheme
        && own_host == host
    {
        return true;
    }
    // The scheme is the page's, because a proxy may terminate TLS.
    text(headers, HOST).is_some_and(|own| is_host(&scheme, &host, own))
}

fn is_host(scheme: &str, host: &str, own: &str) -> bool {
    origin_of(&format!("{scheme}://{own}")).is_some_and(|(_, own)| own == host)
}

/// Whether an origin is that of the server with this `Host`.
pub fn is_same(origin: &str, own: &str) -> bool {
    origin_of(origin).is_some_and(|(scheme, host)| is_host(&scheme, &host, own))
}

/// Refuses a request from a page of another origin.
pub fn require_own(config: &Config, headers: &HeaderMap) -> Result<()> {
    if is_own(config, headers) {
        return Ok(());
    }
    Err(Error::problem(403, "foreign_origin", "A page of another origin may not make this request."))
}

/// Refuses a request with a foreign Host, against DNS rebinding. IP addresses cannot be rebound and pass; of names, only
/// `localhost` and the hosts of the public URL and of `others` pass.
pub fn require_host(config: &Config, request: &HttpRequest, others: &[String]) -> Result<()> {
    let named = text(request.headers(), HOST).or_else(|| request.uri().authority().map(|own| own.as_str()));
    let many = request.headers().get_all(HOST).count() > 1;
    let host = named.filter(|_| !many).and_then(|own| origin_of(&format!("http://{own}"))).map(|(_, host)| host);
    let name = |host: &str| match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name.to_owned(),
        _ => host.to_owned(),
    };
    let known = host.as_deref().map(name).is_some_and(|host| {
        let urls = config.public_url.iter().chain(others);
        let named = urls.filter_map(|url| origin_of(url)).any(|(_, own)| name(&own) == host);
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
        address || host == "localhost" || host.ends_with(".localhost") || named
    });
    if known {
        return Ok(());
    }
    Err(Error::problem(
        403,
        "foreign_host",
        "This server is not known by the name in Host; its operator sets that name with CALLBOARD_PUBLIC_URL.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use clap::Parser;

    #[derive(Parser)]
    struct Settings {
        #[command(flatten)]
        config: Config,
    }

    fn config(arguments: &[&str]) -> Config {
        Settings::parse_from(std::iter::once("x").chain(arguments.iter().copied())).config
    }

    #[test]
    fn only_own_origins_pass() {
        let config = config(&["--public-url", "https://board.example/"]);
        let own = |origin: &'static str, host: &'static str| {
            let request = TestRequest::default()
                .insert_header(("Origin", origin))
                .insert_header(("Host", host))
                .to_http_request();
            is_own(&config, request.headers())
        };
        assert!(own("https://board.example", "10.0.0.1:8080"));
        assert!(own("http://127.0.0.1:8080", "127.0.0.1:8080"));
        for foreign in [
            "null",
            "https://board.example.evil.org",
            "https://evilboard.example",
            "http://board.example",
            "https://board.example:444",
            "https://a@board.example",
            "file://",
            "",
        ] {
            assert!(!own(foreign, "10.0.0.1:8080"), "{foreign}");
        }
    }

    #[test]
    fn forwarded_addresses_count_from_trusted_proxies_only() {
        let headers = |value: &'static str| {
            TestRequest::default().insert_header(("X-Forwarded-For", value)).to_http_request().headers().clone()
        };
        let proxy: IpAddr = "10.0.0.9".parse().expect("address");
        let trusting = config(&["--trusted-proxies", "10.0.0.9,10.0.0.8"]);
        let spoofed = headers("1.1.1.1, 2.2.2.2, 10.0.0.8");
        assert_eq!(address(&config(&[]), Some(proxy), &spoofed), proxy);
        assert_eq!(address(&trusting, Some(proxy), &spoofed).to_string(), "2.2.2.2");
        assert_eq!(address(&trusting, Some(proxy), &headers("garbage")), proxy);
    }

    #[test]
    fn proxies_are_trusted_by_network() {
        let trusting = config(&["--trusted-proxies", "172.16.0.0/12, fd00::/8,::ffff:192.0.2.0/120,10.0.0.9"]);
        for (peer, trusted) in [
            ("172.31.255.255", true),
            ("172.32.0.1", false),
            ("::ffff:172.16.0.1", true),
            ("fd12::1", true),
            ("fe80::1", false),
            ("192.0.2.7", true),
            ("192.0.3.7", false),
            ("10.0.0.9", true),
            ("10.0.0.8", false),
        ] {
            assert_eq!(is_trusted(&trusting, plain(peer.parse().expect("an address"))), trusted, "{peer}");
        }
        for wrong in ["172.16.0.0/33", "proxy.example", "10.0.0.0/8/8", ""] {
            assert!(Settings::try_parse_from(["x", "--trusted-proxies", wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_own_hosts_pass() {
        let config = config(&["--public-url", "https://board.example/"]);
        let own = |host: &'static str| {
            require_host(&config, &TestRequest::default().insert_header(("Host", host)).to_http_request(), &[]).is_ok()
        };
        for good in ["board.example", "BOARD.example:443", "localhost:8080", "127.0.0.1", "10.1.2.3:80", "[::1]:8080"] {
            assert!(own(good), "{good}");
        }
        for bad in
            ["evil.example", "board.example.evil.org", "127.0.0.1.nip.io", "localhost.evil.org:8080", "", "a@localhost"]
        {
            assert!(!own(bad), "{bad}");
        }
    }
}
