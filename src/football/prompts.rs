//! The prompts that ship, for what they ask is of the sport.

/// The manifest of the built-in prompts.
pub const PROMPT_MANIFEST: &str = include_str!("../../catalog/prompts/manifest.json");

/// The components that it names, without the overrides, each with its text.
pub const PROMPT_COMPONENTS: [(&str, &str); 4] = [
    ("base", include_str!("../../catalog/prompts/base.md")),
    ("matches", include_str!("../../catalog/prompts/matches.md")),
    ("output", include_str!("../../catalog/prompts/output.md")),
    ("scoring", include_str!("../../catalog/prompts/scoring.md")),
];
