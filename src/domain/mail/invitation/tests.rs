//! Tables: which mails are invitations, what proves their origin, and which links may be opened.

use chrono::TimeDelta;

use super::*;
use crate::domain::mail::received::{Headers, Part, ReceivedMail};

const SENDER: &str = "quickbooks+dupont@cabinet.example";

fn hosts(names: &[&str]) -> Vec<HostName> {
    names.iter().map(|name| HostName::parse(name).unwrap()).collect()
}

fn rule() -> InvitationRule {
    InvitationRule {
        from: hosts(&["tool.example"]),
        signed_by: hosts(&["tool.example"]),
        subject: Pattern::parse("invited").unwrap(),
        text: Some(Pattern::parse("books of (?<company>[^.]+)[.]").unwrap()),
        hosts: hosts(&["accounts.tool.example"]),
        link: None,
        accepted: None,
        accept: Acceptance::Robot,
        valid_for: TimeDelta::days(30),
    }
}

fn mail(headers: &str, page: &str) -> ReceivedMail {
    ReceivedMail {
        headers: Headers::read(headers),
        parts: vec![Part { media_type: "text/html".to_owned(), text: page.to_owned() }],
        body_digest: String::new(),
        files: Vec::new(),
        left_out: Vec::new(),
        raw: Vec::new(),
    }
}

const HEADERS: &str = "From: Tool <no-reply@mail.tool.example>\nTo: quickbooks+dupont@cabinet.example\nSubject: You are invited\n";
const PAGE: &str = "<p>to the books of <b>Dupont &amp; Fils</b>.</p>\
    <a href='https://accounts.tool.example/join?t=1&amp;u=2'>Join</a>";

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_timestamp(1_772_438_400 + minutes * 60, 0).unwrap()
}

#[test]
fn only_https_to_a_listed_host_is_a_link() {
    let listed = hosts(&["accounts.tool.example"]);
    let fine = [
        ("https://accounts.tool.example/join", "https://accounts.tool.example/join"),
        ("HTTPS://Accounts.Tool.example:443/j?a=b#c", "https://accounts.tool.example/j?a=b#c"),
        ("https:\\\\accounts.tool.example\\j", "https://accounts.tool.example/j"),
        (" https://accounts.tool.exa\nmple/j", "https://accounts.tool.example/j"),
    ];
    for (text, meant) in fine {
        assert_eq!(Link::parse(text, &listed).unwrap().as_str(), meant, "{text:?}");
    }
    let never = [
        "",
        "/join",
        "//accounts.tool.example/join",
        "http://accounts.tool.example/join",
        "javascript:alert(1)",
        "https://evil.example/accounts.tool.example",
        "https://accounts.tool.example@evil.example/",
        "https://user@accounts.tool.example/",
        "https://:pass@accounts.tool.example/",
        "https://accounts.tool.example.evil.example/",
        "https://evil.accounts.tool.example/",
        "https://tool.example/",
        "https://accounts.tool.example:8443/",
        "https://accounts.tool.example./",
        "https://аccounts.tool.example/",
        "https://accounts.tool.example\u{2044}@evil.example/",
        "https://accounts。tool。example.evil.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://0x7f000001/",
        "data:text/html,accounts.tool.example",
    ];
    for text in never {
        assert!(Link::parse(text, &listed).is_err(), "{text:?}");
    }
    assert!(Link::parse("https://accounts.tool.example/", &[]).is_err());
    let long = format!("https://accounts.tool.example/{}", "a".repeat(4_000));
    assert!(Link::parse(&long, &listed).is_err());
    let link = Link::parse("https://accounts.tool.example/secret", &listed).unwrap();
    assert_eq!(link.host(), "accounts.tool.example");
    assert!(!format!("{link:?}").contains("secret"));
}

#[test]
fn a_redirect_leads_where_a_link_may_lead() {
    let listed = hosts(&["accounts.tool.example", "www.tool.example"]);
    let link = Link::parse("https://accounts.tool.example/a/b", &listed).unwrap();
    let there = |location| link.redirected(location, &listed).map(|link| link.as_str().to_owned());
    assert_eq!(there("c"), Ok("https://accounts.tool.example/a/c".to_owned()));
    assert_eq!(there("//www.tool.example/x"), Ok("https://www.tool.example/x".to_owned()));
    for location in ["//evil.example/x", "http://www.tool.example/", "https://a@www.tool.example/"]
    {
        assert!(there(location).is_err(), "{location}");
    }
}

#[test]
fn links_are_where_they_lead_and_not_what_they_show() {
    let page = "<A HREF=\"https://evil.example/\">https://accounts.tool.example/</A>\
        <!-- <a href='https://comment.example'>x</a> --><a name=x>y</a>\
        <a href=https&#58;//entity.example>z</a><img src='https://picture.example'>";
    let plain = "see (https://plain.example/a), or <https://second.example/b>.";
    let mut both = mail(HEADERS, page);
    both.parts.push(Part { media_type: "text/plain".to_owned(), text: plain.to_owned() });
    let expected = [
        "https://evil.example/",
        "https://entity.example",
        "https://plain.example/a",
        "https://second.example/b",
    ];
    assert_eq!(links(&both), expected);
    assert!(text(&both).contains("https://accounts.tool.example/"), "what is shown is only text");
}

#[test]
fn an_invitation_is_told_by_its_writer_and_its_words() {
    let cases = [
        (HEADERS.to_owned(), PAGE, true),
        (HEADERS.replace("mail.tool.example", "TOOL.example"), PAGE, true),
        (HEADERS.replace("mail.tool.example", "eviltool.example"), PAGE, false),
        (HEADERS.replace("mail.tool.example", "tool.example.evil.example"), PAGE, false),
        (HEADERS.replace("Tool <", "a@tool.example <"), PAGE, false),
        (format!("From: b@tool.example\n{HEADERS}"), PAGE, false),
        (HEADERS.replace("invited", "welcome"), PAGE, false),
        (HEADERS.to_owned(), "<p>hello</p>", false),
        (String::new(), PAGE, false),
    ];
    for (headers, page, expected) in cases {
        assert_eq!(rule().recognises(&mail(&headers, page)), expected, "{headers}{page}");
    }
    let named = rule().company_in(&mail(HEADERS, PAGE)).unwrap();
    assert_eq!(named, "Dupont & Fils");
    assert!(rule().is_named(Some(&named), "DUPONT & FILS", "x"));
    assert!(rule().is_named(Some(&named), "x", "dupont-et-fils"));
    assert!(!rule().is_named(Some("Martin"), "Dupont & Fils", "dupont-et-fils"));
    assert!(!rule().is_named(None, "Dupont & Fils", "dupont-et-fils"));
}

#[test]
fn a_signature_proves_what_is_aligned_with_it_alone() {
    let proven = |headers: &str, signers: &[&str], rule: &InvitationRule| {
        let signers: Vec<String> = signers.iter().map(|name| (*name).to_owned()).collect();
        match rule.origin(&mail(headers, PAGE), SENDER, &signers) {
            Origin::Proven { link, .. } => link.is_ok(),
            Origin::Unproven { .. } => false,
        }
    };
    let to_another = HEADERS.replace("To: quickbooks+dupont", "To: quickbooks+martin");
    let twice = format!("{HEADERS}To: a@evil.example\n");
    let cases: [(&str, &[&str], bool); 9] = [
        (HEADERS, &["tool.example"], true),
        (HEADERS, &["mailer.example", "E.tool.example"], true),
        (HEADERS, &[], false),
        (HEADERS, &["mailer.example"], false),
        (HEADERS, &["eviltool.example"], false),
        (HEADERS, &["example"], false),
        (HEADERS, &["tool.example.evil.example"], false),
        (&to_another, &["tool.example"], false),
        (&twice, &["tool.example"], false),
    ];
    for (headers, signers, expected) in cases {
        assert_eq!(proven(headers, signers, &rule()), expected, "{headers} {signers:?}");
    }
    let below = InvitationRule { signed_by: hosts(&["mail.tool.example"]), ..rule() };
    let above = HEADERS.replace("mail.tool.example", "tool.example");
    let beside = HEADERS.replace("mail.tool.example", "other.tool.example");
    assert!(proven(&above, &["mail.tool.example"], &below));
    assert!(!proven(&beside, &["mail.tool.example"], &below));
}

#[test]
fn one_link_is_the_one_and_several_are_a_persons() {
    let origin = |page: &str, rule: &InvitationRule| match rule.origin(
        &mail(HEADERS, page),
        SENDER,
        &["tool.example".to_owned()],
    ) {
        Origin::Proven { link, .. } => link,
        Origin::Unproven { because, .. } => panic!("{because}"),
    };
    let href = |path: &str| format!("<a href='https://accounts.tool.example/{path}'>x</a>");
    assert!(origin(&format!("{0}{0}", href("join")), &rule()).is_ok(), "twice the same");
    let two = format!("{}{}", href("join"), href("help"));
    assert!(origin(&two, &rule()).unwrap_err().contains("2 of its links"));
    let chosen = InvitationRule { link: Some(Pattern::parse("/join$").unwrap()), ..rule() };
    assert!(origin(&two, &chosen).unwrap().as_str().ends_with("/join"));
    assert!(origin("<p>none</p>", &rule()).unwrap_err().contains("listed host"));
}

/// An invitation as it is first read.
fn invitation(origin: Origin) -> Invitation {
    let invited = Invited {
        company: CompanyId(1),
        app: AppId::parse("quickbooks").unwrap(),
        sender: Address::parse(SENDER).unwrap(),
        from: "no-reply@tool.example".to_owned(),
        subject: "You are invited".to_owned(),
        names: Some("Dupont".to_owned()),
        written_at: Some(at(0)),
        origin,
    };
    Invitation::received(invited, 7, at(0))
}

fn proven() -> Origin {
    let link = Link::parse("https://accounts.tool.example/join", &rule().hosts);
    Origin::Proven { signer: "tool.example".to_owned(), link }
}

fn open(by: Option<&str>) -> InvitationStep {
    InvitationStep::Open { by: by.map(str::to_owned) }
}

fn opened(opening: u32, result: Result<&str, &str>) -> InvitationStep {
    let result = result.map(str::to_owned).map_err(str::to_owned);
    InvitationStep::Opened { opening, by: None, result }
}

#[test]
fn what_is_not_verified_has_no_link_and_is_never_opened() {
    let pending = invitation(Origin::unknown("no answer"));
    assert_eq!((pending.state, pending.verified_link()), (InvitationState::Pending, None));
    for by in [None, Some("lea")] {
        assert!(pending.step(open(by), at(1)).is_err());
    }
    assert!(pending.step(opened(1, Ok("200")), at(1)).is_err());
    let checked = pending.step(InvitationStep::Checked(proven()), at(1)).unwrap();
    assert!(checked.verified_link().is_some());
    assert!(checked.step(InvitationStep::Checked(Origin::unproven("x")), at(2)).is_err());
}

#[test]
fn the_robot_opens_once_and_a_person_again() {
    let verified = invitation(proven());
    let opening = verified.step(open(None), at(1)).unwrap();
    assert!(opening.step(open(None), at(1)).is_err());
    assert!(opening.step(open(Some("lea")), at(2)).is_err(), "just now");
    assert!(opening.step(open(None), at(60)).is_err(), "the robot stopped meanwhile");
    let again = opening.step(open(Some("lea")), at(60)).unwrap();
    assert_eq!(again.openings, 2);
    assert!(again.step(opened(1, Err("late")), at(61)).is_err());
    assert_eq!(again.step(opened(1, Ok("late")), at(61)).unwrap().state, InvitationState::Accepted);
    let failed = again.step(opened(2, Err("410")), at(61)).unwrap();
    assert_eq!((failed.state, failed.because.as_str()), (InvitationState::Failed, "410"));
    assert!(failed.step(open(None), at(62)).is_err());
    let by_hand = failed.step(InvitationStep::ByHand { by: "lea".to_owned() }, at(63)).unwrap();
    assert_eq!((by_hand.state, by_hand.by.as_deref()), (InvitationState::Accepted, Some("lea")));
    assert!(by_hand.step(open(Some("lea")), at(64)).is_err());
    assert!(by_hand.step(InvitationStep::ByHand { by: "lea".to_owned() }, at(64)).is_err());
}

#[test]
fn the_robot_opens_what_the_profile_the_date_and_the_name_allow() {
    let books =
        |minutes| Books { name: "Dupont", slug: "dupont", imported_at: None, now: at(minutes) };
    let verified = invitation(proven());
    assert!(may_open(&verified, &rule(), &books(1)).is_ok());
    let person = InvitationRule { accept: Acceptance::Person, ..rule() };
    assert!(may_open(&verified, &person, &books(1)).is_err());
    assert!(may_open(&verified, &rule(), &books(60 * 24 * 31)).is_err(), "too old");
    let imported = Books { imported_at: Some(at(0)), ..books(1) };
    assert!(may_open(&verified, &rule(), &imported).is_err());
    let martin = Books { name: "Martin", slug: "martin", ..books(1) };
    assert!(may_open(&verified, &rule(), &martin).is_err(), "another company's books");
    let elsewhere = InvitationRule { hosts: hosts(&["other.tool.example"]), ..rule() };
    assert!(may_open(&verified, &elsewhere, &books(1)).is_err(), "not on the list any more");
    let undated = Invitation { written_at: None, ..verified.clone() };
    assert!(may_open(&undated, &rule(), &books(1)).is_err());
    assert!(may_open(&verified.clone().imported(at(1)), &rule(), &books(1)).is_err());
    assert!(may_open(&invitation(Origin::unproven("x")), &rule(), &books(1)).is_err());
    assert!(verified.waits_for_a_person(&person, &books(1)));
    assert!(!verified.waits_for_a_person(&rule(), &books(1)));
}

#[test]
fn a_forged_invitation_takes_nothing_from_a_right_one() {
    let sender = Address::parse(SENDER).unwrap();
    let standing = |all: &[Invitation]| {
        let standing = Standing::of(all, &sender, true);
        (standing.state, standing.current.map(|current| current.key.mail))
    };
    let numbered = |mail: u64, minutes: i64, invitation: Invitation| Invitation {
        key: InvitationKey { mail, ..invitation.key.clone() },
        written_at: Some(at(minutes)),
        ..invitation
    };
    let verified = numbered(1, 0, invitation(proven()));
    let forged = numbered(2, 5, invitation(Origin::unproven("not signed")));
    assert_eq!(standing(&[]), (ConnectionState::Pending, None));
    assert_eq!(standing(std::slice::from_ref(&forged)), (ConnectionState::Pending, Some(2)));
    assert_eq!(standing(&[verified.clone(), forged.clone()]), (ConnectionState::Verified, Some(1)));
    let done = verified.step(InvitationStep::ByHand { by: "lea".to_owned() }, at(9)).unwrap();
    assert_eq!(standing(&[done.clone(), forged]), (ConnectionState::Active, Some(1)));
    let reminder = numbered(3, 8, invitation(proven()));
    assert_eq!(standing(&[done.clone(), reminder]), (ConnectionState::Active, Some(1)));
    let another = numbered(4, 10, invitation(proven()));
    assert_eq!(standing(&[done, another]), (ConnectionState::Active, Some(4)));
    assert_eq!(Standing::of(&[], &sender, false).state, ConnectionState::Active);
}
