//! Proof through real servers: the witness's copy settles what a lost answer left in doubt.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;

use crate::firm::{COMPANY, Firm, TOOL};
use crate::rig::Rig;

/// The bot's mailbox, and the address of the copies in it.
const BOT: &str = "quickbooks@cabinet.example";
const WITNESS: &str = "quickbooks+witness@cabinet.example";

fn with_witness(firm: &Firm) {
    let routes = fs::read_to_string(firm.routes()).unwrap();
    let mail = format!("[mail]\nwitness = \"{WITNESS}\"\n");
    fs::write(firm.routes(), routes.replace("[mail]\n", &mail)).unwrap();
}

fn states(firm: &Firm) -> Vec<String> {
    let deliveries = firm.json(0, &["deliveries"]);
    let states = deliveries.as_array().unwrap().iter();
    states.map(|delivery| delivery["state"].as_str().unwrap().to_owned()).collect()
}

fn story(firm: &Firm, path: &str) -> Vec<Value> {
    let why = firm.json(0, &["why", COMPANY, path]);
    why["stories"][0]["events"].as_array().unwrap().clone()
}

#[tokio::test]
async fn each_mail_leaves_a_copy_with_its_witness_that_the_tool_knows_nothing_of() {
    let rig = Rig::start();
    let firm = Firm::answered(&rig);
    with_witness(&firm);
    let firm = firm.switched_on();
    fs::write(firm.achats("facture.pdf"), b"%PDF witnessed").unwrap();
    assert_eq!(firm.json(0, &["round"])["sent"], 1);

    let copies = rig.mails(WITNESS).await;
    let mails = rig.mails(TOOL).await;
    assert_eq!((copies.len(), mails.len()), (1, 1), "{}", rig.log());
    let mail = String::from_utf8_lossy(&mails[0]).into_owned();
    assert!(!mail.contains("witness"), "{mail}");
    let before = story(&firm, "Achats/facture.pdf");

    firm.json(0, &["round"]);

    assert_eq!(story(&firm, "Achats/facture.pdf"), before, "what was sent stays as it is");
    assert!(rig.mails(BOT).await.is_empty(), "the copy was moved to `Lus`");
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_the_copy_at_the_witness() {
    let rig = Rig::start();
    let port = without_the_last_answer(rig.smtp_port());
    // In clear, to this machine: the rig takes mail for the firm's own users that way.
    let firm = Firm::new(&format!(
        "[mail]\ntransport = \"smtp\"\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n"
    ));
    let routes = fs::read_to_string(firm.routes()).unwrap();
    fs::write(firm.routes(), routes + &rig.mailbox_section("quickbooks")).unwrap();
    with_witness(&firm);
    firm.json(0, &["connect", COMPANY, "quickbooks", "--to", "compta@cabinet.example"]);
    firm.json(0, &["switch", "on", COMPANY, "Achats", "--app", "quickbooks"]);
    fs::write(firm.achats("facture.pdf"), b"%PDF in doubt").unwrap();
    assert_eq!(firm.json(3, &["round"])["in_doubt"], 1);
    assert_eq!(states(&firm), ["in_doubt"]);
    assert_eq!(rig.mails(WITNESS).await.len(), 1, "{}", rig.log());

    firm.json(0, &["round"]);

    assert_eq!(states(&firm), ["sent"]);
    let story = story(&firm, "Achats/facture.pdf");
    let last = story.last().unwrap();
    assert_eq!(last["because"], format!("proven by a copy in {BOT}"), "{story:?}");
    assert_eq!(rig.mails("compta@cabinet.example").await.len(), 1, "the tool has it once");
    assert!(rig.mails(BOT).await.is_empty(), "the copy was moved to `Lus`");
}

/// A way to a mail server, for one connection, that ends just before the answer to the final dot
/// would come through.
fn without_the_last_answer(server: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
        let (mut to_client, mut to_server) =
            (client.try_clone().unwrap(), server.try_clone().unwrap());
        let (mut client, mut server) = (BufReader::new(client), BufReader::new(server));
        let mut dot_is_sent = false;
        loop {
            let reply = lines(&mut server, |line| line.as_bytes().get(3) == Some(&b' '));
            if dot_is_sent || reply.is_empty() {
                return;
            }
            to_client.write_all(reply.as_bytes()).unwrap();
            dot_is_sent = reply.starts_with("354");
            let asked = lines(&mut client, |line| !dot_is_sent || line == ".\r\n");
            to_server.write_all(asked.as_bytes()).unwrap();
        }
    });
    port
}

/// Lines up to the last one, or to the end of the connection.
fn lines(from: &mut BufReader<TcpStream>, is_last: impl Fn(&str) -> bool) -> String {
    let mut read = String::new();
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).unwrap_or(0) == 0 {
            return read;
        }
        read.push_str(&line);
        if is_last(&line) {
            return read;
        }
    }
}
