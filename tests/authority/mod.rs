//! A small authorisation server: device and authorisation-code flow, refresh tokens that rotate,
//! and the ways in which such servers refuse.

#![allow(dead_code, reason = "each test crate uses its own part of it")]
#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

mod web;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

pub(crate) use web::Form;

/// What the server calls the robot.
pub(crate) const CLIENT: &str = "robot-of-the-firm";

/// What it says next at its token address, in the place of a token.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    /// An error of OAuth, with words.
    Error(&'static str, &'static str),
    /// A status and a body that are none of OAuth's.
    Nonsense(u16, &'static str),
    /// It hangs up.
    HangUp,
}

#[derive(Debug, Default)]
struct State {
    issued: u32,
    /// The refresh tokens that were handed out, and whether each still works.
    refresh: BTreeMap<String, bool>,
    access: BTreeMap<String, bool>,
    /// Codes with their challenge.
    codes: BTreeMap<String, String>,
    refusals: VecDeque<Refusal>,
    requests: Vec<(String, Form)>,
    lives_seconds: Option<u32>,
    rotates: bool,
    gives_refresh: bool,
    /// A spent refresh token that comes again ends all of them, as a stolen one would.
    strict: bool,
}

/// The server, on a loopback port of its own.
#[derive(Debug, Clone)]
pub(crate) struct Authority {
    state: Arc<Mutex<State>>,
    address: String,
}

impl Authority {
    /// One that rotates, and takes a spent refresh token for a stolen one.
    pub(crate) fn start() -> Self {
        let state = State {
            lives_seconds: Some(3600),
            rotates: true,
            gives_refresh: true,
            strict: true,
            ..State::default()
        };
        let state = Arc::new(Mutex::new(state));
        let (listener, address) = web::listen();
        let authority = Self { state, address };
        web::serve(listener, authority.clone());
        authority
    }

    /// `http://127.0.0.1:port`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Tokens live so long; none: it doesn't say.
    pub(crate) fn tokens_live(&self, seconds: Option<u32>) {
        self.state.lock().unwrap().lives_seconds = seconds;
    }

    /// Refresh tokens stay as they are.
    pub(crate) fn stops_rotating(&self) {
        self.state.lock().unwrap().rotates = false;
    }

    /// A spent refresh token works until the next one was used.
    pub(crate) fn forgives(&self) {
        self.state.lock().unwrap().strict = false;
    }

    /// No refresh token comes with a login.
    pub(crate) fn gives_no_refresh_token(&self) {
        self.state.lock().unwrap().gives_refresh = false;
    }

    /// Says this next at its token address, and then this.
    pub(crate) fn refuses(&self, refusals: &[Refusal]) {
        self.state.lock().unwrap().refusals.extend(refusals.iter().cloned());
    }

    /// Ends every access token before its time.
    pub(crate) fn ends_access(&self) {
        self.state.lock().unwrap().access.values_mut().for_each(|works| *works = false);
    }

    /// Ends everything, as an administrator does.
    pub(crate) fn ends_all(&self) {
        self.ends_access();
        self.state.lock().unwrap().refresh.values_mut().for_each(|works| *works = false);
    }

    /// Whether a mail server should take a token.
    pub(crate) fn takes(&self, access: &str) -> bool {
        self.state.lock().unwrap().access.get(access) == Some(&true)
    }

    /// Whether a refresh token still works.
    pub(crate) fn takes_refresh(&self, refresh: &str) -> bool {
        self.state.lock().unwrap().refresh.get(refresh) == Some(&true)
    }

    /// Every token and code that was ever handed out.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let tokens = state.refresh.keys().chain(state.access.keys()).chain(state.codes.keys());
        tokens.cloned().collect()
    }

    /// What was asked at an address, in order.
    pub(crate) fn asked(&self, path: &str) -> Vec<Form> {
        let state = self.state.lock().unwrap();
        let asked = state.requests.iter().filter(|(asked, _)| asked == path);
        asked.map(|(_, form)| form.clone()).collect()
    }

    /// A person says yes in a browser: where it is sent back to.
    pub(crate) fn approves(&self, address: &str) -> String {
        let asked = web::form(address.split_once('?').unwrap().1);
        assert_eq!(
            (asked["response_type"].as_str(), asked["client_id"].as_str()),
            ("code", CLIENT)
        );
        assert_eq!(asked["code_challenge_method"], "S256");
        let mut state = self.state.lock().unwrap();
        let code = state.fresh("code");
        state.codes.insert(code.clone(), asked["code_challenge"].clone());
        format!("{}/?code={code}&state={}", asked["redirect_uri"], asked["state"])
    }

    /// Answers one request: a status and a JSON text; none: it hangs up.
    fn answer(&self, path: &str, form: &Form) -> Option<(u16, String)> {
        let mut state = self.state.lock().unwrap();
        state.requests.push((path.to_owned(), form.clone()));
        if path == "/token" {
            match state.refusals.pop_front() {
                Some(Refusal::Error(name, words)) => return Some((400, error(name, words))),
                Some(Refusal::Nonsense(status, body)) => return Some((status, body.to_owned())),
                Some(Refusal::HangUp) => return None,
                None => {}
            }
        }
        Some(match path {
            "/device" => (200, state.device(&self.address)),
            "/token" => state.token(form),
            _ => (404, "{}".to_owned()),
        })
    }
}

impl State {
    fn fresh(&mut self, kind: &str) -> String {
        self.issued += 1;
        format!("{kind}-{}-hunter2", self.issued)
    }

    fn device(&mut self, address: &str) -> String {
        let code = self.fresh("code");
        self.codes.insert(code.clone(), String::new());
        format!(
            "{{\"device_code\":\"{code}\",\"user_code\":\"ABCD-EFGH\",\"verification_uri\":\
             \"{address}/here\",\"expires_in\":900,\"interval\":5}}"
        )
    }

    fn token(&mut self, form: &Form) -> (u16, String) {
        let known = form.get("client_id").is_some_and(|id| id == CLIENT);
        let works = match form.get("grant_type").map(String::as_str) {
            _ if !known => return (401, error("invalid_client", "who?")),
            Some("refresh_token") => self.spend(&form["refresh_token"]),
            Some("authorization_code") => {
                let verifier = Sha256::digest(&form["code_verifier"]);
                let challenge = URL_SAFE_NO_PAD.encode(verifier);
                self.codes.remove(&form["code"]) == Some(challenge)
            }
            Some("urn:ietf:params:oauth:grant-type:device_code") => {
                self.codes.remove(&form["device_code"]) == Some(String::new())
            }
            _ => return (400, error("unsupported_grant_type", "what?")),
        };
        if works { (200, self.grant(form)) } else { (400, error("invalid_grant", "spent")) }
    }

    fn spend(&mut self, refresh: &str) -> bool {
        let works = self.refresh.get(refresh) == Some(&true);
        let stolen = !works && self.strict;
        if stolen {
            self.refresh.values_mut().for_each(|works| *works = false);
        } else if works && self.rotates {
            // One that was not spent last is over now; this one is, where nothing is forgiven.
            let keeps = !self.strict;
            for (token, works) in &mut self.refresh {
                *works = *works && keeps && token == refresh;
            }
        }
        works
    }

    fn grant(&mut self, form: &Form) -> String {
        let access = self.fresh("access");
        self.access.insert(access.clone(), true);
        let refresh = self.gives_refresh && (self.rotates || !form.contains_key("refresh_token"));
        let refresh = refresh.then(|| self.fresh("refresh"));
        self.refresh.extend(refresh.clone().map(|token| (token, true)));
        let mut answer = serde_json::json!({ "access_token": access, "token_type": "Bearer" });
        if let Some(seconds) = self.lives_seconds {
            answer["expires_in"] = seconds.into();
        }
        if let Some(refresh) = refresh {
            answer["refresh_token"] = refresh.into();
        }
        answer.to_string()
    }
}

fn error(name: &str, words: &str) -> String {
    format!("{{\"error\":\"{name}\",\"error_description\":\"{words}\"}}")
}
