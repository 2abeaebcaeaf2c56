//! What the server is told, one struct per concern. Nothing here is secret and everything has a default.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use qdn_sign::cloudfront::is_key_id;
use qdn_sign::{AddressStyle, Endpoint};

/// The whole configuration of `qdn serve`.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Where and under which names it listens.
    pub network: NetworkConfig,
    /// Where the bytes go.
    pub storage: StorageConfig,
    /// The distribution in front of the bucket.
    pub cloudfront: CloudFrontConfig,
    /// What an upload may be.
    pub uploads: UploadConfig,
    /// What the photo processor may use.
    pub photos: ProcessConfig,
    /// What the pages say.
    pub pages: PagesConfig,
}

/// Where and under which names the server listens.
#[derive(Debug, Clone)]
pub struct NetworkConfig {
    /// The API and the pages.
    pub listen: SocketAddr,
    /// The object store, an origin of its own.
    pub store_listen: SocketAddr,
    /// How people reach the API, such as `https://photos.example.com`. `None`: by the name they used.
    pub public_url: Option<String>,
    /// How people reach the store. `None`: by the host name they used for the API, at the store's port.
    pub store_public_url: Option<String>,
    /// Whether the store's name holds the bucket's, as Amazon S3's does.
    pub store_address_style: AddressStyle,
    /// The certificate of both ports, which then speak TLS only.
    pub tls: Option<TlsFiles>,
    /// Whether this process is a function, as in AWS Lambda: it answers one request at a time, each answer whole and of at
    /// most 6 MB, and stands still in between.
    pub function: bool,
    /// Seconds that requests in flight get to finish on shutdown.
    pub drain_seconds: u64,
    /// Connections at once, on each of the two ports.
    pub connections_max: usize,
}

/// Where the certificate of both ports stands.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate and those that vouch for it, in PEM, its own first.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self {
            listen: SocketAddr::new(local, 8080),
            store_listen: SocketAddr::new(local, 9000),
            public_url: None,
            store_public_url: None,
            store_address_style: AddressStyle::Path,
            tls: None,
            function: false,
            drain_seconds: 30,
            connections_max: 1024,
        }
    }
}

/// Where the bytes go.
#[derive(Debug, Clone)]
pub struct StorageConfig {
    /// The folder of everything: database, keys, objects.
    pub data: PathBuf,
    /// Begin with an empty database although there are photos.
    pub new_database: bool,
    /// Begin with an empty store although the database knows photos.
    pub new_store: bool,
    /// The bucket.
    pub bucket: String,
    /// The region that signatures name.
    pub region: String,
    /// Uploads end with 507 when less space than this is left; `None` is 256 MiB or 5 % of the disk, the smaller.
    pub disk_floor_bytes: Option<u64>,
}

impl Default for StorageConfig {
    fn default() -> Self {
        Self {
            data: PathBuf::from("qdn-data"),
            new_database: false,
            new_store: false,
            bucket: "qdn-uploads".to_owned(),
            region: "us-east-1".to_owned(),
            disk_floor_bytes: None,
        }
    }
}

/// A CloudFront distribution that photos are fetched from. Nothing of it: they come from the store.
#[derive(Debug, Clone, Default)]
pub struct CloudFrontConfig {
    /// Its origin, such as `https://d111111abcdef8.cloudfront.net`.
    pub url: Option<String>,
    /// The id of the key that signs, in the distribution's key group.
    pub key_id: Option<String>,
    /// Its private half, in PEM: ECDSA P-256 or RSA-2048.
    pub key_file: Option<PathBuf>,
}

/// What an upload may be, and for how long links and grants live.
#[derive(Debug, Clone)]
pub struct UploadConfig {
    /// The largest photo.
    pub photo_bytes_max: u64,
    /// How long a granted upload may be used, unless the caller asks for less.
    pub upload_expires_seconds: u32,
    /// Seconds within which everybody is handed the same signed URL; it lives for one window more.
    pub delivery_window_seconds: u32,
    /// Requests per minute of the pages' own application key, all users together.
    pub requests_per_minute_max: u32,
    /// Uploads that one link or application key may have open: granted and never sent, until they are pruned a day after
    /// they expire.
    pub open_uploads_max: u32,
}

impl Default for UploadConfig {
    fn default() -> Self {
        Self {
            photo_bytes_max: 100 << 20,
            upload_expires_seconds: 15 * 60,
            delivery_window_seconds: 15 * 60,
            requests_per_minute_max: 12_000,
            open_uploads_max: 2_000,
        }
    }
}

/// What the processor is told.
#[derive(Debug, Clone)]
pub struct ProcessConfig {
    /// Photos decoded at once, each in a process of its own; 0 leaves the work to other servers.
    pub workers: usize,
    /// Memory that all workers together may decode in, in MiB; half as much besides is for the originals that they hold. A
    /// photo's need is worked out from its pixels.
    pub memory_mebibytes: u32,
    /// The longest that a worker may be with one photo, in seconds. The slowest that the limits let through, a HEIC of 50
    /// megapixels, takes a few seconds of one core; the rest is for machines that are small or busy.
    pub seconds_max: u32,
    /// Where a camera's time without an offset was read; the machine's own zone when absent.
    pub time_zone: Option<String>,
}

impl Default for ProcessConfig {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self { workers: cores.min(8), memory_mebibytes: 1_024, seconds_max: 60, time_zone: None }
    }
}

impl ProcessConfig {
    /// The longest that a worker may be with one photo.
    pub fn deadline(&self) -> Duration {
        Duration::from_secs(self.seconds_max.into())
    }

    /// How long a photo is a worker's alone: four times the time that a worker may take for each half of its work, since it may
    /// wait as long for memory before each, and a margin in which it is fetched and its renditions are stored.
    pub fn claim_lives(&self, margin: SignedDuration) -> SignedDuration {
        margin + SignedDuration::from_secs(4 * i64::from(self.seconds_max))
    }

    /// The time zone, if there is one of that name.
    pub fn time_zone(&self) -> Option<TimeZone> {
        match &self.time_zone {
            None => Some(TimeZone::system()),
            Some(name) => TimeZone::get(name).ok(),
        }
    }
}

/// What the pages say.
#[derive(Debug, Clone)]
pub struct PagesConfig {
    /// Above the customer's gallery.
    pub company_name: String,
    /// Whom a customer calls when a link is dead.
    pub company_phone: Option<String>,
    /// Pages that take the place of those in the program, as `npm run build` in `web/` writes them.
    pub folder: Option<PathBuf>,
}

impl Default for PagesConfig {
    fn default() -> Self {
        Self { company_name: "QuickDumpNow".to_owned(), company_phone: None, folder: None }
    }
}

impl Config {
    /// Everything that cannot be right, each as a sentence that names the setting.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, url) in
            [("public-url", &self.network.public_url), ("store-public-url", &self.network.store_public_url)]
        {
            if let Some(url) = url
                && !is_origin(url)
            {
                problems.push(format!(
                    "--{name} must be an origin such as https://photos.example.com, not {url:?}"
                ));
            }
        }
        if self.network.public_url.is_some() != self.network.store_public_url.is_some() {
            problems.push("--public-url and --store-public-url go together: set both or neither".to_owned());
        }
        self.cloudfront.add_problems(&mut problems);
        let uploads = &self.uploads;
        if uploads.photo_bytes_max == 0 || uploads.photo_bytes_max > 5 << 30 {
            problems.push(
                "--photo-bytes-max must be 1 to 5368709120, the most that one S3 form can carry".to_owned(),
            );
        }
        for (name, seconds) in [
            ("upload-expires-seconds", uploads.upload_expires_seconds),
            ("delivery-window-seconds", uploads.delivery_window_seconds),
        ] {
            if !(1..=86_400).contains(&seconds) {
                problems.push(format!("--{name} must be 1 to 86400"));
            }
        }
        if uploads.requests_per_minute_max == 0 {
            problems.push("--requests-per-minute-max must be at least 1".to_owned());
        }
        // One call may ask for so many.
        if uploads.open_uploads_max < 100 {
            problems.push("--open-uploads-max must be at least 100".to_owned());
        }
        if self.network.connections_max == 0 {
            problems.push("--connections-max must be at least 1".to_owned());
        }
        if self.photos.time_zone().is_none() {
            problems
                .push("--time-zone must be a name of the IANA database, such as America/Chicago".to_owned());
        }
        if self.photos.workers > 256 {
            problems.push("--photo-workers must be 0 to 256".to_owned());
        }
        if !(1..=3_600).contains(&self.photos.seconds_max) {
            problems.push("--photo-seconds-max must be 1 to 3600".to_owned());
        }
        if !is_bucket_name(&self.storage.bucket) {
            problems.push(
                "--bucket must be 3 to 63 of a-z, 0-9, - and ., starting and ending with a letter or digit"
                    .to_owned(),
            );
        }
        problems
    }
}

impl CloudFrontConfig {
    /// What cannot be right. The key itself is read when it is first needed, at the start.
    fn add_problems(&self, problems: &mut Vec<String>) {
        let set = [self.url.is_some(), self.key_id.is_some(), self.key_file.is_some()];
        if set.contains(&true) && set.contains(&false) {
            problems.push(
                "--cloudfront-url, --cloudfront-key-id and --cloudfront-key-file go together: set all or none"
                    .to_owned(),
            );
        }
        if let Some(url) = &self.url
            && (!is_origin(url) || Endpoint::new(url, AddressStyle::Path).is_err())
        {
            problems.push(format!(
                "--cloudfront-url must be an origin such as https://d111111abcdef8.cloudfront.net, not {url:?}"
            ));
        }
        if self.key_id.as_ref().is_some_and(|key_id| !is_key_id(key_id)) {
            problems.push(
                "--cloudfront-key-id must be an id that CloudFront gave a public key, such as K2JCJMDEHXQW5F"
                    .to_owned(),
            );
        }
    }
}

impl NetworkConfig {
    /// How URLs of the two ports begin, unless a proxy in front speaks TLS for us.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}

/// Whether `url` is scheme, host and perhaps a port, nothing else.
pub(crate) fn is_origin(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let plain = uri.authority().is_some_and(|authority| {
        !authority.as_str().contains('@')
            && url == format!("{}://{authority}", uri.scheme_str().unwrap_or_default())
    });
    plain && matches!(uri.scheme_str(), Some("http" | "https"))
}

/// The rules that matter of <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>.
fn is_bucket_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| plain(byte) || byte == b'-' || byte == b'.')
        && name.bytes().next().is_some_and(plain)
        && name.bytes().last().is_some_and(plain)
        && !name.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_have_no_problems() {
        assert_eq!(Config::default().problems(), Vec::<String>::new());
    }

    #[test]
    fn every_problem_is_reported_at_once_and_by_name() {
        let mut config = Config::default();
        config.network.public_url = Some("https://a.example/path".to_owned());
        config.uploads.photo_bytes_max = 0;
        config.uploads.upload_expires_seconds = 0;
        config.uploads.open_uploads_max = 99;
        config.storage.bucket = "No".to_owned();
        config.cloudfront.url = Some("https://d111.cloudfront.net/photos".to_owned());
        config.cloudfront.key_id = Some("K 1".to_owned());
        config.photos.time_zone = Some("Mars/Olympus".to_owned());
        config.photos.workers = 1_000;
        config.photos.seconds_max = 0;
        let problems = config.problems().join("\n");
        for name in [
            "--public-url",
            "--store-public-url",
            "--photo-bytes-max",
            "--open-uploads-max",
            "--upload-expires-seconds",
            "--bucket",
            "--cloudfront-url must",
            "--cloudfront-key-id must",
            "--cloudfront-key-file go together",
            "--time-zone",
            "--photo-workers",
            "--photo-seconds-max",
        ] {
            assert!(problems.contains(name), "{name} in {problems}");
        }
    }

    #[test]
    fn origins_have_no_path_and_no_user() {
        assert!(is_origin("http://192.168.1.5:8080") && is_origin("https://a.example"));
        for bad in ["a.example", "https://a.example/", "ftp://a", "https://u@a.example", "https://", ""] {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
