//! Lines of the history of decisions.

use super::robot::Robot;
use crate::domain::company::Company;
use crate::domain::decision::{Decision, HistoryEntry};

/// Who signs what the robot notices or does by itself.
pub(super) const ROBOT: &str = "facteur";

impl Robot {
    /// A line about a company as a whole.
    pub(super) fn company_entry(
        &self,
        company: &Company,
        by: &str,
        what: &str,
        detail: String,
    ) -> HistoryEntry {
        HistoryEntry {
            at: self.now(),
            by: by.to_owned(),
            what: what.to_owned(),
            company: Some(company.slug.clone()),
            folder: None,
            app: None,
            detail,
        }
    }

    /// A line about a decision.
    pub(super) fn decision_entry(
        &self,
        company: &Company,
        by: &str,
        decision: &Decision,
        detail: String,
    ) -> HistoryEntry {
        let (app, folder) = decision.subject();
        HistoryEntry {
            folder: folder.cloned(),
            app: Some(app.clone()),
            ..self.company_entry(company, by, decision.word(), detail)
        }
    }
}
