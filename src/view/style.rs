//! How text looks: colour or none, the width, and the directory that paths are shown from.

use std::ffi::OsString;

use anstyle::AnsiColor;

use crate::model::path::{AbsPath, printable};
use crate::plan::Symbol;

use super::text::clean;

/// The width where nobody says another.
const WIDTH: usize = 100;

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorChoice {
    /// On terminals, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// `-q` and `-v`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verbosity {
    /// What changes, what is refused and what failed; nothing where there is nothing of that.
    Quiet,
    /// The usual.
    #[default]
    Normal,
    /// Whole diffs, and the reasons of refused changes.
    Verbose,
}

/// What the environment says about looks.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// `NO_COLOR`
    pub no_color: Option<OsString>,
    /// `CLICOLOR_FORCE`
    pub force: Option<OsString>,
    /// `TERM`
    pub term: Option<OsString>,
    /// `COLUMNS`
    pub columns: Option<OsString>,
    /// The working directory, where it can be told.
    pub here: Option<AbsPath>,
}

impl Surroundings {
    /// Reads the environment: the only place of the views that does.
    #[must_use]
    pub fn read() -> Self {
        Surroundings {
            no_color: std::env::var_os("NO_COLOR"),
            force: std::env::var_os("CLICOLOR_FORCE"),
            term: std::env::var_os("TERM"),
            columns: std::env::var_os("COLUMNS"),
            here: std::env::current_dir().ok().and_then(|path| AbsPath::new(path).ok()),
        }
    }
}

/// How the text of one stream looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Style {
    color: bool,
    width: usize,
    here: Option<AbsPath>,
}

/// What a piece of text is, which decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// A change by its sign; also the lines of a diff.
    Change(Symbol),
    /// Refused or failed.
    Blocked,
    /// Wants a look.
    Notice,
    /// All is well.
    Good,
    /// Headings and the summary.
    Strong,
    /// Beside the point.
    Faint,
}

impl Style {
    /// The style of a stream: `terminal` says whether it is one.
    #[must_use]
    pub fn new(choice: ColorChoice, terminal: bool) -> Self {
        Style::decide(choice, terminal, &Surroundings::read())
    }

    /// The same with the environment as a value. `NO_COLOR` goes before `CLICOLOR_FORCE`.
    #[must_use]
    pub fn decide(choice: ColorChoice, terminal: bool, around: &Surroundings) -> Self {
        let set = |value: &Option<OsString>| value.as_ref().is_some_and(|value| !value.is_empty());
        let color = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if set(&around.no_color) => false,
            ColorChoice::Auto if set(&around.force) && around.force.as_deref() != Some("0".as_ref()) => true,
            ColorChoice::Auto => terminal && around.term.as_deref() != Some("dumb".as_ref()),
        };
        let columns = around.columns.as_deref().and_then(|text| text.to_str()?.parse().ok());
        let width = columns.filter(|width| *width >= 40).unwrap_or(WIDTH);
        Style { color, width, here: around.here.clone() }
    }

    /// No colour, whole paths.
    #[must_use]
    pub fn plain() -> Self {
        Style { color: false, width: WIDTH, here: None }
    }

    /// Whether there is colour.
    #[must_use]
    pub fn color(&self) -> bool {
        self.color
    }

    /// The width in columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// A path as seen from the working directory: below it, relative; elsewhere, whole.
    #[must_use]
    pub fn path(&self, path: &AbsPath) -> String {
        match &self.here {
            Some(here) => relative(path, here),
            None => clean(&path.to_string()),
        }
    }

    /// The text in its colour; the text itself where there is no colour.
    #[must_use]
    pub fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.into();
        }
        let style = tone.style();
        format!("{style}{text}{style:#}")
    }
}

impl Tone {
    fn style(self) -> anstyle::Style {
        match self {
            Tone::Change(Symbol::Create) | Tone::Good => AnsiColor::Green.on_default(),
            Tone::Change(Symbol::Update) | Tone::Notice => AnsiColor::Yellow.on_default(),
            Tone::Change(Symbol::Adopt) => AnsiColor::Cyan.on_default(),
            Tone::Change(Symbol::Replace) => AnsiColor::Magenta.on_default(),
            Tone::Change(Symbol::Remove) => AnsiColor::Red.on_default(),
            Tone::Blocked => AnsiColor::Red.on_default().bold(),
            Tone::Strong => anstyle::Style::new().bold(),
            Tone::Faint => anstyle::Style::new().dimmed(),
        }
    }
}

/// A path as seen from `base`: below it, relative; elsewhere, whole. Fit for a terminal.
#[must_use]
pub fn relative(path: &AbsPath, base: &AbsPath) -> String {
    clean(&printable(path.relative_to(base).as_os_str()))
}
