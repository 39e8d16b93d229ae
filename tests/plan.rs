//! What holds of every plan, whatever the graph and the request.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::HashSet;
use std::sync::Arc;

use fallcast::catalog::ResponseFormat;
use fallcast::engine::{Engine, Explanation};
use fallcast::football::{Match, Question};
use fallcast::kind::SkipReason;
use fallcast::outcome::{NanoUsd, Refusal};
use fallcast::request::RawOptions;
use proptest::prelude::*;
use serde_json::{Value, json};

/// A catalogue: for each model its later neighbours (so there is no cycle), its price, and what is wrong with it.
#[derive(Clone, Debug)]
struct Graph {
    models: Vec<(Vec<usize>, u32, bool, bool)>,
}

impl Graph {
    fn any() -> impl Strategy<Value = Self> {
        let model =
            (prop::collection::vec(0..12_usize, 0..4), 0..40_u32, prop::bool::weighted(0.9), prop::bool::weighted(0.8));
        prop::collection::vec(model, 1..12).prop_map(|mut models| {
            let count = models.len();
            for (index, (edges, ..)) in models.iter_mut().enumerate() {
                let mut seen = HashSet::new();
                edges.retain_mut(|edge| {
                    *edge += index + 1;
                    *edge < count && seen.insert(*edge)
                });
            }
            Self { models }
        })
    }

    fn config(&self, guards: &Value) -> Value {
        let model = |(index, (edges, price, enabled, configured)): (usize, &(Vec<usize>, u32, bool, bool))| {
            json!({
                "id": name(index), "provider": if *configured { "open" } else { "locked" }, "upstreamModel": "m",
                "promptUsdPer1M": price, "completionUsdPer1M": price, "enabled": enabled,
                "fallbacks": edges.iter().map(|&edge| name(edge)).collect::<Vec<_>>(),
            })
        };
        let mut config = guards.clone();
        config["builtinCatalog"] = json!(false);
        config["providers"] = json!([
            { "id": "open", "baseUrl": "http://127.0.0.1:1" },
            { "id": "locked", "baseUrl": "http://127.0.0.1:1", "apiKeyEnv": "NOT_SET" },
        ]);
        config["models"] = self.models.iter().enumerate().map(model).collect();
        config
    }

    /// The order of a breadth-first walk, written as plainly as can be.
    fn reachable(&self) -> Vec<String> {
        let mut order = vec![0];
        let mut next = 0;
        while next < order.len() {
            for &edge in &self.models[order[next]].0 {
                if !order.contains(&edge) {
                    order.push(edge);
                }
            }
            next += 1;
        }
        order.into_iter().map(name).collect()
    }
}

fn name(index: usize) -> String {
    format!("model-{index}")
}

fn explain(config: &Value, matches: usize, options: RawOptions) -> Explanation {
    let engine = Arc::new(Engine::new(config, &|_| None).expect("the graph has no fault"));
    let game = |index: usize| Match {
        id: index.to_string(),
        home_team: "Union Berlin".to_owned(),
        away_team: "Girona".to_owned(),
        ..Match::default()
    };
    let request = Question { model_id: name(0), items: (0..matches).map(game).collect(), ..Question::default() };
    engine.call(request, options).expect("the request has no fault").explain()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_reachable_model_is_attempted_or_skipped_once_and_in_order(
        graph in Graph::any(), matches in 1..=100_usize, depth in 0..5_u32,
    ) {
        let plan = explain(&graph.config(&json!({ "maxFallbackDepth": depth })), matches, RawOptions::default());
        let steps: Vec<String> = plan.steps.iter().map(|step| step.model_id.clone()).collect();
        prop_assert_eq!(steps, graph.reachable());
        let fallbacks = plan.steps.iter().skip(1).filter(|step| step.verdict.is_ok()).count();
        prop_assert!(fallbacks <= depth as usize);
        for step in &plan.steps {
            let index: usize = step.model_id["model-".len()..].parse().expect("an index");
            let (_, _, enabled, configured) = &graph.models[index];
            let reason = step.verdict.as_ref().err().map(|refusal| refusal.reason);
            prop_assert_eq!(reason == Some(SkipReason::NotEnabled), !enabled);
            prop_assert_eq!(reason == Some(SkipReason::Unconfigured), *enabled && !configured);
            if reason == Some(SkipReason::Depth) {
                prop_assert_eq!(fallbacks, depth as usize, "skipped for depth while there was a place");
            }
        }
    }

    #[test]
    fn the_money_guards_hold_and_explain_every_skip(
        graph in Graph::any(), matches in 1..=100_usize, limit in 0.0..0.2_f64, ratio in 0.5..10.0_f64,
    ) {
        let config = graph.config(&json!({ "maxPriceRatio": ratio, "maxFallbackDepth": 100 }));
        let options = RawOptions { max_fallback_cost: Some(limit), ..RawOptions::default() };
        let plan = explain(&config, matches, options);
        let original = plan.steps[0].expected;
        let mut spent = NanoUsd::default();
        for step in plan.steps.iter().skip(1) {
            let free = original == NanoUsd::default();
            prop_assert_eq!(step.price_ratio.is_none(), free);
            let too_dear = step.price_ratio.is_some_and(|price_ratio| price_ratio > ratio);
            match &step.verdict {
                Ok(fitted) => {
                    prop_assert!(!too_dear);
                    spent = spent.plus(fitted.worst);
                }
                Err(Refusal { reason: SkipReason::TooExpensive, detail, .. }) => {
                    let guard = if too_dear { "maxPriceRatio" } else { "maxFallbackCost" };
                    prop_assert!(detail.contains(guard), "{}", detail);
                }
                Err(_) => {}
            }
        }
        prop_assert!(spent <= NanoUsd::from_usd(limit));
    }

    #[test]
    fn what_is_sent_is_within_the_limits_and_every_change_is_noted(
        matches in 1..=100_usize,
        max_tokens in 1..5000_u32,
        (low, high) in (0.0..1.0_f64, 1.0..2.0_f64),
        stops in 0..6_u32,
        wanted in (prop::option::of(1..9000_u32), prop::option::of(0.0..2.0_f64), 0..6_usize),
    ) {
        let (wanted_tokens, temperature, sequences) = wanted;
        let mut config = Graph { models: vec![(vec![], 1, true, true)] }.config(&json!({}));
        config["providers"][0]["limits"] =
            json!({ "maxTokens": max_tokens, "temperature": [low, high], "maxStopSequences": stops });
        let options = RawOptions {
            max_tokens: wanted_tokens.map(f64::from),
            temperature,
            stop: Some(vec!["END".to_owned(); sequences]),
            ..RawOptions::default()
        };
        let plan = explain(&config, matches, options);
        let fitted = plan.steps[0].verdict.as_ref().expect("nothing is wrong with the model");
        prop_assert!(fitted.max_tokens <= u64::from(max_tokens));
        prop_assert!(!fitted.positions.is_empty() && fitted.positions.len() <= matches);
        prop_assert!(fitted.temperature.is_none_or(|temperature| (low..=high).contains(&temperature)));
        prop_assert!(fitted.stop <= stops as usize);
        let noted = |parameter| fitted.adjusted.iter().any(|change| change.parameter == parameter);
        prop_assert_eq!(noted("matches"), fitted.positions.len() < matches);
        prop_assert_eq!(noted("temperature"), fitted.temperature != temperature);
        prop_assert_eq!(noted("stop"), fitted.stop < sequences);
        prop_assert_eq!(noted("response_format"), fitted.response_format == ResponseFormat::Free);
        if let Some(wanted) = wanted_tokens {
            prop_assert_eq!(noted("max_tokens"), fitted.max_tokens < u64::from(wanted));
        }
    }
}
