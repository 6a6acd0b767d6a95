//! What a probe asks, so that two ways to write the same question are equal.

use std::borrow::Cow;

use forewarn_kit::json::Node;
use forewarn_kit::probe::Probe;
use forewarn_kit::workload::Container;

use crate::port::Port;

/// A handler with the API server's defaults, and named ports by their numbers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Question<'a> {
    Http {
        scheme: Cow<'a, str>,
        host: Cow<'a, str>,
        port: Option<Port<'a>>,
        path: Cow<'a, str>,
        headers: Vec<(String, Cow<'a, str>)>,
    },
    Tcp {
        host: Cow<'a, str>,
        port: Option<Port<'a>>,
    },
    Grpc {
        port: Option<Port<'a>>,
        service: Cow<'a, str>,
    },
    Exec(Vec<Cow<'a, str>>),
}

impl<'a> Question<'a> {
    /// The handler's name and what the probe asks; nothing when it has no handler or more than one.
    pub(crate) fn of(container: &Container<'a>, probe: Probe<'a>) -> Option<(&'static str, Self)> {
        let mut handlers = probe.handlers();
        let (name, handler) = handlers.next()?;
        if handlers.next().is_some() {
            return None;
        }
        let port = || Port::of(handler).map(|port| port.resolved(container));
        let question = match name {
            "httpGet" => Self::Http {
                scheme: text(handler, "scheme", "HTTP"),
                host: text(handler, "host", ""),
                port: port(),
                path: text(handler, "path", "/"),
                headers: headers(handler),
            },
            "tcpSocket" => Self::Tcp { host: text(handler, "host", ""), port: port() },
            "grpc" => Self::Grpc { port: port(), service: text(handler, "service", "") },
            _ => Self::Exec(handler.strings("command").map(|(_, word)| word).collect()),
        };
        Some((name, question))
    }
}

/// The string under `key`; the default also where it is empty.
fn text<'a>(handler: Node<'a>, key: &str, default: &'static str) -> Cow<'a, str> {
    handler.string(key).filter(|text| !text.is_empty()).unwrap_or(Cow::Borrowed(default))
}

/// The headers in the order of their names, which HTTP reads without regard to case.
fn headers<'a>(handler: Node<'a>) -> Vec<(String, Cow<'a, str>)> {
    let mut headers = Vec::new();
    for header in handler.objects("httpHeaders") {
        let header = (text(header, "name", "").to_ascii_lowercase(), text(header, "value", ""));
        let place = headers.partition_point(|other| *other <= header);
        headers.insert(place, header);
    }
    headers
}
