//! Exports, imports, forks, lists.

use facteur::domain::company::CompanyId;
use facteur::domain::delivery::{DeliveryId, Finish, HeldReason, State};
use facteur::ports::store::{DeliveryFilter, PutOff, RoundReport, Store, StoreError};

use crate::rig::{Rig, app, at, backfill, rules, sent};

/// Everything that the port shows of a state.
async fn seen(store: &dyn Store) -> String {
    let companies = store.companies().await.unwrap();
    let mut parts = vec![format!("{companies:?}")];
    for company in companies {
        parts.push(format!("{:?}", store.decisions(company.id).await.unwrap()));
        parts.push(format!("{:?}", store.deposits(company.id).await.unwrap()));
        parts.push(format!("{:?}", store.all_names(company.id).await.unwrap()));
    }
    let every = DeliveryFilter::default();
    parts.push(format!("{:?}", store.deliveries(&every, None, 1000).await.unwrap()));
    parts.push(format!("{:?}", store.counts().await.unwrap()));
    parts.push(format!("{:?}", store.history(None, 1000).await.unwrap()));
    parts.join("\n")
}

async fn filled(rig: &Rig) -> CompanyId {
    let company = rig.company().await.id;
    rig.queued(company, "Achats/a.pdf").await;
    rig.send_one().await;
    rig.queued(company, "Achats/b.pdf").await;
    let copy = rig.deposit(company, "Achats/é.pdf").await;
    rig.queue(copy, "Achats/b.pdf").await;
    company
}

pub(crate) async fn an_export_is_imported_whole(rig: Rig) {
    filled(&rig).await;
    // What waits is held by an import; here nothing does.
    rig.send_one().await;
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("backup");
    let records = rig.store().export(&file).await.unwrap();
    let before = seen(rig.store()).await;
    for mut other in [Rig::in_memory(), Rig::on_disk()] {
        other.found("Another").await;
        assert_eq!(other.store().import(&file, at(9)).await, Ok(records));
        other.reopen();
        let after = seen(other.store()).await;
        let changed = before
            .replace("retake: false, after_import: false", "retake: true, after_import: true");
        assert_eq!(after, changed);
        let identity = other.store().identity().await.unwrap();
        assert_eq!(identity.id, rig.store().identity().await.unwrap().id);
        assert_eq!(identity.imported_at, Some(at(9)));
        assert!(other.store().health().await.unwrap().unreadable.is_empty());
    }
    let left: Vec<_> = std::fs::read_dir(scratch.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "no partial file is left");
}

pub(crate) async fn a_damaged_export_is_refused(rig: Rig) {
    filled(&rig).await;
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("backup");
    rig.store().export(&file).await.unwrap();
    let whole = std::fs::read(&file).unwrap();
    let before = seen(rig.store()).await;
    let mut damaged = vec![Vec::new(), b"{}\n".to_vec(), [&whole[..], b"x\n"].concat()];
    for position in (0..whole.len()).step_by(97) {
        damaged.push(whole[..position].to_vec());
        let mut flipped = whole.clone();
        flipped[position] ^= 1;
        damaged.push(flipped);
    }
    for bytes in damaged {
        std::fs::write(&file, &bytes).unwrap();
        let answer = rig.store().import(&file, at(9)).await;
        assert!(matches!(answer, Err(StoreError::Import(_))), "{answer:?}");
    }
    assert!(matches!(
        rig.store().import(&scratch.path().join("missing"), at(9)).await,
        Err(StoreError::Import(_))
    ));
    assert_eq!(seen(rig.store()).await, before);
    assert!(rig.store().health().await.unwrap().writable);
}

pub(crate) async fn an_import_makes_the_state_older_than_the_world(rig: Rig) {
    let company = rig.company().await.id;
    rig.queued(company, "Achats/a.pdf").await;
    let passed = rig.claim_one(0).await;
    rig.dot(&passed).await.unwrap();
    rig.queued(company, "Achats/b.pdf").await;
    let leased = rig.claim_one(0).await;
    let put_off = PutOff {
        destination: rules().destination,
        since: at(0),
        until: at(5),
        failures: 1,
        answer: "no route".to_owned(),
    };
    rig.store().put_off(&rules().destination, Some(put_off)).await.unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("backup");
    rig.store().export(&file).await.unwrap();
    rig.finish(&passed, sent()).await.unwrap();
    rig.store().import(&file, at(9)).await.unwrap();
    assert_eq!(rig.delivery(passed.id).await.state, State::InDoubt);
    let counts = rig.store().counts().await.unwrap();
    assert_eq!((counts[&State::Sending], counts[&State::InDoubt]), (0, 1));
    let waited = rig.delivery(leased.id).await;
    let held = (waited.state, waited.reason, waited.leased);
    assert_eq!(held, (State::Held, Some(HeldReason::AfterImport), false), "it may have gone since");
    let company = rig.company_of(company).await;
    assert!(company.after_import && company.retake);
}

pub(crate) async fn a_fork_changes_nothing(rig: Rig) {
    filled(&rig).await;
    let before = seen(rig.store()).await;
    let fork = rig.store().fork().await.unwrap();
    assert_eq!(seen(&*fork).await, before);
    let claimed = fork.claim(&rules(), 10, at(0)).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(seen(rig.store()).await, before);
}

pub(crate) async fn lists_are_filtered_and_paged(rig: Rig) {
    let company = rig.company().await.id;
    for number in 0..5 {
        rig.queued(company, &format!("Achats/{number}.pdf")).await;
    }
    let old = rig.deposit_by(company, "x.pdf", backfill()).await;
    rig.queue(old, "x").await;
    let first = rig.claim(0).await.remove(0);
    let because = "it is gone".to_owned();
    let held = Finish::Held { reason: HeldReason::Missing, because };
    rig.finish(&first, held).await.unwrap();
    let list = |filter: DeliveryFilter, after: Option<u64>, limit| {
        let after = after.map(DeliveryId);
        let store = rig.store();
        async move {
            let found = store.deliveries(&filter, after, limit).await.unwrap();
            found.into_iter().map(|delivery| delivery.id.0).collect::<Vec<_>>()
        }
    };
    let every = DeliveryFilter::default();
    assert_eq!(list(every.clone(), None, 3).await, [1, 2, 3]);
    assert_eq!(list(every.clone(), Some(3), 10).await, [4, 5, 6]);
    let missing = DeliveryFilter { reason: Some(HeldReason::Missing), ..every.clone() };
    assert_eq!(list(missing, None, 10).await, [1]);
    let waiting = DeliveryFilter {
        states: vec![State::Held, State::Queued],
        company: Some(company),
        ..every.clone()
    };
    assert_eq!(list(waiting.clone(), None, 2).await, [1, 2]);
    assert_eq!(list(waiting, Some(2), 2).await, [3, 4]);
    let elsewhere = DeliveryFilter { company: Some(CompanyId(99)), ..every.clone() };
    assert!(list(elsewhere, None, 10).await.is_empty());
    let dext = DeliveryFilter { app: Some(app("dext")), ..every };
    assert!(list(dext, None, 10).await.is_empty());
}

pub(crate) async fn the_last_round_and_the_identity_are_kept(mut rig: Rig) {
    let identity = rig.store().identity().await.unwrap();
    assert_eq!(rig.store().last_round().await, Ok(None));
    let report = RoundReport { observed: 3, started_at: at(1), ..RoundReport::default() };
    rig.store().keep_round(&report).await.unwrap();
    rig.reopen();
    assert_eq!(rig.store().last_round().await, Ok(Some(report)));
    assert_eq!(rig.store().identity().await, Ok(identity));
    let health = rig.store().health().await.unwrap();
    assert!(health.writable && health.disk_bytes > 0 && health.unreadable.is_empty());
}
