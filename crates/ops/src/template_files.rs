//! The files of a template, each read once: what is planned is what was read first, however often
//! the template has to be parsed.

use std::collections::BTreeMap;

use rstack_model::Diagnostic;
use rstack_template::{Parsed, Reading, Spanned, parse};

/// The source of the files that a template includes.
pub trait Loader {
    /// The text of a file, by the location that the template names.
    ///
    /// # Errors
    /// The finding about the place that names it, if there is no such text.
    fn load(&self, wanted: &Spanned<String>) -> Result<String, Diagnostic>;
}

impl<F: Fn(&Spanned<String>) -> Result<String, Diagnostic>> Loader for F {
    fn load(&self, wanted: &Spanned<String>) -> Result<String, Diagnostic> {
        self(wanted)
    }
}

/// The text of a template, and the texts that it includes as far as they were needed.
#[derive(Clone, Debug)]
pub struct TemplateFiles {
    text: String,
    includes: BTreeMap<String, String>,
}

impl TemplateFiles {
    /// The files of a template with this text.
    pub fn new(text: String) -> Self {
        Self { text, includes: BTreeMap::new() }
    }

    /// The text of the template itself.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of an included file, if it was loaded.
    pub fn included(&self, location: &str) -> Option<&str> {
        self.includes.get(location).map(String::as_str)
    }

    /// Parses the template. Files that it includes are loaded unless they were before; one that
    /// cannot be loaded is a finding.
    pub fn parse(&mut self, mut reading: Reading, loader: &dyn Loader) -> Parsed {
        reading.includes = std::mem::take(&mut self.includes);
        let parsed = loop {
            let mut parsed = parse(&self.text, &reading);
            let mut unread = Vec::new();
            for wanted in &parsed.missing {
                match loader.load(wanted) {
                    Ok(text) => {
                        reading.includes.insert(wanted.value.clone(), text);
                    }
                    Err(finding) => unread.push(finding),
                }
            }
            if parsed.missing.is_empty() || !unread.is_empty() {
                parsed.diagnostics.extend(unread);
                break parsed;
            }
        };
        self.includes = reading.includes;
        parsed
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A file may change while it is looked at; what is planned is one version of it.
    #[test]
    fn a_file_is_loaded_once_however_often_the_template_is_parsed() {
        let text = "Transform:\n  Name: AWS::Include\n  Parameters: {Location: more.yaml}\n";
        let loads = Cell::new(0);
        let loader = |_: &Spanned<String>| {
            loads.set(loads.get() + 1);
            Ok(format!("Resources: {{T{}: {{Type: AWS::SNS::Topic}}}}", loads.get()))
        };
        let mut files = TemplateFiles::new(text.to_owned());
        for _ in 0..3 {
            let parsed = files.parse(Reading::default(), &loader);
            let template = parsed.template.unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
            assert!(template.resources.contains_key("T1"), "{:?}", parsed.diagnostics);
        }
        assert_eq!(loads.get(), 1);
        assert!(files.included("more.yaml").is_some_and(|text| text.contains("T1")));
    }
}
