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
        let mut questions = probe.handlers().map(|(name, handler)| (name, Self::read(container, name, handler)));
        // Each is read, so that what is malformed in it is found.
        let first = questions.next();
        if questions.count() == 0 { first } else { None }
    }

    fn read(container: &Container<'a>, name: &str, handler: Node<'a>) -> Self {
        let port = || Port::of(handler).map(|port| port.resolved(container));
        match name {
            "httpGet" => Self::Http {
                scheme: text(handler, "scheme", "HTTP"),
                host: text(handler, "host", ""),
                port: port(),
                path: path(handler),
                headers: headers(handler),
            },
            "tcpSocket" => Self::Tcp { host: text(handler, "host", ""), port: port() },
            "grpc" => Self::Grpc { port: port(), service: text(handler, "service", "") },
            _ => Self::Exec(handler.strings("command").map(|(_, word)| word).collect()),
        }
    }
}

/// The path without the slash at its beginning, which the kubelet adds where it is missing.
fn path<'a>(handler: Node<'a>) -> Cow<'a, str> {
    let path = text(handler, "path", "");
    path.strip_prefix('/').map(|rest| rest.to_owned().into()).unwrap_or(path)
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
