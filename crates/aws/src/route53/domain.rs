//! Domain names, and the values of records that are or hold one, in one form.
//!
//! Source: Route 53 developer guide, DNS domain name format: names have no case, a trailing dot says
//! nothing, and characters other than letters, digits, hyphens and dots are shown as `\` and three octal
//! digits.

use std::net::Ipv6Addr;

use rstack_catalog::domain_name;

/// A domain name without escapes, upper case and trailing dot.
pub(super) fn canonical(name: &str) -> String {
    domain_name(name.trim())
}

/// The value of a record in one form. Of most types the text itself counts, with its case.
pub(super) fn value(kind: &str, text: &str) -> String {
    let text = text.trim();
    match kind {
        "CNAME" | "NS" | "PTR" => canonical(text),
        // Numbers, and a name at the end.
        "MX" | "SRV" => {
            let mut parts: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            if let Some(name) = parts.last_mut() {
                *name = canonical(name);
            }
            parts.join(" ")
        }
        "AAAA" => text.parse::<Ipv6Addr>().map_or_else(|_| text.to_owned(), |ip| ip.to_string()),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_form() {
        for name in ["*.Example.com", "\\052.example.com.", "*.example.COM."] {
            assert_eq!(canonical(name), "*.example.com");
        }
        assert_eq!(canonical("\\344x\\"), "\u{e4}x\\");
        assert_eq!(canonical("a\\9b."), "a\\9b");
        assert_eq!(canonical("."), "");
    }

    #[test]
    fn a_value_has_one_form_by_its_type() {
        assert_eq!(value("CNAME", "Www.Example.com."), "www.example.com");
        assert_eq!(value("MX", "10  Mail.example.com."), "10 mail.example.com");
        assert_eq!(value("AAAA", "2001:DB8:0:0::1"), "2001:db8::1");
        assert_eq!(value("TXT", "\"Case counts.\""), "\"Case counts.\"");
    }
}
