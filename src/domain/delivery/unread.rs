//! An answer about a delivery that no rule understands: a line in its story, for a person.

use super::{ANSWER_CHARS_MAX, Delivery};
use crate::domain::Timestamp;
use crate::domain::path::is_hidden;

/// What the story calls such an answer.
pub const ANSWER_TO_READ: &str = "answer_to_read";

/// Answers told in one story; the rest stay in the mailbox. A stranger who writes a hundred must
/// not push the delivery's own steps out of it.
const ANSWERS_TOLD_MAX: usize = 10;

/// Characters kept of a header.
const HEADER_CHARS_MAX: usize = 200;

/// An answer for a person, as far as a story shows it: one line each, nothing hidden in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadAnswer {
    from: String,
    subject: String,
    beginning: String,
    because: String,
}

impl UnreadAnswer {
    /// Makes what a stranger wrote fit to be shown. `because`: why a person has to read it.
    pub fn new(from: &str, subject: &str, text: &str, because: &str) -> Self {
        Self {
            from: shown(from, HEADER_CHARS_MAX),
            subject: shown(subject, HEADER_CHARS_MAX),
            beginning: shown(text, ANSWER_CHARS_MAX),
            because: because.to_owned(),
        }
    }
}

impl Delivery {
    /// Adds the answer to the story; nothing else changes.
    pub(super) fn show(&self, answer: &UnreadAnswer, now: Timestamp) -> Self {
        let mut next = self.clone();
        if self.answers_to_read() < ANSWERS_TOLD_MAX {
            let UnreadAnswer { from, subject, beginning, because } = answer;
            next.tell(ANSWER_TO_READ, &format!("{from} wrote `{subject}`: {because}"), now);
            next.quote(beginning);
        }
        next
    }

    /// Answers in its story that a person has to read.
    pub fn answers_to_read(&self) -> usize {
        self.events.iter().filter(|event| event.what == ANSWER_TO_READ).count()
    }
}

/// One line of at most so many characters, with nothing in it that a terminal obeys.
fn shown(text: &str, chars_max: usize) -> String {
    let plain = |letter: char| if is_hidden(letter) { ' ' } else { letter };
    let visible: String = text.chars().take(chars_max * 8).map(plain).collect();
    let words: Vec<&str> = visible.split_whitespace().collect();
    words.join(" ").chars().take(chars_max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_wrote_is_one_line_and_hides_nothing() {
        let text = "Hello\r\n\u{1b}[2J\u{202e}there\u{0}\n\n  you";
        let answer = UnreadAnswer::new("a\nb", &"x".repeat(5_000), text, "no rule");
        assert_eq!(answer.from, "a b");
        assert_eq!(answer.subject.chars().count(), HEADER_CHARS_MAX);
        assert_eq!(answer.beginning, "Hello [2J there you");
    }
}
