//! A browser's form (RFC 7578), read as it arrives: the text fields into memory, within limits; the file as a stream.

use bytes::{Buf as _, Bytes, BytesMut};
use futures::Stream;
use http_body_util::BodyExt as _;
use memchr::memmem;
use s3s::{S3Error, S3ErrorCode, S3Result, StdError};

use super::body::SharedBody;
use crate::error::refuse;

/// All fields together, the headers of their parts included.
const FIELDS_BYTES_MAX: usize = 64 * 1024;
const FIELDS_MAX: usize = 100;
const PART_HEADERS_BYTES_MAX: usize = 8 * 1024;
/// Fields after the file are ignored, as S3 does; but not without end.
const AFTER_FILE_BYTES_MAX: usize = 64 * 1024;
/// White space between a boundary and its line end (RFC 2046, "transport-padding").
const PADDING_BYTES_MAX: usize = 64;

/// Reads one form.
pub(super) struct FormReader {
    body: SharedBody,
    buffer: BytesMut,
    /// Line end, two hyphens and the boundary.
    delimiter: Vec<u8>,
    /// Bytes of fields that have been read.
    fields_bytes: usize,
    is_ended: bool,
}

/// What stands behind a delimiter.
#[derive(Debug, PartialEq, Eq)]
enum Behind {
    /// Another part, after this many bytes.
    Part(usize),
    /// The end of the form, after this many bytes.
    End(usize),
    /// It was no delimiter but content that begins like one.
    Content,
    /// Not known before more has been read.
    Unknown,
}

fn malformed(message: &'static str) -> S3Error {
    refuse(S3ErrorCode::MalformedPOSTRequest, message)
}

fn too_much_behind() -> S3Error {
    malformed("There is too much behind the file.")
}

fn ended_early() -> S3Error {
    refuse(S3ErrorCode::IncompleteBody, "The form ended before its closing boundary.")
}

impl FormReader {
    pub(super) fn new(body: SharedBody, boundary: &str) -> Self {
        // The first boundary may stand at the very beginning, without the line end that belongs to the others.
        let buffer = BytesMut::from(b"\r\n".as_slice());
        let delimiter = [b"\r\n--", boundary.as_bytes()].concat();
        Self { body, buffer, delimiter, fields_bytes: 0, is_ended: false }
    }

    /// Reads the text fields that stand before the file, and stops at its first byte.
    pub(super) async fn fields(&mut self) -> S3Result<Vec<(String, String)>> {
        let mut fields = Vec::new();
        let preamble = self.content_until_delimiter().await?;
        if !preamble.is_empty() {
            return Err(malformed("The form does not begin with its boundary."));
        }
        loop {
            if self.pass_delimiter().await?.is_none() {
                return Err(refuse(
                    S3ErrorCode::InvalidArgument,
                    "POST requires exactly one file upload per request: the form has no field named 'file'.",
                ));
            }
            let name = self.part_name().await?;
            if name.eq_ignore_ascii_case("file") {
                return Ok(fields);
            }
            if fields.len() >= FIELDS_MAX {
                return Err(malformed("The form has too many fields."));
            }
            let value = self.content_until_delimiter().await?;
            let value = String::from_utf8(value).map_err(|_| {
                refuse(
                    S3ErrorCode::InvalidArgument,
                    format!("The value of the form field '{name}' is not UTF-8."),
                )
            })?;
            fields.push((name, value));
        }
    }

    /// The bytes of the file. The stream ends well only when the whole form has been read.
    pub(super) fn into_file(self) -> impl Stream<Item = Result<Bytes, StdError>> + Send {
        futures::stream::try_unfold(self, |mut form| async move {
            match form.next_of_file().await {
                Ok(Some(bytes)) => Ok(Some((bytes, form))),
                Ok(None) => Ok(None),
                Err(error) => Err(StdError::from(error)),
            }
        })
    }

    /// The next bytes of the file, or `None` after its end.
    async fn next_of_file(&mut self) -> S3Result<Option<Bytes>> {
        if self.is_ended {
            return Ok(None);
        }
        loop {
            let found = memmem::find(&self.buffer, &self.delimiter);
            let sure = match found {
                Some(at) => match self.behind(at) {
                    Behind::Content => at + 1,
                    Behind::Unknown => at,
                    Behind::Part(_) | Behind::End(_) => {
                        let last = self.buffer.split_to(at).freeze();
                        self.pass_rest().await?;
                        self.is_ended = true;
                        return Ok(Some(last).filter(|last| !last.is_empty()));
                    }
                },
                // The end of the buffer may be the beginning of a delimiter.
                None => self.buffer.len().saturating_sub(self.delimiter.len() - 1),
            };
            if sure > 0 {
                return Ok(Some(self.buffer.split_to(sure).freeze()));
            }
            if !self.fill().await? {
                return Err(ended_early());
            }
        }
    }

    /// Reads what stands behind the file to the closing boundary, and drops it.
    async fn pass_rest(&mut self) -> S3Result<()> {
        let mut passed = 0;
        while let Some(bytes) = self.pass_delimiter().await? {
            passed += bytes;
            loop {
                let found = memmem::find(&self.buffer, &self.delimiter).map(|at| (at, self.behind(at)));
                let sure = match found {
                    Some((at, Behind::Content)) => at + 1,
                    Some((at, _)) => at,
                    None => self.buffer.len().saturating_sub(self.delimiter.len() - 1),
                };
                self.buffer.advance(sure);
                passed += sure;
                if passed > AFTER_FILE_BYTES_MAX {
                    return Err(too_much_behind());
                }
                match found {
                    Some((_, Behind::Part(_) | Behind::End(_))) => break,
                    Some((_, Behind::Content)) => {}
                    Some((_, Behind::Unknown)) | None if self.fill().await? => {}
                    Some((_, Behind::Unknown)) | None => return Err(ended_early()),
                }
            }
        }
        Ok(())
    }

    /// Moves past the delimiter that the buffer begins with, and says how far when a part follows.
    async fn pass_delimiter(&mut self) -> S3Result<Option<usize>> {
        loop {
            match self.behind(0) {
                Behind::Part(bytes) => {
                    let bytes = self.delimiter.len() + bytes;
                    self.buffer.advance(bytes);
                    return Ok(Some(bytes));
                }
                Behind::End(bytes) => {
                    self.buffer.advance(self.delimiter.len() + bytes);
                    return Ok(None);
                }
                Behind::Content => return Err(malformed("The form's boundary is malformed.")),
                Behind::Unknown if self.fill().await? => {}
                Behind::Unknown => return Err(ended_early()),
            }
        }
    }

    /// What stands behind the delimiter at `at`.
    fn behind(&self, at: usize) -> Behind {
        let rest = self.buffer.get(at + self.delimiter.len()..).unwrap_or_default();
        if rest.starts_with(b"--") {
            return Behind::End(2);
        }
        let padding = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        match rest.get(padding..).unwrap_or_default() {
            [b'\r', b'\n', ..] => Behind::Part(padding + 2),
            _ if padding > PADDING_BYTES_MAX => Behind::Content,
            [] | [b'\r'] => Behind::Unknown,
            [b'-'] if padding == 0 => Behind::Unknown,
            _ => Behind::Content,
        }
    }

    /// Reads a part's headers and gives the name of its field.
    async fn part_name(&mut self) -> S3Result<String> {
        let mut searched = 0;
        let end = loop {
            if self.buffer.starts_with(b"\r\n") {
                break 0;
            }
            if let Some(at) = memmem::find(self.buffer.get(searched..).unwrap_or_default(), b"\r\n\r\n") {
                break searched + at + 2;
            }
            if self.buffer.len() > PART_HEADERS_BYTES_MAX {
                break PART_HEADERS_BYTES_MAX + 1;
            }
            searched = self.buffer.len().saturating_sub(3);
            self.fill_fields().await?;
        };
        if end > PART_HEADERS_BYTES_MAX {
            return Err(malformed("The headers of a part of the form are too long."));
        }
        self.spend(end)?;
        let headers = self.buffer.split_to(end);
        self.buffer.advance(2);
        field_name(&headers)
            .ok_or_else(|| malformed("A part of the form has no Content-Disposition with a name."))
    }

    /// Reads to the next delimiter, which stays in the buffer.
    async fn content_until_delimiter(&mut self) -> S3Result<Vec<u8>> {
        let mut searched = 0;
        loop {
            let found = memmem::find(self.buffer.get(searched..).unwrap_or_default(), &self.delimiter);
            searched = match found.map(|at| (searched + at, self.behind(searched + at))) {
                Some((at, Behind::Part(_) | Behind::End(_))) => {
                    self.spend(at)?;
                    return Ok(self.buffer.split_to(at).to_vec());
                }
                Some((at, Behind::Content)) => {
                    searched = at + 1;
                    continue;
                }
                Some((at, Behind::Unknown)) => at,
                None => self.buffer.len().saturating_sub(self.delimiter.len() - 1).max(searched),
            };
            self.fill_fields().await?;
        }
    }

    /// Counts bytes of fields, and refuses when they become too many.
    fn spend(&mut self, bytes: usize) -> S3Result<()> {
        self.fields_bytes += bytes;
        if self.fields_bytes <= FIELDS_BYTES_MAX {
            return Ok(());
        }
        let code = S3ErrorCode::MaxPostPreDataLengthExceededError;
        Err(refuse(code, "Your POST request fields preceding the upload file were too large."))
    }

    /// Reads more of a field whose end is not yet in the buffer.
    async fn fill_fields(&mut self) -> S3Result<()> {
        if self.buffer.len() > FIELDS_BYTES_MAX {
            self.spend(self.buffer.len())?;
        }
        if self.fill().await? { Ok(()) } else { Err(ended_early()) }
    }

    /// Reads the next bytes of the body. Says whether there were any.
    async fn fill(&mut self) -> S3Result<bool> {
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|cause| crate::error::from_body(cause.as_ref()))?;
            if let Some(data) = frame.data_ref().filter(|data| !data.is_empty()) {
                self.buffer.extend_from_slice(data);
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The `name` of a part's `Content-Disposition`.
fn field_name(headers: &[u8]) -> Option<String> {
    // Old clients send the name of the file in an encoding of their own; it is not used.
    let headers = String::from_utf8_lossy(headers);
    let value = headers.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value.trim())
    })?;
    let mut rest = value.strip_prefix("form-data").or_else(|| value.strip_prefix("Form-Data"))?;
    loop {
        rest = rest.trim_start().strip_prefix(';')?.trim_start();
        let (name, after) = rest.split_once('=')?;
        let (value, after) = parameter_value(after)?;
        if name.trim().eq_ignore_ascii_case("name") {
            return Some(value);
        }
        rest = after;
    }
}

/// A token or a quoted string, and what follows it.
fn parameter_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        let (value, after) = text.split_at(end);
        return Some((value.trim().to_owned(), after));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, quoted.get(at + 1..)?)),
            // Browsers escape nothing with it but quotes and itself; a lone one may come from a Windows path.
            '\\' if quoted.get(at + 1..)?.starts_with(['"', '\\']) => value.push(characters.next()?.1),
            _ => value.push(character),
        }
    }
    None
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;
