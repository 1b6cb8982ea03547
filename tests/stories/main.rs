//! Stories of office life on the scripted world: the ledger, the files and the mails are asserted
//! on, never calls.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]
#![allow(unreachable_pub, reason = "the rooms of one program share their words")]

#[path = "../world/mod.rs"]
mod world;

mod acts;
mod backfill;
mod companies;
mod connections;
mod connections_readdressed;
mod decisions_file;
mod delivery;
mod delivery_files;
mod delivery_limits;
mod delivery_rehearsal;
mod deposits;
mod deposits_by_move;
mod deposits_never;
mod desk;
mod holds;
mod holds_renamed;
mod holds_replaced;
mod holds_root;
mod marks;
mod office;
mod service;
mod service_config;
mod switches;
mod switches_everywhere;
mod tree;
mod tree_law;
mod views;
mod views_white_label;
