//! What people ask: where is this invoice, and why?

mod because;
mod documents;
mod ledger;
mod mails;
mod status;
mod why;

pub(super) use status::problem_view;
