//! `forewarn playground`: the site, served on loopback from the command itself.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use forewarn_site::SiteFile;

use crate::args::Playground;
use crate::exit::{Exit, Failure};
use crate::output::print;

/// How long a browser may take to send a request or to read an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// What the page says in its own head, said again for its worker, which goes by the head of its script's answer.
const CSP: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; \
                   style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
                   frame-ancestors 'none'";
/// The longest request line that is read, in bytes.
const LONGEST_LINE: u64 = 8192;

/// Serves the site until it is interrupted. Nobody else can reach it, and nothing is fetched.
///
/// # Errors
/// Exit 2 when the command was built without the site, 3 when the port cannot be opened.
pub(crate) fn playground(args: &Playground) -> Result<Exit, Failure> {
    if forewarn_site::files().is_empty() {
        let error = anyhow!("this `forewarn` was built without its playground");
        return Err(Failure::usage(error).with_help("build it with `./bootstrap site`, then `./bootstrap build`"));
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port));
    let listener = listener.with_context(|| format!("cannot listen on port {}", args.port)).map_err(|error| {
        Failure::input(error).with_help("choose another with `--port`, or leave it out for any that is free")
    })?;
    let address = listener.local_addr().map_err(Failure::input)?;
    print(&format!("http://{address}/ (end with Ctrl-C)\n"))?;
    for stream in listener.incoming().flatten() {
        // What a browser breaks off is its own business.
        thread::spawn(move || answer(stream).ok());
    }
    Ok(Exit::Clean)
}

fn answer(mut stream: TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    let mut reader = BufReader::new(io::Read::take(stream.try_clone()?, LONGEST_LINE));
    reader.read_line(&mut line)?;
    // The headers are read to their end, else closing resets the connection.
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let (status, file) = match (method, find(path)) {
        ("GET" | "HEAD", Some(file)) => ("200 OK", Some(file)),
        ("GET" | "HEAD", None) => ("404 Not Found", None),
        _ => ("405 Method Not Allowed", None),
    };
    let body = file.map_or(&b""[..], |file| file.gzip);
    let kind = file.map_or("text/plain", |file| media_type(file.path));
    let encoding = if file.is_some() { "Content-Encoding: gzip\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{encoding}Content-Length: {}\r\nCache-Control: no-cache\r\n\
         Content-Security-Policy: {CSP}\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    if method == "GET" {
        stream.write_all(body)?;
    }
    stream.flush()
}

/// The file of a path; a folder's is its `index.html`.
fn find(path: &str) -> Option<&'static SiteFile> {
    let path = path.strip_prefix('/')?;
    let path = if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
    forewarn_site::files().iter().find(|file| file.path == path)
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}
