//! A document whose bytes changed in place: its stamp never moved, sending noticed it.

use super::plan::{Plan, Unit};
use super::{Robot, Snapshot};
use crate::app::error::Answer;
use crate::domain::company::CompanyId;
use crate::domain::deposit::{Deposit, Origin};
use crate::domain::directory::{NameBytes, NameRecord, Settling};
use crate::domain::verdict::{Rules, folder_of};
use crate::ports::folders::{FolderError, Look};
use crate::ports::store::{DepositRef, NameChange};

impl Robot {
    /// Makes what is behind the deposit's name now a deposit of its own, unless an observation
    /// did so already or the file is gone.
    pub(in crate::app) async fn observe_replaced(
        &self,
        company: CompanyId,
        deposit: &Deposit,
    ) -> Answer<()> {
        let _turn = self.shared.tree.lock().await;
        let snapshot = self.snapshot(company).await?;
        let (directory, name) = (folder_of(&deposit.path), NameBytes::new(deposit.path.name()));
        let names = self.ports().store.names(company, &directory).await?;
        let known = names.get(&name).filter(|record| record.deposit == Some(deposit.number));
        let look = match self.ports().folders.look(&snapshot.company.folder, &deposit.path) {
            Ok(look) if look.size > 0 => look,
            Ok(_) | Err(FolderError::Missing(_)) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let Some(known) = known else { return Ok(()) };
        let settle = self.config().robot.settle_of(&directory);
        let settling = Settling::after_look(None, &look.seen(), settle, self.now());
        let record = NameRecord { fingerprint: look.fingerprint, settling, ..*known };
        let change = NameChange { record, deposit: DepositRef::New(0) };
        let unit = Unit {
            names: vec![((directory, name), Some(change))],
            deposits: vec![self.replacement(&snapshot, deposit, &look)],
        };
        let plan = Plan { units: vec![unit], ..Plan::default() };
        self.commit(&snapshot.company, plan, None).await
    }

    /// What is sent just now got nowhere: its bytes were gone before its final dot.
    fn replacement(&self, snapshot: &Snapshot, earlier: &Deposit, look: &Look) -> Deposit {
        let config = self.config();
        let rules = Rules {
            apps: &config.apps,
            decisions: &snapshot.decisions,
            after_import: snapshot.company.after_import,
        };
        let origin = Origin::Replaced { earlier: Some(earlier.number) };
        let words = origin.words();
        let mut deposit = Deposit {
            number: 0,
            origin,
            observed_at: self.now(),
            modified_ns: look.modified_ns,
            size: look.size,
            fingerprint: look.fingerprint,
            settled: false,
            gone: false,
            content: None,
            verdicts: rules.of_replaced(
                &earlier.path,
                Some(earlier),
                &earlier.deliveries().collect(),
            ),
            events: Vec::new(),
            ..earlier.clone()
        };
        deposit.tell(self.now(), words);
        deposit
    }
}
