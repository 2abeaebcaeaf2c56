//! Strict readers of bodies, queries and paths: whatever is wrong is named, nothing unknown is let through.

use std::fmt;
use std::marker::PhantomData;

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use http::StatusCode;
use http::request::Parts;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::problem::Problem;

/// The largest JSON body; 100 photos with captions fit.
pub(super) const BODY_BYTES_MAX: usize = 512 << 10;

/// A JSON body. The declared content type does not matter: what counts is whether it is JSON.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let body = Limited::new(request.into_body(), BODY_BYTES_MAX).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                let detail = format!("the body may have at most {BODY_BYTES_MAX} bytes");
                return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail);
            }
            Problem::new(
                StatusCode::BAD_REQUEST,
                "body_incomplete",
                "the body ended early or came too slowly",
            )
        })?;
        parse_json(&body.to_bytes()).map(Self)
    }
}

fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "body_missing",
            "a JSON object is needed as the body",
        ));
    }
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "body_not_an_object",
            "the body must be a JSON object",
        ));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            field_problem(&path, &inner.to_string())
        } else {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "body_malformed",
                format!("the body is no valid JSON: {inner}"),
            )
        }
    })?;
    deserializer.end().map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "body_malformed", format!("the body is no valid JSON: {error}"))
    })?;
    Ok(parsed)
}

/// Says what serde said, with the field by name: serde puts a missing or unknown one in the text only.
fn field_problem(path: &str, message: &str) -> Problem {
    let message = message.split(" at line ").next().unwrap_or(message);
    let quoted = ["missing field `", "unknown field `", "duplicate field `"]
        .iter()
        .find_map(|start| message.strip_prefix(start)?.split('`').next());
    let field = match (quoted, path) {
        (Some(name), "." | "?") => name.to_owned(),
        (Some(name), path) if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        (Some(name), path) => format!("{path}.{name}"),
        (None, "." | "?") => "body".to_owned(),
        (None, path) => path.to_owned(),
    };
    let what = match message {
        _ if message.starts_with("missing field") => "is missing".to_owned(),
        _ if message.starts_with("unknown field") => "is not known here".to_owned(),
        _ if message.starts_with("duplicate field") => "is given twice".to_owned(),
        other => format!("is not right: {other}"),
    };
    // A hostile name is cut: the answer need not repeat half a megabyte.
    Problem::field(field.chars().take(100).collect::<String>(), what.chars().take(300).collect::<String>())
}

/// A JSON object within a body. What serde derives would take an array of the fields' values too.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = T;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

/// A query string.
pub(super) struct StrictQuery<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for StrictQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = serde_urlencoded::Deserializer::new(form_urlencoded_pairs(query));
        serde_path_to_error::deserialize(pairs)
            .map(Self)
            .map_err(|error| field_problem(&error.path().to_string(), &error.into_inner().to_string()))
    }
}

fn form_urlencoded_pairs(query: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(query.as_bytes())
}

/// The ids in a path. One that is no text once decoded cannot exist.
pub(super) struct PathIds<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathIds<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path: Result<Path<T>, PathRejection> = Path::from_request_parts(parts, state).await;
        path.map(|Path(ids)| Self(ids))
            .map_err(|_| Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the reading is tested")]
    struct Inner {
        size: u64,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the reading is tested")]
    struct Outer {
        name: String,
        photos: Option<Vec<Object<Inner>>>,
    }

    fn field(body: &str) -> String {
        let problem = parse_json::<Outer>(body.as_bytes()).unwrap_err();
        assert!(problem.status().is_client_error());
        let response = format!("{problem:?}");
        response
            .split("field: Some(\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or("")
            .to_owned()
    }

    #[test]
    fn problems_name_the_field() {
        assert_eq!(field(r#"{"name": 7}"#), "name");
        assert_eq!(field("{}"), "name");
        assert_eq!(field(r#"{"name": "a", "evil": 1}"#), "evil");
        assert_eq!(field(r#"{"name": "a", "name": "b"}"#), "name");
        assert_eq!(field(r#"{"name": "a", "photos": [{"size": 1}, {"size": -1}]}"#), "photos[1].size");
        assert_eq!(field(r#"{"name": "a", "photos": [{}]}"#), "photos[0].size");
        assert_eq!(field(r#"{"name": "a", "photos": [[1]]}"#), "photos[0]");
        assert_eq!(field(r#"{"name": "a", "photos": [{"size": 1, "x": 2}]}"#), "photos[0].x");
        assert_eq!(field(r#"{"name": "a", "photos": [{"size": 99999999999999999999}]}"#), "photos[0].size");
    }

    #[test]
    fn bodies_that_are_no_object_are_refused_by_code() {
        for (body, code) in [
            ("", "body_missing"),
            (" \n", "body_missing"),
            ("null", "body_not_an_object"),
            ("[]", "body_not_an_object"),
            ("eyJuYW1lIjoiYSJ9", "body_not_an_object"),
            ("{", "body_malformed"),
            ("{\"name\": \"a\"} {}", "body_malformed"),
            ("{\"name\": \"\\ud800\"}", "body_malformed"),
        ] {
            assert_eq!(parse_json::<Outer>(body.as_bytes()).unwrap_err().code(), code, "{body}");
        }
        assert_eq!(parse_json::<Outer>(b"{\"name\": \"\xff\"}").unwrap_err().code(), "body_malformed");
    }
}
