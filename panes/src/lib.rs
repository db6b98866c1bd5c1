//! The workspace: a full-screen terminal app that shows the daemon's services and types into them.
//!
//! Everything that happens is a [`msg::Msg`]; [`update`] turns it into a changed model and a [`msg::Cmd`]; [`view`] paints
//! the model and decides nothing; [`run`] is the one loop that has the terminal and the connection. This crate knows the
//! daemon only through `locald-api`: how one is found or started is the [`Connector`]'s business, and a workspace survives
//! its daemon.

mod backend;
mod background;
mod copying;
mod extras;
mod help;
mod keymap;
mod keyname;
mod layout;
mod list;
mod marks;
mod model;
mod mouse;
mod msg;
mod options;
mod overlay;
mod reconnect;
mod recording;
mod replay;
mod reports;
mod run;
mod screen;
mod scrollback;
mod search;
mod selection;
mod settings;
mod stage;
mod terminal;
mod text;
mod theme;
mod update;
mod view;
mod wording;
mod words;
mod wrapping;

pub use help::manual;
pub use keymap::{KeyFault, Keymap, WhyNot, Wish, command_names};
pub use keyname::key_names;
pub use options::{Options, Outcome, Wanted};
pub use reconnect::{Connecting, Connector, Unreached};
pub use recording::RecordingError;
pub use replay::{Pace, ReplayError, screen_after, show};
pub use run::{WorkspaceError, run};
pub use settings::{LaterSettings, Settings};
pub use theme::{Appearance, ThemeChoice, ThemeFault, ThemeFile};

#[cfg(test)]
mod testing;
