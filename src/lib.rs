//! facteur, a document-routing mail robot for accounting firms: the map of the house.
//!
//! A firm turns a *switch* on for a folder of a *company*; every 15 minutes the robot makes a
//! *round*, mails each newly *deposited* document of that folder to the company's address at the
//! bookkeeping tool (the *app*), marks the document *validated*, and remembers for ever what it
//! sent. It promises: a document the firm switched on reaches its tool once; it is never lost; a
//! second copy is possible only when nobody can know, and then it is announced.
//!
//! # The straight line
//!
//! ```text
//! deposit ─► observe ─► settle ─► decide ─► queue ─► deliver ─► sent = validated ─► answers
//!            (folders)            (switch,   (ledger,  (SMTP or
//!                                  profile)   durable)  outbox)
//! ```
//!
//! `app::round` walks from observe to queue, once for every company; `app::deliver` empties the
//! queue beside it, so a slow server never holds a round up. `app::answers` reads the mailboxes:
//! what the bot is answered goes back to its delivery, and what clients send is filed by
//! `app::collection` where observe finds it. The service ([`app::service`]),
//! `facteur round`, the demonstration and the tests all go through the same code; a dry run and a
//! preview go through it too, over a copy of the ledger in memory ([`ports::store::Store::fork`]).
//!
//! # Rooms
//!
//! In reading order; who may import whom is enforced by `tests/layers.rs`.
//!
//! - [`domain`]: values and rules. What a deposit means for each app is
//!   [`domain::verdict::Rules`]; which switch rules a folder is
//!   [`domain::decision::Decisions::ruling`]; the only place where a delivery changes its state is
//!   [`domain::delivery::Delivery::step`].
//! - [`config`]: routes.toml, what can go where and how; every complaint at once.
//! - [`ports`]: the seams: [`ports::Clock`], [`ports::folders::Folders`],
//!   [`ports::store::Store`] with [`ports::mails::MailLedger`], [`ports::transport::Transport`],
//!   [`ports::mailbox::Mailbox`], and what mails are judged with ([`ports::spool`],
//!   [`ports::origin`], [`ports::scanner`], [`ports::web`]).
//! - [`app`]: what is done, in order. Front ends ask by [`app::requests::Ask`] and show
//!   [`app::views`].
//! - [`adapters`]: the world behind the ports: files, sled, SMTP, IMAP, OAuth, the outbox, the
//!   system's clock.
//! - [`cli`]: the command line, the control socket, the demonstration; `cli/wire.rs` alone names
//!   adapters.
//!
//! # Invariants
//!
//! 1. **First observed decides**, never a time stamp ([`domain::directory`]). A company's first
//!    observation is its baseline; a name first observed afterwards is a deposit, and its verdict
//!    for each app comes from the switches that are durable at that moment. Turning a switch on
//!    first observes its folder under the decisions that were.
//! 2. **A name and its deposit are durable together** ([`ports::store::Observation`]); a
//!    directory's stamp is written after them, so a crash only makes the next round list again. A
//!    directory is skipped only after it was listed twice, two minutes apart, with one stamp.
//! 3. **Moves are found before names are called new**: a document keeps its number wherever it
//!    goes inside its company, and becomes due only for switches that didn't cover its former
//!    place.
//! 4. **The mark at the dot**: `sending` is durable just before the final dot, after the bytes
//!    streamed were found to be those that were hashed, and only if the switch that queued the
//!    delivery is still on. A stop before it left nothing with the server; a stop after it is in
//!    doubt, and nobody guesses.
//! 5. **One live delivery** for a company, app, recipient and content; the same content again is
//!    a duplicate that follows its fate, and is no new mail while the tool has any copy
//!    ([`domain::delivery::Delivery::holds_its_content`]).
//! 6. **Every write is durable when it answers**: one committer, its own `fdatasync`
//!    ([`adapters::store`]). What decides is compared inside the write: a company's revision, a
//!    delivery's attempt.
//! 7. **Nothing is taken for deleted** because it can't be seen: another root, most names gone or
//!    an unreadable folder hold the company or leave what is known as it is.
//! 8. **A report is only a claim** ([`domain::mail::report`]): it changes a delivery if it knows the
//!    mail (Message-ID or ENVID) and its recipient. A tool's own answer ([`domain::mail::tool_answer`])
//!    must know the mail too, or be signed by the tool. A copy of a mail of ours proves that it
//!    left; its absence proves nothing. What a mail changes, its identity and the
//!    mailbox's cursor are one transaction, and the server is told of nothing before it.
//! 9. **A collected mail is kept, planned, put, told of, in this order**, each durable before the
//!    next ([`ports::spool`], [`ports::collected`]). A plan reserves the places of its files; a
//!    file is put beside and renamed, never over another ([`ports::folders::Folders::put`]), and
//!    noted as put before anybody observes the tree, so that one a person moved on is never put
//!    again. The deposit found in its place takes it over, and begins with the mail.
//! 10. **Nothing of an unverified mail is opened** ([`domain::mail::invitation`]): its links are not even
//!     kept. A verified one is opened once at most, with the intent durable before.
//!
//! # What the code does otherwise than its first design
//!
//! - Names are stored in full, in shards that split, instead of as hashes: `why` and moves can
//!   then name the former place, and a company's names are loaded only when something new is in
//!   it.
//! - A deposit keeps its number when its file moves; its verdicts change in place.
//! - A decision's consequences (cancelling what it switched off) are a sweep record that is
//!   finished after a stop, because a large sled batch takes memory without bound; the mark at the
//!   dot asks the decisions themselves meanwhile.
//! - The SMTP dialogue is our own, on lettre's commands and replies: lettre's connection keeps
//!   bytes sent ahead across STARTTLS, reads lines without a bound, and doesn't say which step
//!   failed ([`adapters::smtp`]).
//! - Mails are taken apart by our own walk; mail-parser reads headers, names and charsets: it
//!   descends into mails in mails without a limit, which a stranger can use to overflow the stack
//!   ([`adapters::mime`]).
//! - A collected mail is judged after it was kept, not while it is read: a silent antivirus or
//!   name service then keeps a mail waiting, and never the mailbox.
//! - A subaddress that names the delivery stands in the envelope alone; `From` stays the address
//!   that the tool knows as a user.
//! - A mark's token is made from the state's id and the document's content: after an import it
//!   proves that this very content was sent, and says nothing to anybody else.

pub mod adapters;
pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod ports;
