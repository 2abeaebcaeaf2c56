//! What a signature costs on one core, beside its floor (the hashing alone), rusty-s3 and boto3.
//!
//! `QDN_PYTHON=venv/bin/python cargo bench -p qdn-sign` prints one table and writes it to `bench/results/sign.md`.
//! Without `QDN_PYTHON` the table has no boto3. Criterion measures one subject after the other, which follows each over
//! time; the table compares them, so its rounds are interleaved.
#![expect(clippy::expect_used, reason = "a benchmark that cannot run should stop")]

mod floor;
mod inputs;
mod report;

use std::{hint::black_box, path::Path, time::Duration};

use criterion::{BatchSize, Criterion};
use floor::Floor;
use inputs::{
    ACCESS_KEY_ID, BUCKET, EXPIRES_SECONDS, KEY, NOW, ORIGIN, PUT_HEADERS, REGION, SECRET_ACCESS_KEY,
    credentials, endpoint, post_conditions,
};
use qdn_sign::{PostConditions, PresignedPost, PresignedPut, Signer};
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
        report::write(&signatures);
    }
}

/// Every subject, ready to sign.
struct Signatures {
    floor: Floor,
    /// The text of the policy that the form has.
    policy: String,
    signer: Signer,
    endpoint: qdn_sign::Endpoint,
    rusty_bucket: Bucket,
    rusty_credentials: rusty_s3::Credentials,
    now: jiff_02::Timestamp,
}

impl Signatures {
    fn new() -> Self {
        let floor = Floor::new();
        Self {
            policy: floor.policy_text(),
            floor,
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
        assert!(self.put_url().ends_with(&put));
        let form = self.post(post_conditions());
        assert_eq!(form.fields.last().map(|(_, signature)| signature), Some(&post));
        assert_eq!(self.sign_policy().1, post);
    }

    fn get(&self) -> String {
        self.signer.presign_get(&self.endpoint, black_box(BUCKET), black_box(KEY), &[], NOW, EXPIRES_SECONDS)
    }

    fn put(&self) -> PresignedPut {
        let (bucket, key) = (black_box(BUCKET), black_box(KEY));
        self.signer.presign_put(&self.endpoint, bucket, key, &PUT_HEADERS, NOW, EXPIRES_SECONDS)
    }

    /// The URL alone, as the peers give it.
    fn put_url(&self) -> String {
        let (bucket, key) = (black_box(BUCKET), Some(black_box(KEY)));
        self.signer.presign_request(
            &self.endpoint,
            "PUT",
            bucket,
            key,
            &[],
            &PUT_HEADERS,
            NOW,
            EXPIRES_SECONDS,
        )
    }

    fn post(&self, conditions: PostConditions) -> PresignedPost {
        let (bucket, key) = (black_box(BUCKET), black_box(KEY));
        black_box(self.signer.presign_post(&self.endpoint, bucket, key, conditions, NOW, EXPIRES_SECONDS))
    }

    fn sign_policy(&self) -> (String, String) {
        self.signer.sign_policy(black_box(&self.policy), NOW)
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
        group.bench_function("qdn-sign", |bench| bench.iter(|| self.put_url()));
        group.bench_function("qdn-sign, whole", |bench| bench.iter(|| self.put()));
        group.bench_function("rusty-s3", |bench| bench.iter(|| self.rusty_put()));
        group.finish();
    }

    fn bench_post(&self, criterion: &mut Criterion) {
        let mut group = criterion.benchmark_group("post");
        group.bench_function("floor", |bench| bench.iter(|| self.floor.post()));
        group.bench_function("qdn-sign", |bench| bench.iter(|| self.sign_policy()));
        // Conditions are made beforehand, as boto3 is handed them; the form is dropped within the measurement.
        group.bench_function("qdn-sign, whole", |bench| {
            bench.iter_batched(
                post_conditions,
                |conditions| drop(self.post(conditions)),
                BatchSize::SmallInput,
            );
        });
        group.finish();
    }
}
