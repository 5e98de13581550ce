//! Heads that are late, cut, endless or no HTTP, and answers that say what they are not.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::case::{Home, Place, check, unreachable, unusable};
use super::server::{RawServer, Step, Steps, Wire, http, sent, sent_then};
use crate::support::{Reply, base_usage};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

#[test]
fn a_connection_that_ends_before_an_answer_is_tried_again() {
    check([
        unreachable("hangs up at once", vec![Step::Close], &["the connection was closed before an answer had come"]),
        unreachable("resets at once", vec![Step::Reset], &["no answer came from the server"]),
        unreachable("hangs up within the head", sent(OK), &["the connection was closed before an answer had come"]),
    ]);
}

#[test]
fn a_head_that_stalls_is_left_in_time() {
    check([unreachable("stalls within the head", sent_then(OK, Step::Stall), &["kept silent for too long"])]);
}

/// Until the head is complete, a drip is as good as silence.
#[test]
fn a_head_that_drips_in_is_left_in_time() {
    check([unreachable(
        "drips its head",
        sent_then(format!("{OK}X-Drip: "), Step::Drip(b'x')),
        &["kept silent for too long"],
    )]);
}

#[test]
fn what_is_no_http_is_told_as_such() {
    let lengths = |first: &str, second: &str| {
        sent_then(format!("{OK}Content-Length: {first}\r\nContent-Length: {second}\r\n\r\n{{}}"), Step::Stall)
    };
    let headers = "X-Header: x\r\n".repeat(200);
    let not_http = &["what came is not HTTP as it should be"];
    check([
        unreachable("speaks another protocol", sent("220 mail.example ESMTP\r\n"), not_http),
        unreachable("sends two lengths", lengths("2", "3"), not_http),
        unreachable("sends a negative length", lengths("-2", "-2"), not_http),
        unreachable("sends a length of letters", lengths("two", "two"), not_http),
        unreachable("sends 200 headers", sent(format!("{OK}{headers}\r\n{{}}")), not_http),
        unreachable(
            "sends a head that never ends",
            vec![Step::Send(OK.into()), Step::Repeat(b"X-More: and more and more and more\r\n".to_vec())],
            not_http,
        ),
        unreachable(
            "sends a header line that never ends",
            vec![Step::Send(format!("{OK}X-Long: ").into()), Step::Repeat(vec![b'x'; 4096])],
            not_http,
        ),
    ]);
}

/// RFC 9112 lets the chunks win over the length.
#[test]
fn chunks_beside_a_length_are_read_as_chunks() {
    let usage = base_usage();
    let chunks = format!("{:x}\r\n{usage}\r\n0\r\n\r\n", usage.len());
    accepted(sent(format!("{OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}")));
}

#[test]
fn an_encoded_answer_is_refused_before_a_byte_of_it_is_unpacked() {
    let encoded = |name, body: Vec<u8>| {
        let mut bytes = format!("{OK}Content-Encoding: {name}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
        bytes.extend(body);
        sent(bytes)
    };
    let as_gzip = &["the answer is encoded as `gzip`, although plain bytes were asked for"];
    check([
        unusable("sends a gzip bomb", encoded("gzip", gzip(&vec![b' '; 2 << 20])), as_gzip),
        unusable("sends gzip of two members", encoded("gzip", [gzip(b"{"), gzip(b"}")].concat()), as_gzip),
        unusable("says gzip and sends plain", encoded("gzip", base_usage().into_bytes()), as_gzip),
        unusable("sends brotli", encoded("br", vec![0; 9]), &["encoded as `br`"]),
        unusable("sends zstd", encoded("zstd", zstd::encode_all(&b"{}"[..], 1).expect("zstd")), &["encoded as `zstd`"]),
        unusable("sends both", encoded("identity, gzip", vec![0; 9]), &["encoded as `identity,gzip`"]),
    ]);
}

#[test]
fn an_identity_encoding_is_no_encoding() {
    accepted(sent(http(&Reply::json(base_usage()).header("content-encoding", "identity"))));
}

/// A night with such a usage answer succeeds, and asks for it once.
fn accepted(steps: Steps) {
    let server = RawServer::start(Wire::Plain, Place::Usage.misbehaving(usize::MAX, steps));
    Home::new().mended(&server);
    assert_eq!(Place::Usage.asked(&server), 1);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).expect("a Vec");
    packed.finish().expect("a Vec")
}
