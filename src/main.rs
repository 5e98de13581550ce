//! Parses, dispatches, prints the result or the error chain once, and exits.

use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal, Write, stderr, stdout};
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use subledger::cli::{Archive, Cli, Command, FailOn, Init, Log, Manual, Output, Run, Terms};
use subledger::commands::inert::{inert, inert_json, without_keys};
use subledger::commands::several::{Each, failure_json, joined, side_by_side};
use subledger::commands::{self, Outcome, demo::Scene, simulate::Simulation, simulate::Stage};
use subledger::config::{self, Clock, Config, Overrides, Surroundings};
use subledger::failure::{Effect, Evidence, Failure, Kind, closing};
use subledger::nightly::Signals;
use tracing::Level;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

fn main() -> ExitCode {
    forbid_core_dumps();
    let arguments = config::arguments();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let text = error.render().to_string();
            let said = spoken(&text);
            // with colours, where there is nothing to hide; a closed pipe is no reason to fail
            let _ = if said == text { error.print() } else { write!(stderr(), "{said}") };
            // help and version are results
            if !error.use_stderr() {
                return ExitCode::SUCCESS;
            }
            // a slip in the crontab is no reason to sleep well
            let command = Cli::command();
            let known = |word: &&OsString| command.get_subcommands().any(|known| *word == known.get_name());
            let is_capture = arguments.iter().find(known).is_some_and(|word| word == "run" || word == "capture");
            let evidence = if is_capture { Evidence::Missing } else { Evidence::Untouched };
            let _ = writeln!(stderr(), "{}", closing(&evidence, "correct the command line and run again"));
            return ExitCode::from(2);
        }
    };
    start_log(&cli);
    // what a panic says is reported by the failure that it becomes; only the hook knows where it was
    std::panic::set_hook(Box::new(|panic| {
        if let Some(at) = panic.location() {
            tracing::error!(file = at.file(), line = at.line(), "panicked");
        }
    }));
    match Failure::guard(|| dispatch(&cli)) {
        Ok(outcome) => say(&cli, &outcome),
        Err(failure) => complain(&cli, &with_evidence(&cli, failure)),
    }
}

/// A defect that came before the capture could say what it keeps: nothing.
fn with_evidence(cli: &Cli, failure: Failure) -> Failure {
    let is_early = failure.kind == Kind::Bug && failure.evidence == Evidence::Untouched;
    if is_early && is_capture(cli) { failure.with_evidence(Evidence::Missing) } else { failure }
}

/// The memory of a process that dies holds the key, and a dump of it may lie about for years.
fn forbid_core_dumps() {
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    // a limit can always be lowered
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
}

fn is_capture(cli: &Cli) -> bool {
    matches!(cli.command, Command::Run(_) | Command::Capture(_))
}

fn dispatch(cli: &Cli) -> Result<Outcome, Failure> {
    check_output(cli)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // an idle thread that waits for files keeps free memory for itself, which others need once all is read
        .thread_keep_alive(std::time::Duration::from_millis(10))
        .build()
        .map_err(|error| Failure::new(Kind::Usage, "the runtime did not start").because(error))?;
    let signals = Signals::of_process()
        .map_err(|error| Failure::new(Kind::Usage, "signals could not be taken over").because(error))?;
    let show_progress = !cli.global.quiet && cli.global.verbose == 0 && stderr().is_terminal();
    let clock = cli.global.now.map_or(Clock::System, |now| Clock::at(now, cli.global.now_runs));
    let overrides = cli.overrides();
    let labels = if cli.is_for_each() { labels(cli, &overrides)? } else { None };
    let Some(labels) = labels else {
        return runtime.block_on(perform(cli, &overrides, clock, &signals, show_progress));
    };
    let each = side_by_side(&labels, &|label| {
        let _span = tracing::info_span!("parent", label).entered();
        let overrides = Overrides { parent: Some(label.to_owned()), ..overrides.clone() };
        runtime.block_on(perform(cli, &overrides, clock, &signals, false))
    });
    let each: Vec<Each> = each.into_iter().map(|each| each.map_err(|failure| with_evidence(cli, failure))).collect();
    Ok(joined(&each, is_capture(cli)))
}

/// The parent accounts that the command is for; nothing where there is one.
fn labels(cli: &Cli, overrides: &Overrides) -> Result<Option<Vec<String>>, Failure> {
    let labels = config::labels(overrides, cli.global.shard);
    labels.map_err(|error| if is_capture(cli) { not_captured(error) } else { Failure::usage(error) })
}

/// Does what the command says, for one parent account.
async fn perform(
    cli: &Cli,
    overrides: &Overrides,
    clock: Clock,
    signals: &Signals,
    show_progress: bool,
) -> Result<Outcome, Failure> {
    let load = || Config::load(overrides, &Surroundings::of_process(clock));
    match &cli.command {
        Command::Run(run) => Box::pin(night(overrides, run, clock, signals, show_progress)).await,
        Command::Capture(capture) => {
            let config = load().map_err(not_captured)?;
            match capture.waiting() {
                None => commands::capture::run(&config, signals, show_progress).await,
                Some(waiting) => commands::capture::until_close(&config, waiting, signals, show_progress).await,
            }
        }
        Command::Report(report) => {
            let config = load().map_err(Failure::usage)?;
            Box::pin(commands::report::run(&config, &report.which.selection(), fail_on(&report.terms), signals)).await
        }
        Command::Close(close) => commands::close::run(&load().map_err(Failure::usage)?, close.request(), signals).await,
        Command::Completions(completions) => Ok(printed(completions.script())),
        Command::Man(manual) => self::manual(manual),
        Command::Init(init) => self::init(init, overrides, clock, signals).await,
        Command::Doctor(_) => doctor(overrides, clock, signals).await,
        Command::Status(_) => commands::status::run(&load().map_err(Failure::usage)?).await,
        Command::Verify(_) => commands::verify::run(&load().map_err(Failure::usage)?, signals, show_progress).await,
        Command::Explain(explain) => {
            let config = load().map_err(Failure::usage)?;
            let (selection, since) = (explain.which.selection(), explain.since.as_deref());
            commands::explain::run(&config, &explain.subject, &selection, since, signals).await
        }
        Command::History(history) => {
            let (config, form) = (load().map_err(Failure::usage)?, cli.global.output.form());
            commands::history::run(&config, &history.asked(), form, signals).await
        }
        Command::Prune(prune) => commands::prune::run(&load().map_err(Failure::usage)?, prune.pruning(), signals),
        Command::Archive(Archive::Compact(_)) => {
            commands::archive::compact(&load().map_err(Failure::usage)?, signals, show_progress).await
        }
        Command::Accounts(accounts) => {
            let (config, action) = (load().map_err(Failure::usage)?, accounts.action());
            commands::accounts::run(&config, &action, signals, show_progress).await
        }
        Command::Caps(caps) => {
            let config = load().map_err(Failure::usage)?;
            match caps.agreed() {
                None => commands::caps::plan(&config, signals).await,
                Some(agreed) => commands::caps::apply(&config, &agreed, signals).await,
            }
        }
        Command::Demo(demo) => {
            let scene = Scene { seed: demo.seed, account_count: demo.accounts };
            commands::demo::demo(&demo.folder, scene, signals, show_progress).await
        }
        Command::Simulate(simulate) => {
            let (address, control_from_anywhere) =
                (SocketAddr::new(simulate.bind, simulate.port), simulate.control_from_anywhere);
            let (scopes, file) = (simulate.scopes.clone(), simulate.file.clone());
            let stage = Stage { address, control_from_anywhere, scopes, file, flags: simulate.script() };
            let simulation = commands::simulate::start(stage, clock).await?;
            announce(cli, &simulation);
            simulation.run(signals).await
        }
    }
}

/// Writes a first configuration.
async fn init(init: &Init, overrides: &Overrides, clock: Clock, signals: &Signals) -> Result<Outcome, Failure> {
    if overrides.config.is_some() {
        let problem = "`init` writes a configuration, and reads none: `--folder` says where to";
        return Err(Failure::new(Kind::Usage, problem));
    }
    commands::init::run(init.asked(), &Surroundings::of_process(clock), signals).await
}

/// Looks at everything. A mistake in the tables of finance keeps nothing else from being tried.
async fn doctor(overrides: &Overrides, clock: Clock, signals: &Signals) -> Result<Outcome, Failure> {
    let (config, mistake) = load_apart(overrides, clock).map_err(Failure::usage)?;
    commands::doctor::run(&config, mistake.map(Failure::usage).as_ref(), signals).await
}

/// The configuration; without the tables of finance where one of them is wrong, and then with what is wrong.
fn load_apart(overrides: &Overrides, clock: Clock) -> Result<(Config, Option<config::Error>), config::Error> {
    let load = |overrides: &Overrides| Config::load(overrides, &Surroundings::of_process(clock));
    match load(overrides) {
        Err(error) if error.concerns_charges() => {
            let without = Overrides { without_customers: true, without_invoices: true, ..overrides.clone() };
            load(&without).map(|config| (config, Some(error)))
        }
        loaded => loaded.map(|config| (config, None)),
    }
}

/// The manual page of a command.
fn manual(manual: &Manual) -> Result<Outcome, Failure> {
    manual.page().map(printed).ok_or_else(|| {
        let failure = Failure::new(Kind::Usage, format!("there is no command `{}`", manual.command.join(" ")));
        failure.hint("`subledger --help` has all of them")
    })
}

/// A text that is all there is to say.
fn printed(text: String) -> Outcome {
    Outcome { text, ..Outcome::default() }
}

/// A configuration that keeps a night from its beginning: a capture that never began has captured nothing.
fn not_captured(error: config::Error) -> Failure {
    Failure::usage(error).with_evidence(Evidence::Missing)
}

/// The nightly job. Tonight's evidence does not wait until a table of finance is mended.
async fn night(
    overrides: &Overrides,
    run: &Run,
    clock: Clock,
    signals: &Signals,
    show_progress: bool,
) -> Result<Outcome, Failure> {
    match load_apart(overrides, clock).map_err(not_captured)? {
        (config, None) => commands::run::run(&config, fail_on(&run.terms), signals, show_progress).await,
        (config, Some(mistake)) => {
            commands::run::without_reports(&config, Failure::usage(mistake), signals, show_progress).await
        }
    }
}

/// Refuses an output that the command does not have or that a terminal cannot show, before anything is done.
fn check_output(cli: &Cli) -> Result<(), Failure> {
    // a capture that never began has captured nothing
    let evidence = if is_capture(cli) { Evidence::Missing } else { Evidence::Untouched };
    let refused =
        |problem: &str, hint: &str| Err(Failure::new(Kind::Usage, problem).hint(hint).with_evidence(evidence));
    match cli.global.output {
        Output::Csv | Output::Parquet if !cli.has_form() => {
            refused("`--output csv` and `--output parquet` are for `subledger history` only", "use `text` or `json`")
        }
        Output::Parquet if stdout().is_terminal() => {
            refused("Parquet is nothing for a terminal", "redirect it into a file: `> history.parquet`")
        }
        _ => Ok(()),
    }
}

fn fail_on(terms: &Terms) -> commands::FailOn {
    commands::FailOn { caps: terms.fail_on.contains(&FailOn::Caps) }
}

/// Logs of this program only: what libraries log of requests may hold what nobody should read.
fn start_log(cli: &Cli) {
    let level = match (cli.global.quiet, cli.global.verbose) {
        (true, _) => Level::ERROR,
        (false, 0) => Level::WARN,
        (false, 1) => Level::INFO,
        (false, _) => Level::TRACE,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(|| Spoken).with_ansi(false).with_target(false);
    let lines = match cli.global.log {
        Log::Text => lines.boxed(),
        Log::Json => lines.json().boxed(),
    };
    tracing_subscriber::registry().with(Targets::new().with_target("subledger", level)).with(lines).init();
}

/// Prints how to reach a simulation, at once: whoever started it waits for that.
fn announce(cli: &Cli, simulation: &Simulation) {
    let _ = match cli.global.output {
        Output::Json => writeln!(stdout(), "{}", inert_json(&simulation.json)),
        _ => write!(stdout(), "{}", inert(&simulation.text)),
    };
    let _ = stdout().flush();
    if !cli.global.quiet {
        let _ = writeln!(stderr(), "{}", simulation.hints.join("\n"));
    }
}

/// Prints the result, if there is one. That stdout is full or gone changes nothing about a night, but a secret that is
/// shown only once must arrive.
fn say(cli: &Cli, outcome: &Outcome) -> ExitCode {
    let said = match cli.global.output {
        Output::Text => write!(stdout(), "{}", inert(&outcome.text)),
        Output::Json if outcome.json.is_empty() => Ok(()),
        Output::Json => writeln!(stdout(), "{}", inert_json(&outcome.json)),
        Output::Csv | Output::Parquet => Ok(()),
    };
    let said = said.and_then(|()| stdout().flush());
    if let Some(sheet) = &outcome.table {
        let mut out = BufWriter::new(Heard { out: stdout().lock(), is_enough: false });
        // half a table must not pass for a whole one
        if let Err(failure) = Failure::guard(|| sheet.write(&mut out).map_err(Failure::of_table)) {
            let _ = writeln!(stderr(), "{}", spoken(&failure.report()));
            return ExitCode::from(failure.kind.exit_code());
        }
    }
    if let (Err(error), Some(hint)) = (said, &outcome.if_lost) {
        let failure = Failure::new(Kind::NotPublished, "the secret was not taken by stdout").because(error).hint(hint);
        let failure = failure.came_to(Effect::Done).then("do what the hint says");
        let _ = writeln!(stderr(), "{}", spoken(&failure.report()));
        return ExitCode::from(Kind::NotPublished.exit_code());
    }
    tell_runner(&outcome.for_runner);
    // what a shell reads at its start says nothing else
    if !outcome.closing.is_empty() {
        let _ = writeln!(stderr(), "{}", spoken(&outcome.closing));
    }
    ExitCode::from(outcome.exit_code)
}

/// Stdout with somebody at its other end, such as `head`, who may leave when they have seen enough.
struct Heard<W> {
    out: W,
    is_enough: bool,
}

impl<W: Write> Heard<W> {
    fn unless_gone<T>(&mut self, otherwise: T, write: impl FnOnce(&mut W) -> io::Result<T>) -> io::Result<T> {
        if self.is_enough {
            return Ok(otherwise);
        }
        match write(&mut self.out) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_enough = true;
                Ok(otherwise)
            }
            written => written,
        }
    }
}

impl<W: Write> Write for Heard<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unless_gone(bytes.len(), |out| out.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unless_gone((), Write::flush)
    }
}

fn complain(cli: &Cli, failure: &Failure) -> ExitCode {
    let exit_code = failure.kind.exit_code();
    if cli.global.output == Output::Json {
        let json = failure_json(failure);
        let _ = writeln!(stdout(), "{}", without_keys(&inert_json(&json.to_string())));
    }
    tell_runner(failure.for_runner());
    let _ = writeln!(stderr(), "{}", spoken(&failure.report()));
    ExitCode::from(exit_code)
}

/// Lines that whoever runs us takes for more than text, and that are made for that.
fn tell_runner(lines: &[String]) {
    for line in lines {
        let _ = writeln!(stderr(), "{}", without_keys(line));
    }
}

/// Stderr for the log, whose lines come one at a time.
struct Spoken;

impl Write for Spoken {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        stderr().write_all(spoken(&String::from_utf8_lossy(line)).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        stderr().flush()
    }
}

/// What stderr is told: nothing that runs, and no key.
fn spoken(text: &str) -> String {
    without_keys(&inert(text)).into_owned()
}
