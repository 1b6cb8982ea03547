//! The clock moved by hand.

use chrono::TimeDelta;
use facteur::ports::Clock as _;

use crate::world::{World, at};

#[tokio::test]
async fn a_sleep_moves_the_time_and_something_may_happen_meanwhile() {
    let world = World::new();
    world.disk.write("A/x.pdf", b"1");
    let office = world.clone();
    world.clock.during_next_sleep(async move {
        assert_eq!(office.clock.now(), at("2026-03-02T08:00:02Z"));
        office.disk.append("A/x.pdf", b"2");
    });
    world.clock.sleep_until(at("2026-03-02T08:00:04Z")).await;
    assert_eq!(world.disk.read("A/x.pdf"), b"12");
    world.clock.sleep_until(at("2026-03-02T07:00:00Z")).await;
    assert_eq!(world.clock.now(), at("2026-03-02T08:00:04Z"));
}

#[tokio::test]
async fn by_hand_a_sleeper_wakes_when_the_hand_has_passed_its_time() {
    let world = World::new();
    world.clock.by_hand();
    let clock = world.clock.clone();
    let sleeper = tokio::spawn(async move { clock.sleep_until(at("2026-03-02T08:00:10Z")).await });
    assert_eq!(world.clock.asleep().await, at("2026-03-02T08:00:10Z"));
    world.clock.set(at("2026-03-02T07:59:00Z"));
    world.clock.advance(TimeDelta::seconds(69));
    tokio::task::yield_now().await;
    assert!(!sleeper.is_finished(), "8:00:09");
    world.clock.advance(TimeDelta::seconds(1));
    sleeper.await.unwrap();
}
