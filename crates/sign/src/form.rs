//! The text fields of a browser's upload form.

use std::collections::BTreeMap;

use crate::PostRefusal;

/// A form's text fields by lower-case name, with the bucket it was posted to. The file is not among them.
#[derive(Clone, Debug)]
pub struct PostForm<'a> {
    fields: BTreeMap<String, &'a str>,
}

impl<'a> PostForm<'a> {
    /// Reads the fields. Refused are fields given twice (`Key` and `key` are one field), `${filename}` anywhere in
    /// a value, because the server chooses names, and a field `bucket` that names another bucket than `bucket`.
    pub fn new(fields: &'a [(String, String)], bucket: &'a str) -> Result<Self, PostRefusal> {
        let mut by_name = BTreeMap::new();
        for (name, value) in fields {
            if value.contains("${filename}") {
                return Err(PostRefusal::invalid(name, "${filename} is not supported"));
            }
            if by_name.insert(name.to_ascii_lowercase(), value.as_str()).is_some() {
                return Err(PostRefusal::DuplicateField { field: name.to_ascii_lowercase() });
            }
        }
        // The bucket stands in the address, and S3 holds it against the policy like a field.
        match by_name.insert("bucket".to_owned(), bucket) {
            Some(named) if named != bucket => {
                Err(PostRefusal::invalid("bucket", "it names another bucket than the address"))
            }
            _ => Ok(Self { fields: by_name }),
        }
    }

    /// A field's value, by its name in lower case. `bucket` is always there.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.fields.get(name).copied()
    }

    /// Like [`PostForm::get`], for a field that must be there.
    pub(crate) fn require(&self, name: &'static str) -> Result<&'a str, PostRefusal> {
        self.get(name).ok_or(PostRefusal::MissingField { field: name })
    }

    /// The names that a policy must mention: all but the signature's own, the file, and what S3 ignores.
    pub(crate) fn names_to_cover(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str).filter(|name| {
            let exempt = matches!(*name, "x-amz-signature" | "policy" | "file" | "awsaccesskeyid");
            !exempt && !name.starts_with("x-ignore-")
        })
    }

    /// Names and values that become part of the object or of the answer: everything a policy covered but the
    /// address and the signature's own fields.
    pub(crate) fn object_fields(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.names_to_cover().filter_map(|name| {
            let of_the_request = matches!(
                name,
                "bucket"
                    | "key"
                    | "x-amz-algorithm"
                    | "x-amz-credential"
                    | "x-amz-date"
                    | "x-amz-security-token"
            );
            if of_the_request { None } else { self.get(name).map(|value| (name, value)) }
        })
    }
}
