//! Ranges of addresses, and the setting that lists them.

use std::fmt;
use std::net::IpAddr;

use forewarn_kit::settings::Settings;

/// A range of IPv4 or IPv6 addresses. An IPv4 range written as IPv6 is the IPv4 range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cidr {
    network: IpAddr,
    prefix: u32,
}

/// Reads the setting `allowedCIDRs`.
pub(crate) fn setting(settings: &mut Settings<'_>) -> Vec<Cidr> {
    let about = "The ranges that external addresses may come from, such as `192.0.2.0/24` or `2001:db8::/64`.";
    let texts = settings.strings("allowedCIDRs", about, &[]);
    let mut ranges = Vec::new();
    for text in texts {
        match Cidr::parse(&text) {
            Ok(range) => ranges.push(range),
            Err(reason) => settings.refuse(&format!("`allowedCIDRs` has `{text}`, {reason}")),
        }
    }
    ranges
}

impl Cidr {
    /// Reads `<address>/<prefix length>`. All bits behind the prefix are 0.
    fn parse(text: &str) -> Result<Self, String> {
        const EXPECTED: &str =
            "which is no range: an IPv4 or IPv6 address and a prefix length are expected, such as `192.0.2.0/24`";
        let Some((address, length)) = text.split_once('/') else {
            let single = text
                .parse::<IpAddr>()
                .map(|address| format!("which has no prefix length: write `{}`", Self::of(address)));
            return Err(single.unwrap_or_else(|_| EXPECTED.to_owned()));
        };
        let plain = length.bytes().all(|byte| byte.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
        let prefix = length.parse::<u32>().ok().filter(|_| plain);
        let (Ok(address), Some(prefix)) = (address.parse::<IpAddr>(), prefix) else { return Err(EXPECTED.to_owned()) };
        if prefix > width(address) {
            return Err(format!("whose prefix length is larger than {}", width(address)));
        }
        let masked = Self { network: mask(address, prefix), prefix };
        if masked.network != address {
            let single = Self::of(address);
            return Err(format!(
                "whose address has bits set behind its first {prefix}: write `{masked}` for the range or `{single}` for \
                 the one address"
            ));
        }
        Ok(masked.canonical())
    }

    /// The range of one address.
    fn of(address: IpAddr) -> Self {
        Self { network: address, prefix: width(address) }
    }

    fn canonical(self) -> Self {
        match (self.network.to_canonical(), self.prefix.checked_sub(96)) {
            (network @ IpAddr::V4(_), Some(prefix)) if self.network.is_ipv6() => Self { network, prefix },
            _ => self,
        }
    }

    /// Whether the address, which is in its canonical form, is in the range.
    pub(crate) fn contains(self, address: IpAddr) -> bool {
        mask(address, self.prefix) == self.network
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The address with 0 in all bits behind the first `prefix`.
fn mask(address: IpAddr, prefix: u32) -> IpAddr {
    // A shift by all bits is none in Rust; here it takes them all.
    let behind = width(address).saturating_sub(prefix);
    match address {
        IpAddr::V4(v4) => IpAddr::V4((v4.to_bits() & u32::MAX.checked_shl(behind).unwrap_or_default()).into()),
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & u128::MAX.checked_shl(behind).unwrap_or_default()).into()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn holds(range: &str, address: &str) -> bool {
        let address: IpAddr = address.parse().expect(address);
        Cidr::parse(range).expect(range).contains(address.to_canonical())
    }

    #[test]
    fn holds_its_own_family_only() {
        assert!(holds("192.0.2.0/24", "192.0.2.255"));
        assert!(!holds("192.0.2.0/24", "192.0.3.0"));
        assert!(holds("192.0.2.7/32", "192.0.2.7") && !holds("192.0.2.7/32", "192.0.2.6"));
        assert!(holds("0.0.0.0/0", "203.0.113.9") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("::/0", "2001:db8::1") && !holds("::/0", "203.0.113.9"));
        assert!(holds("2001:db8::/64", "2001:db8::ffff") && !holds("2001:db8::/64", "2001:db8:0:1::"));
    }

    #[test]
    fn an_ipv4_range_in_ipv6_is_the_ipv4_range() {
        assert!(holds("::ffff:192.0.2.0/120", "192.0.2.9"));
        assert!(holds("192.0.2.0/24", "::ffff:192.0.2.9"));
        assert_eq!(Cidr::parse("::ffff:192.0.2.0/120").expect("a range").to_string(), "192.0.2.0/24");
        assert_eq!(Cidr::parse("::ffff:0:0/96").expect("a range").to_string(), "0.0.0.0/0");
    }

    #[test]
    fn says_what_is_no_range() {
        for (text, word) in [
            ("192.0.2.7", "write `192.0.2.7/32`"),
            ("2001:db8::1", "write `2001:db8::1/128`"),
            ("192.0.2.7/24", "write `192.0.2.0/24` for the range or `192.0.2.7/32`"),
            ("::ffff:192.0.2.0/90", "bits set"),
            ("192.0.2.0/33", "larger than 32"),
            ("2001:db8::/129", "larger than 128"),
            ("192.0.2.0/", "no range"),
            ("192.0.2.0/+8", "no range"),
            ("192.0.2.0/08", "no range"),
            ("192.0.2.0/24/8", "no range"),
            ("010.0.0.0/8", "no range"),
            ("office", "no range"),
            ("", "no range"),
        ] {
            let error = Cidr::parse(text).expect_err(text);
            assert!(error.contains(word), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn a_range_holds_what_shares_its_prefix(address: u32, prefix in 0u32..=32, other: u32) {
            let range = Cidr { network: mask(IpAddr::V4(address.into()), prefix), prefix };
            let same = u64::from(address ^ other) >> (32 - prefix) == 0;
            prop_assert_eq!(range.contains(IpAddr::V4(other.into())), same);
            prop_assert_eq!(Cidr::parse(&range.to_string()), Ok(range));
        }

        #[test]
        fn takes_nothing_but_ranges(text in "[0-9a-f.:/+ ]{0,24}") {
            if let Ok(range) = Cidr::parse(&text) {
                let (address, length) = text.split_once('/').expect("two parts");
                prop_assert!(address.parse::<IpAddr>().is_ok() && length.parse::<u8>().is_ok());
                prop_assert_eq!(Cidr::parse(&range.to_string()), Ok(range));
            }
        }
    }
}
