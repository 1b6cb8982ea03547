//! Stories of collection: mails of clients become documents in their companies' folders, once.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

#[path = "../stories/office.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the stories of the office")]
mod office;
#[path = "../world/mod.rs"]
mod world;

mod again;
mod alike;
mod filing;
mod power;
mod reception;
mod tray;
mod trouble;
