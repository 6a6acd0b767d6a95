//! Names of Linux capabilities.

/// The canonical spelling of a capability's name: upper case, without `CAP_`.
/// Container runtimes read `add` and `drop` without regard to case, and some drop the prefix.
pub fn canonical(name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    upper.strip_prefix("CAP_").map_or_else(|| upper.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn drops_prefix_and_case() {
        assert_eq!(canonical("cap_net_raw"), "NET_RAW");
        assert_eq!(canonical("All"), "ALL");
    }
}
