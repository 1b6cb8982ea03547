//! The world of the stories does what it says, and is as true as the real one.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

#[path = "../world/mod.rs"]
mod world;

mod clock;
mod disk;
mod post;
mod traces;

use self::world::path;

#[test]
fn the_configuration_of_the_stories_can_be_tweaked() {
    let config = world::config(|config| config.robot.flood_per_hour_max = 2);
    assert_eq!(config.robot.flood_per_hour_max, 2);
    let quickbooks = &config.apps[&world::app("quickbooks")];
    assert!(quickbooks.accepts_name(b"a.PDF") && quickbooks.recommends(&path("Achats/2026")));
}
