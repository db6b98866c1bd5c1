//! The settings of a service, one in each file: its type, what may be written for it, and what counts where nothing is said.

pub(crate) mod command;
pub(crate) mod escape;
pub(crate) mod signal;
pub(crate) mod size;
pub(crate) mod timeout;
