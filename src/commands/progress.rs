//! A line on the terminal that says what the night is at; nothing at all elsewhere.

use std::time::Duration;

use indicatif::ProgressBar;

/// Time between two turns of the spinner.
const TICK: Duration = Duration::from_millis(120);

/// The display; it vanishes when it is dropped.
pub(super) struct Spinner(ProgressBar);

impl Spinner {
    /// A spinner on stderr, hidden unless stderr is a terminal and `wanted`.
    pub(super) fn start(wanted: bool) -> Self {
        // indicatif hides a spinner by itself where stderr is no terminal
        let bar = if wanted { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    /// Shows what is being done.
    pub(super) fn tell(&self, message: &str) {
        tracing::info!("{message}");
        self.0.set_message(message.to_owned());
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
