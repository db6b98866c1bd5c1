//! The names of one user's services in the hosts file (hosts(5)): a block between two marks, of which everything else in the file is
//! kept as it is, octet by octet.

mod block;
mod file;

pub use block::{Damaged, names_of};
pub use file::HOSTS;
pub(crate) use file::{change, fault};
