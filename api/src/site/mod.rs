//! Pages for browsers: those of e-mail links, Swagger UI, the error codes, the e-mails of a demo, and the OpenAPI
//! document as a file.

mod static_file;
pub mod pages;
pub mod consent;
pub mod problems;
pub mod document;
pub mod swagger;
pub mod demo_mail;
