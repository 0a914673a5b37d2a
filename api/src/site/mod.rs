//! What people open in a browser: the pages of e-mail links, Swagger UI, the table of problems, the mail of a demo, and the
//! OpenAPI document as a file.

pub mod pages;
pub mod problems;
pub mod document;
pub mod swagger;
pub mod demo_mail;
