//! The world of the stories is as true as the real one.

mod world;

#[test]
fn x() {
    let _ = world::World::new();
}
