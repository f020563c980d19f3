//! ARNs, from the form that the type declares or in the usual form.

use crate::arn_forms;
use crate::id_context::IdContext;

/// The ARN of the object itself. `id` is what the service calls it, where that is not an ARN.
pub(crate) fn own(context: &IdContext<'_>, id: &str) -> String {
    if let Some(arn) = arn_forms::of(context) {
        return arn;
    }
    let arn = match context.schema.arn_template() {
        Some(template) => filled(context, template, id),
        None => made(context, &kebab(context.resource()), id),
    };
    scoped(context, arn)
}

/// The ARN with the scope of the object's name before its last part, as far as the form does not
/// have it: `rule/tick` on the bus `b` is `rule/b/tick`. Equal names in two scopes have two ARNs.
fn scoped(context: &IdContext<'_>, arn: String) -> String {
    let scope = context.schema.unique_names().iter().flat_map(|name| name.scope());
    scope.filter_map(|path| context.text_at(path)).fold(arn, |arn, value| {
        let value = value.rsplit(['/', ':']).next().unwrap_or_default().to_owned();
        match arn.rsplit_once('/') {
            Some((before, last))
                if !value.is_empty() && !arn.split(['/', ':']).any(|p| p == value) =>
            {
                format!("{before}/{value}/{last}")
            }
            _ => arn,
        }
    })
}

/// An ARN of the type's service in the usual form.
pub(crate) fn made(context: &IdContext<'_>, kind: &str, id: &str) -> String {
    made_with(context, kind, '/', id)
}

/// [`made`] with this character between the kind and the ID.
pub(crate) fn made_with(context: &IdContext<'_>, kind: &str, between: char, id: &str) -> String {
    let environment = context.environment;
    format!(
        "arn:{}:{}:{}:{}:{kind}{between}{id}",
        environment.partition,
        arn_forms::service(context),
        environment.region,
        environment.account,
    )
}

/// The ARN of a form that a pattern asks for and that neither the type nor habit has: the parts
/// that every ARN has are the environment's.
pub(crate) fn placed(context: &IdContext<'_>, sampled: &str) -> String {
    let environment = context.environment;
    let parts: Vec<&str> = sampled.splitn(6, ':').collect();
    let [_, _, service, region, account, rest] = parts.as_slice() else {
        return sampled.to_owned();
    };
    let region = if region.is_empty() { "" } else { environment.region.as_str() };
    let account = if account.is_empty() { "" } else { environment.account.as_str() };
    format!("arn:{}:{service}:{region}:{account}:{rest}", environment.partition)
}

fn filled(context: &IdContext<'_>, template: &str, id: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((variable, after)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(&value(context, variable, id));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn value(context: &IdContext<'_>, variable: &str, id: &str) -> String {
    let environment = context.environment;
    match variable {
        "Partition" => return environment.partition.to_string(),
        "Region" => return environment.region.to_string(),
        "Account" => return environment.account.to_string(),
        _ => {}
    }
    if let Some(text) = context.text(variable) {
        return text.to_owned();
    }
    if variable.ends_with("WithPath") {
        let path = context.text("Path").unwrap_or("/").trim_start_matches('/');
        return format!("{path}{}", context.name());
    }
    if variable.ends_with("Name") && variable.trim_end_matches("Name").len() > 1 {
        let own = variable.trim_end_matches("Name");
        if context.resource().ends_with(own) || own.ends_with(context.resource()) {
            return context.name();
        }
    }
    match variable {
        "Name" => context.name(),
        _ => id.to_owned(),
    }
}

/// `OriginEndpoint` as `origin-endpoint`, `VPCEndpoint` as `vpc-endpoint`.
pub(crate) fn kebab(name: &str) -> String {
    let mut out = String::new();
    let mut chars = name.chars().peekable();
    let mut before_lower = false;
    while let Some(c) = chars.next() {
        let then_lower = chars.peek().is_some_and(char::is_ascii_lowercase);
        if c.is_ascii_uppercase() && !out.is_empty() && (before_lower || then_lower) {
            out.push('-');
        }
        before_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_at_their_words() {
        let kebabs = ["OriginEndpoint", "VPCEndpoint", "DBInstance", "Queue"].map(kebab);
        assert_eq!(kebabs, ["origin-endpoint", "vpc-endpoint", "db-instance", "queue"]);
    }
}
