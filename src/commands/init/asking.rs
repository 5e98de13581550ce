//! Questions to whoever sits at the terminal.

use std::io::{IsTerminal, Write, stderr, stdin};

use crate::failure::{Failure, Kind};

/// Answers that cannot be used, after which nobody is asked any more.
const WRONG_COUNT_MAX: usize = 5;

/// Something that has to be known.
pub(super) struct Question<'q> {
    /// What is asked.
    pub(super) what: &'q str,
    /// The flag that says it.
    pub(super) flag: &'q str,
    /// What an empty answer stands for; also where nobody is there to be asked.
    pub(super) default: Option<String>,
    /// What an answer has to be.
    pub(super) wanted: &'q str,
}

impl Question<'_> {
    /// Asks until the answer can be used, where there is somebody to ask.
    pub(super) fn ask<T>(&self, read: impl Fn(&str) -> Option<T>) -> Result<T, Failure> {
        let Self { what, flag, default, wanted } = self;
        if !stdin().is_terminal() {
            return default.as_deref().and_then(read).ok_or_else(|| {
                let failure = Failure::new(Kind::Usage, format!("nobody is here to be asked: {what}"));
                failure.hint(format!("say it with `{flag}`"))
            });
        }
        let shown = default.as_ref().map_or_else(String::new, |default| format!(" [{default}]"));
        for _ in 0..WRONG_COUNT_MAX {
            let _ = write!(stderr(), "{what}{shown}: ");
            let mut line = String::new();
            match stdin().read_line(&mut line) {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
            let answer = Some(line.trim()).filter(|line| !line.is_empty()).or(default.as_deref()).unwrap_or_default();
            if let Some(answer) = read(answer) {
                return Ok(answer);
            }
            let _ = writeln!(stderr(), "  that is not {wanted}");
        }
        Err(Failure::new(Kind::Usage, format!("no answer that can be used: {what}"))
            .hint(format!("say it with `{flag}`")))
    }
}
