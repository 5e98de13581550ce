//! Acting on a run in the middle of it: a server that holds a request, and the process that waits for the answer.

use std::path::Path;
use std::process::{Child, Command};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::{Answers, Asked, Server, process_at};

/// Longest wait for a request that should come at once: a test that hangs says nothing.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server with a held request. The request is let go at the latest when this is dropped.
pub(crate) struct Holding {
    arrived: Receiver<()>,
    // before the server: it cannot end while a request is held
    gate: Option<Sender<()>>,
    pub(crate) server: Server,
}

impl Holding {
    /// Answers as told, but holds the requests that `which` chooses until [`Holding::release`].
    pub(crate) fn start(answers: Answers, which: impl Fn(&Asked) -> bool + Send + Sync + 'static) -> Self {
        let (arrival, arrived) = channel();
        let (gate, held) = channel::<()>();
        let held = Mutex::new(held);
        let server = Server::start(move |asked| {
            if which(asked) {
                let _ = arrival.send(());
                // an error says that the gate is open
                let _ = held.lock().expect("no panic").recv();
            }
            answers.reply(asked)
        });
        Self { arrived, gate: Some(gate), server }
    }

    /// Waits until a request is held.
    pub(crate) fn wait(&self) {
        self.arrived.recv_timeout(PATIENCE).expect("the request that is to be held");
    }

    /// Lets the held request and all later ones go.
    pub(crate) fn release(&mut self) {
        self.gate = None;
    }
}

/// The nightly job, started and left running.
pub(crate) fn started(folder: &Path, server: &Server, now: &str) -> Child {
    process_at(folder, server).args(["run", "--now", now]).spawn().expect("the binary starts")
}

/// Kills what was started, as `kill -9` does, and waits until it is gone.
pub(crate) fn killed(mut child: Child) {
    child.kill().expect("it is still ours");
    child.wait().expect("it is still ours");
}

/// Sends what was started a signal: `-TERM`, `-INT`.
pub(crate) fn told(child: &Child, signal: &str) {
    let told = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(told.expect("kill").success());
}
