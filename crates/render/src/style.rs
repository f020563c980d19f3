//! Colours of the parts of a text, and the amount of detail.

use anstyle::{AnsiColor, Style};

/// The escape codes that are written into the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Palette {
    /// No escape codes at all.
    Plain,
    /// ANSI escape codes of the sixteen basic colours, which follow the terminal's theme.
    Ansi,
}

/// The amount of detail of a plan or state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// One line for each resource.
    Compact,
    /// Properties as trees; long texts are shortened and policy documents left to their table.
    Normal,
    /// Everything.
    Full,
}

/// The layout of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Columns of the terminal, or what to take for them where there is none.
    pub width: usize,
    /// Colours.
    pub palette: Palette,
    /// The amount of detail.
    pub detail: Detail,
}

impl View {
    /// For a file or a pipe: 120 columns, no colours.
    pub const PLAIN: Self = Self { width: 120, palette: Palette::Plain, detail: Detail::Normal };

    /// The width to lay out for: below 40 columns nothing useful can be laid out.
    pub(crate) fn columns(&self) -> usize {
        self.width.max(40)
    }
}

/// The role of a piece of text, which decides its style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Ordinary text.
    Plain,
    /// The title of a section.
    Heading,
    /// The name of a resource.
    Name,
    /// Text that can be skipped when reading: branches of trees, physical IDs, notes.
    Dim,
    /// Something new.
    Create,
    /// Something changed.
    Update,
    /// Something that goes.
    Delete,
    /// Text that asks for attention.
    Warning,
    /// Success.
    Good,
    /// A value that is known only after apply.
    Unknown,
    /// A reference to a secret.
    Secret,
}

impl Role {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Heading => Style::new().bold().underline(),
            Self::Name => Style::new().bold(),
            Self::Dim => Style::new().dimmed(),
            Self::Create | Self::Good => AnsiColor::Green.on_default(),
            Self::Update => AnsiColor::Yellow.on_default(),
            Self::Delete => AnsiColor::Red.on_default(),
            Self::Warning => AnsiColor::Red.on_default().bold(),
            Self::Unknown => AnsiColor::Cyan.on_default(),
            Self::Secret => AnsiColor::Magenta.on_default(),
        }
    }
}

impl Palette {
    /// The text in the style of its role.
    pub(crate) fn paint(self, role: Role, text: &str) -> String {
        match (self, role) {
            (Self::Plain, _) | (Self::Ansi, Role::Plain) => text.to_owned(),
            (Self::Ansi, role) => {
                let style = role.style();
                format!("{style}{text}{style:#}")
            }
        }
    }
}
