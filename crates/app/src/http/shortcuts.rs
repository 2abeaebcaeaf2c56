//! `GET /shortcuts/android.json`: two shortcuts for the Android app "HTTP Shortcuts", made for a crew's link. Its format:
//! <https://github.com/Waboodoo/HTTP-Shortcuts>, `import_export/models`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::auth::{self, Authenticated};
use super::endpoints;
use super::problem::{Problem, ProblemBody};
use super::state::App;
use crate::domain::{Action, Job, Phase, Role, Scope, Secret};
use crate::operations::PUT_ONCE_HEADERS;

/// The version of the app's files, since its release 3.28.
const FORMAT_VERSION: u32 = 90;
/// Milliseconds that the app waits for a grant, and for the photo to be sent.
const GRANT_WAIT: u32 = 30_000;
const SEND_WAIT: u32 = 600_000;
/// What the phone's camera makes, and what the grant is for.
const CONTENT_TYPE: &str = "image/jpeg";
/// The variable by which the first step hands the photo's address to the second.
const VARIABLE: &str = "qdn_photo_url";

/// Makes shortcuts for the Android app "HTTP Shortcuts", with the token of a crew's link filled in. Nothing is kept of it.
#[utoipa::path(get, path = "/shortcuts/android.json", responses(
    (status = 200, description = "A file to import in the app", body = Object),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn read_android_shortcuts(
    State(app): State<App>,
    caller: Authenticated,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(token) = auth::bearer(&headers)? else {
        let detail = "show the link's token: Authorization: Bearer …";
        return Err(Problem::unauthenticated("token_missing", detail));
    };
    if caller.actor.role != Role::Crew {
        return Err(Problem::forbidden());
    }
    let Scope::Job(job_id) = &caller.actor.scope else {
        let detail = "shortcuts are made for a link to one job";
        return Err(Problem::new(StatusCode::CONFLICT, "link_of_many_jobs", detail));
    };
    let job = caller.job(&app, Action::Upload, job_id).await?;
    let api = endpoints::api_origin(&app, &headers)?;
    let file = shortcuts(&api, &app.pages_application_key, &token, &job);
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"qdn-shortcuts.json\""),
        ),
    ];
    Ok((headers, axum::Json(file)).into_response())
}

fn shortcuts(api: &str, application_key: &str, token: &Secret, job: &Job) -> Value {
    let id = |of: &str| stable_id(&format!("{api} {} {of}", job.job_id));
    let send_id = id("send");
    let take = |phase: Phase, name: &str| {
        let wish = json!({
            "job_id": job.job_id.as_str(),
            "photo_name": format!("{}.jpg", phase.as_str()),
            "content_type": CONTENT_TYPE,
            "phase": phase.as_str(),
            "method": "PUT",
        });
        let then =
            format!("enqueueShortcut(\"{send_id}\", {{\"{VARIABLE}\": JSON.parse(response.body).url}});");
        json!({
            "id": id(phase.as_str()),
            "name": name,
            "description": job.title.as_str(),
            "method": "POST",
            "url": format!("{api}/upload-url"),
            "headers": [{"key": "x-api-key", "value": application_key}],
            "authentication": "bearer",
            "authToken": token.reveal(),
            "requestBodyType": "custom_text",
            "contentType": "application/json",
            "bodyContent": wish.to_string(),
            "timeout": GRANT_WAIT,
            "codeOnSuccess": then,
            "responseHandling": {"uiType": "toast", "successOutput": "none", "failureOutput": "simple"},
        })
    };
    let address_id = id("address");
    let headers: Vec<_> = PUT_ONCE_HEADERS.map(|(name, value)| json!({"key": name, "value": value})).to_vec();
    let send = json!({
        "id": send_id,
        "name": "Send the photo",
        "hidden": true,
        "launcherShortcut": false,
        "method": "PUT",
        "url": format!("{{{{{address_id}}}}}"),
        "headers": headers,
        "requestBodyType": "file",
        "contentType": CONTENT_TYPE,
        "fileUploadOptions": {"fileUploadType": "camera"},
        "timeout": SEND_WAIT,
        "responseHandling": {
            "uiType": "toast",
            "successOutput": "message",
            "successMessage": "The photo is safe on the server",
            "failureOutput": "simple",
        },
    });
    json!({
        "version": FORMAT_VERSION,
        "compatibilityVersion": FORMAT_VERSION,
        "categories": [{
            "id": id("category"),
            "name": job.title.as_str(),
            "shortcuts": [
                take(Phase::Before, "Take a before photo"),
                take(Phase::After, "Take an after photo"),
                send,
            ],
        }],
        "variables": [{"id": address_id, "key": VARIABLE, "type": "constant", "value": ""}],
    })
}

/// An id as the app wants it, a UUID of version 4, that is the same whenever the same is imported again.
fn stable_id(of: &str) -> String {
    let digest = Sha256::digest(of.as_bytes());
    let bits = digest.iter().take(16).fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let bits = bits & !(0xf << 76) & !(0b11 << 62) | (4 << 76) | (0b10 << 62);
    let hex = format!("{bits:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids_of_version_4_and_stay_the_same() {
        let id = stable_id("a");
        assert_eq!(id, stable_id("a"));
        assert_ne!(id, stable_id("b"));
        let parts: Vec<_> = id.split('-').collect();
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(parts[2].starts_with('4') && "89ab".contains(&parts[3][..1]), "{id}");
    }
}
