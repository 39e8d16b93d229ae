//! What a model's text is made of: its thinking apart from its answer, and the JSON in it, however relaxed. Knows neither
//! what was asked nor how the text came.

#![forbid(unsafe_code)]

pub mod number;
pub mod plain;
pub mod relaxed;
pub mod thinking;
