//! The least that a signature can cost: SHA-256 and HMAC over the very bytes that are signed, laid out beforehand,
//! with the day's key absorbed beforehand.

use hmac::{Hmac, KeyInit as _, Mac as _};
use qdn_sign::Signer;
use sha2::{Digest as _, Sha256};

use crate::inputs::{
    ACCESS_KEY_ID, BUCKET, EXPIRES_SECONDS, KEY, NOW, PUT_HEADERS, REGION, SECRET_ACCESS_KEY, credentials,
    endpoint, post_conditions,
};

/// What is hashed and signed for each subject.
pub(crate) struct Floor {
    key: Hmac<Sha256>,
    get: Request,
    put: Request,
    policy: String,
}

struct Request {
    canonical: Vec<u8>,
    string_to_sign: Vec<u8>,
}

impl Floor {
    pub(crate) fn new() -> Self {
        let mac = |key: &[u8], text: &str| keyed(key).chain_update(text).finalize().into_bytes();
        let day = mac(format!("AWS4{SECRET_ACCESS_KEY}").as_bytes(), &NOW.amz_day());
        let signing_key = mac(&mac(&mac(&day, REGION), "s3"), "aws4_request");
        let signer = Signer::new(credentials(), REGION);
        let form = signer.presign_post(&endpoint(), BUCKET, KEY, post_conditions(), NOW, EXPIRES_SECONDS);
        let policy = form.fields.into_iter().find(|(name, _)| name == "policy").expect("a policy").1;
        Self {
            key: keyed(&signing_key),
            get: Request::new("GET", &[("host", "")]),
            put: Request::new("PUT", &[&PUT_HEADERS[..2], &[("host", "")], &PUT_HEADERS[2..]].concat()),
            policy,
        }
    }

    pub(crate) fn get(&self) -> [u8; 32] {
        self.sign(&self.get)
    }

    pub(crate) fn put(&self) -> [u8; 32] {
        self.sign(&self.put)
    }

    pub(crate) fn post(&self) -> [u8; 32] {
        self.key.clone().chain_update(&self.policy).finalize().into_bytes().into()
    }

    /// The JSON within the base64.
    pub(crate) fn policy_text(&self) -> String {
        let json = base64_simd::STANDARD.decode_to_vec(&self.policy).expect("base64");
        String::from_utf8(json).expect("JSON")
    }

    fn sign(&self, request: &Request) -> [u8; 32] {
        let hash = Sha256::digest(&request.canonical);
        // In place of the hash's hexadecimal, which is no hashing: as many bytes, laid out beforehand.
        std::hint::black_box(hash);
        self.key.clone().chain_update(&request.string_to_sign).finalize().into_bytes().into()
    }
}

impl Request {
    fn new(method: &str, headers: &[(&str, &str)]) -> Self {
        let (day, date, host) = (NOW.amz_day(), NOW.amz_date(), endpoint().host(BUCKET));
        let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
        let mut canonical = format!(
            "{method}\n/{KEY}\nX-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={ACCESS_KEY_ID}%2F{day}%2F{REGION}%2Fs3\
             %2Faws4_request&X-Amz-Date={date}&X-Amz-Expires={EXPIRES_SECONDS}&X-Amz-SignedHeaders={}\n",
            names.join("%3B")
        );
        for (name, value) in headers {
            let value = if *name == "host" { &host } else { *value };
            canonical.extend([name, ":", value, "\n"]);
        }
        canonical.extend(["\n", &names.join(";"), "\nUNSIGNED-PAYLOAD"]);
        let mut string_to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{day}/{REGION}/s3/aws4_request\n");
        string_to_sign += &hex(&Sha256::digest(&canonical));
        Self { canonical: canonical.into_bytes(), string_to_sign: string_to_sign.into_bytes() }
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes any key")
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).expect("a hexadecimal digit");
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
