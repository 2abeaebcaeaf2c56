//! `qdn serve`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use qdn_sign::AddressStyle;

use super::DataArgument;
use crate::config::{
    CloudFrontConfig, Config, NetworkConfig, PagesConfig, ProcessConfig, StorageConfig, TlsFiles,
    UploadConfig,
};

/// What `qdn serve` can be told; every setting has an environment variable of its own too.
#[derive(Args)]
pub(super) struct ServeArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Address of the API and the pages; port 0 picks one
    #[arg(long, env = "QDN_LISTEN", value_name = "ADDR", default_value_t = NetworkConfig::default().listen)]
    listen: SocketAddr,
    /// Address of the photo store, an origin of its own; port 0 picks one
    #[arg(long, env = "QDN_STORE_LISTEN", value_name = "ADDR", default_value_t = NetworkConfig::default().store_listen)]
    store_listen: SocketAddr,
    /// Listen on this host address instead of loopback; without a value on all, for phones on the same network
    #[arg(long, env = "QDN_HOST", value_name = "IP", num_args = 0..=1, default_missing_value = "0.0.0.0")]
    host: Option<IpAddr>,
    /// How people reach the API, such as <https://photos.example.com>; by the name they used when absent
    #[arg(long, env = "QDN_PUBLIC_URL", value_name = "ORIGIN")]
    public_url: Option<String>,
    /// How people reach the photo store, such as <https://store.example.com>
    #[arg(long, env = "QDN_STORE_PUBLIC_URL", value_name = "ORIGIN")]
    store_public_url: Option<String>,
    /// Speak TLS on both ports, with the certificate (and those that vouch for it) in this file, in PEM; read again when it changes
    #[arg(long, env = "QDN_TLS_CERTIFICATE", value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The certificate's private key, in PEM
    #[arg(long, env = "QDN_TLS_KEY", value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Write this file (0600) once both ports answer: addresses, keys and fresh tokens as JSON
    #[arg(long, env = "QDN_READY_FILE", value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Begin with an empty database although the data folder holds photos
    #[arg(long, env = "QDN_NEW_DATABASE")]
    new_database: bool,
    /// Begin with an empty photo store although the database knows photos
    #[arg(long, env = "QDN_NEW_STORE")]
    new_store: bool,
    /// The bucket
    #[arg(long, env = "QDN_BUCKET", default_value_t = StorageConfig::default().bucket)]
    bucket: String,
    /// The region that signatures name
    #[arg(long, env = "QDN_REGION", default_value_t = StorageConfig::default().region)]
    region: String,
    /// Hand out photos through this CloudFront distribution, such as <https://d111111abcdef8.cloudfront.net>, instead of from the store
    #[arg(long, env = "QDN_CLOUDFRONT_URL", value_name = "ORIGIN")]
    cloudfront_url: Option<String>,
    /// The id of the key that signs for the distribution
    #[arg(long, env = "QDN_CLOUDFRONT_KEY_ID", value_name = "ID")]
    cloudfront_key_id: Option<String>,
    /// The private half of that key, in PEM: ECDSA P-256 or RSA-2048
    #[arg(long, env = "QDN_CLOUDFRONT_KEY_FILE", value_name = "FILE")]
    cloudfront_key_file: Option<PathBuf>,
    /// Refuse uploads when less space is left; 256 MiB or 5 % of the disk, the smaller, when absent
    #[arg(long, env = "QDN_DISK_FLOOR_BYTES", value_name = "BYTES")]
    disk_floor_bytes: Option<u64>,
    /// The largest photo
    #[arg(long, env = "QDN_PHOTO_BYTES_MAX", value_name = "BYTES", default_value_t = UploadConfig::default().photo_bytes_max)]
    photo_bytes_max: u64,
    /// How long a granted upload may be used
    #[arg(long, env = "QDN_UPLOAD_EXPIRES_SECONDS", value_name = "SECONDS", default_value_t = UploadConfig::default().upload_expires_seconds)]
    upload_expires_seconds: u32,
    /// How long everybody is handed the same signed URL; it lives twice as long
    #[arg(long, env = "QDN_DELIVERY_WINDOW_SECONDS", value_name = "SECONDS", default_value_t = UploadConfig::default().delivery_window_seconds)]
    delivery_window_seconds: u32,
    /// Requests per minute of the pages' application key, all users together, as set on the first start
    #[arg(long, env = "QDN_REQUESTS_PER_MINUTE_MAX", value_name = "N", default_value_t = UploadConfig::default().requests_per_minute_max)]
    requests_per_minute_max: u32,
    /// Uploads that one link or key may have open: granted and never sent
    #[arg(long, env = "QDN_OPEN_UPLOADS_MAX", value_name = "N", default_value_t = UploadConfig::default().open_uploads_max)]
    open_uploads_max: u32,
    /// Connections at once, on each port
    #[arg(long, env = "QDN_CONNECTIONS_MAX", value_name = "N", default_value_t = NetworkConfig::default().connections_max)]
    connections_max: usize,
    /// How long requests in flight may take to finish on shutdown
    #[arg(long, env = "QDN_DRAIN_SECONDS", value_name = "SECONDS", default_value_t = NetworkConfig::default().drain_seconds)]
    drain_seconds: u64,
    /// Photos decoded at once, each in a process of its own; 0 leaves them to other servers
    #[arg(long, env = "QDN_PHOTO_WORKERS", value_name = "N", default_value_t = ProcessConfig::default().workers)]
    photo_workers: usize,
    /// Memory that all photo workers together may decode in, in MiB
    #[arg(long, env = "QDN_PHOTO_MEMORY_MIB", value_name = "MIB", default_value_t = ProcessConfig::default().memory_mebibytes)]
    photo_memory_mib: u32,
    /// The longest that a photo may take to decode
    #[arg(long, env = "QDN_PHOTO_SECONDS_MAX", value_name = "SECONDS", default_value_t = ProcessConfig::default().seconds_max)]
    photo_seconds_max: u32,
    /// Time zone of cameras that tell none, such as America/Chicago; the machine's own when absent
    #[arg(long, env = "QDN_TIME_ZONE", value_name = "NAME")]
    time_zone: Option<String>,
    /// The company's name on the pages
    #[arg(long, env = "QDN_COMPANY_NAME", value_name = "NAME", default_value_t = PagesConfig::default().company_name)]
    company_name: String,
    /// The phone number on the pages
    #[arg(long, env = "QDN_COMPANY_PHONE", value_name = "NUMBER")]
    company_phone: Option<String>,
    /// Serve the pages from this folder instead of those in the program, for work on the pages
    #[arg(long, env = "QDN_PAGES_FOLDER", value_name = "DIR")]
    pages_folder: Option<PathBuf>,
}

impl ServeArguments {
    fn into_config(self) -> Config {
        let on_host = |mut address: SocketAddr| {
            if let Some(host) = self.host {
                address.set_ip(host);
            }
            address
        };
        Config {
            network: NetworkConfig {
                listen: on_host(self.listen),
                store_listen: on_host(self.store_listen),
                public_url: self.public_url,
                store_public_url: self.store_public_url,
                store_address_style: AddressStyle::Path,
                tls: self
                    .tls_certificate
                    .zip(self.tls_key)
                    .map(|(certificate, key)| TlsFiles { certificate, key }),
                function: false,
                drain_seconds: self.drain_seconds,
                connections_max: self.connections_max,
            },
            storage: StorageConfig {
                data: self.data.data,
                new_database: self.new_database,
                new_store: self.new_store,
                bucket: self.bucket,
                region: self.region,
                disk_floor_bytes: self.disk_floor_bytes,
            },
            cloudfront: CloudFrontConfig {
                url: self.cloudfront_url,
                key_id: self.cloudfront_key_id,
                key_file: self.cloudfront_key_file,
            },
            uploads: UploadConfig {
                photo_bytes_max: self.photo_bytes_max,
                upload_expires_seconds: self.upload_expires_seconds,
                delivery_window_seconds: self.delivery_window_seconds,
                requests_per_minute_max: self.requests_per_minute_max,
                open_uploads_max: self.open_uploads_max,
            },
            photos: ProcessConfig {
                workers: self.photo_workers,
                memory_mebibytes: self.photo_memory_mib,
                seconds_max: self.photo_seconds_max,
                time_zone: self.time_zone,
            },
            pages: PagesConfig {
                company_name: self.company_name,
                company_phone: self.company_phone,
                folder: self.pages_folder,
            },
        }
    }
}

pub(super) async fn run(arguments: ServeArguments) -> anyhow::Result<()> {
    let ready_file = arguments.ready_file.clone();
    crate::serve::run(arguments.into_config(), ready_file).await
}
