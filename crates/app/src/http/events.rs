//! `GET /events`: tells a page what changes while it is open, as server-sent events
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};
use utoipa::IntoParams;

use super::auth::{self, Authenticated};
use super::extract::StrictQuery;
use super::fields;
use super::problem::{Problem, ProblemBody};
use super::state::App;
use crate::domain::{Action, JobId, Scope};
use crate::events::Change;

/// How often a silent stream says that it is alive, and looks whether its reader still may.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The longest that a stream lasts. Its reader comes back, perhaps to another server.
const STREAM_MAX: Duration = Duration::from_mins(5);

/// Of what to tell.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReadEvents {
    /// Only of this job; of every job in scope when absent.
    job_id: Option<String>,
}

/// Tells of changes to jobs and their photos, as server-sent events: `photos` and `job` with `{"job_id"}`, `reload` when
/// some were missed. The stream ends after five minutes, and when the token is taken back.
#[utoipa::path(get, path = "/events", params(ReadEvents), responses(
    (status = 200, description = "The changes, as they come", body = String, content_type = "text/event-stream"),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "Too many streams are open", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn read_events(
    State(app): State<App>,
    caller: Authenticated,
    StrictQuery(query): StrictQuery<ReadEvents>,
) -> Result<Response, Problem> {
    let scope = match query.job_id {
        Some(job_id) => {
            let job_id = fields::id("job_id", &job_id, JobId::parse)?;
            Scope::Job(caller.job(&app, Action::ReadJob, &job_id).await?.job_id)
        }
        None => caller.actor.scope.clone(),
    };
    if app.config.network.function {
        let detail = "this server tells of no changes by itself; ask for the list again instead";
        return Err(Problem::new(StatusCode::NOT_FOUND, "events_unavailable", detail));
    }
    let slot = Arc::clone(&app.event_slots).try_acquire_owned().map_err(|_| too_many())?;
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let ends_at = Instant::now() + STREAM_MAX;
    let changes = app.events.listen();
    let reader = Reader { app, caller, scope, changes, heartbeat, ends_at, _slot: slot };
    let events = stream::unfold(reader, async |mut reader| {
        let event = reader.next().await?;
        Some((Ok::<_, Infallible>(event), reader))
    });
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // nginx would keep events back until it has some kilobytes of them.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, Sse::new(events)).into_response())
}

fn too_many() -> Problem {
    let detail = "too many pages listen for changes; try again later";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_streams", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("30"))
}

/// One open stream.
struct Reader {
    app: App,
    caller: Authenticated,
    scope: Scope,
    changes: broadcast::Receiver<Change>,
    heartbeat: Interval,
    ends_at: Instant,
    _slot: OwnedSemaphorePermit,
}

impl Reader {
    /// The next event; none at the stream's end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            // In this order, so that a flood of changes keeps nothing from ending the stream.
            let change = tokio::select! {
                biased;
                () = self.app.stop.cancelled() => return None,
                () = sleep_until(self.ends_at) => return None,
                _ = self.heartbeat.tick() => return self.heartbeat().await,
                change = self.changes.recv() => change,
            };
            match &change {
                Ok(change) if !self.concerns(change).await? => {}
                told => return event(told),
            }
        }
    }

    /// A sign of life, for a reader who still may read.
    async fn heartbeat(&self) -> Option<Event> {
        match auth::is_still_valid(&self.app, &self.caller).await {
            Ok(true) => Some(Event::default().comment("")),
            Ok(false) => None,
            Err(error) => {
                tracing::warn!(%error, "a stream of events ends: its token cannot be looked up");
                None
            }
        }
    }

    /// Whether a change lies within the scope. `None` when that cannot be found out.
    async fn concerns(&self, change: &Change) -> Option<bool> {
        let (Change::Photos(job_id) | Change::Job(job_id)) = change;
        match &self.scope {
            Scope::AllJobs => Some(true),
            Scope::Job(only) => Some(only == job_id),
            Scope::Customer(_) => match self.app.db.job(job_id.clone()).await {
                Ok(job) => Some(job.is_some_and(|job| self.scope.contains(&job))),
                Err(error) => {
                    tracing::warn!(%error, "a stream of events ends: a job cannot be looked up");
                    None
                }
            },
        }
    }
}

/// What a reader is told; nothing once nobody tells any more.
fn event(told: &Result<Change, RecvError>) -> Option<Event> {
    let (name, job_id) = match told {
        Ok(Change::Photos(job_id)) => ("photos", job_id),
        Ok(Change::Job(job_id)) => ("job", job_id),
        Err(RecvError::Lagged(_)) => return Some(Event::default().event("reload").data("{}")),
        Err(RecvError::Closed) => return None,
    };
    Some(Event::default().event(name).data(json!({ "job_id": job_id.as_str() }).to_string()))
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::events::Events;

    #[tokio::test]
    async fn a_reader_who_falls_behind_is_told_to_look_again_and_then_goes_on() {
        let (events, job_id) = (Events::default(), JobId::parse("j1").unwrap());
        let mut behind = events.listen();
        for _ in 0..2_000 {
            events.tell(Change::Photos(job_id.clone()));
        }
        let told = [behind.recv().await, behind.recv().await];
        let told = stream::iter(told.map(|told| Ok::<_, Infallible>(event(&told).unwrap())));
        let body = Sse::new(told).into_response().into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "event: reload\ndata: {}\n\nevent: photos\ndata: {\"job_id\":\"j1\"}\n\n");
    }
}
