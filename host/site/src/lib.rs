//! The site that the `forewarn` command carries with it: playground, policies, book.

/// The site's files, sorted by path; none when the site was not built before this crate was.
#[must_use]
pub fn files() -> &'static [SiteFile] {
    FILES
}

/// One file.
#[derive(Debug)]
pub struct SiteFile {
    /// Its path in the site, such as `policies/root-user.html`.
    pub path: &'static str,
    /// Its bytes, compressed as browsers take them.
    pub gzip: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/site.rs"));
