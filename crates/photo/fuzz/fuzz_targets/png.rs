#![no_main]

use libfuzzer_sys::fuzz_target;
use qdn_photo::Format;

fuzz_target!(init: qdn_photo_fuzz::keep_guarded_panics(), |bytes: &[u8]| -> libfuzzer_sys::Corpus {
    qdn_photo_fuzz::decode(bytes, Format::Png)
});
