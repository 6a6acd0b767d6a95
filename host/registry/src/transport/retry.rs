//! Waiting for what may pass.

use std::io;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::failure::TransportError;
use crate::options::Retry;

/// Counts tries and waits between them.
#[derive(Debug)]
pub(crate) struct Attempts {
    retry: Retry,
    made: u32,
}

impl Attempts {
    /// No try was made yet.
    pub(crate) fn new(retry: Retry) -> Self {
        Self { retry, made: 0 }
    }

    /// Waits before the next try; gives the error back if there is none.
    pub(crate) async fn wait(&mut self, error: TransportError, asked: Option<Duration>) -> Result<(), TransportError> {
        self.made = self.made.saturating_add(1);
        if self.made >= self.retry.attempts {
            return Err(error);
        }
        // Asking again earlier than told would be rude, and waiting longer than allowed would look like a hang.
        if asked.is_some_and(|asked| asked > self.retry.max_delay) {
            return Err(error);
        }
        tokio::time::sleep(asked.unwrap_or_else(|| self.delay())).await;
        Ok(())
    }

    /// Starts to count anew, because something was achieved.
    pub(crate) fn reset(&mut self) {
        self.made = 0;
    }

    fn delay(&self) -> Duration {
        let factor = 2_u32.saturating_pow(self.made.saturating_sub(1));
        self.retry.first_delay.saturating_mul(factor).min(self.retry.max_delay)
    }
}

/// Whether an answer means "not now".
pub(super) fn is_busy(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::INTERNAL_SERVER_ERROR
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// How long the server asks to wait. A date is left out: the clocks may differ.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// Whether a failure may pass. A certificate does not become valid by asking again.
pub(super) fn is_temporary(error: &reqwest::Error) -> bool {
    !error.is_builder() && !error.is_redirect() && !is_certificate(error)
}

/// Whether TLS refused the server. rustls' errors come as I/O errors about invalid data, within others.
pub(super) fn is_certificate(error: &reqwest::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(is_about_data) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Looks into I/O errors that hold others, which are no sources.
fn is_about_data(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>());
    error.kind() == io::ErrorKind::InvalidData || inner.is_some_and(is_about_data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest() {
        let retry =
            Retry { attempts: 9, first_delay: Duration::from_millis(100), max_delay: Duration::from_millis(700) };
        let mut attempts = Attempts::new(retry);
        let mut delays = Vec::new();
        for made in 1..=5 {
            attempts.made = made;
            delays.push(attempts.delay().as_millis());
        }
        assert_eq!(delays, [100, 200, 400, 700, 700]);
    }

    #[test]
    fn what_servers_ask_for() {
        let of = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, reqwest::header::HeaderValue::from_static(text));
            retry_after(&headers)
        };
        assert_eq!(of("3"), Some(Duration::from_secs(3)));
        assert_eq!(of("Fri, 31 Dec 1999 23:59:59 GMT"), None);
        assert_eq!(of("-1"), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
