//! A store behind a socket, and a client that signs.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use qdn_sign::{AddressStyle, Credentials, Endpoint, Signer, Timestamp};
use qdn_store::{Store, StoreBody, StoreConfig};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(crate) const BUCKET: &str = "qdn-uploads";
pub(crate) const ACCESS_KEY: &str = "AKIDEXAMPLE";
pub(crate) const SECRET_KEY: &str = "a secret that nobody guesses";
pub(crate) const REGION: &str = "us-east-1";

pub(crate) fn credentials() -> Credentials {
    Credentials::new(ACCESS_KEY, SECRET_KEY)
}

pub(crate) fn signer() -> Signer {
    Signer::new(credentials(), REGION)
}

pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_unix(i64::try_from(since.as_secs()).unwrap())
}

/// The configuration of most tests.
pub(crate) fn config(folder: &std::path::Path) -> StoreConfig {
    let mut config = StoreConfig::new(folder, vec![credentials()]);
    config.disk_floor_bytes = Some(0);
    config
}

pub(crate) struct Server {
    pub(crate) store: Store,
    pub(crate) address: SocketAddr,
    pub(crate) folder: TempDir,
    pub(crate) config: StoreConfig,
    pub(crate) task: JoinHandle<()>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The first XML element of that name.
    pub(crate) fn element(&self, name: &str) -> &str {
        self.elements(name).first().copied().unwrap_or_default()
    }

    pub(crate) fn elements(&self, name: &str) -> Vec<&str> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        self.text().split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap()).collect()
    }

    /// The status and S3's code of an error.
    pub(crate) fn error(&self) -> (u16, &str) {
        (self.status.as_u16(), self.element("Code"))
    }
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut StoreConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        change(&mut config);
        let server = Self::open(folder, config).await;
        server.store.create_bucket_if_missing(BUCKET).await.unwrap();
        server
    }

    async fn open(folder: TempDir, config: StoreConfig) -> Self {
        let store = Store::open(config.clone()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(serve(listener, store.clone()));
        Self { store, address, folder, config, task }
    }

    /// Closes the store, lets `between` work on its files, and opens it again.
    pub(crate) async fn restart_after(self, between: impl FnOnce(&std::path::Path)) -> Self {
        self.task.abort();
        self.store.shutdown().await;
        between(self.folder.path());
        Self::open(self.folder, self.config).await
    }

    /// A store on a copy of the files as they lie on the disk now, as a killed process leaves them, once `between` has
    /// worked on the copy.
    pub(crate) async fn killed_copy(&self, between: impl FnOnce(&std::path::Path)) -> Self {
        let (folder, config) = self.copy_of_files();
        between(folder.path());
        Self::open(folder, config).await
    }

    pub(crate) fn copy_of_files(&self) -> (TempDir, StoreConfig) {
        let folder = tempfile::tempdir().unwrap();
        copy_all(self.folder.path(), folder.path());
        let mut config = self.config.clone();
        folder.path().clone_into(&mut config.root);
        (folder, config)
    }

    /// Waits until the background verification has ended.
    pub(crate) async fn verified(&self) -> qdn_store::Condition {
        for _ in 0..1000 {
            let condition = self.store.condition();
            if !condition.verifying {
                return condition;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the verification does not end: {:?}", self.store.condition());
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::new(&format!("http://{}", self.address), AddressStyle::Path).unwrap()
    }

    /// Sends a request whose URL is signed, with all the given headers.
    pub(crate) async fn send(
        &self,
        method: &str,
        key: Option<&str>,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let body = body.into();
        let url = signer().presign_request(&self.endpoint(), method, BUCKET, key, query, headers, now(), 60);
        self.send_url(method, &url, headers, body).await
    }

    pub(crate) async fn send_url(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (origin, path) = url.split_at(url[8..].find('/').unwrap() + 8);
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request = request.header("host", origin.split_once("://").unwrap().1);
        }
        let request = request.uri(path).body(Full::new(body.into())).unwrap();
        exchange(self.address, request).await
    }

    /// Sends a request that is signed in its headers, all of which are signed. `x-amz-content-sha256` must be given.
    pub(crate) async fn send_signed_headers(
        &self,
        method: &str,
        key: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let path = format!("/{BUCKET}/{key}");
        let signed = HeaderSigner::new(now()).sign(method, &self.address.to_string(), &path, headers);
        let signed: Vec<_> = signed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.send_url(method, &format!("http://{}{path}", self.address), &signed, body).await
    }

    pub(crate) async fn put(&self, key: &str, body: impl Into<Bytes>) -> Answer {
        self.send("PUT", Some(key), &[], &[], body).await
    }

    pub(crate) async fn get(&self, key: &str) -> Answer {
        self.send("GET", Some(key), &[], &[], "").await
    }

    /// All keys of the bucket, as listed.
    pub(crate) async fn keys(&self) -> Vec<String> {
        let answer = self.send("GET", None, &[("list-type", "2")], &[], "").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.elements("Key").into_iter().map(str::to_owned).collect()
    }
}

fn copy_all(from: &std::path::Path, to: &std::path::Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&place).unwrap();
            copy_all(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), &place).unwrap();
        }
    }
}

async fn serve(listener: TcpListener, store: Store) {
    while let Ok((stream, _)) = listener.accept().await {
        let store = store.clone();
        let service = hyper::service::service_fn(move |request| {
            let store = store.clone();
            async move { Ok::<Response<StoreBody>, Infallible>(store.handle(request).await) }
        });
        tokio::spawn(
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
        );
    }
}

/// One request on a connection of its own.
pub(crate) async fn exchange<B>(address: SocketAddr, request: Request<B>) -> Answer
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    let response = sender.send_request(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    driver.abort();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// Signs in the headers, as the AWS CLI does (AWS, "Signature Calculations for the Authorization Header").
pub(crate) struct HeaderSigner {
    pub(crate) region: &'static str,
    pub(crate) service: &'static str,
    pub(crate) time: Timestamp,
    /// The signature of the last request or chunk.
    pub(crate) last: String,
}

impl HeaderSigner {
    pub(crate) fn new(time: Timestamp) -> Self {
        Self { region: REGION, service: "s3", time, last: String::new() }
    }

    fn scope(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.time.amz_day(), self.region, self.service)
    }

    fn signature(&self, string_to_sign: &str) -> String {
        let parts = [self.time.amz_day(), self.region.to_owned(), self.service.to_owned()];
        let mut key = format!("AWS4{SECRET_KEY}").into_bytes();
        for part in parts.iter().map(String::as_str).chain(["aws4_request"]) {
            key = hmac(&key, part);
        }
        hex(&hmac(&key, string_to_sign))
    }

    /// The given headers with those that make up the signature.
    pub(crate) fn sign(
        &mut self,
        method: &str,
        host: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Vec<(String, String)> {
        let mut all: Vec<_> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        all.push(("host".to_owned(), host.to_owned()));
        all.push(("x-amz-date".to_owned(), self.time.amz_date()));
        all.sort();
        let payload = &all.iter().find(|(name, _)| name == "x-amz-content-sha256").unwrap().1;
        let names = all.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
        let lines: String = all.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let canonical = format!("{method}\n{path}\n\n{lines}\n{names}\n{payload}");
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{}\n{}\n{}",
            self.time.amz_date(),
            self.scope(),
            hex(&Sha256::digest(canonical))
        );
        self.last = self.signature(&to_sign);
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{}, SignedHeaders={names}, Signature={}",
            self.scope(),
            self.last
        );
        all.push(("authorization".to_owned(), value));
        all
    }

    /// A signed chunk of a body, framed.
    pub(crate) fn chunk(&mut self, data: &[u8]) -> Vec<u8> {
        let to_sign = format!(
            "AWS4-HMAC-SHA256-PAYLOAD\n{}\n{}\n{}\n{}\n{}",
            self.time.amz_date(),
            self.scope(),
            self.last,
            hex(&Sha256::digest(b"")),
            hex(&Sha256::digest(data))
        );
        self.last = self.signature(&to_sign);
        let mut framed = format!("{:x};chunk-signature={}\r\n", data.len(), self.last).into_bytes();
        framed.extend_from_slice(data);
        if !data.is_empty() {
            framed.extend_from_slice(b"\r\n");
        }
        framed
    }

    /// The signed trailers behind the last chunk.
    pub(crate) fn trailer(&mut self, name: &str, value: &str) -> Vec<u8> {
        let to_sign = format!(
            "AWS4-HMAC-SHA256-TRAILER\n{}\n{}\n{}\n{}",
            self.time.amz_date(),
            self.scope(),
            self.last,
            hex(&Sha256::digest(format!("{name}:{value}\n")))
        );
        self.last = self.signature(&to_sign);
        format!("{name}:{value}\r\nx-amz-trailer-signature:{}\r\n\r\n", self.last).into_bytes()
    }
}

fn hmac(key: &[u8], message: &str) -> Vec<u8> {
    use hmac::{KeyInit, Mac};
    let mut mac = hmac::Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
