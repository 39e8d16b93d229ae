//! A conversation as the prompt that it is.

use crate::check::Faults;
use crate::request::{ChatTurn, MAX_TEXT_BYTES, OwnPrompt};

/// The most messages of a conversation.
const MOST_MESSAGES: usize = 256;

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Whoever instructs the model.
    System,
    /// Whoever asks.
    User,
    /// The model.
    Assistant,
}

/// A message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatMessage {
    /// Who says it; `None` if nobody knows.
    pub role: Option<Role>,
    /// What is said.
    pub content: String,
}

impl Role {
    /// The role with exactly this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "system" => Some(Self::System),
            "user" => Some(Self::User),
            "assistant" => Some(Self::Assistant),
            _ => None,
        }
    }
}

/// Whether a conversation may have so many messages, 1 to 256; a fault at `path` if not.
pub fn is_count(path: &str, count: usize, faults: &mut Faults) -> bool {
    let is_count = (1..=MOST_MESSAGES).contains(&count);
    if !is_count {
        faults.push(path, format!("must hold 1 to {MOST_MESSAGES} messages, got {count}"));
    }
    is_count
}

/// Checks a conversation that stands at `path`: 1 to 256 messages, of which the first alone may be the system's, the last is the
/// user's and none is empty, at most 1 MiB together.
pub fn prompt_of(path: &str, messages: Vec<ChatMessage>, faults: &mut Faults) -> Option<OwnPrompt> {
    let (count, before) = (messages.len(), faults.len());
    if !is_count(path, count, faults) {
        return None;
    }
    let bytes = messages.iter().map(|message| message.content.len()).sum::<usize>();
    if bytes > MAX_TEXT_BYTES {
        faults.push(path, format!("must be at most 1 MiB together, got {bytes} bytes"));
    }
    let mut prompt = OwnPrompt::default();
    for (index, ChatMessage { role, content }) in messages.into_iter().enumerate() {
        if content.trim().is_empty() {
            faults.push(&format!("{path}[{index}].content"), "must not be empty");
        }
        let is_last = index + 1 == count;
        match role {
            // It was refused where it was read.
            None => {}
            Some(Role::System) if index == 0 && !is_last => prompt.system = Some(content),
            Some(Role::User) if is_last => prompt.user = content,
            Some(role) if is_last => {
                faults.push(
                    &format!("{path}[{index}].role"),
                    format!("must be \"user\" of the last message, got {role:?}"),
                );
            }
            Some(Role::System) => {
                faults.push(&format!("{path}[{index}].role"), "must be \"system\" of the first message alone");
            }
            Some(role) => prompt.turns.push(ChatTurn { is_models: role == Role::Assistant, text: content }),
        }
    }
    (faults.len() == before).then_some(prompt)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(role: &str, content: &str) -> ChatMessage {
        ChatMessage { role: Role::named(role), content: content.to_owned() }
    }

    fn faults(messages: Vec<ChatMessage>) -> Vec<String> {
        let mut faults = Faults::new();
        let prompt = prompt_of("m", messages, &mut faults);
        assert_eq!(prompt.is_none(), !faults.is_empty());
        faults.lines().collect()
    }

    #[test]
    fn a_conversation_ends_with_what_the_user_asks() {
        let messages = [("system", "Be brief."), ("user", "One?"), ("assistant", "1"), ("user", "Two?")];
        let prompt =
            prompt_of("m", messages.map(|(role, text)| message(role, text)).into(), &mut Faults::new()).unwrap();
        let turn = |is_models, text: &str| ChatTurn { is_models, text: text.to_owned() };
        assert_eq!(prompt.turns, [turn(false, "One?"), turn(true, "1")]);
        assert_eq!((prompt.system.as_deref(), prompt.user.as_str()), (Some("Be brief."), "Two?"));
    }

    #[test]
    fn what_is_wrong_with_one_is_told_with_its_path() {
        assert_eq!(faults(Vec::new()), ["m: must hold 1 to 256 messages, got 0"]);
        assert_eq!(
            faults(vec![message("user", "a"), message("assistant", " ")]),
            ["m[1].content: must not be empty", "m[1].role: must be \"user\" of the last message, got Assistant",]
        );
        assert_eq!(
            faults(vec![message("user", "a"), message("system", "b"), message("user", "c")]),
            ["m[1].role: must be \"system\" of the first message alone"]
        );
        assert_eq!(faults(vec![message("user", &"a".repeat(MAX_TEXT_BYTES + 1))]).len(), 1);
    }
}
