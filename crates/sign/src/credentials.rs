//! An access key: who signs.

use std::fmt;

use zeroize::Zeroizing;

/// An access key id, its secret, and the session token of temporary credentials.
///
/// The secret is wiped from memory when dropped and never printed.
#[derive(Clone)]
pub struct Credentials {
    access_key_id: String,
    secret_access_key: Zeroizing<String>,
    session_token: Option<Zeroizing<String>>,
}

impl Credentials {
    /// Long-lived credentials, without a session token.
    pub fn new(access_key_id: impl Into<String>, secret_access_key: impl Into<String>) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            secret_access_key: Zeroizing::new(secret_access_key.into()),
            session_token: None,
        }
    }

    /// The same credentials with the session token that AWS STS gave beside them. An empty token is no token.
    #[must_use]
    pub fn with_session_token(mut self, token: impl Into<String>) -> Self {
        self.session_token = Some(Zeroizing::new(token.into())).filter(|token| !token.is_empty());
        self
    }

    /// The public half, such as `AKIAIOSFODNN7EXAMPLE`.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The session token, for temporary credentials.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_ref().map(|token| token.as_str())
    }

    /// The secret half, for a store that verifies signatures itself. Never print it.
    pub fn secret_access_key(&self) -> &str {
        &self.secret_access_key
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_access_key_id_and_no_secret() {
        let shown = format!("{:?}", Credentials::new("AKID", "hush").with_session_token("quiet"));
        assert!(shown.contains("AKID"));
        assert!(!shown.contains("hush") && !shown.contains("quiet"), "{shown}");
    }
}
