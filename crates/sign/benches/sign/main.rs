//! What a signature costs on one core, beside its floor (the hashing alone), rusty-s3 and boto3.
//!
//! `QDN_PYTHON=venv/bin/python cargo bench -p qdn-sign` prints one table and writes it to `bench/results/sign.md`.
//! Without `QDN_PYTHON` the table has no boto3.
#![expect(clippy::expect_used, reason = "a benchmark that cannot run should stop")]

mod floor;
mod inputs;
mod report;

use std::{hint::black_box, path::Path, time::Duration};

use criterion::Criterion;
use floor::Floor;
use inputs::{
    ACCESS_KEY_ID, BUCKET, EXPIRES_SECONDS, KEY, NOW, ORIGIN, PUT_HEADERS, REGION, SECRET_ACCESS_KEY,
    credentials, endpoint, post_conditions,
};
use qdn_sign::Signer;
use rusty_s3::{Bucket, S3Action as _, UrlStyle};

fn main() {
    let results = Path::new(env!("CARGO_TARGET_TMPDIR")).join("criterion");
    let mut criterion = Criterion::default()
        .output_directory(&results)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4))
        .configure_from_args();
    let signatures = Signatures::new();
    signatures.check();
    signatures.bench_get(&mut criterion);
    signatures.bench_put(&mut criterion);
    signatures.bench_post(&mut criterion);
    // Under `cargo test` every function runs once and nothing is measured.
    if std::env::args().any(|argument| argument == "--bench") {
        report::write(&results, &signatures.floor);
    }
}

/// Every subject, ready to sign.
struct Signatures {
    floor: Floor,
    signer: Signer,
    endpoint: qdn_sign::Endpoint,
    rusty_bucket: Bucket,
    rusty_credentials: rusty_s3::Credentials,
    now: jiff_02::Timestamp,
}

impl Signatures {
    fn new() -> Self {
        Self {
            floor: Floor::new(),
            signer: Signer::new(credentials(), REGION),
            endpoint: endpoint(),
            rusty_bucket: Bucket::new(
                ORIGIN.parse().expect("an origin"),
                UrlStyle::VirtualHost,
                BUCKET,
                REGION,
            )
            .expect("a bucket"),
            rusty_credentials: rusty_s3::Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY),
            now: jiff_02::Timestamp::from_second(NOW.as_unix()).expect("a time"),
        }
    }

    /// All subjects sign the same bytes if they come to the same signatures.
    fn check(&self) {
        let [get, put, post] =
            [self.floor.get(), self.floor.put(), self.floor.post()].map(|mac| floor::hex(&mac));
        assert!(self.get().ends_with(&get));
        assert!(self.rusty_get().as_str().ends_with(&get));
        assert!(self.put().url.ends_with(&put));
        assert!(self.rusty_put().as_str().ends_with(&put));
        assert_eq!(self.post().fields.last().map(|(_, signature)| signature), Some(&post));
    }

    fn get(&self) -> String {
        self.signer.presign_get(&self.endpoint, black_box(BUCKET), black_box(KEY), &[], NOW, EXPIRES_SECONDS)
    }

    fn put(&self) -> qdn_sign::PresignedPut {
        let (bucket, key) = (black_box(BUCKET), black_box(KEY));
        self.signer.presign_put(&self.endpoint, bucket, key, &PUT_HEADERS, NOW, EXPIRES_SECONDS)
    }

    fn post(&self) -> qdn_sign::PresignedPost {
        let (bucket, key) = (black_box(BUCKET), black_box(KEY));
        self.signer.presign_post(&self.endpoint, bucket, key, post_conditions(), NOW, EXPIRES_SECONDS)
    }

    fn rusty_get(&self) -> String {
        let action = self.rusty_bucket.get_object(Some(&self.rusty_credentials), black_box(KEY));
        action.sign_with_time(Duration::from_secs(u64::from(EXPIRES_SECONDS)), &self.now).into()
    }

    fn rusty_put(&self) -> String {
        let mut action = self.rusty_bucket.put_object(Some(&self.rusty_credentials), black_box(KEY));
        for (name, value) in PUT_HEADERS {
            action.headers_mut().insert(name, value);
        }
        action.sign_with_time(Duration::from_secs(u64::from(EXPIRES_SECONDS)), &self.now).into()
    }

    fn bench_get(&self, criterion: &mut Criterion) {
        let mut group = criterion.benchmark_group("get");
        group.bench_function("floor", |bench| bench.iter(|| self.floor.get()));
        group.bench_function("qdn-sign", |bench| bench.iter(|| self.get()));
        group.bench_function("rusty-s3", |bench| bench.iter(|| self.rusty_get()));
        group.finish();
    }

    fn bench_put(&self, criterion: &mut Criterion) {
        let mut group = criterion.benchmark_group("put");
        group.bench_function("floor", |bench| bench.iter(|| self.floor.put()));
        group.bench_function("qdn-sign", |bench| bench.iter(|| self.put()));
        group.bench_function("rusty-s3", |bench| bench.iter(|| self.rusty_put()));
        group.finish();
    }

    fn bench_post(&self, criterion: &mut Criterion) {
        let mut group = criterion.benchmark_group("post");
        group.bench_function("floor", |bench| bench.iter(|| self.floor.post()));
        group.bench_function("qdn-sign", |bench| bench.iter(|| self.post()));
        group.finish();
    }
}
