//! What keeps the repository in order: which crate may know which, what every file has, and that the manual is true.
//!
//! `cargo xtask manual` writes the generated parts of the manual anew.

mod arrows;
mod helper;
mod manual;
mod reference;
mod repository;
mod sources;
mod words;
