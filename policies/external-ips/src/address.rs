//! External addresses as the API server reads them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why a text is no external address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotAnAddress {
    /// What is wrong, and why it hurts.
    pub(crate) reason: String,
    /// What to write.
    pub(crate) help: String,
}

/// Reads an IPv4 or IPv6 address. An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) is the IPv4 address.
///
/// # Errors
/// When the text is none, or one that the API server takes for no Service (`ValidateNonSpecialIP` in
/// `k8s.io/kubernetes/pkg/apis/core/validation`).
pub(crate) fn parse(text: &str) -> Result<IpAddr, NotAnAddress> {
    let Ok(address) = text.parse::<IpAddr>() else { return Err(not_an_address(text)) };
    let address = address.to_canonical();
    match special(address) {
        None => Ok(address),
        Some(kind) => Err(NotAnAddress {
            reason: format!(
                "`{text}` is {kind}, which is not reachable from outside, so the API server refuses the Service"
            ),
            help: "write an address that your network routes to the cluster's nodes".to_owned(),
        }),
    }
}

fn not_an_address(text: &str) -> NotAnAddress {
    if let Some(decimal) = without_leading_zeros(text) {
        return NotAnAddress {
            reason: format!(
                "`{text}` has a part with a leading zero, which some programs read as octal and others as decimal, so \
                 that they mean different addresses"
            ),
            help: format!("write `{decimal}` if that is the address"),
        };
    }
    let help = match text.split_once('/') {
        Some((address, _)) if address.parse::<IpAddr>().is_ok() => {
            format!("write `{address}`: a Service takes single addresses, not ranges")
        }
        _ => "write an IPv4 or IPv6 address such as `192.0.2.10` or `2001:db8::10`".to_owned(),
    };
    NotAnAddress { reason: format!("`{text}` is no IP address, so the API server refuses the Service"), help }
}

/// The IPv4 address that a text would be without leading zeros.
fn without_leading_zeros(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<_> = text.split('.').map(|part| part.trim_start_matches('0')).collect();
    let parts: Vec<_> = parts.iter().map(|part| if part.is_empty() { "0" } else { part }).collect();
    parts.join(".").parse().ok().filter(|_| text.split('.').all(|part| !part.is_empty()))
}

fn special(address: IpAddr) -> Option<&'static str> {
    if address.is_unspecified() {
        Some("the unspecified address")
    } else if address.is_loopback() {
        Some("a loopback address")
    } else if is_link_local(address) {
        Some("a link-local address")
    } else {
        None
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local() || matches!(address.octets(), [224, 0, 0, _]),
        IpAddr::V6(address) => address.is_unicast_link_local() || is_link_local_multicast(address),
    }
}

/// `ff02::/16`, with any flags.
fn is_link_local_multicast(address: Ipv6Addr) -> bool {
    matches!(address.octets(), [0xff, scope, ..] if scope & 0x0f == 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_both_families_in_one_spelling() {
        for (text, expected) in [
            ("192.0.2.10", "192.0.2.10"),
            ("::ffff:192.0.2.10", "192.0.2.10"),
            ("::ffff:c000:20a", "192.0.2.10"),
            ("2001:DB8:0::10", "2001:db8::10"),
            ("0.0.0.1", "0.0.0.1"),
            ("224.0.1.1", "224.0.1.1"),
        ] {
            assert_eq!(parse(text).map(|address| address.to_string()), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn says_what_is_no_address() {
        for (text, word) in [
            ("", "no IP address"),
            ("web.example", "no IP address"),
            ("192.0.2", "no IP address"),
            ("192.0.2.256", "no IP address"),
            ("192.0.2.10/32", "no IP address"),
            (" 192.0.2.10", "no IP address"),
            ("fe80::1%eth0", "no IP address"),
            ("1..2.3", "no IP address"),
            ("192.0.02.10", "leading zero"),
            ("00.0.2.10", "leading zero"),
            ("0.0.0.0", "unspecified"),
            ("::", "unspecified"),
            ("::ffff:127.0.0.1", "loopback"),
            ("127.8.0.1", "loopback"),
            ("::1", "loopback"),
            ("169.254.7.7", "link-local"),
            ("224.0.0.251", "link-local"),
            ("fe80::1", "link-local"),
            ("ff12::1", "link-local"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.reason.contains(word), "{text}: {}", error.reason);
        }
        assert!(parse("192.0.2.10/32").expect_err("a range").help.starts_with("write `192.0.2.10`"));
        assert!(parse("010.0.2.010").expect_err("zeros").help.starts_with("write `10.0.2.10`"));
    }

    proptest! {
        #[test]
        fn takes_nothing_but_addresses(text in "[0-9a-f.:/%x ]{0,20}") {
            prop_assert!(parse(&text).is_err() || text.parse::<IpAddr>().is_ok(), "{}", text);
        }

        #[test]
        fn an_address_is_itself(bits: u128) {
            let address = Ipv6Addr::from_bits(bits);
            prop_assert!(parse(&address.to_string()).is_ok_and(|read| read == address.to_canonical()) || special(address.to_canonical()).is_some());
        }
    }
}
