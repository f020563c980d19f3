//! `Fn::FindInMap`.

use rstack_catalog::nearest;
use rstack_model::{Code, Diagnostic, Span, Value};

use super::expression::{Evaluated, Evaluator};
use super::finding::Reported;
use crate::template::{Expression, ExpressionKind};

impl Evaluator<'_> {
    /// Looks a value up: the name of the map, and a key on each of its two levels. Where a key is
    /// missing, the default stands if there is one.
    pub(super) fn find_in_map(
        &mut self,
        keys: [&Expression; 3],
        default: Option<&Expression>,
    ) -> Evaluated {
        let [map, top, second] = keys.map(|key| (self.key(key), key.span));
        let written = matches!(keys, [Expression { kind: ExpressionKind::Literal(_), .. }, ..]);
        let (map_name, top_key, second_key) = match (map.0?, top.0?, second.0?) {
            (Ok(map), Ok(top), Ok(second)) => (map, top, second),
            (Err(waiting), _, _) | (_, Err(waiting), _) | (_, _, Err(waiting)) => {
                return Ok(Some(waiting));
            }
        };
        let Some(table) = self.template.mappings.get(&map_name) else {
            if let Some(default) = default {
                return self.value(default);
            }
            // A name that is written out has been checked before.
            if written {
                let what = format!("a look-up in `{map_name}`");
                return Err(self.findings.told_before(&what, map.1));
            }
            let message = format!("there is no mapping `{map_name}` in this template");
            let error = Diagnostic::error(Code::UnresolvedReference, message);
            return Err(self.report(error.at(map.1, "")));
        };
        let level = table.get(&top_key);
        match (level.and_then(|level| level.get(&second_key)), default) {
            (Some(value), _) => Ok(Some(value.clone())),
            (None, Some(default)) => self.value(default),
            (None, None) => {
                let (key, at, known) = match level {
                    Some(level) => (second_key, second.1, level.keys().collect()),
                    None => (top_key, top.1, table.keys().collect()),
                };
                Err(self.no_key(&map_name, &key, at, known))
            }
        }
    }

    fn no_key(&mut self, map: &str, key: &str, at: Span, known: Vec<&String>) -> Reported {
        let message = format!("the mapping `{map}` has no key `{key}`");
        let is_region = key == self.inputs.environment.region.as_str();
        let code = if is_region { Code::MappingRegion } else { Code::MappingKey };
        let error = Diagnostic::error(code, message).at(at, "");
        let names = known.iter().map(|name| name.as_str());
        self.report(match nearest(key, names.clone()) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help(format!("here it has {}", names.collect::<Vec<_>>().join(", "))),
        })
    }

    fn key(&mut self, expression: &Expression) -> Result<Result<String, Value>, Reported> {
        let value = self.needed(expression)?;
        self.known_text(&value, "a key of `Fn::FindInMap`", expression.span)
    }
}
