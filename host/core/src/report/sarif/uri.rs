//! Files as URIs.

use super::log::ArtifactLocationDto;
use std::fmt::Write as _;

/// The name of the folder that relative URIs are relative to.
pub(super) const ROOT: &str = "%SRCROOT%";

/// Where a file is: relative to the root, unless its name leads out of it.
pub(super) fn artifact(file: &str) -> ArtifactLocationDto {
    let path = encoded(file);
    let is_drive = file.as_bytes().get(1) == Some(&b':') && file.as_bytes().get(2) == Some(&b'/');
    if path.starts_with('/') {
        ArtifactLocationDto { uri: format!("file://{path}"), uri_base_id: None }
    } else if is_drive {
        ArtifactLocationDto { uri: format!("file:///{path}"), uri_base_id: None }
    } else {
        let leads_out = file.split('/').any(|segment| segment == "..");
        ArtifactLocationDto { uri: path, uri_base_id: (!leads_out).then_some(ROOT) }
    }
}

/// A path in which everything is encoded that has a meaning in URIs, or none.
fn encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_uris() {
        let relative = |uri: &str| ArtifactLocationDto { uri: uri.to_owned(), uri_base_id: Some(ROOT) };
        assert_eq!(artifact("k8s/größe #1.yaml"), relative("k8s/gr%C3%B6%C3%9Fe%20%231.yaml"));
        assert_eq!(artifact("a:b/100%.yaml"), relative("a%3Ab/100%25.yaml"));
        assert_eq!(artifact("<stdin>"), relative("%3Cstdin%3E"));
        let elsewhere = |uri: &str| ArtifactLocationDto { uri: uri.to_owned(), uri_base_id: None };
        assert_eq!(artifact("/srv/a b.yaml"), elsewhere("file:///srv/a%20b.yaml"));
        assert_eq!(artifact("C:/srv/a.yaml"), elsewhere("file:///C%3A/srv/a.yaml"));
        assert_eq!(artifact("../a.yaml"), elsewhere("../a.yaml"));
    }
}
