//! Questions of the caller's own: a prompt as it is, and whatever is answered, as text or as a value of the form that the caller
//! asks for.
//!
//! It is the second face of the loop, for two reasons in a room of its own: what a question is and what answers it is nobody
//! else's affair, and a call about one has the type of its item, so no score can be handed out for it.
//!
//! Whether a value fits its form is not decided here. A form is a JSON Schema, whose patterns are JavaScript's, or a validator
//! that is JavaScript itself, so a [`Judge`] decides, on the thread where the caller is. This room finds what there is to be
//! judged: every value that the reply may mean, the likeliest first.

mod candidates;
mod conversation;
mod form;
mod question;
mod reading;
#[cfg(test)]
mod tests;

pub use conversation::{ChatMessage, Role, is_count, prompt_of};
pub use form::{Form, Judge, Judgement};
pub use question::OpenQuestion;
pub use reading::AnswerText;
