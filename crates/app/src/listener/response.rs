use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;

use super::exchange::InFlight;

/// An answer's body: the handler's, or the listener's own short text when it answers in the handler's place.
#[derive(Debug)]
pub struct AnswerBody<B> {
    content: Content<B>,
    // Dropped with the body, which hyper does once it has taken the last of it: this ends the request.
    _in_flight: InFlight,
}

#[derive(Debug)]
enum Content<B> {
    Handler(Pin<Box<B>>),
    Listener(Full<Bytes>),
}

/// The handler's answer.
pub(super) fn from_handler<B>(response: Response<B>, in_flight: InFlight) -> Response<AnswerBody<B>> {
    response.map(|body| AnswerBody { content: Content::Handler(Box::pin(body)), _in_flight: in_flight })
}

/// The listener's own answer: one sentence of plain text, after which the connection closes.
pub(super) fn from_listener<B>(
    status: StatusCode,
    sentence: &'static str,
    in_flight: InFlight,
) -> Response<AnswerBody<B>> {
    let text = Full::new(Bytes::from_static(sentence.as_bytes()));
    let mut response = Response::new(AnswerBody { content: Content::Listener(text), _in_flight: in_flight });
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    close_after(&mut response);
    response
}

/// Says that the connection closes after this answer; hyper then does so.
pub(super) fn close_after<B>(response: &mut Response<B>) {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}

impl<B> Body for AnswerBody<B>
where
    B: Body<Data = Bytes>,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match &mut self.content {
            Content::Handler(body) => body.as_mut().poll_frame(cx),
            Content::Listener(text) => {
                Pin::new(text).poll_frame(cx).map_err(|impossible| match impossible {})
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Handler(body) => body.is_end_stream(),
            Content::Listener(text) => text.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Handler(body) => body.size_hint(),
            Content::Listener(text) => text.size_hint(),
        }
    }
}
