use futures::StreamExt as _;
use http_body::Frame;
use http_body_util::StreamBody;
use proptest::prelude::*;

use super::*;

const BOUNDARY: &str = "----bound";

fn reader(pieces: Vec<Bytes>) -> FormReader {
    let frames =
        futures::stream::iter(pieces.into_iter().map(|piece| Ok::<_, std::io::Error>(Frame::data(piece))));
    FormReader::new(SharedBody::new(s3s::Body::http_body_unsync(StreamBody::new(frames))), BOUNDARY)
}

type Form = (Vec<(String, String)>, Vec<u8>);

fn read(pieces: Vec<Bytes>) -> Result<Form, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut form = reader(pieces);
        let fields = form.fields().await.map_err(|error| error.code().as_str().to_owned())?;
        let mut file = Vec::new();
        let mut stream = Box::pin(form.into_file());
        while let Some(bytes) = stream.next().await {
            let bytes =
                bytes.map_err(|cause| cause.downcast::<S3Error>().unwrap().code().as_str().to_owned())?;
            assert!(!bytes.is_empty());
            file.extend_from_slice(&bytes);
        }
        Ok((fields, file))
    })
}

fn body(fields: &[(String, String)], file: &[u8], after: &str) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(value.as_bytes());
        body.extend_from_slice(b"\r\n");
    }
    let head = "content-disposition: form-data; name=file; filename=\"x\"\r\nContent-Type: image/jpeg";
    body.extend_from_slice(format!("--{BOUNDARY}\r\n{head}\r\n\r\n").as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(after.as_bytes());
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn cut(body: &[u8], sizes: &[usize]) -> Vec<Bytes> {
    let (mut rest, mut pieces, mut sizes) = (body, Vec::new(), sizes.iter().cycle());
    while !rest.is_empty() {
        let (piece, later) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
        pieces.push(Bytes::copy_from_slice(piece));
        rest = later;
    }
    pieces
}

/// Bytes full of what looks like a boundary and is none.
fn tricky() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\r".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"\r\n-".to_vec()),
        Just(b"\r\n--".to_vec()),
        Just(b"--".to_vec()),
        Just(b"\r\n------boun".to_vec()),
        Just(b"\r\n------boundX".to_vec()),
        Just(b"\r\n------bound-x".to_vec()),
        Just(b"\r\n------bound \t x".to_vec()),
        Just(b"------bound\r\n".to_vec()),
        Just(b"\r\r\n------bounc--\r\n".to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Two tricky pieces may together make a real delimiter; such bodies are none of this file.
fn holds_delimiter(content: &[u8]) -> bool {
    let mut form = reader(Vec::new());
    form.buffer = BytesMut::from([content, b"\r\n"].concat().as_slice());
    (0..content.len())
        .any(|at| form.buffer[at..].starts_with(&form.delimiter) && form.behind(at) != Behind::Content)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn a_form_reads_the_same_however_it_is_cut(
        file in tricky(),
        text in "[a-z\r\n-]{0,60}",
        sizes in prop::collection::vec(1_usize..30, 1..6),
    ) {
        prop_assume!(!holds_delimiter(&file));
        let fields = vec![pair("key", "jobs/1/photos/a"), pair("X-Amz-Meta-Note", &text)];
        let body = body(&fields, &file, "");
        let (read_fields, read_file) = read(cut(&body, &sizes)).unwrap();
        prop_assert_eq!(read_fields, fields);
        prop_assert_eq!(read_file, file);
    }
}

#[test]
fn a_form_may_be_cut_in_two_at_every_place() {
    let fields = vec![pair("key", "a\r\n------boun"), pair("empty", "")];
    let file = b"\r\n------boun\r\n------bound?\r\r\n-\r".as_slice();
    let body = body(&fields, file, "");
    for at in 1..body.len() {
        let pieces = vec![Bytes::copy_from_slice(&body[..at]), Bytes::copy_from_slice(&body[at..])];
        assert_eq!(read(pieces).unwrap(), (fields.clone(), file.to_vec()), "cut at {at}");
    }
}

#[test]
fn a_form_that_ends_anywhere_before_its_closing_boundary_is_refused() {
    let body = body(&[pair("key", "k")], b"file", "");
    let closing = body.len() - 2;
    for end in 0..closing {
        let result = read(vec![Bytes::copy_from_slice(&body[..end])]);
        assert_eq!(result.unwrap_err(), "IncompleteBody", "ended at {end}");
    }
    assert!(read(vec![Bytes::copy_from_slice(&body[..closing])]).is_ok());
}

#[test]
fn fields_after_the_file_are_ignored_within_a_limit() {
    let after = format!("\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"late\"\r\n\r\n");
    let short = body(&[pair("key", "k")], b"file", &format!("{after}value"));
    assert_eq!(read(cut(&short, &[7])).unwrap(), (vec![pair("key", "k")], b"file".to_vec()));
    let long =
        body(&[pair("key", "k")], b"file", &format!("{after}{}", "x".repeat(AFTER_FILE_BYTES_MAX + 100)));
    assert_eq!(read(cut(&long, &[1000])).unwrap_err(), "MalformedPOSTRequest");
}

#[test]
fn delimiters_and_what_looks_like_them_count_as_behind_the_file() {
    for piece in ["\r\n------bound\r\n", "\r\n------boundX", "\r\n------bound \t x"] {
        let many = AFTER_FILE_BYTES_MAX / piece.len() + 10;
        let after = format!("\r\n------bound\r\n{}", piece.repeat(many));
        let long = body(&[pair("key", "k")], b"file", &after);
        for size in [1000, usize::MAX] {
            assert_eq!(read(cut(&long, &[size])).unwrap_err(), "MalformedPOSTRequest", "{piece:?}");
        }
        let short = body(&[pair("key", "k")], b"file", &format!("\r\n------bound\r\n{}", piece.repeat(9)));
        assert!(read(cut(&short, &[7])).is_ok(), "{piece:?}");
    }
}

#[test]
fn what_stands_behind_the_file_may_be_cut_at_every_place() {
    let after = "\r\n------bound\r\na\r\n------bound- b\r\n------bound \rc\r\n------bound\t\r\nd";
    let body = body(&[pair("key", "k")], b"file", after);
    for at in 1..body.len() {
        let pieces = vec![Bytes::copy_from_slice(&body[..at]), Bytes::copy_from_slice(&body[at..])];
        assert_eq!(read(pieces).unwrap().1, b"file", "cut at {at}");
    }
}

#[test]
fn the_name_of_the_file_may_be_in_any_encoding() {
    let head = b"Content-Disposition: form-data; name=\"file\"; filename=\"f\xe9.jpg\"\r\n";
    assert_eq!(field_name(head).as_deref(), Some("file"));
}

#[test]
fn fields_are_bounded_in_number_and_size() {
    let many: Vec<_> = (0..=FIELDS_MAX).map(|n| pair(&n.to_string(), "")).collect();
    assert_eq!(read(cut(&body(&many, b"", ""), &[999])).unwrap_err(), "MalformedPOSTRequest");
    assert!(read(cut(&body(&many[1..], b"", ""), &[999])).is_ok());

    let big = vec![pair("key", &"x".repeat(FIELDS_BYTES_MAX))];
    assert_eq!(read(cut(&body(&big, b"", ""), &[999])).unwrap_err(), "MaxPostPreDataLengthExceededError");
    let several: Vec<_> = (0..20).map(|n| pair(&n.to_string(), &"x".repeat(5000))).collect();
    assert_eq!(read(cut(&body(&several, b"", ""), &[999])).unwrap_err(), "MaxPostPreDataLengthExceededError");

    let head = format!("--{BOUNDARY}\r\nX: {}\r\n\r\n", "x".repeat(2 * PART_HEADERS_BYTES_MAX));
    assert_eq!(read(cut(head.as_bytes(), &[999])).unwrap_err(), "MalformedPOSTRequest");
}

#[test]
fn what_is_not_a_form_is_refused() {
    let cases: [(&[u8], &str); 7] = [
        (b"", "IncompleteBody"),
        (b"hello world, this is not a form at all", "IncompleteBody"),
        (b"preamble\r\n------bound\r\n", "MalformedPOSTRequest"),
        (b"------bound--\r\n", "InvalidArgument"),
        (b"------bound\r\nContent-Type: text/plain\r\n\r\nx\r\n------bound--", "MalformedPOSTRequest"),
        (b"------bound\r\n\r\nx\r\n------bound--", "MalformedPOSTRequest"),
        (
            b"------bound\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n\xff\xfe\r\n------bound--",
            "InvalidArgument",
        ),
    ];
    for (body, code) in cases {
        let found = read(cut(body, &[5])).unwrap_err();
        assert_eq!(found, code, "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn names_are_read_from_any_usual_content_disposition() {
    let name = |line: &str| field_name(format!("{line}\r\n").as_bytes());
    assert_eq!(name("Content-Disposition: form-data; name=\"key\"").as_deref(), Some("key"));
    assert_eq!(name("content-disposition:form-data;name=key").as_deref(), Some("key"));
    assert_eq!(
        name("Content-Disposition: form-data; filename=\"a;b\\\"c\"; name=\"file\"").as_deref(),
        Some("file")
    );
    assert_eq!(
        name("Content-Disposition: form-data; filename*=utf-8''a%20b; name=file").as_deref(),
        Some("file")
    );
    assert_eq!(name("Content-Disposition: form-data; name=\"a\\\"b\"").as_deref(), Some("a\"b"));
    assert_eq!(name("Content-Disposition: form-data; name=\"C:\\dir\"").as_deref(), Some("C:\\dir"));
    assert_eq!(name("Content-Disposition: form-data; name=\"open").as_deref(), None);
    assert_eq!(name("Content-Disposition: attachment; name=\"key\"").as_deref(), None);
    assert_eq!(name("Content-Disposition: form-data").as_deref(), None);
}
