//! `demo`: the whole job on a sample firm, through the same requests as everything else.

mod firm;
mod papers;
mod story;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use tracing::Level;

use self::firm::{DUPONT, ELISE, Firm, LEA};
use self::story::Story;
use super::door::{load, robot};
use super::run::{Call, Ended};
use super::{control, logging, service};
use crate::app::requests::{Ask, Outcome, Selection, Turn};
use crate::app::views::{
    ConnectView, DeliveryView, DocumentView, RoundView, SwitchedView, WhyView,
};
use crate::domain::path::TreePath;

/// The app of the demonstration.
const APP: &str = "quickbooks";

/// The folder whose switch is turned on.
const FOLDER: &str = "Achats";

/// A new document, moved in with an old date: the one whose story is told.
const MOVED_IN: &str = "Achats/Reçu péage août.jpg";

/// A document that was there before.
const OLD: &str = "Achats/2025/Facture ciment été 2025.pdf";

/// What a scanner is still writing, and what it becomes.
const UNFINISHED: &str = "Achats/Scan.pdf.part";
const FINISHED: &str = "Achats/Scan facture gaz.pdf";

/// Sets the firm up, plays a morning in it, and says what happened.
pub(super) async fn demo(call: &Call, dir: Option<PathBuf>, serve: bool) -> Result<Ended> {
    if let Some(dir) = &dir
        && control::listens(&dir.join("state")).await?
    {
        anyhow::bail!(
            "a service runs in `{}`\nhint: stop it first, or give a new folder",
            dir.display()
        );
    }
    let firm = Firm::set_up(dir)?;
    let config = load(&firm.routes(), call.output)?;
    logging::begin(config.log_format, if serve { Level::INFO } else { Level::WARN });
    let robot = robot(&config).await?;
    let mut story = Story::new(&robot, call, &firm);
    story.set_out();
    connect(&mut story).await?;
    switch_on(&mut story).await?;
    nothing_old_goes(&mut story).await?;
    deposit(&firm).context("cannot put the new documents into the sample firm")?;
    new_ones_go(&mut story).await?;
    firm.rename(DUPONT, UNFINISHED, FINISHED).context("cannot finish the scan")?;
    the_scan_goes(&mut story).await?;
    look_around(&mut story).await?;
    story.what_next(serve);
    let value = story.value()?;
    if call.output.json {
        call.output.result("", &value);
    }
    drop(robot);
    if serve {
        let config = firm.routes();
        let call = Call { output: call.output, config, by: call.by.clone() };
        return service::run(&call).await;
    }
    Ok(Ended { outcome: Outcome::Done, printed: true })
}

async fn connect(story: &mut Story<'_>) -> Result<()> {
    story.chapter("The firm connects QuickBooks to each company");
    for company in [DUPONT, LEA, ELISE] {
        let ask = Ask::Connect {
            company: company.to_owned(),
            app: APP.to_owned(),
            to: None,
            from: None,
            inbox: None,
        };
        let view: ConnectView = story.ask(ask).await?;
        let connection = view.connection;
        story.say(&format!(
            "{company}: from {} to {}; {} in its folders already.",
            connection.sender,
            connection.recipient.unwrap_or_default(),
            counted(view.documents_before, "document")
        ));
    }
    Ok(())
}

async fn switch_on(story: &mut Story<'_>) -> Result<()> {
    story.chapter(&format!("It turns the switch of `{FOLDER}` on for two of them"));
    for company in [DUPONT, LEA] {
        let ask = Ask::Switch {
            turn: Turn::On,
            company: Some(company.to_owned()),
            folder: FOLDER.parse().context("the sample folder is a path")?,
            app: APP.to_owned(),
            inbox: None,
            preview: false,
        };
        let views: Vec<SwitchedView> = story.ask(ask).await?;
        for view in views {
            story.say(&format!(
                "{company}: `{}` is {} for {}, {} below it too; {} in it already, and stay.",
                view.folder,
                if view.on { "on" } else { "off" },
                view.app,
                counted(view.folders_covered, "folder"),
                counted(view.documents_before, "document")
            ));
        }
    }
    Ok(())
}

async fn nothing_old_goes(story: &mut Story<'_>) -> Result<()> {
    story.chapter("A round, before anything new is there");
    let round: RoundView = story.ask(Ask::Round { dry_run: false }).await?;
    story.say(&format!(
        "{} looked at, {} sent: what was there before its switch stays.",
        counted(round.observed, "document"),
        round.sent
    ));
    Ok(())
}

/// A morning's documents, each of its own kind.
fn deposit(firm: &Firm) -> Result<()> {
    let concrete = papers::pdf(&[DUPONT, "Facture n° 2026-118", "Béton – 1 250,00 €"]);
    firm.put(DUPONT, "Achats/Facture béton n° 118.pdf", &concrete)?;
    firm.put(DUPONT, "Achats/Facture béton n° 118_copie.pdf", &concrete)?;
    firm.move_in(DUPONT, MOVED_IN, &papers::jpeg()?)?;
    firm.put(DUPONT, UNFINISHED, &papers::pdf(&[DUPONT, "Facture gaz", "84,20 €"]))?;
    firm.put(DUPONT, "Achats/Devis à relire.docx", b"PK\x03\x04 a word processor's file")?;
    firm.put(DUPONT, "Ventes/Facture F-2026-007.pdf", &papers::pdf(&[DUPONT, "Mur", "900 €"]))?;
    firm.put(LEA, "Achats/2026/Beurre & crème.pdf", &papers::pdf(&[LEA, "Beurre", "61,30 €"]))?;
    firm.put(ELISE, "Achats/Pigments.pdf", &papers::pdf(&[ELISE, "Pigments", "42,00 €"]))?;
    Ok(())
}

async fn new_ones_go(story: &mut Story<'_>) -> Result<()> {
    story.chapter("New documents come in, and a round is made");
    story.say("One was moved in and bears a date of 2019; one is a copy of another; one is a word");
    story.say("processor's file; one a scanner is still writing; some lie where no switch is on.");
    let round: RoundView = story.ask(Ask::Round { dry_run: false }).await?;
    story.say(&format!(
        "{} found in {} ms: {} sent.",
        counted(round.deposited, "new document"),
        round.elapsed_ms,
        round.sent
    ));
    for company in [DUPONT, LEA, ELISE] {
        let views = documents(story, company).await?;
        for view in views.iter().filter(|view| view.deposited_at.is_some()) {
            story.say(&format!("{company}, {}: {}", view.path, what_became(view)));
        }
    }
    story.say(&format!("{DUPONT}, {UNFINISHED}: not looked at, its name says it is unfinished"));
    Ok(())
}

async fn the_scan_goes(story: &mut Story<'_>) -> Result<()> {
    story.chapter("The scanner finishes: the file gets its name, and the next round sees it");
    let round: RoundView = story.ask(Ask::Round { dry_run: false }).await?;
    story.say(&format!(
        "{} found, {} sent; what went before did not go again.",
        counted(round.deposited, "new document"),
        round.sent
    ));
    Ok(())
}

async fn look_around(story: &mut Story<'_>) -> Result<()> {
    story.chapter("What left");
    let deliveries: Vec<DeliveryView> = story.ask(Ask::Deliveries(Selection::default())).await?;
    for delivery in &deliveries {
        story.say(&format!("{} → {}: {}", delivery.path, delivery.recipient, delivery.state));
    }
    story.mails()?;
    for (path, question) in [(MOVED_IN, "Why did this one go"), (OLD, "And why not this one")] {
        story.chapter(&format!("{question}: `{path}`?"));
        let path: TreePath = path.parse().context("the sample document is a path")?;
        let why: WhyView = story.ask(Ask::Why { company: DUPONT.to_owned(), path }).await?;
        for told in &why.stories {
            story.say(&format!("{}: {}", told.app.as_deref().unwrap_or("no app"), told.state));
            story.say(&format!("  {}", told.because));
        }
    }
    Ok(())
}

async fn documents(story: &mut Story<'_>, company: &str) -> Result<Vec<DocumentView>> {
    story.ask(Ask::Documents { company: company.to_owned(), folder: None, state: None }).await
}

fn what_became(view: &DocumentView) -> String {
    let state = super::render::state(&view.state, view.reason.as_deref());
    if view.validated { format!("{state}, validated") } else { state }
}

fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
