//! cargo-fuzz's way to `targets::answers`.

#![no_main]

#[allow(dead_code, reason = "each program feeds one target")]
#[path = "../targets/mod.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (targets::answers::TARGET.check)(bytes));
