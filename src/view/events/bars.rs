//! An apply on a terminal: one bar for all of it and one for each clone that runs, on stderr; what is done scrolls by
//! above them. Nothing of the bars is left at the end.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::apply::event::{Event, Listener};
use crate::model::address::Address;
use crate::plan::{Action, Change, Plan};
use crate::view::output::{Output, Standard};
use crate::view::style::{Style, Verbosity};
use crate::view::text::clean;

use super::closing::{Closing, Next};
use super::narration;

/// The listener for terminals.
pub struct Bars {
    output: Box<dyn Output>,
    out: Style,
    err: Style,
    verbosity: Verbosity,
    state: Mutex<State>,
}

struct State {
    closing: Closing,
    bars: MultiProgress,
    overall: Option<ProgressBar>,
    clones: BTreeMap<Address, ProgressBar>,
}

impl Bars {
    /// A listener with the styles of stdout and stderr.
    #[must_use]
    pub fn new(out: Style, err: Style, verbosity: Verbosity) -> Self {
        Bars::to(Box::new(Standard), ProgressDrawTarget::stderr(), out, err, verbosity)
    }

    /// The same with other commands to type next.
    #[must_use]
    pub fn next(mut self, next: Next) -> Self {
        self.state.get_mut().unwrap_or_else(PoisonError::into_inner).closing = Closing::new(next);
        self
    }

    /// The same to another place.
    #[must_use]
    pub fn to(output: Box<dyn Output>, target: ProgressDrawTarget, out: Style, err: Style, verbosity: Verbosity) -> Self {
        let quiet = verbosity == Verbosity::Quiet;
        let bars = MultiProgress::with_draw_target(if quiet { ProgressDrawTarget::hidden() } else { target });
        let state = State { closing: Closing::default(), bars, overall: None, clones: BTreeMap::new() };
        Bars { output, out, err, verbosity, state: Mutex::new(state) }
    }
}

impl Listener for Bars {
    fn event(&self, event: &Event<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closing.note(event);
        if self.verbosity != Verbosity::Quiet
            && let Some(text) = narration(event, &self.err)
        {
            state.bars.suspend(|| self.output.narrate(&text));
        }
        state.draw(event);
        if let Event::Summary(outcome) = event {
            self.output.print(&state.closing.text(outcome, self.verbosity, &self.out));
        }
    }
}

impl Drop for Bars {
    /// An apply that ends early leaves no bar behind.
    fn drop(&mut self) {
        self.state.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl State {
    fn draw(&mut self, event: &Event<'_>) {
        match event {
            Event::Planned(plan) => self.begin(plan),
            Event::Start(change) => self.start(change),
            Event::Progress { address, stage, percent } => {
                if let Some(bar) = self.clones.get(*address) {
                    bar.set_message(clean(stage));
                    if let Some(percent) = percent {
                        bar.set_position(u64::from(*percent));
                    }
                }
            }
            Event::Complete { change, .. } | Event::Errored { change, .. } | Event::Skipped { change, .. } => self.end(change),
            Event::Output { .. } | Event::Warning { .. } | Event::Failure { .. } | Event::Deleted(_) => {}
            Event::Summary(_) => self.clear(),
        }
    }

    fn begin(&mut self, plan: &Plan) {
        let total = plan.pending().count() as u64;
        let bar = self.bars.add(ProgressBar::new(total).with_style(style("[{bar:24}] {pos}/{len} {msg}")));
        bar.tick();
        self.overall = Some(bar);
    }

    fn start(&mut self, change: &Change) {
        let name = clean(&change.address.to_string());
        if matches!(change.action, Action::Clone { .. }) {
            let bar = ProgressBar::new(100).with_style(style("[{bar:24}] {percent:>3}% {prefix} {msg}"));
            let bar = self.bars.insert(0, bar);
            bar.set_prefix(name);
            self.clones.insert(change.address.clone(), bar);
        } else if let Some(overall) = &self.overall {
            overall.set_message(name);
        }
    }

    fn end(&mut self, change: &Change) {
        if let Some(bar) = self.clones.remove(&change.address) {
            bar.finish_and_clear();
            self.bars.remove(&bar);
        }
        if let Some(overall) = &self.overall {
            overall.inc(1);
        }
    }

    fn clear(&mut self) {
        for bar in std::mem::take(&mut self.clones).into_values().chain(self.overall.take()) {
            bar.finish_and_clear();
            self.bars.remove(&bar);
        }
        // Nobody can be told when the terminal is gone.
        let _ = self.bars.clear();
    }
}

/// The look of a bar; a wrong template would fall back to the default one.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}
