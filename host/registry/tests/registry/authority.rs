//! A certificate authority for one test.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// An authority and a server on loopback that it vouches for, all as PEM.
pub(crate) struct Certified {
    /// The authority's certificate.
    pub(crate) authority: String,
    /// The server's certificate.
    pub(crate) certificate: String,
    /// The server's key.
    pub(crate) key: String,
}

impl Certified {
    /// New keys and certificates.
    pub(crate) fn new() -> Self {
        let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority =
            CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("a certificate");
        let key = KeyPair::generate().expect("a key");
        let server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("parameters");
        let server = server.signed_by(&key, &authority).expect("a certificate");
        Self { authority: authority.pem(), certificate: server.pem(), key: key.serialize_pem() }
    }
}
