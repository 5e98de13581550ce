//! Asking before something is done that cannot be undone.

use std::io::{IsTerminal, Write, stderr, stdin};

use crate::failure::{Failure, Kind};
use crate::nightly::Signals;

/// The answer that means yes; a lone `y` is too easily typed.
const YES: &str = "yes";

/// Whether the person at the other end has agreed already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// `--yes`, or as good as that.
    Given,
    /// Ask, where there is somebody to ask.
    Ask,
}

impl Consent {
    /// Fails at once where nobody can be asked, before anything has been done.
    pub(super) fn possible(self, what: &str) -> Result<(), Failure> {
        if self == Self::Given || (stdin().is_terminal() && stderr().is_terminal()) {
            return Ok(());
        }
        let failure = Failure::new(Kind::Usage, format!("{what} was not agreed to, and nobody is here to be asked"));
        Err(failure.hint("add `--yes` to agree beforehand").then("nothing was done"))
    }

    /// Asks on the terminal, after whatever `question` says; anything but `yes` fails.
    pub(super) async fn obtain(self, question: &str, signals: &Signals) -> Result<(), Failure> {
        if self == Self::Given {
            return Ok(());
        }
        let _ = write!(stderr(), "{question} Type {YES} to go on: ");
        let (told, answer) = tokio::sync::oneshot::channel();
        // a thread of its own: a blocked read must not keep an interrupted process from ending
        std::thread::spawn(move || {
            let mut line = String::new();
            let _ = stdin().read_line(&mut line);
            let _ = told.send(line);
        });
        let no_answer = |_| Failure::new(Kind::Usage, "no answer could be read").then("nothing was changed");
        let answer = signals.or(answer, no_answer).await?;
        if answer.trim() == YES {
            Ok(())
        } else {
            Err(Failure::new(Kind::Usage, "it was not agreed to").then("nothing was changed"))
        }
    }
}
