//! A form held against its policy.
//!
//! Source: AWS, "POST Policy".

use crate::{
    PostForm, PostRefusal, Timestamp,
    policy::{Condition, Policy},
};

impl Policy {
    /// Holds a form against the policy: not expired, every condition met, and every field named by a condition.
    /// The file's length is left to the caller: see [`Policy::content_length`].
    pub fn evaluate(&self, form: &PostForm<'_>, now: Timestamp) -> Result<(), PostRefusal> {
        if now >= self.expiration() {
            return Err(PostRefusal::PolicyExpired { expiration: self.expiration() });
        }
        if let Some(failed) = self.conditions().iter().find(|condition| !condition.is_met_by(form)) {
            return Err(PostRefusal::ConditionFailed { condition: failed.clone() });
        }
        let mut covered: Vec<_> = self.conditions().iter().filter_map(Condition::field).collect();
        covered.sort_unstable();
        match form.names_to_cover().find(|name| covered.binary_search(name).is_err()) {
            Some(extra) => Err(PostRefusal::ExtraField { field: extra.to_owned() }),
            None => Ok(()),
        }
    }
}

impl Condition {
    fn is_met_by(&self, form: &PostForm<'_>) -> bool {
        match self {
            Self::Equals { field, value } => form.get(field) == Some(value.as_str()),
            // AWS: Content-Type values with commas are lists, and each member must meet the condition.
            Self::StartsWith { field, prefix } if field == "content-type" => {
                let value = form.get(field).unwrap_or_default();
                value.split(',').all(|member| member.trim_start_matches(' ').starts_with(prefix))
            }
            Self::StartsWith { field, prefix } => form.get(field).unwrap_or_default().starts_with(prefix),
            Self::ContentLengthRange(_) => true,
        }
    }
}
