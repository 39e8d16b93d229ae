use super::{MOST_TAGS, split};

const WRAPPERS: super::Wrappers = &["match", "score"];

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
        let found = split(text, WRAPPERS);
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
        let found = split(text, WRAPPERS);
        assert_eq!(found.answer, answer, "{text}");
        assert_eq!(found.unclosed.as_deref(), unclosed, "{text}");
        assert_eq!(found.thinking.as_deref(), thinking, "{text}");
    }
}

const DRAFT: &str = "{\"m\":\"9-9\"}";

/// What may hold the answer of a text in which each `§` is a draft.
fn texts(text: &str) -> Vec<String> {
    let text = text.replace('§', DRAFT);
    split(&text, WRAPPERS).texts().map(|(text, _)| text.replace(DRAFT, "§")).collect()
}

#[test]
fn drafts_in_closed_blocks_of_any_name_are_no_part_of_the_answer() {
    for (open, close) in [
        ("<x:think>", "</x:think>"),
        ("&lt;think&gt;", "&lt;/think&gt;"),
        ("&lt;thinking &gt;", "</thinking>"),
        ("&#60;scratch_pad&#62;", "&#60;/scratch_pad&#62;"),
        ("\\u003cthink\\u003e", "\\u003c/think\\u003e"),
        ("< think >", "< /think >"),
        ("<unused94>thought\n", "<unused95>"),
        ("<details type=\"reasoning\" done=\"true\">", "</details>"),
        ("<section class='thinking'>", "</section>"),
        ("<seed:think budget=\"1\">", "</seed:think>"),
        ("<ant-thinking>", "</ant-thinking>"),
        ("<my_thoughts>", "</my_thoughts>"),
        ("<innerThoughts>", "</innerthoughts>"),
        ("<model.reasoning>", "</model.reasoning>"),
        ("<think_1>", "</think_1>"),
        ("<thinking>", "</thinking>"),
        ("<scratchpad>", "</scratchpad>"),
        ("<reflection>", "</reflection>"),
        ("<draft>", "</draft>"),
        ("<analysis>", "</analysis>"),
        ("<internal-monologue>", "</internal-monologue>"),
        ("<|START_THINKING|>", "<|END_THINKING|>"),
        ("<|START_PLAN|>", "<|END_PLAN|>"),
        ("<|START_ANYTHING|>", "<|END_ANYTHING|>"),
        ("<|begin_of_thought|>", "<|end_of_thought|>"),
        ("<|thought_start|>", "<|thought_end|>"),
        ("<|think|>", "<|/think|>"),
        ("<|think>", "<think|>"),
        ("<|channel>thought\n", "<channel|>"),
        ("<|beginthink|>", "<|endthink|>"),
        ("<｜begin▁of▁thinking｜>", "<｜end▁of▁thinking｜>"),
        ("<｜think｜>", "<｜/think｜>"),
        ("<think>", "</ think>"),
        ("[thinking]", "[/thinking]"),
        ("```thinking\n", "\n```"),
        ("[THINK]", "[/THINK]"),
        ("[REASONING]", "[/REASONING]"),
        ("◁think▷", "◁/think▷"),
        ("◁reflection▷", "◁/reflection▷"),
        ("<|channel|>analysis<|message|>", "<|end|>"),
        ("<|channel|>analysis", "<|channel|>final<|message|>"),
        ("<|channel|>analysis<|message|>", "<|channel|>final"),
        ("analysis<|message|>", "<|end|>"),
        ("analysis", "assistantfinal"),
        ("", "<|end|>"),
        ("", "<|end|><|start|>assistant<|channel|>final<|message|>"),
        ("", "<|channel|>final<|message|>"),
        ("", "</x:think>"),
        ("", "<|END_THINKING|>"),
        ("", "<channel|>"),
    ] {
        assert_eq!(texts(&format!("{open}Well: § or §.{close}{{}}")), ["{}"], "{open}");
    }
    for (open, close) in [("<x:think>", "</x:think>"), ("<draft>", "</draft>"), ("<|START_X|>", "<|END_X|>")] {
        assert_eq!(texts(&format!("{open}§{close}")), [""], "{open}");
    }
}

#[test]
fn blocks_of_names_that_say_nothing_hold_the_answer_only_where_there_is_none_outside() {
    let text = "<whatever>§</whatever>{}";
    assert_eq!(texts(text), ["{}", text]);
    assert_eq!(texts("<思考>§</思考>{}"), ["{}", "<思考>§</思考>{}"]);
    assert_eq!(texts("<x><y>§</x>{}</y>"), ["{}</y>", "<x><y>§</x>{}</y>"]);
    assert_eq!(texts("<think>a</think><x>§</x>{}"), ["{}", "<x>§</x>{}"]);
    for one in
        ["&lt;think&gt; § ", "&lt;/think&gt; §", "&lt;x&gt;§&lt;/x&gt;", "a &lt; thought &gt; §", "0 < think > §"]
    {
        assert_eq!(texts(one), [one]);
    }
    for one in ["<b>bold</b> §", "<x>§", "§</x>", "{\"a\":\"<x>[1]</x>\"}", "<id> § <goals>"] {
        assert_eq!(texts(one).last().map(String::as_str), Some(one));
        assert_eq!(texts(one).len(), 1, "{one}");
    }
}

#[test]
fn a_text_of_more_tags_than_any_answer_has_is_none() {
    assert_eq!(texts(&("<think>".repeat(MOST_TAGS - 1) + "§")).len(), 2);
    assert_eq!(texts(&("<think>".repeat(MOST_TAGS + 1) + "§")), [""]);
    assert_eq!(texts(&("<think/>".repeat(MOST_TAGS + 1) + "§")), [""]);
    assert_eq!(texts(&("<think>.</think> ".repeat(100) + "§")), [" ".repeat(100) + "§"]);
}

#[test]
fn tags_around_answers_take_nothing_away() {
    for name in ["answer", "output", "json", "prediction", "final_answer", "tool_call", "x:answer", "Result"] {
        let text = format!("<{name}>§</{name}>");
        assert_eq!(texts(&text), std::slice::from_ref(&text), "{name}");
        assert_eq!(texts(&format!("<think>{{}}</think>{text}")), [text]);
    }
    for (open, close) in [
        ("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
        ("<|begin_of_box|>", "<|end_of_box|>"),
        ("<|begin_of_solution|>", "<|end_of_solution|>"),
        ("<|im_start|>assistant\n", "<|im_end|>"),
        ("", "<|end_of_sentence|>"),
        ("", "<|endoftext|>"),
        ("<|channel>final\n", "<channel|>"),
        ("<|channel>thought\n{}<channel|><|channel>final\n", "<channel|>"),
    ] {
        let found = texts(&format!("{open}§{close}"));
        assert!(found.len() == 1 && found[0].contains('§'), "{open}: {found:?}");
    }
    assert_eq!(texts("§<|end|>"), ["§"]);
    assert_eq!(texts("§<|end|>\n<|return|>"), ["§\n"]);
}
