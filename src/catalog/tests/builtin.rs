use super::*;

#[test]
fn it_loads_without_a_fault() {
    let catalog = loaded(&Value::Null);
    assert_eq!(catalog.providers().map(|provider| provider.id.as_str()).collect::<Vec<_>>(), ["together", "synthetic"]);
    for (index, model) in catalog.indexed() {
        assert_eq!(catalog.get(&model.id), Some(index));
        assert!(model.enabled && !catalog.is_configured(index), "{}", model.id);
        assert!(model.prices.prompt > 0.0 && model.prices.completion > 0.0, "{}", model.id);
    }
}

#[test]
fn a_model_has_what_its_provider_and_its_entry_say() {
    let catalog = loaded(&json!({}));
    let model = catalog.model(catalog.get("deepseek-r1-0528-syn").unwrap());
    assert_eq!(model.upstream_model, "hf:deepseek-ai/DeepSeek-R1-0528");
    assert_eq!(model.limits.max_tokens, Some(4096));
    assert_eq!(model.limits.temperature, Some((0.0, 2.0)));
    assert_eq!(model.limits.max_stop_sequences, Some(4));
    assert_eq!(model.timeout, Some(Duration::from_secs(60)));
    assert_eq!(model.prompt_overrides, ["thinking-aside"]);
    assert!(model.reasoning && model.response_format == ResponseFormat::JsonObject);
    let model = catalog.model(catalog.get("glm-4.7-syn").unwrap());
    assert!(!model.reasoning && model.response_format == ResponseFormat::Free);
    let model = catalog.model(catalog.get("llama-4-scout").unwrap());
    assert_eq!((model.limits.max_tokens, model.limits.temperature), (Some(2048), Some((0.1, 1.0))));
    assert_eq!((model.timeout, model.tier.as_deref()), (None, Some("budget")));
}

#[test]
fn its_fallbacks_lead_from_synthetic_to_together() {
    let catalog = loaded(&Value::Null);
    let fallbacks: Vec<_> = catalog.fallbacks().collect();
    assert_eq!(
        fallbacks,
        [
            ("deepseek-r1-0528-syn", vec!["deepseek-r1"]),
            ("kimi-k2-thinking-syn", vec!["kimi-k2-instruct"]),
            ("qwen3-235b-thinking-syn", vec!["qwen3-235b-instruct"]),
            ("kimi-k2.5-syn", vec!["kimi-k2-instruct"]),
        ]
    );
}
