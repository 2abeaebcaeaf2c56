//! Bounds for bodies sent as `aws-chunked`. `s3s` holds a whole chunk in memory before it hands it on, and some
//! clients send a file as one chunk: chunks without signatures are cut into small ones here, and signed ones, which
//! cannot be cut, are refused above a size.

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use http::HeaderMap;
use http_body_util::{BodyExt as _, BodyStream, StreamBody};

use super::BoxError;
use super::body::SharedBody;

/// Clients send 64 KiB to 1 MiB.
const SIGNED_CHUNK_BYTES_MAX: u64 = 4 << 20;
const LINE_BYTES_MAX: usize = 1024;

/// Wraps the body of a request that is sent in chunks.
pub(super) fn guard(headers: &HeaderMap, body: SharedBody) -> s3s::Body {
    let kind = headers.get("x-amz-content-sha256").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("STREAMING-") {
        return s3s::Body::http_body_unsync(body);
    }
    let mut chunks =
        Rechunker { is_signed: kind != "STREAMING-UNSIGNED-PAYLOAD-TRAILER", state: State::new() };
    let frames = BodyStream::new(body).map(move |frame| {
        let data = frame?.into_data().unwrap_or_default();
        Ok::<_, BoxError>(http_body::Frame::data(chunks.push(&data)?))
    });
    s3s::Body::http_body_unsync(StreamBody::new(frames).map_err(|cause| cause))
}

/// A body that is not framed as it should be.
#[derive(Debug, thiserror::Error)]
enum ChunkError {
    #[error("ChunkTooLarge")]
    TooLarge,
    #[error("FormatError")]
    Format,
}

/// Where in the framing a body stands.
enum State {
    /// In the line that begins a chunk.
    Line(Vec<u8>),
    /// In data that is passed on as it is, with the line end behind it.
    Verbatim(u64),
    /// In data that is cut into chunks of its own.
    Data(u64),
    /// In the line end after such data, of which so much has been read.
    DataEnd(usize),
    /// After the last chunk: trailers.
    Rest,
}

impl State {
    const fn new() -> Self {
        Self::Line(Vec::new())
    }
}

struct Rechunker {
    is_signed: bool,
    state: State,
}

impl Rechunker {
    fn push(&mut self, mut input: &[u8]) -> Result<Bytes, ChunkError> {
        let mut output = BytesMut::with_capacity(input.len() + 64);
        while !input.is_empty() {
            input = self.step(input, &mut output)?;
        }
        Ok(output.freeze())
    }

    /// Takes from the input what belongs to the present state.
    fn step<'i>(&mut self, input: &'i [u8], output: &mut BytesMut) -> Result<&'i [u8], ChunkError> {
        let take = |left: u64| usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        match &mut self.state {
            State::Rest => {
                output.extend_from_slice(input);
                Ok(&[])
            }
            State::Verbatim(left) => {
                let (now, later) = input.split_at(take(*left));
                output.extend_from_slice(now);
                *left -= now.len() as u64;
                if *left == 0 {
                    self.state = State::new();
                }
                Ok(later)
            }
            State::Data(left) => {
                let (now, later) = input.split_at(take(*left));
                output.extend_from_slice(format!("{:x}\r\n", now.len()).as_bytes());
                output.extend_from_slice(now);
                output.extend_from_slice(b"\r\n");
                *left -= now.len() as u64;
                if *left == 0 {
                    self.state = State::DataEnd(0);
                }
                Ok(later)
            }
            State::DataEnd(read) => {
                if input.first() != b"\r\n".get(*read) {
                    return Err(ChunkError::Format);
                }
                *read += 1;
                if *read == 2 {
                    self.state = State::new();
                }
                Ok(input.get(1..).unwrap_or_default())
            }
            State::Line(line) => {
                let end = input.iter().position(|byte| *byte == b'\n').map_or(input.len(), |at| at + 1);
                let (now, later) = input.split_at(end);
                line.extend_from_slice(now);
                if line.len() > LINE_BYTES_MAX {
                    return Err(ChunkError::Format);
                }
                if line.ends_with(b"\n") {
                    let line = std::mem::take(line);
                    self.state = self.begin(&line, output)?;
                }
                Ok(later)
            }
        }
    }

    fn begin(&self, line: &[u8], output: &mut BytesMut) -> Result<State, ChunkError> {
        let digits = line.split(|byte| matches!(byte, b';' | b'\r' | b'\n')).next().unwrap_or_default();
        let digits = std::str::from_utf8(digits).map_err(|_| ChunkError::Format)?;
        let bytes = u64::from_str_radix(digits, 16).map_err(|_| ChunkError::Format)?;
        if bytes > 0 && !self.is_signed {
            return Ok(State::Data(bytes));
        }
        if bytes > SIGNED_CHUNK_BYTES_MAX {
            return Err(ChunkError::TooLarge);
        }
        output.extend_from_slice(line);
        Ok(if bytes == 0 { State::Rest } else { State::Verbatim(bytes + 2) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pushed(is_signed: bool, pieces: &[&[u8]]) -> Result<Vec<u8>, ChunkError> {
        let mut chunks = Rechunker { is_signed, state: State::new() };
        let mut output = Vec::new();
        for piece in pieces {
            output.extend_from_slice(&chunks.push(piece)?);
        }
        Ok(output)
    }

    /// Reads chunks back, giving data, the largest chunk, and what follows the last chunk.
    fn decoded(mut input: &[u8]) -> (Vec<u8>, usize, Vec<u8>) {
        let (mut data, mut largest) = (Vec::new(), 0);
        loop {
            let end = input.iter().position(|byte| *byte == b'\n').unwrap();
            let size = usize::from_str_radix(std::str::from_utf8(&input[..end - 1]).unwrap(), 16).unwrap();
            input = &input[end + 1..];
            if size == 0 {
                return (data, largest, input.to_vec());
            }
            largest = largest.max(size);
            data.extend_from_slice(&input[..size]);
            assert_eq!(&input[size..size + 2], b"\r\n");
            input = &input[size + 2..];
        }
    }

    proptest! {
        #[test]
        fn an_unsigned_body_means_the_same_after_being_cut_wherever_its_pieces_end(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..200), 0..5),
            piece in 1_usize..50,
        ) {
            let mut body = Vec::new();
            for chunk in &chunks {
                body.extend_from_slice(format!("{:X}\r\n", chunk.len()).as_bytes());
                body.extend_from_slice(chunk);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(b"0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n");
            let pieces: Vec<_> = body.chunks(piece).collect();
            let (data, largest, rest) = decoded(&pushed(false, &pieces).unwrap());
            prop_assert_eq!(data, chunks.concat());
            prop_assert!(largest <= piece);
            prop_assert_eq!(rest, b"x-amz-checksum-crc32:AAAAAA==\r\n\r\n".to_vec());
        }
    }

    #[test]
    fn signed_chunks_pass_as_they_are_up_to_a_size() {
        let body: &[u8] = b"3;chunk-signature=abc\r\nxyz\r\n0;chunk-signature=def\r\nt:v\r\n";
        assert_eq!(pushed(true, &[body]).unwrap(), body);
        assert!(matches!(pushed(true, &[b"400001;chunk-signature=a\r\n"]), Err(ChunkError::TooLarge)));
        assert!(pushed(true, &[b"400000;chunk-signature=a\r\n"]).is_ok());
    }

    #[test]
    fn nonsense_is_refused() {
        for body in ["xyz\r\n", "-1\r\n", "\r\n", "3\r\nabcXY", "fffffffffffffffff\r\n"] {
            assert!(matches!(pushed(false, &[body.as_bytes()]), Err(ChunkError::Format)), "{body:?}");
        }
        assert!(matches!(pushed(false, &[&[b'0'; 1025]]), Err(ChunkError::Format)));
    }
}
