//! `subledger simulate`: a simulated API that is there until a signal, for clients to be written and tried against.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Serialize;
use signal_hook::consts::{SIGINT, SIGTERM};

use super::Outcome;
use crate::config::{self, Clock};
use crate::failure::{Evidence, Failure, Kind, closing};
use crate::nightly::Signals;
use crate::simulator::Simulator;
use crate::simulator::script::Script;
use crate::simulator::settings::{ParentKey, Settings, seeded_secret};
use crate::simulator::world::{Genesis, Mood, World};

/// What is simulated unless told otherwise.
const SEED: u64 = 1;
const ACCOUNT_COUNT: usize = 250;
const PACE: u32 = 1;

/// The signals that are the normal end of a simulation.
const ENDS: [i32; 2] = [SIGINT, SIGTERM];

/// What the command line says.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Where to listen.
    pub address: SocketAddr,
    /// Whether the control endpoints answer other machines too.
    pub control_from_anywhere: bool,
    /// What the key may do; everything if none is named.
    pub scopes: Vec<String>,
    /// A file with the same settings as the flags.
    pub file: Option<PathBuf>,
    /// The flags, which win over the file.
    pub flags: Script,
}

/// A simulated API that runs.
#[derive(Debug)]
pub struct Simulation {
    simulator: Simulator,
    /// How to reach it, for people's shells.
    pub text: String,
    /// How to reach it, for programs.
    pub json: String,
    /// What else can be done with it, a line each.
    pub hints: Vec<String>,
}

#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    base_url: &'a str,
    account_id: String,
    api_key: &'a str,
}

/// Builds the world and opens the port.
pub async fn start(stage: Stage, clock: Clock) -> Result<Simulation, Failure> {
    let script = read(stage.file)?.with(stage.flags);
    let seed = script.seed.unwrap_or(SEED);
    let genesis = Genesis {
        seed,
        account_count: script.accounts.unwrap_or(ACCOUNT_COUNT),
        at: script.start.unwrap_or_else(|| clock.now()),
        plan: script.plan,
        mood: script.mood.over(Mood::default()),
    };
    let secret = seeded_secret(seed);
    let mut key = ParentKey::all_powerful(secret.clone());
    if !stage.scopes.is_empty() {
        key.scopes = stage.scopes;
    }
    let settings = Settings {
        address: stage.address,
        keys: vec![key],
        pace: script.pace.unwrap_or(PACE),
        rate_limit: true,
        control_from_anywhere: stage.control_from_anywhere,
        faults: script.faults,
        seed,
    };
    if !stage.address.ip().is_loopback() {
        tracing::warn!(address = %stage.address, "the simulated key travels without TLS, and not only on this machine");
    }
    let world = World::new(&genesis);
    let account_id = world.parent_account_id().to_string();
    let account_count = world.account_count();
    let simulator = Simulator::serve(world, settings).await.map_err(|error| cannot_listen(stage.address, error))?;
    let base_url = simulator.base_url();
    let json = Json {
        schema: "subledger/simulation/v1",
        base_url: &base_url,
        account_id: account_id.clone(),
        api_key: &secret,
    };
    Ok(Simulation {
        text: format!(
            "export AHASEND_BASE_URL={base_url}\nexport AHASEND_ACCOUNT_ID={account_id}\nexport AHASEND_API_KEY={secret}\n"
        ),
        json: serde_json::to_string(&json).unwrap_or_default(),
        hints: hints(&base_url, account_count),
        simulator,
    })
}

fn read(file: Option<PathBuf>) -> Result<Script, Failure> {
    let Some(path) = file else { return Ok(Script::default()) };
    let text = config::read_text(&path).map_err(Failure::usage)?;
    Script::parse(&text).map_err(|problem| Failure::usage(config::Error::File { path, problem }))
}

fn cannot_listen(address: SocketAddr, error: std::io::Error) -> Failure {
    Failure::new(Kind::Usage, format!("the simulator cannot listen on {address}"))
        .because(error)
        .hint("choose another port with `--port`; `--port 0` takes any that is free")
}

fn hints(base_url: &str, account_count: usize) -> Vec<String> {
    vec![
        format!("simulating {account_count} sub accounts by now; the lines on stdout let a client in; end with Ctrl-C"),
        format!("look:    curl {base_url}/_simulator/state (or truth)"),
        format!("advance: curl {base_url}/_simulator/advance -d '{{\"days\": 1}}'"),
        format!("spoil:   curl {base_url}/_simulator/faults -d '{{\"kind\": \"503\", \"count\": 2}}'"),
        format!("more:    send, delete, keys and mood under {base_url}/_simulator/"),
    ]
}

impl Simulation {
    /// Serves until a signal. SIGINT and SIGTERM are the normal end.
    pub async fn run(self, signals: &Signals) -> Result<Outcome, Failure> {
        let asked = signals.asked().await;
        let count = self.simulator.requests();
        self.simulator.stop().await;
        match asked.kind {
            Kind::Interrupted(signal) if ENDS.contains(&i32::from(signal)) => Ok(Outcome {
                closing: closing(&Evidence::Untouched, &format!("the simulation is over, requests: {count}")),
                ..Outcome::default()
            }),
            _ => Err(asked),
        }
    }
}
