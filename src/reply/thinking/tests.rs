use super::split;

/// Text, answer, unclosed, thinking.
type Row = (&'static str, &'static str, Option<&'static str>, Option<&'static str>);

#[test]
fn tags_part_thinking_from_the_answer() {
    let table: [Row; 40] = [
        ("", "", None, None),
        ("plain", "plain", None, None),
        ("<think>a</think>b", "b", None, Some("a")),
        ("<THINK>a</Think>b", "b", None, Some("a")),
        ("<thinking> a\n</thinking>\n b", "\n b", None, Some("a")),
        ("<reasoning>a</reasoning>b", "b", None, Some("a")),
        ("<thought>a</thought><reflection>b</reflection>c", "c", None, Some("a\n\nb")),
        ("<think lang=\"en\" deep>a</think >b", "b", None, Some("a")),
        ("<think></think>b", "b", None, None),
        ("<think/>b", "b", None, None),
        ("<think />b", "b", None, None),
        ("a<think>b</think>c<think>d</think>e", "ace", None, Some("b\n\nd")),
        ("<think>a<think>b</think>c</think>d", "d", None, Some("a<think>b</think>c")),
        ("<think>a<reasoning>b</think>c", "c", None, Some("a<reasoning>b")),
        ("<think>a</thinking>b", "b", None, Some("<think>a")),
        ("a</think>b", "b", None, Some("a")),
        ("<think>x</think>a</think>b", "b", None, Some("<think>x</think>a")),
        ("a</think>b</think>c", "c", None, Some("a</think>b")),
        ("<think>a", "", Some("<think>a"), Some("a")),
        ("b<think>a", "b", Some("b<think>a"), Some("a")),
        ("<think>a<think>b</think>c", "", Some("<think>ac"), Some("b\n\nac")),
        ("<think>a<reasoning>b</reasoning>c", "", Some("<think>ac"), Some("b\n\nac")),
        ("x<think>y</think>z<think>w", "xz", Some("xz<think>w"), Some("y\n\nw")),
        ("<think", "<think", None, None),
        ("<thinker>a</thinker>", "<thinker>a</thinker>", None, None),
        ("< think>a", "< think>a", None, None),
        ("◁think▷a◁/think▷b", "b", None, Some("a")),
        ("[THINK]a[/THINK]b", "b", None, Some("a")),
        ("see [thinking](x)", "see [thinking](x)", None, None),
        ("{\"note\":\"<think>\",\"a\":1}", "{\"note\":\"<think>\",\"a\":1}", None, None),
        ("{\"note\":\"say </think> \\\" so\"}", "{\"note\":\"say </think> \\\" so\"}", None, None),
        ("<think>{\"a\": \"b</think>{\"c\":\"</think>\"}", "{\"c\":\"</think>\"}", None, Some("{\"a\": \"b")),
        ("draft {\"a\": \"b\n</think>{}", "{}", None, Some("draft {\"a\": \"b")),
        ("é<think>é</think>é", "éé", None, Some("é")),
        ("say \"<think>a</think>\", b", "say \"\", b", None, Some("a")),
        ("<think>{\"a\":\"</think>\"}b", "\"}b", None, Some("{\"a\":\"")),
        ("{\"a\": \"b\n</think>\", {}", "\", {}", None, Some("{\"a\": \"b")),
        ("{ \"a\" is \"b</think>\" so {}", "\" so {}", None, Some("{ \"a\" is \"b")),
        ("{\"x\" is, \"note\":\"<think>\"}", "{\"x\" is, \"note\":\"<think>\"}", None, None),
        ("<thinking>a</think>b</thinking>c", "c", None, Some("<thinking>a</think>b")),
    ];
    for (text, answer, unclosed, thinking) in table {
        let found = split(text);
        assert_eq!(found.answer, answer, "{text}");
        assert_eq!(found.unclosed.as_deref(), unclosed, "{text}");
        assert_eq!(found.thinking.as_deref(), thinking, "{text}");
    }
}

#[test]
fn channels_part_thinking_from_the_answer() {
    let table: [Row; 9] = [
        (
            "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b<|return|>",
            "b",
            None,
            Some("a"),
        ),
        (
            "<|start|>assistant<|channel|>analysis<|message|>a<|end|>\
             <|start|>assistant<|channel|>commentary to=f <|constrain|>json<|message|>c<|call|>\
             <|start|>assistant<|channel|>final <|constrain|>json<|message|>b",
            "b",
            None,
            Some("a\n\nc"),
        ),
        ("<|channel|>analysis<|message|>a", "", Some("\na"), Some("a")),
        ("<|channel|>final<|message|>b<|channel|>analysis<|message|>a", "b", Some("b\na"), Some("a")),
        ("<|channel|>analysis<|message|>a<|end|>b", "b", None, Some("a")),
        ("<|channel|>final<|message|><think>a</think>b", "b", None, Some("a")),
        ("{\"note\":\"<|channel|>\",\"a\":1}", "{\"note\":\"\",\"a\":1}", None, None),
        ("<|channel|>final<|message|>{\"note\":\"<|end|><|start|>x\",\"a\":1}", "{\"note\":\"x\",\"a\":1}", None, None),
        ("<|message|>a", "<|message|>a", None, None),
    ];
    for (text, answer, unclosed, thinking) in table {
        let found = split(text);
        assert_eq!(found.answer, answer, "{text}");
        assert_eq!(found.unclosed.as_deref(), unclosed, "{text}");
        assert_eq!(found.thinking.as_deref(), thinking, "{text}");
    }
}
