//! Documents known already, for a back-fill or a person's wish: given a verdict after the fact.

use super::plan::{Plan, Unit};
use super::{Robot, Snapshot};
use crate::app::backfill::asked_for;
use crate::app::error::Answer;
use crate::domain::company::{Company, CompanyId};
use crate::domain::deposit::{Deposit, Due, Origin};
use crate::domain::directory::{NameBytes, NameRecord};
use crate::domain::path::TreePath;
use crate::domain::profile::AppId;
use crate::domain::verdict::Rules;
use crate::ports::folders::Look;
use crate::ports::store::{DepositRef, NameChange};

/// A document of a known company, as it is now.
#[derive(Debug, Clone)]
pub(in crate::app) struct Older {
    pub(in crate::app) path: TreePath,
    pub(in crate::app) look: Look,
    pub(in crate::app) record: NameRecord,
    pub(in crate::app) deposit: Option<Deposit>,
}

impl Robot {
    /// The documents below a folder that are there, in path order.
    pub(in crate::app) async fn documents_within(
        &self,
        company: &Company,
        folder: &TreePath,
    ) -> Answer<Vec<Older>> {
        let store = &self.ports().store;
        let mut documents = Vec::new();
        for (directory, names) in store.all_names(company.id).await? {
            if !directory.is_within(folder) {
                continue;
            }
            for (name, record) in names.into_iter().filter(|(_, record)| !record.gone) {
                let path = directory.join(name.as_bytes());
                let Ok(look) = self.ports().folders.look(&company.folder, &path) else { continue };
                let deposit = match record.deposit {
                    Some(number) => store.deposit(number).await?,
                    None => None,
                };
                documents.push(Older { path, look, record, deposit });
            }
        }
        Ok(documents)
    }

    /// Deposits documents for an app although they were there before. For who has the turn.
    pub(in crate::app) async fn deposit_older(
        &self,
        company: &Company,
        documents: Vec<Older>,
        app: &AppId,
        due: &Due,
        by: &str,
    ) -> Answer<()> {
        let snapshot = self.snapshot(company.id).await?;
        let units = documents
            .into_iter()
            .map(|older| self.older_unit(&snapshot, older, app, due, by))
            .collect();
        let plan = Plan { units, ..Plan::default() };
        self.commit(&snapshot.company, plan, None).await
    }

    fn older_unit(
        &self,
        snapshot: &Snapshot,
        older: Older,
        app: &AppId,
        due: &Due,
        by: &str,
    ) -> Unit {
        let settled = older.record.settling.is_none();
        if let Some(deposit) = older.deposit {
            let deposit = asked_for(Deposit { settled, ..deposit }, app, due, self.now(), by);
            return Unit { names: Vec::new(), deposits: vec![deposit] };
        }
        let config = self.config();
        let rules = Rules {
            apps: &config.apps,
            decisions: &snapshot.decisions,
            after_import: snapshot.company.after_import,
        };
        let deposit = Deposit {
            number: 0,
            company: snapshot.company.id,
            verdicts: rules.of_moved(&older.path, &older.path, None),
            path: older.path.clone(),
            origin: Origin::Backfill { by: by.to_owned() },
            observed_at: self.now(),
            modified_ns: older.look.modified_ns,
            size: older.look.size,
            fingerprint: older.record.fingerprint,
            settled,
            gone: false,
            content: None,
            events: Vec::new(),
        };
        let place =
            (crate::domain::verdict::folder_of(&older.path), NameBytes::new(older.path.name()));
        let change = NameChange { record: older.record, deposit: DepositRef::New(0) };
        Unit {
            names: vec![(place, Some(change))],
            deposits: vec![asked_for(deposit, app, due, self.now(), by)],
        }
    }
}

/// Makes one known deposit durable as it is now.
pub(in crate::app) async fn commit_deposit(
    robot: &Robot,
    company: CompanyId,
    deposit: Deposit,
) -> Answer<()> {
    let _turn = robot.shared.tree.lock().await;
    let company = robot.company_by_id(company).await?;
    let plan = Plan {
        units: vec![Unit { names: Vec::new(), deposits: vec![deposit] }],
        ..Plan::default()
    };
    robot.commit(&company, plan, None).await
}
