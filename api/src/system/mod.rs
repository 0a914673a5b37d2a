//! What the service says about itself: health, metrics, keys, its own description, and the pages of e-mail links.

pub mod demo_mail;
pub mod document;
pub mod pages;
pub mod problems;
pub mod routes;
pub mod swagger;
