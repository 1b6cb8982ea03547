//! The world of the stories: a clock moved by hand, a disk and a mail server in memory, and the
//! power, which can go at any moment.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "each test file is a program of its own and uses its part of the world"
)]

pub mod clock;
pub mod config;
pub mod disk;
pub mod mailbox;
pub mod power;
pub mod spool;
pub mod transport;

use std::sync::Arc;

use facteur::domain::Timestamp;
use facteur::domain::path::TreePath;

pub use self::clock::HandClock;
pub use self::config::{app, config};
pub use self::disk::{Disk, Marks};
pub use self::mailbox::Letterbox;
pub use self::power::{Power, Stop, When};
pub use self::spool::Drawer;
pub use self::transport::{Phase, Post, Script};

/// Everything outside the robot; a clone is the same world, for what happens meanwhile.
///
/// ```ignore
/// let world = World::new();
/// world.disk.write("Dupont Maçonnerie/Achats/old.pdf", b"%PDF old");
/// let office = world.clone();
/// world.clock.during_next_sleep(async move {
///     office.disk.append("Dupont Maçonnerie/Achats/scan.pdf", b"page 2");
/// });
/// ```
#[derive(Clone)]
pub struct World {
    /// The robot's clock; a Monday morning at first.
    pub clock: Arc<HandClock>,
    /// The firm's documents.
    pub disk: Arc<Disk>,
    /// The mail server.
    pub post: Arc<Post>,
    /// The power of the robot's machine.
    pub power: Power,
}

impl World {
    /// An empty tree, a server that accepts everything, Monday 2 March 2026, 8:00 UTC.
    pub fn new() -> Self {
        let power = Power::default();
        let clock = Arc::new(HandClock::starting_at(at("2026-03-02T08:00:00Z")));
        let disk = Arc::new(Disk::new(clock.clone(), power.clone()));
        let post = Arc::new(Post::new(power.clone()));
        Self { clock, disk, post, power }
    }
}

/// A moment as RFC 3339 writes it.
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a story tells its times well")
}

/// A path as the interface spells it.
pub fn path(text: &str) -> TreePath {
    text.parse().expect("a story spells its paths well")
}
