//! Which files of a mail are documents, and why the others aren't.

use std::collections::BTreeSet;

use super::name::{SafeName, safe_name, split};
use crate::domain::received::{LeftOut, ReceivedMail};

/// The files of a mail, sifted. Each of them, and each that was left out when the mail was taken
/// apart, is in one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sifted {
    /// Which of [`ReceivedMail::files`] are documents, and what they are called; two may have one
    /// name.
    pub documents: Vec<(usize, SafeName)>,
    /// The others, each with its reason.
    pub left_out: Vec<LeftOut>,
}

/// Sifts the files of a mail. `accepts`: the endings (in lower case, without dots) that any
/// enabled profile takes.
pub fn sift(mail: &ReceivedMail, accepts: &BTreeSet<String>) -> Sifted {
    let mut sifted = Sifted { documents: Vec::new(), left_out: mail.left_out.clone() };
    for (index, file) in mail.files.iter().enumerate() {
        let name = file.name.as_deref().unwrap_or_default();
        let (stem, ending) = split(name);
        if accepts.contains(&ending.to_lowercase()) {
            sifted.documents.push((index, safe_name(stem, ending)));
        } else {
            let because = "no app takes such files".to_owned();
            sifted.left_out.push(LeftOut { name: name.escape_debug().to_string(), because });
        }
    }
    sifted
}
