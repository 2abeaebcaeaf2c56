//! What the functions are told: their environment, as the template sets it, and as Lambda does.

use http::Uri;
use qdn_sign::{AddressStyle, Endpoint};

use crate::aws::{AwsSettings, SettingsError};
use crate::config::{Config, is_origin};
use crate::db::dynamo::DynamoConfig;
use crate::delivery::CloudFrontSettings;
use crate::domain::Secret;

/// API Gateway takes no shorter value for a key, and none longer.
pub(super) const APPLICATION_KEY_BYTES: std::ops::RangeInclusive<usize> = 20..=128;

/// All that a function is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where AWS is, and as whom to call it.
    pub aws: AwsSettings,
    /// Where the bucket is.
    pub s3_endpoint: Endpoint,
    /// What `qdn serve` is told too.
    pub config: Config,
    /// The DynamoDB table.
    pub table: String,
    /// The pages' publishable key: that of API Gateway.
    pub application_key: Secret,
    /// The queue that the photo function reads, for photos that S3 told nobody of.
    pub photo_queue_url: Option<String>,
    /// Without it photos are handed out by presigned S3 addresses.
    pub cloudfront: Option<CloudFrontSettings>,
}

impl Settings {
    /// Reads the environment. An empty variable is an absent one.
    ///
    /// # Errors
    /// Every problem at once, each with the variable's name, none with a secret.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let (aws, mut problems) = match AwsSettings::read(&variable) {
            Ok(aws) => (Some(aws), Vec::new()),
            Err(SettingsError(problems)) => (None, problems),
        };
        let mut config = Config::default();
        config.network.function = true;
        config.network.public_url = given("QDN_PUBLIC_URL");
        if config.network.public_url.is_none() {
            problems.push("QDN_PUBLIC_URL is not set".to_owned());
        }
        read_numbers(&mut config, &given, &mut problems);
        if let Some(bucket) = given("QDN_BUCKET") {
            config.storage.bucket = bucket;
        }
        if let Some(name) = given("QDN_COMPANY_NAME") {
            config.pages.company_name = name;
        }
        config.pages.company_phone = given("QDN_COMPANY_PHONE");
        config.photos.time_zone = given("QDN_TIME_ZONE").or_else(|| Some("UTC".to_owned()));
        config.photos.workers = 1;
        let application_key = given("QDN_APPLICATION_KEY").unwrap_or_default();
        if !APPLICATION_KEY_BYTES.contains(&application_key.len()) {
            problems.push("QDN_APPLICATION_KEY must be 20 to 128 characters".to_owned());
        }
        let photo_queue_url = given("QDN_PHOTO_QUEUE_URL");
        if photo_queue_url.as_deref().is_some_and(|url| url.parse::<Uri>().is_err()) {
            problems.push("QDN_PHOTO_QUEUE_URL is no URL".to_owned());
        }
        let cloudfront = read_cloudfront(&given, &mut problems);
        let s3_endpoint = aws.as_ref().and_then(|aws| {
            s3_endpoint(aws, &given).map_err(|SettingsError(found)| problems.extend(found)).ok()
        });
        if let Some(aws) = &aws {
            config.storage.region.clone_from(&aws.region);
        }
        if let Some(endpoint) = &s3_endpoint {
            config.network.store_address_style = endpoint.address_style();
            config.network.store_public_url = Some(format!("{}://{}", endpoint.scheme(), endpoint.host("")));
        }
        if config.network.public_url.is_some() && s3_endpoint.is_some() {
            problems.extend(config.problems().iter().map(|problem| by_variable(problem)));
        }
        match (aws, s3_endpoint) {
            (Some(aws), Some(s3_endpoint)) if problems.is_empty() => Ok(Self {
                aws,
                s3_endpoint,
                config,
                table: given("QDN_TABLE").unwrap_or_else(|| "qdn".to_owned()),
                application_key: Secret::from_caller(&application_key),
                photo_queue_url,
                cloudfront,
            }),
            _ => Err(SettingsError(problems)),
        }
    }

    /// What the database is told.
    pub fn dynamo(&self) -> Result<DynamoConfig, SettingsError> {
        DynamoConfig::new(&self.table, &self.aws)
    }
}

/// Amazon S3 names buckets in the host, any other by path.
fn s3_endpoint(
    aws: &AwsSettings,
    given: &impl Fn(&str) -> Option<String>,
) -> Result<Endpoint, SettingsError> {
    if given("AWS_ENDPOINT_URL_S3").or_else(|| given("AWS_ENDPOINT_URL")).is_some() {
        return aws.endpoint("s3");
    }
    let origin = format!("https://s3.{}.amazonaws.com", aws.region);
    Endpoint::new(&origin, AddressStyle::VirtualHost)
        .map_err(|error| SettingsError(vec![format!("AWS_REGION: {error}")]))
}

fn read_numbers(config: &mut Config, given: &impl Fn(&str) -> Option<String>, problems: &mut Vec<String>) {
    let mut number = |name: &str, default: u64| match given(name).map(|text| text.parse::<u64>()) {
        None => default,
        Some(Ok(number)) => number,
        Some(Err(_)) => {
            problems.push(format!("{name} is not a number"));
            default
        }
    };
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let uploads = &mut config.uploads;
    uploads.photo_bytes_max = number("QDN_PHOTO_BYTES_MAX", uploads.photo_bytes_max);
    uploads.upload_expires_seconds =
        small(number("QDN_UPLOAD_EXPIRES_SECONDS", uploads.upload_expires_seconds.into()));
    uploads.delivery_window_seconds =
        small(number("QDN_DELIVERY_WINDOW_SECONDS", uploads.delivery_window_seconds.into()));
    uploads.requests_per_minute_max =
        small(number("QDN_REQUESTS_PER_MINUTE_MAX", uploads.requests_per_minute_max.into()));
    config.photos.seconds_max = small(number("QDN_PHOTO_SECONDS_MAX", config.photos.seconds_max.into()));
    config.photos.memory_mebibytes =
        small(number("QDN_PHOTO_MEMORY_MIB", config.photos.memory_mebibytes.into()));
}

/// All three, or none.
fn read_cloudfront(
    given: &impl Fn(&str) -> Option<String>,
    problems: &mut Vec<String>,
) -> Option<CloudFrontSettings> {
    let names = ["QDN_CLOUDFRONT_URL", "QDN_CLOUDFRONT_KEY_ID", "QDN_CLOUDFRONT_KEY_PARAMETER"];
    let [url, key_id, key_parameter] = names.map(given);
    if let Some(url) = &url
        && !is_origin(url)
    {
        problems.push(
            "QDN_CLOUDFRONT_URL must be an origin such as https://d111111abcdef8.cloudfront.net".to_owned(),
        );
    }
    match (url, key_id, key_parameter) {
        (None, None, None) => None,
        (Some(url), Some(key_id), Some(key_parameter)) => {
            Some(CloudFrontSettings { url, key_id, key_parameter })
        }
        _ => {
            problems.push(format!("{} go together: set all three or none", names.join(", ")));
            None
        }
    }
}

/// A problem of the server's flags in the words of the environment.
fn by_variable(problem: &str) -> String {
    let words = problem.split(' ').map(|word| match word.strip_prefix("--") {
        Some(flag) => format!("QDN_{}", flag.replace('-', "_").to_uppercase()),
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 5] = [
        ("AWS_REGION", "us-west-2"),
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "hush"),
        ("QDN_PUBLIC_URL", "https://d1.cloudfront.net"),
        ("QDN_APPLICATION_KEY", "qdn_pk_0123456789abcdef"),
    ];

    fn read(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let all = [&GOOD, variables].concat();
        let find = |name: &str| all.iter().rev().find(|(known, _)| *known == name);
        Settings::read(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn what_lambda_and_the_template_set_is_enough() {
        let settings = read(&[("QDN_COMPANY_PHONE", ""), ("QDN_PHOTO_BYTES_MAX", "1000")]).unwrap();
        assert_eq!(settings.s3_endpoint.host("qdn-uploads"), "qdn-uploads.s3.us-west-2.amazonaws.com");
        assert_eq!((settings.config.uploads.photo_bytes_max, settings.table.as_str()), (1_000, "qdn"));
        assert!(settings.config.network.function && settings.cloudfront.is_none());
        assert_eq!(settings.config.pages.company_phone, None);
    }

    #[test]
    fn another_s3_is_addressed_by_path() {
        let settings = read(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")]).unwrap();
        assert_eq!(settings.s3_endpoint.host("qdn-uploads"), "127.0.0.1:4566");
        assert_eq!(settings.config.network.store_public_url.as_deref(), Some("http://127.0.0.1:4566"));
    }

    #[test]
    fn every_problem_is_told_by_its_variable_and_no_secret_with_it() {
        let SettingsError(problems) = read(&[
            ("AWS_ACCESS_KEY_ID", ""),
            ("QDN_PUBLIC_URL", ""),
            ("QDN_APPLICATION_KEY", "hush"),
            ("QDN_PHOTO_BYTES_MAX", "many"),
            ("QDN_CLOUDFRONT_URL", "https://d2.cloudfront.net/path"),
        ])
        .unwrap_err();
        let names = [
            "AWS_ACCESS_KEY_ID",
            "QDN_PUBLIC_URL",
            "QDN_PHOTO_BYTES_MAX",
            "QDN_APPLICATION_KEY",
            "QDN_CLOUDFRONT_URL must",
            "QDN_CLOUDFRONT_URL, QDN_CLOUDFRONT_KEY_ID",
        ];
        assert_eq!(problems.len(), names.len(), "{problems:?}");
        for (problem, name) in problems.iter().zip(names) {
            assert!(problem.starts_with(name) && !problem.contains("hush"), "{problem}");
        }
        let SettingsError(problems) = read(&[("QDN_UPLOAD_EXPIRES_SECONDS", "0")]).unwrap_err();
        assert_eq!(problems, ["QDN_UPLOAD_EXPIRES_SECONDS must be 1 to 86400"]);
    }
}
