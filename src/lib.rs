//! facteur, a document-routing mail robot for accounting firms.

pub mod adapters;
pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod ports;
