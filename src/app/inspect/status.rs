//! `status`: one snapshot of what is and what needs a person; and `check` of the tree.

use crate::app::companies::slugs_of;
use crate::app::error::Answer;
use crate::app::robot::Robot;
use crate::app::views::{LastRoundView, ProblemView, StatusView, TreeView};
use crate::domain::delivery::State;
use crate::ports::store::{Problem, RoundReport};

/// Documents that no profile takes shown in a status.
const UNSUPPORTED_SHOWN: usize = 20;

impl Robot {
    /// How everything stands.
    pub(in crate::app) async fn status(&self) -> Answer<StatusView> {
        let store = &self.ports().store;
        let counts = store.counts().await?;
        let held = store.held_counts().await?;
        let last = store.last_round().await?;
        let next_round = self.shared.next_round();
        let mut settling = 0;
        for company in store.companies().await? {
            settling += store.settling(company.id).await?.len() as u64;
        }
        let alarms = self.alarm_views().await?;
        Ok(StatusView {
            counts: State::ALL
                .iter()
                .map(|state| {
                    (state.as_str().to_owned(), counts.get(state).copied().unwrap_or_default())
                })
                .collect(),
            held: held
                .into_iter()
                .map(|(reason, count)| (reason.as_str().to_owned(), count))
                .collect(),
            problems: last.iter().flat_map(|last| &last.problems).map(problem_view).collect(),
            last_round: last.map(|last| self.last_round_view(&last)),
            next_round: next_round.map(|at| self.local(at)),
            service: self.shared.serving_since().is_some(),
            redirect_to: self.config().mail.redirect_to.as_ref().map(ToString::to_string),
            alarms,
            unsupported: self.unsupported_view(UNSUPPORTED_SHOWN).await?,
            settling,
        })
    }

    fn last_round_view(&self, last: &RoundReport) -> LastRoundView {
        LastRoundView {
            started_at: self.local(last.started_at),
            finished_at: self.local(last.finished_at),
            deposited: last.deposited,
            sent: last.sent,
            elapsed_ms: last.elapsed_ms,
        }
    }

    /// The mistakes of the tree, as `check` prints them.
    pub(in crate::app) async fn check_tree(&self) -> Answer<TreeView> {
        let config = self.config();
        let known = self.ports().store.companies().await?;
        let folders = self.company_folders()?;
        let mut mistakes = Vec::new();
        let mut raise = |company: String, kind: &str, message: String| {
            mistakes.push(ProblemView { company, path: None, kind: kind.to_owned(), message });
        };
        for (slug, folders) in slugs_of(&config, &known, &folders) {
            if folders.len() > 1 {
                let list: Vec<String> =
                    folders.iter().map(|folder| format!("`{folder}`")).collect();
                let message = format!(
                    "the folders {} have one slug, `{slug}`: rename one, or give it a slug in [[companies]]",
                    list.join(" and ")
                );
                raise(slug.to_string(), "slug_taken", message);
            }
        }
        for folder in &folders {
            let is_known = known.iter().any(|company| company.folder == *folder);
            if !is_known && config.slug_of(folder).is_err() {
                let message = format!(
                    "the folder `{folder}` gives no slug for addresses: give it one in [[companies]]"
                );
                raise(folder.to_string(), "no_slug", message);
            }
        }
        for listed in &config.companies {
            if listed.enabled && !folders.contains(&listed.folder) {
                let message = format!(
                    "[[companies]] names the folder `{}`, which is not in the root: mend the name, or make the folder",
                    listed.folder
                );
                raise(listed.folder.to_string(), "folder_vanished", message);
            }
        }
        let held = known.iter().filter_map(|company| Some((company, company.hold.as_ref()?)));
        for (company, hold) in held {
            raise(company.slug.to_string(), hold.reason.as_str(), hold.message.clone());
        }
        Ok(TreeView { companies: folders.len() as u64, mistakes })
    }
}

/// A problem of a round as people and scripts see it.
pub(in crate::app) fn problem_view(problem: &Problem) -> ProblemView {
    ProblemView {
        company: problem.company.clone(),
        path: problem.path.as_ref().map(ToString::to_string),
        kind: problem.kind.clone(),
        message: problem.message.clone(),
    }
}
