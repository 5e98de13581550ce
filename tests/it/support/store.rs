//! A small S3 store on loopback: what is there is in memory, and it fails as told.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};

/// What a request meets in the place of an answer to what it asks for: does as it is told, and hangs up.
pub(crate) const LOST: u16 = 0;

/// What a request meets, by its method and its path in the bucket: a status, [`LOST`], or nothing.
type Fault = dyn Fn(&Method, &str) -> Option<u16> + Send + Sync;

/// A bucket named `evidence`.
pub(crate) struct Bucket {
    address: std::net::SocketAddr,
    objects: Arc<Mutex<BTreeMap<String, Bytes>>>,
    fault: Arc<Mutex<Box<Fault>>>,
    _runtime: tokio::runtime::Runtime,
}

impl Bucket {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let objects = Arc::new(Mutex::new(BTreeMap::new()));
        let fault: Arc<Mutex<Box<Fault>>> = Arc::new(Mutex::new(Box::new(|_, _| None)));
        let (shared_objects, shared_fault) = (Arc::clone(&objects), Arc::clone(&fault));
        let router = Router::new().fallback(move |request: Request| {
            let (objects, fault) = (Arc::clone(&shared_objects), Arc::clone(&shared_fault));
            async move {
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
                let path = parts.uri.path().trim_start_matches("/evidence").trim_start_matches('/').to_owned();
                let path = decoded(&path);
                let fault = fault.lock().expect("no panic")(&parts.method, &path);
                if let Some(status) = fault.filter(|status| *status != LOST) {
                    return answer(status, Bytes::from_static(b"<Error><Code>AccessDenied</Code></Error>"));
                }
                let answer = reply(
                    &mut objects.lock().expect("no panic"),
                    &parts.method,
                    &parts.uri,
                    &parts.headers,
                    path,
                    body,
                );
                if fault.is_some() {
                    // the connection ends with its task, and nobody is told why
                    std::panic::resume_unwind(Box::new(()));
                }
                answer
            }
        });
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { address, objects, fault, _runtime: runtime }
    }

    /// Lets requests fail with a status from now on.
    pub(crate) fn fails(&self, fault: impl Fn(&Method, &str) -> Option<u16> + Send + Sync + 'static) {
        *self.fault.lock().expect("no panic") = Box::new(fault);
    }

    /// What is in it, by path.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.objects.lock().expect("no panic").keys().cloned().collect()
    }

    /// Puts something there that somebody else has written.
    pub(crate) fn put(&self, path: &str, text: &'static str) {
        self.objects.lock().expect("no panic").insert(path.to_owned(), Bytes::from_static(text.as_bytes()));
    }

    pub(crate) fn bytes_of(&self, path: &str) -> Bytes {
        self.objects.lock().expect("no panic")[path].clone()
    }

    /// What the program is told of it.
    pub(crate) fn variables(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT", format!("http://{}", self.address)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "x".to_owned()),
            ("AWS_ACCESS_KEY_ID", "x".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "x".to_owned()),
        ]
    }
}

/// A path without its percent signs.
fn decoded(path: &str) -> String {
    let pairs = format!("path={path}");
    url::form_urlencoded::parse(pairs.as_bytes()).map(|(_, path)| path.into_owned()).next().unwrap_or_default()
}

fn reply(
    objects: &mut BTreeMap<String, Bytes>,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    path: String,
    body: Bytes,
) -> Response<Body> {
    match *method {
        Method::PUT if headers.contains_key("if-none-match") && objects.contains_key(&path) => {
            answer(412, Bytes::new())
        }
        Method::PUT => {
            objects.insert(path, body);
            answer(200, Bytes::new())
        }
        // several at once, as clients prefer it even for one
        Method::POST => {
            let asked = String::from_utf8_lossy(&body);
            for key in asked.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next()) {
                objects.remove(key);
            }
            answer(200, Bytes::from_static(b"<DeleteResult></DeleteResult>"))
        }
        Method::GET if path.is_empty() => answer(200, listing(objects, uri.query().unwrap_or_default())),
        _ => match objects.get(&path) {
            Some(bytes) => answer(200, bytes.clone()),
            None => answer(404, Bytes::from_static(b"<Error><Code>NoSuchKey</Code></Error>")),
        },
    }
}

/// Everything below a prefix, as `ListObjectsV2` has it.
fn listing(objects: &BTreeMap<String, Bytes>, query: &str) -> Bytes {
    let prefix = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "prefix");
    let prefix = prefix.map(|(_, prefix)| prefix.into_owned()).unwrap_or_default();
    let mut text = "<ListBucketResult><IsTruncated>false</IsTruncated>".to_owned();
    for (path, bytes) in objects.iter().filter(|(path, _)| path.starts_with(&prefix)) {
        let size = bytes.len();
        let _ = write!(
            text,
            "<Contents><Key>{path}</Key><Size>{size}</Size><LastModified>2024-01-15T02:00:00.000Z</LastModified><ETag>\"1\"</ETag></Contents>"
        );
    }
    Bytes::from(text + "</ListBucketResult>")
}

fn answer(status: u16, body: Bytes) -> Response<Body> {
    let response = Response::builder().status(StatusCode::from_u16(status).expect("a status"));
    let response = response.header("etag", "\"1\"").header("last-modified", "Mon, 15 Jan 2024 02:00:00 GMT");
    response.body(Body::from(body)).expect("a response")
}
