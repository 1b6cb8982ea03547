//! What the robot does, in order: observe, queue, deliver, mark; and what it answers.

mod acts;
mod alarms;
mod answer;
mod answers;
mod backfill;
mod collection;
mod companies;
mod connect;
mod decisions_file;
mod deliver;
mod doubts;
mod entries;
mod error;
mod exports;
mod inspect;
mod invitations;
mod mail;
mod marks;
mod observe;
mod planned;
mod queue;
mod readdress;
pub mod requests;
mod restored;
mod robot;
mod round;
mod send_test;
pub mod service;
mod spelling;
mod switch;
mod unserved;
pub mod views;
mod witness;
mod words;

pub use error::{Answer, Error};
pub use robot::{MailRoom, Ports, Robot};
