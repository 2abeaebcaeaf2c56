//! What AWS puts into a function's environment, as values: the region, the credentials, where services are.

use qdn_sign::{AddressStyle, Credentials, Endpoint};

/// Where to call AWS and as whom.
#[derive(Debug, Clone)]
pub struct AwsSettings {
    /// Such as `us-east-1`.
    pub region: String,
    /// Who calls.
    pub credentials: Credentials,
    endpoint_of_all: Option<Endpoint>,
    endpoints: Vec<(&'static str, Endpoint)>,
}

/// What is missing in the environment, or strange, all of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct SettingsError(pub Vec<String>);

/// The services that may be somewhere else than at AWS, by the name that their variable ends with.
const SERVICES: [(&str, &str); 4] = [
    ("s3", "AWS_ENDPOINT_URL_S3"),
    ("dynamodb", "AWS_ENDPOINT_URL_DYNAMODB"),
    ("sqs", "AWS_ENDPOINT_URL_SQS"),
    ("ssm", "AWS_ENDPOINT_URL_SSM"),
];

impl AwsSettings {
    /// Reads `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_ENDPOINT_URL_…` and
    /// `AWS_ENDPOINT_URL`. An empty variable is an absent one.
    ///
    /// # Errors
    /// Every problem at once, each with the variable's name, none with a secret.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let mut problems = Vec::new();
        let mut needed = |name: &str| {
            given(name).unwrap_or_else(|| {
                problems.push(format!("{name} is not set"));
                String::new()
            })
        };
        let region = needed("AWS_REGION");
        let credentials = Credentials::new(needed("AWS_ACCESS_KEY_ID"), needed("AWS_SECRET_ACCESS_KEY"))
            .with_session_token(given("AWS_SESSION_TOKEN").unwrap_or_default());
        // It becomes a part of host names.
        if !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            problems.push("AWS_REGION is not the name of a region, such as us-east-1".to_owned());
        }
        let mut endpoint = |name: &str| match Endpoint::new(&given(name)?, AddressStyle::Path) {
            Ok(endpoint) => Some(endpoint),
            Err(error) => {
                problems.push(format!("{name}: {error}"));
                None
            }
        };
        let endpoint_of_all = endpoint("AWS_ENDPOINT_URL");
        let endpoints =
            SERVICES.iter().filter_map(|(service, name)| Some((*service, endpoint(name)?))).collect();
        if problems.is_empty() {
            Ok(Self { region, credentials, endpoint_of_all, endpoints })
        } else {
            Err(SettingsError(problems))
        }
    }

    /// Where a service is: as its own variable says, as the one for all says, or at AWS.
    ///
    /// # Errors
    /// When AWS's own host name for it is none.
    pub fn endpoint(&self, service: &str) -> Result<Endpoint, SettingsError> {
        let own = self.endpoints.iter().find(|(name, _)| *name == service).map(|(_, endpoint)| endpoint);
        if let Some(endpoint) = own.or(self.endpoint_of_all.as_ref()) {
            return Ok(endpoint.clone());
        }
        Endpoint::new(&format!("https://{service}.{}.amazonaws.com", self.region), AddressStyle::Path)
            .map_err(|error| SettingsError(vec![format!("AWS_REGION: {error}")]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<AwsSettings, SettingsError> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        AwsSettings::read(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    const GOOD: [(&str, &str); 3] =
        [("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "hush")];

    #[test]
    fn services_are_at_aws_unless_a_variable_says_otherwise() {
        let host = |variables: &[(&str, &str)], service: &str| {
            read(&[&GOOD, variables].concat()).unwrap().endpoint(service).unwrap().host("")
        };
        assert_eq!(host(&[], "dynamodb"), "dynamodb.eu-west-1.amazonaws.com");
        let of_all = ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566");
        let own = ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:8000");
        assert_eq!(host(&[of_all, own], "dynamodb"), "127.0.0.1:8000");
        assert_eq!(host(&[of_all, own], "ssm"), "127.0.0.1:4566");
        assert_eq!(host(&[("AWS_ENDPOINT_URL", "")], "sqs"), "sqs.eu-west-1.amazonaws.com");
    }

    #[test]
    fn every_problem_is_told_by_name_and_no_secret_with_it() {
        let SettingsError(problems) = read(&[
            ("AWS_REGION", "eu west"),
            ("AWS_SECRET_ACCESS_KEY", "hush"),
            ("AWS_ENDPOINT_URL_SQS", "sqs.example.com"),
        ])
        .unwrap_err();
        let names = ["AWS_ACCESS_KEY_ID is not set", "AWS_REGION is not", "AWS_ENDPOINT_URL_SQS: "];
        assert_eq!(problems.len(), names.len(), "{problems:?}");
        for (problem, name) in problems.iter().zip(names) {
            assert!(problem.starts_with(name) && !problem.contains("hush"), "{problem}");
        }
    }

    #[test]
    fn the_session_token_of_a_role_is_taken_over() {
        let settings = read(&[&GOOD[..], &[("AWS_SESSION_TOKEN", "token")]].concat()).unwrap();
        assert_eq!(settings.credentials.session_token(), Some("token"));
        assert_eq!(read(&GOOD).unwrap().credentials.session_token(), None);
    }
}
