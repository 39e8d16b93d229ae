//! JavaScript values in, JavaScript values out: the only room that names napi. It converts and never decides.
#![expect(clippy::disallowed_types, reason = "the one room that may name napi")]
#![expect(clippy::trivially_copy_pass_by_ref, reason = "napi lends the environment, and what is borrowed from it")]

mod abort;
mod ask;
mod budget;
mod call_status;
mod catalog;
mod crossing;
mod engine_status;
mod error;
mod event;
mod fallcast;
mod fields;
mod flat;
mod fleet;
mod football;
mod functions;
mod gathered;
mod half;
mod handle;
mod inbox;
mod iso;
mod log;
mod methods;
mod metrics;
mod mistake;
mod node;
mod outcome;
mod parsed;
mod plain;
mod plan;
mod read;
mod reader;
mod realm;
mod record;
mod refusal;
mod shapes;
mod slate;
mod slate_arguments;
mod status;
mod strings;
mod text;
mod threads;
