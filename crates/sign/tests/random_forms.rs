//! Properties of forms and policies on random input.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "helpers of tests")]

use proptest::{collection::vec, prelude::*, sample::Index, string::string_regex};
use qdn_sign::{
    AddressStyle, Credentials, Endpoint, PostConditions, Signer, Timestamp, policy::Policy, verify_post_form,
};

type Fields = Vec<(String, String)>;

const REGION: &str = "us-east-1";
const BUCKET: &str = "photos";
const SIGNED_AT: Timestamp = Timestamp::from_unix(1_451_347_200);
const HOUR: u32 = 3600;

fn credentials(token: Option<&str>) -> Credentials {
    Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
        .with_session_token(token.unwrap_or_default())
}

/// Everything that a form of random content was made from.
#[derive(Clone, Debug)]
struct Made {
    key: String,
    content_type: Option<String>,
    size: Option<(u64, u64)>,
    status: Option<u16>,
    phase: Option<String>,
    token: Option<String>,
}

impl Made {
    fn form(&self) -> Fields {
        let mut conditions = PostConditions::new();
        if let Some(content_type) = &self.content_type {
            conditions = conditions.content_type(content_type);
        }
        if let Some((min, more)) = self.size {
            conditions = conditions.content_length_range(min..=min + more);
        }
        if let Some(status) = self.status {
            conditions = conditions.success_action_status(status);
        }
        if let Some(phase) = &self.phase {
            conditions = conditions.metadata("phase", phase);
        }
        let endpoint = Endpoint::new("https://store.test", AddressStyle::VirtualHost).unwrap();
        let signer = Signer::new(credentials(self.token.as_deref()), REGION);
        signer.presign_post(&endpoint, BUCKET, &self.key, conditions, SIGNED_AT, HOUR).fields
    }

    fn is_accepted(&self, fields: &Fields) -> bool {
        let credentials = credentials(self.token.as_deref());
        let known = |id: &str| Some(credentials.clone()).filter(|known| known.access_key_id() == id);
        verify_post_form(fields, BUCKET, known, REGION, SIGNED_AT).is_ok()
    }
}

/// Text without control characters, of any script.
fn printable() -> impl Strategy<Value = String> {
    string_regex("\\PC{0,40}")
        .unwrap()
        .prop_filter("the server chooses names", |text| !text.contains("${filename}"))
}

fn made() -> impl Strategy<Value = Made> {
    let key = vec(any::<char>(), 1..200)
        .prop_map(|key| key.into_iter().collect::<String>())
        .prop_filter("the server chooses names", |key| !key.contains("${filename}"));
    let size = (0..1_000_000_u64, 0..1_000_000_u64);
    let status = prop::sample::select(vec![200_u16, 201, 204]);
    let token = string_regex("[A-Za-z0-9+/=]{1,80}").unwrap();
    (
        key,
        prop::option::of(printable()),
        prop::option::of(size),
        prop::option::of(status),
        prop::option::of(printable()),
        prop::option::of(token),
    )
        .prop_map(|(key, content_type, size, status, phase, token)| Made {
            key,
            content_type,
            size,
            status,
            phase,
            token,
        })
}

/// One change to a form that the policy's author did not make.
#[derive(Clone, Debug)]
enum Mutation {
    ReplaceCharacter(Index, Index, char),
    InsertCharacter(Index, Index, char),
    RemoveCharacter(Index, Index),
    RenameField(Index, String),
    RemoveField(Index),
    RepeatField(Index),
    AddField(String, String),
    SwapValues(Index, Index),
}

impl Mutation {
    fn apply(&self, mut fields: Fields) -> Fields {
        let count = fields.len();
        match self {
            Self::ReplaceCharacter(field, at, with) => {
                edit(&mut fields[field.index(count)].1, |characters| {
                    if !characters.is_empty() {
                        let at = at.index(characters.len());
                        characters[at] = *with;
                    }
                });
            }
            Self::InsertCharacter(field, at, what) => edit(&mut fields[field.index(count)].1, |characters| {
                characters.insert(at.index(characters.len() + 1), *what);
            }),
            Self::RemoveCharacter(field, at) => edit(&mut fields[field.index(count)].1, |characters| {
                if !characters.is_empty() {
                    characters.remove(at.index(characters.len()));
                }
            }),
            Self::RenameField(field, name) => fields[field.index(count)].0.clone_from(name),
            Self::RemoveField(field) => drop(fields.remove(field.index(count))),
            Self::RepeatField(field) => fields.push(fields[field.index(count)].clone()),
            Self::AddField(name, value) => fields.push((name.clone(), value.clone())),
            Self::SwapValues(left, right) => {
                let (left, right) = (left.index(count), right.index(count));
                let value = fields[left].1.clone();
                fields[left].1 = std::mem::replace(&mut fields[right].1, value);
            }
        }
        fields
    }
}

fn edit(value: &mut String, change: impl FnOnce(&mut Vec<char>)) {
    let mut characters = value.chars().collect();
    change(&mut characters);
    *value = characters.into_iter().collect();
}

/// A field's name that a policy must cover.
fn foreign_name() -> impl Strategy<Value = String> {
    "[a-z-]{1,20}".prop_filter("exempt", |name| !matches!(name.as_str(), "file" | "policy" | "bucket"))
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let (index, character) = (any::<Index>, prop_oneof![any::<char>(), prop::char::range('!', '~')]);
    prop_oneof![
        (index(), index(), character.clone()).prop_map(|(f, at, c)| Mutation::ReplaceCharacter(f, at, c)),
        (index(), index(), character).prop_map(|(f, at, c)| Mutation::InsertCharacter(f, at, c)),
        (index(), index()).prop_map(|(f, at)| Mutation::RemoveCharacter(f, at)),
        (index(), foreign_name()).prop_map(|(f, name)| Mutation::RenameField(f, name)),
        index().prop_map(Mutation::RemoveField),
        index().prop_map(Mutation::RepeatField),
        (foreign_name(), printable()).prop_map(|(name, value)| Mutation::AddField(name, value)),
        (index(), index()).prop_map(|(l, r)| Mutation::SwapValues(l, r)),
    ]
}

fn sorted(mut fields: Fields) -> Fields {
    fields.sort();
    fields
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn every_form_that_is_made_is_accepted_and_any_change_to_it_refused(made in made(), mutation in mutation()) {
        let fields = made.form();
        prop_assert!(made.is_accepted(&fields));
        let changed = mutation.apply(fields.clone());
        if sorted(changed.clone()) != sorted(fields) {
            prop_assert!(!made.is_accepted(&changed), "{:?}", changed);
        }
    }

    #[test]
    fn an_accepted_form_says_what_it_was_made_from(made in made()) {
        let credentials = credentials(made.token.as_deref());
        let known = |_: &str| Some(credentials.clone());
        let accepted = verify_post_form(&made.form(), BUCKET, known, REGION, SIGNED_AT).unwrap();
        prop_assert_eq!(accepted.key, made.key);
        prop_assert_eq!(accepted.content_type, made.content_type);
        let (min, more) = made.size.unwrap_or((0, 5 << 30));
        prop_assert_eq!(accepted.content_length, min..=min + more);
        prop_assert_eq!(accepted.success_action_status, made.status.unwrap_or(204));
        let metadata: Vec<_> = made.phase.into_iter().map(|phase| ("phase".to_owned(), phase)).collect();
        prop_assert_eq!(accepted.metadata, metadata);
    }

    #[test]
    fn random_fields_are_refused_without_a_panic(fields in vec((any::<String>(), any::<String>()), 0..8)) {
        prop_assert!(verify_post_form(&fields, BUCKET, |_| Some(credentials(None)), REGION, SIGNED_AT).is_err());
    }

    #[test]
    fn random_values_of_the_right_fields_are_refused_without_a_panic(values in vec(any::<String>(), 6)) {
        let names = ["key", "policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"];
        for field in 0..names.len() {
            let made = Made { key: "k".to_owned(), content_type: None, size: None, status: None, phase: None, token: None };
            let mut fields = made.form();
            let slot = fields.iter_mut().find(|(name, _)| name == names[field]).unwrap();
            prop_assume!(slot.1 != values[field]);
            slot.1.clone_from(&values[field]);
            prop_assert!(!made.is_accepted(&fields));
        }
    }

    #[test]
    fn random_bytes_are_no_policy(bytes in vec(any::<u8>(), 0..300), text in any::<String>()) {
        prop_assert!(Policy::parse(&bytes).is_err());
        prop_assert!(Policy::decode(&text).is_err());
    }

    #[test]
    fn a_damaged_policy_is_refused_or_still_a_policy_and_never_a_panic(made in made(), at in any::<Index>(), byte in any::<u8>()) {
        let fields = made.form();
        let policy = &fields.iter().find(|(name, _)| name == "policy").unwrap().1;
        let mut base64 = policy.clone().into_bytes();
        let spot = at.index(base64.len());
        base64[spot] = byte;
        if let Ok(read) = Policy::decode(&String::from_utf8_lossy(&base64)) {
            prop_assert!(!read.conditions().is_empty());
            prop_assert!(!read.content_length().is_empty());
        }
    }
}
