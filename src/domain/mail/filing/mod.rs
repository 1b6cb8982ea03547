//! Filing: which files of a mail become documents, what they are called, and where they go.

mod kind;
mod name;
mod pdf;
mod pdf_password;
mod picture;
mod place;
mod refusal;
mod sift;

pub use name::{NAME_BYTES_MAX, SafeName, free_name, safe_name};
pub use place::{FilingTemplate, FilingTemplateError};
pub use sift::{Sifted, sift};
