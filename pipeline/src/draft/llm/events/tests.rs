//! Streams in the dialects of their servers, as their documentation shows them, and bytes as nobody shows them.

use super::*;
use proptest::prelude::*;

/// Text as it is, the ends as `.` (whole) or the name of the trouble.
fn decode(pieces: &[&[u8]]) -> (Vec<String>, Told) {
    let (mut lines, mut told) = (Lines::default(), Told::default());
    let mut deltas: Vec<Delta> = pieces.iter().flat_map(|piece| lines.push(piece, &mut told)).collect();
    deltas.extend(lines.finish(&mut told));
    let deltas = deltas
        .into_iter()
        .map(|delta| match delta {
            Delta::Text(text) => text,
            Delta::Alive => "~".into(),
            Delta::Whole => ".".into(),
            Delta::Trouble(fault) => fault.trouble.name().into(),
        })
        .collect();
    (deltas, told)
}

const STREAM: &str = ": keep-alive\n\ndata: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\r\n\r\n\
    data: {\"choices\":[{\"delta\":{\"content\":\"Årsag\"},\"finish_reason\":null}]}\n\n\
    event: x\nid: 3\ndata:{\"choices\":[{\"delta\":\ndata: {\"content\":\" æøå\"}}]}\n\n\
    data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\ndata: [DONE]\n\ndata: after\n\n";

#[test]
fn streams_end_as_they_say() {
    let check = |stream: &str, expected: &[&str]| assert_eq!(decode(&[stream.as_bytes()]).0, expected, "{stream}");
    check(STREAM, &["Årsag", " æøå", "."]);
    check("data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}", &["a", "."]);
    check("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n", &["cut_off"]);
    check("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"content_filter\"}]}\n\n", &["llm_refused"]);
    check("data: {\"error\":{\"message\":\"no\"}}\n\n", &["llm_refused"]);
    check("data: {\"error\":\"no\"}\n\n", &["llm_refused"]);
    check("error: {\"code\":500,\"type\":\"server_error\"}\n\n", &["llm_unavailable"]);
    check("data: rubbish\n\ndata: [DONE]\n\n", &["garbled"]);
    check("<html>502</html>", &["garbled"]);
    check("", &["garbled"]);
}

/// What each kind of server sends around its text: the first event, the last, and what it tells of itself.
#[test]
fn dialects() {
    let check = |name: &str, events: &[&str], text: &str, told: (&str, &str, Option<u32>, Option<u32>)| {
        let stream = events.iter().fold(String::new(), |stream, event| stream + "data: " + event + "\n\n");
        let (deltas, found) = decode(&[stream.as_bytes()]);
        let (end, pieces) = deltas.split_last().expect("an end");
        assert_eq!((pieces.concat().as_str(), end.as_str()), (text, "."), "{name}");
        let found = (found.model.as_str(), found.fingerprint.as_str(), found.tokens_in, found.tokens_out);
        assert_eq!(found, told, "{name}");
    };
    check(
        "llama.cpp",
        &[
            r#"{"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":1,"id":"chatcmpl-1","model":"gemma-3-12b-it","system_fingerprint":"b6940-c5023da","object":"chat.completion.chunk"}"#,
            r#"{"choices":[{"finish_reason":null,"index":0,"delta":{"content":"Hej"}}],"model":"gemma-3-12b-it","system_fingerprint":"b6940-c5023da","object":"chat.completion.chunk"}"#,
            r#"{"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"model":"gemma-3-12b-it","system_fingerprint":"b6940-c5023da","object":"chat.completion.chunk"}"#,
            r#"{"choices":[],"model":"gemma-3-12b-it","usage":{"completion_tokens":8,"prompt_tokens":40,"total_tokens":48},"timings":{"prompt_n":4,"predicted_ms":80.5}}"#,
            "[DONE]",
        ],
        "Hej",
        ("gemma-3-12b-it", "b6940-c5023da", Some(40), Some(8)),
    );
    check(
        "Ollama",
        &[
            r#"{"id":"chatcmpl-7","object":"chat.completion.chunk","created":1,"model":"gemma3:12b","system_fingerprint":"fp_ollama","choices":[{"index":0,"delta":{"role":"assistant","content":"Hej"},"finish_reason":null}]}"#,
            r#"{"id":"chatcmpl-7","object":"chat.completion.chunk","created":1,"model":"gemma3:12b","system_fingerprint":"fp_ollama","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop"}]}"#,
            r#"{"id":"chatcmpl-7","object":"chat.completion.chunk","created":1,"model":"gemma3:12b","system_fingerprint":"fp_ollama","choices":[],"usage":{"prompt_tokens":40,"completion_tokens":8,"total_tokens":48}}"#,
            "[DONE]",
        ],
        "Hej",
        ("gemma3:12b", "fp_ollama", Some(40), Some(8)),
    );
    check(
        "vLLM, with a model that thinks",
        &[
            r#"{"id":"cmpl-1","object":"chat.completion.chunk","created":1,"model":"qwen3","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}"#,
            r#"{"id":"cmpl-1","model":"qwen3","choices":[{"index":0,"delta":{"reasoning_content":"Lad mig se"},"logprobs":null,"finish_reason":null}],"usage":null}"#,
            r#"{"id":"cmpl-1","model":"qwen3","choices":[{"index":0,"delta":{"content":"Hej"},"logprobs":null,"finish_reason":null}],"usage":null}"#,
            r#"{"id":"cmpl-1","model":"qwen3","choices":[{"index":0,"delta":{"content":""},"logprobs":null,"finish_reason":"stop","stop_reason":null}],"usage":null}"#,
            r#"{"id":"cmpl-1","model":"qwen3","choices":[],"usage":{"prompt_tokens":40,"total_tokens":48,"completion_tokens":8}}"#,
            "[DONE]",
        ],
        "Hej",
        ("qwen3", "", Some(40), Some(8)),
    );
    check(
        "Azure OpenAI",
        &[
            r#"{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}]}"#,
            r#"{"choices":[{"content_filter_results":{},"delta":{"content":"","refusal":null,"role":"assistant"},"finish_reason":null,"index":0,"logprobs":null}],"id":"chatcmpl-1","model":"gpt-4o-mini-2024-07-18","object":"chat.completion.chunk","system_fingerprint":"fp_7f"}"#,
            r#"{"choices":[{"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}},"delta":{"content":"Hej"},"finish_reason":null,"index":0,"logprobs":null}],"model":"gpt-4o-mini-2024-07-18","system_fingerprint":"fp_7f"}"#,
            r#"{"choices":[{"content_filter_results":{},"delta":{},"finish_reason":"stop","index":0,"logprobs":null}],"model":"gpt-4o-mini-2024-07-18","system_fingerprint":"fp_7f"}"#,
            r#"{"choices":[],"model":"gpt-4o-mini-2024-07-18","usage":{"completion_tokens":8,"prompt_tokens":40,"total_tokens":48,"prompt_tokens_details":{"cached_tokens":0}}}"#,
            "[DONE]",
        ],
        "Hej",
        ("gpt-4o-mini-2024-07-18", "fp_7f", Some(40), Some(8)),
    );
    check(
        "OpenAI",
        &[
            r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_44","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"x"}"#,
            r#"{"id":"chatcmpl-1","model":"gpt-4o-mini-2024-07-18","system_fingerprint":null,"choices":[{"index":0,"delta":{"content":"Hej"},"logprobs":null,"finish_reason":null}],"usage":null}"#,
            r#"{"id":"chatcmpl-1","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}"#,
            r#"{"id":"chatcmpl-1","model":"gpt-4o-mini-2024-07-18","choices":[],"usage":{"prompt_tokens":40,"completion_tokens":8,"total_tokens":48}}"#,
            "[DONE]",
        ],
        "Hej",
        ("gpt-4o-mini-2024-07-18", "fp_44", Some(40), Some(8)),
    );
    check(
        "Mistral, with a model that thinks",
        &[
            r#"{"id":"1","object":"chat.completion.chunk","created":1,"model":"magistral-medium-latest","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
            r#"{"id":"1","model":"magistral-medium-latest","choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Lad mig se"}]}]},"finish_reason":null}]}"#,
            r#"{"id":"1","model":"magistral-medium-latest","choices":[{"index":0,"delta":{"content":[{"type":"text","text":"He"}]},"finish_reason":null}]}"#,
            r#"{"id":"1","model":"magistral-medium-latest","choices":[{"index":0,"delta":{"content":"j"},"finish_reason":"stop"}],"usage":{"prompt_tokens":40,"total_tokens":48,"completion_tokens":8}}"#,
            "[DONE]",
        ],
        "Hej",
        ("magistral-medium-latest", "", Some(40), Some(8)),
    );
}

#[test]
fn what_a_server_tells_of_itself_is_short_and_on_one_line() {
    let long = format!("data: {{\"model\":\"m\\n{}\"}}\n\n", "x".repeat(500));
    let (_, told) = decode(&[long.as_bytes()]);
    assert_eq!(told.model, format!("m{}", "x".repeat(LONGEST_NAME - 1)));
}

proptest! {
    #[test]
    fn any_bytes_end_at_most_once(bytes in prop::collection::vec(any::<u8>(), 0..300), events in any::<bool>()) {
        let lead: &[u8] = if events { b"data: " } else { b"" };
        let (deltas, _) = decode(&[lead, &bytes, b"\n\n"]);
        let ends = [".", "garbled", "llm_refused", "llm_unavailable", "cut_off", "quota", "llm_timeout"];
        let end = deltas.iter().position(|delta| ends.contains(&delta.as_str()));
        prop_assert!(end.is_none_or(|end| end + 1 == deltas.len()), "{deltas:?}");
    }

    #[test]
    fn any_chunking_of_bytes_gives_the_same(cuts in prop::collection::vec(0usize..STREAM.len(), 0..20)) {
        let mut at = cuts;
        at.extend([0, STREAM.len()]);
        at.sort_unstable();
        let pieces: Vec<&[u8]> = at.windows(2).map(|pair| &STREAM.as_bytes()[pair[0]..pair[1]]).collect();
        prop_assert_eq!(decode(&pieces).0, ["Årsag", " æøå", "."]);
    }
}
